#include "side_matcher.hpp"

#include "edge_table.hpp"

#include <algorithm>
#include <utility>

namespace wangge::topology {

namespace {

constexpr std::size_t kFirstSlots = std::size_t{1} << 12;
/// Edges whose points' mixes agree in these bits are looked up: one in four.
constexpr std::uint64_t kSampled = std::uint64_t{3} << 62U;

std::uint64_t mix(Point p) noexcept {
    auto const packed = (std::uint64_t{static_cast<std::uint32_t>(p.lon)} << 32U) | static_cast<std::uint32_t>(p.lat);
    auto const key = packed * 0x9e3779b97f4a7c15ULL;
    return (key ^ (key >> 32U)) * 0xd6e8feb86659fd93ULL;
}

std::uint64_t hash_of(Point a, Point b) noexcept { return edge_hash(std::min(a, b), std::max(a, b)); }

} // namespace

SideMatcher::SideMatcher() : m_slots(kFirstSlots), m_mask(kFirstSlots - 1) {}

std::uint64_t SideMatcher::add(geom::Ring const& ring) {
    auto const size = static_cast<std::uint32_t>(ring.size());
    if (size == 0) {
        return 0;
    }
    auto const number = static_cast<std::uint32_t>(m_rings.size());
    m_rings.push_back({ring.data(), size, m_paired.size()});
    m_paired.resize(m_paired.size() + (size + kWordBits - 1) / kWordBits);
    auto const first = mix(ring[0]);
    auto here = first;
    std::uint64_t sum = 0;
    for (std::uint32_t k = 0; k < size; ++k) {
        bool const last = k + 1 == size;
        auto const next = last ? first : mix(ring[k + 1]);
        if (here == next && ring[k] == ring[last ? 0 : k + 1]) {
            set_paired(m_rings.back(), k); // no edge
            continue;
        }
        sum += here;
        if (((here ^ next) & kSampled) == 0) {
            look_up(number, k);
        }
        here = next;
    }
    return sum;
}

std::uint64_t SideMatcher::sum_of(geom::Ring const& ring) noexcept {
    std::uint64_t sum = 0;
    geom::for_each_edge(ring, [&](Point a, Point b) { sum += a == b ? 0 : mix(a); });
    return sum;
}

void SideMatcher::look_up(std::uint32_t number, std::uint32_t edge) {
    auto const& ring = m_rings[number];
    auto const from = ring.points[edge];
    auto const to = ring.points[edge + 1 == ring.size ? 0 : edge + 1];
    bool const done = is_paired(ring, edge); // on the way along from another one
    auto slot = hash_of(from, to) & m_mask;
    for (; m_slots[slot].ring != kNoRing; slot = (slot + 1) & m_mask) {
        auto& s = m_slots[slot];
        bool const opposite = s.from == to && s.to == from;
        if (!opposite && (s.from != from || s.to != to)) {
            continue;
        }
        if (is_paired(m_rings[s.ring], s.edge)) { // it is of no use any more
            if (done) {
                erase(slot);
            } else {
                s = {from, to, number, edge};
            }
        } else if (opposite && !done) {
            auto const other = s;
            erase(slot);
            pair_along(number, edge, other.ring, other.edge);
        }
        return;
    }
    if (!done) {
        m_slots[slot] = {from, to, number, edge};
        if (++m_used > m_slots.size() / 2) {
            grow();
        }
    }
}

void SideMatcher::pair_along(std::uint32_t number, std::uint32_t edge, std::uint32_t other_number,
                             std::uint32_t other_edge) {
    auto const& ring = m_rings[number];
    auto const& other = m_rings[other_number];
    auto const after = [](RingRef const& r, std::uint32_t k) { return k + 1 == r.size ? 0 : k + 1; };
    auto const before = [](RingRef const& r, std::uint32_t k) { return k == 0 ? r.size - 1 : k - 1; };
    auto const pair = [&](std::uint32_t k, std::uint32_t j) {
        if (is_paired(ring, k) || is_paired(other, j) || (&ring == &other && k == j)) {
            return false;
        }
        if (ring.points[k] != other.points[after(other, j)] || ring.points[after(ring, k)] != other.points[j]) {
            return false;
        }
        set_paired(ring, k);
        set_paired(other, j);
        return true;
    };
    for (auto k = edge, j = other_edge; pair(k, j);) {
        k = after(ring, k);
        j = before(other, j);
    }
    for (auto k = before(ring, edge), j = after(other, other_edge); pair(k, j);) {
        k = before(ring, k);
        j = after(other, j);
    }
}

/// What stands behind the freed slot and could stand in it moves there, so that searches never stop too early.
void SideMatcher::erase(std::size_t slot) noexcept {
    --m_used;
    auto hole = slot;
    for (auto next = (hole + 1) & m_mask; m_slots[next].ring != kNoRing; next = (next + 1) & m_mask) {
        auto const home = hash_of(m_slots[next].from, m_slots[next].to) & m_mask;
        if (((next - home) & m_mask) >= ((next - hole) & m_mask)) {
            m_slots[hole] = m_slots[next];
            hole = next;
        }
    }
    m_slots[hole].ring = kNoRing;
}

void SideMatcher::grow() {
    auto const old = std::exchange(m_slots, std::vector<Slot>(m_slots.size() * 2));
    m_mask = m_slots.size() - 1;
    for (auto const& s : old) {
        if (s.ring != kNoRing) {
            auto slot = hash_of(s.from, s.to) & m_mask;
            while (m_slots[slot].ring != kNoRing) {
                slot = (slot + 1) & m_mask;
            }
            m_slots[slot] = s;
        }
    }
}

} // namespace wangge::topology
