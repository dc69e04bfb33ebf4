#include "problem_text.hpp"
#include "reader_process.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/utf8.hpp>
#include <wangge/importers/csv_reader.hpp>
#include <wangge/importers/ogr_reader.hpp>
#include <wangge/importers/table_reader.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <optional>
#include <utility>

namespace wangge::importers {

namespace {

[[noreturn]] void unreadable(std::filesystem::path const& path, Words const& what) {
    throw Error{ErrorCode::data_unreadable, words("{}: {}", "{}：{}", path.string(), what)};
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

constexpr std::string_view kUtf16 = "UTF-16";

/// The bytes of a UTF-16 file, as spreadsheets save "Unicode text", piece by piece as UTF-8.
class Utf16Pieces {
public:
    /// Empty unless the file begins with a byte order mark of UTF-16; it is then read from behind that on.
    [[nodiscard]] static std::optional<Utf16Pieces> of(std::FILE* file) {
        std::array<char, 2> mark{};
        auto const size = std::fread(mark.data(), 1, mark.size(), file);
        std::string_view const text{mark.data(), size};
        if (text == "\xFF\xFE" || text == "\xFE\xFF") {
            return Utf16Pieces{text};
        }
        std::rewind(file);
        return std::nullopt;
    }

    /// Takes bytes of the file, the last ones with `last`. False when they are no UTF-16.
    [[nodiscard]] bool put(std::string_view bytes, bool last) {
        m_raw += bytes;
        auto end = m_raw.size() - m_raw.size() % 2;
        if (!last && end >= 2 && begins_pair(end - 2)) { // its other half is still to come
            end -= 2;
        }
        auto made = utf16_to_utf8(m_mark + m_raw.substr(0, end));
        m_raw.erase(0, end);
        if (!made || (last && !m_raw.empty())) {
            return false;
        }
        m_made.erase(0, std::exchange(m_taken, 0));
        m_made += *made;
        return true;
    }
    [[nodiscard]] std::size_t take(std::span<char> buffer) noexcept {
        auto const size = m_made.copy(buffer.data(), buffer.size(), m_taken);
        m_taken += size;
        return size;
    }

private:
    explicit Utf16Pieces(std::string_view mark) : m_mark(mark) {}
    [[nodiscard]] bool begins_pair(std::size_t at) const noexcept {
        auto const high = static_cast<unsigned char>(m_raw[m_mark[0] == '\xFF' ? at + 1 : at]);
        return high >= 0xD8U && high <= 0xDBU;
    }
    std::string m_mark;
    std::string m_raw;  ///< not yet read as text
    std::string m_made; ///< UTF-8, of which m_taken bytes are given out
    std::size_t m_taken = 0;
};

/// Of a file that is in no encoding throughout.
[[nodiscard]] bool is_mostly_utf8(std::filesystem::path const& path) {
    auto const file = open_file(path);
    std::vector<char> buffer(std::size_t{1} << 20U);
    bool mostly = true;
    while (auto const size = mostly ? std::fread(buffer.data(), 1, buffer.size(), file.get()) : 0) {
        mostly = wangge::is_mostly_utf8({buffer.data(), size});
    }
    return mostly;
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
    if (is_mostly_utf8(path)) {
        return "UTF-8"; // a few bad rows, which will be named
    }
    unreadable(path, words("its text is neither UTF-8 nor GB18030 nor Big5; pass --encoding, or save it as UTF-8",
                           "文字不是 UTF-8、GB18030 或 Big5；请用 --encoding 指明，或另存为 UTF-8"));
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
    std::optional<Utf16Pieces> utf16;
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
    [[nodiscard]] std::size_t read_bytes(std::span<char> buffer);
    [[nodiscard]] std::size_t read_utf16(std::span<char> buffer);
    void open_xlsx(ReadOptions const& options);
    [[nodiscard]] Outcome next_csv(TableRow& row, std::vector<Problem>& problems);
    [[nodiscard]] Outcome next_xlsx(TableRow& row, std::vector<Problem>& problems);
    [[nodiscard]] Problem problem(std::uint64_t row, ProblemCode code, Words const& message) const {
        auto const name = fmt::format("row {}", row);
        return row_problem(code, name, fmt::format("{} {}", path.filename().string(), name), message);
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
        unreadable(path, words("has no header; its first row must name the columns", "没有表头；第一行应为列名"));
    }
}

std::size_t TableReader::Impl::read_bytes(std::span<char> buffer) {
    auto const size = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (size == 0 && std::ferror(file.get()) != 0) {
        throw Error{ErrorCode::environment, fmt::format("{}: reading failed", path.string())};
    }
    return size;
}

std::size_t TableReader::Impl::read_utf16(std::span<char> buffer) {
    std::string piece(std::size_t{1} << 16U, '\0');
    for (;;) {
        if (auto const size = utf16->take(buffer); size > 0) {
            return size;
        }
        auto const size = read_bytes(piece);
        bytes_read += size;
        if (!utf16->put({piece.data(), size}, size == 0)) {
            unreadable(path, words("begins as UTF-16 but is none further on; save it as UTF-8",
                                   "开头是 UTF-16，后面却不是；请另存为 UTF-8"));
        }
        if (size == 0) {
            return utf16->take(buffer);
        }
    }
}

void TableReader::Impl::open_csv(char separator, ReadOptions const& options) {
    bytes_total = std::filesystem::file_size(path);
    file = open_file(path);
    utf16 = Utf16Pieces::of(file.get()); // its mark leaves no doubt, whatever --encoding says
    encoding = utf16 ? kUtf16 : options.encoding.empty() ? encoding_of(path) : TextDecoder{options.encoding}.encoding();
    decoder.emplace(utf16 ? "UTF-8" : encoding);
    csv.emplace(
        [this](std::span<char> buffer) {
            if (utf16) {
                return read_utf16(buffer);
            }
            auto size = read_bytes(buffer);
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
        unreadable(path, words("has no header; its first row must name the columns", "没有表头；第一行应为列名"));
    }
    if (outcome != CsvReader::Outcome::record) {
        unreadable(path, words("its first row cannot be read: a quote is not closed", "第一行无法读取：引号没有闭合"));
    }
    for (auto& name : header) {
        if (name.find('\0') != std::string::npos) {
            unreadable(path, words("is no text table, whatever its name says", "内容不是文本表格，与文件名不符"));
        }
        if (!decoder->decode(name)) {
            throw Error{ErrorCode::usage,
                        words("{}: the header is not valid {}; pass the right --encoding (GB18030, UTF-8)",
                              "{}：表头不是有效的 {}；请用 --encoding 指定正确的编码（GB18030、UTF-8）", path.string(),
                              encoding)};
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
                                   words("a quote that begins here is not closed; the rest of the file could not be "
                                         "read",
                                         "从这里开始的引号没有闭合，文件的其余部分无法读取")));
        return Outcome::unreadable;
    case CsvReader::Outcome::bad_quote:
        problems.push_back(problem(row.row, ProblemCode::malformed_value,
                                   words("text follows a closing quote; quotes inside a field must be doubled",
                                         "引号闭合之后还有文字；字段内的引号要写成两个")));
        return Outcome::unreadable;
    case CsvReader::Outcome::record:
        break;
    }
    if (row.fields.size() != header_width) {
        problems.push_back(problem(row.row, ProblemCode::malformed_value,
                                   words("has {} columns, the header has {}; correct the row (text with a separator "
                                         "in it stands in quotes)",
                                         "有 {} 列，而表头有 {} 列；请更正该行（含分隔符的文字要加引号）",
                                         row.fields.size(), header_width)));
        return Outcome::unreadable;
    }
    row.fields.resize(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        auto& text = row.fields[i];
        if (!decoder->decode(text)) {
            problems.push_back(problem(
                row.row, ProblemCode::unreadable_text,
                words("column '{}' is not valid {}; pass the right --encoding (GB18030, UTF-8), or correct the value",
                      "“{}”列的文字不是有效的 {}；请用 --encoding 指定正确的编码（GB18030、UTF-8），或更正该值",
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
        unreadable(path, words("is a folder; name the .csv, .tsv or .xlsx file in it",
                               "是文件夹；请写明其中的 .csv、.tsv 或 .xlsx 文件"));
    }
    if (!std::filesystem::is_regular_file(path, ignored)) {
        unreadable(path, words("there is no such file", "没有这个文件"));
    }
    if (!is_table_file(path)) {
        unreadable(path, words("is no table by its name; accepted are .csv, .tsv, .txt and .xlsx",
                               "从文件名看不是表格；可用 .csv、.tsv、.txt、.xlsx"));
    }
    if (std::filesystem::file_size(path) == 0) {
        unreadable(path, words("is empty (0 bytes); copy it again from where it came",
                               "是空文件（0 字节）；请从来源处重新复制"));
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
