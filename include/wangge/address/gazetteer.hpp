#pragma once

#include <wangge/address/name_trie.hpp>
#include <wangge/base/codes.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

/// Number of a division in its gazetteer, in preorder: parents first, siblings by code. What lies under a division has
/// the numbers from the next one up to its `end`.
using DivisionNumber = std::uint32_t;
inline constexpr DivisionNumber kNoDivision = 0xffffffffU;

/// How a text names a division, the surest first.
enum class NameKind : std::uint8_t {
    full,       ///< 东城街道, 三元里社区居民委员会
    plain,      ///< without what only offices write: 三元里社区
    short_name, ///< without 省 市 区 县 镇 街道 村 社区: 天河, 三元里
    other,      ///< former names, names that people or staff use: 莞城, 省城
    code        ///< its code, or a former one
};

/// A division as a gazetteer is built from it; borrowed for the build only.
struct GazetteerEntry {
    DivisionCode code;
    std::string_view name;
    Level level = Level::village;
    DivisionCode parent; ///< invalid for the province
};
/// Another name of a division, from concordance, history or staff. Those of geodata/guangdong/aliases.tsv are known
/// without being given.
struct GazetteerAlias {
    DivisionCode code;
    std::string_view text;
    NameKind kind = NameKind::other;
};

struct GazetteerDivision {
    DivisionCode code;
    std::string_view name; ///< as in the registry; points into the bytes
    Level level = Level::village;
    DivisionNumber parent = kNoDivision;
    DivisionNumber end = 0;
};

/// One division that a stretch of text may name.
struct DivisionName {
    DivisionNumber division = kNoDivision;
    NameKind kind = NameKind::full;
    Level level = Level::village; ///< of the division
    bool operator==(DivisionName const&) const = default;
};

/**
 * The divisions with every name by which people call them. Mapped from bytes; any number of threads.
 * docs/addresses.md lists the rules by which short names are made.
 */
class Gazetteer {
public:
    /// Same input, same bytes. Error{data_rejected}: a parent that is not there, a code that stands twice. Aliases of
    /// unknown codes are left out.
    [[nodiscard]] static std::vector<std::byte> build(std::span<GazetteerEntry const> divisions,
                                                      std::span<GazetteerAlias const> aliases);
    Gazetteer() = default; ///< knows nothing
    /// View of bytes made by build(), aligned to 8; they must outlive it. Error{corrupt} as NameTrie::over(), and where
    /// a number leads nowhere: each is looked at once, 0.1 ms for a province.
    [[nodiscard]] static Gazetteer over(std::span<std::byte const> bytes, std::string_view name = "gazetteer");

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] GazetteerDivision division(DivisionNumber number) const;     ///< number < size()
    [[nodiscard]] std::optional<DivisionNumber> find(DivisionCode code) const; ///< O(log n)
    /// Is `number` the division `above` itself or one under it?
    [[nodiscard]] bool lies_in(DivisionNumber number, DivisionNumber above) const noexcept {
        return above < m_records.size() && number >= above && number < m_records[above].end;
    }
    // As in GazetteerDivision; number < size().
    [[nodiscard]] Level level(DivisionNumber number) const noexcept {
        return static_cast<Level>(m_records[number].level);
    }
    [[nodiscard]] DivisionNumber end(DivisionNumber number) const noexcept { return m_records[number].end; }
    [[nodiscard]] DivisionNumber parent(DivisionNumber number) const noexcept { return m_records[number].parent; }
    /// The one at `level` above (or at) `number`; kNoDivision when there is none, as for the county of Dongguan's
    /// towns: a county row that bears the name of its city only stands for it. Such a row has no name but its code.
    [[nodiscard]] DivisionNumber ancestor(DivisionNumber number, Level level) const noexcept;

    /// Calls found(length, span of DivisionName) for each name that begins at text[begin], shortest first. A name that
    /// several divisions bear gives all of them, by number.
    template <class Found>
    void match(std::u32string_view text, std::size_t begin, Found&& found) const {
        m_names.match(text, begin, [&](std::size_t length, std::uint32_t list) { found(length, bearers(list)); });
    }

    // The same in steps, for who asks for many names and would wait for the memory of each: prefetch() for all places,
    // then match_lists(), then prefetch_bearers(), then bearers().
    void prefetch(std::u32string_view text, std::size_t begin) const noexcept { m_names.prefetch(text, begin); }
    /// Calls found(length, list).
    template <class Found>
    void match_lists(std::u32string_view text, std::size_t begin, Found&& found) const {
        m_names.match(text, begin, [&](std::size_t length, std::uint32_t list) {
            if (list < m_first_bearer.size()) {
                __builtin_prefetch(&m_first_bearer[list]);
            }
            found(length, list);
        });
    }
    void prefetch_bearers(std::uint32_t list) const noexcept {
        if (auto const some = bearers(list); !some.empty()) {
            __builtin_prefetch(some.data());
        }
    }
    [[nodiscard]] std::span<DivisionName const> bearers(std::uint32_t list) const noexcept {
        if (list + std::size_t{1} >= m_first_bearer.size()) {
            return {};
        }
        return m_bearers.subspan(m_first_bearer[list], m_first_bearer[list + 1] - m_first_bearer[list]);
    }

private:
    friend struct GazetteerBuilder;
    struct Record {
        std::uint64_t code = 0;
        std::uint32_t name_begin = 0, name_end = 0; ///< in the text
        DivisionNumber parent = kNoDivision, end = 0;
        std::uint32_t level = 0;
        std::uint32_t stands_for_city = 0; ///< a made-up county, so that towns have one
    };
    std::span<Record const> m_records;
    std::span<DivisionNumber const> m_by_code;
    std::string_view m_text;
    std::span<std::uint32_t const> m_first_bearer;
    std::span<DivisionName const> m_bearers;
    NameTrie m_names;
};

} // namespace wangge::address
