#pragma once

#include <wangge/crs/transformer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wangge::importers {

/// One ring of a feature: coordinates [first, last) of it, closed or open as in the file.
struct RawRing {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t part = 0; ///< rings of one polygon share this; parts count from 0
    bool hole = false;
};

/// A polygon feature as in the file: text in UTF-8 but otherwise untouched, coordinates in the file's own CRS, x first.
struct RawFeature {
    std::size_t row = 0;             ///< 1 for the first feature of the file
    std::vector<std::string> fields; ///< in the order of OgrReader::columns()
    std::vector<crs::Coordinate> coordinates;
    std::vector<RawRing> rings;
};

/// What the readers and the command line say about a file.
struct ReadOptions {
    std::string crs;      ///< "EPSG:4547", "GCJ02", "local:guangzhou", ...; empty: as the file says
    std::string encoding; ///< "GB18030", "UTF-8", ...; empty: found out
    std::string layer;    ///< layer or sheet; empty: the only one
    crs::SiteSystems site_systems =
        {}; ///< what `crs` may name besides; the import jobs read those of their data folder
};

} // namespace wangge::importers
