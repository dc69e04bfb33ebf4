#pragma once

#include <wangge/geom/problem.hpp>
#include <wangge/importers/raw_feature.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace wangge::importers {

/// One row of a table, UTF-8, surrounding blanks removed; as many fields as there are columns.
struct TableRow {
    std::uint64_t row =
        0; ///< as a spreadsheet or editor counts: the header is row 1; for CSV the line the row begins on
    std::vector<std::string> fields;
};

/**
 * Reads tables with a header row: .csv (comma), .tsv and .txt (tab), UTF-8 with or without BOM or GB18030, streamed in
 * constant memory; .xlsx (one sheet), every cell as text, opened in a process of its own
 * (reader_program.hpp). One object serves one thread.
 */
class TableReader {
public:
    /// Throws Error{data_unreadable} for what is not such a file, has no header or has text in no known encoding,
    /// Error{usage} for a sheet or encoding that cannot be; all name the file.
    [[nodiscard]] static TableReader open(std::filesystem::path const& path, ReadOptions const& options);
    ~TableReader();
    TableReader(TableReader&&) noexcept;
    TableReader& operator=(TableReader&&) noexcept;

    [[nodiscard]] std::vector<std::string> const& columns() const noexcept;
    [[nodiscard]] std::string const& encoding() const noexcept;
    /// Bytes of the file read so far and in all, for progress; 0 of 0 where that is not known.
    [[nodiscard]] std::uint64_t bytes_read() const noexcept;
    [[nodiscard]] std::uint64_t bytes_total() const noexcept;

    enum class Outcome {
        row,
        unreadable, ///< a problem with the row number was appended: ragged, bad quotes, text not in the encoding
        end,
    };
    [[nodiscard]] Outcome next(TableRow& row, std::vector<Problem>& problems);

private:
    struct Impl;
    explicit TableReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

/// Without spaces, tabs, line breaks and ideographic spaces (U+3000) on both sides.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

} // namespace wangge::importers
