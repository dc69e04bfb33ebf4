#include "edge_table.hpp"

#include <algorithm>

namespace wangge::topology {

EdgeTable::EdgeTable(std::size_t edge_count) {
    // Some 2,000 uses a bucket: 40 kB and as much for the slots.
    auto const bits = std::clamp(static_cast<unsigned>(std::bit_width(edge_count / 2048)), 1U, 16U);
    m_shift = 64 - bits;
    m_begin.assign((std::size_t{1} << bits) + 1, 0);
}

void EdgeTable::allocate() {
    for (std::size_t k = 1; k < m_begin.size(); ++k) {
        m_begin[k] += m_begin[k - 1];
    }
    m_next = m_begin;
    m_uses.resize(m_begin.back());
}

} // namespace wangge::topology
