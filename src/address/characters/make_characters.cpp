// Writes the table of characters that addresses are compared by. Run while building; the product links neither ICU nor
// OpenCC.      wangge_make_characters OUT.cpp
//
// A character folds to what is left of it after: compatibility decomposition without accents (NFKC of it), capitals,
// traditional to simplified (OpenCC, characters only, Hong Kong's and Taiwan's variants first), and the lists below;
// again and again until nothing changes, so that folding what is folded changes nothing.

#include "../character_table.hpp"

#include <opencc/opencc.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace wangge::address::characters;

struct Pair {
    char32_t from, to;
};

// What neither ICU nor OpenCC brings together. Radicals of which fonts in PDF files make letters (those that Unicode
// itself does not decompose); numerals of cheques and other ways to write a numeral; punctuation; and characters that
// people in Guangdong write for one another in the same name (OpenCC's Taiwan form of 鲇 comes back as 鲶).
constexpr Pair kAlso[] = {
    {U'⺟', U'母'}, {U'⺠', U'民'}, {U'⺩', U'王'}, {U'⺮', U'竹'}, {U'⻁', U'虎'}, {U'⻄', U'西'}, {U'⻅', U'见'},
    {U'⻆', U'角'}, {U'⻉', U'贝'}, {U'⻋', U'车'}, {U'⻓', U'长'}, {U'⻔', U'门'}, {U'⻘', U'青'}, {U'⻙', U'韦'},
    {U'⻚', U'页'}, {U'⻛', U'风'}, {U'⻜', U'飞'}, {U'⻝', U'食'}, {U'⻢', U'马'}, {U'⻣', U'骨'}, {U'⻤', U'鬼'},
    {U'⻥', U'鱼'}, {U'⻦', U'鸟'}, {U'⻨', U'麦'}, {U'⻩', U'黄'}, {U'⻬', U'齐'}, {U'⻮', U'齿'}, {U'⻰', U'龙'},
    {U'⻳', U'龟'}, {U'〇', U'零'}, {U'壹', U'一'}, {U'弌', U'一'}, {U'贰', U'二'}, {U'弍', U'二'}, {U'两', U'二'},
    {U'叁', U'三'}, {U'弎', U'三'}, {U'肆', U'四'}, {U'柒', U'七'}, {U'捌', U'八'}, {U'玖', U'九'}, {U'拾', U'十'},
    {U'佰', U'百'}, {U'仟', U'千'}, {U'卄', U'廿'}, {U'◯', U'○'},   {U'<', U'('},   {U'>', U')'},   {U'[', U'('},
    {U']', U')'},   {U'{', U'('},   {U'}', U')'},   {U'〈', U'('},  {U'〉', U')'},  {U'《', U'('},  {U'》', U')'},
    {U'「', U'('},  {U'」', U')'},  {U'『', U'('},  {U'』', U')'},  {U'【', U'('},  {U'】', U')'},  {U'〔', U'('},
    {U'〕', U')'},  {U'〖', U'('},  {U'〗', U')'},  {U'\\', U'/'},  {U'鲶', U'鲇'}, {U'邨', U'村'}, {U'墟', U'圩'},
    {U'畬', U'畲'}, {U'凼', U'氹'}, {U'垇', U'坳'}, {U'埜', U'野'}, {U'菴', U'庵'}, {U'谿', U'溪'}, {U'湻', U'淳'},
    {U'舖', U'铺'}, {U'塆', U'湾'}, {U'樑', U'梁'}};

constexpr std::u32string_view kDashes = U"-~_‐‑‒–—―−─━ー〜⁓";
constexpr std::u32string_view kSeparators = U",;!?|、。丨│┃¦";
constexpr std::u32string_view kDots = U"·・•‧∙⋅●•";
constexpr std::u32string_view kQuotes = U"\"'`“”„‟‘’‚‛′″´〝〞〟«»‹›^";
constexpr std::u32string_view kNumerals = U"零一二三四五六七八九十廿卅卌百千万伍陆○";

