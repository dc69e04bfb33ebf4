#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/geom/polygon.hpp>
#include <wangge/geom/problem.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace wangge::topology {

/// One polygon of a coverage as the checker sees it. The shape is borrowed.
struct Face {
    std::string name; ///< grid code, as it is to appear in problems
    geom::MultiPolygon const* shape = nullptr;
    bool incoming = true; ///< false for neighbours taken from the registry: problems among those alone are not reported
};

/// A region that must be filled by the faces whose `outline` index names it: a county's known outline.
struct Outline {
    std::string name;
    geom::MultiPolygon const* shape = nullptr;
};

/// What a check found, with the count of each code. Sorted by code, then place, so that runs compare equal.
struct ProblemReport {
    std::vector<Problem> problems;
    [[nodiscard]] bool has_errors() const;
    [[nodiscard]] std::size_t count(ProblemCode code) const;
};

/// Proof that a set of faces passed the checker without an error. Only CoverageChecker makes one.
class CheckedCoverage {
public:
    [[nodiscard]] std::size_t face_count() const noexcept { return m_face_count; }
    [[nodiscard]] std::size_t edge_count() const noexcept { return m_edge_count; }

private:
    friend class CoverageChecker;
    CheckedCoverage(std::size_t faces, std::size_t edges) : m_face_count(faces), m_edge_count(edges) {}
    std::size_t m_face_count, m_edge_count;
};

/**
 * Checks on integer edges that faces form a coverage: every ring valid, no two faces overlap, neighbours share every
 * vertex of their common boundary, no gap enclosed by faces, and, where outlines are given, each outline filled
 * exactly. Exact; O(n log n) in edges, some 35 ns an edge where all is well; independent of the order of the faces, so
 * that a problem keeps its id. Thread-safe. One cause is one finding; docs/problems.md states the rule of each code.
 * The shapes must not change meanwhile.
 */
class CoverageChecker {
public:
    struct Options {
        /// Gaps and overlaps whose two sides are nowhere farther apart than this many metres are one boundary drawn
        /// twice: one finding edge_not_matched for the pair. 0: only what runs along one line exactly is.
        double tolerance_m = 0;
    };
    CoverageChecker() = default;
    /// Throws Error{usage} when the tolerance is negative or not a number.
    explicit CoverageChecker(Options const& options);

    struct Result {
        ProblemReport report;
        std::unique_ptr<CheckedCoverage> checked; ///< set when the report has no error
    };
    [[nodiscard]] Result check(std::span<Face const> faces, std::span<Outline const> outlines,
                               Progress& progress) const;

private:
    Options m_options;
};

/**
 * Union of faces by group: result[g] is the area of all shapes whose groups[i] == g, shared edges cancelled, so that
 * neighbouring groups share every vertex. Exact; the shapes must be a valid coverage. Normalised. O(n log n).
 * `groups[i]` must be below `group_count`; groups without a shape are empty.
 */
[[nodiscard]] std::vector<geom::MultiPolygon> dissolve(std::span<geom::MultiPolygon const* const> shapes,
                                                       std::span<std::uint32_t const> groups, std::size_t group_count);

} // namespace wangge::topology
