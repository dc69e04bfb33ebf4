#pragma once

#include <wangge/address/gazetteer.hpp>
#include <wangge/address/parser.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace wangge::address {

/// Where parts came of one that nobody knows.
struct WholePart {
    std::uint32_t begin = 0, end = 0; ///< characters
    std::uint32_t last_part = 0;      ///< the last of those it was split into
};

/**
 * Splits parts that are no known name into the known ones inside and the rest. A slip makes a name unknown, and then
 * the parser, which has to guess where it begins, takes the name before it along: 坑埔斩兴横路 for 坑埔 and 新兴横路.
 * O(length^2) for each unknown part.
 */
class PartSplitter {
public:
    PartSplitter(Gazetteer const& gazetteer, NameTrie const& names) : m_gazetteer(gazetteer), m_names(names) {}
    /// `wholes` are the parts as they were; it and `parsed` keep their memory.
    void split(std::u32string_view text, ParsedAddress& parsed, std::vector<WholePart>& wholes);

private:
    void split_part(std::u32string_view text, Part const& part, ParsedAddress& parsed);
    bool split_known_end(std::u32string_view text, Part const& part, ParsedAddress& parsed);
    bool join_road(std::u32string_view text, Part const& part, ParsedAddress const& parsed);
    bool split_divisions(std::u32string_view text, Part const& part, ParsedAddress& parsed);
    [[nodiscard]] std::span<DivisionName const> division_names(std::u32string_view text, std::uint32_t begin,
                                                               std::uint32_t end) const;
    /// Is it exactly the name of a division?
    bool name_division(std::u32string_view text, Part const& part, ParsedAddress& parsed);
    bool split_known_beginning(std::u32string_view text, Part const& part, ParsedAddress& parsed);
    /// May one of `names` lie in the city or county that the text names in front of `part`?
    [[nodiscard]] bool fits(Part const& part, std::span<DivisionName const> names, ParsedAddress const& parsed) const;

    Gazetteer const& m_gazetteer;
    NameTrie const& m_names;
    std::vector<Part> m_parts;
};

} // namespace wangge::address
