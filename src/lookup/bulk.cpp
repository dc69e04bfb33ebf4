#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/lookup/bulk.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <iconv.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace wangge::lookup {

namespace {

constexpr std::array<std::string_view, 8> kLonNames{"lon", "lng", "longitude", "经度", "x", "jd", "long", "point_x"};
constexpr std::array<std::string_view, 6> kLatNames{"lat", "latitude", "纬度", "y", "wd", "point_y"};
constexpr std::size_t kBatchRows = 4096;
constexpr std::size_t kReadBytes = std::size_t{1} << 20U;
/// A record longer than this is not a CSV of positions; a stray quote would otherwise swallow the whole file into
/// memory.
constexpr std::size_t kLongestRecord = std::size_t{1} << 20U;

struct FileDescriptor {
    int fd = -1;
    bool owned = false;
    FileDescriptor() = default;
    FileDescriptor(FileDescriptor const&) = delete;
    FileDescriptor& operator=(FileDescriptor const&) = delete;
    ~FileDescriptor() {
        if (owned && fd >= 0) {
            ::close(fd);
        }
    }
};

/// Splits a byte stream into records: a line end inside quotes belongs to the record.
class RecordReader {
public:
    explicit RecordReader(std::string name) : m_name(std::move(name)) {
        if (m_name == "-") {
            m_file.fd = STDIN_FILENO;
            m_name = "standard input";
            return;
        }
        m_file.fd = ::open(m_name.c_str(), O_RDONLY | O_CLOEXEC);
        m_file.owned = true;
        if (m_file.fd < 0) {
            throw Error{ErrorCode::environment, fmt::format("{}: cannot be opened: {}", m_name, std::strerror(errno))};
        }
    }

    [[nodiscard]] std::string const& name() const { return m_name; }

    /// The next record without its line end; valid until the next call. Empty at the end of the stream.
    std::optional<std::string_view> next() {
        bool quoted = false;
        std::size_t scan = m_begin;
        for (;;) {
            while (scan < m_end) {
                if (quoted) {
                    auto const* const quote =
                        static_cast<char const*>(std::memchr(m_buffer.data() + scan, '"', m_end - scan));
                    if (quote == nullptr) {
                        scan = m_end;
                        break;
                    }
                    quoted = false;
                    scan = static_cast<std::size_t>(quote - m_buffer.data()) + 1;
                    continue;
                }
                auto const* const begin = m_buffer.data() + scan;
                auto const* const line_end = static_cast<char const*>(std::memchr(begin, '\n', m_end - scan));
                auto const length = line_end != nullptr ? static_cast<std::size_t>(line_end - begin) : m_end - scan;
                if (auto const* const quote = static_cast<char const*>(std::memchr(begin, '"', length))) {
                    quoted = true;
                    scan = static_cast<std::size_t>(quote - m_buffer.data()) + 1;
                    continue;
                }
                if (line_end != nullptr) {
                    auto const end = static_cast<std::size_t>(line_end - m_buffer.data());
                    return take(end, end + 1);
                }
                scan = m_end;
            }
            if (m_end - m_begin > kLongestRecord) {
                throw Error{
                    ErrorCode::data_rejected,
                    fmt::format("{}: the record at row {} is longer than {} bytes; a quote is probably not closed",
                                m_name, m_row + 1, kLongestRecord)};
            }
            auto const consumed = m_begin;
            if (!fill()) {
                if (m_begin == m_end) {
                    return std::nullopt;
                }
                return take(m_end, m_end);
            }
            scan -= consumed - m_begin;
        }
    }

private:
    std::string_view take(std::size_t end, std::size_t next_begin) {
        std::string_view record{m_buffer.data() + m_begin, end - m_begin};
        if (!record.empty() && record.back() == '\r') {
            record.remove_suffix(1);
        }
        m_begin = next_begin;
        ++m_row;
        return record;
    }

    /// Moves what is left to the front and reads more. False at the end of the stream.
    bool fill() {
        if (m_begin > 0) {
            std::memmove(m_buffer.data(), m_buffer.data() + m_begin, m_end - m_begin);
            m_end -= m_begin;
            m_begin = 0;
        }
        if (m_buffer.size() - m_end < kReadBytes) {
            m_buffer.resize(m_end + kReadBytes);
        }
        for (;;) {
            auto const n = ::read(m_file.fd, m_buffer.data() + m_end, m_buffer.size() - m_end);
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n < 0) {
                throw Error{ErrorCode::environment,
                            fmt::format("{}: reading failed: {}", m_name, std::strerror(errno))};
            }
            m_end += static_cast<std::size_t>(n);
            return n > 0;
        }
    }

    FileDescriptor m_file;
    std::string m_name;
    std::vector<char> m_buffer;
    std::size_t m_begin = 0, m_end = 0, m_row = 0;
};

