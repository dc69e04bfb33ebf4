#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::lookup {

/// A record longer than this is not a CSV of positions; a stray quote would otherwise swallow the whole file into
/// memory. Its line end is not counted.
inline constexpr std::size_t kLongestRecord = std::size_t{1} << 20U;
/// Throws Error{data_rejected} that names the file and the row.
[[noreturn]] void refuse_long_record(std::string const& file, std::uint64_t row);

/// Length of the whole records at the beginning of `text`, which begins with a record: up to behind its last line end
/// outside quotes; 0 when there is none. Bytes 64 behind `text` must be readable.
[[nodiscard]] std::size_t whole_records(std::string_view text) noexcept;

/// Length of the first record of `text` with its line end; 0 when its line end is not there.
[[nodiscard]] std::size_t first_record(std::string_view text) noexcept;
/// The record without its line end; one inside quotes stays.
[[nodiscard]] std::string_view without_line_end(std::string_view record) noexcept;

/**
 * Finds the separators and line ends of a CSV that are not inside quotes; a quote anywhere opens or closes. Works on 64
 * bytes at a time. The text must begin with a record; its end ends the last one.
 */
class CsvMarks {
public:
    explicit CsvMarks(char separator) noexcept : m_separator(separator) {}

    /// Bytes 64 behind `text` must be readable. It is borrowed until the next call of begin().
    void begin(std::string_view text);
    /// Marks the next records, at least `records` of them while there are as many. False when there are no more.
    bool next(std::size_t records);

    [[nodiscard]] std::size_t records() const noexcept { return m_record_ends.size() - 1; }
    /// Fields of a record.
    [[nodiscard]] std::uint32_t columns(std::size_t record) const noexcept {
        return m_record_ends[record + 1] - m_record_ends[record];
    }
    [[nodiscard]] std::uint32_t begin_of(std::size_t record, std::size_t column = 0) const noexcept {
        return m_marks[m_record_ends[record] + column] + 1U;
    }
    /// Where the separator behind field `column` is, or the line end.
    [[nodiscard]] std::uint32_t end_of(std::size_t record, std::size_t column) const noexcept {
        return m_marks[m_record_ends[record] + column + 1];
    }
    /// Where the line end of the record is, or the end of the text.
    [[nodiscard]] std::uint32_t end_of(std::size_t record) const noexcept { return m_marks[m_record_ends[record + 1]]; }

private:
    char m_separator;
    std::string_view m_text;
    std::size_t m_at = 0;
    std::uint64_t m_quoted = 0;               ///< all ones inside quotes
    std::vector<std::uint32_t> m_marks;       ///< positions; the first is the line end before the records
    std::vector<std::uint32_t> m_record_ends; ///< where in m_marks the line ends are; the first is 0
    std::size_t m_mark_count = 0;
};

} // namespace wangge::lookup
