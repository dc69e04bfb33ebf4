#include <wangge/address/normalizer.hpp>
#include <wangge/base/error.hpp>

#include <boost/test/unit_test.hpp>
#include <opencc/opencc.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>

using namespace wangge;
using address::NormalizedText;
using address::Normalizer;

namespace {

icu::UnicodeString of(std::u32string_view text) {
    return icu::UnicodeString::fromUTF32(reinterpret_cast<UChar32 const*>(text.data()),
                                         static_cast<std::int32_t>(text.size()));
}
std::string utf8(std::u32string_view text) {
    std::string out;
    of(text).toUTF8String(out);
    return out;
}

NormalizedText normalized(std::string_view input) {
    NormalizedText out;
    BOOST_REQUIRE(Normalizer::normalize(input, out) == Normalizer::Outcome::good);
    return out;
}
std::string form(std::string_view input) { return utf8(normalized(input).characters); }

void check(std::string_view input, std::string_view expected) {
    BOOST_TEST(form(input) == expected, "'" << input << "' became '" << form(input) << "', not '" << expected << "'");
}

std::string sound(std::u32string_view text) {
    std::string out;
    for (auto const c : text) {
        out += (out.empty() ? "" : " ") + std::string{Normalizer::syllable_text(Normalizer::syllable(c))};
    }
    return out;
}

struct Division {
    std::string code, name, level, parent;
};
std::vector<Division> divisions() {
    std::vector<Division> all;
    std::ifstream file{"geodata/guangdong/divisions.tsv"};
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        Division division;
        std::size_t at = 0;
        for (auto* field : {&division.code, &division.name, &division.level, &division.parent}) {
            auto const end = line.find('\t', at);
            *field = line.substr(at, end - at);
            at = end + 1;
        }
        all.push_back(division);
    }
    return all;
}

/// A sound text: characters that the rules are about, in any order.
std::string any_text(std::mt19937& random) {
    static constexpr std::u32string_view kCharacters =
        U"零〇○◯O0一二三四五六七八九十百千万两廿卅卌壹贰叁肆伍陆柒捌玖拾佰仟亿11230899号栋路之第东莞臺邨輋㙟\U00020BB7"
        U"abZ-—－~～,，、; 。.·・•  \t　\u200b\ufeff（）()【】《》㎡①⑩⑴㈠№½ﬃ😀\ufe0f\u0301é\"“/#";
    std::u32string text;
    for (auto n = random() % 14; n > 0; --n) {
        text += kCharacters[random() % kCharacters.size()];
    }
    return utf8(text);
}

} // namespace

BOOST_AUTO_TEST_SUITE(normalizer)

BOOST_AUTO_TEST_CASE(width_case_script_and_punctuation_become_one) {
    check("广东省深圳市福田区", "广东省深圳市福田区");
    check("廣東省東莞市樟木頭鎮", "广东省东莞市樟木头镇");
    check("１２號Ａ座ｂ棟", "12号A座B栋");
    check("臺灣街 後門 裡水 裏水 雲浮 穀倉", "台湾街 后门 里水 里水 云浮 谷仓");
    check("Café ß ﬃ Ⅲ №5", "CAFE SS FFI III NO5");
    check("㎡①⑴", "M21(1)");
    check("8-10 8－10 8—10 8——10 8～10 8~10 8―10", "8-10 8-10 8-10 8-10 8-10 8-10 8-10");
    check("（甲）【乙】[丙]〔丁〕《戊》<己>「庚」", "(甲)(乙)(丙)(丁)(戊)(己)(庚)");
    check("东，西、南；北。中|上", "东,西,南,北,中,上");
    check("东 ， 西\t\r\n　南", "东,西 南");
    check("  东莞 ", " 东莞 ");
    check("“三旧”'改造'", "3旧改造");
    check("⻓安⽉⿓⻢路", "长安月龙马路"); // radicals as PDF files give them
    check("碧桂园·凤凰城", "碧桂园凤凰城");
    check("1·2栋 A•B 三·四号", "1,2栋 A,B 3,4号");
    check("东方邨 新墟 下畬", "东方村 新圩 下畲");
}

