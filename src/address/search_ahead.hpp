#pragma once

#include "index_view.hpp"
#include "query_text.hpp"

#include <cstdint>

namespace wangge::address {

/**
 * Where the search for a text will look first, as far as that can be guessed cheaply: the road (or estate) that the
 * text names, in the narrowest division that it names, the house with the number, its door. Each step asks the memory
 * for what the next one reads, so that the steps of several texts wait together. Changes no answer. O(log n) in all.
 */
class SearchAhead {
public:
    void begin(IndexView const& view, AddressQuery const& query);
    /// False when there is nothing more to ask for.
    bool step(IndexView const& view);
    void clear() noexcept { m_next = Next::nothing; }

private:
    enum class Next : std::uint8_t { nothing, place, number, door, texts, estate };
    Next m_next = Next::nothing;
    bool m_has_number = false;
    std::uint32_t m_number = 0;
    DivisionNumber m_end = 0; ///< of the division
    PlaceId m_place = 0;
    HouseId m_first = 0, m_last = 0; ///< houses of the place
    NameId m_name = 0;               ///< of the estate
};

} // namespace wangge::address
