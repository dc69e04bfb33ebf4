#include "csv_answers.hpp"

#include "coordinate_text.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace wangge::lookup {

namespace {

/// Answered together: enough to hide the memory's latency, few enough to stay in the nearer caches.
constexpr std::size_t kBatchRecords = 1024;
/// An answer is handed out in pieces of about this size at most.
constexpr std::size_t kPieceBytes = std::size_t{4} << 20U;
/// Copied at once for most records; a jump for every length would cost more.
constexpr std::size_t kUsualRecord = 64;
/// Endings are fetched so many rows before they are copied.
constexpr std::size_t kFetchAhead = 24;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

} // namespace

RowEndings::RowEndings(snapshot::Snapshot const& snapshot, char separator)
    : m_grids(static_cast<std::uint32_t>(snapshot.grid_count())) {
    auto const add = [&](std::string_view code, std::string_view status) {
        auto const text = fmt::format("{}{}{}{}\n", separator, code, separator, status);
        auto& ending = m_endings.emplace_back();
        std::copy(text.begin(), text.end(), ending.text.begin());
        ending.size = static_cast<std::uint8_t>(text.size());
    };
    m_endings.reserve(m_grids + 5);
    for (snapshot::GridId id = 0; id < m_grids; ++id) {
        add(snapshot.grid(id).code.str(), "ok");
    }
    for (auto const* const status : {"outside", "bad_lon", "bad_lat", "bad_row", "bad_position"}) { // as RowFault
        add("", status);
    }
}

CsvAnswerer::CsvAnswerer(snapshot::Snapshot const& snapshot, RowEndings const& endings, CsvHeader const& header,
                         BulkRequest const& request, std::string file)
    : m_snapshot(snapshot)
    , m_endings(endings)
    , m_header(header)
    , m_lattice(request.crs, request.site_systems)
    , m_file(std::move(file))
    , m_marks(header.separator) {}

void refuse_long_record(std::string const& file, std::uint64_t row) {
    throw Error{ErrorCode::data_rejected,
                fmt::format("{}: the record at row {} is longer than {} bytes; a quote is probably not closed", file,
                            row, kLongestRecord)};
}

void CsvAnswerer::refuse(std::uint64_t record) const { refuse_long_record(m_file, record); }

Tally CsvAnswerer::answer(Block const& block, Deliver const& deliver) {
    Tally tally;
    m_answer_size = 0;
    m_marks.begin(block.bytes());
    while (!tally.stopped && m_marks.next(kBatchRecords)) {
        read_rows(block.bytes(), tally);
        find_grids();
        write_rows(block.bytes(), tally, deliver);
    }
    if (m_answer_size != 0) {
        deliver({m_answer.data(), m_answer_size});
    }
    return tally;
}

void CsvAnswerer::read_rows(std::string_view text, Tally& tally) {
    auto const records = m_marks.records();
    m_rows.resize(records);
    m_coordinates.resize(records);
    auto const needed = std::max(m_header.lon, m_header.lat) + 1;
    std::size_t rows = 0;
    for (std::size_t record = 0; record < records; ++record) {
        auto const begin = m_marks.begin_of(record);
        auto const line_end = m_marks.end_of(record);
        if (line_end - begin > kLongestRecord) {
            tally.stopped = true;
            break;
        }
        ++tally.records;
        auto const end = line_end - static_cast<std::uint32_t>(line_end != begin && text[line_end - 1] == '\r');
        if (begin == end) {
            continue;
        }
        auto const columns = m_marks.columns(record);
        auto const field = [&](std::size_t column) {
            auto const first = m_marks.begin_of(record, column);
            auto const last = column + 1 == columns ? end : m_marks.end_of(record, column);
            return text.substr(first, last - first);
        };
        Row row{begin, end, 0, RowFault::none};
        crs::Coordinate at{kNan, kNan};
        // The answer must stand under its own heading: short rows are filled up, long ones cannot be answered.
        if (columns < m_header.columns) {
            row.missing = static_cast<std::uint32_t>(m_header.columns) - columns;
        }
        if (columns < needed || columns > m_header.columns) {
            row.fault = RowFault::bad_row;
        } else {
            at.x = parse_coordinate(field(m_header.lon));
            at.y = m_header.lat == m_header.lon ? kNan : parse_coordinate(field(m_header.lat));
            if (!std::isfinite(at.x)) {
                row.fault = RowFault::bad_lon;
            } else if (!std::isfinite(at.y)) {
                row.fault = RowFault::bad_lat;
            }
            if (row.fault != RowFault::none) {
                at = {kNan, kNan};
            }
        }
        m_rows[rows] = row;
        m_coordinates[rows] = at;
        ++rows;
    }
    m_rows.resize(rows);
    m_coordinates.resize(rows);
}

