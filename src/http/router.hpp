#pragma once

#include "endpoints.hpp"

namespace wangge::http {

/// Path and method to endpoint, and the one place where exceptions of a request are caught. Safe from any thread.
class Router {
public:
    explicit Router(States& states)
        : m_locate{states}
        , m_grid{states}
        , m_grids{states}
        , m_intersecting{states}
        , m_address{states}
        , m_suggest{states}
        , m_near_address{states}
        , m_ready{states} {}
    /// Empty only when `waiting` is no and the answer has to be waited for: call again where waiting is allowed.
    [[nodiscard]] std::optional<Reply> operator()(Request const& request, Waiting waiting) const noexcept;
    /// How many bytes of body are taken with the request; 0 when its body means nothing.
    [[nodiscard]] static std::size_t body_limit(Request const& request) noexcept;

private:
    [[nodiscard]] std::optional<Reply> dispatch(Request const& request, Waiting waiting) const;
    LocateEndpoint m_locate;
    GridEndpoint m_grid;
    GridsEndpoint m_grids;
    IntersectingEndpoint m_intersecting;
    AddressEndpoint m_address;
    SuggestEndpoint m_suggest;
    NearAddressEndpoint m_near_address;
    HealthEndpoint m_health;
    ReadyEndpoint m_ready;
};

} // namespace wangge::http
