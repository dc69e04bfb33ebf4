#include <wangge/geom/wkb.hpp>

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace wangge::geom {

namespace {

static_assert(std::endian::native == std::endian::little, "WKB is written by copying native values");

constexpr std::uint32_t kWkbPolygon = 3;
constexpr std::uint32_t kWkbMultiPolygon = 6;

template <class T>
void put(std::vector<std::byte>& out, T value) {
    auto const at = out.size();
    out.resize(at + sizeof value);
    std::memcpy(out.data() + at, &value, sizeof value);
}

void put_ring(std::vector<std::byte>& out, Ring const& ring) {
    put(out, static_cast<std::uint32_t>(ring.empty() ? 0 : ring.size() + 1));
    auto const at = out.size();
    out.resize(at + (ring.empty() ? 0 : ring.size() + 1) * 16);
    auto* p = out.data() + at;
    auto const put_point = [&](Point q) {
        double const xy[2] = {to_degrees(q.lon), to_degrees(q.lat)};
        std::memcpy(p, xy, 16);
        p += 16;
    };
    for (auto const q : ring) {
        put_point(q);
    }
    if (!ring.empty()) {
        put_point(ring.front());
    }
}

/// Cursor over bytes that never leaves them; `ok` turns false once and stays so.
class Cursor {
public:
    explicit Cursor(std::span<std::byte const> bytes) : m_bytes(bytes) {}
    [[nodiscard]] bool ok() const { return m_ok; }
    [[nodiscard]] std::size_t left() const { return m_bytes.size(); }

    bool byte_order() {
        auto const order = get_raw<std::uint8_t>();
        m_swap = order == 0;
        return m_ok && order <= 1;
    }
    std::uint32_t u32() {
        auto const value = get_raw<std::uint32_t>();
        return m_swap ? __builtin_bswap32(value) : value;
    }
    double f64() {
        auto bits = get_raw<std::uint64_t>();
        return std::bit_cast<double>(m_swap ? __builtin_bswap64(bits) : bits);
    }

private:
    template <class T>
    T get_raw() {
        T value{};
        if (m_bytes.size() < sizeof(T)) {
            m_ok = false;
            m_bytes = {};
            return value;
        }
        std::memcpy(&value, m_bytes.data(), sizeof(T));
        m_bytes = m_bytes.subspan(sizeof(T));
        return value;
    }
    std::span<std::byte const> m_bytes;
    bool m_ok = true;
    bool m_swap = false;
};

bool read_ring(Cursor& in, Ring& ring) {
    auto const n = in.u32();
    if (!in.ok() || n > in.left() / 16) {
        return false;
    }
    ring.reserve(n);
    for (std::uint32_t i = 0; i < n; ++i) {
        double const lon = in.f64();
        double const lat = in.f64();
        if (!(std::abs(lon) <= 180 && std::abs(lat) <= 90)) {
            return false;
        }
        ring.push_back({to_lattice(lon), to_lattice(lat)});
    }
    if (ring.size() > 1 && ring.front() == ring.back()) {
        ring.pop_back();
    }
    return in.ok();
}

bool read_polygon_body(Cursor& in, Polygon& polygon) {
    auto const rings = in.u32();
    if (!in.ok() || rings > in.left() / 4) {
        return false;
    }
    for (std::uint32_t i = 0; i < rings; ++i) {
        Ring ring;
        if (!read_ring(in, ring)) {
            return false;
        }
        if (i == 0) {
            polygon.outer = std::move(ring);
        } else {
            polygon.holes.push_back(std::move(ring));
        }
    }
    return true;
}

} // namespace

void append_wkb(MultiPolygon const& shape, std::vector<std::byte>& out) {
    put(out, std::uint8_t{1});
    put(out, kWkbMultiPolygon);
    put(out, static_cast<std::uint32_t>(shape.parts.size()));
    for (auto const& part : shape.parts) {
        put(out, std::uint8_t{1});
        put(out, kWkbPolygon);
        put(out, static_cast<std::uint32_t>(1 + part.holes.size()));
        put_ring(out, part.outer);
        for (auto const& hole : part.holes) {
            put_ring(out, hole);
        }
    }
}

std::optional<MultiPolygon> parse_wkb(std::span<std::byte const> bytes) {
    Cursor in{bytes};
    if (!in.byte_order()) {
        return std::nullopt;
    }
    auto const type = in.u32();
    MultiPolygon shape;
    if (type == kWkbPolygon) {
        Polygon polygon;
        if (!read_polygon_body(in, polygon)) {
            return std::nullopt;
        }
        if (!polygon.outer.empty()) {
            shape.parts.push_back(std::move(polygon));
        }
    } else if (type == kWkbMultiPolygon) {
        auto const parts = in.u32();
        if (!in.ok() || parts > in.left() / 9) {
            return std::nullopt;
        }
        for (std::uint32_t i = 0; i < parts; ++i) {
            Polygon polygon;
            if (!in.byte_order() || in.u32() != kWkbPolygon || !read_polygon_body(in, polygon)) {
                return std::nullopt;
            }
            if (!polygon.outer.empty()) {
                shape.parts.push_back(std::move(polygon));
            }
        }
    } else {
        return std::nullopt;
    }
    if (!in.ok() || in.left() != 0) {
        return std::nullopt;
    }
    return shape;
}

std::string to_wkt(Point p) { return fmt::format("POINT({:.7f} {:.7f})", to_degrees(p.lon), to_degrees(p.lat)); }

std::string to_wkt(MultiPolygon const& shape) {
    if (shape.empty()) {
        return "MULTIPOLYGON EMPTY";
    }
    std::string text = "MULTIPOLYGON(";
    auto const ring_text = [&](Ring const& ring) {
        text += '(';
        for (std::size_t i = 0; i <= ring.size() && !ring.empty(); ++i) {
            auto const p = ring[i % ring.size()];
            fmt::format_to(std::back_inserter(text), "{}{:.7f} {:.7f}", i == 0 ? "" : ",", to_degrees(p.lon),
                           to_degrees(p.lat));
        }
        text += ')';
    };
    for (auto const& part : shape.parts) {
        text += &part == &shape.parts.front() ? "(" : ",(";
        ring_text(part.outer);
        for (auto const& hole : part.holes) {
            text += ',';
            ring_text(hole);
        }
        text += ')';
    }
    return text + ')';
}

} // namespace wangge::geom
