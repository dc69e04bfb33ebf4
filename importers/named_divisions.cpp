#include "named_divisions.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace wangge::importers {

using address::DivisionName;
using address::DivisionNumber;

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

void NamedDivisions::make_gazetteer() {
    std::vector<address::GazetteerEntry> entries;
    for (auto const& [code, node] : m_nodes) {
        bool const has_parent = node.parent && m_nodes.contains(*node.parent);
        entries.push_back({code, node.name, node.level, has_parent ? *node.parent : DivisionCode{}});
    }
    m_bytes = address::Gazetteer::build(entries, {});
    m_gazetteer = address::Gazetteer::over(m_bytes);
}

/// Roads and hamlets bear the names of villages and towns elsewhere. So a village is one only in its town or county,
/// and what does not say its kind only behind what it lies in.
bool NamedDivisions::is_meant(DivisionName const& name) const {
    bool const says_kind = name.kind == address::NameKind::full || name.kind == address::NameKind::plain;
    if (m_meant.empty()) {
        return name.level <= Level::county || (name.level == Level::town && says_kind);
    }
    return std::ranges::any_of(m_meant, [&](DivisionNumber above) {
        bool const is_next =
            m_gazetteer.ancestor(m_gazetteer.parent(name.division), m_gazetteer.level(above)) == above &&
            static_cast<unsigned>(m_gazetteer.level(above)) + 1 == static_cast<unsigned>(name.level);
        bool const near = name.level < Level::village || m_gazetteer.level(above) >= Level::county;
        return m_gazetteer.lies_in(name.division, above) && (is_next || (says_kind && near));
    });
}

std::optional<DivisionCode> NamedDivisions::find(std::string_view text) {
    if (m_bytes.empty()) {
        make_gazetteer();
    }
    if (address::Normalizer::normalize(text, m_normal) != address::Normalizer::Outcome::good) {
        return std::nullopt;
    }
    address::Parser{m_gazetteer}.parse(m_normal, m_parsed);
    m_meant.clear();
    for (auto const& part : m_parsed.parts) {
        auto const names = std::span{m_parsed.names}.subspan(part.first_name, part.last_name - part.first_name);
        std::vector<DivisionNumber> here;
        for (auto const& name : names) {
            auto const level = static_cast<unsigned>(name.level) - static_cast<unsigned>(Level::province);
            if (level == static_cast<unsigned>(part.component) && // of 天河 the county alone where that is likeliest
                is_meant(name)) {
                here.push_back(name.division);
            }
        }
        if (!here.empty()) { // else it lies elsewhere: what was named before it counts
            m_meant = std::move(here);
        }
    }
    if (m_meant.size() != 1) {
        return std::nullopt;
    }
    auto const meant = m_gazetteer.division(m_meant.front());
    if (meant.level == Level::town || meant.level == Level::village ||
        std::ranges::binary_search(m_counties, meant.code)) {
        return meant.code;
    }
    auto const& node = m_nodes.at(meant.code);
    auto const stands_for_it = std::ranges::find_if(node.children, [&](DivisionCode child) {
        return node.level == Level::city && m_nodes.at(child).name == node.name;
    });
    return stands_for_it == node.children.end() ? std::nullopt : std::optional{*stands_for_it};
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
