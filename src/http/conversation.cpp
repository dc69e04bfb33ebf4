#include "conversation.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>

namespace wangge::http {

namespace beast = boost::beast;

namespace {

constexpr std::uint64_t kMostOfBody = IntersectingEndpoint::kBodyLimit;

} // namespace

struct Conversation::Parser {
    beast::http::request_parser<beast::http::string_body> beast;
    Parser() {
        beast.header_limit(static_cast<std::uint32_t>(kHeaderLimit));
        beast.body_limit(kMostOfBody); // what the path takes is looked up when the header is there
        beast.eager(true);
    }
    [[nodiscard]] auto const& message() const { return beast.get(); }
};

namespace {

/// Now as in RFC 9110 section 5.6.7, made once a second for each thread.
std::string_view http_date() {
    thread_local std::time_t made_at = 0;
    thread_local std::string text;
    auto const now = std::time(nullptr);
    if (now != made_at) {
        text = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
        made_at = now;
    }
    return text;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

Reply body_too_large(std::uint64_t limit) {
    return problem(413, "body-too-large", "The request body is too large", fmt::format("at most {} bytes", limit));
}

Reply reply_of(beast::error_code failure, bool line_parsed) {
    using beast::http::error;
    if (failure == error::header_limit && !line_parsed) {
        return problem(414, "target-too-long", "The request target is too long",
                       fmt::format("at most {} bytes", kTargetLimit));
    }
    if (failure == error::header_limit || failure == error::buffer_overflow) {
        return problem(431, "header-too-large", "The request header is too large",
                       fmt::format("at most {} bytes", kHeaderLimit));
    }
    if (failure == error::body_limit) {
        return body_too_large(kMostOfBody);
    }
    if (failure == error::bad_version) {
        return problem(505, "http-version", "The HTTP version is not supported", "speak HTTP/1.1 or HTTP/1.0");
    }
    return problem(400, "malformed-request", "The request is not HTTP", failure.message());
}

} // namespace

Conversation::Conversation(Router const& router) : m_router(router), m_parser(std::make_unique<Parser>()) {}
Conversation::~Conversation() = default;

bool Conversation::mid_request() const { return !m_in.empty() || m_parser->beast.got_some(); }

Conversation::Next Conversation::received(std::string_view bytes, std::string& out) {
    m_in.append(bytes);
    return advance(out);
}

Conversation::Next Conversation::answer(Reply const& reply, std::string& out) {
    bool const keep = m_keep_alive && !m_finishing;
    write(reply, keep, out);
    return keep ? advance(out) : Next::close;
}

void Conversation::too_slow(std::string& out) {
    m_request.method.clear();
    write(problem(408, "too-slow", "The request did not arrive in time", "send the whole request at once"), false, out);
}

Conversation::Next Conversation::refuse(Reply const& reply, std::string& out) {
    write(reply, false, out);
    return Next::close;
}

Conversation::Next Conversation::advance(std::string& out) {
    std::size_t done = 0;
    auto const forget_parsed = [&] { m_in.erase(0, done); };
    for (;;) {
        // Empty lines before a request line are to be passed over (RFC 9112 section 2.2).
        while (!m_parser->beast.got_some() && std::string_view{m_in}.substr(done).starts_with("\r\n")) {
            done += 2;
        }
        if (done == m_in.size()) {
            m_in.clear();
            return Next::read;
        }
        beast::error_code error;
        auto const taken = m_parser->beast.put({m_in.data() + done, m_in.size() - done}, error);
        bool const header_done = m_parser->beast.is_header_done();
        done += taken;
        m_line_parsed = m_line_parsed || taken > 0;
        if (error == beast::http::error::need_more) {
            error = {};
        }
        if (error) {
            m_request.method.clear();
            return refuse(reply_of(error, m_line_parsed), out);
        }
        if (!header_done) {
            forget_parsed();
            return Next::read;
        }
        take_request();
        if (auto const refused = refusal_of_header()) {
            return refuse(*refused, out);
        }
        if (!m_parser->beast.is_done()) {
            if (awaits_continue() && !m_continued) {
                out += "HTTP/1.1 100 Continue\r\n\r\n";
                m_continued = true;
            }
            forget_parsed();
            return Next::read;
        }
        m_request.body = Router::body_limit(m_request) != 0 ? std::move(m_parser->beast.get().body()) : std::string{};
        m_parser = std::make_unique<Parser>();
        m_line_parsed = false;
        m_continued = false;
        auto const reply = m_router(m_request, Waiting::no);
        if (!reply) {
            forget_parsed();
            return Next::wait;
        }
        bool const keep = m_keep_alive && !m_finishing;
        write(*reply, keep, out);
        if (!keep) {
            return Next::close;
        }
    }
}

void Conversation::take_request() {
    auto const& message = m_parser->message();
    m_request.method = view(message.method_string());
    m_request.target = view(message.target());
    // Absolute form: servers must take it (RFC 9112 section 3.2.2); the authority makes no difference here.
    for (std::string_view const scheme : {"http://", "https://"}) {
        if (m_request.target.starts_with(scheme)) {
            auto const path = m_request.target.find_first_of("/?", scheme.size());
            m_request.target.erase(0, path);
            if (!m_request.target.starts_with('/')) {
                m_request.target.insert(0, 1, '/');
            }
        }
    }
    m_keep_alive = m_parser->beast.keep_alive();
    m_http_1_0 = message.version() == 10;
}

std::optional<Reply> Conversation::refusal_of_header() const {
    auto const& message = m_parser->message();
    if (m_request.target.size() > kTargetLimit) {
        return problem(414, "target-too-long", "The request target is too long",
                       fmt::format("at most {} bytes", kTargetLimit));
    }
    if (m_request.target.find('#') != std::string::npos) {
        return problem(400, "malformed-request", "The request is not HTTP", "a request target has no '#' part");
    }
    auto const hosts = message.count(beast::http::field::host);
    if (hosts > 1 || (hosts == 0 && !m_http_1_0)) {
        return problem(400, "malformed-request", "The request is not HTTP", "exactly one Host field is needed");
    }
    auto const taken = Router::body_limit(m_request);
    if (!m_parser->beast.is_done() && taken == 0 && m_request.method != "GET" && m_request.method != "HEAD") {
        return m_router(m_request, Waiting::no); // 404 or 405, without waiting for a body nobody reads
    }
    auto const limit = taken != 0 ? taken : kBodyLimit;
    if (m_parser->beast.content_length().value_or(0) > limit || message.body().size() > limit) {
        return body_too_large(limit);
    }
    if (message.count(beast::http::field::expect) != 0 && !awaits_continue()) {
        return problem(417, "expectation", "The expectation cannot be met",
                       "send no Expect field here; where a body is taken, only 100-continue");
    }
    return std::nullopt;
}

bool Conversation::awaits_continue() const {
    return Router::body_limit(m_request) != 0 && !m_http_1_0 &&
           beast::iequals(m_parser->message()[beast::http::field::expect], "100-continue");
}

void Conversation::write(Reply const& reply, bool keep_alive, std::string& out) const {
    auto to = std::back_inserter(out);
    fmt::format_to(to,
                   "HTTP/1.1 {} {}\r\nDate: {}\r\nServer: wangge\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
                   "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
                   reply.status, reason_phrase(reply.status), http_date(), reply.content_type, reply.body.size());
    if (!reply.allow.empty()) {
        fmt::format_to(to, "Allow: {}\r\n", reply.allow);
    }
    if (reply.retry_after_s != 0) {
        fmt::format_to(to, "Retry-After: {}\r\n", reply.retry_after_s);
    }
    if (!keep_alive) {
        out += "Connection: close\r\n";
    } else if (m_http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
    if (m_request.method != "HEAD") {
        out += reply.body;
    }
}

} // namespace wangge::http
