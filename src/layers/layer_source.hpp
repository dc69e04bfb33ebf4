#pragma once

#include <wangge/base/codes.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/geom/polygon.hpp>
#include <wangge/layers/layer_catalogue.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wangge::layers {

enum class FieldType { text, integer, real };

struct Field {
    std::string_view name;
    std::string_view short_name; ///< at most 10 bytes, for Shapefile
    FieldType type = FieldType::text;
};

/// Value of a field: nothing, text (UTF-8), integer or real, as the field's type says.
using Value = std::variant<std::monostate, std::string, std::int64_t, double>;

/// The features of one layer, drawn from a snapshot one at a time. It must not outlive the snapshot.
struct LayerSource {
    LayerInfo info;
    std::vector<Field> fields;
    std::size_t count = 0;
    std::uint64_t without_grids = 0;
    std::function<std::vector<Value>(std::size_t)> values; ///< of feature i, one for each field
    std::function<geom::MultiPolygon(std::size_t)> shape;  ///< of feature i; for layers of areas
    std::function<geom::Point(std::size_t)> position;      ///< of feature i; for layers of points
    [[nodiscard]] bool points() const noexcept { return info.content == LayerContent::grid_labels; }
};

/// Throws Error{not_found} for an unknown layer or division, Error{usage} when the layer's level lies above the
/// division.
[[nodiscard]] LayerSource make_layer_source(snapshot::Snapshot const& snapshot, std::string_view layer,
                                            std::optional<DivisionCode> division, Progress& progress);

} // namespace wangge::layers
