#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/lookup/bulk.hpp>
#include <wangge/lookup/geocoder.hpp>

#include <string>
#include <vector>

namespace wangge::lookup {

/// Addresses to be answered, and where from and to.
struct AddressCsvRequest {
    std::string in;  ///< file, or "-" for standard input
    std::string out; ///< file, or "-" for standard output
    /// That say the address one after the other (市, 区, 地址); empty: one, guessed from 地址, 详细地址, 标准地址,
    /// address and the like.
    std::vector<std::string> columns = {};
    unsigned threads = 1; ///< at least 1; the bytes written do not depend on it
};

/**
 * Streams addresses through the geocoder in constant memory, as locate_csv() does for positions. The output keeps the
 * input's columns, bytes and order (empty lines are left out) and adds
 *   grid_code                     when the address determines one
 *   level, score                  as AddressAnswer
 *   longitude, latitude           of what was found; CGCS2000, degrees
 *   candidates                    when it does not: the grids it may be, likeliest first, with spaces between
 *   address_status                ok, undetermined, not_found; bad_text (not UTF-8, or too long), bad_row
 *   standard_address              the one that stands for it
 *   province ... room, landmark   components, as the registry has them where they were found, else as the text has them
 * A name that the input has already gets address_ before it.
 * UTF-8 or GB18030, told by the first 128 kB; what is added is written in the same. `inside` of the result counts the
 * determined ones, `outside` all others that could be read. Throws as locate_csv() does.
 */
[[nodiscard]] BulkResult geocode_csv(Geocoder const& geocoder, snapshot::Snapshot const& snapshot,
                                     AddressCsvRequest const& request, Progress& progress);

} // namespace wangge::lookup
