#include "router.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/log.hpp>

#include <fmt/format.h>

namespace wangge::http {

namespace {

constexpr std::string_view kIntersecting = "/v1/grids/intersecting";
constexpr std::string_view kAddress = "/v1/address", kSuggest = "/v1/address/suggest",
                           kNearAddress = "/v1/address/near";

bool is_address(std::string_view path) { return path == kAddress || path == kSuggest || path == kNearAddress; }

/// The path only: a query may hold where somebody is.
Reply failed(Request const& request, std::string_view what) {
    log_error(fmt::format("{} {}: {}", request.method.substr(0, 16), request.path().substr(0, 200), what));
    return problem(500, "internal", "The server failed to answer", "the reason is in the server's log");
}

} // namespace

std::optional<Reply> Router::operator()(Request const& request, Waiting waiting) const noexcept {
    try {
        return dispatch(request, waiting);
    } catch (Error const& error) {
        if (error.code() != ErrorCode::conflict) {
            return failed(request, error.what());
        }
        log_warning(fmt::format("{}: {}", request.path().substr(0, 200), error.what()));
        auto reply = problem(503, "busy", "The state of that date cannot be made now",
                             "another process is changing the data folder, or the server is stopping; ask again");
        reply.retry_after_s = 1;
        return reply;
    } catch (std::exception const& error) {
        return failed(request, error.what());
    }
}

std::size_t Router::body_limit(Request const& request) noexcept {
    if (request.method != "POST") {
        return 0;
    }
    return request.path() == kIntersecting ? IntersectingEndpoint::kBodyLimit
           : request.path() == kAddress    ? AddressEndpoint::kBodyLimit
                                           : 0;
}

std::optional<Reply> Router::dispatch(Request const& request, Waiting waiting) const {
    auto const path = request.path();
    bool const intersecting = path == kIntersecting;
    bool const grid = !intersecting && path.starts_with(GridEndpoint::kPrefix) &&
                      path.size() > GridEndpoint::kPrefix.size() &&
                      path.find('/', GridEndpoint::kPrefix.size()) == std::string_view::npos;
    bool const address = is_address(path);
    if (!grid && !intersecting && !address && path != "/v1/locate" && path != "/v1/grids" && path != "/healthz" &&
        path != "/readyz") {
        return problem(404, "unknown-path", "There is nothing at this path",
                       "there are /v1/locate, /v1/grids, /v1/grids/{code}, /v1/grids/intersecting, /v1/address, "
                       "/v1/address/suggest, /v1/address/near, /healthz and /readyz");
    }
    bool const reading = request.method == "GET" || request.method == "HEAD";
    bool const posting = request.method == "POST";
    bool const allowed = intersecting ? posting : reading || (path == kAddress && posting);
    if (!allowed) {
        auto reply = problem(405, "method-not-allowed", "The method is not allowed here",
                             intersecting       ? "only POST is answered, with a GeoJSON geometry as the body"
                             : path == kAddress ? "only GET, HEAD and POST are answered"
                                                : "only GET and HEAD are answered");
        reply.allow = intersecting ? "POST" : path == kAddress ? "GET, HEAD, POST" : "GET, HEAD";
        return reply;
    }
    if (intersecting) {
        return m_intersecting(request, waiting);
    }
    if (address) {
        return path == kAddress   ? m_address(request, waiting)
               : path == kSuggest ? m_suggest(request, waiting)
                                  : m_near_address(request, waiting);
    }
    if (grid) {
        return m_grid(request, waiting);
    }
    if (path == "/v1/locate") {
        return m_locate(request, waiting);
    }
    if (path == "/v1/grids") {
        return m_grids(request, waiting);
    }
    return path == "/healthz" ? m_health(request) : m_ready(request);
}

} // namespace wangge::http