// Readings in names of places where ICU has another of the character's: syllables without tone, ü written v.
constexpr struct {
    char32_t character;
    char const* reading;
} kReadings[] = {{U'长', "chang"}, {U'番', "pan"},  {U'涌', "chong"}, {U'埔', "pu"},   {U'圩', "xu"},   {U'仔', "zai"},
                 {U'都', "du"},    {U'咀', "zui"},  {U'茜', "xi"},    {U'什', "shi"},  {U'卜', "bu"},   {U'曾', "zeng"},
                 {U'翟', "zhai"},  {U'缪', "miao"}, {U'晟', "sheng"}, {U'浰', "li"},   {U'勒', "le"},   {U'地', "di"},
                 {U'埗', "bu"},    {U'圳', "zhen"}, {U'莞', "guan"},  {U'洲', "zhou"}, {U'滘', "jiao"}, {U'氹', "dang"},
                 {U'0', "ling"},   {U'1', "yi"},    {U'2', "er"},     {U'3', "san"},   {U'4', "si"},    {U'5', "wu"},
                 {U'6', "liu"},    {U'7', "qi"},    {U'8', "ba"},     {U'9', "jiu"}};

std::string utf8(std::u32string_view text) {
    std::string out;
    icu::UnicodeString::fromUTF32(reinterpret_cast<UChar32 const*>(text.data()), static_cast<std::int32_t>(text.size()))
        .toUTF8String(out);
    return out;
}
std::u32string utf32(icu::UnicodeString const& text) {
    std::u32string out;
    for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        out += static_cast<char32_t>(text.char32At(i));
    }
    return out;
}
icu::UnicodeString of(std::u32string_view text) {
    return icu::UnicodeString::fromUTF32(reinterpret_cast<UChar32 const*>(text.data()),
                                         static_cast<std::int32_t>(text.size()));
}
void require(UErrorCode code, char const* what) {
    if (U_FAILURE(code)) {
        throw std::runtime_error{std::string{what} + ": " + u_errorName(code)};
    }
}

/// One of OpenCC's conversions, of single characters.
class Conversion {
public:
    explicit Conversion(char const* config) : m_handle{opencc_open(config)} {
        if (m_handle == reinterpret_cast<opencc_t>(-1)) { // NOLINT: OpenCC's own sign of failure
            throw std::runtime_error{std::string{"OpenCC cannot open "} + config + ": " + opencc_error()};
        }
    }
    Conversion(Conversion const&) = delete;
    Conversion& operator=(Conversion const&) = delete;
    ~Conversion() { opencc_close(m_handle); }

    char32_t operator()(char32_t character) const {
        auto const text = utf8({&character, 1});
        char* const converted = opencc_convert_utf8(m_handle, text.data(), text.size());
        if (converted == nullptr) {
            throw std::runtime_error{std::string{"OpenCC: "} + opencc_error()};
        }
        auto const out = utf32(icu::UnicodeString::fromUTF8(converted));
        opencc_convert_utf8_free(converted);
        return out.size() == 1 ? out[0] : character;
    }

private:
    opencc_t m_handle;
};

bool is_ideograph(char32_t c) {
    return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_UNIFIED_IDEOGRAPH) != 0 ||
           (c >= 0x20000 && c <= 0x3fffd && (c & 0xfffe) != 0xfffe); // planes 2 and 3 are for ideographs only
}

class Folding {
public:
    Folding() {
        auto code = U_ZERO_ERROR;
        m_decompose = icu::Normalizer2::getNFKDInstance(code);
        m_compose = icu::Normalizer2::getNFKCInstance(code);
        require(code, "ICU's normalisation");
        for (auto const& pair : kAlso) {
            m_also[pair.from] = pair.to;
        }
    }

