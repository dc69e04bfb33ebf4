#include <wangge/base/error.hpp>
#include <wangge/base/text_recoder.hpp>

#include <fmt/format.h>
#include <iconv.h>

namespace wangge {

TextRecoder::TextRecoder(char const* to, char const* from) : m_iconv(::iconv_open(to, from)) {
    if (m_iconv == reinterpret_cast<void*>(-1)) {
        throw Error{ErrorCode::environment,
                    fmt::format("this system's iconv cannot turn {} into {}; install the package libc-bin", from, to)};
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

} // namespace wangge
