#include <wangge/base/error.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace wangge::importers {

namespace {

[[nodiscard]] bool is_ascii(std::string_view bytes) noexcept {
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

/// Length of the UTF-8 character that starts here, 0 when none does, -1 when it starts well and the bytes end inside
/// it.
[[nodiscard]] int utf8_character(std::string_view bytes) noexcept {
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

/// Same for the two- and four-byte forms of GB18030 (by their structure, not by the table).
[[nodiscard]] int gb18030_character(std::string_view bytes) noexcept {
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    if (at(0) < 0x80U) {
        return 1;
    }
    if (bytes.size() < 2) {
        return -1;
    }
    if (at(1) < 0x30U || at(1) > 0x39U) {
        return at(1) >= 0x40U ? 2 : 0;
    }
    return bytes.size() < 4 ? -1 : 4;
}

} // namespace

bool is_utf8(std::string_view bytes) noexcept {
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    std::size_t i = 0;
    auto const n = bytes.size();
    while (i < n) {
        if (at(i) < 0x80U) {
            for (++i; i + 8 <= n && is_ascii(bytes.substr(i, 8)); i += 8) {
            }
        } else if (i + 3 <= n && at(i) >= 0xE1U && at(i) <= 0xECU) { // nearly every Chinese character
            if ((at(i + 1) & 0xC0U) != 0x80U || (at(i + 2) & 0xC0U) != 0x80U) {
                return false;
            }
            i += 3;
        } else {
            int const length = utf8_character(bytes.substr(i));
            if (length <= 0) {
                return false;
            }
            i += static_cast<std::size_t>(length);
        }
    }
    return true;
}

std::string_view without_cut_character(std::string_view bytes, std::string_view encoding) noexcept {
    // A UTF-8 character shows where it begins; a GB18030 one only by counting from the start.
    std::size_t i = 0;
    if (encoding == "UTF-8" && bytes.size() > 3) {
        i = bytes.size() - 3;
        while (i < bytes.size() && (static_cast<unsigned char>(bytes[i]) & 0xC0U) == 0x80U) {
            ++i;
        }
    }
    while (i < bytes.size()) {
        auto const rest = bytes.substr(i);
        int const length = encoding == "UTF-8" ? utf8_character(rest) : gb18030_character(rest);
        if (length < 0) {
            return bytes.substr(0, i);
        }
        i += static_cast<std::size_t>(std::max(length, 1));
    }
    return bytes;
}

std::optional<std::string> canonical_encoding(std::string_view name) {
    std::string key;
    for (char const c : name) {
        if (c >= 'a' && c <= 'z') {
            key += static_cast<char>(c - 'a' + 'A');
        } else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            key += c;
        }
    }
    for (std::string_view const prefix : {"ANSI", "OEM", "CP", "MS", "WINDOWS"}) {
        if (key.starts_with(prefix) && key.size() > prefix.size()) {
            key.erase(0, prefix.size());
            break;
        }
    }
    if (key == "UTF8" || key == "65001" || key == "UTF8SIG") {
        return "UTF-8";
    }
    if (key == "GB18030" || key == "GBK" || key == "GB2312" || key == "936" || key == "54936" || key == "EUCCN") {
        return "GB18030";
    }
    if (key == "BIG5" || key == "950") {
        return "BIG5";
    }
    return std::nullopt;
}

struct TextDecoder::Converter {
    iconv_t handle;
    explicit Converter(iconv_t opened) : handle(opened) {}
    ~Converter() { iconv_close(handle); }
    Converter(Converter const&) = delete;
    Converter& operator=(Converter const&) = delete;
};

TextDecoder::TextDecoder(std::string_view encoding) {
    auto const canonical = canonical_encoding(encoding);
    if (!canonical) {
        throw Error{ErrorCode::usage,
                    fmt::format("encoding '{}' is not known; pass UTF-8, GB18030, GBK or BIG5", encoding)};
    }
    m_encoding = *canonical;
    if (m_encoding == "UTF-8") {
        return;
    }
    iconv_t const handle = iconv_open("UTF-8", m_encoding.c_str());
    if (handle == reinterpret_cast<iconv_t>(-1)) {
        throw Error{
            ErrorCode::environment,
            fmt::format("the system cannot read {}: its gconv modules are missing (package libc6)", m_encoding)};
    }
    m_converter = std::make_unique<Converter>(handle);
}

TextDecoder::~TextDecoder() = default;
TextDecoder::TextDecoder(TextDecoder&&) noexcept = default;
TextDecoder& TextDecoder::operator=(TextDecoder&&) noexcept = default;

bool TextDecoder::decode(std::string& text) {
    if (is_ascii(text)) {
        return true;
    }
    if (!m_converter) {
        return is_utf8(text);
    }
    iconv(m_converter->handle, nullptr, nullptr, nullptr, nullptr);
    m_buffer.resize(text.size() * 2 + 8); // two bytes become three, one byte none: never more than this
    char* in = text.data();
    std::size_t in_left = text.size();
    char* out = m_buffer.data();
    std::size_t out_left = m_buffer.size();
    if (iconv(m_converter->handle, &in, &in_left, &out, &out_left) == static_cast<std::size_t>(-1)) {
        return false;
    }
    text.assign(m_buffer.data(), m_buffer.size() - out_left);
    return true;
}

EncodingGuess::EncodingGuess() : m_gb18030("GB18030") {}

void EncodingGuess::add(std::string_view bytes) {
    if (is_ascii(bytes)) {
        return;
    }
    ++m_beyond_ascii;
    m_utf8 = m_utf8 && is_utf8(without_cut_character(bytes, "UTF-8"));
    if (m_gb) {
        std::string copy{without_cut_character(bytes, "GB18030")};
        m_gb = m_gb18030.decode(copy);
    }
}

std::optional<std::string> EncodingGuess::encoding() const {
    // Chinese text in GB18030 is next to never valid UTF-8; the other way round happens in half of all short words.
    if (m_utf8) {
        return "UTF-8";
    }
    return m_gb ? std::optional<std::string>{"GB18030"} : std::nullopt;
}

bool EncodingGuess::fits(std::string_view canonical) const {
    if (only_ascii()) {
        return true;
    }
    if (canonical == "UTF-8") {
        return m_utf8;
    }
    // A word or two in GB18030 can be UTF-8 by chance (the well-known one is the name of a telephone company).
    return canonical != "GB18030" || (m_gb && !(m_utf8 && m_beyond_ascii > 2));
}

} // namespace wangge::importers
