#pragma once

#include "predicates.hpp"

#include <wangge/topology/repair.hpp>
#include <wangge/topology/rings.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace wangge::topology {

/// A directed edge of a face without exactly one partner that runs back along it.
struct RepairEdge {
    Point from;
    Point to;
    std::uint32_t face = 0;
    auto operator<=>(RepairEdge const&) const = default;
};

/// A gap or overlap that no repair may close, and what it would have taken.
struct Obstacle {
    Point at;
    bool overlap = false;
    std::vector<std::uint32_t> faces;
    double move_m = 0;
    double area_m2 = 0;
};

/// What `tolerance_m` metres span at most, in lattice units each way, up to the latitude (of either sign; in lattice
/// units) where a degree is shortest; a little more, so that boxes widened by it miss no pair.
[[nodiscard]] Point lattice_reach(double tolerance_m, std::int32_t furthest_lat);

/// Edges of the shape, sorted.
[[nodiscard]] std::vector<DirectedEdge> edges_of(geom::MultiPolygon const& shape);

/// The area that the edges bound, after those that run there and back have cancelled; empty when they bound none.
[[nodiscard]] std::optional<geom::MultiPolygon> bounded_by(std::vector<DirectedEdge> edges);

/// What changes do to one face.
struct FaceEdit {
    std::vector<DirectedEdge> removed; ///< sorted
    std::vector<DirectedEdge> added;
};

/// The shape with the changes; empty when its edges would bound nothing.
[[nodiscard]] std::optional<geom::MultiPolygon> edited(geom::MultiPolygon const& shape, FaceEdit const& edit);

/**
 * The faces while they are being repaired. They are numbered by rank: where two boundaries are to become one, that of
 * the lower number stays. Number 0 is the ground outside all outlines, then come the faces that must not change, then
 * the incoming ones by name.
 */
class RepairWork {
public:
    static constexpr std::uint32_t kOutside = 0;

    RepairWork(std::span<Face const> faces, std::span<Outline const> outlines, RepairOptions const& options);

    [[nodiscard]] std::uint32_t face_count() const noexcept { return static_cast<std::uint32_t>(m_order.size()) + 1; }
    [[nodiscard]] bool has_outlines() const noexcept { return !m_outlines.empty(); }
    [[nodiscard]] RepairOptions const& options() const noexcept { return m_options; }
    [[nodiscard]] std::size_t place_of(std::uint32_t f) const { return m_order[f - 1]; } ///< among the faces given
    [[nodiscard]] Face const& face(std::uint32_t f) const { return m_faces[m_order[f - 1]]; }
    [[nodiscard]] geom::MultiPolygon const& original(std::uint32_t f) const;
    [[nodiscard]] geom::MultiPolygon const& shape(std::uint32_t f) const {
        return m_changed[f] ? *m_changed[f] : original(f);
    }
    [[nodiscard]] bool changed(std::uint32_t f) const { return m_changed[f] != nullptr; }
    void change(std::uint32_t f, geom::MultiPolygon shape);

    /// May its boundary move? Not that of the outside, of neighbours, nor of faces that are themselves invalid.
    [[nodiscard]] bool changeable(std::uint32_t f) const { return m_changeable[f] != 0; }
    [[nodiscard]] bool broken(std::uint32_t f) const { return m_broken[f] != 0; }
    void set_broken(std::uint32_t f) { m_broken[f] = 1, m_changeable[f] = 0; }

    /// Border edges of the faces in `subset` and of the outside, sorted. Edges in `shielded` (low end first, sorted)
    /// have their partner elsewhere.
    [[nodiscard]] std::vector<RepairEdge> borders(std::span<std::uint32_t const> subset,
                                                  std::span<DirectedEdge const> shielded) const;
    [[nodiscard]] std::vector<std::uint32_t> all_faces() const;
    /// Edges of a face in `member` (which counts the outside in) whose one partner is not.
    [[nodiscard]] std::vector<DirectedEdge> shielded(std::vector<char> const& member) const;

    /// Points that stay, and edges that take no vertex.
    std::unordered_set<Point> frozen_points;
    std::vector<RepairEdge> frozen_edges; ///< sorted
    [[nodiscard]] bool frozen(RepairEdge const& edge) const;
    std::vector<Obstacle> obstacles; ///< by longitude, once the regions are assigned
    /// Points that take no part at all: earlier plans failed there.
    std::unordered_set<Point> left_out;

    /// Vertices that were put elsewhere: from, to.
    std::vector<std::pair<Point, Point>> moves;
    /// What was done at a point: the last kind in the order of RepairKind.
    std::unordered_map<Point, RepairKind> done;
    void note(Point p, RepairKind kind) {
        auto& known = done.try_emplace(p, kind).first->second;
        known = std::max(known, kind);
    }

private:
    template <class F>
    void for_each_use_group(std::span<std::uint32_t const> subset, F&& f) const;

    std::span<Face const> m_faces;
    std::span<Outline const> m_outlines;
    RepairOptions m_options;
    std::vector<std::size_t> m_order;
    std::vector<std::unique_ptr<geom::MultiPolygon>> m_changed;
    std::vector<char> m_changeable;
    std::vector<char> m_broken;
};

/// Takes spikes, collapsed rings and points passed twice out of the faces that `problems` names. What cannot be mended
/// within the tolerance is broken from then on; the reasons are by face.
[[nodiscard]] std::unordered_map<std::uint32_t, Words> clean_rings(RepairWork& work, std::span<Problem const> problems);

/// Gives whole gaps and overlaps to one face each, and freezes those that are too wide or too large.
void assign_regions(RepairWork& work);

/// Makes boundaries that run within the tolerance of each other one.
void match_boundaries(RepairWork& work, Progress& progress);

} // namespace wangge::topology
