#include "large_pages.hpp"

#include <sys/mman.h>

#include <cstdlib>

namespace wangge::address {

namespace {

constexpr std::size_t kPage = std::size_t{2} << 20U;

} // namespace

void* allocate_large(std::size_t bytes) {
    auto const whole = (bytes + kPage - 1) / kPage * kPage;
    void* const memory = std::aligned_alloc(kPage, whole);
    if (memory == nullptr) {
        throw std::bad_alloc{};
    }
    ::madvise(memory, whole, MADV_HUGEPAGE); // a wish: without large pages it is slower only
    return memory;
}

void free_large(void* memory) noexcept { std::free(memory); }

} // namespace wangge::address