BOOST_AUTO_TEST_CASE(what_nobody_sees_goes_and_rare_characters_stay) {
    check("\xEF\xBB\xBF"
          "天\xE2\x80\x8B河\xC2\xAD区\x07",
          "天河区");
    check("天河\xF0\x9F\x98\x80区☎️1️⃣", "天河区1");
    check("天\xEE\x80\x80河", "天河"); // private use
    check("㙟仔 𠮷祥 礤下 埗头 \xF0\xAE\xAF\xB0",
          "㙟仔 𠮷祥 礤下 埗头 \xF0\xAE\xAF\xB0"); // the last: extension I, 2023
    check("大輋 礐石 乾塘", form("大𪨶 𬒈石 干塘"));
    check("", "");
    check("\xE2\x80\x8B", "");
}

BOOST_AUTO_TEST_CASE(numerals_become_digits) {
    check("二十三号 廿三号 卅号 卌二 十号 十五号 贰拾叁号 第二十三", "23号 23号 30号 42 10号 15号 23号 第23");
    check("一百零二 一百〇二 一百二 一百一十二 一百十二 两百五十 壹佰贰拾叁", "102 102 120 112 112 250 123");
    check("一千零二 一千零二十 一千二 一千二百三十四 九千", "1002 1020 1200 1234 9000");
    check("一万 十二万 三万五 二十万零三", "10000 120000 35000 200003");
    check("二〇一 二○一 二O一室 二0一 三○号 三0号 一〇五国道 三三", "201 201 201室 201 30号 30号 105国道 33");
    check("三十3 3三十 12三元里 八一十二号", "30 3 3 30 12 3元里 8 12号");
    check("23号之一 之二", "23号之1 之2");
    check("三元里 九江 五山 十字路 一百货", "3元里 9江 5山 10字路 100货");
    check("百花洞 千灯 万江 百佳 仟村 佰村", "百花洞 千灯 万江 百佳 千村 百村");
    check("第伍栋 第陆村民小组 第陆丰", "第5栋 第6村民小组 第6丰");
    check("陆丰 伍屋 大陆 壹号公馆 伍拾陆号 陆陆", "陆丰 伍屋 大陆 1号公馆 56号 66");
    check("8一10号 1一2一3", "8-10号 1-2-3");
    check("二十三百 三百零 二O室 二0七5", "20 300 300 0 2O室 207 5");
}

BOOST_AUTO_TEST_CASE(each_character_knows_its_bytes) {
    std::string_view const input = "\xEF\xBB\xBF莞\xE2\x80\x8B城　二十三号㎡（二〇一）";
    auto const text = normalized(input);
    BOOST_TEST(utf8(text.characters) == "莞城 23号M2(201)");
    auto const source = [&](std::size_t begin, std::size_t end) { return text.source(input, begin, end); };
    BOOST_TEST(source(0, 1) == "\xEF\xBB\xBF莞\xE2\x80\x8B");
    BOOST_TEST(source(1, 2) == "城");
    BOOST_TEST(source(2, 3) == "　");
    BOOST_TEST(source(3, 5) == "二十三");
    BOOST_TEST(source(3, 4) == "二十三");
    BOOST_TEST(source(4, 5) == "");
    BOOST_TEST(source(5, 6) == "号");
    BOOST_TEST(source(6, 8) == "㎡");
    BOOST_TEST(source(9, 10) == "二");
    BOOST_TEST(source(10, 11) == "〇");
    BOOST_TEST(source(11, 12) == "一");
    BOOST_TEST(source(0, text.characters.size()) == input);
    auto const met = normalized("12三元");
    BOOST_TEST(met.source("12三元", 0, 2) == "12");
    BOOST_TEST(met.source("12三元", 2, 3) == "");
    BOOST_TEST(met.source("12三元", 3, 4) == "三");
}

