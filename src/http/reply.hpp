#pragma once

#include <string>
#include <string_view>

namespace wangge::http {

/// A request as the endpoints see it: read whole, not yet decoded.
struct Request {
    std::string method;
    std::string target; ///< origin form: path and query
    std::string body;   ///< where the endpoint takes one
    [[nodiscard]] std::string_view path() const { return std::string_view{target}.substr(0, target.find('?')); }
    [[nodiscard]] std::string_view query() const {
        auto const mark = target.find('?');
        return mark == std::string::npos ? std::string_view{} : std::string_view{target}.substr(mark + 1);
    }
};

struct Reply {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::string allow;          ///< for 405: methods
    unsigned retry_after_s = 0; ///< for 503; 0 leaves it out
};

[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

/**
 * Problem document of RFC 9457. `kind` completes the type "urn:wangge:problem:<kind>"; it is stable and listed in
 * docs/http-api.md. `field` names the parameter that is wrong; empty leaves the member out.
 */
[[nodiscard]] Reply problem(unsigned status, std::string_view kind, std::string_view title, std::string_view detail,
                            std::string_view field = {});

} // namespace wangge::http
