#pragma once

#include "box_pairs.hpp"
#include "predicates.hpp"

#include <wangge/geom/problem.hpp>

#include <cstddef>
#include <vector>

namespace wangge::topology {

/// What is wrong with one face in itself: one entry for each code.
struct FaceFault {
    ProblemCode code{};
    Point at; ///< the smallest of the places
    std::size_t places = 0;
    char const* detail = ""; ///< what is there, for the message
    char const* remedy = ""; ///< what to do about it
};

struct FaceVerdict {
    std::vector<FaceFault> faults; ///< by code
    /// Its boundary does not tell inside from outside (it crosses itself, or rings are nested wrongly), so the face can
    /// take no part in checks between faces.
    bool broken = false;
    /// For each ring in order, whether it runs against its role.
    std::vector<char> reversed;
};

/// Checks faces one by one against the OGC rules. Exact. Reuses its memory; one for each thread.
class FaceValidator {
public:
    /// `apart`: it is known already that no two edges meet but neighbours in their common point.
    [[nodiscard]] FaceVerdict check(geom::MultiPolygon const& shape, bool apart = false);

private:
    struct RingSpan {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        std::uint32_t part = 0;
        bool hole = false;
        int winding = 0;
    };
    struct Touch {
        Point at;
        std::uint32_t edge = 0;
        std::uint32_t other = 0;
    };
    struct Incidence {
        std::uint32_t part = 0;
        Point at;
        std::uint32_t ring = 0;
        auto operator<=>(Incidence const&) const = default;
    };

    void add(ProblemCode code, Point at, char const* detail, char const* remedy);
    void load(geom::MultiPolygon const& shape);
    void load_ring(geom::Ring const& ring, std::uint32_t part, bool hole);
    void check_neighbours(RingSpan const& ring);
    void check_pair(std::uint32_t e, std::uint32_t f);
    void check_touches();
    void check_nesting();
    void check_connected();

    [[nodiscard]] std::uint32_t next(std::uint32_t vertex) const;
    [[nodiscard]] std::uint32_t previous(std::uint32_t vertex) const;
    [[nodiscard]] bool crosses(Touch const& touch) const;
    [[nodiscard]] bool inside(RingSpan const& inner, RingSpan const& outer) const;

    FaceVerdict m_verdict;
    std::vector<Point> m_points; ///< vertex i starts edge i
    std::vector<std::uint32_t> m_ring_of;
    std::vector<RingSpan> m_rings;
    std::vector<geom::Envelope> m_ring_boxes;
    std::vector<Touch> m_touches;
    std::vector<Boxed> m_boxes;
};

} // namespace wangge::topology
