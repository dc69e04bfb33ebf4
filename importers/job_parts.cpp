#include "job_parts.hpp"

#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/base/named_file.hpp>
#include <wangge/importers/ogr_reader.hpp>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace wangge::importers {

std::uint64_t ProblemTally::count(Severity severity) const {
    std::uint64_t sum = 0;
    for (auto const& [code, number] : problem_counts) {
        sum += problem_kind(code).severity == severity ? number : 0;
    }
    return sum;
}

std::uint64_t ImportReport::change(std::string_view name) const {
    auto const found = std::ranges::find(changes, name, &std::pair<std::string, std::uint64_t>::first);
    return found == changes.end() ? 0 : found->second;
}

void ProblemList::add(Problem problem) {
    auto& count = m_report.problem_counts[problem.code];
    if (++count <= ProblemTally::kMaxListed) {
        m_report.problems.push_back(std::move(problem));
    }
}

void ProblemList::take(std::vector<Problem>& problems, std::string const& file) {
    for (auto& problem : problems) {
        for (auto& subject : problem.subjects) {
            if (!file.empty() && subject.starts_with("row ")) {
                subject.insert(0, file + " ");
            }
        }
        add(std::move(problem));
    }
    problems.clear();
}

void ProblemList::finish() { std::ranges::stable_sort(m_report.problems, {}, &Problem::code); }

JobClock::JobClock(ImportReport& report, std::string what, ImportOptions const& options)
    : m_report(report), m_start(std::chrono::steady_clock::now()) {
    report.what = std::move(what);
    report.effective = options.effective;
    report.dry_run = options.dry_run;
}

void JobClock::stop() {
    m_report.elapsed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
}

FieldMapping mapping_of(std::span<WantedField const> wanted, std::vector<std::string> const& columns,
                        std::filesystem::path const& file, ImportOptions const& options) {
    auto const name = source_name(file);
    auto mapping = options.mapping.empty() ? FieldMapping::guess(wanted, columns, name)
                                           : FieldMapping::from_json(read_named_file(options.mapping),
                                                                     options.mapping.string(), wanted, columns, name);
    if (!options.save_mapping.empty()) {
        write_file_atomically(options.save_mapping, mapping.to_json());
    }
    return mapping;
}

void read_table(std::filesystem::path const& file, std::span<WantedField const> wanted, ImportOptions const& options,
                bool one_of_several, Progress& progress, ProblemList& problems, ImportReport& report,
                std::function<void(TableRow const&, FieldMapping const&)> const& each) {
    auto const name = file.filename().string();
    auto reader = TableReader::open(file, options.read);
    auto const mapping = mapping_of(wanted, reader.columns(), file, options);
    progress.begin(fmt::format("reading {}", name), reader.bytes_total(), "bytes");
    std::vector<Problem> found;
    TableRow row;
    std::uint64_t rows = 0;
    std::uint64_t reported = 0;
    for (auto outcome = reader.next(row, found); outcome != TableReader::Outcome::end;
         outcome = reader.next(row, found)) {
        problems.take(found, one_of_several ? name : std::string{});
        ++rows;
        progress.advance(reader.bytes_read() - std::exchange(reported, reader.bytes_read()));
        if (outcome == TableReader::Outcome::row) {
            each(row, mapping);
        }
    }
    problems.take(found, one_of_several ? name : std::string{});
    progress.end();
    report.rows_read += rows;
    report.files.push_back({name, rows, {}, {}, {}, reader.encoding(), mapping.describe(), {}});
}

ReadOptions read_options(ImportOptions const& options, std::vector<registry::Division> const& divisions) {
    auto read = options.read;
    for (auto const& division : divisions) {
        read.known_names.push_back(division.name);
    }
    return read;
}

void check_file_list(std::span<std::filesystem::path const> files) {
    if (files.empty()) {
        throw Error{ErrorCode::usage, words("name at least one file to import", "请至少写明一个要导入的文件")};
    }
    for (std::size_t i = 0; i < files.size(); ++i) {
        for (std::size_t j = i + 1; j < files.size(); ++j) {
            std::error_code ignored;
            if (std::filesystem::equivalent(files[i], files[j], ignored)) {
                throw Error{ErrorCode::usage, words("{} is named twice", "{} 写了两次", files[i].string())};
            }
        }
    }
}