/// Output to a file written aside and renamed when whole, or to standard output.
class Output {
public:
    explicit Output(std::string const& name) {
        if (name != "-") {
            m_path = name;
            m_aside = m_path;
            m_aside += fmt::format(".new-{}", ::getpid());
            m_file = std::make_unique<FileWriter>(m_aside);
        }
    }
    Output(Output const&) = delete;
    Output& operator=(Output const&) = delete;
    ~Output() {
        if (m_file) {
            m_file.reset();
            ::unlink(m_aside.c_str());
        }
    }

    void write(std::string_view text) {
        if (m_file) {
            m_file->write(text);
            return;
        }
        while (!text.empty()) {
            auto const n = ::write(STDOUT_FILENO, text.data(), text.size());
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n < 0) {
                throw Error{ErrorCode::environment,
                            fmt::format("standard output: writing failed: {}", std::strerror(errno))};
            }
            text.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    void finish() {
        if (m_file) {
            m_file->close();
            m_file.reset();
            rename_durably(m_aside, m_path);
        }
    }

private:
    std::filesystem::path m_path, m_aside;
    std::unique_ptr<FileWriter> m_file;
};

std::string unquoted(std::string_view field) {
    if (field.size() < 2 || field.front() != '"' || field.back() != '"') {
        return std::string{field};
    }
    std::string text;
    field = field.substr(1, field.size() - 2);
    for (std::size_t i = 0; i < field.size(); ++i) {
        text += field[i];
        if (field[i] == '"' && i + 1 < field.size() && field[i + 1] == '"') {
            ++i;
        }
    }
    return text;
}

/// End of the field that begins at `begin`: the position of the next separator outside quotes, or the end of the
/// record.
std::size_t field_end(std::string_view record, std::size_t begin, char separator) {
    bool quoted = false;
    for (auto i = begin; i < record.size(); ++i) {
        if (record[i] == '"') {
            quoted = !quoted;
        } else if (record[i] == separator && !quoted) {
            return i;
        }
    }
    return record.size();
}

/// The text as UTF-8: unchanged when it is that already, else read as GB18030; unchanged when it is neither.
std::string to_utf8(std::string_view text) {
    auto const convert = [&](char const* from) -> std::optional<std::string> {
        iconv_t const converter = ::iconv_open("UTF-8", from);
        std::string in{text};
        std::string out(in.size() * 4, '\0');
        char* source = in.data();
        char* target = out.data();
        std::size_t source_left = in.size(), target_left = out.size();
        auto const result = ::iconv(converter, &source, &source_left, &target, &target_left);
        ::iconv_close(converter);
        if (result == static_cast<std::size_t>(-1)) {
            return std::nullopt;
        }
        out.resize(out.size() - target_left);
        return out;
    };
    if (auto utf8 = convert("UTF-8")) {
        return *utf8;
    }
    return convert("GB18030").value_or(std::string{text});
}

std::vector<std::string> split(std::string_view record, char separator) {
    std::vector<std::string> fields;
    for (std::size_t begin = 0;;) {
        auto const end = field_end(record, begin, separator);
        fields.push_back(unquoted(record.substr(begin, end - begin)));
        if (end == record.size()) {
            return fields;
        }
        begin = end + 1;
    }
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (auto& c : out) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

std::size_t column_of(std::vector<std::string> const& header, std::string const& wanted,
                      std::span<std::string_view const> guesses, std::string const& file, char const* option) {
    if (!wanted.empty()) {
        for (std::size_t i = 0; i < header.size(); ++i) {
            if (header[i] == wanted) {
                return i;
            }
        }
    } else {
        for (auto const guess : guesses) {
            for (std::size_t i = 0; i < header.size(); ++i) {
                if (lower(header[i]) == guess) {
                    return i;
                }
            }
        }
    }
    std::string columns;
    for (auto const& name : header) {
        columns += columns.empty() ? name : ", " + name;
    }
    throw Error{ErrorCode::data_rejected,
                fmt::format("{}: there is no {}; the columns are: {}. Name it with {}", file,
                            wanted.empty() ? std::string{"column that looks like a coordinate"}
                                           : fmt::format("column '{}'", wanted),
                            columns, option)};
}

double parse_number(std::string_view field) {
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
        field = field.substr(1, field.size() - 2);
    }
    while (!field.empty() && (field.front() == ' ' || field.front() == '\t')) {
        field.remove_prefix(1);
    }
    while (!field.empty() && (field.back() == ' ' || field.back() == '\t')) {
        field.remove_suffix(1);
    }
    double value = 0;
    auto const [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (field.empty() || error != std::errc{} || end != field.data() + field.size()) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    return value;
}

enum class Status : std::uint8_t { ok, bad_lon, bad_lat, bad_row, bad_position };

/// Rows collected, answered together and written in order.
class Batch {
public:
    Batch(snapshot::Snapshot const& snapshot, crs::Transformer const& transformer, Output& out, char separator)
        : m_snapshot(snapshot), m_transformer(transformer), m_out(out), m_separator(separator) {}

    void add(std::string_view record, std::size_t padding, crs::Coordinate at, Status status) {
        m_text.append(record);
        m_text.append(padding, m_separator);
        m_ends.push_back(m_text.size());
        m_coordinates.push_back(at);
        m_status.push_back(status);
        if (m_ends.size() == kBatchRows) {
            flush();
        }
    }

    void flush() {
        m_transformer.to_registry(std::span{m_coordinates});
        m_points.assign(m_ends.size(), {});
        m_grids.assign(m_ends.size(), snapshot::kOutside);
        for (std::size_t i = 0; i < m_ends.size(); ++i) {
            auto const point = crs::to_lattice(crs::Position{m_coordinates[i].x, m_coordinates[i].y});
            if (point) {
                m_points[i] = *point;
            } else if (m_status[i] == Status::ok) {
                m_status[i] = Status::bad_position;
            }
        }
        m_snapshot.point_index().locate(m_points, m_grids);
        m_line.clear();
        std::size_t begin = 0;
        for (std::size_t i = 0; i < m_ends.size(); ++i) {
            m_line.append(m_text, begin, m_ends[i] - begin);
            begin = m_ends[i];
            append_answer(i);
        }
        m_out.write(m_line);
        m_text.clear();
        m_ends.clear();
        m_coordinates.clear();
        m_status.clear();
    }

    BulkResult result;

private:
    void append_answer(std::size_t i) {
        ++result.rows;
        m_line += m_separator;
        std::string_view status = "outside";
        if (m_status[i] != Status::ok) {
            constexpr std::array<std::string_view, 5> kNames{"ok", "bad_lon", "bad_lat", "bad_row", "bad_position"};
            status = kNames.at(static_cast<std::size_t>(m_status[i]));
            ++result.faults;
        } else if (m_grids[i] != snapshot::kOutside) {
            m_line += m_snapshot.grid(m_grids[i]).code.str();
            status = "ok";
            ++result.inside;
        } else {
            ++result.outside;
        }
        m_line += m_separator;
        m_line += status;
        m_line += '\n';
    }

    snapshot::Snapshot const& m_snapshot;
    crs::Transformer const& m_transformer;
    Output& m_out;
    char m_separator;
    std::string m_text, m_line;
    std::vector<std::size_t> m_ends;
    std::vector<crs::Coordinate> m_coordinates;
    std::vector<Status> m_status;
    std::vector<geom::Point> m_points;
    std::vector<snapshot::GridId> m_grids;
};

char separator_of(std::string_view header) {
    char best = ',';
    std::ptrdiff_t most = 0;
    for (char const candidate : {',', '\t', ';'}) {
        auto const n = std::count(header.begin(), header.end(), candidate);
        if (n > most) {
            most = n;
            best = candidate;
        }
    }
    return best;
}

} // namespace

BulkResult locate_csv(snapshot::Snapshot const& snapshot, crs::Transformer const& transformer,
                      BulkRequest const& request, Progress& progress) {
    RecordReader in{request.in};
    auto const first = in.next();
    if (!first) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("{}: is empty; a header line with column names is needed", in.name())};
    }
    std::string header_line{*first};
    std::string_view header_text = header_line;
    if (header_text.starts_with("\xef\xbb\xbf")) {
        header_text.remove_prefix(3);
    }
    char const separator = separator_of(header_text);
    auto const header = split(to_utf8(header_text), separator);
    auto const lon = column_of(header, request.lon_column, kLonNames, in.name(), "--lon");
    auto const lat = column_of(header, request.lat_column, kLatNames, in.name(), "--lat");

    Output out{request.out};
    out.write(fmt::format("{}{}grid_code{}locate_status\n", header_line, separator, separator));
    Batch batch{snapshot, transformer, out, separator};
    progress.begin("Locating positions", 0, "rows");
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    std::uint64_t reported = 0;
    while (auto const record = in.next()) {
        if (record->empty()) {
            continue;
        }
        crs::Coordinate at{kNan, kNan};
        std::size_t column = 0;
        for (std::size_t begin = 0;; ++column) {
            auto const end = field_end(*record, begin, separator);
            if (column == lon) {
                at.x = parse_number(record->substr(begin, end - begin));
            } else if (column == lat) {
                at.y = parse_number(record->substr(begin, end - begin));
            }
            if (end == record->size()) {
                break;
            }
            begin = end + 1;
        }
        // The answer must stand under its own heading: short rows are filled up, long ones cannot be answered.
        auto const columns = column + 1;
        auto status = columns <= std::max(lon, lat) || columns > header.size() ? Status::bad_row : Status::ok;
        auto const padding = header.size() - std::min(columns, header.size());
        if (status == Status::ok && !std::isfinite(at.x)) {
            status = Status::bad_lon;
        } else if (status == Status::ok && !std::isfinite(at.y)) {
            status = Status::bad_lat;
        }
        if (status != Status::ok) {
            at = {kNan, kNan};
        }
        batch.add(*record, padding, at, status);
        if (batch.result.rows - reported >= 100000) {
            progress.advance(batch.result.rows - reported);
            reported = batch.result.rows;
        }
    }
    batch.flush();
    out.finish();
    progress.advance(batch.result.rows - reported);
    progress.end();
    return batch.result;
}

} // namespace wangge::lookup
