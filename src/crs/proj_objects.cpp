#include "proj_objects.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>
#include <proj.h>

#include <cmath>
#include <string_view>

namespace wangge::crs {

namespace {

struct PjListDelete {
    void operator()(PJ_OBJ_LIST* list) const noexcept { proj_list_destroy(list); }
};
struct FactoryDelete {
    void operator()(PJ_OPERATION_FACTORY_CONTEXT* factory) const noexcept {
        proj_operation_factory_context_destroy(factory);
    }
};
using PjList = std::unique_ptr<PJ_OBJ_LIST, PjListDelete>;
using Factory = std::unique_ptr<PJ_OPERATION_FACTORY_CONTEXT, FactoryDelete>;

} // namespace

void ContextDelete::operator()(pj_ctx* context) const noexcept { proj_context_destroy(context); }
void PjDelete::operator()(PJconsts* pj) const noexcept { proj_destroy(pj); }

Context make_context() {
    Context context{proj_context_create()};
    if (!context) {
        throw Error{ErrorCode::environment, "PROJ could not start: out of memory"};
    }
    proj_context_set_enable_network(context.get(), 0); // grids never come from the network: same answer everywhere
    proj_log_level(context.get(), PJ_LOG_NONE);        // failures are reported by our own messages
    return context;
}

std::string name_of(PJ const* pj) {
    char const* name = pj == nullptr ? nullptr : proj_get_name(pj);
    return name == nullptr || *name == '\0' ? "unnamed" : name;
}

std::string datum_name(PJ_CONTEXT* context, PJ const* geodetic) {
    if (Pj const datum{proj_crs_get_datum(context, geodetic)}) {
        return name_of(datum.get());
    }
    Pj const ensemble{proj_crs_get_datum_ensemble(context, geodetic)};
    return name_of(ensemble.get());
}

Pj best_operation(PJ_CONTEXT* context, PJ const* source, PJ const* target) {
    Factory const factory{proj_create_operation_factory_context(context, nullptr)};
    if (!factory) {
        return {};
    }
    // China; a transformation made for another continent is as wrong here as none.
    proj_operation_factory_context_set_area_of_interest(context, factory.get(), 73.0, 3.0, 136.0, 54.0);
    proj_operation_factory_context_set_spatial_criterion(context, factory.get(),
                                                         PROJ_SPATIAL_CRITERION_PARTIAL_INTERSECTION);
    proj_operation_factory_context_set_allow_ballpark_transformations(context, factory.get(), 0);
    proj_operation_factory_context_set_grid_availability_use(context, factory.get(),
                                                             PROJ_GRID_AVAILABILITY_DISCARD_OPERATION_IF_MISSING_GRID);
    PjList const list{proj_create_operations(context, source, target, factory.get())};
    for (int i = 0, n = list ? proj_list_get_count(list.get()) : 0; i < n; ++i) {
        Pj candidate{proj_list_get(context, list.get(), i)};
        if (candidate && proj_coordoperation_has_ballpark_transformation(context, candidate.get()) == 0 &&
            proj_coordoperation_is_instantiable(context, candidate.get()) != 0) {
            return candidate;
        }
    }
    return {};
}

Pj unproject(PJ_CONTEXT* context, PJ const* crs, PJ const* base) {
    Pj const raw{proj_create_crs_to_crs_from_pj(context, crs, base, nullptr, nullptr)};
    return raw ? Pj{proj_normalize_for_visualization(context, raw.get())} : Pj{};
}

bool leaves_unmoved(PJ* operation) {
    constexpr double kLon = 113.2644;
    constexpr double kLat = 23.1291;
    PJ_COORD const there = proj_trans(operation, PJ_FWD, proj_coord(kLon, kLat, 0, 0));
    return std::fabs(there.xy.x - kLon) < 1e-9 && std::fabs(there.xy.y - kLat) < 1e-9;
}

bool carries_empty_parameters(PJ_CONTEXT* context, PJ const* bound) {
    char const* text = proj_as_proj_string(context, bound, PJ_PROJ_4, nullptr);
    return text != nullptr && std::string_view{text}.find("+towgs84=0,0,0,0,0,0,0") != std::string_view::npos;
}

Ellipsoid ellipsoid_of(PJ_CONTEXT* context, PJ const* geodetic) {
    Pj const ellipsoid{proj_get_ellipsoid(context, geodetic)};
    Ellipsoid result;
    if (!ellipsoid || proj_ellipsoid_get_parameters(context, ellipsoid.get(), &result.semi_major_m, nullptr, nullptr,
                                                    &result.inverse_flattening) == 0) {
        return {};
    }
    return result;
}

bool is_ellipsoid_of_cgcs2000(Ellipsoid const& ellipsoid) noexcept {
    return std::fabs(ellipsoid.semi_major_m - 6378137.0) < 0.5 &&
           std::fabs(ellipsoid.inverse_flattening - 298.2572) < 1e-3;
}

bool counts_from_greenwich(PJ_CONTEXT* context, PJ const* geodetic) {
    Pj const meridian{proj_get_prime_meridian(context, geodetic)};
    double longitude = 1;
    return meridian && proj_prime_meridian_get_parameters(context, meridian.get(), &longitude, nullptr, nullptr) != 0 &&
           longitude == 0;
}

bool same_geographic(PJ_CONTEXT* context, PJ const* geodetic, char const* code) {
    Pj const other{proj_create(context, code)};
    return other && proj_is_equivalent_to_with_ctx(context, geodetic, other.get(),
                                                   PJ_COMP_EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS) != 0;
}

std::string epsg_name(PJ_CONTEXT* context, PJ const* crs) {
    char const* authority = proj_get_id_auth_name(crs, 0);
    char const* code = proj_get_id_code(crs, 0);
    if (authority != nullptr && code != nullptr && std::string_view{authority} == "EPSG") {
        return fmt::format("EPSG:{}", code);
    }
    int* confidence = nullptr;
    PjList const found{proj_identify(context, crs, "EPSG", nullptr, &confidence)};
    std::string name;
    if (found && confidence != nullptr && proj_list_get_count(found.get()) > 0 && confidence[0] >= 70) {
        Pj const best{proj_list_get(context, found.get(), 0)};
        if (best && proj_get_id_code(best.get(), 0) != nullptr) {
            name = fmt::format("EPSG:{}", proj_get_id_code(best.get(), 0));
        }
    }
    proj_int_list_destroy(confidence);
    return name;
}

} // namespace wangge::crs
