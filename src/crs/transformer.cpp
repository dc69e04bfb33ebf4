#include "proj_objects.hpp"
#include "site_system.hpp"

#include <wangge/base/error.hpp>
#include <wangge/crs/chinese_datums.hpp>
#include <wangge/crs/transformer.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <proj.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

namespace wangge::crs {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kDegree = std::numbers::pi / 180.0;
constexpr char const* kAccepted =
    "accepted are EPSG:4490, EPSG:4326, the CGCS2000 Gauss-Kruger zones (EPSG:4546-4548, 4525-4527, 4508, 4509, 4497, "
    "4498), EPSG:3857, GCJ02, BD09, any EPSG system with a known transformation, and those that the data folder's "
    "coordinate-systems.toml describes";

[[nodiscard]] std::string upper(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return result;
}

[[noreturn]] void refuse(std::string const& message) { throw Error{ErrorCode::usage, message}; }

[[noreturn]] void refuse_unknown(std::string_view name, SiteSystems const& site) {
    auto const own = site.names();
    refuse(fmt::format("'{}' is not a coordinate system that is known; {}{}", name, kAccepted,
                       own.empty() ? std::string{} : fmt::format(" (here: {})", fmt::join(own, ", "))));
}

/// Systems whose official transformations need the parameters of the site: PROJ's own ones hold for oil basins only,
/// and those of Pulkovo 1942, by whose name some programs call Beijing 1954, for other countries.
[[nodiscard]] bool needs_site_parameters(std::string const& datum) {
    auto const name = upper(datum);
    constexpr std::array kDatums{"BEIJING", "XIAN", "XI'AN", "KRASOVSKY", "PULKOVO"};
    return std::ranges::any_of(kDatums, [&](char const* word) { return name.find(word) != std::string::npos; });
}

/// `epsg` is empty for a definition without a code.
[[noreturn]] void refuse_datum(std::string const& crs, std::string const& epsg, std::string const& datum) {
    refuse(fmt::format(
        "{} is refused: {}; the site's own seven or four parameters, or a PROJ pipeline, are needed. Write them into "
        "coordinate-systems.toml in the data folder as a [[system]] {}; docs/user-guide.md, 'Coordinates', shows how",
        crs,
        needs_site_parameters(datum)
            ? fmt::format("its datum '{}' lies tens of metres from CGCS2000 and no general transformation is good "
                          "enough here",
                          datum)
            : fmt::format("PROJ knows no transformation from its datum '{}' to CGCS2000 that holds in China", datum),
        epsg.empty() ? std::string{"with a name, and pass that as --crs"}
                     : fmt::format("that replaces = \"{}\"", epsg)));
}

/// Turns by the angle, scales, then shifts; exactly undone.
struct Similarity {
    double cos = 1, sin = 0; ///< both times the scale
    double east_m = 0, north_m = 0;

    [[nodiscard]] Coordinate apply(Coordinate c) const noexcept {
        return {east_m + cos * c.x - sin * c.y, north_m + sin * c.x + cos * c.y};
    }
    [[nodiscard]] Coordinate undo(Coordinate c) const noexcept {
        double const x = c.x - east_m;
        double const y = c.y - north_m;
        double const square = cos * cos + sin * sin;
        return {(cos * x + sin * y) / square, (cos * y - sin * x) / square};
    }
};

/// An operation of PROJ between coordinates in degrees or metres, whatever it takes and gives itself.
struct Step {
    Pj operation;
    bool radians_in = false, radians_out = false;

    [[nodiscard]] static Step of(Pj pj) {
        Step step{std::move(pj), false, false};
        if (step.operation) {
            step.radians_in = proj_angular_input(step.operation.get(), PJ_FWD) != 0;
            step.radians_out = proj_angular_output(step.operation.get(), PJ_FWD) != 0;
        }
        return step;
    }
    void run(std::span<Coordinate> coordinates, PJ_DIRECTION direction) const {
        auto const scale = [&](bool from_radians, bool on_the_way_in) {
            if (from_radians) {
                for (auto& c : coordinates) {
                    c = on_the_way_in ? Coordinate{c.x * kDegree, c.y * kDegree}
                                      : Coordinate{c.x / kDegree, c.y / kDegree};
                }
            }
        };
        scale(direction == PJ_FWD ? radians_in : radians_out, true);
        proj_trans_generic(operation.get(), direction, &coordinates[0].x, sizeof(Coordinate), coordinates.size(),
                           &coordinates[0].y, sizeof(Coordinate), coordinates.size(), nullptr, 0, 0, nullptr, 0, 0);
        proj_errno_reset(operation.get());
        scale(direction == PJ_FWD ? radians_out : radians_in, false);
    }
};

} // namespace

