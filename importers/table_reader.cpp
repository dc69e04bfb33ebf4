#include "reader_process.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/csv_reader.hpp>
#include <wangge/importers/ogr_reader.hpp>
#include <wangge/importers/table_reader.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <optional>
#include <utility>

namespace wangge::importers {

namespace {

[[noreturn]] void unreadable(std::filesystem::path const& path, std::string const& what) {
    throw Error{ErrorCode::data_unreadable, fmt::format("{}: {}", path.string(), what)};
}

struct FileClose {
    void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileClose>;

[[nodiscard]] File open_file(std::filesystem::path const& path) {
    File file{std::fopen(path.c_str(), "rb")};
    if (!file) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be read; check its permissions", path.string())};
    }
    return file;
}

/// Looks through the whole file, so that the first row is read as the last one will be.
[[nodiscard]] std::string encoding_of(std::filesystem::path const& path) {
    auto const file = open_file(path);
    EncodingGuess guess;
    std::vector<char> buffer(std::size_t{1} << 20U);
    std::string carried; // the begun last line of a block; a cut character would look wrong
    while (auto const size = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        std::string_view block{buffer.data(), size};
        auto const end = block.rfind('\n');
        if (end == std::string_view::npos) {
            carried += block;
            if (carried.size() > CsvReader::kMaxRecord) {
                break; // no table has such lines; reading it will say so
            }
            continue;
        }
        carried += block.substr(0, block.find('\n') + 1);
        guess.add(carried);
        if (end + 1 > block.find('\n') + 1) {
            guess.add(block.substr(block.find('\n') + 1, end - block.find('\n')));
        }
        carried.assign(block.substr(end + 1));
    }
    guess.add(carried);
    if (auto found = guess.encoding()) {
        return *found;
    }
    unreadable(path, "its text is neither UTF-8 nor GB18030; pass --encoding, or save it as UTF-8");
}

} // namespace

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view kIdeographicSpace = "\xE3\x80\x80";
    auto const blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    for (;;) {
        if (!text.empty() && blank(text.front())) {
            text.remove_prefix(1);
        } else if (text.starts_with(kIdeographicSpace)) {
            text.remove_prefix(kIdeographicSpace.size());
        } else if (!text.empty() && blank(text.back())) {
            text.remove_suffix(1);
        } else if (text.ends_with(kIdeographicSpace)) {
            text.remove_suffix(kIdeographicSpace.size());
        } else {
            return text;
        }
    }
}

struct TableReader::Impl {
    std::filesystem::path path;
    std::vector<std::string> columns;
    std::string encoding;
    std::uint64_t bytes_read = 0;
    std::uint64_t bytes_total = 0;

    // CSV
    File file;
    std::optional<CsvReader> csv;
    std::size_t header_width = 0; ///< the columns and the nameless ones after the last name
    std::optional<TextDecoder> decoder;

    // XLSX
    struct Sheet {
        Sheet(std::string const& path, ReadOptions const& options)
            : process({path, options, true})
            , frames([this](std::span<char> buffer) { return process.read(buffer); }, options.limits, path) {}
        ReaderProcess process;
        FrameReader frames;
        RawFeature cells;
    };
    std::optional<Sheet> sheet;

    void open_csv(char separator, ReadOptions const& options);
    void open_xlsx(ReadOptions const& options);
    [[nodiscard]] Outcome next_csv(TableRow& row, std::vector<Problem>& problems);
    [[nodiscard]] Outcome next_xlsx(TableRow& row, std::vector<Problem>& problems);
    [[nodiscard]] Problem problem(std::uint64_t row, ProblemCode code, std::string const& message) const {
        return {code,
                {fmt::format("row {}", row)},
                fmt::format("{} row {}: {}", path.filename().string(), row, message),
                {},
                0,
                {}};
    }
    void set_columns(std::vector<std::string> const& names);
};

void TableReader::Impl::set_columns(std::vector<std::string> const& names) {
    for (auto const& name : names) {
        columns.emplace_back(trimmed(name));
    }
    while (!columns.empty() && columns.back().empty()) {
        columns.pop_back();
    }
    if (columns.empty()) {
        unreadable(path, "has no header; its first row must name the columns");
    }
}

