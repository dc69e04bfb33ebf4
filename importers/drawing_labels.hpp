#pragma once

#include <wangge/importers/raw_feature.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::importers {

/// Texts of a drawing by the layer (or the block attribute) they stand on, to be given to the areas they lie in: that
/// is how surveyors write codes and names into a DXF.
class DrawingLabels {
public:
    void add(std::string_view kind, std::string_view text, crs::Coordinate at);
    /// Sorts; call it once, before labels_in.
    void finish();
    [[nodiscard]] std::vector<std::string> const& kinds() const noexcept { return m_kinds; } ///< sorted
    /// For each kind the text in the feature's area, several joined by "; " from north to south; empty when none.
    /// O(log n + texts in its width).
    [[nodiscard]] std::vector<std::string> labels_in(RawFeature const& feature) const;
    [[nodiscard]] std::size_t count() const noexcept { return m_labels.size(); }

private:
    struct Label {
        crs::Coordinate at;
        std::size_t kind = 0; ///< order of its first text, until finish(); then index into m_kinds
        std::string text;
    };
    std::vector<Label> m_labels; ///< by x after finish()
    std::vector<std::string> m_kinds;
    std::map<std::string, std::size_t, std::less<>> m_index;
};

} // namespace wangge::importers