BOOST_AUTO_TEST_CASE(offsets_rise_all_bytes_have_a_character_and_the_form_is_its_own_form) {
    auto const seed = 20261127U;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    NormalizedText text, again;
    for (int i = 0; i < 300'000; ++i) {
        auto const input = any_text(random);
        BOOST_REQUIRE(Normalizer::normalize(input, text) == Normalizer::Outcome::good);
        BOOST_REQUIRE(text.offsets.size() == text.characters.size() + 1);
        BOOST_REQUIRE(std::is_sorted(text.offsets.begin(), text.offsets.end()));
        if (!text.characters.empty()) {
            BOOST_REQUIRE(text.source(input, 0, text.characters.size()) == input);
        }
        auto const once = utf8(text.characters);
        BOOST_REQUIRE(Normalizer::normalize(once, again) == Normalizer::Outcome::good);
        BOOST_REQUIRE_MESSAGE(again.characters == text.characters,
                              "'" << input << "' became '" << once << "' and that '" << utf8(again.characters) << "'");
    }
}

/// A stretch of input, what becomes of it, and at which of its bytes each of those characters begins: by hand.
struct Stretch {
    std::string_view input;
    std::u32string_view form;
    std::vector<std::uint32_t> offsets;
};
std::vector<Stretch> const& stretches() {
    static std::vector<Stretch> const all{{"Ａ", U"A", {0}},
                                          {"１２", U"12", {0, 3}},
                                          {"號", U"号", {0}},
                                          {"東莞", U"东莞", {0, 3}},
                                          {"二十三", U"23", {0, 9}},
                                          {"二\u200b十三", U"23", {0, 12}},
                                          {"廿三", U"23", {0, 6}},
                                          {"卅", U"30", {0, 3}},
                                          {"卅一", U"31", {0, 6}},
                                          {"卌二", U"42", {0, 6}},
                                          {"一百零二", U"102", {0, 12, 12}},
                                          {"两百五十", U"250", {0, 12, 12}},
                                          {"二〇一", U"201", {0, 3, 6}},
                                          {"二O一", U"201", {0, 3, 4}},
                                          {"十", U"10", {0, 3}},
                                          {"贰拾叁", U"23", {0, 9}},
                                          {"第二十三", U"第23", {0, 3, 12}},
                                          {"23号之一", U"23号之1", {0, 1, 2, 5, 8}},
                                          {"甲23號", U"甲23号", {0, 3, 4, 5}},
                                          {"12三元", U"12 3元", {0, 1, 2, 2, 5}},
                                          {"三十3", U"30 3", {0, 6, 6, 6}},
                                          {"8一10", U"8-10", {0, 1, 4, 5}},
                                          {"8——10", U"8-10", {0, 1, 7, 8}},
                                          {"㎡", U"M2", {0, 3}},
                                          {"①", U"1", {0}},
                                          {"⑴", U"(1)", {0, 3, 3}},
                                          {"№5", U"NO5", {0, 3, 3}},
                                          {"Ⅲ", U"III", {0, 3, 3}},
                                          {"ß", U"SS", {0, 2}},
                                          {"é", U"E", {0}},
                                          {"（", U"(", {0}},
                                          {"】", U")", {0}},
                                          {"，、；", U",", {0}},
                                          {" \t　", U" ", {0}},
                                          {"\r\n", U" ", {0}},
                                          {"园·凤", U"园凤", {0, 5}},
                                          {"1·2", U"1,2", {0, 1, 3}},
                                          {"1\uFE0F\u20E3", U"1", {0}},
                                          {"⻓", U"长", {0}},
                                          {"㙟", U"㙟", {0}},
                                          {"\U00020BB7", U"\U00020BB7", {0}},
                                          {"礤", U"礤", {0}}};
    return all;
}
constexpr std::string_view kUnseen[] = {"\u200b", "\U0001F600", "\uE000", "\x07", "\u202e", "“", "\u00ad", "\ufeff"};