struct Transformer::Impl {
    enum class Kind { identity, gcj02, bd09, proj };

    Kind kind = Kind::identity;
    bool geographic = true;
    double limit_m = 1e8; ///< no projected system reaches further out; zone prefixes go up to 6e7
    std::string name;
    std::string datum_assumed;
    Context context;
    std::optional<Similarity> plane; ///< the first of the steps
    std::vector<Step> steps;         ///< to CGCS2000, longitude or easting first, degrees or metres
    bool undone_by_trial = false;    ///< a shift of datum loses the height, so its inverse alone is a millimetre off
    std::optional<ValidArea> area;

    std::size_t run(std::span<Coordinate> coordinates, PJ_DIRECTION direction) const;
    static std::unique_ptr<Impl> of_chinese(bool baidu, SiteSystems const& site);
    static std::unique_ptr<Impl> of_proj(std::string const& definition, std::string const& shown,
                                         SiteSystems const& site);
    static std::unique_ptr<Impl> of_named(SiteSystem const& system);

private:
    void to_registry(std::span<Coordinate> coordinates) const;
    void from_registry(std::span<Coordinate> coordinates) const;
    void from_registry_once(std::span<Coordinate> coordinates) const;
    void drop_unsound(std::span<Coordinate> coordinates, bool degrees, bool in_registry) const;

    void add(Step step, std::string const& what);
    void unproject_cgcs2000(std::string const& code);
    /// `source` is the CRS that the coordinates are in, `base` the geographic system under it.
    void by_site(SiteSystem const& system, PJ const* source, PJ const* base);
    void shift_datum(SevenParameters const& seven, Ellipsoid const& ellipsoid);
    void by_pipeline(Pipeline const& pipeline);
    void say_site(SiteSystem const& system, std::string const& full);
    void prove_invertible() const;
};

void Transformer::Impl::add(Step step, std::string const& what) {
    if (!step.operation) {
        refuse(fmt::format("PROJ cannot make {}: {}", what,
                           proj_context_errno_string(context.get(), proj_context_errno(context.get()))));
    }
    steps.push_back(std::move(step));
}

/// The last step of a system of the site that leads to a plane.
void Transformer::Impl::unproject_cgcs2000(std::string const& code) {
    Pj const crs{proj_create(context.get(), code.c_str())};
    if (!crs || proj_get_type(crs.get()) != PJ_TYPE_PROJECTED_CRS) {
        refuse(
            fmt::format("'{}' is not a projected system that PROJ knows; name a CGCS2000 plane, as EPSG:4547", code));
    }
    Pj const base{proj_crs_get_geodetic_crs(context.get(), crs.get())};
    if (!base || !same_geographic(context.get(), base.get(), "EPSG:4490")) {
        refuse(
            fmt::format("{} ({}) is not on CGCS2000; name a CGCS2000 plane, as EPSG:4547", code, name_of(crs.get())));
    }
    add(Step::of(unproject(context.get(), crs.get(), base.get())), code);
}

