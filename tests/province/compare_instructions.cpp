// Does every set of instructions of this machine give the same answers on a whole province, in batches and one call at
// a time? That the answers are right is verify_lookup's business.
//
//   compare_instructions SNAPSHOT [POSITIONS]
//
// Half of the positions are random in and round the extent, half within 2 lattice units of a vertex. Exit code 0 when
// all agree, 1 when one does not, 2 on wrong usage.
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iostream>
#include <random>

using namespace wangge;

namespace {

using Grids = std::vector<snapshot::GridId>;

std::vector<geom::Point> draw(snapshot::Snapshot const& snapshot, std::size_t count) {
    constexpr std::uint64_t kSeed = 20261126;
    fmt::print("seed {}\n", kSeed);
    std::mt19937_64 random{kSeed};
    auto const between = [&](std::int64_t low, std::int64_t high) {
        return static_cast<std::int32_t>(
            low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1)));
    };
    auto const extent = snapshot.point_index().extent();
    std::vector<geom::Point> positions;
    positions.reserve(count);
    while (positions.size() < count / 2) {
        constexpr std::int64_t kBeyond = 1'000'000;
        positions.push_back({between(extent.min.lon - kBeyond, extent.max.lon + kBeyond),
                             between(extent.min.lat - kBeyond, extent.max.lat + kBeyond)});
    }
    while (positions.size() < count) {
        auto const id = static_cast<snapshot::GridId>(random() % snapshot.grid_count());
        geom::for_each_ring(snapshot.shape(id), [&](geom::Ring const& ring) {
            for (auto const p : ring) {
                if (positions.size() < count) {
                    positions.push_back({between(p.lon - 2, p.lon + 2), between(p.lat - 2, p.lat + 2)});
                }
            }
        });
    }
    std::shuffle(positions.begin(), positions.end(), random);
    return positions;
}

bool agree(std::string_view what, std::vector<geom::Point> const& positions, Grids const& expected,
           Grids const& found) {
    auto const [at, other] = std::mismatch(expected.begin(), expected.end(), found.begin());
    if (at == expected.end()) {
        fmt::print("{}: {} answers agree\n", what, found.size());
        return true;
    }
    auto const p = positions[static_cast<std::size_t>(at - expected.begin())];
    fmt::print("{}: at {},{} (1e-7 degree) {} instead of {}\n", what, p.lon, p.lat, *other, *at);
    return false;
}

bool compare(std::filesystem::path const& folder, std::size_t count) {
    auto const snapshot = snapshot::Snapshot::open(folder);
    auto const positions = draw(*snapshot, count);
    Grids expected(positions.size());
    std::transform(positions.begin(), positions.end(), expected.begin(),
                   [&](geom::Point p) { return snapshot->locate(p); });
    fmt::print("{} positions, {} in a grid\n", positions.size(),
               std::count_if(expected.begin(), expected.end(), [](auto id) { return id != snapshot::kOutside; }));
    auto const bytes = snapshot->point_index().bytes();
    bool all = true;
    for (auto const instructions : snapshot::instructions_here()) {
        auto const index = snapshot::PointIndex::over(bytes, folder.string(), instructions);
        Grids found(positions.size());
        index.locate(positions, found);
        all = agree(fmt::format("batch, {}", to_string(instructions)), positions, expected, found) && all;
    }
    return all;
}

} // namespace

int main(int argc, char** argv) {
    std::size_t count = 10'000'000;
    if (argc == 3) {
        std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), count);
    }
    if (argc < 2 || argc > 3 || count == 0) {
        std::cerr << "usage: compare_instructions SNAPSHOT [POSITIONS]\n";
        return 2;
    }
    try {
        return compare(argv[1], count) ? 0 : 1;
    } catch (Error const& error) {
        std::cerr << "compare_instructions: " << error.what() << '\n';
        return 3;
    }
}
