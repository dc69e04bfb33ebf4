#include "drawing_labels.hpp"

#include <algorithm>
#include <cmath>

namespace wangge::importers {

namespace {

/// Even-odd over all rings of the feature; good enough for texts, which nobody puts on a boundary.
[[nodiscard]] bool inside(RawFeature const& feature, crs::Coordinate p) {
    bool in = false;
    for (auto const& ring : feature.rings) {
        for (auto i = ring.first, previous = ring.last - 1; i < ring.last; previous = i++) {
            auto const& a = feature.coordinates[i];
            auto const& b = feature.coordinates[previous];
            if ((a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x) {
                in = !in;
            }
        }
    }
    return in;
}

} // namespace

void DrawingLabels::add(std::string_view kind, std::string_view text, crs::Coordinate at) {
    if (!std::isfinite(at.x) || !std::isfinite(at.y)) {
        return; // lies nowhere, and cannot be sorted
    }
    auto const found = m_index.emplace(kind, m_index.size()).first;
    m_labels.push_back({at, found->second, std::string{text}});
}

void DrawingLabels::finish() {
    std::vector<std::size_t> place(m_index.size());
    for (auto const& [kind, order] : m_index) {
        place[order] = m_kinds.size();
        m_kinds.push_back(kind);
    }
    for (auto& label : m_labels) {
        label.kind = place[label.kind];
    }
    std::ranges::stable_sort(m_labels, {}, [](Label const& label) { return label.at.x; });
}

std::vector<std::string> DrawingLabels::labels_in(RawFeature const& feature) const {
    std::vector<std::string> texts(m_kinds.size());
    if (feature.coordinates.empty()) {
        return texts;
    }
    auto const [west, east] = std::ranges::minmax(feature.coordinates, {}, &crs::Coordinate::x);
    std::vector<Label const*> found;
    auto const x = [](Label const& label) { return label.at.x; };
    for (auto it = std::ranges::lower_bound(m_labels, west.x, {}, x); it != m_labels.end() && it->at.x <= east.x;
         ++it) {
        if (inside(feature, it->at)) {
            found.push_back(&*it);
        }
    }
    std::ranges::stable_sort(found, std::ranges::greater{}, [](Label const* label) { return label->at.y; });
    for (auto const* const label : found) {
        auto& text = texts[label->kind];
        text += text.empty() ? label->text : "; " + label->text;
    }
    return texts;
}

} // namespace wangge::importers