void Transformer::Impl::shift_datum(SevenParameters const& seven, Ellipsoid const& ellipsoid) {
    auto const on_ellipsoid =
        fmt::format("+a={:.17g} +rf={:.17g}", ellipsoid.semi_major_m, ellipsoid.inverse_flattening);
    std::string text = "+proj=pipeline";
    if (seven.projection) {
        auto const& p = *seven.projection;
        text += fmt::format(" +step +inv +proj=tmerc +lon_0={:.17g} +lat_0={:.17g} +k={:.17g} +x_0={:.17g} "
                            "+y_0={:.17g} {}",
                            p.central_meridian_deg, p.latitude_of_origin_deg, p.scale, p.false_easting_m,
                            p.false_northing_m, on_ellipsoid);
        geographic = false;
    }
    text +=
        fmt::format(" +step +proj=cart {} +step +proj=helmert +x={:.17g} +y={:.17g} +z={:.17g} +rx={:.17g} "
                    "+ry={:.17g} +rz={:.17g} +s={:.17g} +convention={} +step +inv +proj=cart +ellps=GRS80",
                    on_ellipsoid, seven.dx_m, seven.dy_m, seven.dz_m, seven.rx_arcsec, seven.ry_arcsec, seven.rz_arcsec,
                    seven.scale_ppm, seven.position_vector ? "position_vector" : "coordinate_frame");
    add(Step::of(Pj{proj_create(context.get(), text.c_str())}), "the shift of datum");
    undone_by_trial = true;
}

void Transformer::Impl::by_pipeline(Pipeline const& pipeline) {
    Pj pj{proj_create(context.get(), pipeline.text.c_str())};
    if (pj && proj_is_crs(pj.get()) != 0) {
        refuse(fmt::format("'{}' is a coordinate system and no pipeline; write '+proj=pipeline +step ...'",
                           pipeline.text));
    }
    if (pj && proj_pj_info(pj.get()).has_inverse == 0) {
        refuse("the pipeline has no inverse; leave out the step that cannot be undone");
    }
    bool const degrees_in = pj && proj_degree_input(pj.get(), PJ_FWD) != 0;
    bool const degrees_out = pj && proj_degree_output(pj.get(), PJ_FWD) != 0;
    add(Step::of(std::move(pj)), "the pipeline");
    geographic = degrees_in || steps.back().radians_in;
    bool const angles_out = degrees_out || steps.back().radians_out;
    if (angles_out != pipeline.output.empty()) {
        refuse(angles_out
                   ? "the pipeline ends in degrees, so that 'output' is wrong; leave it out"
                   : "the pipeline does not end in longitude and latitude; end it so, or name the CGCS2000 plane "
                     "that it ends in by 'output', as EPSG:4547");
    }
    if (!pipeline.output.empty()) {
        unproject_cgcs2000(pipeline.output);
    }
    undone_by_trial = true;
}

void Transformer::Impl::by_site(SiteSystem const& system, PJ const* source, PJ const* base) {
    kind = Kind::proj;
    area = system.area;
    bool const projected = source != nullptr && proj_get_type(source) == PJ_TYPE_PROJECTED_CRS;
    geographic = !projected;
    if (auto const* const seven = std::get_if<SevenParameters>(&system.method)) {
        if (base != nullptr && !counts_from_greenwich(context.get(), base)) {
            refuse(fmt::format("{} does not count longitudes from Greenwich; write a pipeline", name_of(base)));
        }
        if (projected) {
            add(Step::of(unproject(context.get(), source, base)), name_of(source));
        }
        shift_datum(*seven, base != nullptr ? ellipsoid_of(context.get(), base) : *seven->ellipsoid);
    } else if (auto const* const four = std::get_if<FourParameters>(&system.method)) {
        if (base != nullptr && !projected) {
            refuse(fmt::format("{} is in degrees, and four parameters lead from one plane to another; replace the "
                               "projected system, or use seven parameters",
                               name_of(source)));
        }
        double const angle = four->rotation_arcsec / 3600.0 * kDegree;
        plane = Similarity{four->scale * std::cos(angle), four->scale * std::sin(angle), four->shift_east_m,
                           four->shift_north_m};
        geographic = false;
        unproject_cgcs2000(four->target);
    } else {
        by_pipeline(std::get<Pipeline>(system.method));
        if (base != nullptr && geographic == projected) {
            refuse(fmt::format("the pipeline begins with {}, while {} has {}", geographic ? "degrees" : "metres",
                               name_of(source), projected ? "metres" : "degrees"));
        }
    }
}

