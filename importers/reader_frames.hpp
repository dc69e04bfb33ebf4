#pragma once

#include <wangge/base/error.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/importers/raw_feature.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::importers {

/**
 * What a reading process and the program that started it say to each other. The program sends one request. The process
 * answers with frames: a type byte, a 32-bit length, so many bytes; numbers are little-endian, texts are a 32-bit
 * length and UTF-8. The order is header, feature..., end; a fault may stand in the place of any of them and is the
 * last.
 */

struct ReadRequest {
    std::string path; ///< of a file, or "PG:..."
    ReadOptions options;
    bool sheet = false; ///< rows of a workbook instead of features
};
[[nodiscard]] std::string encode(ReadRequest const& request);
/// Throws Error{environment} when it is not whole: program and process are of different versions.
[[nodiscard]] ReadRequest decode_request(std::string_view bytes);

/// What is known of a file once it is open.
struct SourceHeader {
    std::string layer;
    std::string encoding;       ///< canonical name
    std::string crs_definition; ///< WKT; empty when the file has none
    std::vector<std::string> columns;
    std::vector<Words> remarks;
    std::uint64_t feature_count = 0; ///< as the file says, for progress only
    std::vector<ValueType> types;    ///< of the columns
};

/// What is wrong with one feature.
struct RowProblem {
    ProblemCode code{};
    Words message;
};

/// Writes frames to a file descriptor. A closed pipe ends the process by SIGPIPE.
class FrameWriter {
public:
    explicit FrameWriter(int fd) : m_fd(fd) {}
    void header(SourceHeader const& header);
    void feature(RawFeature const& feature, std::span<RowProblem const> problems);
    void end(std::uint64_t features);
    void fault(ErrorCode code, Words const& message);
    void flush();

private:
    int m_fd;
    std::string m_buffer;
};

/**
 * Reads frames and believes none of them: every length, count, code and text is checked, rows only grow, features,
 * vertices and bytes are counted against the limits. Memory grows with the bytes that arrived, never with a length that
 * was only claimed.
 */
class FrameReader {
public:
    /// Puts at least one byte into the span and returns how many; throws when there are no more.
    using Source = std::function<std::size_t(std::span<char>)>;
    /// `subject` (the file) begins every message.
    FrameReader(Source source, ReadLimits const& limits, std::string subject);

    /// Throws Error{data_unreadable} for what is no such stream, the process's own Error for a fault.
    [[nodiscard]] SourceHeader header();
    /// False at the end. Same errors. `problems` is replaced.
    [[nodiscard]] bool next(RawFeature& feature, std::vector<RowProblem>& problems);

private:
    struct Frame {
        std::uint8_t type = 0;
        std::string_view payload;
    };
    [[nodiscard]] Frame frame();
    void need(std::size_t bytes);
    [[noreturn]] void malformed(char const* what) const;
    [[noreturn]] void raise(std::string_view payload) const;

    Source m_source;
    ReadLimits m_limits;
    std::string m_subject;
    std::string m_buffer;
    std::size_t m_begin = 0; ///< of the bytes of m_buffer that were not yet used
    std::size_t m_end = 0;
    std::size_t m_columns = 0;
    std::size_t m_last_row = 0;
    std::uint64_t m_features = 0;
    std::uint64_t m_vertices = 0;
};

/// `text` on one line that a terminal shows as it is: control characters become blanks, what is not UTF-8 question
/// marks, at most `longest` bytes.
[[nodiscard]] std::string shown_safely(std::string_view text, std::size_t longest = 2000);

} // namespace wangge::importers
