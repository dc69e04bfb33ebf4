#include "radix_sort.hpp"
#include "support/random.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

using wangge::address::radix_sort;

BOOST_AUTO_TEST_SUITE(sorting_by_digits)

BOOST_AUTO_TEST_CASE(items_are_sorted_as_a_stable_sort_has_them) {
    struct Item {
        std::uint64_t key = 0;
        std::size_t place = 0;
        bool operator==(Item const&) const = default;
    };
    constexpr std::uint64_t kSeed = 31;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    wangge::test::Random random{kSeed};
    // Keys that differ in all bits, in none, in the lowest or highest alone, and in two places far apart.
    for (std::uint64_t const mask : {~0ULL, 0ULL, 1ULL, 1ULL << 63U, 0x8000000000000001ULL, 0xfff00000fffULL, 0x7ffULL,
                                     0x1ffeULL, 0xffffffff00000000ULL}) {
        for (std::size_t const count : {0U, 1U, 2U, 3U, 100U, 5000U}) {
            std::vector<Item> items;
            for (std::size_t i = 0; i < count; ++i) {
                items.push_back({(random.next() & mask) | (0x5555555555555555ULL & ~mask), i});
            }
            auto expected = items;
            std::stable_sort(expected.begin(), expected.end(),
                             [](Item const& a, Item const& b) { return a.key < b.key; });
            radix_sort(items, [](Item const& item) { return item.key; });
            BOOST_TEST(bool(items == expected), "mask " << mask << ", " << count << " items");
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
