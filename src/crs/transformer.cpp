#include <wangge/base/error.hpp>
#include <wangge/crs/chinese_datums.hpp>
#include <wangge/crs/transformer.hpp>

#include <fmt/format.h>
#include <proj.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace wangge::crs {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr char const* kAccepted =
    "accepted are EPSG:4490, EPSG:4326, the CGCS2000 Gauss-Kruger zones (EPSG:4546-4548, 4525-4527, 4508, 4509, 4497, "
    "4498), EPSG:3857, GCJ02, BD09, and any EPSG system with a known transformation";

struct ContextDelete {
    void operator()(PJ_CONTEXT* context) const noexcept { proj_context_destroy(context); }
};
struct PjDelete {
    void operator()(PJ* pj) const noexcept { proj_destroy(pj); }
};
struct PjListDelete {
    void operator()(PJ_OBJ_LIST* list) const noexcept { proj_list_destroy(list); }
};
struct FactoryDelete {
    void operator()(PJ_OPERATION_FACTORY_CONTEXT* factory) const noexcept {
        proj_operation_factory_context_destroy(factory);
    }
};
using Context = std::unique_ptr<PJ_CONTEXT, ContextDelete>;
using Pj = std::unique_ptr<PJ, PjDelete>;
using PjList = std::unique_ptr<PJ_OBJ_LIST, PjListDelete>;
using Factory = std::unique_ptr<PJ_OPERATION_FACTORY_CONTEXT, FactoryDelete>;

[[nodiscard]] std::string upper(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return result;
}

[[nodiscard]] bool is_geographic_2d(PJ_TYPE type) noexcept { return type == PJ_TYPE_GEOGRAPHIC_2D_CRS; }

[[nodiscard]] Context make_context() {
    Context context{proj_context_create()};
    if (!context) {
        throw Error{ErrorCode::environment, "PROJ could not start: out of memory"};
    }
    proj_context_set_enable_network(context.get(), 0); // grids never come from the network: same answer everywhere
    proj_log_level(context.get(), PJ_LOG_NONE);        // failures are reported by our own messages
    return context;
}

[[nodiscard]] std::string name_of(PJ const* pj) {
    char const* name = pj == nullptr ? nullptr : proj_get_name(pj);
    return name == nullptr || *name == '\0' ? "unnamed" : name;
}

[[nodiscard]] std::string datum_name(PJ_CONTEXT* context, PJ const* geodetic) {
    if (Pj const datum{proj_crs_get_datum(context, geodetic)}) {
        return name_of(datum.get());
    }
    Pj const ensemble{proj_crs_get_datum_ensemble(context, geodetic)};
    return name_of(ensemble.get());
}

/// Systems whose official transformations need the parameters of the site: PROJ's own ones hold for oil basins only.
[[nodiscard]] bool needs_site_parameters(std::string const& datum) {
    auto const name = upper(datum);
    constexpr std::array kDatums{"BEIJING", "XIAN", "XI'AN", "KRASOVSKY"};
    return std::ranges::any_of(kDatums, [&](char const* word) { return name.find(word) != std::string::npos; });
}

[[noreturn]] void refuse_datum(std::string const& crs, std::string const& datum) {
    throw Error{
        ErrorCode::usage,
        fmt::format("{} is refused: its datum '{}' lies tens of metres from CGCS2000 and no general transformation "
                    "is good enough here; the site's own four or seven parameters are needed. Bring the file to "
                    "EPSG:4490 with them first, then pass --crs EPSG:4490",
                    crs, datum)};
}

} // namespace

struct Transformer::Impl {
    enum class Kind { identity, gcj02, bd09, proj };

    Kind kind = Kind::identity;
    bool geographic = true;
    double limit_m = 1e8; ///< no projected system reaches further out; zone prefixes go up to 6e7
    std::string name;
    std::string datum_assumed;
    Context context;
    Pj operation; ///< forward: the CRS to CGCS2000, both longitude or easting first, degrees or metres

