#pragma once

#include <wangge/base/dates.hpp>
#include <wangge/base/progress.hpp>
#include <wangge/importers/problem_tally.hpp>
#include <wangge/importers/raw_feature.hpp>
#include <wangge/importers/report_map.hpp>
#include <wangge/registry/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wangge::importers {

struct ImportOptions {
    ReadOptions read;
    Date effective = Date::today(); ///< day from which the change holds
    bool dry_run = false;           ///< everything but writing
    bool accept_datum = false;      ///< a suspected datum becomes a remark: the registry is what lies wrong
    std::string author;
    bool draw = false;                  ///< fill in ImportReport::map, for a report that a person looks at
    std::filesystem::path mapping;      ///< of the columns, as FieldMapping::from_json reads it; empty: guessed
    std::filesystem::path save_mapping; ///< where the mapping that was used is written; empty: nowhere
};

/// How one file was read.
struct FileSummary {
    std::string name;
    std::uint64_t rows = 0;
    std::string layer;
    std::string crs;           ///< "EPSG:4547"; empty for tables without positions
    std::string datum_assumed; ///< one sentence
    std::string encoding;
    Words mapping; ///< "grid_code <- 网格编码, ..."
    std::vector<Words> remarks;
};

/// What an import found and did.
struct ImportReport : ProblemTally {
    std::string what; ///< "divisions", "boundaries", "officers", "addresses", "concordance"
    Date effective;
    std::vector<FileSummary> files;
    std::uint64_t rows_read = 0;
    /// What changes, in a fixed order: the names of registry::ChangeKind, "unchanged", "officers", "assignments",
    /// "addresses", ...
    std::vector<std::pair<std::string, std::uint64_t>> changes;
    double max_snap_m = 0; ///< furthest and mean way of a vertex to the lattice
    double mean_snap_m = 0;
    bool dry_run = false;
    bool applied = false;        ///< written to the registry; also true when there was nothing to change
    std::int64_t change_set = 0; ///< of grids, 0 when none was needed
    double elapsed_s = 0;
    ReportMap map; ///< of boundaries, when it was asked for

    [[nodiscard]] std::uint64_t change(std::string_view name) const;
};

/**
 * Whole imports, as the command runs them: read, normalise, check, compare with the registry, apply in one transaction.
 * With a problem of severity error, or on a dry run, nothing is written. Several files are one import. The files as
 * received go to DataFolder::sources() under their SHA-256. They throw Error for what is no matter of single rows: an
 * unreadable file, a missing column, a wrong CRS, a full disk.
 */

/// Tables (code, name, level, parent_code) set divisions; polygon files (code) set outlines.
[[nodiscard]] ImportReport import_divisions(registry::DataFolder const& folder,
                                            std::span<std::filesystem::path const> files, ImportOptions const& options,
                                            Progress& progress);

/// Polygon files with a grid in each feature. Grids that are not in the files stay as they are.
[[nodiscard]] ImportReport import_boundaries(registry::DataFolder const& folder,
                                             std::span<std::filesystem::path const> files, ImportOptions const& options,
                                             Progress& progress);

/// What files would change, to be made a change set.
struct BoundaryProposal {
    ImportReport report;
    Words title;
    registry::ChangeSet change_set; ///< not applied; without changes when the report has errors
    /// What each change was compared with, in the order of its changes; empty for an added grid.
    std::vector<std::optional<registry::GridBase>> bases;
};

/// Reads, normalises and compares as import_boundaries does, but leaves the coverage to the check of the change set.
/// When the files have all grids of the division `complete`, the others of it are retired. Writes nothing but the files
/// as received.
[[nodiscard]] BoundaryProposal propose_boundaries(registry::DataFolder const& folder,
                                                  std::span<std::filesystem::path const> files, ImportOptions options,
                                                  std::optional<DivisionCode> complete, Progress& progress);

/// Tables with an assignment in each row. Personal data never enters a problem's message.
[[nodiscard]] ImportReport import_officers(registry::DataFolder const& folder,
                                           std::span<std::filesystem::path const> files, ImportOptions const& options,
                                           Progress& progress);

/// Tables with an address point in each row; read twice, first to check, then to write. Memory: 8 bytes a row.
[[nodiscard]] ImportReport import_addresses(registry::DataFolder const& folder,
                                            std::span<std::filesystem::path const> files, ImportOptions const& options,
                                            Progress& progress);

/// Tables of old and new codes of divisions (old_code, new_code, effective, note), one file one list. A row without a
/// new code says that the old one was abolished; without a day it holds from options.effective on.
[[nodiscard]] ImportReport import_concordance(registry::DataFolder const& folder,
                                              std::span<std::filesystem::path const> files,
                                              ImportOptions const& options, Progress& progress);

} // namespace wangge::importers
