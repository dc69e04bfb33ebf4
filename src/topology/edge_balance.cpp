#include "edge_balance.hpp"

#include <utility>

namespace wangge::topology {

namespace {

constexpr std::size_t kFirstSlots = std::size_t{1} << 12;

/// Slots in use at most.
constexpr std::size_t most_of(std::size_t slots) noexcept { return slots / 8 * 5; }

} // namespace

EdgeBalance::EdgeBalance() : m_slots(kFirstSlots), m_mask(kFirstSlots - 1), m_most(most_of(kFirstSlots)) {}

/// What stands behind the freed slot and could stand in it moves there, so that searches never stop too early.
void EdgeBalance::erase(std::size_t slot) noexcept {
    --m_size;
    auto hole = slot;
    for (auto next = (hole + 1) & m_mask; m_slots[next].net != 0; next = (next + 1) & m_mask) {
        auto const home = edge_hash(m_slots[next].low, m_slots[next].high) & m_mask;
        if (((next - home) & m_mask) >= ((next - hole) & m_mask)) {
            m_slots[hole] = m_slots[next];
            hole = next;
        }
    }
    m_slots[hole].net = 0;
}

void EdgeBalance::grow() {
    auto const old = std::exchange(m_slots, std::vector<Slot>(m_slots.size() * 2));
    m_mask = m_slots.size() - 1;
    m_most = most_of(m_slots.size());
    for (auto const& s : old) {
        if (s.net != 0) {
            auto slot = edge_hash(s.low, s.high) & m_mask;
            while (m_slots[slot].net != 0) {
                slot = (slot + 1) & m_mask;
            }
            m_slots[slot] = s;
        }
    }
}

} // namespace wangge::topology
