#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/base/words.hpp>
#include <wangge/topology/coverage.hpp>

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::topology {

struct RepairOptions {
    /// Nothing moves further than this, in metres. Above 0.
    double tolerance_m = 0.1;
    /// No single piece of ground that changes hands is larger than this, in square metres.
    double max_area_m2 = 100;
};

/// What a proposal does; a group of several kinds has the last of them in this order.
enum class RepairKind {
    insert_vertices, ///< shared vertices put into boundaries that already run over each other; nothing moves
    assign_gap,      ///< a gap goes to the grid that has the longest boundary with it
    assign_overlap,  ///< an overlap stays with the grid whose remainder has the longest boundary with it
    match_edges,     ///< boundaries that run beside each other become one
    clean_ring,      ///< spikes, rings without area and points passed twice are taken out of a grid
    none,            ///< there is no repair: `refusal` says why
};
[[nodiscard]] std::string_view to_string(RepairKind kind) noexcept;

/// One grid, as it was and with this proposal alone.
struct GridChange {
    std::size_t face = 0; ///< its place among the faces given
    std::string name;
    geom::MultiPolygon before;
    geom::MultiPolygon after;
};

/**
 * Changes that only make sense together. Proposals have no vertex or edge in common, so any of them can be taken
 * without the others. A value: nothing is changed by proposing.
 */
struct RepairProposal {
    RepairKind kind = RepairKind::none;
    std::vector<std::string> problems; ///< ids of the problems that it resolves (would resolve, when refused), sorted
    std::vector<std::string> grids;    ///< that it changes, or whose problem has no repair; sorted
    std::vector<GridChange> changes;   ///< by name
    geom::MultiPolygon moved;          ///< ground that changes hands, rounded to the lattice; may be too small to show
    geom::Point at;                    ///< where
    double area_moved_m2 = 0;          ///< ground whose grids before and after differ, each piece counted once
    double greatest_move_m = 0;        ///< from a vertex of the boundary before or after to the other boundary
    Words refusal;                     ///< empty: it can be applied; otherwise why not and what to do

    [[nodiscard]] bool accepted() const noexcept { return refusal.english.empty(); }
    /// 16 hex digits from kind, grids and the edges that they lose and gain (of a refusal without changes: from its
    /// problems); the same in every run, and whether or not others have been carried out.
    [[nodiscard]] std::string id() const;
};

/**
 * Proposals that make `faces` a coverage, each checked by CoverageChecker together with all others: none creates a
 * problem. Faces that are not incoming, and outlines, stay as they are. The rules are in docs/repair.md. Problems of
 * codes 203-205, 301-303 and 305 that no proposal resolves are listed as refused, with the reason. Sorted by place.
 * Independent of the order of the faces. Decisions about sides and order are exact; distances are metres to 1e-5.
 * O(n log n) in edges for each of a few passes, the later ones over faces beside unmatched edges only. Thread-safe.
 * Throws Error{usage} when an option is out of range.
 */
[[nodiscard]] std::vector<RepairProposal> propose_repairs(std::span<Face const> faces,
                                                          std::span<Outline const> outlines,
                                                          RepairOptions const& options, Progress& progress);
/// The same, and the problems that the check found before anything was repaired.
[[nodiscard]] std::vector<RepairProposal> propose_repairs(std::span<Face const> faces,
                                                          std::span<Outline const> outlines,
                                                          RepairOptions const& options, Progress& progress,
                                                          std::vector<Problem>& problems);

/// `shape`, which has what the change found of its grid at that place, with the change. Throws Error{usage} when it has
/// not. O(n log n).
[[nodiscard]] geom::MultiPolygon carried_out(GridChange const& change, geom::MultiPolygon const& shape);

/**
 * The shapes of `faces` after the accepted ones of `proposals`, in the order of the faces; refused ones are passed
 * over. Throws Error{usage} when a proposal was made for other faces. O(n).
 */
[[nodiscard]] std::vector<geom::MultiPolygon> apply_repairs(std::span<Face const> faces,
                                                            std::span<RepairProposal const> proposals);

} // namespace wangge::topology
