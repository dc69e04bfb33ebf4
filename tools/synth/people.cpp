#include "people.hpp"

#include "names.hpp"
#include "random.hpp"

#include <wangge/base/dates.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>

namespace wangge::synth {

namespace {

using geom::Point;

constexpr std::int32_t kFirstDay = 18993; // 2022-01-01
constexpr std::uint64_t kDays = 912;      // to 2024-06-30

std::string phone_number(std::uint64_t number) {
    // Odd and no multiple of five, so multiplying permutes the eight digits.
    return fmt::format("104{:08}", number * 61803399ULL % 100000000ULL);
}

/// Draws positions inside one grid after another.
class Scatter {
public:
    Scatter(Mesh const& mesh, Partition const& partition) : m_mesh(mesh), m_grid_of(partition.grid_of) {
        m_first.assign(partition.grids.size() + 1, 0);
        for (auto const g : m_grid_of) {
            ++m_first[static_cast<std::size_t>(g) + 1];
        }
        std::partial_sum(m_first.begin(), m_first.end(), m_first.begin());
        m_members.resize(m_grid_of.size());
        auto next = m_first;
        for (std::size_t t = 0; t < m_grid_of.size(); ++t) {
            m_members[next[static_cast<std::size_t>(m_grid_of[t])]++] = static_cast<std::int32_t>(t);
        }
    }

    /// A position that `shape`, the shape of the grid, owns.
    [[nodiscard]] Point draw(std::size_t grid, geom::MultiPolygon const& shape, Random& random) const {
        auto const first = m_first[grid];
        auto const count = m_first[grid + 1] - first;
        for (int attempt = 0; attempt < 60; ++attempt) {
            auto const t = static_cast<std::size_t>(m_members[first + random.below(count)]);
            double u = random.unit();
            double v = random.unit();
            if (u + v > 1) {
                u = 1 - u;
                v = 1 - v;
            }
            auto const& corners = m_mesh.triangles[t];
            auto const a = m_mesh.points[static_cast<std::size_t>(corners[0])];
            auto const b = m_mesh.points[static_cast<std::size_t>(corners[1])];
            auto const c = m_mesh.points[static_cast<std::size_t>(corners[2])];
            Point const p{a.lon + static_cast<std::int32_t>(std::llround(u * (b.lon - a.lon) + v * (c.lon - a.lon))),
                          a.lat + static_cast<std::int32_t>(std::llround(u * (b.lat - a.lat) + v * (c.lat - a.lat)))};
            // The winding border may have taken this part of the triangle away.
            if (geom::owns(shape, p)) {
                return p;
            }
        }
        return geom::interior_point(shape);
    }

private:
    Mesh const& m_mesh;
    std::vector<std::int32_t> const& m_grid_of;
    std::vector<std::size_t> m_first;    // of each grid in m_members
    std::vector<std::int32_t> m_members; // triangles by grid
};

struct Road {
    std::string name;
    Point through;
    double x = 1, y = 0; // direction, length 1
};

struct Building {
    Point at;
    std::size_t grid = 0;
    std::size_t road = 0;
    double along = 0;
    std::uint32_t number = 0;
    std::uint32_t doors = 1;
};

Road make_road(Random& random, bool urban, Point through) {
    double const t = random.between(-1, 1); // a direction without sine and cosine
    bool const swap = random.chance(0.5);
    double const x = (1 - t * t) / (1 + t * t);
    double const y = 2 * t / (1 + t * t);
    return {road_name(random, urban), through, swap ? y : x, swap ? x : y};
}

double along(Road const& road, Point p) {
    return road.x * (double{1} * p.lon - road.through.lon) + road.y * (double{1} * p.lat - road.through.lat);
}
double aside(Road const& road, Point p) {
    return std::abs(road.x * (double{1} * p.lat - road.through.lat) - road.y * (double{1} * p.lon - road.through.lon));
}

class AddressBook {
public:
    AddressBook(CountyData& data, Reference const& reference, CountyShare const& share, Mesh const& mesh,
                Partition const& partition, std::uint64_t seed)
        : m_data(data)
        , m_reference(reference)
        , m_county(reference.counties[share.county])
        , m_share(share)
        , m_partition(partition)
        , m_scatter(mesh, partition)
        , m_random(mix(seed, 0x61646472)) {}