namespace {

struct FileClose {
    void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
};

constexpr std::string_view kIncoming = ".incoming-";

/// Removes what killed imports left; the caller's registry is open for writing, so no other import is at work.
void remove_unfinished(std::filesystem::path const& sources) {
    std::error_code error;
    std::vector<std::filesystem::path> unfinished;
    for (std::filesystem::directory_iterator it{sources, error}, end; !error && it != end; it.increment(error)) {
        if (it->path().filename().string().starts_with(kIncoming)) {
            unfinished.push_back(it->path());
        }
    }
    for (auto const& path : unfinished) {
        std::filesystem::remove(path, error);
    }
}

void make_sources_folder(registry::DataFolder const& folder) {
    make_private_folder(folder.sources());
    remove_unfinished(folder.sources());
}

[[nodiscard]] std::filesystem::path aside_of(registry::DataFolder const& folder) {
    return folder.sources() / fmt::format("{}{}", kIncoming, ::getpid());
}

/// Reads once: digest and copy are of the same bytes.
[[nodiscard]] registry::SourceFile keep_one(registry::DataFolder const& folder, std::filesystem::path const& file) {
    auto const unreadable = [&] {
        return Error{ErrorCode::environment, fmt::format("{}: cannot be read; check its permissions", file.string())};
    };
    std::unique_ptr<std::FILE, FileClose> const stream{std::fopen(file.c_str(), "rb")};
    if (!stream) {
        throw unreadable();
    }
    make_sources_folder(folder);
    auto const aside = aside_of(folder);
    registry::SourceFile source;
    source.name = file.filename().string();
    try {
        Sha256 digest;
        FileWriter writer{aside};
        // Boundaries and addresses as received are the owner's business alone, too.
        std::error_code made;
        std::filesystem::permissions(aside, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                                     made);
        if (made) {
            throw Error{ErrorCode::environment,
                        fmt::format("{}: cannot be closed to other users: {}", aside.string(), made.message())};
        }
        std::string buffer(std::size_t{1} << 20U, '\0');
        while (auto const size = std::fread(buffer.data(), 1, buffer.size(), stream.get())) {
            std::string_view const block{buffer.data(), size};
            digest.update(block);
            writer.write(block);
            source.bytes += size;
        }
        if (std::ferror(stream.get()) != 0) {
            throw unreadable();
        }
        source.sha256 = digest.finish();
        auto const kept = folder.sources() / source.sha256.hex();
        std::error_code ignored;
        if (std::filesystem::file_size(kept, ignored) == source.bytes && !ignored) {
            std::filesystem::remove(aside, ignored);
        } else {
            writer.close();
            rename_durably(aside, kept);
        }
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(aside, ignored);
        throw;
    }
    return source;
}

/// Sealed anew each time, so that what lies there opens with the key of today.
[[nodiscard]] registry::SourceFile keep_one_sealed(registry::DataFolder const& folder,
                                                   registry::Registry const& registry,
                                                   std::filesystem::path const& file) {
    auto const plain = read_file(file);
    auto const sealed = registry.seal(plain);
    registry::SourceFile source;
    source.name = file.filename().string();
    source.sha256 = sha256(plain);
    source.bytes = plain.size();
    make_sources_folder(folder);
    auto const aside = aside_of(folder);
    try {
        FileWriter writer{aside};
        if (::chmod(aside.c_str(), 0600) != 0) {
            throw Error{ErrorCode::environment,
                        fmt::format("{}: cannot be closed to others: {}", aside.string(), std::strerror(errno))};
        }
        writer.write(sealed);
        writer.close();
        rename_durably(aside, folder.sources() / (source.sha256.hex() + ".sealed"));
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(aside, ignored);
        throw;
    }
    return source;
}

} // namespace

std::vector<registry::SourceFile> keep_sources(registry::DataFolder const& folder, std::filesystem::path const& file,
                                               std::string const& crs, std::string const& encoding) {
    std::vector<registry::SourceFile> sources;
    for (auto const& part : files_of(file)) {
        sources.push_back(keep_one(folder, part));
        sources.back().crs = crs;
        sources.back().encoding = encoding;
    }
    return sources;
}

std::vector<registry::SourceFile> keep_sources(registry::DataFolder const& folder,
                                               std::span<std::filesystem::path const> files,
                                               std::vector<FileSummary> const& summaries) {
    std::vector<registry::SourceFile> sources;
    for (std::size_t i = 0; i < files.size(); ++i) {
        auto kept = keep_sources(folder, files[i], summaries[i].crs, summaries[i].encoding);
        std::move(kept.begin(), kept.end(), std::back_inserter(sources));
    }
    return sources;
}

std::vector<registry::SourceFile> keep_sealed_sources(registry::DataFolder const& folder,
                                                      registry::Registry const& registry,
                                                      std::span<std::filesystem::path const> files,
                                                      std::vector<FileSummary> const& summaries) {
    std::vector<registry::SourceFile> sources;
    for (std::size_t i = 0; i < files.size(); ++i) {
        sources.push_back(keep_one_sealed(folder, registry, files[i]));
        sources.back().crs = summaries[i].crs;
        sources.back().encoding = summaries[i].encoding;
    }
    return sources;
}

ImportOptions with_site_systems(ImportOptions options, registry::DataFolder const& folder) {
    options.read.site_systems = crs::SiteSystems::read_if_there(folder.coordinate_systems());
    return options;
}

registry::Registry open_registry(registry::DataFolder const& folder, ImportOptions const& options) {
    return registry::Registry::open(folder,
                                    options.dry_run ? registry::Registry::Mode::read : registry::Registry::Mode::write);
}

VillageLevels levels_of(std::vector<registry::Division> const& divisions) {
    VillageLevels levels;
    levels.reserve(divisions.size());
    for (auto const& division : divisions) {
        levels.emplace(division.code, division.level);
    }
    return levels;
}

} // namespace wangge::importers
