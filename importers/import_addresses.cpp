#include "cell_values.hpp"
#include "datum_check.hpp"
#include "job_parts.hpp"
#include "named_divisions.hpp"
#include "problem_text.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/table_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
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
Words fault_of_id(std::string_view id) {
    if (id.size() > kLongestId) {
        return words("its id has {} bytes, at most {} are taken; correct the column",
                     "地址编码有 {} 字节，最多 {} 字节；请更正该列", id.size(), kLongestId);
    }
    if (std::ranges::any_of(id, [](unsigned char c) { return c < ' ' || c == 0x7f; })) {
        return words("its id has a control character (a line end, a tab); correct it",
                     "地址编码含有控制字符（换行、制表符）；请更正");
    }
    constexpr std::string_view kStaff = "staff-"; // Registry: ids of points that staff added
    if (id.starts_with(kStaff) && id.find_first_not_of("0123456789", kStaff.size()) == std::string_view::npos) {
        return words("its id '{}' is like those of the points that staff add; give it another",
                     "地址编码“{}”与人工添加的地址点编码同形；请另编", id);
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
    [[nodiscard]] std::size_t file() const noexcept { return m_file; }
    /// Of the address read last, as in the file.
    [[nodiscard]] crs::Coordinate coordinate() const noexcept { return m_coordinate; }
    [[nodiscard]] crs::Transformer const& transformer() const noexcept { return m_transformer; }

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
        auto const fail = [&](ProblemCode code, Words const& message) {
            auto const where = fmt::format("{} row {}", name(), m_row.row);
            problems.push_back(row_problem(code, where, where, message));
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
            fail(ProblemCode::missing_attribute, words("has no id; fill it in", "没有地址编码；请补填"));
        } else if (auto const wrong = fault_of_id(address.id); !wrong.english.empty()) {
            fail(ProblemCode::malformed_value, wrong);
        }
        if (!says_something(address.text)) {
            fail(ProblemCode::missing_attribute, words("has no address text; fill it in", "没有地址文字；请补填"));
        } else if (address.text.size() > kLongestText) {
            fail(ProblemCode::malformed_value,
                 words("its address text has {} bytes, and no address of more than {} is looked up; shorten it",
                       "地址文字有 {} 字节，超过 {} 字节的地址不能查询；请缩短", address.text.size(), kLongestText));
        }
        address.village = {};
        if (m_village && !m_row.fields[*m_village].empty()) {
            auto const& text = m_row.fields[*m_village];
            auto const village = DivisionCode::parse(text);
            if (!village) {
                fail(ProblemCode::malformed_code, words("village code '{}' is not 12 digits; correct it",
                                                        "村居编码“{}”不是 12 位数字；请更正", text));
            } else if (auto const known = m_divisions.find(*village);
                       known == m_divisions.end() || known->second < Level::village) {
                fail(ProblemCode::unknown_village,
                     words("{} is not a village of the registry; correct it, or import the divisions first",
                           "{} 不是登记库中的村居；请更正编码，或先导入区划", text));
            } else {
                address.village = *village;
            }
        }
        auto const x = parse_number(m_row.fields[m_lon]);
        auto const y = parse_number(m_row.fields[m_lat]);
        if (!x || !y) {
            auto const wrong = m_row.fields[!x ? m_lon : m_lat];
            fail(ProblemCode::malformed_value,
                 words("column {}: '{}' is no number; write decimal degrees or metres",
                       "{}：“{}”不是数字；请填写十进制度或米", field_words(address_fields(), !x ? "lon" : "lat"),
                       utf8_or_replaced(std::string_view{wrong}.substr(0, kShownBytes))));
            return false;
        }
        if (*x == 0 && *y == 0) { // what tables have for "not known"
            fail(ProblemCode::malformed_value,
                 words("its position is 0, 0, which is nowhere; correct it, or leave the row out",
                       "位置为 0, 0，不是真实位置；请更正，或删去该行"));
            return false;
        }
        m_coordinate = {*x, *y};
        auto const position = m_transformer.to_registry(m_coordinate);
        auto const at = position ? crs::to_lattice(*position) : std::nullopt;
        if (!at) {
            fail(ProblemCode::outside_lattice,
                 words("{}, {} is no position in {}; check the coordinate system (--crs) and the order of the columns",
                       "{}, {} 不是 {} 中的位置；请检查坐标系（--crs）和两列的次序", m_row.fields[m_lon],
                       m_row.fields[m_lat], m_transformer.name()));
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
    crs::Coordinate m_coordinate{};
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

/// Some addresses of one file, spread over all of it, with what they say of where they are.
class AddressSample {
public:
    void add(AddressPoint const& address, crs::Coordinate coordinate) {
        constexpr std::size_t kMost = 10'000;
        if (m_count++ % m_step != 0) {
            return;
        }
        if (m_kept.size() == kMost) { // every second one goes
            for (std::size_t i = 0; 2 * i < m_kept.size(); ++i) {
                m_kept[i] = std::move(m_kept[2 * i]);
            }
            m_kept.resize(kMost / 2);
            m_step *= 2;
        }
        m_kept.push_back({address.village, address.text, coordinate});
    }
    struct Kept {
        DivisionCode village; ///< of its column
        std::string text;
        crs::Coordinate at;
    };
    [[nodiscard]] std::vector<Kept> const& kept() const noexcept { return m_kept; }
    [[nodiscard]] std::size_t count() const noexcept { return m_count; }

private:
    std::vector<Kept> m_kept;
    std::size_t m_count = 0;
    std::size_t m_step = 1;
};

/// The ground of divisions: of a village or town that of its grids, where it has none its county's outline.
class Grounds {
public:
    /// Of `divisions` only; the registry is read once.
    Grounds(registry::Registry const& registry, NamedDivisions const& names, std::set<DivisionCode> const& divisions,
            Date day)
        : m_names(names), m_outlines(registry.outlines()) {
        std::vector<DivisionCode> villages;
        for (auto const& division : divisions) {
            if (names.county(division) != division) {
                std::ranges::copy(names.villages(division), std::back_inserter(villages));
            }
        }
        std::ranges::sort(villages);
        villages.erase(std::unique(villages.begin(), villages.end()), villages.end());
        for (auto& grid : registry.grids_in(villages, day)) {
            auto& parts = m_villages[grid.village].parts;
            std::ranges::move(grid.shape.parts, std::back_inserter(parts));
        }
    }

    /// Null when nothing is known of it.
    [[nodiscard]] geom::MultiPolygon const* of(DivisionCode division) {
        auto const [found, fresh] = m_known.try_emplace(division);
        auto& ground = found->second;
        if (fresh) {
            auto const county = m_names.county(division);
            for (auto const& village : county == division ? std::vector<DivisionCode>{} : m_names.villages(division)) {
                auto const& parts = m_villages[village].parts;
                ground.parts.insert(ground.parts.end(), parts.begin(), parts.end());
            }
            auto const outline = std::ranges::find_if(m_outlines, [&](auto const& o) { return county == o.code; });
            if (ground.parts.empty() && outline != m_outlines.end()) {
                ground = outline->shape;
            }
        }
        return ground.parts.empty() ? nullptr : &ground;
    }

private:
    NamedDivisions const& m_names;
    std::vector<registry::DivisionOutline> m_outlines;
    std::unordered_map<DivisionCode, geom::MultiPolygon> m_villages;
    std::unordered_map<DivisionCode, geom::MultiPolygon> m_known;
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
        , m_divisions(m_registry.divisions(options.effective))
        , m_levels(levels_of(m_divisions))
        , m_problems(m_report) {}

    ImportReport run() {
        JobClock clock{m_report, "addresses", m_options};
        check();
        check_datum();
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
                m_samples.resize(stream.file() + 1);
                m_samples.back().add(address, stream.coordinate());
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

    /// Positions against the division that each address names, by its village code or in its text.
    void check_datum() {
        NamedDivisions names{m_divisions};
        std::vector<std::vector<DatumWitness>> witnesses(m_samples.size());
        std::set<DivisionCode> named;
        for (std::size_t i = 0; i < m_samples.size(); ++i) {
            for (auto const& [village, text, at] : m_samples[i].kept()) {
                if (auto const division = village.valid() ? std::optional{village} : names.find(text)) {
                    witnesses[i].push_back({{}, *division, {at, at, at, at}, true});
                    named.insert(*division);
                }
            }
        }
        if (named.empty()) {
            return;
        }
        Grounds grounds{m_registry, names, named, m_options.effective};
        auto const transformer = crs::Transformer::make(m_options.read.crs.empty() ? "EPSG:4490" : m_options.read.crs,
                                                        m_options.read.site_systems);
        for (std::size_t i = 0; i < m_samples.size(); ++i) {
            KnownSurroundings known;
            known.kind = WitnessKind::addresses;
            known.count = m_samples[i].count();
            known.sought = m_samples[i].kept().size();
            known.site_systems = m_options.read.site_systems;
            known.place = [&](DatumWitness const& witness) {
                return KnownPlace{grounds.of(witness.division), nullptr};
            };
            auto problem = suspected_datum(m_report.files[i].name, transformer, witnesses[i], known);
            if (problem && m_options.accept_datum) {
                m_report.files[i].remarks.push_back(accepted_datum(*problem));
            } else if (problem) {
                m_problems.add(std::move(*problem));
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
                m_problems.add(row_problem(ProblemCode::duplicate_code, where, where,
                                           words("the id '{}' also stands in {}; give each address its own",
                                                 "地址编码“{}”还出现在{}；请为每个地址编不同的编码", address.id,
                                                 subject_words(known->second))));
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
                        words("{}: changed while it was imported; nothing was written, run the same command again",
                              "{}：导入过程中文件有变化；没有写入，请重新运行同一命令", stream.name())};
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
    std::vector<registry::Division> m_divisions;
    VillageLevels m_levels;
    std::vector<AddressSample> m_samples; ///< of each file
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
