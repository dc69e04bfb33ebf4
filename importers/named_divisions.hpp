#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/registry/registry.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace wangge::importers {

/**
 * Which division an address names by full names, as in "广东省广州市天河区石牌街道…": the town where one is named, else
 * the county. For statistics over many addresses, not for finding one: a text that leaves it open gives nothing.
 */
class NamedDivisions {
public:
    explicit NamedDivisions(std::vector<registry::Division> const& divisions);

    /// Empty when no county (nor a city without counties) is named, or several that the text does not tell apart.
    [[nodiscard]] std::optional<DivisionCode> find(std::string_view text) const;
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
    [[nodiscard]] bool names_city_of(std::string_view text, Node const& county) const;

    std::unordered_map<DivisionCode, Node> m_nodes;
    std::vector<DivisionCode> m_counties; ///< and cities whose towns lie directly under them, by code
};

} // namespace wangge::importers
