#pragma once

#include <wangge/base/progress.hpp>
#include <wangge/importers/import_job.hpp>
#include <wangge/importers/normalizer.hpp>
#include <wangge/importers/problem_tally.hpp>
#include <wangge/importers/raw_feature.hpp>
#include <wangge/importers/report_map.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace wangge::importers {

struct CheckOptions {
    ReadOptions read;
    std::string code_field;       ///< column that names the features; empty: guessed, else their rows name them
    double tolerance_m = 0;       ///< 0 to kMostToleranceM
    std::filesystem::path parent; ///< polygons that the layer must fill exactly; empty: none
    std::string parent_layer;     ///< of a parent file that holds several
    bool draw = false;            ///< fill in CheckReport::map

    static constexpr double kMostToleranceM = 100;
};

/// What was found in one polygon layer.
struct CheckReport : ProblemTally {
    FileSummary file;
    std::string code_field; ///< empty: features are named "row 17", 1 for the first
    bool code_guessed = false;
    std::uint64_t features = 0;
    std::uint64_t vertices = 0;
    double tolerance_m = 0;
    std::string parent; ///< name of the parent file
    std::uint64_t parent_features = 0;
    SnapStatistics snapped;
    ReportMap map;
    double elapsed_s = 0;
};

/**
 * Checks a polygon layer by itself, without a registry: text, codes, geometry, and that the features form a coverage
 * and, where a parent layer is given, fill it exactly. Codes may be any text. Positions are brought to the lattice
 * first. Features with faults in their text take part in the checks of geometry. Memory: the shapes.
 * Throws Error{usage} for a column, layer, CRS or tolerance that cannot be, Error{data_unreadable} and
 * Error{data_rejected} as OgrReader does, the latter also when the parent layer has errors of its own.
 */
[[nodiscard]] CheckReport check_layer(std::filesystem::path const& file, CheckOptions const& options,
                                      Progress& progress);

} // namespace wangge::importers
