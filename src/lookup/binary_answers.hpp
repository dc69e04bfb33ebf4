#pragma once

#include "bulk_stream.hpp"
#include "lattice_points.hpp"

#include <wangge/snapshot/snapshot.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace wangge::lookup {

/// Bytes of a record.
[[nodiscard]] constexpr std::size_t record_bytes(BinaryForm form) noexcept { return form == BinaryForm::e7 ? 8 : 16; }

/// The code of every grid as a number. Throws Error{usage} when a code is not told by its number.
[[nodiscard]] std::vector<std::uint64_t> code_numbers(snapshot::Snapshot const& snapshot);

/// Answers blocks of positions: see locate_binary().
class BinaryAnswerer final : public BlockAnswerer {
public:
    /// `file` is for messages; `snapshot` and `codes` are borrowed. Throws Error{usage} for the CRS.
    BinaryAnswerer(snapshot::Snapshot const& snapshot, std::vector<std::uint64_t> const& codes, BinaryForm form,
                   BulkRequest const& request, std::string file);

    [[nodiscard]] Tally answer(Block const& block, Deliver const& deliver) override;
    [[noreturn]] void refuse(std::uint64_t record) const override;

private:
    /// Positions of the records into m_points; what is none into m_is_fault.
    void read_lattice(char const* records);
    void read_coordinates(char const* records);
    void write_codes(std::uint64_t* answers, Tally& tally) const;

    snapshot::Snapshot const& m_snapshot;
    std::vector<std::uint64_t> const& m_codes;
    BinaryForm m_form;
    LatticePoints m_lattice;
    std::string m_file;

    std::vector<crs::Coordinate> m_coordinates;
    std::vector<geom::Point> m_points;
    std::vector<std::uint8_t> m_is_fault;
    std::vector<snapshot::GridId> m_grids;
    std::vector<std::uint64_t> m_answer;
};

} // namespace wangge::lookup
