#include "text_recoder.hpp"

#include <wangge/base/error.hpp>

#include <fmt/format.h>
#include <iconv.h>

#include <cstdint>

namespace wangge::lookup {

TextRecoder::TextRecoder(char const* to, char const* from) : m_iconv(::iconv_open(to, from)) {
    if (m_iconv == reinterpret_cast<void*>(-1)) {
        throw Error{ErrorCode::environment, fmt::format("this system's iconv cannot turn {} into {}", from, to)};
    }
}

TextRecoder::~TextRecoder() { ::iconv_close(m_iconv); }

bool TextRecoder::convert(std::string& text) {
    m_out.resize(text.size() * 4 + 8);
    char* source = text.data();
    char* target = m_out.data();
    std::size_t source_left = text.size(), target_left = m_out.size();
    ::iconv(m_iconv, nullptr, nullptr, nullptr, nullptr); // forget a text that broke off
    if (::iconv(m_iconv, &source, &source_left, &target, &target_left) == static_cast<std::size_t>(-1)) {
        return false;
    }
    text.assign(m_out.data(), m_out.size() - target_left);
    return true;
}

bool is_utf8_beginning(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        auto const lead = static_cast<std::uint8_t>(text[i]);
        std::size_t const length = lead < 0x80                   ? 1
                                   : lead >= 0xc2 && lead < 0xe0 ? 2
                                   : (lead & 0xf0U) == 0xe0      ? 3
                                   : lead >= 0xf0 && lead < 0xf5 ? 4
                                                                 : 0;
        if (length == 0) {
            return false;
        }
        for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
            if ((static_cast<std::uint8_t>(text[i + k]) & 0xc0U) != 0x80) {
                return false;
            }
        }
        i += length;
    }
    return true;
}

} // namespace wangge::lookup
