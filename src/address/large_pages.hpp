#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace wangge::address {

/// From this size on an array gets pages of its own, large ones where the kernel has them: most of what a new array
/// costs is being given its pages one by one.
inline constexpr std::size_t kLargeArray = std::size_t{4} << 20U;
[[nodiscard]] void* allocate_large(std::size_t bytes); ///< std::bad_alloc
void free_large(void* memory) noexcept;

template <class T>
struct LargePages {
    using value_type = T;
    LargePages() noexcept = default;
    template <class U>
    LargePages(LargePages<U> const&) noexcept {} // NOLINT(google-explicit-constructor): as allocators are

    [[nodiscard]] T* allocate(std::size_t count) {
        auto const bytes = count * sizeof(T); // std::vector keeps the count below what would overflow
        return static_cast<T*>(bytes < kLargeArray ? ::operator new(bytes) : allocate_large(bytes));
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        if (count * sizeof(T) < kLargeArray) {
            ::operator delete(memory);
        } else {
            free_large(memory);
        }
    }
    template <class U>
    bool operator==(LargePages<U> const&) const noexcept {
        return true;
    }
};

template <class T>
using LargeVector = std::vector<T, LargePages<T>>;

} // namespace wangge::address
