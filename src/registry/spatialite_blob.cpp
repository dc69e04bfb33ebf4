#include "spatialite_blob.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace wangge::registry {

namespace {

constexpr std::byte kStart{0x00};
constexpr std::byte kBigEndian{0x00};
constexpr std::byte kLittleEndian{0x01};
constexpr std::byte kEnvelopeEnd{0x7C};
constexpr std::byte kEntity{0x69};
constexpr std::byte kEnd{0xFE};
constexpr std::int32_t kPolygon = 3;
constexpr std::int32_t kMultiPolygon = 6;

static_assert(std::endian::native == std::endian::little, "blobs are copied from memory as they stand");

class Writer {
public:
    explicit Writer(std::byte* at) : m_at(at) {}
    void put(std::byte value) { *m_at++ = value; }
    template <class T>
    void put(T value) {
        std::memcpy(m_at, &value, sizeof value);
        m_at += sizeof value;
    }
    void put(geom::Point p) {
        put(geom::to_degrees(p.lon));
        put(geom::to_degrees(p.lat));
    }

private:
    std::byte* m_at;
};

class Reader {
public:
    Reader(std::span<std::byte const> bytes, bool swap) : m_bytes(bytes), m_swap(swap) {}
    [[nodiscard]] std::size_t left() const noexcept { return m_bytes.size(); }

    [[nodiscard]] bool take(std::byte expected) noexcept {
        if (m_bytes.empty() || m_bytes.front() != expected) {
            return false;
        }
        m_bytes = m_bytes.subspan(1);
        return true;
    }
    template <class Bits>
    [[nodiscard]] bool take(Bits& value) noexcept {
        if (m_bytes.size() < sizeof(Bits)) {
            return false;
        }
        std::memcpy(&value, m_bytes.data(), sizeof(Bits));
        if (m_swap) {
            if constexpr (sizeof(Bits) == 8) {
                value = __builtin_bswap64(value);
            } else {
                value = __builtin_bswap32(value);
            }
        }
        m_bytes = m_bytes.subspan(sizeof(Bits));
        return true;
    }
    [[nodiscard]] bool take(std::int32_t expected) noexcept {
        std::uint32_t value = 0;
        return take(value) && value == static_cast<std::uint32_t>(expected);
    }
    /// A count of things of at least `size` bytes each; more than the bytes can hold is refused before any memory is
    /// taken.
    [[nodiscard]] bool take_count(std::size_t size, std::uint32_t& count) noexcept {
        return take(count) && count <= m_bytes.size() / size;
    }
    [[nodiscard]] bool take_degrees(double limit, std::int32_t& units) noexcept {
        std::uint64_t bits = 0;
        if (!take(bits)) {
            return false;
        }
        auto const degrees = std::bit_cast<double>(bits);
        if (!(std::abs(degrees) <= limit)) { // NaN is refused too
            return false;
        }
        units = geom::to_lattice(degrees);
        return true;
    }

private:
    std::span<std::byte const> m_bytes;
    bool m_swap;
};

bool read_ring(Reader& reader, geom::Ring& ring) {
    std::uint32_t count = 0;
    if (!reader.take_count(16, count) || count < 4) {
        return false;
    }
    ring.resize(count);
    for (auto& point : ring) {
        if (!reader.take_degrees(180, point.lon) || !reader.take_degrees(90, point.lat)) {
            return false;
        }
    }
    if (ring.front() != ring.back()) {
        return false;
    }
    ring.pop_back();
    return true;
}

bool read_polygon(Reader& reader, geom::Polygon& polygon) {
    std::uint32_t rings = 0;
    if (!reader.take_count(4, rings) || rings == 0 || !read_ring(reader, polygon.outer)) {
        return false;
    }
    for (std::uint32_t i = 1; i < rings; ++i) {
        if (!read_ring(reader, polygon.holes.emplace_back())) {
            return false;
        }
    }
    return true;
}

} // namespace

void write_spatialite_blob(geom::MultiPolygon const& shape, std::vector<std::byte>& out) {
    std::size_t size = 43 + 4 + 1 + shape.parts.size() * (1 + 4 + 4); // header with class, count of parts, end; parts
    geom::for_each_ring(shape, [&](geom::Ring const& ring) { size += 4 + 16 * (ring.size() + 1); });
    out.resize(size);

    Writer writer{out.data()};
    auto const envelope = geom::envelope_of(shape);
    writer.put(kStart);
    writer.put(kLittleEndian);
    writer.put(std::int32_t{kSrid});
    writer.put(envelope.min);
    writer.put(envelope.max);
    writer.put(kEnvelopeEnd);
    writer.put(kMultiPolygon);
    writer.put(static_cast<std::int32_t>(shape.parts.size()));
    auto const put_ring = [&](geom::Ring const& ring) {
        writer.put(static_cast<std::int32_t>(ring.size() + 1));
        for (auto const point : ring) {
            writer.put(point);
        }
        writer.put(ring.front());
    };
    for (auto const& part : shape.parts) {
        writer.put(kEntity);
        writer.put(kPolygon);
        writer.put(static_cast<std::int32_t>(1 + part.holes.size()));
        put_ring(part.outer);
        for (auto const& hole : part.holes) {
            put_ring(hole);
        }
    }
    writer.put(kEnd);
}

std::optional<geom::MultiPolygon> read_spatialite_blob(std::span<std::byte const> bytes) {
    if (bytes.size() < 2 || bytes[0] != kStart || (bytes[1] != kLittleEndian && bytes[1] != kBigEndian)) {
        return std::nullopt;
    }
    Reader reader{bytes.subspan(2), bytes[1] == kBigEndian};
    if (!reader.take(std::int32_t{kSrid})) {
        return std::nullopt;
    }
    for (int i = 0; i < 4; ++i) { // the envelope is derived from the rings
        std::uint64_t ignored = 0;
        if (!reader.take(ignored)) {
            return std::nullopt;
        }
    }
    std::uint32_t type = 0;
    if (!reader.take(kEnvelopeEnd) || !reader.take(type)) {
        return std::nullopt;
    }
    geom::MultiPolygon shape;
    if (type == static_cast<std::uint32_t>(kPolygon)) {
        if (!read_polygon(reader, shape.parts.emplace_back())) {
            return std::nullopt;
        }
    } else if (type == static_cast<std::uint32_t>(kMultiPolygon)) {
        std::uint32_t parts = 0;
        if (!reader.take_count(9, parts) || parts == 0) {
            return std::nullopt;
        }
        for (std::uint32_t i = 0; i < parts; ++i) {
            if (!reader.take(kEntity) || !reader.take(kPolygon) || !read_polygon(reader, shape.parts.emplace_back())) {
                return std::nullopt;
            }
        }
    } else {
        return std::nullopt;
    }
    if (!reader.take(kEnd) || reader.left() != 0) {
        return std::nullopt;
    }
    return shape;
}

} // namespace wangge::registry
