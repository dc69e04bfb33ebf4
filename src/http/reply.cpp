#include "reply.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wangge::http {

std::string_view reason_phrase(unsigned status) noexcept {
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 417:
        return "Expectation Failed";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Unknown";
    }
}

Reply problem(unsigned status, std::string_view kind, std::string_view title, std::string_view detail,
              std::string_view field) {
    using Json = nlohmann::ordered_json;
    Json document{
        {"type", fmt::format("urn:wangge:problem:{}", kind)}, {"title", title}, {"status", status}, {"detail", detail}};
    if (!field.empty()) {
        document["field"] = field;
    }
    Reply reply;
    reply.status = status;
    reply.content_type = "application/problem+json";
    reply.body = document.dump(-1, ' ', false, Json::error_handler_t::replace);
    return reply;
}

} // namespace wangge::http
