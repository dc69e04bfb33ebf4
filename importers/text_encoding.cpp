#include <wangge/base/error.hpp>
#include <wangge/base/utf8.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

namespace wangge::importers {

namespace {

/// As utf8_character() for the two- and four-byte forms of GB18030 (by their structure, not by the table).
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
        throw Error{ErrorCode::usage, words("encoding '{}' is not known; pass UTF-8, GB18030, GBK or BIG5",
                                            "没有名为“{}”的编码；可用 UTF-8、GB18030、GBK、BIG5", encoding)};
    }
    m_encoding = *canonical;
    if (m_encoding == "UTF-8") {
        return;
    }
    // Hong Kong writes Big5 with its own characters, 深水埗 among them.
    iconv_t const handle = iconv_open("UTF-8", m_encoding == "BIG5" ? "BIG5-HKSCS" : m_encoding.c_str());
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
    m_buffer.resize(text.size() * 2 + 8); // two bytes become at most four, one byte none: never more than this
    char* in = text.data();
    std::size_t in_left = text.size();
    char* out = m_buffer.data();
    std::size_t out_left = m_buffer.size();
    constexpr auto kFailed = static_cast<std::size_t>(-1);
    if (iconv(m_converter->handle, &in, &in_left, &out, &out_left) == kFailed ||
        iconv(m_converter->handle, nullptr, nullptr, &out, &out_left) == kFailed) { // a character may be held back
        return false;
    }
    text.assign(m_buffer.data(), m_buffer.size() - out_left);
    return true;
}

std::optional<std::string> utf16_to_utf8(std::string_view bytes) {
    bool const little = bytes.starts_with("\xFF\xFE");
    if ((!little && !bytes.starts_with("\xFE\xFF")) || bytes.size() % 2 != 0) {
        return std::nullopt;
    }
    auto const unit = [&](std::size_t at) {
        auto const first = static_cast<unsigned char>(bytes[at]);
        auto const second = static_cast<unsigned char>(bytes[at + 1]);
        return static_cast<std::uint32_t>(little ? first | second << 8U : first << 8U | second);
    };
    std::string result;
    result.reserve(bytes.size() * 3 / 2);
    for (std::size_t at = 2; at < bytes.size(); at += 2) {
        auto c = unit(at);
        if (c >= 0xD800U && c <= 0xDFFFU) {
            auto const low = c < 0xDC00U && at + 2 < bytes.size() ? unit(at + 2) : 0U;
            if (low < 0xDC00U || low > 0xDFFFU) {
                return std::nullopt;
            }
            c = 0x10000U + ((c - 0xD800U) << 10U) + (low - 0xDC00U);
            at += 2;
        }
        auto const put = [&](std::uint32_t byte) { result += static_cast<char>(byte); };
        if (c < 0x80U) {
            put(c);
        } else if (c < 0x800U) {
            put(0xC0U | c >> 6U);
            put(0x80U | (c & 0x3FU));
        } else {
            if (c < 0x10000U) {
                put(0xE0U | c >> 12U);
            } else {
                put(0xF0U | c >> 18U);
                put(0x80U | (c >> 12U & 0x3FU));
            }
            put(0x80U | (c >> 6U & 0x3FU));
            put(0x80U | (c & 0x3FU));
        }
    }
    return result;
}

namespace {

/// Bytes of the first `count` characters of valid UTF-8 text; 0 when there are fewer.
[[nodiscard]] std::size_t bytes_of_characters(std::string_view text, std::size_t count) noexcept {
    std::size_t at = 0;
    for (; count > 0 && at < text.size(); --count) {
        for (++at; at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U; ++at) {
        }
    }
    return count == 0 ? at : 0;
}

constexpr std::size_t kShortestPlace = 2; ///< characters; one alone stands at the head of anything
constexpr std::size_t kLongestPlace = 12;

} // namespace

EncodingGuess::EncodingGuess(std::vector<std::string> const& known_names) {
    for (auto const* const encoding : {"UTF-8", "GB18030", "BIG5"}) {
        m_candidates.push_back({TextDecoder{encoding}, 0, 0});
    }
    constexpr std::array<std::string_view, 8> kSuffixes{"居民委员会", "村民委员会", "居委会", "村委会",
                                                        "社区",       "街道",       "镇",     "村"};
    for (auto const& name : known_names) {
        if (!is_utf8(name) || is_ascii(name)) {
            continue;
        }
        std::string_view stem{name};
        for (auto const suffix : kSuffixes) { // the registry's 石牌社区居民委员会 is 石牌 or 石牌社区 elsewhere
            if (stem.ends_with(suffix) &&
                bytes_of_characters(stem.substr(0, stem.size() - suffix.size()), kShortestPlace) > 0) {
                stem.remove_suffix(suffix.size());
            }
        }
        if (bytes_of_characters(stem, kShortestPlace) > 0) {
            m_known.emplace(stem);
        }
    }
}

bool EncodingGuess::begins_with_known_place(std::string_view utf8) const {
    for (std::size_t count = kShortestPlace; count <= kLongestPlace; ++count) {
        auto const size = bytes_of_characters(utf8, count);
        if (size == 0) {
            return false;
        }
        if (m_known.contains(std::string{utf8.substr(0, size)})) {
            return true;
        }
    }
    return false;
}