void Transformer::Impl::say_site(SiteSystem const& system, std::string const& full) {
    constexpr std::array kWays{"seven parameters", "four parameters", "PROJ pipeline"};
    datum_assumed = fmt::format("{}, brought to CGCS2000 by the site's {} ({})", full, kWays.at(system.method.index()),
                                system.source);
    if (system.accuracy_m) {
        datum_assumed += fmt::format(", stated accuracy {:g} m", *system.accuracy_m);
    }
    if (area) {
        datum_assumed += fmt::format(", valid from {:g} to {:g} degrees east and {:g} to {:g} north", area->west,
                                     area->east, area->south, area->north);
    }
}

/// There and back from the middle of where it holds: tells a pipeline that gives latitude first, radians taken for
/// degrees, or another system altogether.
void Transformer::Impl::prove_invertible() const {
    auto const where = area.value_or(ValidArea{113.3, 23.1, 113.3, 23.1});
    Coordinate const middle{(where.west + where.east) / 2, (where.south + where.north) / 2};
    auto c = middle;
    constexpr double kMillimetreDeg = 1e-8;
    if (run({&c, 1}, PJ_INV) != 0 || run({&c, 1}, PJ_FWD) != 0 || std::fabs(c.x - middle.x) > kMillimetreDeg ||
        std::fabs(c.y - middle.y) > kMillimetreDeg) {
        refuse(fmt::format("it does not bring the position {:g} {:g} (CGCS2000, longitude first) into that system and "
                           "back; it must lead to CGCS2000 longitude and latitude and be invertible there",
                           middle.x, middle.y));
    }
}

std::unique_ptr<Transformer::Impl> Transformer::Impl::of_named(SiteSystem const& system) {
    auto impl = std::make_unique<Impl>();
    impl->context = make_context();
    impl->name = system.name;
    auto* const context = impl->context.get();
    auto const* const seven = std::get_if<SevenParameters>(&system.method);
    if (seven != nullptr && !seven->source_crs.empty()) {
        Pj const source{proj_create(context, seven->source_crs.c_str())};
        auto const type = source ? proj_get_type(source.get()) : PJ_TYPE_UNKNOWN;
        Pj const base{source ? proj_crs_get_geodetic_crs(context, source.get()) : nullptr};
        if (!base || (type != PJ_TYPE_PROJECTED_CRS && type != PJ_TYPE_GEOGRAPHIC_2D_CRS)) {
            refuse(fmt::format("'{}' is not a two-dimensional geographic or projected system that PROJ knows",
                               seven->source_crs));
        }
        impl->by_site(system, source.get(), base.get());
        impl->say_site(system, fmt::format("{} on {}", system.name, name_of(source.get())));
    } else {
        impl->by_site(system, nullptr, nullptr);
        impl->say_site(system, system.name);
    }
    impl->prove_invertible();
    return impl;
}

std::unique_ptr<Transformer::Impl> Transformer::Impl::of_chinese(bool baidu, SiteSystems const& site) {
    if (!site.gcj02_allowed()) {
        refuse(
            fmt::format("{} is refused: 'allow_gcj02 = false' in {} switches GCJ-02 and BD-09 off; ask who runs this "
                        "site, or bring the positions to EPSG:4490 by an approved program first",
                        baidu ? "BD09" : "GCJ02", site.gcj02_said_in()));
    }
    auto impl = std::make_unique<Impl>();
    impl->kind = baidu ? Kind::bd09 : Kind::gcj02;
    impl->name = baidu ? "BD09" : "GCJ02";
    impl->datum_assumed = baidu ? "BD-09, brought to GCJ-02 and then to CGCS2000 by inverting the published formulas"
                                : "GCJ-02, brought to CGCS2000 by inverting the published formula";
    return impl;
}