    /// Empty for a character that is dropped.
    std::u32string operator()(char32_t character) const {
        std::u32string text{character}, before;
        for (int round = 0; text != before; ++round) {
            if (round > 8) {
                throw std::runtime_error{"folding of " + utf8({&character, 1}) + " comes to no end"};
            }
            before = text;
            text = once(text);
        }
        return text;
    }

private:
    std::u32string once(std::u32string_view text) const {
        auto code = U_ZERO_ERROR;
        auto const decomposed = m_decompose->normalize(of(text), code);
        require(code, "decomposing");
        std::u32string bare;
        for (auto const c : utf32(decomposed)) {
            if (!is_accent(c)) {
                bare += c;
            }
        }
        auto capital = of(bare);
        capital.toUpper(icu::Locale::getRoot());
        auto const composed = m_compose->normalize(capital, code);
        require(code, "composing");
        std::u32string out;
        for (auto const c : utf32(composed)) {
            if (kQuotes.find(c) != std::u32string_view::npos || (!m_also.contains(c) && is_unseen(c))) {
                continue;
            }
            out += simplified(c);
        }
        // A lone accent decomposes into a space and the accent.
        return out == U" " && u_isUWhiteSpace(static_cast<UChar32>(text[0])) == 0 ? std::u32string{} : out;
    }
    char32_t simplified(char32_t c) const {
        if (auto const also = m_also.find(c); also != m_also.end()) {
            return also->second;
        }
        if (!is_ideograph(c)) {
            return c;
        }
        for (auto const* conversion : {&m_mainland, &m_hong_kong, &m_taiwan}) {
            if (auto const to = (*conversion)(c); to != c) {
                return to;
            }
        }
        return c;
    }
    static bool is_accent(char32_t c) {
        auto code = U_ZERO_ERROR;
        auto const type = u_charType(static_cast<UChar32>(c));
        return (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK) &&
               uscript_getScript(static_cast<UChar32>(c), &code) == USCRIPT_INHERITED && c != 0x3099 && c != 0x309a;
    }
    static bool is_unseen(char32_t c) {
        constexpr std::u32string_view kKept = U"○─━│┃"; // symbols that stand for a numeral, a dash, a separator
        auto const point = static_cast<UChar32>(c);
        if (is_ideograph(c) || u_isUWhiteSpace(point) != 0 || kKept.find(c) != std::u32string_view::npos ||
            kDots.find(c) != std::u32string_view::npos) {
            return false;
        }
        switch (u_charType(point)) {
        case U_UNASSIGNED:
        case U_CONTROL_CHAR:
        case U_FORMAT_CHAR:
        case U_PRIVATE_USE_CHAR:
        case U_SURROGATE:
        case U_OTHER_SYMBOL:
        case U_MODIFIER_SYMBOL:
            return true;
        default:
            return u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
        }
    }

    icu::Normalizer2 const* m_decompose = nullptr;
    icu::Normalizer2 const* m_compose = nullptr;
    Conversion m_mainland{"t2s.json"}, m_hong_kong{"hk2s.json"}, m_taiwan{"tw2s.json"};
    std::map<char32_t, char32_t> m_also;
};

Kind kind_of(char32_t folded) {
    auto const in = [folded](std::u32string_view list) { return list.find(folded) != std::u32string_view::npos; };
    return u_isUWhiteSpace(static_cast<UChar32>(folded)) != 0 ? Kind::space
           : in(kDashes)                                      ? Kind::dash
           : in(kSeparators)                                  ? Kind::separator
           : in(kDots)                                        ? Kind::dot
           : in(kNumerals)                                    ? Kind::numeral
                                                              : Kind::letter;
}
char32_t representative(Kind kind, char32_t folded) {
    switch (kind) {
    case Kind::space:
        return U' ';
    case Kind::separator:
        return U',';
    case Kind::dash:
        return U'-';
    case Kind::dot:
        return U'·';
    default:
        return folded;
    }
}

/// Blocks of a table over all code points, equal ones once.
template <class Entry>
struct Blocks {
    std::vector<std::uint16_t> numbers;
    std::vector<Entry> entries;

    explicit Blocks(std::vector<Entry> const& all) {
        std::map<std::vector<Entry>, std::uint16_t> known;
        for (std::size_t at = 0; at < all.size(); at += kBlockSize) {
            std::vector<Entry> const block(all.begin() + static_cast<std::ptrdiff_t>(at),
                                           all.begin() + static_cast<std::ptrdiff_t>(at + kBlockSize));
            auto const [entry, added] = known.emplace(block, static_cast<std::uint16_t>(known.size()));
            if (added) {
                entries.insert(entries.end(), block.begin(), block.end());
            }
            numbers.push_back(entry->second);
        }
    }
};

template <class List>
void write_numbers(std::ostream& out, char const* declaration, List const& list) {
    out << declaration << " = {";
    for (std::size_t i = 0; i < list.size(); ++i) {
        out << (i % 32 == 0 ? "\n" : "") << static_cast<std::uint32_t>(list[i]) << ',';
    }
    out << "};\n";
}