void EncodingGuess::add(std::string_view bytes) {
    if (is_ascii(bytes)) {
        return;
    }
    ++m_texts;
    for (auto& candidate : m_candidates) {
        constexpr std::size_t kHopeless = 100;
        if (candidate.invalid > kHopeless && candidate.invalid > m_texts / 2) {
            ++candidate.invalid;
            continue;
        }
        std::string copy{without_cut_character(bytes, candidate.decoder.encoding())};
        if (!candidate.decoder.decode(copy)) {
            ++candidate.invalid;
            continue;
        }
        if (candidate.decoder.encoding() == "BIG5") {
            count_pairs(bytes);
        }
        if (!m_known.empty() && begins_with_known_place(copy)) {
            ++candidate.known;
        }
    }
}

void EncodingGuess::count_pairs(std::string_view big5) noexcept {
    for (std::size_t i = 0; i + 1 < big5.size(); ++i) {
        if (auto const first = static_cast<unsigned char>(big5[i]); first >= 0x80U) {
            ++m_pairs;
            m_early_pairs += first < 0xA1U ? 1U : 0U;
            m_low_pairs += static_cast<unsigned char>(big5[++i]) < 0x80U ? 1U : 0U;
        }
    }
}

/// Nearly all that is Big5 is GB18030 as well, as other characters. But of the characters of Big5 about every second
/// has a second byte below 0x80; of the simplified ones that people write in GB18030 one in a thousand has (rare ones,
/// as 珺 in a name). Traditional ones in GB18030 have it too, but every third of them a first byte below 0xA1, where
/// Big5 has only the few characters of Hong Kong.
bool EncodingGuess::looks_like_big5() const noexcept {
    constexpr std::size_t kFewest = 2;
    return tolerable(m_candidates.back()) && !tolerable(m_candidates.front()) && m_low_pairs >= kFewest &&
           m_low_pairs * 5 >= m_pairs && m_early_pairs * 10 <= m_pairs;
}

bool EncodingGuess::tolerable(Candidate const& candidate) const noexcept { return candidate.invalid * 10 <= m_texts; }

EncodingGuess::Candidate const* EncodingGuess::with_known_places() const {
    // A place stands at the head of wrongly decoded text by chance, too; one text in a thousand.
    auto const* best = &m_candidates.front();
    std::size_t others = 0;
    for (auto const& candidate : m_candidates) {
        if (candidate.known > best->known) {
            best = &candidate;
        }
    }
    for (auto const& candidate : m_candidates) {
        others = &candidate == best ? others : std::max(others, candidate.known);
    }
    return best->known > 4 * others && tolerable(*best) ? best : nullptr;
}

std::optional<std::string> EncodingGuess::encoding() const {
    if (only_ascii()) {
        return "UTF-8";
    }
    auto const* const found = with_known_places();
    if (looks_like_big5() && (found == nullptr || found->decoder.encoding() != "UTF-8")) {
        return "BIG5";
    }
    if (found != nullptr) {
        return found->decoder.encoding();
    }
    // Texts in UTF-8 of an even length are nearly always GB18030 as well, texts in GB18030 next to never UTF-8.
    auto const& utf8 = m_candidates.front();
    auto const& best = tolerable(utf8) ? utf8 : *std::ranges::min_element(m_candidates, {}, &Candidate::invalid);
    return tolerable(best) ? std::optional{best.decoder.encoding()} : std::nullopt;
}

bool EncodingGuess::fits(std::string_view canonical) const {
    if (only_ascii()) {
        return true;
    }
    auto const claimed =
        std::ranges::find(m_candidates, canonical, [](Candidate const& c) { return c.decoder.encoding(); });
    if (claimed == m_candidates.end() || !tolerable(*claimed)) {
        return false;
    }
    if (looks_like_big5()) {
        return canonical == "BIG5";
    }
    if (auto const* const found = with_known_places()) {
        return found == &*claimed;
    }
    // A word or two in GB18030 can be UTF-8 by chance, as 同头 is.
    auto const& utf8 = m_candidates.front();
    return &*claimed == &utf8 || !tolerable(utf8) || m_texts <= 2;
}

Words EncodingGuess::evidence() const {
    Words counts;
    std::string known;
    for (auto const& candidate : m_candidates) {
        auto const valid = m_texts - std::min(candidate.invalid, m_texts);
        auto const one = words("{} in {}", "{1} {0} 处有效", valid, candidate.decoder.encoding());
        counts = known.empty() ? one : words("{}, {}", "{}，{}", counts, one);
        known += fmt::format("{}{}", known.empty() ? "" : ", ", candidate.known);
    }
    return m_known.empty() ? words("of {} texts beyond ASCII are valid {}", "{} 处非 ASCII 文字中：{}", m_texts, counts)
                           : words("of {} texts beyond ASCII are valid {}; known places found: {}",
                                   "{} 处非 ASCII 文字中：{}；认出的已知地名数依次为：{}", m_texts, counts, known);
}

} // namespace wangge::importers
