#include "cell_values.hpp"
#include "job_parts.hpp"
#include "problem_text.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/table_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace wangge::importers {

namespace {

using AddressPoint = registry::Registry::AddressPoint;

/// As a lookup takes at most (address::kMaxAddressBytes, a room that does not meet this one).
constexpr std::size_t kLongestText = 1024;
constexpr std::size_t kLongestId = 255;
constexpr std::size_t kShownBytes = 40;

/// Is there anything but blanks and marks?
bool says_something(std::string_view text) {
    auto const is_blank_or_mark = [](unsigned char c) { return c < 0x80 && std::isalnum(c) == 0; };
    while (!text.empty()) {
        if (is_blank_or_mark(static_cast<unsigned char>(text.front()))) {
            text.remove_prefix(1);
            continue;
        }
        auto const marks = {"　", "，", "。", "、", "；", "：", "（", "）", "！", "？", "—", "…", "·", "“", "”"};
        auto const mark = std::ranges::find_if(marks, [&](std::string_view m) { return text.starts_with(m); });
        if (mark == marks.end()) {
            return true;
        }
        text.remove_prefix(std::string_view{*mark}.size());
    }
    return false;
}

/// Why no point can be called so; empty when it can.
std::string fault_of_id(std::string_view id) {
    if (id.size() > kLongestId) {
        return fmt::format("its id has {} bytes, at most {} are taken; correct the column", id.size(), kLongestId);
    }
    if (std::ranges::any_of(id, [](unsigned char c) { return c < ' ' || c == 0x7f; })) {
        return "its id has a control character (a line end, a tab); correct it";
    }
    constexpr std::string_view kStaff = "staff-"; // Registry: ids of points that staff added
    if (id.starts_with(kStaff) && id.find_first_not_of("0123456789", kStaff.size()) == std::string_view::npos) {
        return fmt::format("its id '{}' is like those of the points that staff add; give it another", id);
    }
    return {};
}

/// The rows of all files as address points, one after the other.
class AddressStream {
public:
    /// `known` are the summaries of an earlier reading, whose encodings need not be found out again.
    AddressStream(std::span<std::filesystem::path const> files, ImportOptions const& options,
                  VillageLevels const& divisions, std::vector<FileSummary> const& known = {})
        : m_files(files)
        , m_options(options)
        , m_read(options.read)
        , m_divisions(divisions)
        , m_known(known)
        , m_transformer(crs::Transformer::make(options.read.crs.empty() ? "EPSG:4490" : options.read.crs,
                                               options.read.site_systems)) {}

    enum class Outcome { address, bad, end };
    /// A bad row appends its problems.
    [[nodiscard]] Outcome next(AddressPoint& address, std::vector<Problem>& problems) {
        for (;;) {
            if (!m_reader) {
                if (m_file == m_files.size()) {
                    return Outcome::end;
                }
                if (m_file < m_known.size()) {
                    m_read.encoding = m_known[m_file].encoding;
                }
                m_reader.emplace(TableReader::open(m_files[m_file], m_read));
                m_mapping = mapping_of(address_fields(), m_reader->columns(), m_files[m_file], m_options);
                find_columns();
                m_rows = 0;
            }
            auto const outcome = m_reader->next(m_row, problems);
            if (outcome != TableReader::Outcome::end) {
                ++m_rows;
                bool const good = outcome == TableReader::Outcome::row && read_row(address, problems);
                return good ? Outcome::address : Outcome::bad;
            }
            m_summaries.push_back({name(),
                                   m_rows,
                                   {},
                                   m_transformer.name(),
                                   m_transformer.datum_assumed(),
                                   m_reader->encoding(),
                                   m_mapping.describe(),
                                   {}});
            m_reader.reset();
            ++m_file;
        }
    }
    /// Of the files read to their end.
    [[nodiscard]] std::vector<FileSummary> const& summaries() const noexcept { return m_summaries; }
    /// Of the file being read, the last one at the end.
    [[nodiscard]] std::string name() const { return m_files[std::min(m_file, m_files.size() - 1)].filename().string(); }
    [[nodiscard]] std::uint64_t row() const noexcept { return m_row.row; }

private:
    struct TextColumn {
        std::optional<std::size_t> column;
        std::string AddressPoint::*member;
    };

