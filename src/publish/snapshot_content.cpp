#include "snapshot_content.hpp"

#include <utility>

namespace wangge::publish {

namespace {

snapshot::Content::Grid borrowed(registry::Grid const& grid) {
    return {grid.code, grid.name, grid.kind, grid.village, &grid.shape};
}

} // namespace

snapshot::Content content_of(registry::State const& state, GenerationNumber generation, std::string notes) {
    snapshot::Content content;
    content.as_of = state.as_of;
    content.unchanged = state.unchanged;
    content.generation = generation;
    content.notes = std::move(notes);
    content.divisions.reserve(state.divisions.size());
    for (auto const& division : state.divisions) {
        content.divisions.push_back(
            {division.code, division.name, division.level, division.parent.value_or(DivisionCode{})});
    }
    content.grids.reserve(state.grids.size());
    for (auto const& grid : state.grids) {
        content.grids.push_back(borrowed(grid));
    }
    return content;
}

snapshot::Update update_of(registry::Difference const& difference, registry::StateName const& after,
                           std::string notes) {
    snapshot::Update update;
    update.as_of = after.as_of;
    update.unchanged = difference.unchanged;
    update.generation = after.known_at;
    update.notes = std::move(notes);
    for (auto const& grid : difference.put) {
        update.put.push_back(borrowed(grid));
    }
    update.gone = difference.gone;
    return update;
}

} // namespace wangge::publish
