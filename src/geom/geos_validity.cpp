#include <wangge/base/error.hpp>
#include <wangge/geom/validity.hpp>
#include <wangge/geom/wkb.hpp>

#include <geos_c.h>

#include <memory>

namespace wangge::geom {

namespace {

/// One GEOS context for each thread; making one costs milliseconds.
GEOSContextHandle_t context() {
    static thread_local std::unique_ptr<GEOSContextHandle_HS, void (*)(GEOSContextHandle_t)> const handle{
        GEOS_init_r(), [](GEOSContextHandle_t h) { GEOS_finish_r(h); }};
    return handle.get();
}

} // namespace

std::optional<std::string> geos_invalid_reason(MultiPolygon const& shape) {
    auto* const ctx = context();
    std::vector<std::byte> wkb;
    append_wkb(shape, wkb);
    auto const destroy = [ctx](GEOSGeometry* g) { GEOSGeom_destroy_r(ctx, g); };
    std::unique_ptr<GEOSGeometry, decltype(destroy)> const geometry{
        GEOSGeomFromWKB_buf_r(ctx, reinterpret_cast<unsigned char const*>(wkb.data()), wkb.size()), destroy};
    if (!geometry) {
        return "not a geometry: a ring has fewer than three points";
    }
    // GEOS predicates return 2 on an exception.
    auto const valid = GEOSisValid_r(ctx, geometry.get());
    if (valid == 1) {
        return std::nullopt;
    }
    if (valid != 0) {
        throw Error{ErrorCode::environment, "GEOS failed while checking a geometry; please report it with the file"};
    }
    auto const free_text = [ctx](char* text) { GEOSFree_r(ctx, text); };
    std::unique_ptr<char, decltype(free_text)> const reason{GEOSisValidReason_r(ctx, geometry.get()), free_text};
    return reason ? std::string{reason.get()} : std::string{"invalid"};
}

} // namespace wangge::geom
