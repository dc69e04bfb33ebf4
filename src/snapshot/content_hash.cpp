#include "content_hash.hpp"

#include <bit>

namespace wangge::snapshot {

static_assert(std::endian::native == std::endian::little,
              "numbers are hashed in little-endian order as they lie in memory");

ContentHash::ContentHash() { m_hash.update(std::string_view{"wangge content 1\n"}); }

void ContentHash::put(std::uint64_t value, std::size_t bytes) {
    auto const raw = std::as_bytes(std::span{&value, 1}).first(bytes);
    m_record.insert(m_record.end(), raw.begin(), raw.end());
}

void ContentHash::put(std::string_view text) {
    put(text.size(), 4);
    auto const raw = std::as_bytes(std::span{text.data(), text.size()});
    m_record.insert(m_record.end(), raw.begin(), raw.end());
}

void ContentHash::flush() {
    m_hash.update(m_record);
    m_record.clear();
}

void ContentHash::divisions(std::size_t count) {
    put(count, 8);
    flush();
}

void ContentHash::division(DivisionCode code, std::string_view name, Level level, DivisionCode parent) {
    put(code.value(), 8);
    put(static_cast<std::uint64_t>(level), 1);
    put(parent.value(), 8);
    put(name);
    flush();
}

void ContentHash::grids(std::size_t count) {
    put(count, 8);
    flush();
}

void ContentHash::grid(GridCode const& code, std::string_view name, GridKind kind, DivisionCode village,
                       geom::MultiPolygon const& normalized) {
    put(code.str());
    put(name);
    put(static_cast<std::uint64_t>(kind), 1);
    put(village.value(), 8);
    put(normalized.parts.size(), 4);
    for (auto const& part : normalized.parts) {
        put(1 + part.holes.size(), 4);
        auto const put_ring = [&](geom::Ring const& ring) {
            put(ring.size(), 4);
            auto const raw = std::as_bytes(std::span{ring});
            m_record.insert(m_record.end(), raw.begin(), raw.end());
        };
        put_ring(part.outer);
        for (auto const& hole : part.holes) {
            put_ring(hole);
        }
    }
    flush();
}

} // namespace wangge::snapshot
