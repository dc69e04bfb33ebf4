#pragma once

#include "text_pool.hpp"

#include <wangge/address/address_index.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

/// Columns of an address point whose texts are kept once each.
enum class Column : std::uint8_t { road, number, estate, building, unit, room };
inline constexpr std::size_t kColumns = 6;

/// How a standard text follows from its parts: HEAD road number estate building unit room, or HEAD estate road number
/// building unit room; `odd` where it does not.
enum class TextOrder : std::uint8_t { road_first, estate_first, odd };

struct TableRecord {
    std::uint64_t bytes_at = 0; ///< of the id, and of an odd text behind it
    std::uint32_t id_size = 0, text_size = 0;
    DivisionNumber village = kNoDivision;
    std::uint32_t columns[kColumns] = {}; ///< in the pool
    std::uint32_t head = 0;               ///< in the pool; of no meaning for an odd text
    geom::Point at;
    TextOrder order = TextOrder::road_first;
    EstateKind kind = EstateKind::from_text;
    bool by_staff = false;

    [[nodiscard]] std::uint32_t operator[](Column c) const noexcept { return columns[static_cast<std::size_t>(c)]; }
};

/// Records in blocks that stay where they are while more are added.
class RecordList {
public:
    void push_back(TableRecord const& record) {
        if (m_size % kBlock == 0) {
            m_blocks.emplace_back().reserve(kBlock);
        }
        m_blocks.back().push_back(record);
        ++m_size;
    }
    [[nodiscard]] std::size_t size() const noexcept { return m_size; }
    [[nodiscard]] TableRecord& operator[](std::size_t i) noexcept { return m_blocks[i / kBlock][i % kBlock]; }
    [[nodiscard]] TableRecord const& operator[](std::size_t i) const noexcept {
        return m_blocks[i / kBlock][i % kBlock];
    }

private:
    static constexpr std::size_t kBlock = std::size_t{1} << 16U;
    std::vector<std::vector<TableRecord>> m_blocks;
    std::size_t m_size = 0;
};

/// All records of a build in memory, in the order in which they came; texts that many have are kept once.
struct RecordTable {
    TextPool pool;
    std::vector<std::uint8_t> used_as; ///< for each text of the pool: bit c set when it stands in column c
    RecordList records;
    std::string bytes; ///< ids and odd texts

    [[nodiscard]] std::string_view id(TableRecord const& r) const noexcept {
        return {bytes.data() + r.bytes_at, r.id_size};
    }
    [[nodiscard]] std::string_view odd_text(TableRecord const& r) const noexcept {
        return {bytes.data() + r.bytes_at + r.id_size, r.text_size};
    }
    [[nodiscard]] bool is_used_as(std::uint32_t text, Column c) const noexcept {
        return (std::uint32_t{used_as[text]} >> static_cast<unsigned>(c) & 1U) != 0;
    }
};

/// Reads all records; where one has a text alone, its columns are read from that (TextColumns). Error{data_rejected}
/// for more than the format can number.
[[nodiscard]] RecordTable read_records(std::function<bool(AddressRecord&)> const& next, Gazetteer const& gazetteer,
                                       Progress& progress);

} // namespace wangge::address
