#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// The greatest of a range of an array that is ordered by something else, without looking at all of it: for each 16
/// values the place of the greatest, for each 16 of these the same, and so on up to one. Of equal values the first
/// counts.
namespace wangge::address {

class MostOfRange {
public:
    static constexpr std::size_t kFan = 16;

    template <class Value>
    static std::vector<std::uint32_t> build(std::size_t count, Value&& value) {
        std::vector<std::uint32_t> levels;
        std::size_t below = 0; // where the level below begins; the lowest is the array itself
        for (auto size = count; size > 1;) {
            auto const here = levels.size();
            bool const lowest = size == count;
            for (std::size_t i = 0; i < size; i += kFan) {
                auto const at = [&](std::size_t j) {
                    return lowest ? static_cast<std::uint32_t>(j) : levels[below + j];
                };
                auto best = at(i);
                for (auto j = i + 1; j < std::min(size, i + kFan); ++j) {
                    best = value(at(j)) > value(best) ? at(j) : best;
                }
                levels.push_back(best);
            }
            below = here;
            size = levels.size() - here;
        }
        return levels;
    }
    /// Number of entries that build() makes.
    static std::size_t size_for(std::size_t count) noexcept {
        std::size_t size = 0;
        while (count > 1) {
            count = (count + kFan - 1) / kFan;
            size += count;
        }
        return size;
    }

    MostOfRange(std::span<std::uint32_t const> levels, std::size_t count) noexcept : m_levels(levels), m_count(count) {}

    /// Place of the greatest in [begin, end), which is not empty. O(log n).
    template <class Value>
    [[nodiscard]] std::uint32_t best(std::size_t begin, std::size_t end, Value&& value) const {
        auto found = static_cast<std::uint32_t>(begin);
        bool any = false;
        auto const take = [&](std::uint32_t place) {
            if (!any || value(place) > value(found) || (value(place) == value(found) && place < found)) {
                found = place;
                any = true;
            }
        };
        std::size_t level = 0; // where it begins in m_levels; of the array itself nothing is stored
        auto size = m_count;
        bool lowest = true;
        while (begin < end) {
            auto const at = [&](std::size_t i) { return lowest ? static_cast<std::uint32_t>(i) : m_levels[level + i]; };
            for (; begin < end && begin % kFan != 0; ++begin) {
                take(at(begin));
            }
            for (; begin < end && end % kFan != 0 && end != size; --end) {
                take(at(end - 1));
            }
            if (end - begin <= kFan) {
                for (; begin < end; ++begin) {
                    take(at(begin));
                }
                break;
            }
            level += lowest ? 0 : size;
            size = (size + kFan - 1) / kFan;
            begin /= kFan;
            end = (end + kFan - 1) / kFan;
            lowest = false;
        }
        return found;
    }

private:
    std::span<std::uint32_t const> m_levels;
    std::size_t m_count = 0;
};

} // namespace wangge::address