void CsvAnswerer::find_grids() {
    m_points.resize(m_rows.size());
    m_grids.resize(m_rows.size());
    m_is_fault.resize(m_rows.size());
    m_lattice.convert(m_coordinates, m_points, m_is_fault);
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        if (m_is_fault[i] != 0 && m_rows[i].fault == RowFault::none) {
            m_rows[i].fault = RowFault::bad_position;
        }
    }
    m_snapshot.point_index().locate(m_points, m_grids);
}

void CsvAnswerer::write_rows(std::string_view text, Tally& tally, Deliver const& deliver) {
    auto const rows = m_rows.size();
    if (rows == 0) {
        return;
    }
    auto const outside = m_endings.outside();
    std::uint64_t inside = 0, faults = 0;
    for (std::size_t i = 0; i < rows; ++i) {
        auto const ending = m_endings.index(m_grids[i], m_rows[i].fault);
        m_grids[i] = ending;
        inside += static_cast<std::uint64_t>(ending < outside);
        faults += static_cast<std::uint64_t>(ending > outside);
    }
    tally.result.rows += rows;
    tally.result.inside += inside;
    tally.result.faults += faults;
    tally.result.outside += rows - inside - faults;

    char* to = nullptr;
    auto const make_room = [&](std::size_t used, std::size_t bytes) {
        if (m_answer.size() < used + bytes) {
            m_answer.resize(std::max(used + bytes, m_answer.size() + m_answer.size() / 2));
        }
        to = m_answer.data() + used;
    };
    auto const used = [&] { return static_cast<std::size_t>(to - m_answer.data()); };
    auto const bytes_from = [&](std::size_t row) {
        return std::size_t{m_rows.back().end} - m_rows[row].begin + (rows - row) * sizeof(RowEndings::Ending) +
               kUsualRecord;
    };
    make_room(m_answer_size, bytes_from(0));
    auto const* const endings = m_endings.all();
    for (std::size_t i = 0; i < std::min(rows, kFetchAhead); ++i) {
        __builtin_prefetch(endings + m_grids[i]);
    }
    for (std::size_t i = 0; i < rows; ++i) {
        __builtin_prefetch(endings + m_grids[std::min(i + kFetchAhead, rows - 1)]);
        auto const row = m_rows[i];
        char const* const record = text.data() + row.begin;
        std::size_t const size = row.end - row.begin;
        std::memcpy(to, record, kUsualRecord);
        if (size > kUsualRecord) {
            std::memcpy(to + kUsualRecord, record + kUsualRecord, size - kUsualRecord);
        }
        to += size;
        if (row.missing != 0) {
            make_room(used(), row.missing + bytes_from(i));
            std::memset(to, m_header.separator, row.missing);
            to += row.missing;
        }
        auto const& ending = endings[m_grids[i]];
        std::memcpy(to, &ending, sizeof ending);
        to += ending.size;
        if (used() > kPieceBytes) {
            deliver({m_answer.data(), used()});
            to = m_answer.data();
        }
    }
    m_answer_size = used();
}

} // namespace wangge::lookup