    void find_columns() {
        m_texts = {{m_mapping.column("id"), &AddressPoint::id},
                   {m_mapping.column("text"), &AddressPoint::text},
                   {m_mapping.column("road"), &AddressPoint::road},
                   {m_mapping.column("number"), &AddressPoint::number},
                   {m_mapping.column("estate"), &AddressPoint::estate},
                   {m_mapping.column("building"), &AddressPoint::building},
                   {m_mapping.column("unit"), &AddressPoint::unit},
                   {m_mapping.column("room"), &AddressPoint::room}};
        m_village = m_mapping.column("village_code");
        m_lon = *m_mapping.column("lon");
        m_lat = *m_mapping.column("lat");
    }

    [[nodiscard]] bool read_row(AddressPoint& address, std::vector<Problem>& problems) {
        bool good = true;
        auto const fail = [&](ProblemCode code, std::string const& message) {
            auto const where = fmt::format("{} row {}", name(), m_row.row);
            problems.push_back({code, {where}, fmt::format("{}: {}", where, message), {}, 0, {}});
            good = false;
        };
        for (auto const& [column, member] : m_texts) {
            if (column) {
                std::swap(address.*member, m_row.fields[*column]); // both keep their memory for the next row
            } else {
                (address.*member).clear();
            }
        }
        if (address.id.empty()) {
            fail(ProblemCode::missing_attribute, "has no id; fill it in");
        } else if (auto const wrong = fault_of_id(address.id); !wrong.empty()) {
            fail(ProblemCode::malformed_value, wrong);
        }
        if (!says_something(address.text)) {
            fail(ProblemCode::missing_attribute, "has no address text; fill it in");
        } else if (address.text.size() > kLongestText) {
            fail(ProblemCode::malformed_value,
                 fmt::format("its address text has {} bytes, and no address of more than {} is looked up; shorten it",
                             address.text.size(), kLongestText));
        }
        address.village = {};
        if (m_village && !m_row.fields[*m_village].empty()) {
            auto const& text = m_row.fields[*m_village];
            auto const village = DivisionCode::parse(text);
            if (!village) {
                fail(ProblemCode::malformed_code, fmt::format("village code '{}' is not 12 digits; correct it", text));
            } else if (auto const known = m_divisions.find(*village);
                       known == m_divisions.end() || known->second < Level::village) {
                fail(ProblemCode::unknown_village,
                     fmt::format("{} is not a village of the registry; correct it, or import the divisions first",
                                 text));
            } else {
                address.village = *village;
            }
        }
        auto const x = parse_number(m_row.fields[m_lon]);
        auto const y = parse_number(m_row.fields[m_lat]);
        if (!x || !y) {
            auto const wrong = m_row.fields[!x ? m_lon : m_lat];
            fail(ProblemCode::malformed_value,
                 fmt::format("column {}: '{}' is no number; write decimal degrees or "
                             "metres",
                             !x ? "lon" : "lat", utf8_or_replaced(std::string_view{wrong}.substr(0, kShownBytes))));
            return false;
        }
        if (*x == 0 && *y == 0) { // what tables have for "not known"
            fail(ProblemCode::malformed_value,
                 "its position is 0, 0, which is nowhere; correct it, or leave the row out");
            return false;
        }
        auto const position = m_transformer.to_registry(crs::Coordinate{*x, *y});
        auto const at = position ? crs::to_lattice(*position) : std::nullopt;
        if (!at) {
            fail(ProblemCode::outside_lattice,
                 fmt::format(
                     "{}, {} is no position in {}; check the coordinate system (--crs) and the order of the columns",
                     m_row.fields[m_lon], m_row.fields[m_lat], m_transformer.name()));
            return false;
        }
        address.at = *at;
        return good;
    }

    std::span<std::filesystem::path const> m_files;
    ImportOptions const& m_options;
    ReadOptions m_read;
    VillageLevels const& m_divisions;
    std::vector<FileSummary> m_known;
    crs::Transformer m_transformer;
    std::size_t m_file = 0;
    std::optional<TableReader> m_reader;
    FieldMapping m_mapping;
    std::vector<TextColumn> m_texts;
    std::optional<std::size_t> m_village;
    std::size_t m_lon = 0;
    std::size_t m_lat = 0;
    TableRow m_row;
    std::uint64_t m_rows = 0;
    std::vector<FileSummary> m_summaries;
};

class AddressImport {
public:
    AddressImport(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                  ImportOptions const& options, Progress& progress)
        : m_folder(folder)
        , m_files(files)
        , m_options(options)
        , m_progress(progress)
        , m_registry(open_registry(folder, options))
        , m_levels(levels_of(m_registry.divisions(options.effective)))
        , m_problems(m_report) {}

