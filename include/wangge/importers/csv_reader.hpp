#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::importers {

/**
 * Streaming reader of RFC 4180 text: quoted fields with doubled quotes, separators and line breaks inside quotes, CRLF
 * or LF, with or without a line break at the end. Works on bytes, so it fits every encoding in which no part of a
 * longer character looks like a comma, tab, quote or line break: UTF-8, GB18030, BIG5. Empty lines are passed over.
 * Memory: one record.
 */
class CsvReader {
public:
    /// Fills the buffer and returns how many bytes it put there, 0 at the end.
    using Source = std::function<std::size_t(std::span<char>)>;

    enum class Outcome {
        record,
        end,
        bad_quote,   ///< text after a closing quote; the record holds what was read
        open_quote,  ///< the file ends inside a quoted field; nothing follows
        record_long, ///< a record of more than kMaxRecord bytes, mostly a quote that is never closed; nothing follows
    };
    static constexpr std::size_t kMaxRecord = std::size_t{1} << 20U;

    CsvReader(Source source, char separator);
    /// Reads the next record into `fields` (their memory is used again).
    [[nodiscard]] Outcome next(std::vector<std::string>& fields);
    /// Number of the line, from 1, on which the last record began.
    [[nodiscard]] std::uint64_t line() const noexcept { return m_record_line; }

private:
    [[nodiscard]] bool fill();
    Source m_source;
    char m_separator;
    std::vector<char> m_buffer;
    std::size_t m_at = 0;
    std::size_t m_size = 0;
    std::uint64_t m_line = 1;
    std::uint64_t m_record_line = 0;
    bool m_ended = false;
};

} // namespace wangge::importers
