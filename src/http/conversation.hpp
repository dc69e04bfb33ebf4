#pragma once

#include "router.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace wangge::http {

/// Limits of one request; more than these gets 431 (414 when it is the request line), 414 and 413.
inline constexpr std::size_t kHeaderLimit = 8 * 1024; ///< of the request line, and of the fields together
inline constexpr std::size_t kTargetLimit = 4 * 1024;
inline constexpr std::size_t kBodyLimit = 16 * 1024; ///< of a body that means nothing; otherwise Router::body_limit

/**
 * HTTP/1.1 of one connection without its socket: bytes in, answers appended. Keep-alive and pipelining: answers come in
 * the order of requests. Not thread-safe. Source: RFC 9112.
 */
class Conversation {
public:
    enum class Next {
        read,  ///< send what was appended, then read on
        wait,  ///< send what was appended; waiting_request() must be answered with answer() first
        close, ///< send what was appended, then close
    };

    explicit Conversation(Router const& router);
    ~Conversation();

    /// Takes bytes from the peer and answers every request that is whole.
    [[nodiscard]] Next received(std::string_view bytes, std::string& out);
    [[nodiscard]] Request const& waiting_request() const { return m_request; }
    /// Answers the waiting request and goes on with what had come in behind it.
    [[nodiscard]] Next answer(Reply const& reply, std::string& out);
    /// Has a request begun to arrive that is not whole?
    [[nodiscard]] bool mid_request() const;
    /// A request did not arrive whole in time.
    void too_slow(std::string& out);
    /// The next answer is the last one.
    void finish() { m_finishing = true; }

private:
    struct Parser;
    [[nodiscard]] Next advance(std::string& out);
    [[nodiscard]] std::optional<Reply> refusal_of_header() const;
    [[nodiscard]] bool awaits_continue() const;
    void take_request();
    void write(Reply const& reply, bool keep_alive, std::string& out) const;
    [[nodiscard]] Next refuse(Reply const& reply, std::string& out);

    Router const& m_router;
    std::unique_ptr<Parser> m_parser;
    std::string m_in;           ///< not yet parsed
    bool m_line_parsed = false; ///< the request line of the request that is arriving
    bool m_continued = false;   ///< its 100 (Continue) was sent
    Request m_request;
    bool m_keep_alive = true;
    bool m_http_1_0 = false;
    bool m_finishing = false;
};

} // namespace wangge::http