std::unique_ptr<Transformer::Impl> Transformer::Impl::of_proj(std::string const& definition, std::string const& shown,
                                                              SiteSystems const& site) {
    auto impl = std::make_unique<Impl>();
    impl->context = make_context();
    auto* const context = impl->context.get();

    Pj crs{proj_create(context, definition.c_str())};
    if (!crs || proj_is_crs(crs.get()) == 0) {
        refuse_unknown(shown, site);
    }
    auto const title = name_of(crs.get());
    auto const epsg = epsg_name(context, crs.get());
    impl->name = epsg.empty() ? title : epsg;
    auto const full = epsg.empty() ? fmt::format("'{}'", title) : fmt::format("{} ({})", epsg, title);

    Pj const inner{proj_get_type(crs.get()) == PJ_TYPE_BOUND_CRS ? proj_get_source_crs(context, crs.get()) : nullptr};
    PJ const* const plain = inner ? inner.get() : crs.get();
    auto const type = proj_get_type(plain);
    if (type != PJ_TYPE_PROJECTED_CRS && type != PJ_TYPE_GEOGRAPHIC_2D_CRS) {
        refuse(fmt::format("{} is not a two-dimensional geographic or projected system; {}", full, kAccepted));
    }
    impl->geographic = type == PJ_TYPE_GEOGRAPHIC_2D_CRS;
    Pj const base{proj_crs_get_geodetic_crs(context, plain)};
    if (!base) {
        refuse(fmt::format("{} has no geographic system under it; {}", full, kAccepted));
    }

    bool const cgcs2000 = same_geographic(context, base.get(), "EPSG:4490");
    bool const wgs84 = !cgcs2000 && same_geographic(context, base.get(), "EPSG:4326");
    auto const* system = site.find(epsg);
    if (system != nullptr && (cgcs2000 || wgs84)) {
        refuse(fmt::format("{} is on {} and needs no parameters of the site; remove this system", full,
                           cgcs2000 ? "CGCS2000" : "WGS 84"));
    }
    if (system == nullptr && !impl->geographic && !cgcs2000 && !wgs84) {
        // What replaces a geographic system holds for the planes over it too.
        system = site.find(epsg_name(context, base.get()));
        if (system != nullptr && std::holds_alternative<Pipeline>(system->method)) {
            impl->add(Step::of(unproject(context, plain, base.get())), full);
            impl->by_site(*system, base.get(), base.get());
            impl->geographic = false;
            impl->say_site(*system, full);
            return impl;
        }
    }
    if (system != nullptr) {
        impl->by_site(*system, plain, base.get());
        impl->say_site(*system, full);
        impl->prove_invertible();
        return impl;
    }
    if (cgcs2000 || wgs84) {
        if (!impl->geographic) {
            impl->kind = Kind::proj;
            impl->add(Step::of(unproject(context, plain, base.get())), full);
        }
        impl->datum_assumed = fmt::format(
            "{} read as {}{}", full, cgcs2000 ? "CGCS2000" : "WGS 84, taken for CGCS2000 (they agree to about a metre)",
            impl->geographic ? ", degrees unchanged" : ", its projection undone without a change of datum");
    } else {
        auto const datum = datum_name(context, base.get());
        bool const other_ellipsoid = !is_ellipsoid_of_cgcs2000(ellipsoid_of(context, base.get()));
        if (inner ? carries_empty_parameters(context, crs.get()) && other_ellipsoid : needs_site_parameters(datum)) {
            refuse_datum(full, epsg, datum);
        }
        impl->kind = Kind::proj;
        Pj const wgs{proj_create(context, "EPSG:4326")};
        Pj const registry{proj_create(context, "EPSG:4490")};
        // Most datums are tied to WGS 84 and not to CGCS2000; those two are taken for one at metre level.
        auto const best = [&](PJ const* from) {
            auto found = best_operation(context, from, registry.get());
            return found ? std::move(found) : best_operation(context, from, wgs.get());
        };
        auto const raw = best(crs.get());
        if (!raw) {
            refuse_datum(full, epsg, datum);
        }
        std::string const how = name_of(raw.get());
        impl->add(Step::of(Pj{proj_normalize_for_visualization(context, raw.get())}), full);
        if (other_ellipsoid && (impl->geographic || !inner)) { // what a file itself says of a plane is not nothing
            auto const over_degrees = impl->geographic ? Pj{} : best(base.get());
            Pj const shift{proj_normalize_for_visualization(context, (impl->geographic ? raw : over_degrees).get())};
            if (!shift || leaves_unmoved(shift.get())) {
                refuse_datum(full, epsg, datum);
            }
        }
        impl->datum_assumed = fmt::format("{} on datum '{}', brought to CGCS2000 by '{}'", full, datum, how);
    }
    if (impl->name == "EPSG:3857") {
        impl->limit_m = 20037508.35; // half the circumference of its sphere
    }
    return impl;
}