    std::size_t run(std::span<Coordinate> coordinates, PJ_DIRECTION direction) const;
    static std::unique_ptr<Impl> of_proj(std::string const& definition, std::string const& shown);
};

namespace {

/// Of the operations from `source` to `target` the best real one that can run here; empty when all are ballpark.
[[nodiscard]] Pj best_operation(PJ_CONTEXT* context, PJ const* source, PJ const* target) {
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

/// Conversion from the geographic system under `crs` to longitude first degrees without a datum change.
[[nodiscard]] Pj unproject(PJ_CONTEXT* context, PJ const* crs, PJ const* base) {
    Pj const raw{proj_create_crs_to_crs_from_pj(context, crs, base, nullptr, nullptr)};
    return raw ? Pj{proj_normalize_for_visualization(context, raw.get())} : Pj{};
}

/// Does the operation leave a position in Guangdong where it is?
[[nodiscard]] bool leaves_unmoved(PJ* operation) {
    constexpr double kLon = 113.2644;
    constexpr double kLat = 23.1291;
    PJ_COORD const there = proj_trans(operation, PJ_FWD, proj_coord(kLon, kLat, 0, 0));
    return std::fabs(there.xy.x - kLon) < 1e-9 && std::fabs(there.xy.y - kLat) < 1e-9;
}

/// A definition that carries parameters which are all zero: programs write them when they know none.
[[nodiscard]] bool carries_empty_parameters(PJ_CONTEXT* context, PJ const* bound) {
    char const* text = proj_as_proj_string(context, bound, PJ_PROJ_4, nullptr);
    return text != nullptr && std::string_view{text}.find("+towgs84=0,0,0,0,0,0,0") != std::string_view::npos;
}

[[nodiscard]] bool has_ellipsoid_of_cgcs2000(PJ_CONTEXT* context, PJ const* geodetic) {
    Pj const ellipsoid{proj_get_ellipsoid(context, geodetic)};
    double semi_major = 0;
    double inverse_flattening = 0;
    return ellipsoid &&
           proj_ellipsoid_get_parameters(context, ellipsoid.get(), &semi_major, nullptr, nullptr,
                                         &inverse_flattening) != 0 &&
           std::fabs(semi_major - 6378137.0) < 0.5 && std::fabs(inverse_flattening - 298.2572) < 1e-3;
}

[[nodiscard]] bool same_geographic(PJ_CONTEXT* context, PJ const* geodetic, char const* code) {
    Pj const other{proj_create(context, code)};
    return other && proj_is_equivalent_to_with_ctx(context, geodetic, other.get(),
                                                   PJ_COMP_EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS) != 0;
}

/// EPSG name of a CRS: its own id, or the one that a .prj without an id stands for; empty when there is none.
[[nodiscard]] std::string epsg_name(PJ_CONTEXT* context, PJ const* crs) {
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

} // namespace

std::unique_ptr<Transformer::Impl> Transformer::Impl::of_proj(std::string const& definition, std::string const& shown) {
    auto impl = std::make_unique<Impl>();
    impl->context = make_context();
    auto* const context = impl->context.get();

    Pj crs{proj_create(context, definition.c_str())};
    if (!crs || proj_is_crs(crs.get()) == 0) {
        throw Error{ErrorCode::usage,
                    fmt::format("'{}' is not a coordinate system that is known; {}", shown, kAccepted)};
    }
    auto const title = name_of(crs.get());
    auto const epsg = epsg_name(context, crs.get());
    impl->name = epsg.empty() ? title : epsg;
    auto const full = epsg.empty() ? fmt::format("'{}'", title) : fmt::format("{} ({})", epsg, title);

    Pj const inner{proj_get_type(crs.get()) == PJ_TYPE_BOUND_CRS ? proj_get_source_crs(context, crs.get()) : nullptr};
    PJ const* const plain = inner ? inner.get() : crs.get();
    auto const type = proj_get_type(plain);
    if (type != PJ_TYPE_PROJECTED_CRS && !is_geographic_2d(type)) {
        throw Error{ErrorCode::usage,
                    fmt::format("{} is not a two-dimensional geographic or projected system; {}", full, kAccepted)};
    }
    impl->geographic = is_geographic_2d(type);
    Pj const base{proj_crs_get_geodetic_crs(context, plain)};
    if (!base) {
        throw Error{ErrorCode::usage, fmt::format("{} has no geographic system under it; {}", full, kAccepted)};
    }

    bool const cgcs2000 = same_geographic(context, base.get(), "EPSG:4490");
    bool const wgs84 = !cgcs2000 && same_geographic(context, base.get(), "EPSG:4326");
    if (cgcs2000 || wgs84) {
        if (impl->geographic) {
            impl->kind = Kind::identity;
        } else {
            impl->kind = Kind::proj;
            impl->operation = unproject(context, plain, base.get());
        }
        impl->datum_assumed = fmt::format(
            "{} read as {}{}", full, cgcs2000 ? "CGCS2000" : "WGS 84, taken for CGCS2000 (they agree to about a metre)",
            impl->geographic ? ", degrees unchanged" : ", its projection undone without a change of datum");
    } else {
        auto const datum = datum_name(context, base.get());
        if (inner ? carries_empty_parameters(context, crs.get()) && !has_ellipsoid_of_cgcs2000(context, base.get())
                  : needs_site_parameters(datum)) {
            refuse_datum(full, datum);
        }
        impl->kind = Kind::proj;
        Pj const wgs{proj_create(context, "EPSG:4326")};
        Pj const registry{proj_create(context, "EPSG:4490")};
        // Most datums are tied to WGS 84 and not to CGCS2000; those two are taken for one at metre level.
        Pj raw = best_operation(context, crs.get(), registry.get());
        if (!raw) {
            raw = best_operation(context, crs.get(), wgs.get());
        }
        if (!raw) {
            refuse_datum(full, datum);
        }
        std::string const how = name_of(raw.get());
        impl->operation = Pj{proj_normalize_for_visualization(context, raw.get())};
        if (impl->operation && impl->geographic && leaves_unmoved(impl->operation.get()) &&
            !has_ellipsoid_of_cgcs2000(context, base.get())) {
            refuse_datum(full, datum);
        }
        impl->datum_assumed = fmt::format("{} on datum '{}', brought to CGCS2000 by '{}'", full, datum, how);
    }
    if (impl->name == "EPSG:3857") {
        impl->limit_m = 20037508.35; // half the circumference of its sphere
    }
    if (impl->kind == Kind::proj && !impl->operation) {
        throw Error{ErrorCode::usage, fmt::format("PROJ cannot transform {} to EPSG:4490; {}", full, kAccepted)};
    }
    return impl;
}

std::size_t Transformer::Impl::run(std::span<Coordinate> coordinates, PJ_DIRECTION direction) const {
    bool const forward = direction == PJ_FWD;
    switch (kind) {
    case Kind::identity:
        break;
    case Kind::gcj02:
        for (auto& c : coordinates) {
            if (!on_globe(c.x, c.y)) {
                c = {kNaN, kNaN};
            } else if (forward) {
                auto const p = from_gcj02({c.x, c.y});
                c = {p.lon, p.lat};
            } else {
                auto const p = to_gcj02({c.x, c.y});
                c = {p.lon, p.lat};
            }
        }
        break;
    case Kind::bd09:
        for (auto& c : coordinates) {
            if (!on_globe(c.x, c.y)) {
                c = {kNaN, kNaN};
            } else if (forward) {
                auto const p = from_gcj02(from_bd09({c.x, c.y}));
                c = {p.lon, p.lat};
            } else {
                auto const p = to_bd09(to_gcj02({c.x, c.y}));
                c = {p.lon, p.lat};
            }
        }
        break;
    case Kind::proj: {
        if (coordinates.empty()) {
            break;
        }
        for (auto& c : coordinates) { // PROJ would wrap longitudes around silently
            bool const sound =
                !forward || geographic ? on_globe(c.x, c.y) : std::fabs(c.x) <= limit_m && std::fabs(c.y) <= limit_m;
            if (!sound) {
                c = {kNaN, kNaN};
            }
        }
        proj_trans_generic(operation.get(), direction, &coordinates[0].x, sizeof(Coordinate), coordinates.size(),
                           &coordinates[0].y, sizeof(Coordinate), coordinates.size(), nullptr, 0, 0, nullptr, 0, 0);
        proj_errno_reset(operation.get());
        break;
    }
    }
    std::size_t failed = 0;
    bool const degrees = forward || geographic;
    for (auto& c : coordinates) {
        bool const good = degrees ? on_globe(c.x, c.y) : std::isfinite(c.x) && std::isfinite(c.y);
        if (!good) {
            c = {kNaN, kNaN};
            ++failed;
        }
    }
    return failed;
}

Transformer::Transformer(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Transformer::~Transformer() = default;
Transformer::Transformer(Transformer&&) noexcept = default;
Transformer& Transformer::operator=(Transformer&&) noexcept = default;

Transformer Transformer::make(std::string_view crs_name) {
    auto const name = upper(crs_name);
    if (name == "GCJ02" || name == "GCJ-02" || name == "BD09" || name == "BD-09") {
        auto impl = std::make_unique<Impl>();
        bool const baidu = name.front() == 'B';
        impl->kind = baidu ? Impl::Kind::bd09 : Impl::Kind::gcj02;
        impl->name = baidu ? "BD09" : "GCJ02";
        impl->datum_assumed = baidu
                                  ? "BD-09, brought to GCJ-02 and then to CGCS2000 by inverting the published formulas"
                                  : "GCJ-02, brought to CGCS2000 by inverting the published formula";
        return Transformer{std::move(impl)};
    }
    constexpr std::string_view kPrefix = "EPSG:";
    bool const digits = name.size() > kPrefix.size() && name.size() <= kPrefix.size() + 6 &&
                        name.starts_with(kPrefix) &&
                        std::ranges::all_of(name.substr(kPrefix.size()), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) {
        throw Error{ErrorCode::usage,
                    fmt::format("'{}' is not a coordinate system that is known; {}", crs_name, kAccepted)};
    }
    return Transformer{Impl::of_proj(name, name)};
}

Transformer Transformer::from_definition(std::string const& wkt) {
    auto const shown = wkt.size() > 60 ? wkt.substr(0, 60) + "..." : wkt;
    return Transformer{Impl::of_proj(wkt, shown)};
}

std::string const& Transformer::name() const noexcept { return m_impl->name; }
std::string Transformer::datum_assumed() const { return m_impl->datum_assumed; }
bool Transformer::geographic() const noexcept { return m_impl->geographic; }

std::optional<Position> Transformer::to_registry(Coordinate c) const {
    if (m_impl->run({&c, 1}, PJ_FWD) != 0) {
        return std::nullopt;
    }
    return Position{c.x, c.y};
}

std::optional<Coordinate> Transformer::from_registry(Position p) const {
    Coordinate c{p.lon, p.lat};
    if (m_impl->run({&c, 1}, PJ_INV) != 0) {
        return std::nullopt;
    }
    return c;
}

std::size_t Transformer::to_registry(std::span<Coordinate> coordinates) const {
    return m_impl->run(coordinates, PJ_FWD);
}
std::size_t Transformer::from_registry(std::span<Coordinate> coordinates) const {
    return m_impl->run(coordinates, PJ_INV);
}

} // namespace wangge::crs
