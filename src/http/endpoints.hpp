#pragma once

#include "reply.hpp"
#include "states.hpp"

#include <optional>

namespace wangge::http {

/// May a handler wait for a state that is not at hand? When it may not and would have to, its answer is empty.
enum class Waiting { no, allowed };

/// GET /v1/locate?lon=&lat=[&crs=][&as_of=][&nearest=K]
struct LocateEndpoint {
    States& states;
    [[nodiscard]] std::optional<Reply> operator()(Request const& request, Waiting waiting) const;
};

/// GET /v1/grids/{code}[?as_of=]
struct GridEndpoint {
    static constexpr std::string_view kPrefix = "/v1/grids/";
    States& states;
    [[nodiscard]] std::optional<Reply> operator()(Request const& request, Waiting waiting) const;
};

/// GET /v1/grids?bbox=W,S,E,N or ?near=LON,LAT with &k= or &within=; [&crs=][&as_of=][&limit=][&after=]
struct GridsEndpoint {
    States& states;
    [[nodiscard]] std::optional<Reply> operator()(Request const& request, Waiting waiting) const;
};

/// POST /v1/grids/intersecting[?crs=][&as_of=][&limit=][&after=] with a GeoJSON geometry
struct IntersectingEndpoint {
    /// Of the body: some 40,000 positions.
    static constexpr std::size_t kBodyLimit = std::size_t{1} << 20U;
    States& states;
    [[nodiscard]] std::optional<Reply> operator()(Request const& request, Waiting waiting) const;
};

/// GET /v1/address?q=TEXT[&as_of=][&known_at=], and POST /v1/address[?as_of=][&known_at=] with a JSON array of texts or
/// a text on each line: the answers in the same order, an array or one on each line
struct AddressEndpoint {
    static constexpr std::size_t kBodyLimit = std::size_t{1} << 20U;
    static constexpr std::size_t kMostTexts = 2000;
    States& states;
    [[nodiscard]] std::optional<Reply> operator()(Request const& request, Waiting waiting) const;
};

/// GET /v1/address/suggest?q=TEXT[&limit=]
struct SuggestEndpoint {
    static constexpr std::size_t kMost = 50;
    States& states;
    [[nodiscard]] std::optional<Reply> operator()(Request const& request, Waiting waiting) const;
};

/// GET /v1/address/near?lon=&lat=[&crs=][&k=][&as_of=][&known_at=]
struct NearAddressEndpoint {
    static constexpr std::size_t kMost = 100;
    States& states;
    [[nodiscard]] std::optional<Reply> operator()(Request const& request, Waiting waiting) const;
};

/// GET /healthz: the process is alive.
struct HealthEndpoint {
    [[nodiscard]] Reply operator()(Request const& request) const;
};

/// GET /readyz: today's state is at hand.
struct ReadyEndpoint {
    States& states;
    [[nodiscard]] Reply operator()(Request const& request) const;
};

} // namespace wangge::http