/// Stretches one after another, kept apart by characters that nothing acts on, with what nobody sees between.
struct Chain {
    std::string input;
    std::u32string form;
    std::vector<std::uint32_t> offsets;

    void add(Stretch const& stretch) {
        for (auto const offset : stretch.offsets) {
            offsets.push_back(static_cast<std::uint32_t>(input.size()) + offset);
        }
        input += stretch.input;
        form += stretch.form;
    }
    explicit Chain(std::mt19937& random) {
        static constexpr std::u32string_view kApart = U"岭坡桥";
        auto const unseen = [&] {
            auto const end = input.size();
            for (auto n = random() % 4; n > 1; --n) {
                input += kUnseen[random() % std::size(kUnseen)];
            }
            // It belongs to the character before it: those of a numeral that stand for no bytes come behind it.
            for (auto i = offsets.size(); i-- > 0 && offsets[i] == end;) {
                offsets[i] = static_cast<std::uint32_t>(input.size());
            }
        };
        unseen();
        for (auto n = 1 + random() % 6; n > 0; --n) {
            add(stretches()[random() % stretches().size()]);
            unseen();
            auto const apart = kApart.substr(random() % kApart.size(), 1);
            add({utf8(apart), apart, {0}});
            unseen();
        }
        offsets.front() = 0; // what nobody sees at the beginning belongs to the first character
        offsets.push_back(static_cast<std::uint32_t>(input.size()));
    }
};

BOOST_AUTO_TEST_CASE(every_character_points_at_its_bytes_whatever_stands_together) {
    auto const seed = 20261128U;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    NormalizedText text;
    for (auto const& stretch : stretches()) { // alone, too
        BOOST_REQUIRE(Normalizer::normalize(stretch.input, text) == Normalizer::Outcome::good);
        auto offsets = stretch.offsets;
        offsets.push_back(static_cast<std::uint32_t>(stretch.input.size()));
        BOOST_TEST(utf8(text.characters) == utf8(stretch.form));
        BOOST_TEST(text.offsets == offsets, "'" << stretch.input << "'");
    }
    for (int i = 0; i < 50'000; ++i) {
        Chain const chain{random};
        BOOST_REQUIRE(Normalizer::normalize(chain.input, text) == Normalizer::Outcome::good);
        BOOST_REQUIRE_MESSAGE(text.characters == chain.form, "'" << chain.input << "' became '" << utf8(text.characters)
                                                                 << "', not '" << utf8(chain.form) << "'");
        BOOST_REQUIRE_MESSAGE(text.offsets == chain.offsets, "'" << chain.input << "'");
    }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_utf8_are_named_behind_any_text) {
    using namespace std::string_view_literals;
    static constexpr std::string_view kBad[] = {"\x80"sv,     "\xC0\x80"sv, "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv,
                                                "\xE4\xB8"sv, "\xFF"sv,     "\xF0\xA0\xAE"sv, "\xC2"sv};
    auto const seed = 20261129U;
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random{seed};
    NormalizedText text;
    for (int i = 0; i < 20'000; ++i) {
        Chain const before{random}, behind{random};
        auto const input = before.input + std::string{kBad[random() % std::size(kBad)]} + behind.input;
        BOOST_REQUIRE(Normalizer::normalize(input, text) == Normalizer::Outcome::not_utf8);
        BOOST_REQUIRE(text.characters.empty());
        BOOST_REQUIRE(text.offsets == std::vector<std::uint32_t>{static_cast<std::uint32_t>(before.input.size())});
    }
}

