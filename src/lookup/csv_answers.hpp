#pragma once

#include "bulk_stream.hpp"
#include "csv_header.hpp"
#include "csv_marks.hpp"
#include "lattice_points.hpp"

#include <wangge/snapshot/snapshot.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace wangge::lookup {

/// Why a row has no position.
enum class RowFault : std::uint8_t { none, bad_lon, bad_lat, bad_row, bad_position };

/// What is written behind each row: separator, code, separator, status and line end, ready made for every grid, for
/// outside and for every fault. Immutable.
class RowEndings {
public:
    /// Room for the longest: two separators, 20 digits or "bad_position", "ok" and the line end.
    static constexpr std::size_t kBytes = 31;
    struct Ending {
        std::array<char, kBytes> text{};
        std::uint8_t size = 0;
    };
    static_assert(sizeof(Ending) == 32, "copied as a whole");

    RowEndings(snapshot::Snapshot const& snapshot, char separator);
    /// Which of all() ends a row with the answer `grid`.
    [[nodiscard]] std::uint32_t index(snapshot::GridId grid, RowFault fault) const noexcept {
        static_assert(snapshot::kOutside == ~snapshot::GridId{0}, "above every grid");
        return fault == RowFault::none ? std::min(grid, m_grids) : m_grids + static_cast<std::uint32_t>(fault);
    }
    /// Those of grids lie below it, those of faults above.
    [[nodiscard]] std::uint32_t outside() const noexcept { return m_grids; }
    [[nodiscard]] Ending const* all() const noexcept { return m_endings.data(); }

private:
    std::uint32_t m_grids;
    std::vector<Ending> m_endings;
};

/// Answers blocks of CSV records behind the header: see locate_csv().
class CsvAnswerer final : public BlockAnswerer {
public:
    /// `file` is for messages; `snapshot` and `endings` are borrowed.
    CsvAnswerer(snapshot::Snapshot const& snapshot, RowEndings const& endings, CsvHeader const& header,
                BulkRequest const& request, std::string file);

    [[nodiscard]] Tally answer(Block const& block, Deliver const& deliver) override;
    [[noreturn]] void refuse(std::uint64_t record) const override;

private:
    /// A row to be written: record bytes [begin, end) of the block, then so many empty fields.
    struct Row {
        std::uint32_t begin = 0, end = 0, missing = 0;
        RowFault fault = RowFault::none;
    };
    void read_rows(std::string_view text, Tally& tally);
    void find_grids();
    void write_rows(std::string_view text, Tally& tally, Deliver const& deliver);

    snapshot::Snapshot const& m_snapshot;
    RowEndings const& m_endings;
    CsvHeader m_header;
    LatticePoints m_lattice;
    std::string m_file;

    CsvMarks m_marks;
    std::vector<Row> m_rows;
    std::vector<crs::Coordinate> m_coordinates;
    std::vector<geom::Point> m_points;
    std::vector<std::uint8_t> m_is_fault;
    std::vector<snapshot::GridId> m_grids;
    std::vector<char> m_answer;
    std::size_t m_answer_size = 0;
};

} // namespace wangge::lookup
