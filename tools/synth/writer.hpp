#pragma once

#include "county_data.hpp"
#include "synth.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace wangge::synth {

/// Text that says of every row below county level what it is.
inline constexpr char const* kSyntheticNote = "合成数据 synthetic";

/// Writes some of the files, county by county in the order of their codes. Made, used and finished on one thread
/// (GDAL's rule).
class Writer {
public:
    virtual ~Writer() = default;
    /// Throws Error{environment} when the disk refuses.
    virtual void add(CountyData const& data) = 0;
    /// Completes the files and says which they are, with their digests.
    [[nodiscard]] virtual std::vector<SynthFile> finish() = 0;
};

/// boundaries.gpkg, layer `grids`, EPSG:4490.
[[nodiscard]] std::unique_ptr<Writer> make_geopackage_writer(std::filesystem::path const& out,
                                                             Reference const& reference);
/// shapefiles/CODE_NAME.shp, one for each city, GB18030, in the CGCS2000 3-degree zone of the city.
[[nodiscard]] std::unique_ptr<Writer> make_shapefile_writer(std::filesystem::path const& out,
                                                            Reference const& reference);
/// officers.csv (GB18030) and officers.xlsx.
[[nodiscard]] std::unique_ptr<Writer> make_officer_writer(std::filesystem::path const& out);
/// addresses.csv and emergency_units.csv (UTF-8 with a byte order mark), and defects.csv when `dirty`.
[[nodiscard]] std::unique_ptr<Writer> make_table_writer(std::filesystem::path const& out, bool dirty);

/// Size and SHA-256 of `out / name`.
[[nodiscard]] SynthFile describe_file(std::filesystem::path const& out, std::string const& name);

/// Central meridian of the 3-degree zone that holds the middle of the city, and the EPSG code of that system.
struct Zone {
    int meridian = 0, epsg = 0;
};
[[nodiscard]] Zone zone_of(City const& city);

} // namespace wangge::synth
