#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/crs/transformer.hpp>
#include <wangge/snapshot/snapshot.hpp>

#include <cstdint>
#include <string>

namespace wangge::lookup {

/// A CSV of positions to be answered. Column names empty: guessed from lon, lng, longitude, 经度, x and their partners.
struct BulkRequest {
    std::string in;  ///< file, or "-" for standard input
    std::string out; ///< file, or "-" for standard output
    std::string lon_column, lat_column;
};

struct BulkResult {
    std::uint64_t rows = 0, inside = 0, outside = 0, faults = 0;
};

/**
 * Streams positions through the snapshot in constant memory. The output keeps the input's columns, bytes and order and
 * adds `grid_code` (empty when outside) and `locate_status`: ok, outside, or bad_lon, bad_lat, bad_row, bad_position.
 * Short rows are filled up with empty fields. CSV as in RFC 4180, comma, tab or semicolon told by the header; UTF-8 or
 * GB18030. A file is written aside and renamed when whole. Throws Error{data_rejected} when the columns are not there
 * (it lists those that are), Error{environment} on I/O errors.
 */
[[nodiscard]] BulkResult locate_csv(snapshot::Snapshot const& snapshot, crs::Transformer const& transformer,
                                    BulkRequest const& request, Progress& progress);

} // namespace wangge::lookup
