#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace wangge::importers {

struct ShapefileText {
    std::string encoding;             ///< canonical name to decode with
    std::vector<std::string> remarks; ///< a .cpg that was not believed
};

/// Checks that .shp, .shx and .dbf are there, whole by their own headers, and agree on the number of records. GDAL
/// would read what is left of a cut file. Throws Error{data_unreadable} that names the file and what to do.
void check_shapefile(std::filesystem::path const& shp);

/// Finds the encoding of the .dbf: `asked` if not empty, else the .cpg if the text agrees with it, else by the text.
/// The .dbf must have passed check_shapefile.
[[nodiscard]] ShapefileText text_of_shapefile(std::filesystem::path const& shp, std::string const& asked);

/// The sidecar with this extension in lower or upper case; empty when there is none.
[[nodiscard]] std::filesystem::path sidecar(std::filesystem::path const& shp, std::string const& extension);

} // namespace wangge::importers
