#include "county_data.hpp"

#include "dirty.hpp"
#include "mesh.hpp"
#include "names.hpp"
#include "partition.hpp"
#include "people.hpp"
#include "random.hpp"
#include "rings.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace wangge::synth {

namespace {

constexpr std::size_t kTrianglesPerGrid = 18;

/// Twice the signed area in lattice units, exact: a county of 3 x 3 degrees has 2e15 of them.
std::int64_t twice_area(geom::MultiPolygon const& shape) {
    std::int64_t sum = 0;
    geom::for_each_ring(shape, [&](geom::Ring const& ring) {
        auto const origin = ring.front();
        geom::for_each_edge(ring, [&](geom::Point a, geom::Point b) {
            sum += (std::int64_t{a.lon} - origin.lon) * (std::int64_t{b.lat} - origin.lat) -
                   (std::int64_t{a.lat} - origin.lat) * (std::int64_t{b.lon} - origin.lon);
        });
    });
    return sum;
}

std::string grid_name(Town const& town, Village const& village, GridPlan const& plan, Random& random) {
    auto const place = short_village_name(village.name, town.name);
    if (plan.kind == GridKind::dedicated) {
        return fmt::format("{}{}专属网格", place, dedicated_place(random));
    }
    return fmt::format("{}第{:03}网格", place, plan.sequence);
}

} // namespace

CountyData make_county(Reference const& reference, CountyShare const& share, std::uint64_t seed, bool dirty) {
    auto const& county = reference.counties[share.county];
    auto const county_seed = mix(seed, county.code);
    auto const urban = static_cast<std::size_t>(
        std::count_if(county.towns.begin(), county.towns.end(), [](Town const& t) { return t.urban; }));
    auto const mesh =
        build_mesh(county.outline, urban, county.towns.size() - urban, share.grids() * kTrianglesPerGrid, county_seed);
    auto const parts = partition(mesh, county, share, county_seed);
    auto shapes = draw_grids(mesh, parts, county_seed);

    CountyData data;
    data.county = share.county;
    data.grids = shapes.size();
    data.triangles = mesh.size();
    Random random{mix(county_seed, 0x6e616d65)};
    std::int64_t area = 0;
    for (std::size_t g = 0; g < shapes.size(); ++g) {
        auto const& plan = parts.grids[g];
        auto const& village = county.towns[plan.town].villages[plan.village];
        bool const dedicated = plan.kind == GridKind::dedicated;
        area += twice_area(shapes[g]);
        data.dedicated += dedicated ? 1U : 0U;
        data.multi_part += shapes[g].parts.size() > 1 ? 1U : 0U;
        data.with_holes +=
            std::any_of(shapes[g].parts.begin(), shapes[g].parts.end(), [](auto const& p) { return !p.holes.empty(); })
                ? 1U
                : 0U;
        data.vertices += geom::vertex_count(shapes[g]);
        auto& feature = data.features.emplace_back();
        feature.code = std::string{CodeProfile{}.make(DivisionCode::from_value(village.code), plan.sequence).str()};
        feature.name = grid_name(county.towns[plan.town], village, plan, random);
        feature.kind = dedicated ? "专属网格" : "综合网格";
        feature.village_code = fmt::format("{:012}", village.code);
        feature.town = plan.town;
        feature.village = plan.village;
        feature.shape = std::move(shapes[g]);
    }
    if (data.grids != share.grids() || area != twice_area(county.outline)) {
        throw Error{ErrorCode::corrupt, fmt::format("{} {}: the grids do not fill the outline exactly; this is a fault "
                                                    "of the generator, report the seed {}",
                                                    county.code / 1000000, county.name, seed)};
    }
    add_officers(data, county, share, county_seed);
    add_addresses(data, reference, share, mesh, parts, county_seed);
    if (dirty) {
        plant_defects(data, reference, share.defects_of_a_kind, county_seed);
    }
    return data;
}

} // namespace wangge::synth
