#include "face_order.hpp"

#include <numeric>
#include <string>
#include <tuple>

namespace wangge::topology {

namespace {

bool shape_less(geom::MultiPolygon const& a, geom::MultiPolygon const& b) {
    return std::lexicographical_compare(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(),
                                        [](geom::Polygon const& p, geom::Polygon const& q) {
                                            return std::tie(p.outer, p.holes) < std::tie(q.outer, q.holes);
                                        });
}

bool comes_before(Face const& a, Face const& b) {
    if (auto const order = a.name.compare(b.name); order != 0) {
        return order < 0;
    }
    if (a.incoming != b.incoming) {
        return a.incoming;
    }
    return a.shape && b.shape ? shape_less(*a.shape, *b.shape) : !a.shape && b.shape;
}

/// The first 16 bytes of a name as two numbers that compare as they do; codes are no longer.
struct NameKey {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    std::uint32_t face = 0;
};

NameKey key_of(std::string const& name, std::uint32_t face) {
    NameKey key{0, 0, face};
    for (std::size_t k = 0; k < 16; ++k) {
        auto const byte = std::uint64_t{k < name.size() ? static_cast<unsigned char>(name[k]) : 0U};
        (k < 8 ? key.head : key.tail) |= byte << (56U - 8U * (k % 8));
    }
    return key;
}

} // namespace

std::vector<std::uint32_t> order_by_name(std::span<Face const> faces) {
    std::vector<std::uint32_t> order(faces.size());
    std::iota(order.begin(), order.end(), 0U);
    if (std::is_sorted(faces.begin(), faces.end(), comes_before)) {
        return order;
    }
    std::vector<NameKey> keys;
    keys.reserve(faces.size());
    for (auto const i : order) {
        keys.push_back(key_of(faces[i].name, i));
    }
    std::sort(keys.begin(), keys.end(), [&](NameKey const& a, NameKey const& b) {
        if (a.head != b.head || a.tail != b.tail) {
            return std::tie(a.head, a.tail) < std::tie(b.head, b.tail);
        }
        return comes_before(faces[a.face], faces[b.face]);
    });
    std::transform(keys.begin(), keys.end(), order.begin(), [](NameKey const& key) { return key.face; });
    return order;
}

} // namespace wangge::topology
