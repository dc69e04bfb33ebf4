#pragma once

#include <wangge/crs/transformer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace wangge::importers {

/// What the values of a column are. Values arrive as text that reads back as the very same value: numbers with all
/// digits that matter, dates and times as "2026/01/31" and "2026/01/31 08:30:00+08", bytes in hexadecimal, lists as
/// JSON.
enum class ValueType : std::uint8_t {
    text,
    json,
    uuid,
    boolean,
    int16,
    int32,
    int64,
    float32,
    float64,
    date,
    time,
    date_time,
    binary, ///< the last
};

/// One ring of a feature: coordinates [first, last) of it, closed or open as in the file.
struct RawRing {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t part = 0; ///< rings of one polygon share this; parts count from 0
    bool hole = false;
};

/// A polygon feature as in the file: values as text in UTF-8 but otherwise untouched, coordinates in the file's own
/// CRS, x first.
struct RawFeature {
    std::size_t row = 0;             ///< 1 for the first feature of the file
    std::vector<std::string> fields; ///< in the order of OgrReader::columns()
    std::vector<crs::Coordinate> coordinates;
    std::vector<RawRing> rings;
    std::vector<bool> absent = {}; ///< of each field: the file has no value there, not even an empty one
    /// Bytes of fields (by number) that are no text in the encoding of the file; the field is empty then.
    std::vector<std::pair<std::uint32_t, std::string>> undecoded = {};
};

/// What the reading of one file may cost; what would cost more is refused. The defaults leave room for four provinces.
struct ReadLimits {
    unsigned cpu_seconds = 600;
    unsigned idle_seconds = 300;                         ///< without anything new from the file
    std::uint64_t memory_bytes = std::uint64_t{4} << 30; ///< address space of the reading process
    std::uint64_t inflated_bytes = std::uint64_t{2} << 30;
    std::uint64_t features = 2'000'000;
    std::uint64_t vertices = 200'000'000;
    std::uint64_t feature_bytes = std::uint64_t{256} << 20; ///< text and coordinates of one feature
};

/// What the readers and the command line say about a file.
struct ReadOptions {
    std::string crs;      ///< "EPSG:4547", "GCJ02", "local:guangzhou", ...; empty: as the file says
    std::string encoding; ///< "GB18030", "UTF-8", ...; empty: found out
    std::string layer;    ///< layer or sheet; empty: the only one
    crs::SiteSystems site_systems =
        {}; ///< what `crs` may name besides; the import jobs read those of their data folder
    /// Names of places that the file may hold, as of the registry's divisions: an encoding in which they are found is
    /// the right one. May be empty.
    std::vector<std::string> known_names = {};
    ReadLimits limits = {};
};

} // namespace wangge::importers