class Readings {
public:
    Readings() {
        auto code = U_ZERO_ERROR;
        UParseError where;
        m_to_latin.reset(icu::Transliterator::createInstance("Han-Latin", UTRANS_FORWARD, code));
        require(code, "ICU's Han-Latin");
        // ü loses its tone and stays apart from u.
        m_to_plain.reset(icu::Transliterator::createFromRules(
            "Plain", "::NFD; u ([\\u0300\\u0301\\u0304\\u030c]?) \\u0308 > v; [:Mn:] > ;", UTRANS_FORWARD, where,
            code));
        require(code, "the rules that take tones away");
        for (auto const& reading : kReadings) {
            m_corrections[reading.character] = reading.reading;
        }
    }
    /// Empty for what is no ideograph, or has no reading.
    std::string operator()(char32_t c) const {
        if (auto const correction = m_corrections.find(c); correction != m_corrections.end()) {
            return correction->second;
        }
        if (!is_ideograph(c)) {
            return {};
        }
        auto text = of({&c, 1});
        m_to_latin->transliterate(text);
        m_to_plain->transliterate(text);
        std::string reading;
        text.toUTF8String(reading);
        return std::all_of(reading.begin(), reading.end(), [](char l) { return l >= 'a' && l <= 'z'; }) ? reading
                                                                                                        : std::string{};
    }

private:
    std::unique_ptr<icu::Transliterator> m_to_latin, m_to_plain;
    std::map<char32_t, std::string> m_corrections;
};

void write(std::ostream& out) {
    Folding const fold;
    std::vector<std::uint32_t> folds(kLast + 1);
    std::vector<char32_t> folded(kLast + 1);
    std::vector<char32_t> expansions;
    for (char32_t c = 0; c <= kLast; ++c) {
        auto const text = fold(c);
        folded[c] = c;
        if (text.empty()) {
            folds[c] = static_cast<std::uint32_t>(Kind::dropped) << kKindShift;
            folded[c] = 0;
            continue;
        }
        if (text.size() > 1) {
            folds[c] =
                static_cast<std::uint32_t>(Kind::several) << kKindShift | static_cast<std::uint32_t>(expansions.size());
            expansions.push_back(static_cast<char32_t>(text.size()));
            expansions.insert(expansions.end(), text.begin(), text.end());
            continue;
        }
        auto const kind = kind_of(text[0]);
        folded[c] = representative(kind, text[0]);
        folds[c] = static_cast<std::uint32_t>(kind) << kKindShift | (folded[c] ^ c);
    }

    Readings const read;
    std::vector<std::string> readings(kLast + 1);
    for (char32_t c = 0; c <= kLast; ++c) {
        readings[c] = read(c);
        // A simplified form that nobody reads aloud is read as what it was made from (輋).
        if (auto const to = folded[c]; to < c && is_ideograph(to) && readings[to].empty()) {
            readings[to] = readings[c];
        }
    }
    for (char32_t c = 0; c <= kLast; ++c) {
        if (auto const to = folded[c]; to > c && is_ideograph(to) && readings[to].empty()) {
            readings[to] = readings[c];
        }
    }
    std::map<std::string, std::uint16_t> numbers{{"", 0}};
    for (auto const& reading : readings) {
        numbers.emplace(reading, 0);
    }
    std::uint16_t next = 0;
    for (auto& [reading, number] : numbers) {
        number = next++;
    }
    std::vector<std::uint16_t> syllables(kLast + 1);
    for (char32_t c = 0; c <= kLast; ++c) {
        // All that folds to one character sounds like it.
        syllables[c] = numbers.at(readings[folded[c] == 0 ? c : folded[c]]);
    }

    out << "// Written by wangge_make_characters.\n#include \"character_table.hpp\"\n"
           "namespace wangge::address::characters {\n";
    Blocks<std::uint32_t> const fold_blocks{folds};
    write_numbers(out, "std::uint16_t const kFoldBlocks[(kLast >> kBlockBits) + 1]", fold_blocks.numbers);
    write_numbers(out, "std::uint32_t const kFolds[]", fold_blocks.entries);
    write_numbers(out, "char32_t const kExpansions[]", expansions);
    Blocks<std::uint16_t> const syllable_blocks{syllables};
    write_numbers(out, "std::uint16_t const kSyllableBlocks[(kLast >> kBlockBits) + 1]", syllable_blocks.numbers);
    write_numbers(out, "std::uint16_t const kSyllables[]", syllable_blocks.entries);
    out << "std::uint16_t const kSyllableCount = " << numbers.size() << ";\nchar const* const kSyllableTexts[] = {";
    for (auto const& [reading, number] : numbers) {
        out << '"' << reading << "\",";
    }
    out << "};\n} // namespace wangge::address::characters\n";
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: wangge_make_characters OUT.cpp\n";
        return 2;
    }
    try {
        std::ofstream out{argv[1], std::ios::binary};
        write(out);
        out.close();
        if (!out) {
            throw std::runtime_error{std::string{argv[1]} + " cannot be written"};
        }
        return 0;
    } catch (std::exception const& error) {
        std::cerr << "wangge_make_characters: " << error.what() << '\n';
        std::remove(argv[1]);
        return 3;
    }
}
