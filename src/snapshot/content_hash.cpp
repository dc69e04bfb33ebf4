#include "content_hash.hpp"

#include <bit>
#include <span>

namespace wangge::snapshot {

static_assert(std::endian::native == std::endian::little,
              "numbers are hashed in little-endian order as they lie in memory");

namespace {

using Record = std::vector<std::byte>;

void put(Record& record, std::uint64_t value, std::size_t bytes) {
    auto const raw = std::as_bytes(std::span{&value, 1}).first(bytes);
    record.insert(record.end(), raw.begin(), raw.end());
}

void put(Record& record, std::string_view text) {
    put(record, text.size(), 4);
    auto const raw = std::as_bytes(std::span{text.data(), text.size()});
    record.insert(record.end(), raw.begin(), raw.end());
}

void put(Record& record, geom::Ring const& ring) {
    put(record, ring.size(), 4);
    auto const raw = std::as_bytes(std::span{ring});
    record.insert(record.end(), raw.begin(), raw.end());
}

} // namespace

ContentHash::ContentHash() { m_hash.update(std::string_view{"wangge content 2\n"}); }

void ContentHash::divisions(std::size_t count) {
    m_record.clear();
    put(m_record, count, 8);
    m_hash.update(m_record);
}

void ContentHash::division(DivisionCode code, std::string_view name, Level level, DivisionCode parent) {
    m_record.clear();
    put(m_record, code.value(), 8);
    put(m_record, static_cast<std::uint64_t>(level), 1);
    put(m_record, parent.value(), 8);
    put(m_record, name);
    m_hash.update(m_record);
}

void ContentHash::grids(std::size_t count) { divisions(count); }

void ContentHash::grid(Digest const& digest) { m_hash.update(std::as_bytes(std::span{digest.bytes})); }

Digest grid_digest(GridCode const& code, std::string_view name, GridKind kind, DivisionCode village,
                   geom::MultiPolygon const& normalized) {
    Record record;
    put(record, code.str());
    put(record, name);
    put(record, static_cast<std::uint64_t>(kind), 1);
    put(record, village.value(), 8);
    put(record, normalized.parts.size(), 4);
    for (auto const& part : normalized.parts) {
        put(record, 1 + part.holes.size(), 4);
        put(record, part.outer);
        for (auto const& hole : part.holes) {
            put(record, hole);
        }
    }
    Sha256 hash;
    hash.update(record);
    return hash.finish();
}

} // namespace wangge::snapshot