    void write() {
        auto const& grids = m_partition.grids;
        std::vector<double> weights;
        for (auto const& grid : grids) {
            bool const urban = m_county.towns[grid.town].villages[grid.village].urban;
            double const base = grid.kind == GridKind::dedicated ? 0.8 : (urban ? 1.7 : 0.8);
            weights.push_back(base * m_random.between(0.5, 1.5));
        }
        auto const counts = apportion(m_share.addresses, weights, 0);
        m_data.addresses.reserve(m_share.addresses * 260);
        for (std::size_t first = 0; first < grids.size();) { // grids of one village stand together
            auto last = first;
            while (last < grids.size() && grids[last].town == grids[first].town &&
                   grids[last].village == grids[first].village) {
                ++last;
            }
            write_village(first, last, counts);
            first = last;
        }
        write_units();
    }

private:
    void write_village(std::size_t first, std::size_t last, std::vector<std::uint64_t> const& counts) {
        auto const& plan = m_partition.grids[first];
        auto const& town = m_county.towns[plan.town];
        auto const& village = town.villages[plan.village];
        auto const total = std::accumulate(counts.begin() + static_cast<std::ptrdiff_t>(first),
                                           counts.begin() + static_cast<std::ptrdiff_t>(last), std::uint64_t{0});
        std::vector<Road> roads;
        for (std::uint64_t k = 0; k <= total / 70 && k < 7; ++k) {
            auto const grid = first + m_random.below(last - first);
            roads.push_back(
                make_road(m_random, village.urban, m_scatter.draw(grid, m_data.features[grid].shape, m_random)));
        }
        std::vector<Building> buildings;
        for (auto grid = first; grid < last; ++grid) {
            for (auto left = counts[grid]; left > 0;) {
                Building building;
                building.doors = static_cast<std::uint32_t>(
                    std::min<std::uint64_t>(left, village.urban ? 2 + m_random.below(9) : 1 + m_random.below(2)));
                left -= building.doors;
                building.grid = grid;
                place(building, roads);
                buildings.push_back(building);
            }
        }
        number(buildings, roads);
        std::vector<std::string> estates(last - first);
        std::vector<std::uint32_t> blocks(last - first, 0);
        for (auto& estate : estates) {
            estate =
                village.urban ? (m_random.chance(0.7) ? estate_name(m_random) : std::string{}) : hamlet_name(m_random);
        }
        for (auto const& building : buildings) {
            auto const k = building.grid - first;
            write_building(town, village, roads[building.road], building, estates[k], ++blocks[k]);
        }
    }

    /// The best of a few positions: near a road.
    void place(Building& building, std::vector<Road> const& roads) {
        double nearest = 1e300;
        for (int attempt = 0; attempt < 3; ++attempt) {
            auto const p = m_scatter.draw(building.grid, m_data.features[building.grid].shape, m_random);
            for (std::size_t r = 0; r < roads.size(); ++r) {
                if (aside(roads[r], p) < nearest) {
                    nearest = aside(roads[r], p);
                    building.at = p;
                    building.road = r;
                    building.along = along(roads[r], p);
                }
            }
        }
    }

    /// Door numbers rise along the road, odd on one side and even on the other.
    void number(std::vector<Building>& buildings, std::vector<Road> const& roads) {
        std::stable_sort(buildings.begin(), buildings.end(), [](Building const& a, Building const& b) {
            return a.road != b.road ? a.road < b.road : a.along < b.along;
        });
        std::size_t road = roads.size();
        std::uint32_t odd = 1;
        std::uint32_t even = 2;
        for (auto& building : buildings) {
            if (building.road != road) {
                road = building.road;
                odd = 1;
                even = 2;
            }
            auto const& r = roads[road];
            bool const left = r.x * (double{1} * building.at.lat - r.through.lat) -
                                  r.y * (double{1} * building.at.lon - r.through.lon) >
                              0;
            auto& next = left ? odd : even;
            next = std::max(next, (left ? even : odd) > 6 ? (left ? even : odd) - 5 : next); // the two sides keep pace
            building.number = next;
            next += 2 + 2 * static_cast<std::uint32_t>(m_random.below(3) == 0 ? m_random.below(3) : 0);
        }
    }

