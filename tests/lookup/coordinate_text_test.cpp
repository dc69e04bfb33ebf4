#include "coordinate_text.hpp"
#include "support/random.hpp"

#include <wangge/crs/transformer.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>

namespace {

using namespace wangge;

/// What the field is worth by the standard library alone; NaN when it is no number.
double by_from_chars(std::string text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        text = text.substr(1, text.size() - 2);
    }
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string::npos) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
    double value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : std::numeric_limits<double>::quiet_NaN();
}

/// By the library's rounding, without geom::to_lattice.
std::optional<geom::Point> lattice_of(double lon, double lat) {
    if (!(std::fabs(lon) <= 180 && std::fabs(lat) <= 90)) {
        return std::nullopt;
    }
    return geom::Point{static_cast<std::int32_t>(std::llround(lon * 1e7)),
                       static_cast<std::int32_t>(std::llround(lat * 1e7))};
}

/// The parser's value of `text` between bytes that would mislead it, were they read as part of it.
double parsed(std::string const& text, char around) {
    std::string const margin(lookup::kReadableAround, around);
    auto const whole = margin + text + margin;
    return lookup::parse_coordinate(std::string_view{whole}.substr(margin.size(), text.size()));
}

/// Tells the first text for which parser and library differ; empty when there is none.
class Comparison {
public:
    void add(std::string const& text) {
        double const expected = by_from_chars(text);
        double const got = parsed(text, "0.9-\n"[m_count % 5]);
        bool const same = std::isnan(expected)
                              ? std::isnan(got)
                              : std::bit_cast<std::uint64_t>(expected) == std::bit_cast<std::uint64_t>(got);
        bool const same_point = crs::to_lattice(crs::Position{got, got / 2}) == lattice_of(expected, expected / 2);
        if ((!same || !same_point) && m_first.empty()) {
            m_first = "'" + text + "'";
        }
        ++m_count;
    }
    [[nodiscard]] std::string const& first_difference() const { return m_first; }

private:
    std::size_t m_count = 0;
    std::string m_first;
};

template <class Random>
std::string digits(Random& random, std::size_t count) {
    std::string text;
    while (text.size() < count) {
        text += static_cast<char>('0' + random() % 10);
    }
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(coordinate_text)

BOOST_AUTO_TEST_CASE(the_fast_way_is_taken_for_usual_coordinates_and_left_for_all_others) {
    auto const fast = [](std::string const& text) {
        std::string const margin(lookup::kReadableAround, '1');
        auto const whole = margin + text + margin;
        double value = 0;
        return lookup::parse_plain_decimal(std::string_view{whole}.substr(margin.size(), text.size()), value);
    };
    for (auto const* const text : {"113.2644", "113.26438521", "-0.5", "23.1", "12606543.12", "113.2643852123456"}) {
        BOOST_TEST(fast(text) == (std::string_view{text}.find('.') < 8), text);
    }
    for (auto const* const text : {"",
                                   "-",
                                   ".",
                                   "113",
                                   "113.",
                                   ".5",
                                   "1e2",
                                   "1.5e2",
                                   "+1.5",
                                   "nan",
                                   "inf",
                                   "1.2.3",
                                   " 1.5",
                                   "1.5 ",
                                   "--1.5",
                                   "1.-5",
                                   "1.5\r",
                                   "\"1.5\"",
                                   "9007199.2547409930",
                                   "1234567.1234567890123"}) {
        BOOST_TEST(!fast(text), text);
    }
}

BOOST_AUTO_TEST_CASE(texts_by_hand_have_their_values) {
    BOOST_TEST(parsed("113.5", '7') == 113.5);
    BOOST_TEST(parsed("-0.25", '7') == -0.25);
    BOOST_TEST(std::signbit(parsed("-0.0", '7')));
    BOOST_TEST(parsed("\" 113.5\t\"", '7') == 113.5);
    BOOST_TEST(parsed("1125e-1", '7') == 112.5);
    BOOST_TEST(parsed("0000113.5", '7') == 113.5);
    for (auto const* const text :
         {"", " ", "\"\"", "1,5", "0x10", "113.5E", "113.5.", "113. 5", "\"\"1.5\"\"", " \"1.5\"", "1e999"}) {
        BOOST_TEST(std::isnan(parsed(text, '7')), text);
    }
}

BOOST_AUTO_TEST_CASE(every_text_has_the_value_that_the_library_gives_it_bit_for_bit) {
    constexpr std::uint64_t kSeed = 20261126;
    test::Random source{kSeed};
    auto const random = [&] { return source.next(); };
    Comparison comparison;
    for (int i = 0; i < 1'000'000; ++i) { // what files hold
        std::string text = random() % 8 == 0 ? "-" : "";
        text += digits(random, 1 + random() % 8) + "." + digits(random, random() % 20);
        comparison.add(text);
    }
    for (int i = 0; i < 500'000; ++i) { // halves of the lattice and their neighbours, where the last bit decides
        auto const units = static_cast<long long>(random() % 1'800'000'000ULL);
        auto text = std::to_string(units / 10'000'000) + ".";
        auto const rest = std::to_string(units % 10'000'000);
        text += std::string(7 - rest.size(), '0') + rest;
        switch (random() % 4) {
        case 0:
            text += "5";
            break;
        case 1:
            text += "5" + std::string(random() % 8, '0') + digits(random, 1);
            break;
        case 2:
            text += "4" + std::string(random() % 9, '9');
            break;
        default:
            text += digits(random, random() % 9);
        }
        comparison.add(text);
    }
    for (int i = 0; i < 300'000; ++i) { // round 2^53, where one division stops being right
        auto const mantissa = std::to_string((std::uint64_t{1} << 53U) - 500 + random() % 1000);
        auto const at = 1 + random() % (mantissa.size() - 1);
        comparison.add(mantissa.substr(0, at) + "." + mantissa.substr(at));
    }
    for (int i = 0; i < 300'000; ++i) { // doubles as they are printed, and halves between two of them
        double const value = std::bit_cast<double>((random() & 0x800fffffffffffffULL) | (1012 + random() % 40) << 52U);
        std::array<char, 400> text{};
        auto const precision = static_cast<int>(random() % 30);
        comparison.add(
            {text.data(), static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.*f", precision, value))});
        auto const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
        comparison.add({text.data(), static_cast<std::size_t>(end - text.data())});
    }
    for (int i = 0; i < 1'000'000; ++i) { // anything
        constexpr std::string_view kLetters = "0123456789012345678901234567890....--+eE \t\"xnaif,/:\x80\xba\xff";
        std::string text;
        for (auto size = random() % 24; text.size() < size;) {
            text += kLetters[random() % kLetters.size()];
        }
        comparison.add(text);
    }
    for (int i = 0; i < 500'000; ++i) { // a good one with one byte changed
        auto text = digits(random, 1 + random() % 4) + "." + digits(random, 1 + random() % 12);
        text[random() % text.size()] = static_cast<char>(random() % 256);
        comparison.add(text);
    }
    BOOST_TEST(comparison.first_difference() == "", "seed " << kSeed);
}

BOOST_AUTO_TEST_SUITE_END()
