#pragma once

#include <wangge/geom/polygon.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge {

/// Stable numbers: they appear in reports and in docs/problems; never renumber, never reuse.
enum class ProblemCode : int {
    // 1xx reading and attributes
    unreadable_text = 101,
    missing_attribute = 102,
    malformed_code = 103,
    duplicate_code = 104,
    unknown_village = 105,
    unknown_grid = 106,
    malformed_value = 107,
    reissued_code = 108,
    // 2xx geometry of one grid
    empty_geometry = 201,
    unsupported_geometry = 202,
    collapsed_ring = 203,
    self_crossing = 204,
    repeated_ring_point = 205,
    wrong_nesting = 206,
    outside_lattice = 207,
    // 3xx coverage
    overlap = 301,
    gap = 302,
    edge_not_matched = 303,
    duplicate_geometry = 304,
    outside_county = 305,
    county_not_filled = 306,
    sliver = 307,
    village_without_grids = 308,
    accepted_gap = 309,
    // 4xx coordinates
    suspected_datum = 401,
    snapped_far = 402,
};

enum class Severity { note, warning, error };

struct ProblemKind {
    ProblemCode code;
    Severity severity;
    std::string_view slug;     ///< "overlap", as in JSON reports
    std::string_view title;    ///< English
    std::string_view title_zh; ///< Chinese
};

/// The catalogue entry of a code.
[[nodiscard]] ProblemKind const& problem_kind(ProblemCode code);
/// The whole catalogue, by number.
[[nodiscard]] std::span<ProblemKind const> problem_kinds() noexcept;
[[nodiscard]] std::string_view to_string(Severity severity) noexcept;

/// Where a problem lies: a point, a line or an area; at most one of the last two is set.
struct ProblemPlace {
    geom::Point at;
    std::vector<geom::Point> line;
    geom::MultiPolygon area;
};

/// A word or number that a sentence about a problem needs beside its subjects, place and measure.
struct Fact {
    std::string_view name; ///< "field", "value", "rows", "places", "others", "apart", "of", "parent"; a literal
    std::string value;
};

/// One finding. The same problem has the same id in every run.
struct Problem {
    ProblemCode code{};
    std::vector<std::string> subjects; ///< grid codes (or file rows as "row 17") concerned, sorted
    std::string message;               ///< what, where, what to do; English
    std::optional<ProblemPlace> place;
    double measure = 0; ///< m2 for areas, m for lines and distances; 0 when it has none
    std::string unit;   ///< "m2", "m" or empty
    /// For the sentence in another language; no part of the id.
    std::vector<Fact> facts = {}; // NOLINT(readability-redundant-member-init): lets shorter initialisers be
    /// The message in Chinese, from finders that know more than code and facts say; empty: it is made of those.
    std::string chinese = {}; // NOLINT(readability-redundant-member-init)

    [[nodiscard]] Severity severity() const { return problem_kind(code).severity; }
    /// The value of a fact, empty when there is none of the name.
    [[nodiscard]] std::string_view fact(std::string_view name) const noexcept;
    /// 16 hex digits from code, subjects and place.
    [[nodiscard]] std::string id() const;
};

} // namespace wangge
