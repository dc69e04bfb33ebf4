#pragma once

#include "bulk_stream.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::lookup {

/// What the first record of a CSV of positions says about the others.
struct CsvHeader {
    char separator = ',';
    std::size_t columns = 0;
    std::size_t lon = 0, lat = 0; ///< columns, from 0
};

/// What the first record of a CSV of addresses says about the others.
struct TextHeader {
    char separator = ',';
    std::size_t columns = 0;
    std::vector<std::size_t> address; ///< columns that say it one after the other, from 0
    std::vector<std::string> names;
};

/// Takes the header record off, with its line end. Throws Error{data_rejected}: there is none, or it is too long.
[[nodiscard]] std::string take_header(BlockReader& in);

/// A field without the quotes around it.
[[nodiscard]] std::string unquoted(std::string_view field);

/**
 * Reads the header record (no line end, perhaps a byte-order mark; UTF-8 or GB18030). The separator is the most
 * frequent of comma, tab and semicolon. Columns with empty names are guessed. Throws Error{data_rejected} that names
 * `file` and lists the columns when one is not there.
 */
[[nodiscard]] CsvHeader read_csv_header(std::string_view record, std::string const& lon_column,
                                        std::string const& lat_column, std::string const& file);
/// The same for addresses. Without columns the one of the whole address is guessed.
[[nodiscard]] TextHeader read_text_header(std::string_view record, std::vector<std::string> const& columns,
                                          std::string const& file);

} // namespace wangge::lookup
