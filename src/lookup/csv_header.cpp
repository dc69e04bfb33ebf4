#include "csv_header.hpp"

#include "text_recoder.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

namespace wangge::lookup {

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
    if (!TextRecoder{"UTF-8", "UTF-8"}.convert(out)) {
        static_cast<void>(TextRecoder{"UTF-8", "GB18030"}.convert(out));
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

/// Names of the columns. Throws for UTF-16.
std::vector<std::string> column_names(std::string_view record, std::string const& file, char& separator) {
    if (record.starts_with("\xff\xfe") || record.starts_with("\xfe\xff")) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("{}: is in UTF-16, which is not read; save it as CSV in UTF-8", file)};
    }
    if (record.starts_with("\xef\xbb\xbf")) {
        record.remove_prefix(3);
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

TextHeader read_text_header(std::string_view record, std::string const& column, std::string const& file) {
    TextHeader header;
    header.names = column_names(record, file, header.separator);
    header.columns = header.names.size();
    header.column = column_of(header.names, column, kAddressNames, file, "--column", "an address");
    return header;
}

} // namespace wangge::lookup
