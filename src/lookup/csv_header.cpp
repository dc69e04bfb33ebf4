#include "csv_header.hpp"

#include "csv_marks.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/text_recoder.hpp>
#include <wangge/base/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace wangge::lookup {

std::string take_header(BlockReader& in) {
    auto first = in.take_first(first_record);
    if (first.empty()) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("{}: is empty; a header line with column names is needed", in.name())};
    }
    if (first.size() > kLongestRecord + 1) {
        refuse_long_record(in.name(), 1);
    }
    return first;
}

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

namespace {

constexpr std::array<std::string_view, 8> kLonNames{"lon", "lng", "longitude", "经度", "x", "jd", "long", "point_x"};
constexpr std::array<std::string_view, 6> kLatNames{"lat", "latitude", "纬度", "y", "wd", "point_y"};
constexpr std::array<std::string_view, 14> kAddressNames{"地址",     "详细地址", "标准地址", "事发地址", "事件地址",
                                                         "居住地址", "住址",     "address",  "addr",     "full_address",
                                                         "text",     "dz",       "xxdz",     "bzdz"};

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
    std::string out{text};
    if (!is_utf8(text)) {
        (void)TextRecoder{"UTF-8", "GB18030"}.convert(out); // which leaves it alone when it is neither
    }
    return out;
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
                      std::span<std::string_view const> guesses, std::string const& file, char const* option,
                      std::string_view what = "a coordinate") {
    auto const only_one = [&](auto const& is_it) {
        auto const first = std::find_if(header.begin(), header.end(), is_it);
        if (first != header.end() && std::find_if(first + 1, header.end(), is_it) != header.end()) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("{}: two columns are called '{}'; rename one of them", file, *first)};
        }
        return first;
    };
    auto found = header.end();
    if (!wanted.empty()) {
        found = only_one([&](std::string const& name) { return name == wanted; });
    }
    for (auto guess = guesses.begin(); wanted.empty() && found == header.end() && guess != guesses.end(); ++guess) {
        found = only_one([&](std::string const& name) { return lower(name) == *guess; });
    }
    if (found != header.end()) {
        return static_cast<std::size_t>(found - header.begin());
    }
    constexpr std::size_t kListed = 40;
    std::string columns;
    for (std::size_t i = 0; i < std::min(header.size(), kListed); ++i) {
        columns += (i == 0 ? "" : ", ") + header[i];
    }
    columns += header.size() > kListed ? fmt::format(" and {} more", header.size() - kListed) : "";
    throw Error{ErrorCode::data_rejected, fmt::format("{}: there is no {}; the columns are: {}. Name it with {}", file,
                                                      wanted.empty() ? fmt::format("column that looks like {}", what)
                                                                     : fmt::format("column '{}'", wanted),
                                                      columns, option)};
}

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

struct OtherFormat {
    std::string_view begin, sentence;
};
constexpr std::array<OtherFormat, 5> kOtherFormats{
    {{"\xff\xfe", "is in UTF-16, which is not read; save it as CSV in UTF-8"},
     {"\xfe\xff", "is in UTF-16, which is not read; save it as CSV in UTF-8"},
     {"\x1f\x8b", "is compressed with gzip; unpack it first"},
     {"PK\x03\x04", "is a zip archive or a workbook; unpack it, or save the sheet as CSV in UTF-8"},
     {"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it first"}}};

void refuse_other_than_text(std::string_view record, std::string const& file) {
    for (auto const& [begin, sentence] : kOtherFormats) {
        if (record.starts_with(begin)) {
            throw Error{ErrorCode::data_rejected, fmt::format("{}: {}", file, sentence)};
        }
    }
    auto const is_control = [](char c) { return c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r'; };
    if (auto const at = std::find_if(record.begin(), record.end(), is_control); at != record.end()) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("{}: is no text: its byte {} is a control character; save it as CSV in UTF-8", file,
                                at - record.begin())};
    }
    // A record ends with LF, so that a file with other line ends is one long record.
    bool quoted = false;
    for (std::size_t i = 0; i < record.size(); ++i) {
        quoted ^= record[i] == '"';
        if (record[i] == '\r' && !quoted && !record.substr(i + 1).starts_with('\n')) {
            throw Error{ErrorCode::data_rejected,
                        fmt::format("{}: its lines end with CR alone; save it with LF or CR LF at their ends", file)};
        }
    }
}

/// Names of the columns. Throws for what is no text.
std::vector<std::string> column_names(std::string_view record, std::string const& file, char& separator) {
    refuse_other_than_text(record, file);
    if (record.starts_with("\xef\xbb\xbf")) {
        record.remove_prefix(3);
    }
    if (std::ranges::count(record, '"') % 2 != 0) { // else the whole file would be its last column
        throw Error{
            ErrorCode::data_rejected,
            fmt::format("{}: the header has a quotation mark that nothing closes; remove it or close it", file)};
    }
    separator = separator_of(record);
    return split(to_utf8(record), separator);
}

} // namespace

CsvHeader read_csv_header(std::string_view record, std::string const& lon_column, std::string const& lat_column,
                          std::string const& file) {
    CsvHeader header;
    auto const names = column_names(record, file, header.separator);
    header.columns = names.size();
    header.lon = column_of(names, lon_column, kLonNames, file, "--lon");
    header.lat = column_of(names, lat_column, kLatNames, file, "--lat");
    return header;
}

TextHeader read_text_header(std::string_view record, std::vector<std::string> const& columns, std::string const& file) {
    TextHeader header;
    header.names = column_names(record, file, header.separator);
    header.columns = header.names.size();
    auto const add = [&](std::string const& wanted) {
        header.address.push_back(column_of(header.names, wanted, kAddressNames, file, "--column", "an address"));
    };
    if (columns.empty()) {
        add({});
    }
    std::ranges::for_each(columns, add);
    return header;
}

} // namespace wangge::lookup
