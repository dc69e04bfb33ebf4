#include <wangge/base/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace wangge {

int utf8_character(std::string_view bytes) noexcept {
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    unsigned const lead = at(0);
    if (lead < 0x80U) {
        return 1;
    }
    int const length = lead >= 0xC2U && lead <= 0xDFU   ? 2
                       : lead >= 0xE0U && lead <= 0xEFU ? 3
                       : lead >= 0xF0U && lead <= 0xF4U ? 4
                                                        : 0;
    for (int i = 1; i < length; ++i) {
        if (static_cast<std::size_t>(i) >= bytes.size()) {
            return -1;
        }
        unsigned const c = at(static_cast<std::size_t>(i));
        unsigned const low = i > 1 ? 0x80U : lead == 0xE0U ? 0xA0U : lead == 0xF0U ? 0x90U : 0x80U;
        unsigned const high = i > 1 ? 0xBFU : lead == 0xEDU ? 0x9FU : lead == 0xF4U ? 0x8FU : 0xBFU;
        if (c < low || c > high) {
            return 0;
        }
    }
    return length;
}

bool is_ascii(std::string_view bytes) noexcept {
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, 8);
        if ((word & 0x8080808080808080ULL) != 0) {
            return false;
        }
    }
    return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(i), bytes.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0x80U) == 0; });
}

namespace {

/// Where the first character begins that is none or is cut; the size where there is none such.
std::size_t end_of_utf8(std::string_view bytes) noexcept {
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    std::size_t i = 0;
    auto const n = bytes.size();
    while (i < n) {
        if (at(i) < 0x80U) {
            for (++i; i + 8 <= n && is_ascii(bytes.substr(i, 8)); i += 8) {
            }
        } else if (i + 3 <= n && at(i) >= 0xE1U && at(i) <= 0xECU) { // nearly every Chinese character
            if ((at(i + 1) & 0xC0U) != 0x80U || (at(i + 2) & 0xC0U) != 0x80U) {
                return i;
            }
            i += 3;
        } else {
            int const length = utf8_character(bytes.substr(i));
            if (length <= 0) {
                return i;
            }
            i += static_cast<std::size_t>(length);
        }
    }
    return n;
}

} // namespace

bool is_utf8(std::string_view bytes) noexcept { return end_of_utf8(bytes) == bytes.size(); }

bool is_mostly_utf8(std::string_view block) noexcept {
    std::size_t good = 0, bad = 0;
    while (!block.empty()) {
        auto const line = block.substr(0, block.find('\n'));
        auto const rest = line.substr(end_of_utf8(line));
        bool const cut = line.size() == block.size() && !rest.empty() && utf8_character(rest) < 0;
        bad += rest.empty() || cut ? 0U : 1U;
        good += rest.empty() && !is_ascii(line) ? 1U : 0U;
        block.remove_prefix(std::min(block.size(), line.size() + 1));
    }
    return bad <= good;
}

void append_utf8(std::string& text, char32_t character) {
    auto const add = [&](char32_t byte) { text += static_cast<char>(byte); };
    if (character < 0x80) {
        add(character);
        return;
    }
    if (character < 0x800) {
        add(0xc0U | character >> 6U);
    } else {
        if (character < 0x10000) {
            add(0xe0U | character >> 12U);
        } else {
            add(0xf0U | character >> 18U);
            add(0x80U | (character >> 12U & 0x3fU));
        }
        add(0x80U | (character >> 6U & 0x3fU));
    }
    add(0x80U | (character & 0x3fU));
}

} // namespace wangge
