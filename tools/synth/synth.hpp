#pragma once

#include <wangge/base/progress.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wangge::synth {

/// What `wangge synth` was asked for.
struct SynthOptions {
    std::filesystem::path out;      ///< folder; made when absent, files of an earlier run replaced
    std::uint64_t seed = 1;         ///< the default province is seed 1
    std::string scale = "province"; ///< "province", "city:4405", "county:440106", or a number of grids
    std::filesystem::path reference = "geodata/guangdong"; ///< folder with divisions.tsv and counties.geojson
    std::optional<std::filesystem::path> counties; ///< other outlines: GeoJSON, also .gz; properties code and name
    std::string counties_crs = "EPSG:4490";        ///< of `counties`; "GCJ02" too
    bool dirty = false;                            ///< plant known defects and list them in defects.csv
    std::uint64_t defects = 1000; ///< of each kind, at most, in a whole province; a smaller scale gets its share
    unsigned threads = 2;         ///< counties made at once; the files do not depend on it
};

struct SynthFile {
    std::string name; ///< below the out folder
    std::uint64_t bytes = 0;
    std::string sha256;
};

struct SynthStage {
    std::string name;
    double seconds = 0; ///< busy time of that stage's thread, workers added up
};

/// What was made.
struct SynthResult {
    std::uint64_t cities = 0, counties = 0, towns = 0, villages = 0;
    std::uint64_t grids = 0;     ///< of the clean coverage
    std::uint64_t features = 0;  ///< rows of the boundary files: `grids`, and the rows that --dirty added
    std::uint64_t dedicated = 0; ///< of `grids`
    std::uint64_t multi_part = 0, with_holes = 0, vertices = 0, triangles = 0;
    std::uint64_t officers = 0, addresses = 0, emergency_units = 0, defects = 0;
    std::vector<SynthFile> files;
    std::vector<std::string> warnings; ///< counties without an outline, outlines without a county
    std::vector<SynthStage> stages;
};

/// Grids of the whole province at the default scale, and of the largest one.
inline constexpr std::uint64_t kProvinceGrids = 127533;
inline constexpr std::uint64_t kLargestScale = 1300000;

/**
 * Writes a synthetic province into `options.out`: a valid coverage of grids inside the real county outlines and under
 * the real towns and villages, with officers, addresses and emergency units. Same options and reference, same bytes.
 * Throws Error{usage} for an option that cannot be met, data_unreadable or data_rejected for outlines, environment for
 * the disk.
 */
[[nodiscard]] SynthResult run(SynthOptions const& options, Progress& progress);

} // namespace wangge::synth
