#pragma once

#include <wangge/crs/transformer.hpp>
#include <wangge/geom/polygon.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/importers/normalizer.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string>

namespace wangge::importers {

/// What is known of where a grid must lie; either may be missing.
struct KnownPlace {
    geom::MultiPolygon const* county = nullptr;  ///< outline of its county
    geom::MultiPolygon const* current = nullptr; ///< its own shape in the registry
};

/**
 * Compares where the corners of incoming grids fall with what is known, in the CRS that was declared and, when many
 * misfit, in others that are often confused with it (GCJ-02, BD-09, other zones, swapped axes). A corner misfits when
 * it lies more than 30 m outside its county, or 100 m from the corner of the grid it replaces. Gives suspected_datum
 * when another reading leaves at most a quarter of the misfits, or when most misfit in every reading.
 */
[[nodiscard]] std::optional<Problem> suspected_datum(std::string const& file, crs::Transformer const& declared,
                                                     std::span<DatumWitness const> witnesses,
                                                     std::function<KnownPlace(DatumWitness const&)> const& known);

} // namespace wangge::importers
