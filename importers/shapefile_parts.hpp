#pragma once

#include "archive.hpp"

#include <wangge/base/words.hpp>

#include <optional>
#include <string>
#include <vector>

namespace wangge::importers {

/// The files of one Shapefile by their bytes, wherever they lie.
struct ShapefileParts {
    struct Part {
        std::string shown;          ///< for messages
        std::optional<Bytes> bytes; ///< empty: there is no such file
    };
    Part shp, shx, dbf, cpg;
};

struct ShapefileText {
    std::string encoding;       ///< canonical name to decode with
    std::vector<Words> remarks; ///< what was believed, when it is not what the .cpg says
};

/// Checks that .shp, .shx and .dbf are there, whole by their own headers, and agree on the number of records. GDAL
/// would read what is left of a cut file. Returns what a person should know all the same. Throws Error{data_unreadable}
/// that names the file and what to do.
[[nodiscard]] std::vector<Words> check_shapefile(ShapefileParts const& parts);

/// Finds the encoding of the .dbf: the one asked for, else what the .cpg or the language byte of the .dbf says if all
/// of the text agrees with it, else by the text. The parts must have passed check_shapefile.
[[nodiscard]] ShapefileText text_of_shapefile(ShapefileParts const& parts, ReadOptions const& options);

} // namespace wangge::importers
