#pragma once

#include <wangge/address/component.hpp>
#include <wangge/address/gazetteer.hpp>
#include <wangge/address/normalizer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wangge::address {

/// A stretch of the normalised text and what it is.
struct Part {
    Component component = Component::noise;
    std::uint32_t begin = 0, end = 0; ///< characters
    /// In ParsedAddress::names: the divisions that it may name, of every level (天河 is a county and several villages),
    /// by number. `component` is the level of the likeliest reading. None for what is no division.
    std::uint32_t first_name = 0, last_name = 0;
};

/// How a stretch from the beginning of the text may be read, its last part; working memory of the parser.
struct ReadingStep {
    std::uint32_t before = 0; ///< the step that it goes on from
    std::uint32_t begin = 0;  ///< character at which its part begins; the part ends where the step stands
    Component component = Component::noise;
    bool part = false; ///< else nothing of the text: a separator
};

/// The cheapest readings of the text up to some character; working memory of the parser.
struct ReadingColumn {
    static constexpr std::size_t kReadings = 4, kEntries = 16;
    std::array<float, kReadings> costs{};
    /// What the rest of the text depends on: the deepest division so far, shifted by 32; what the next part follows, a
    /// component or kComponents at the beginning, by 2; 2: a separator has just passed; 1: noise has.
    std::array<std::uint64_t, kReadings> states{};
    std::array<ReadingStep, kReadings> steps{};
    std::array<float, kEntries> entries{};          ///< the least cost to begin each component
    std::array<std::uint32_t, kEntries> cheapest{}; ///< the first reading that has it
    std::uint32_t count = 0;
    float bound = 0; ///< at this cost nothing more is kept
};

/// A name that begins at some character; working memory of the parser.
struct NameMatch {
    std::uint32_t length = 0;
    std::uint32_t value = 0; ///< a list of the gazetteer, or what the trie of known names has
};
/// The names that begin at each character.
struct NameMatches {
    std::vector<NameMatch> all;
    std::vector<std::uint32_t> first; ///< of each character, and one more for the end

    [[nodiscard]] std::span<NameMatch const> at(std::size_t character) const noexcept {
        return std::span{all}.subspan(first[character], first[character + 1] - first[character]);
    }
};

/// Parts in the order of the text; they do not overlap, and what lies between them is separators. Keep one and use it
/// again: it keeps its memory.
struct ParsedAddress {
    std::vector<Part> parts;
    std::vector<DivisionName> names;
    double cost = 0; ///< the lower the likelier; compares readings of one text only

    std::vector<ReadingColumn> columns; ///< working memory
    std::vector<float> leasts;          ///< of the costs of each column
    std::vector<std::uint64_t> classes;
    std::vector<DivisionName> villages;
    NameMatches division_matches, known_matches;
};

/// Known names of roads and estates, so that they are recognised whole; NameTrie values are free for the owner, but the
/// lowest two bits, which say what the name is.
struct KnownNames {
    static constexpr std::uint32_t kRoad = 0, kEstate = 1, kGroup = 2, kLandmark = 3;
    NameTrie const* trie = nullptr;
};

/**
 * Splits an address into its components: divisions by the gazetteer, known roads and estates by their names, numbers by
 * their marks (号 栋 单元 楼 室), and names that nobody knows by what they end in (路 大道 花园 工业区) and by what
 * stands around them; of all readings the one of least cost. Works without any known name. Immutable, any number of
 * threads, each with its own ParsedAddress. O(n * longest part).
 */
class Parser {
public:
    /// Both must outlive it.
    explicit Parser(Gazetteer const& gazetteer, KnownNames known = {});
    void parse(NormalizedText const& text, ParsedAddress& out) const;
    /// The same in steps, for who reads many texts and would wait for the memory of each: prefetch(), some time later
    /// look_up(), which finds the names of the text, some time later read(), with the same `out`.
    void prefetch(NormalizedText const& text) const noexcept;
    void look_up(NormalizedText const& text, ParsedAddress& out) const;
    void read(NormalizedText const& text, ParsedAddress& out) const;

private:
    Gazetteer const& m_gazetteer;
    KnownNames m_known;
};

} // namespace wangge::address