    void write_building(Town const& town, Village const& village, Road const& road, Building const& building,
                        std::string const& estate, std::uint32_t block) {
        auto const& city = m_reference.cities[m_county.city];
        auto const floors = village.urban ? 3 + m_random.below(30) : 1;
        auto const units = village.urban ? 1 + m_random.below(3) : 1;
        bool const in_estate = village.urban && !estate.empty();
        auto const hamlet =
            village.urban ? std::string{} : estate; // stands before the road, an estate behind the number
        std::string const number = fmt::format(FMT_COMPILE("{}号"), building.number);
        std::string const block_text = in_estate ? fmt::format(FMT_COMPILE("{}栋"), block) : std::string{};
        for (std::uint32_t door = 0; door < building.doors; ++door) {
            std::string const unit = in_estate ? fmt::format(FMT_COMPILE("{}单元"), 1 + door % units) : std::string{};
            std::string room;
            if (village.urban) {
                room = fmt::format(FMT_COMPILE("{}{:02}房"), 1 + (door * 7 + building.number) % floors, 1 + door % 4);
            } else if (building.doors > 1) {
                room = fmt::format(FMT_COMPILE("{}室"), door + 1);
            }
            fmt::format_to(
                std::back_inserter(m_data.addresses),
                FMT_COMPILE(
                    "DZ{:06}{:07},{}{}{}{}{}{}{}{}{}{}{},{},{},{},{},{},{:012},{},{},{},{},{},{},{:.7f},{:.7f}\r\n"),
                m_county.code / 1000000, ++m_data.address_count, m_reference.province_name, city.name,
                m_county.made_up ? std::string{} : m_county.name, town.name,
                short_village_name(village.name, town.name) + hamlet, road.name, number,
                village.urban ? estate : std::string{}, block_text, unit, room, m_reference.province_name, city.name,
                m_county.name, town.name, village.name, village.code, road.name, number, estate, block_text, unit, room,
                geom::to_degrees(building.at.lon), geom::to_degrees(building.at.lat));
        }
    }

    void write_units() {
        auto const& grids = m_partition.grids;
        for (std::uint64_t k = 0; k < m_share.emergency_units; ++k) {
            auto const grid = m_random.below(grids.size());
            auto const& town = m_county.towns[grids[grid].town];
            auto const& village = town.villages[grids[grid].village];
            auto const type = unit_type(m_random, village.urban);
            auto const at = m_scatter.draw(grid, m_data.features[grid].shape, m_random);
            fmt::format_to(std::back_inserter(m_data.emergency_units),
                           FMT_COMPILE("{}{}最小应急单元,{},YJ{:06}{:05},{},{:.7f},{:.7f},{:012}\r\n"),
                           short_village_name(village.name, town.name), type.place, type.type, m_county.code / 1000000,
                           ++m_data.unit_count, 3 + m_random.below(28), geom::to_degrees(at.lon),
                           geom::to_degrees(at.lat), village.code);
        }
    }

    CountyData& m_data;
    Reference const& m_reference;
    County const& m_county;
    CountyShare const& m_share;
    Partition const& m_partition;
    Scatter m_scatter;
    Random m_random;
};

} // namespace

void add_officers(CountyData& data, County const& county, CountyShare const& share, std::uint64_t seed) {
    Random random{mix(seed, 0x6f666669)};
    // Room for 800,000 people a county keeps phones apart without counting through the province.
    std::uint64_t serial = 0;
    auto const base = share.county * 800000;
    auto const add = [&](std::string const& grid_code, char const* role) {
        ++serial;
        data.officers.push_back({fmt::format("GD{:06}{:06}", county.code / 1000000, serial), person_name(random),
                                 phone_number(base + serial), grid_code, role,
                                 Date{kFirstDay + static_cast<std::int32_t>(random.below(kDays))}.str()});
    };
    for (auto const& feature : data.features) {
        add(feature.code, "专职网格员");
    }
    for (std::uint64_t k = 0; k < share.extra_officers; ++k) {
        auto const& feature = data.features[random.below(data.features.size())];
        add(feature.code, random.chance(0.45) ? "专业网格员" : "兼职网格员");
    }
}

void add_addresses(CountyData& data, Reference const& reference, CountyShare const& share, Mesh const& mesh,
                   Partition const& partition, std::uint64_t seed) {
    AddressBook{data, reference, share, mesh, partition, seed}.write();
}

} // namespace wangge::synth