/// What is no coordinate of that side becomes NaN; PROJ would wrap longitudes around silently.
void Transformer::Impl::drop_unsound(std::span<Coordinate> coordinates, bool degrees, bool in_registry) const {
    for (auto& c : coordinates) {
        bool const sound = degrees ? on_globe(c.x, c.y) : std::fabs(c.x) <= limit_m && std::fabs(c.y) <= limit_m;
        if (!sound || (in_registry && area && !area->holds(c.x, c.y))) {
            c = {kNaN, kNaN};
        }
    }
}

void Transformer::Impl::to_registry(std::span<Coordinate> coordinates) const {
    if (plane) {
        for (auto& c : coordinates) {
            c = plane->apply(c);
        }
    }
    for (auto const& step : steps) {
        step.run(coordinates, PJ_FWD);
    }
}

void Transformer::Impl::from_registry_once(std::span<Coordinate> coordinates) const {
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        step->run(coordinates, PJ_INV);
    }
    if (plane) {
        for (auto& c : coordinates) {
            c = plane->undo(c);
        }
    }
}

void Transformer::Impl::from_registry(std::span<Coordinate> coordinates) const {
    if (!undone_by_trial) {
        from_registry_once(coordinates);
        return;
    }
    std::vector<Coordinate> const wanted(coordinates.begin(), coordinates.end());
    auto aim = wanted; // what the bare inverse must be asked for so that the way back gives what is wanted
    for (int round = 0; round < 3; ++round) {
        std::ranges::copy(aim, coordinates.begin());
        from_registry_once(coordinates);
        std::vector<Coordinate> back(coordinates.begin(), coordinates.end());
        to_registry(back);
        for (std::size_t i = 0; i < aim.size(); ++i) {
            aim[i] = {aim[i].x + wanted[i].x - back[i].x, aim[i].y + wanted[i].y - back[i].y};
        }
    }
}

std::size_t Transformer::Impl::run(std::span<Coordinate> coordinates, PJ_DIRECTION direction) const {
    bool const forward = direction == PJ_FWD;
    switch (kind) {
    case Kind::identity:
        break;
    case Kind::gcj02:
    case Kind::bd09:
        for (auto& c : coordinates) {
            if (!on_globe(c.x, c.y)) {
                c = {kNaN, kNaN};
            } else if (forward) {
                auto const p = from_gcj02(kind == Kind::bd09 ? from_bd09({c.x, c.y}) : Gcj02Position{c.x, c.y});
                c = {p.lon, p.lat};
            } else {
                auto const gcj = to_gcj02({c.x, c.y});
                auto const bd = to_bd09(gcj);
                c = kind == Kind::bd09 ? Coordinate{bd.lon, bd.lat} : Coordinate{gcj.lon, gcj.lat};
            }
        }
        break;
    case Kind::proj:
        if (coordinates.empty()) {
            break;
        }
        drop_unsound(coordinates, !forward || geographic, !forward);
        if (forward) {
            to_registry(coordinates);
            drop_unsound(coordinates, true, true);
        } else {
            from_registry(coordinates);
        }
        break;
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

Transformer Transformer::make(std::string_view crs_name, SiteSystems const& site) {
    if (auto const* const own = site.find(crs_name); own != nullptr && !own->replaces) {
        return Transformer{Impl::of_named(*own)};
    }
    auto const name = upper(crs_name);
    if (name == "GCJ02" || name == "GCJ-02" || name == "BD09" || name == "BD-09") {
        return Transformer{Impl::of_chinese(name.front() == 'B', site)};
    }
    constexpr std::string_view kPrefix = "EPSG:";
    bool const digits = name.size() > kPrefix.size() && name.size() <= kPrefix.size() + 6 &&
                        name.starts_with(kPrefix) &&
                        std::ranges::all_of(name.substr(kPrefix.size()), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) {
        refuse_unknown(crs_name, site);
    }
    return Transformer{Impl::of_proj(name, name, site)};
}

Transformer Transformer::from_definition(std::string const& wkt, SiteSystems const& site) {
    auto const shown = wkt.size() > 60 ? wkt.substr(0, 60) + "..." : wkt;
    return Transformer{Impl::of_proj(wkt, shown, site)};
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