    ImportReport run() {
        JobClock clock{m_report, "addresses", m_options};
        check();
        if (!m_repeated.empty()) {
            name_repeated_ids();
        }
        if (!m_report.has_errors() && !m_options.dry_run) {
            apply();
        }
        m_problems.finish();
        clock.stop();
        return std::move(m_report);
    }

private:
    /// First reading: every problem. Of the ids only hashes are kept.
    void check() {
        AddressStream stream{m_files, m_options, m_levels};
        std::vector<std::uint64_t> ids;
        std::vector<Problem> found;
        AddressPoint address;
        m_progress.begin("checking addresses", 0, "rows");
        for (;;) {
            auto const outcome = stream.next(address, found);
            if (!found.empty()) {
                m_problems.take(found, m_files.size() > 1 ? stream.name() : std::string{});
            }
            if (outcome == AddressStream::Outcome::end) {
                break;
            }
            if (++m_report.rows_read % kReportEvery == 0) {
                m_progress.advance(kReportEvery);
            }
            if (outcome == AddressStream::Outcome::address) {
                ids.push_back(std::hash<std::string_view>{}(address.id));
            }
        }
        m_progress.advance(m_report.rows_read % kReportEvery);
        m_progress.end();
        m_report.files = stream.summaries();
        m_report.changes = {{"addresses", ids.size()}};
        std::ranges::sort(ids);
        for (std::size_t i = 1; i < ids.size(); ++i) {
            if (ids[i] == ids[i - 1]) {
                m_repeated.insert(ids[i]);
            }
        }
    }

    /// Second look, only when some id may stand twice: says which and where.
    void name_repeated_ids() {
        AddressStream stream{m_files, m_options, m_levels, m_report.files};
        std::unordered_map<std::string, std::string> first; ///< id to row, of suspects only
        std::vector<Problem> ignored;
        AddressPoint address;
        for (auto outcome = stream.next(address, ignored); outcome != AddressStream::Outcome::end;
             outcome = stream.next(address, ignored)) {
            ignored.clear();
            if (outcome != AddressStream::Outcome::address ||
                !m_repeated.contains(std::hash<std::string_view>{}(address.id))) {
                continue;
            }
            auto const where = fmt::format("{} row {}", stream.name(), stream.row());
            if (auto const [known, fresh] = first.try_emplace(address.id, where); !fresh) {
                m_problems.add({ProblemCode::duplicate_code,
                                {where},
                                fmt::format("{}: the id '{}' also stands in {}; give each address its own", where,
                                            address.id, known->second),
                                {},
                                0,
                                {}});
            }
        }
    }

    void apply() {
        auto const sources = keep_sources(m_folder, m_files, m_report.files);
        AddressStream stream{m_files, m_options, m_levels, m_report.files};
        std::vector<Problem> found;
        auto const written = m_registry.apply_addresses(
            [&](AddressPoint& address) {
                auto const outcome = stream.next(address, found);
                if (outcome == AddressStream::Outcome::bad) { // the transaction rolls back
                    throw Error{
                        ErrorCode::conflict,
                        fmt::format(
                            "{}: changed while it was imported; nothing was written, run the same command again",
                            stream.name())};
                }
                return outcome == AddressStream::Outcome::address;
            },
            m_options.author, sources, m_progress);
        m_report.changes = {{"addresses", written}};
        m_report.applied = true;
    }

    static constexpr std::uint64_t kReportEvery = 10'000;

    registry::DataFolder const& m_folder;
    std::span<std::filesystem::path const> m_files;
    ImportOptions const& m_options;
    Progress& m_progress;
    registry::Registry m_registry;
    VillageLevels m_levels;
    ImportReport m_report;
    ProblemList m_problems;
    std::unordered_set<std::uint64_t> m_repeated; ///< hashes of ids that may stand twice
};

} // namespace

ImportReport import_addresses(registry::DataFolder const& folder, std::span<std::filesystem::path const> files,
                              ImportOptions const& options, Progress& progress) {
    check_file_list(files);
    return AddressImport{folder, files, with_site_systems(options, folder), progress}.run();
}

} // namespace wangge::importers
