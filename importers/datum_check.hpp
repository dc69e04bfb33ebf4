#pragma once

#include <wangge/crs/site_systems.hpp>
#include <wangge/crs/transformer.hpp>
#include <wangge/geom/polygon.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/importers/normalizer.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wangge::importers {

/// What is known of where a grid, an outline or an address must lie; either may be missing.
struct KnownPlace {
    geom::MultiPolygon const* county = nullptr;  ///< outline of its county; the ground of the division that it names
    geom::MultiPolygon const* current = nullptr; ///< its own shape in the registry
};

/// What a file holds, for the sentences about it.
enum class WitnessKind { grids, outlines, addresses };

/// What is known of the place that the grids of a file come to; all is borrowed.
struct KnownSurroundings {
    std::function<KnownPlace(DatumWitness const&)> place;
    std::vector<geom::MultiPolygon const*> counties; ///< every outline there is, for grids of a county without one
    std::vector<geom::MultiPolygon const*> grids;    ///< of the registry and not in the files, near those of the files
    crs::SiteSystems site_systems;                   ///< read as these, too
    WitnessKind kind = WitnessKind::grids;
    std::size_t count = 0;  ///< how many of them the file holds; 0: as many as there are witnesses
    std::size_t sought = 0; ///< how many were looked at for a place that they name; 0: the same
};

/**
 * Compares where the corners of incoming grids or outlines, or incoming addresses, fall with what is known, in the CRS
 * that was declared and in others that are often confused with it: GCJ-02, BD-09, other zones, swapped axes, CGCS2000
 * where the registry's own outlines are GCJ-02, and the site's systems. Gives suspected_datum, with the offset, the
 * direction and the reading that fits, when
 *  1. many corners lie more than 30 m outside their county, 150 m inside another one where theirs has no outline, or
 *     100 m from the corner of the grid they replace, and another reading mends at least four for each one that it
 *     spoils, or most do in every reading, and there are as many as a tenth of those looked at;
 *  2. most grids lie by one and the same offset of 2 m or more from those they replace (Beijing54 or Xian80 taken for
 *     CGCS2000: tens of metres);
 *  3. hardly any corner meets a vertex of a neighbouring grid as declared, and many do to 0.3 m in another reading, or
 *     when all are moved by one offset of up to 200 m.
 * Where nothing is known it says nothing. Time grows with the corners that are tried, at most 20,000 of a file.
 */
[[nodiscard]] std::optional<Problem> suspected_datum(std::string const& file, crs::Transformer const& declared,
                                                     std::span<DatumWitness const> witnesses,
                                                     KnownSurroundings const& known);

/// The remark that stands in its place when staff say that the declared system is right.
[[nodiscard]] Words accepted_datum(Problem const& suspicion);

} // namespace wangge::importers