BOOST_AUTO_TEST_CASE(the_first_byte_that_is_not_utf8_is_named) {
    struct Case {
        std::string_view input;
        std::uint32_t bad;
    };
    using namespace std::string_view_literals;
    for (auto const& [input, bad] : {Case{"\x80"sv, 0},
                                     {"东\xC0\x80"sv, 3},           // overlong
                                     {"东\xC1\xBF"sv, 3},           // overlong
                                     {"ab\xE0\x9F\xBF"sv, 2},       // overlong
                                     {"\xF0\x8F\xBF\xBF"sv, 0},     // overlong
                                     {"一\xED\xA0\x80"sv, 3},       // surrogate
                                     {"\xED\xBF\xBF"sv, 0},         // surrogate
                                     {"\xF4\x90\x80\x80"sv, 0},     // beyond U+10FFFF
                                     {"\xF5\x80\x80\x80"sv, 0},     // no such first byte
                                     {"二十三\xE4\xB8"sv, 9},       // cut off
                                     {"莞\xF0\xA0\xAE"sv, 3},       // cut off
                                     {"\xC2"sv, 0},                 // cut off
                                     {"\xE4\xB8\xE4\xB8\x80"sv, 0}, // a new character inside one
                                     {"\xB6\xAB\xDD\xB8"sv, 0}}) {  // 东莞 in GB18030
        NormalizedText out;
        BOOST_TEST(bool(Normalizer::normalize(input, out) == Normalizer::Outcome::not_utf8));
        BOOST_TEST(out.characters.empty());
        BOOST_REQUIRE(out.offsets.size() == 1U);
        BOOST_TEST(out.offsets[0] == bad);
        BOOST_CHECK_THROW(Normalizer::name(input), Error);
    }
    NormalizedText out; // the edges that are UTF-8
    for (auto const input : {"\x00"sv, "\x7F"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv,
                             "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
        BOOST_TEST(bool(Normalizer::normalize(input, out) == Normalizer::Outcome::good));
    }
}

BOOST_AUTO_TEST_CASE(a_text_of_more_than_1024_bytes_is_refused_whole) {
    NormalizedText out;
    BOOST_TEST(bool(Normalizer::normalize(std::string(1024, 'a'), out) == Normalizer::Outcome::good));
    BOOST_TEST(out.characters.size() == 1024U);
    BOOST_TEST(bool(Normalizer::normalize(std::string(1025, 'a'), out) == Normalizer::Outcome::too_long));
    BOOST_TEST(out.characters.empty());
    BOOST_CHECK_THROW(Normalizer::name(std::string(1025, 'a')), Error);
}

BOOST_AUTO_TEST_CASE(a_name_has_no_white_space_or_comma_at_its_ends) {
    BOOST_TEST(utf8(Normalizer::name(" 三元里 ，")) == "3元里");
    BOOST_TEST(utf8(Normalizer::name("，")) == "");
}

// The judges are Unicode's own tables: each compatibility decomposition of one character into one, but for those that
// are folded further, and each pair of letters.
BOOST_AUTO_TEST_CASE(every_compatibility_character_folds_with_what_it_decomposes_to) {
    auto code = U_ZERO_ERROR;
    auto const* const nfkc = icu::Normalizer2::getNFKCInstance(code);
    BOOST_REQUIRE(U_SUCCESS(code));
    std::size_t decomposed = 0, capitals = 0;
    auto const expect = [](bool holds, char32_t c, char const* what) {
        if (!holds) {
            BOOST_ERROR("U+" << std::hex << static_cast<std::uint32_t>(c) << ' ' << what);
        }
    };
    for (char32_t c = 0; c <= 0x10ffff; ++c) {
        if (c >= 0xd800 && c <= 0xdfff) {
            continue;
        }
        auto const point = static_cast<UChar32>(c);
        auto const folded = Normalizer::fold(c);
        auto const to = nfkc->normalize(of({&c, 1}), code);
        if (to.countChar32() == 1 && to.char32At(0) != point) {
            ++decomposed;
            expect(folded == Normalizer::fold(static_cast<char32_t>(to.char32At(0))), c,
                   "and its decomposition differ");
        }
        if (auto const upper = u_toupper(point); upper != point && folded != c && folded != 0) {
            ++capitals;
            expect(folded == Normalizer::fold(static_cast<char32_t>(upper)), c, "and its capital differ");
        }
        expect(folded == 0 || Normalizer::fold(folded) == folded, c, "is not folded once and for all");
        expect(Normalizer::syllable(c) == Normalizer::syllable(folded == 0 ? c : folded), c, "sounds unlike its form");
    }
    BOOST_TEST(decomposed > 2500U);
    BOOST_TEST(capitals > 1000U);
}

BOOST_AUTO_TEST_CASE(every_name_of_guangdong_meets_its_traditional_forms) {
    auto const all = divisions();
    BOOST_REQUIRE(std::count_if(all.begin(), all.end(), [](auto const& d) { return d.level == "village"; }) == 26842);
    std::size_t changed = 0;
    for (auto const* config : {"s2t.json", "s2hk.json", "s2tw.json"}) { // mainland's, Hong Kong's and Taiwan's forms
        std::unique_ptr<void, int (*)(opencc_t)> const converter{opencc_open(config), opencc_close};
        BOOST_REQUIRE(converter.get() != reinterpret_cast<opencc_t>(-1));
        for (auto const& division : all) {
            std::unique_ptr<char, void (*)(char*)> const traditional{
                opencc_convert_utf8(converter.get(), division.name.data(), division.name.size()),
                opencc_convert_utf8_free};
            changed += traditional.get() != division.name ? 1U : 0U;
            BOOST_TEST(utf8(Normalizer::name(traditional.get())) == utf8(Normalizer::name(division.name)));
        }
    }
    BOOST_TEST(changed > 60'000U);
}

BOOST_AUTO_TEST_CASE(no_two_names_under_one_parent_in_guangdong_become_one) {
    std::map<std::pair<std::string, std::u32string>, std::string> known;
    for (auto const& division : divisions()) {
        auto const [other, added] =
            known.emplace(std::pair{division.parent, Normalizer::name(division.name)}, division.name);
        BOOST_TEST(added, division.code << " " << division.name << " becomes the same as " << other->second);
    }
    BOOST_TEST(known.size() > 28'000U);
}

BOOST_AUTO_TEST_CASE(characters_are_read_as_in_names_of_places) {
    BOOST_TEST(sound(U"番禺东涌深水埗深圳沙洲东莞大埔新圩") ==
               "pan yu dong chong shen shui bu shen zhen sha zhou dong guan da pu xin xu");
    BOOST_TEST(sound(U"廣長仔㙟輋𪨶绿旅3") == "guang chang zai lang she she lv lv san");
    for (auto const c : std::u32string_view{U"A-,(·"}) {
        BOOST_TEST(Normalizer::syllable(c) == 0U);
    }
    BOOST_TEST(Normalizer::syllable(U'鱼') == Normalizer::syllable(U'渔'));
    BOOST_TEST(Normalizer::syllable(0x110000) == 0U);
    BOOST_TEST(Normalizer::syllable_text(0) == "");
    BOOST_TEST(Normalizer::syllable_text(0xffff) == "");
    std::set<char32_t> silent;
    for (auto const& division : divisions()) {
        for (auto const c : Normalizer::name(division.name)) {
            if (Normalizer::syllable(c) == 0 && (c < U'A' || c > U'Z') && c != U'(' && c != U')') {
                silent.insert(c);
            }
        }
    }
    BOOST_TEST(utf8(std::u32string(silent.begin(), silent.end())) == "𣒍",
               "ICU knows no other reading in Guangdong's names");
}

BOOST_AUTO_TEST_SUITE_END()
