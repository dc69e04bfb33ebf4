#include "fixed_states.hpp"
#include "listener.hpp"

#include <wangge/base/error.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>
#include <poll.h>

#include <chrono>
#include <future>
#include <thread>

using namespace wangge;
using namespace wangge::http;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

std::string get(std::string const& target) { return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

/// A peer that says exactly the bytes it is told to.
class Peer {
public:
    explicit Peer(std::uint16_t port) : m_socket(m_io) {
        m_socket.connect({asio::ip::make_address("127.0.0.1"), port});
    }
    void send(std::string_view bytes) {
        boost::system::error_code ignored; // the server may have closed already
        asio::write(m_socket, asio::buffer(bytes.data(), bytes.size()), ignored);
    }
    /// What comes until `text` is in it, the connection ends, or 5 s have passed.
    std::string read_until(std::string_view text) {
        std::string got;
        auto const give_up = std::chrono::steady_clock::now() + 5s;
        while (got.find(text) == std::string::npos && std::chrono::steady_clock::now() < give_up) {
            ::pollfd waiting{m_socket.native_handle(), POLLIN, 0};
            if (::poll(&waiting, 1, 100) <= 0) {
                continue;
            }
            std::array<char, 4096> chunk{};
            boost::system::error_code error;
            auto const n = m_socket.read_some(asio::buffer(chunk), error);
            if (error) {
                ended = error == asio::error::eof; // not a reset
                break;
            }
            got.append(chunk.data(), n);
        }
        return got;
    }
    std::string read_to_end() { return read_until(std::string_view{"\0never sent\0", 12}); }
    void reset() {
        m_socket.set_option(asio::socket_base::linger{true, 0});
        m_socket.close();
    }
    bool ended = false;

private:
    asio::io_context m_io;
    asio::ip::tcp::socket m_socket;
};

struct Fixture {
    test::SmallProvince province;
    test::FixedStates states{province};
    std::optional<Listener> listener;
    std::jthread thread;

    Fixture() { start(options()); }
    ~Fixture() { stop(); }
    static ServerOptions options() {
        ServerOptions options;
        options.listen = "127.0.0.1:0";
        options.idle_timeout = 400ms;
        options.stop_grace = 500ms;
        return options;
    }
    void start(ServerOptions const& options) {
        listener.emplace(options, states);
        thread = std::jthread{[this] { listener->run(false); }};
    }
    void stop() {
        if (listener) {
            listener->stop();
            thread = {};
            listener.reset();
        }
    }
    [[nodiscard]] Peer peer() const { return Peer{listener->port()}; }
    void still_answers() {
        auto other = peer();
        other.send(get("/v1/locate?lon=113.002&lat=23.002"));
        auto const answer = other.read_until("\"snapshot\"");
        BOOST_TEST(answer.starts_with("HTTP/1.1 200 OK\r\n"));
        BOOST_TEST(answer.find("440106001001001") != std::string::npos);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(listener, Fixture)

BOOST_AUTO_TEST_CASE(a_wrong_method_is_refused) {
    auto one = peer();
    one.send("DELETE /v1/locate HTTP/1.1\r\nHost: h\r\n\r\n");
    auto const answer = one.read_until("}");
    BOOST_TEST(answer.starts_with("HTTP/1.1 405 "));
    BOOST_TEST(answer.find("\r\nAllow: GET, HEAD\r\n") != std::string::npos);
    still_answers();
}

BOOST_AUTO_TEST_CASE(a_huge_header_is_refused_and_the_refusal_arrives) {
    auto one = peer();
    one.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(200'000, 'a') + "\r\n\r\n");
    BOOST_TEST(one.read_to_end().starts_with("HTTP/1.1 431 "));
    BOOST_TEST(one.ended);
    still_answers();
}

BOOST_AUTO_TEST_CASE(a_slow_request_is_told_so_however_it_trickles) {
    auto one = peer();
    one.send("GET /healthz HTTP/1.1\r\nHost: ");
    std::jthread const trickle{[&](std::stop_token const& stop) {
        while (!stop.stop_requested()) {
            one.send("h");
            std::this_thread::sleep_for(60ms);
        }
    }};
    BOOST_TEST(one.read_until("}").starts_with("HTTP/1.1 408 "));
    still_answers();
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_without_a_word) {
    auto one = peer();
    BOOST_TEST(one.read_to_end().empty());
    BOOST_TEST(one.ended);
    still_answers();
}

BOOST_AUTO_TEST_CASE(garbage_is_refused) {
    auto one = peer();
    one.send(std::string(3000, '\xff'));
    BOOST_TEST(one.read_to_end().starts_with("HTTP/1.1 400 "));
    still_answers();
}

BOOST_AUTO_TEST_CASE(pipelined_requests_come_back_in_order_on_one_connection) {
    auto one = peer();
    std::string requests;
    for (int i = 0; i < 500; ++i) {
        requests += get("/v1/grids/" + std::to_string(1000 + i));
    }
    std::jthread const sending{[&] { one.send(requests + get("/healthz")); }};
    auto const answers = one.read_until("alive");
    std::size_t at = 0;
    for (int i = 0; i < 500; ++i) {
        at = answers.find("no grid " + std::to_string(1000 + i) + " is in force", at);
        BOOST_REQUIRE(at != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_peer_that_goes_away_in_the_middle_disturbs_nobody) {
    for (int i = 0; i < 50; ++i) {
        auto one = peer();
        one.send("GET /v1/locate?lon=113");
        if (i % 2 == 0) {
            one.reset();
        }
    }
    for (int i = 0; i < 50; ++i) {
        auto one = peer();
        one.send(get("/v1/locate?lon=113.002&lat=23.002"));
        one.reset();
    }
    still_answers();
}

BOOST_AUTO_TEST_CASE(connections_over_the_limit_are_told_to_come_again) {
    stop();
    auto few = options();
    few.max_connections = 2;
    few.idle_timeout = 10s;
    start(few);
    {
        auto one = peer();
        auto two = peer();
        one.send(get("/healthz"));
        one.read_until("alive");
        two.send(get("/healthz"));
        two.read_until("alive");
        auto three = peer();
        BOOST_TEST(three.read_until("}").starts_with("HTTP/1.1 503 "));
    }
    auto const give_up = std::chrono::steady_clock::now() + 5s;
    std::string answer;
    while (!answer.starts_with("HTTP/1.1 200 ") && std::chrono::steady_clock::now() < give_up) {
        auto later = peer();
        later.send(get("/healthz"));
        answer = later.read_until("}");
    }
    BOOST_TEST(answer.starts_with("HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(a_state_that_has_to_be_built_holds_up_nobody_else) {
    std::promise<void> release;
    auto const released = release.get_future().share();
    states.on_obtain = [released] { released.wait(); };
    std::vector<std::unique_ptr<Peer>> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.push_back(std::make_unique<Peer>(listener->port()));
        waiting.back()->send(get("/v1/locate?lon=0&lat=0&as_of=1999-01-01"));
    }
    while (states.obtained == 0) {
        std::this_thread::sleep_for(5ms);
    }
    still_answers();
    std::this_thread::sleep_for(600ms); // longer than the idle timeout: waiting is not idling
    BOOST_TEST(states.obtained == 1);   // one at a time
    release.set_value();
    for (auto const& one : waiting) {
        BOOST_TEST(one->read_until("\"snapshot\"").find("\"found\":false") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(stopping_finishes_the_request_under_way_and_closes_idle_connections) {
    std::promise<void> release;
    auto const released = release.get_future().share();
    states.on_obtain = [released] { released.wait(); };
    auto idle = peer();
    idle.send(get("/healthz"));
    idle.read_until("alive");
    auto busy = peer();
    busy.send(get("/v1/locate?lon=0&lat=0&as_of=1999-01-01"));
    while (states.obtained == 0) {
        std::this_thread::sleep_for(5ms);
    }
    auto const port = listener->port();
    listener->stop();
    BOOST_TEST(idle.read_to_end().empty());
    BOOST_TEST(idle.ended);
    BOOST_CHECK_THROW(Peer{port}, boost::system::system_error);
    release.set_value();
    auto const answer = busy.read_to_end();
    BOOST_TEST(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    BOOST_TEST(answer.find("\r\nConnection: close\r\n") != std::string::npos);
    thread = {};
}

BOOST_AUTO_TEST_CASE(an_address_that_cannot_be_listened_on_says_why) {
    auto wrong = options();
    for (auto const* listen :
         {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:80x", "nowhere:80", ":80"}) {
        wrong.listen = listen;
        BOOST_CHECK_EXCEPTION((Listener{wrong, states}), Error,
                              [](Error const& e) { return e.code() == ErrorCode::usage; });
    }
    wrong.listen = "127.0.0.1:" + std::to_string(listener->port());
    BOOST_CHECK_EXCEPTION((Listener{wrong, states}), Error,
                          [](Error const& e) { return e.code() == ErrorCode::environment; });
    wrong.listen = "localhost:0";
    BOOST_TEST((Listener{wrong, states}.address().starts_with("127.0.0.1:")));
}

BOOST_AUTO_TEST_SUITE_END()
