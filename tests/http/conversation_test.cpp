#include "conversation.hpp"
#include "fixed_states.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

using namespace wangge;
using namespace wangge::http;
using Next = Conversation::Next;

namespace {

struct Fixture {
    test::SmallProvince province;
    test::FixedStates states{province};
    Router router{states};
    Conversation conversation{router};
    std::string out;

    Next send(std::string_view bytes) {
        out.clear();
        return conversation.received(bytes, out);
    }
    [[nodiscard]] std::string status() const { return out.substr(0, out.find("\r\n")); }
    [[nodiscard]] std::size_t answers() const {
        std::size_t n = 0;
        for (auto at = out.find("HTTP/1.1 "); at != std::string::npos; at = out.find("HTTP/1.1 ", at + 1)) {
            ++n;
        }
        return n;
    }
};

std::string get(std::string const& target) { return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

} // namespace

BOOST_FIXTURE_TEST_SUITE(conversation, Fixture)

BOOST_AUTO_TEST_CASE(a_request_is_answered_when_its_last_byte_has_come) {
    auto const request = get("/healthz");
    for (std::size_t i = 0; i + 1 < request.size(); ++i) {
        BOOST_TEST((send(request.substr(i, 1)) == Next::read));
        BOOST_TEST(out.empty());
        BOOST_TEST(conversation.mid_request());
    }
    BOOST_TEST((send(request.substr(request.size() - 1)) == Next::read));
    BOOST_TEST(status() == "HTTP/1.1 200 OK");
    BOOST_TEST(out.ends_with("\r\n\r\n{\"status\":\"alive\"}"));
    BOOST_TEST(out.find("\r\nContent-Length: 18\r\n") != std::string::npos);
    BOOST_TEST(!conversation.mid_request());
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_their_order) {
    BOOST_TEST((send(get("/healthz") + get("/nowhere") + "\r\n" + get("/readyz") + "GET /hea") == Next::read));
    BOOST_TEST(answers() == 3U);
    auto const second = out.find("HTTP/1.1 404");
    BOOST_TEST(out.find("alive") < second);
    BOOST_TEST(out.find("\"ready\"") > second);
    BOOST_TEST((send("lthz HTTP/1.1\r\nHost: h\r\n\r\n") == Next::read));
    BOOST_TEST(status() == "HTTP/1.1 200 OK");
}

BOOST_AUTO_TEST_CASE(head_gets_the_header_of_get_without_its_body) {
    send("HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    BOOST_TEST(status() == "HTTP/1.1 200 OK");
    BOOST_TEST(out.find("Content-Length: 18") != std::string::npos);
    BOOST_TEST(out.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(the_peer_decides_whether_the_connection_stays) {
    BOOST_TEST((send("GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") == Next::close));
    BOOST_TEST(out.find("\r\nConnection: close\r\n") != std::string::npos);
    Conversation old{router};
    BOOST_TEST((old.received("GET /healthz HTTP/1.0\r\n\r\n", out) == Next::close));
    Conversation old_kept{router};
    out.clear();
    BOOST_TEST((old_kept.received("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", out) == Next::read));
    BOOST_TEST(out.find("\r\nConnection: keep-alive\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_not_http_or_too_large_is_refused_with_its_status) {
    auto const refused = [&](std::string const& bytes) {
        Conversation fresh{router};
        out.clear();
        BOOST_TEST((fresh.received(bytes, out) == Next::close));
        BOOST_TEST(out.find("application/problem+json") != std::string::npos);
        BOOST_TEST(out.find("\r\nConnection: close\r\n") != std::string::npos);
        return out.substr(9, 3);
    };
    BOOST_TEST(refused("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") == "400"); // a TLS hello
    BOOST_TEST(refused("GET  /healthz HTTP/1.1\r\nHost: h\r\n\r\n") == "400");
    BOOST_TEST(refused("GET /healthz HTTP/1.1\r\n\r\n") == "400"); // no Host
    BOOST_TEST(refused("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == "400");
    BOOST_TEST(refused("GET /healthz HTTP/1.1\r\nHost: h\r\nbad header\r\n\r\n") == "400");
    BOOST_TEST(refused("GET /healthz#x HTTP/1.1\r\nHost: h\r\n\r\n") == "400");
    BOOST_TEST(refused("GET /healthz HTTP/2.0\r\nHost: h\r\n\r\n") == "505");
    BOOST_TEST(refused(get("/" + std::string(5000, 'a'))) == "414");
    BOOST_TEST(refused("GET /" + std::string(10000, 'a')) == "414");
    BOOST_TEST(refused("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(10000, 'a')) == "431");
    std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < 2000; ++i) {
        many += "X: y\r\n";
    }
    BOOST_TEST(refused(many) == "431");
    BOOST_TEST(refused("GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n") == "413");
    BOOST_TEST(refused("GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n") ==
               "400");
    BOOST_TEST(refused("GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n") == "400");
    BOOST_TEST(refused("GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n") == "400");
    BOOST_TEST(refused("POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n") == "405");
    BOOST_TEST(refused("GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n") ==
               "417");
}

BOOST_AUTO_TEST_CASE(header_fields_that_come_bit_by_bit_are_counted_together) {
    auto next = send("GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 2000 && next == Next::read; ++i) {
        next = send("X: y\r\n");
    }
    BOOST_TEST((next == Next::close));
    BOOST_TEST(status() == "HTTP/1.1 431 Request Header Fields Too Large");
}

BOOST_AUTO_TEST_CASE(a_body_that_nobody_needs_is_read_and_what_follows_is_a_new_request) {
    BOOST_TEST(
        (send("GET /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nGET /" + get("/readyz")) == Next::read));
    BOOST_TEST(answers() == 2U);
    BOOST_TEST((send("GET /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" +
                     get("/readyz")) == Next::read));
    BOOST_TEST(answers() == 2U);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_asked_for_is_read_whole_however_it_comes) {
    std::string const geometry = R"({"type":"Point","coordinates":[113.005,23.005]})";
    std::string const head = "POST /v1/grids/intersecting HTTP/1.1\r\nHost: h\r\n";
    auto const whole = head + "Content-Length: " + std::to_string(geometry.size()) + "\r\n\r\n" + geometry;
    for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
        BOOST_TEST((send(whole.substr(i, 1)) == Next::read));
        BOOST_TEST(out.empty());
    }
    BOOST_TEST((send(whole.substr(whole.size() - 1) + whole + get("/healthz")) == Next::read));
    BOOST_TEST(answers() == 3U);
    BOOST_TEST(status() == "HTTP/1.1 200 OK");
    BOOST_TEST(out.find("440106001001801") != std::string::npos);
    // The body of one request is not that of the next.
    BOOST_TEST((send(whole + head + "Content-Length: 0\r\n\r\n") == Next::read));
    BOOST_TEST(out.find("HTTP/1.1 400") != std::string::npos);
    // In chunks, and padded so far that it is answered where waiting is allowed.
    std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    for (auto const& piece : {geometry, std::string(100'000, ' ')}) {
        char size[16];
        std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
        chunked += size + piece + "\r\n";
    }
    BOOST_TEST((send(chunked + "0\r\n\r\n") == Next::wait));
    BOOST_TEST(conversation.waiting_request().body.size() == geometry.size() + 100'000);
    out.clear();
    BOOST_TEST(
        (conversation.answer(router(conversation.waiting_request(), Waiting::allowed).value(), out) == Next::read));
    BOOST_TEST(status() == "HTTP/1.1 200 OK");
}

BOOST_AUTO_TEST_CASE(a_body_that_is_too_long_is_refused_at_the_first_sign_of_it) {
    auto const refused = [&](std::string const& bytes) {
        Conversation fresh{router};
        std::string answer;
        BOOST_TEST((fresh.received(bytes, answer) == Next::close));
        return answer.substr(9, 3);
    };
    std::string const post = "POST /v1/grids/intersecting HTTP/1.1\r\nHost: h\r\n";
    BOOST_TEST(refused(post + "Content-Length: 1048577\r\n\r\n") == "413");
    BOOST_TEST(refused(post + "Transfer-Encoding: chunked\r\n\r\n100001\r\n") == "413");
    std::string const get_chunked = "GET /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    BOOST_TEST(refused(get_chunked + "5000\r\n" + std::string(0x5000, 'a')) == "413");
    Conversation slow{router};
    std::string answer;
    auto next = slow.received(get_chunked, answer);
    for (int i = 0; i < 200 && next == Next::read; ++i) {
        next = slow.received("100\r\n" + std::string(0x100, 'a') + "\r\n", answer);
    }
    BOOST_TEST((next == Next::close));
    BOOST_TEST(answer.starts_with("HTTP/1.1 413"));
}

BOOST_AUTO_TEST_CASE(who_waits_for_100_continue_before_a_body_that_is_taken_gets_it_once) {
    std::string const geometry = R"({"type":"Point","coordinates":[113.005,23.005]})";
    auto const head = "POST /v1/grids/intersecting HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: " +
                      std::to_string(geometry.size()) + "\r\n\r\n";
    BOOST_TEST((send(head) == Next::read));
    BOOST_TEST(out == "HTTP/1.1 100 Continue\r\n\r\n");
    BOOST_TEST((send(geometry.substr(0, 10)) == Next::read));
    BOOST_TEST(out.empty());
    BOOST_TEST((send(geometry.substr(10)) == Next::read));
    BOOST_TEST(status() == "HTTP/1.1 200 OK");
    BOOST_TEST((send(head + geometry) == Next::read)); // came along: nothing to wait for
    BOOST_TEST(answers() == 1U);
    BOOST_TEST(status() == "HTTP/1.1 200 OK");
    BOOST_TEST((send(head) == Next::read)); // the next one that waits gets its own
    BOOST_TEST(out == "HTTP/1.1 100 Continue\r\n\r\n");
    BOOST_TEST((send(geometry) == Next::read));
    BOOST_TEST(status() == "HTTP/1.1 200 OK");
    BOOST_TEST(
        (send("POST /v1/grids/intersecting HTTP/1.1\r\nHost: h\r\nExpect: coffee\r\nContent-Length: 5\r\n\r\n") ==
         Next::close));
    BOOST_TEST(status() == "HTTP/1.1 417 Expectation Failed");
}

BOOST_AUTO_TEST_CASE(an_absolute_target_means_its_path) {
    BOOST_TEST((send("GET http://example.org:8080/healthz HTTP/1.1\r\nHost: h\r\n\r\n") == Next::read));
    BOOST_TEST(status() == "HTTP/1.1 200 OK");
    send("GET http://example.org HTTP/1.1\r\nHost: h\r\n\r\n");
    BOOST_TEST(status() == "HTTP/1.1 404 Not Found");
    send("GET http://example.org?x=/healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    BOOST_TEST(status() == "HTTP/1.1 404 Not Found");
}

BOOST_AUTO_TEST_CASE(a_request_that_waits_holds_back_those_behind_it) {
    BOOST_TEST((send(get("/healthz") + get("/v1/locate?lon=0&lat=0&as_of=1999-01-01") + get("/readyz")) == Next::wait));
    BOOST_TEST(answers() == 1U);
    BOOST_TEST(conversation.waiting_request().target == "/v1/locate?lon=0&lat=0&as_of=1999-01-01");
    auto const reply = router(conversation.waiting_request(), Waiting::allowed);
    out.clear();
    BOOST_TEST((conversation.answer(*reply, out) == Next::read));
    BOOST_TEST(answers() == 2U);
    BOOST_TEST(out.find("\"found\":false") < out.find("\"ready\""));
}

BOOST_AUTO_TEST_CASE(after_finish_the_next_answer_is_the_last) {
    conversation.finish();
    BOOST_TEST((send(get("/healthz") + get("/healthz")) == Next::close));
    BOOST_TEST(answers() == 1U);
    BOOST_TEST(out.find("\r\nConnection: close\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_garbage_breaks_it_however_it_is_cut) {
    constexpr std::uint32_t kSeed = 20260301;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::mt19937 random{kSeed};
    std::string const good =
        "GET /v1/locate?lon=113.002&lat=23.002&crs=EPSG%3A4490 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    std::size_t refused = 0;
    for (int round = 0; round < 5000; ++round) {
        auto bytes = good + good;
        for (auto changes = random() % 4; changes > 0; --changes) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        Conversation fresh{router};
        std::string answers_out;
        for (std::size_t at = 0; at < bytes.size();) {
            auto const n = 1 + random() % 64;
            auto const next = fresh.received(std::string_view{bytes}.substr(at, n), answers_out);
            at += n;
            if (next != Next::read) {
                BOOST_REQUIRE((next == Next::close));
                ++refused;
                break;
            }
        }
        BOOST_REQUIRE((answers_out.empty() || answers_out.starts_with("HTTP/1.1 ")));
    }
    BOOST_TEST(refused > 500U);
}

BOOST_AUTO_TEST_SUITE_END()