void TableReader::Impl::open_csv(char separator, ReadOptions const& options) {
    encoding = options.encoding.empty() ? encoding_of(path) : TextDecoder{options.encoding}.encoding();
    decoder.emplace(encoding);
    bytes_total = std::filesystem::file_size(path);
    file = open_file(path);
    csv.emplace(
        [this](std::span<char> buffer) {
            auto size = std::fread(buffer.data(), 1, buffer.size(), file.get());
            if (size == 0 && std::ferror(file.get()) != 0) {
                throw Error{ErrorCode::environment, fmt::format("{}: reading failed", path.string())};
            }
            if (bytes_read == 0 && size >= 3 && std::string_view{buffer.data(), 3} == "\xEF\xBB\xBF") {
                std::copy(buffer.data() + 3, buffer.data() + size, buffer.data());
                bytes_read += 3;
                size -= 3;
            }
            bytes_read += size;
            return size;
        },
        separator);
    std::vector<std::string> header;
    auto const outcome = csv->next(header);
    if (outcome == CsvReader::Outcome::end) {
        unreadable(path, "has no header; its first row must name the columns");
    }
    if (outcome != CsvReader::Outcome::record) {
        unreadable(path, "its first row cannot be read: a quote is not closed");
    }
    for (auto& name : header) {
        if (name.find('\0') != std::string::npos) {
            unreadable(path, "is no text table, whatever its name says");
        }
        if (!decoder->decode(name)) {
            throw Error{ErrorCode::usage,
                        fmt::format("{}: the header is not valid {}; pass the right --encoding (GB18030, UTF-8)",
                                    path.string(), encoding)};
        }
    }
    header_width = header.size();
    set_columns(header);
}

TableReader::Outcome TableReader::Impl::next_csv(TableRow& row, std::vector<Problem>& problems) {
    auto const outcome = csv->next(row.fields);
    row.row = csv->line();
    switch (outcome) {
    case CsvReader::Outcome::end:
        return Outcome::end;
    case CsvReader::Outcome::open_quote:
    case CsvReader::Outcome::record_long:
        problems.push_back(problem(row.row, ProblemCode::malformed_value,
                                   "a quote that begins here is not closed; the rest of the file could not be read"));
        return Outcome::unreadable;
    case CsvReader::Outcome::bad_quote:
        problems.push_back(problem(row.row, ProblemCode::malformed_value,
                                   "text follows a closing quote; quotes inside a field must be doubled"));
        return Outcome::unreadable;
    case CsvReader::Outcome::record:
        break;
    }
    if (row.fields.size() != header_width) {
        problems.push_back(problem(row.row, ProblemCode::malformed_value,
                                   fmt::format("has {} columns, the header has {}", row.fields.size(), header_width)));
        return Outcome::unreadable;
    }
    row.fields.resize(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        auto& text = row.fields[i];
        if (!decoder->decode(text)) {
            problems.push_back(problem(
                row.row, ProblemCode::unreadable_text,
                fmt::format(
                    "column '{}' is not valid {}; pass the right --encoding (GB18030, UTF-8), or correct the value",
                    columns[i], encoding)));
            return Outcome::unreadable;
        }
        if (auto const inner = trimmed(text); inner.size() != text.size()) {
            text = std::string{inner};
        }
    }
    return Outcome::row;
}

void TableReader::Impl::open_xlsx(ReadOptions const& options) {
    sheet.emplace(path.string(), options);
    auto const header = sheet->frames.header();
    encoding = header.encoding;
    set_columns(header.columns);
}

TableReader::Outcome TableReader::Impl::next_xlsx(TableRow& row, std::vector<Problem>& problems) {
    std::vector<RowProblem> found;
    if (!sheet->frames.next(sheet->cells, found)) {
        return Outcome::end;
    }
    row.row = sheet->cells.row;
    row.fields = sheet->cells.fields;
    row.fields.resize(columns.size());
    for (auto const& said : found) {
        problems.push_back(problem(row.row, said.code, said.message));
    }
    return found.empty() ? Outcome::row : Outcome::unreadable;
}

TableReader::TableReader(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
TableReader::~TableReader() = default;
TableReader::TableReader(TableReader&&) noexcept = default;
TableReader& TableReader::operator=(TableReader&&) noexcept = default;

TableReader TableReader::open(std::filesystem::path const& path, ReadOptions const& options) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        unreadable(path, "is a folder; name the .csv, .tsv or .xlsx file in it");
    }
    if (!std::filesystem::is_regular_file(path, ignored)) {
        unreadable(path, "there is no such file");
    }
    if (!is_table_file(path)) {
        unreadable(path, "is no table by its name; accepted are .csv, .tsv, .txt and .xlsx");
    }
    if (std::filesystem::file_size(path) == 0) {
        unreadable(path, "is empty (0 bytes); copy it again from where it came");
    }
    auto impl = std::make_unique<Impl>();
    impl->path = path;
    auto extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (extension == ".xlsx") {
        impl->open_xlsx(options);
    } else {
        impl->open_csv(extension == ".csv" ? ',' : '\t', options);
    }
    return TableReader{std::move(impl)};
}

std::vector<std::string> const& TableReader::columns() const noexcept { return m_impl->columns; }
std::string const& TableReader::encoding() const noexcept { return m_impl->encoding; }
std::uint64_t TableReader::bytes_read() const noexcept { return m_impl->bytes_read; }
std::uint64_t TableReader::bytes_total() const noexcept { return m_impl->bytes_total; }

TableReader::Outcome TableReader::next(TableRow& row, std::vector<Problem>& problems) {
    return m_impl->csv ? m_impl->next_csv(row, problems) : m_impl->next_xlsx(row, problems);
}

} // namespace wangge::importers
