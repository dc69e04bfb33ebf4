#pragma once

#include <wangge/address/parser.hpp>
#include <wangge/base/codes.hpp>
#include <wangge/registry/registry.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace wangge::importers {

/**
 * Which division an address names, in full or as people write (深圳福田): the deepest of those that lie in one another,
 * a village, town or county. For statistics over many addresses, not for finding one: a text that leaves it open gives
 * nothing. One thread.
 */
class NamedDivisions {
public:
    explicit NamedDivisions(std::vector<registry::Division> const& divisions);

    /// Empty when nothing below a city (nor a city without counties) is named, or several that the text does not tell
    /// apart.
    [[nodiscard]] std::optional<DivisionCode> find(std::string_view text);
    /// The division itself when it is a village, all villages under it otherwise.
    [[nodiscard]] std::vector<DivisionCode> villages(DivisionCode division) const;
    [[nodiscard]] std::optional<DivisionCode> county(DivisionCode division) const;

private:
    struct Node {
        std::string name;
        Level level{};
        std::optional<DivisionCode> parent;
        std::vector<DivisionCode> children; ///< by code
    };
    void make_gazetteer();
    [[nodiscard]] bool is_meant(address::DivisionName const& name) const;

    std::unordered_map<DivisionCode, Node> m_nodes;
    std::vector<DivisionCode> m_counties; ///< and cities whose towns lie directly under them, by code
    std::vector<std::byte> m_bytes;       ///< of the gazetteer; made when first asked for
    address::Gazetteer m_gazetteer;
    address::NormalizedText m_normal;
    address::ParsedAddress m_parsed;
    std::vector<address::DivisionNumber> m_meant;
};

} // namespace wangge::importers
