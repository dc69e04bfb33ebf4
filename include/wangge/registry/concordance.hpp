#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/base/dates.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::registry {

/// From `effective` on `new_code` stands in place of `old_code`, wholly or in part. Neither need be in the registry.
struct Concordance {
    DivisionCode old_code;
    std::optional<DivisionCode> new_code; ///< empty: abolished without a successor
    Date effective;
    std::string note;
    std::string source; ///< name of the list that says so
    bool operator==(Concordance const&) const = default;
};

/// What the rows of one day make of an old code.
enum class ConcordanceKind : std::uint8_t {
    recoded,     ///< one for one
    split,       ///< one into several
    merged,      ///< several into one
    reorganised, ///< several into several
    abolished,   ///< into nothing
};
[[nodiscard]] std::string_view to_string(ConcordanceKind kind) noexcept;

struct ConcordanceStep {
    Concordance change;
    ConcordanceKind kind = ConcordanceKind::recoded;
};

/// What became of a code.
struct Became {
    std::vector<ConcordanceStep> steps; ///< all that were passed through, by day, old code, new code
    std::vector<DivisionCode> now;      ///< what stands in its place in the end; empty when all of it was abolished
};

/// Every concordance row in use. Immutable; safe for any number of threads.
class ConcordanceTable {
public:
    /// Rows in any order; one that stands twice counts once.
    explicit ConcordanceTable(std::vector<Concordance> rows);

    /**
     * Follows a code from the first day in the table that says something of it, through recodings, splits and merges,
     * to what stands in its place on `as_of`. What a day makes of a code is not looked at again on that day, so codes
     * may be exchanged, and a code that was given up and later given to another division is that one's from then on.
     * Without steps when the table does not know it or says nothing up to the day. O(steps log rows).
     */
    [[nodiscard]] Became became(DivisionCode code, Date as_of) const;
    /// The steps whose new code it is, by day.
    [[nodiscard]] std::vector<ConcordanceStep> formerly(DivisionCode code) const;
    /// Every old code, sorted.
    [[nodiscard]] std::vector<DivisionCode> old_codes() const;
    [[nodiscard]] std::vector<Concordance> const& rows() const noexcept {
        return m_rows;
    } ///< by old code, day, new code

private:
    [[nodiscard]] ConcordanceStep step(Concordance const& row) const;

    std::vector<Concordance> m_rows;
    std::vector<std::size_t> m_by_new; ///< rows with a new code, by new code, day, old code
};

} // namespace wangge::registry
