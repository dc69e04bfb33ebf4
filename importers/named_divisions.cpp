#include "named_divisions.hpp"

#include <algorithm>

namespace wangge::importers {

namespace {

/// Of two names in a text the earlier one is meant, of two that begin together the longer one: 城区 in 东城区.
struct Found {
    std::size_t at = std::string_view::npos;
    std::size_t length = 0;
    [[nodiscard]] bool better_than(Found const& other) const noexcept {
        return at != other.at ? at < other.at : length > other.length;
    }
};

} // namespace

NamedDivisions::NamedDivisions(std::vector<registry::Division> const& divisions) {
    for (auto const& division : divisions) {
        m_nodes[division.code] = {division.name, division.level, division.parent, {}};
    }
    for (auto const& division : divisions) {
        if (auto const parent = division.parent ? m_nodes.find(*division.parent) : m_nodes.end();
            parent != m_nodes.end()) {
            parent->second.children.push_back(division.code);
        }
    }
    for (auto& [code, node] : m_nodes) {
        std::ranges::sort(node.children);
        bool const has_towns = std::ranges::any_of(
            node.children, [this](DivisionCode child) { return m_nodes.at(child).level == Level::town; });
        if (node.level == Level::county || (node.level == Level::city && has_towns)) {
            m_counties.push_back(code);
        }
    }
    std::ranges::sort(m_counties);
}

bool NamedDivisions::names_city_of(std::string_view text, Node const& county) const {
    auto const city = county.parent ? m_nodes.find(*county.parent) : m_nodes.end();
    return city != m_nodes.end() && text.find(city->second.name) != std::string_view::npos;
}

std::optional<DivisionCode> NamedDivisions::find(std::string_view text) const {
    Found best;
    std::vector<DivisionCode> named; // of one and the same name
    for (auto const code : m_counties) {
        auto const& name = m_nodes.at(code).name;
        Found const found{text.find(name), name.size()};
        if (found.at == std::string_view::npos || name.empty() || best.better_than(found)) {
            continue;
        }
        if (found.better_than(best)) {
            named.clear();
            best = found;
        }
        named.push_back(code);
    }
    if (named.size() > 1) {
        std::erase_if(named, [&](DivisionCode code) { return !names_city_of(text, m_nodes.at(code)); });
    }
    if (named.size() != 1) {
        return std::nullopt;
    }
    Found best_town;
    std::optional<DivisionCode> town;
    for (auto const child : m_nodes.at(named.front()).children) {
        auto const& node = m_nodes.at(child);
        Found const found{text.find(node.name, best.at + best.length), node.name.size()};
        if (node.level == Level::town && found.at != std::string_view::npos && found.better_than(best_town)) {
            best_town = found;
            town = child;
        }
    }
    return town ? town : named.front();
}

std::vector<DivisionCode> NamedDivisions::villages(DivisionCode division) const {
    std::vector<DivisionCode> found;
    std::vector<DivisionCode> open{division};
    while (!open.empty()) {
        auto const node = m_nodes.find(open.back());
        auto const code = open.back();
        open.pop_back();
        if (node == m_nodes.end()) {
            continue;
        }
        if (node->second.level == Level::village) {
            found.push_back(code);
        } else if (node->second.level < Level::village) {
            open.insert(open.end(), node->second.children.begin(), node->second.children.end());
        }
    }
    std::ranges::sort(found);
    return found;
}

std::optional<DivisionCode> NamedDivisions::county(DivisionCode division) const {
    for (auto node = m_nodes.find(division); node != m_nodes.end();) {
        if (node->second.level == Level::county || node->second.level == Level::city) {
            return node->first;
        }
        if (!node->second.parent) {
            break;
        }
        node = m_nodes.find(*node->second.parent);
    }
    return std::nullopt;
}

} // namespace wangge::importers
