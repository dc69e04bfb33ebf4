#include "point_index_view.hpp"

namespace wangge::snapshot::point_index {

GridId locate_one(PointIndex::View const& view, geom::Point p) noexcept {
    PointIndex::View::Search search;
    if (!view.enter(p, search) || !view.find_cell(search)) {
        return kOutside;
    }
    std::uint32_t entry = search.cell.root;
    while (kind_of(entry) == Kind::subgrid) {
        entry = view.descend(entry, search);
    }
    return view.grid_of(is_leaf(entry) ? face_in_leaf(view, entry, search, p) : face_in(entry), search.cell);
}

void locate_many_portable(PointIndex::View const& view, std::span<geom::Point const> points,
                          std::span<GridId> out) noexcept {
    // A group goes down level by level, so that the memory accesses of a level overlap. Which positions go on is noted
    // without branches, for it is unpredictable.
    constexpr std::size_t kGroup = 64;
    constexpr std::uint32_t kNowhere = 0xffffffffU; // a damaged sub-grid leads outside
    using View = PointIndex::View;
    std::array<View::Search, kGroup> searches;
    std::array<std::uint32_t, kGroup> halves; ///< where the next entry is, in 16-bit words of the sub-grids
    std::array<std::uint16_t, kGroup> entries;
    std::array<std::uint8_t, kGroup> active, leaves;
    auto const total = std::min(points.size(), out.size());
    for (std::size_t first = 0; first < total; first += kGroup) {
        auto const count = std::min(kGroup, total - first);
        auto const group = points.subspan(first, count);
        auto const answers = out.subspan(first, count);
        std::size_t left = 0, leaf_count = 0;
        // Not in functions of their own: GCC 12 finds one that only prefetches to be without effect and drops the
        // calls.
        auto const note = [&](std::size_t i, std::uint32_t entry, std::size_t& still) {
            entries[i] = static_cast<std::uint16_t>(entry);
            answers[i] = view.grid_of(face_in(entry), searches[i].cell); // right for faces; the others come later
            leaves[leaf_count] = static_cast<std::uint8_t>(i);
            leaf_count += is_leaf(entry) ? 1U : 0U;
            active[still] = static_cast<std::uint8_t>(i);
            still += kind_of(entry) == Kind::subgrid ? 1U : 0U;
        };
        for (std::size_t i = 0; i < count; ++i) {
            auto& search = searches[i];
            if (!view.enter(group[i], search) || !view.find_cell(search)) {
                answers[i] = kOutside;
                continue;
            }
            note(i, search.cell.root, left);
        }
        while (left != 0) {
            for (std::size_t a = 0; a < left; ++a) {
                auto const i = active[a];
                auto& search = searches[i];
                auto const split = split_in(entries[i]);
                halves[i] = kNowhere;
                if (split <= search.shift) {
                    auto const word = search.cell.subgrids * 16U + subgrid_word(entries[i], scale_of(search.cell));
                    halves[i] = std::min(word * 2U + View::step(split, search), view.last_subgrid_word * 2);
                    __builtin_prefetch(view.subgrids + halves[i] / 2);
                }
            }
            std::size_t still = 0;
            auto const leaves_before = leaf_count;
            for (std::size_t a = 0; a < left; ++a) {
                auto const i = active[a];
                note(i, halves[i] == kNowhere ? 0 : view.subgrids[halves[i] / 2] >> (halves[i] % 2 * 16U) & 0xffffU,
                     still);
            }
            for (auto l = leaves_before; l < leaf_count; ++l) {
                auto const i = leaves[l];
                auto const* const leaf = view.leaves + view.leaf_at(entries[i], searches[i].cell);
                __builtin_prefetch(leaf);
                if (kind_of(entries[i]) == Kind::other_leaf) {
                    __builtin_prefetch(leaf + kAlignment / sizeof *leaf);
                }
            }
            left = still;
        }
        for (std::size_t l = 0; l < leaf_count; ++l) {
            auto const i = leaves[l];
            answers[i] = view.grid_of(face_in_leaf(view, entries[i], searches[i], group[i]), searches[i].cell);
        }
    }
}

} // namespace wangge::snapshot::point_index
