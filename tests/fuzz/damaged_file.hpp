#pragma once

#include <wangge/base/digest.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace wangge::fuzz {

/// What a mapped file may have become. The first byte of the input chooses: the rest of it as the file, or as patches
/// (24-bit offset, new byte) to a valid one. The header's checksum, of all before it, is made right again, so that
/// damage gets past it.
[[nodiscard]] inline std::vector<std::byte> damaged(std::span<std::uint8_t const> input,
                                                    std::vector<std::byte> const& valid, std::size_t checksum_at) {
    auto bytes = valid;
    if (!input.empty() && input[0] % 8 == 0) {
        auto const raw = std::as_bytes(input.subspan(1));
        bytes.assign(raw.begin(), raw.end());
    } else {
        for (std::size_t i = 1; i + 4 <= input.size(); i += 4) {
            auto const at = input[i] | std::size_t{input[i + 1]} << 8U | std::size_t{input[i + 2]} << 16U;
            bytes[at % bytes.size()] = static_cast<std::byte>(input[i + 3]);
        }
    }
    if (bytes.size() >= checksum_at + sizeof(std::uint64_t)) {
        auto const checksum = checksum64(std::span{bytes}.first(checksum_at));
        std::memcpy(bytes.data() + checksum_at, &checksum, sizeof checksum);
    }
    return bytes;
}

} // namespace wangge::fuzz
