#include "snapshot_content.hpp"

namespace wangge::publish {

snapshot::Content content_of(registry::State const& state, GenerationNumber generation) {
    snapshot::Content content;
    content.as_of = state.as_of;
    content.unchanged = state.unchanged;
    content.generation = generation;
    content.divisions.reserve(state.divisions.size());
    for (auto const& division : state.divisions) {
        content.divisions.push_back(
            {division.code, division.name, division.level, division.parent.value_or(DivisionCode{})});
    }
    content.grids.reserve(state.grids.size());
    for (auto const& grid : state.grids) {
        content.grids.push_back({grid.code, grid.name, grid.kind, grid.village, &grid.shape});
    }
    return content;
}

} // namespace wangge::publish
