#pragma once

#include "envelope_tree.hpp"
#include "sections.hpp"

#include <wangge/snapshot/snapshot.hpp>

#include <span>
#include <string_view>

namespace wangge::snapshot {

[[nodiscard]] inline std::string_view code_of(sections::GridRecord const& record) noexcept {
    std::string_view const digits{record.code.data(), record.code.size()};
    return digits.substr(0, digits.find('\0'));
}

/// What queries and updates read of a snapshot: views of the mapping, whose directories were checked when it was
/// opened.
struct StoredGrids {
    PointIndex const& index;
    EnvelopeTree const& tree;
    std::span<sections::DivisionRecord const> divisions;
    std::span<sections::GridRecord const> grids;
    std::span<char const> names;
    std::span<GridId const> by_code;
    std::span<Digest const> digests;
    std::span<std::uint32_t const> first_part, first_ring, first_point;
    std::span<geom::Point const> points;

    template <class Record>
    [[nodiscard]] std::string_view name(Record const& record) const {
        return {names.data() + record.name_offset, record.name_size};
    }
    /// Number in `points` of the first point of grid `id`; of their end for the number of grids.
    [[nodiscard]] std::size_t begin_of(std::size_t id) const { return first_point[first_ring[first_part[id]]]; }

    /// Calls f(span of vertices) for each ring of the grid until it returns true; says whether it did.
    template <class F>
    bool any_ring(GridId id, F&& f) const {
        auto const last = first_ring[first_part[id + 1]];
        for (auto ring = first_ring[first_part[id]]; ring < last; ++ring) {
            if (f(points.subspan(first_point[ring], first_point[ring + 1] - first_point[ring]))) {
                return true;
            }
        }
        return false;
    }
    /// Calls f(a, b) for each edge of the grid, a < b or not, until it returns true; says whether it did. Edges off the
    /// globe, which only damage can make, are passed over: predicates would overflow.
    template <class F>
    bool any_edge(GridId id, F&& f) const {
        return any_ring(id, [&](std::span<geom::Point const> vertices) {
            if (vertices.empty()) {
                return false;
            }
            auto a = vertices.back();
            bool a_fits = geom::on_globe(a);
            for (auto const b : vertices) {
                bool const b_fits = geom::on_globe(b);
                if (a_fits && b_fits && f(a, b)) {
                    return true;
                }
                a = b;
                a_fits = b_fits;
            }
            return false;
        });
    }
    /// First vertex of each part.
    template <class F>
    bool any_part(GridId id, F&& f) const {
        for (auto part = first_part[id]; part < first_part[id + 1]; ++part) {
            auto const ring = first_ring[part];
            if (first_point[ring] < first_point[ring + 1] && f(points[first_point[ring]])) {
                return true;
            }
        }
        return false;
    }
    [[nodiscard]] bool one_part(GridId id) const { return first_part[id + 1] - first_part[id] == 1; }
};

} // namespace wangge::snapshot
