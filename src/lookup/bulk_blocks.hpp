#pragma once

#include <wangge/lookup/bulk.hpp>

#include <cstddef>

namespace wangge::lookup {

/// Read at once: the answer of a usual CSV is then more than a megabyte, which is written without another copy.
inline constexpr std::size_t kBlockBytes = std::size_t{1} << 20U;

// The two commands with another size of block; what is written does not depend on it.
[[nodiscard]] BulkResult locate_csv_in_blocks(snapshot::Snapshot const& snapshot, BulkRequest const& request,
                                              std::size_t block_bytes, Progress& progress);
[[nodiscard]] BulkResult locate_binary_in_blocks(snapshot::Snapshot const& snapshot, BulkRequest const& request,
                                                 BinaryForm form, std::size_t block_bytes, Progress& progress);

} // namespace wangge::lookup
