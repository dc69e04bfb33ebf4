// libFuzzer target: bytes that claim to be a point index are refused at open or answered in bounds.
#include "damaged_file.hpp"

#include <wangge/base/error.hpp>
#include <wangge/snapshot/point_index.hpp>

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

namespace {

using namespace wangge;

constexpr std::size_t kChecksumAt = 120;

/// Two grids with a crooked border, one of them with a hole, large enough for sub-grids and leaves of both widths.
std::vector<std::byte> small_index() {
    geom::Ring west{{0, 0}, {50000, 0}}, east{{100000, 0}, {100000, 90000}};
    geom::Ring border;
    for (std::int32_t i = 0; i <= 30; ++i) {
        border.push_back({50000 + (i * 7919 % 31) * 300 - 4500, i * 3000});
    }
    border.front().lon = 50000;
    west.insert(west.end(), border.begin() + 1, border.end());
    west.push_back({0, 90000});
    east.insert(east.end(), border.rbegin(), border.rend());
    std::vector<geom::MultiPolygon> const shapes{{{{west, {{{10000, 10000}, {10000, 20000}, {20000, 10000}}}}}},
                                                 {{{east, {}}}}};
    std::vector<geom::MultiPolygon const*> const pointers{&shapes[0], &shapes[1]};
    SilentProgress silent;
    return snapshot::PointIndex::build(pointers, silent);
}

/// Refused, or every answer a grid or outside, of single calls and batches.
void ask(std::span<std::byte const> bytes, snapshot::Instructions instructions) {
    std::vector<geom::Point> points{
        {INT32_MIN, INT32_MIN}, {INT32_MAX, INT32_MAX}, {INT32_MIN, INT32_MAX}, {0, 0}, {100000, 90000}};
    for (std::int32_t lat = -2000; lat <= 92000; lat += 2999) {
        for (std::int32_t lon = -2000; lon <= 102000; lon += 2999) {
            points.push_back({lon, lat});
        }
    }
    std::vector<snapshot::GridId> batch(points.size());
    try {
        auto const index = snapshot::PointIndex::over(bytes, "fuzz", instructions);
        index.locate(points, batch);
        for (std::size_t i = 0; i < points.size(); ++i) {
            for (auto const id : {index.locate(points[i]), batch[i]}) {
                if (id != snapshot::kOutside && id >= index.grid_count()) {
                    __builtin_trap();
                }
            }
        }
        (void)index.content_is_whole();
        (void)index.anatomy();
    } catch (Error const&) {
        return; // refused
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static std::vector<std::byte> const valid = small_index();
    auto const bytes = fuzz::damaged({data, size}, valid, kChecksumAt);
    // An allocation of exactly this size, so that the sanitizer sees one byte too far.
    constexpr std::align_val_t kLine{64};
    auto const free = [](std::byte* p) { ::operator delete(p, kLine); };
    std::unique_ptr<std::byte, decltype(free)> const exact{
        static_cast<std::byte*>(::operator new(std::max<std::size_t>(bytes.size(), 1), kLine)), free};
    std::copy(bytes.begin(), bytes.end(), exact.get());
    for (auto const instructions : snapshot::instructions_here()) {
        ask({exact.get(), bytes.size()}, instructions);
    }
    return 0;
}
