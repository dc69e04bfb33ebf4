#pragma once

#include <wangge/importers/import_job.hpp>
#include <wangge/importers/normalizer.hpp>
#include <wangge/importers/table_reader.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace wangge::importers {

/// Collects problems into a report: counts all, keeps the first of each code.
class ProblemList {
public:
    explicit ProblemList(ProblemTally& report) : m_report(report) {}
    void add(Problem problem);
    /// Moves all of them in and leaves the vector empty. "row 17" becomes "`file` row 17" where `file` is given: one
    /// import of several files has several rows 17.
    void take(std::vector<Problem>& problems, std::string const& file = {});
    /// By code; the order within a code stays.
    void finish();

private:
    ProblemTally& m_report;
};

/// Fills in what every report has, and the time at its end.
class JobClock {
public:
    JobClock(ImportReport& report, std::string what, ImportOptions const& options);
    void stop();

private:
    ImportReport& m_report;
    std::chrono::steady_clock::time_point m_start;
};

/// Which column holds what: as options.mapping says, or guessed; saved where options.save_mapping says. Throws as
/// FieldMapping does.
[[nodiscard]] FieldMapping mapping_of(std::span<WantedField const> wanted, std::vector<std::string> const& columns,
                                      std::filesystem::path const& file, ImportOptions const& options);

/// Reads one of the files of an import: calls `each` for every row that can be read, and adds the others' problems, the
/// number of rows and the file itself to the report, in which `problems` collects.
void read_table(std::filesystem::path const& file, std::span<WantedField const> wanted, ImportOptions const& options,
                bool one_of_several, Progress& progress, ProblemList& problems, ImportReport& report,
                std::function<void(TableRow const&, FieldMapping const&)> const& each);

/// options.read with the names of these divisions, by which encodings are told apart.
[[nodiscard]] ReadOptions read_options(ImportOptions const& options, std::vector<registry::Division> const& divisions);

/// Throws Error{usage} when there is none or one stands twice.
void check_file_list(std::span<std::filesystem::path const> files);

/// Copies the file, and the sidecars of a Shapefile, to DataFolder::sources() under their digests, once each.
[[nodiscard]] std::vector<registry::SourceFile> keep_sources(registry::DataFolder const& folder,
                                                             std::filesystem::path const& file, std::string const& crs,
                                                             std::string const& encoding);
[[nodiscard]] std::vector<registry::SourceFile> keep_sources(registry::DataFolder const& folder,
                                                             std::span<std::filesystem::path const> files,
                                                             std::vector<FileSummary> const& summaries);

/// For files with personal data: sealed with the officer key as DIGEST.sealed, the digest being that of the plain
/// bytes; mode 0600. A whole file is held in memory, and nothing of it reaches the disk unsealed.
[[nodiscard]] std::vector<registry::SourceFile> keep_sealed_sources(registry::DataFolder const& folder,
                                                                    registry::Registry const& registry,
                                                                    std::span<std::filesystem::path const> files,
                                                                    std::vector<FileSummary> const& summaries);

/// The options with the coordinate systems of the data folder, which nobody can then forget.
[[nodiscard]] ImportOptions with_site_systems(ImportOptions options, registry::DataFolder const& folder);

[[nodiscard]] registry::Registry open_registry(registry::DataFolder const& folder, ImportOptions const& options);

[[nodiscard]] VillageLevels levels_of(std::vector<registry::Division> const& divisions);

} // namespace wangge::importers
