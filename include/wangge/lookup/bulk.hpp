#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/crs/site_systems.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <cstdint>
#include <string>

namespace wangge::lookup {

/// Positions to be answered, and where from and to.
struct BulkRequest {
    std::string in;  ///< file, or "-" for standard input
    std::string out; ///< file, or "-" for standard output
    /// CSV: names of the columns; empty: guessed from lon, lng, longitude, 经度, x and their partners.
    std::string lon_column = {}, lat_column = {};
    std::string crs = "EPSG:4490";      ///< of the positions, as for crs::Transformer::make
    unsigned threads = 1;               ///< at least 1; the bytes written do not depend on it
    crs::SiteSystems site_systems = {}; ///< what `crs` may name besides
};

struct BulkResult {
    std::uint64_t rows = 0, inside = 0, outside = 0, faults = 0;
};

/**
 * Streams positions through the snapshot in constant memory, a few megabytes for each thread. The output keeps the
 * input's columns, bytes and order and adds `grid_code` (empty when outside) and `locate_status`: ok, outside, or
 * bad_lon, bad_lat, bad_row, bad_position. Short rows are filled up with empty fields. CSV as in RFC 4180, comma, tab
 * or semicolon told by the header; UTF-8 or GB18030. A file is written aside and renamed when whole; a device or pipe
 * is written straight away. Throws Error{data_rejected} when the columns are not there (it lists those that are) or a
 * record is longer than a megabyte, Error{usage} for the CRS, Error{environment} on I/O errors.
 */
[[nodiscard]] BulkResult locate_csv(snapshot::Snapshot const& snapshot, BulkRequest const& request, Progress& progress);

/// Forms of a position for programs; little-endian, one after another without anything between.
enum class BinaryForm {
    e7,  ///< int32 longitude, int32 latitude in units of 1e-7 degree, CGCS2000 (EPSG:4490); 8 bytes
    f64, ///< IEEE 754 double easting or longitude, double northing or latitude, in the request's CRS; 16 bytes
};
/// Answer of locate_binary() for a position that is in no grid, and for what is no position (not finite, off the
/// globe).
inline constexpr std::uint64_t kBinaryOutside = 0;
inline constexpr std::uint64_t kBinaryFault = ~std::uint64_t{0};

/**
 * As locate_csv() for records of `form`: the output is one little-endian uint64 for each, the grid code read as a
 * decimal number, kBinaryOutside or kBinaryFault. Throws Error{data_unreadable} when the input ends inside a record,
 * Error{usage} when the snapshot has a code that no such number stands for (a leading zero, more than 19 digits) or for
 * a CRS other than EPSG:4490 and 4326 with e7, Error{environment} on I/O errors.
 */
[[nodiscard]] BulkResult locate_binary(snapshot::Snapshot const& snapshot, BulkRequest const& request, BinaryForm form,
                                       Progress& progress);

} // namespace wangge::lookup
