#include <wangge/base/codes.hpp>
#include <wangge/base/dates.hpp>
#include <wangge/base/digest.hpp>
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/base/text_recoder.hpp>
#include <wangge/base/utf8.hpp>

#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <filesystem>
#include <set>

using namespace wangge;

BOOST_AUTO_TEST_SUITE(base)

BOOST_AUTO_TEST_CASE(a_division_code_is_exactly_twelve_digits) {
    BOOST_TEST(DivisionCode::parse("440106001001")->str() == "440106001001");
    for (auto const* bad : {"", "44010600100", "4401060010011", "44010600100x", "000000000000", " 40106001001"}) {
        BOOST_TEST(!DivisionCode::parse(bad).has_value(), bad);
    }
}

BOOST_AUTO_TEST_CASE(the_code_profile_tells_the_kind_by_the_sequence) {
    CodeProfile const profile;
    auto const village = *DivisionCode::parse("440106001001");
    BOOST_TEST(profile.make(village, 1).str() == "440106001001001");
    BOOST_TEST((profile.kind_of(profile.make(village, 799)) == GridKind::comprehensive));
    BOOST_TEST((profile.kind_of(profile.make(village, 800)) == GridKind::dedicated));
    BOOST_TEST((profile.birth_village(profile.make(village, 999)) == village));
    BOOST_TEST(!profile.fits(*GridCode::parse("440106001001000")));
    BOOST_TEST(!profile.fits(*GridCode::parse("44010600100101")));
    BOOST_CHECK_THROW(profile.make(village, 0), Error);
    BOOST_CHECK_THROW(profile.make(village, 1000), Error);
    BOOST_TEST(!GridCode::parse("123456789012345678901").has_value());
}

BOOST_AUTO_TEST_CASE(dates_are_real_calendar_days) {
    BOOST_TEST(Date::parse("1970-01-02")->days() == 1);
    BOOST_TEST(Date::parse("2024-02-29")->str() == "2024-02-29");
    BOOST_TEST(Date::parse("2000-03-01")->days() == 11017); // date -d 2000-03-01 +%s / 86400
    for (auto const* bad : {"2023-02-29", "2024-13-01", "2024-1-1", "24-01-01", "2024/01/01", "", "2024-01-0x"}) {
        BOOST_TEST(!Date::parse(bad).has_value(), bad);
    }
    DateInterval const may{*Date::parse("2024-05-01"), *Date::parse("2024-06-01")};
    BOOST_TEST(may.holds(*Date::parse("2024-05-01")));
    BOOST_TEST(!may.holds(*Date::parse("2024-06-01")));
}

BOOST_AUTO_TEST_CASE(sha256_gives_the_published_digests) {
    // FIPS 180-4 examples.
    BOOST_TEST(sha256("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST(sha256("").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

BOOST_AUTO_TEST_CASE(an_atomic_write_replaces_the_file_whole) {
    auto const path = std::filesystem::temp_directory_path() / ("wangge-base-" + std::to_string(::getpid()));
    write_file_atomically(path, "first");
    write_file_atomically(path, "second");
    BOOST_TEST(read_file(path) == "second");
    BOOST_TEST(MappedFile::open(path).bytes().size() == 6U);
    std::filesystem::remove(path);
    BOOST_CHECK_THROW(MappedFile::open(path), Error);
}

BOOST_AUTO_TEST_CASE(what_a_killed_writer_left_goes_with_the_next_write_and_nothing_else_does) {
    auto const folder = std::filesystem::temp_directory_path() / ("wangge-left-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    make_private_folder(folder / "inner");
    BOOST_TEST((std::filesystem::status(folder / "inner").permissions() == std::filesystem::perms::owner_all));
    std::string const gone = "999999999"; // beyond every process number
    std::set<std::string> names;
    for (std::string const& name :
         {"a.new-" + gone, "a.new-" + gone + ".gpkg", "a.old-" + std::to_string(::getpid()), std::string{"a.new-1"},
          "b.new-" + gone, "ab.new-" + gone, std::string{"a.new-"}, std::string{"a.new-x"}}) {
        std::filesystem::create_directory(folder / name);
    }
    write_file_atomically(folder / "a", "text");
    for (auto const& entry : std::filesystem::directory_iterator{folder}) {
        names.insert(entry.path().filename().string());
    }
    BOOST_TEST((names == std::set<std::string>{"a", "a.new-", "a.new-1", "a.new-x", "ab.new-" + gone, "b.new-" + gone,
                                               "inner"}));
    std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_CASE(pieces_of_any_size_are_written_in_order) {
    auto const path = std::filesystem::temp_directory_path() / ("wangge-pieces-" + std::to_string(::getpid()));
    std::string expected;
    {
        FileWriter writer{path};
        for (std::size_t const size : {1UL, 1000UL, (1UL << 20U) - 1001, 1UL, 3UL << 20U, 5UL, 1UL << 20U, 7UL}) {
            std::string const piece(size, static_cast<char>('a' + expected.size() % 26));
            writer.write(piece);
            expected += piece;
        }
        writer.close();
    }
    BOOST_TEST((read_file(path) == expected));
    std::filesystem::remove(path);
}

BOOST_AUTO_TEST_CASE(a_lock_is_refused_while_another_holder_lives) {
    auto const path = std::filesystem::temp_directory_path() / ("wangge-lock-" + std::to_string(::getpid()));
    {
        FileLock const first{path, "held"};
        BOOST_CHECK_EXCEPTION((FileLock{path, "held"}), Error,
                              [](Error const& e) { return e.code() == ErrorCode::conflict; });
    }
    FileLock const again{path, "held"};
    std::filesystem::remove(path);
}

BOOST_AUTO_TEST_CASE(a_checksum_does_not_depend_on_the_pieces_and_knows_the_length) {
    std::vector<std::byte> bytes;
    for (unsigned i = 0; i < 300; ++i) {
        bytes.push_back(static_cast<std::byte>(i * 37 >> 2U));
    }
    for (std::size_t first = 0; first <= bytes.size(); ++first) {
        for (std::size_t second : {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{65}}) {
            auto const end = std::min(bytes.size(), first + second);
            Checksum64 pieces;
            pieces.update(std::span{bytes}.first(first));
            pieces.update(std::span{bytes}.subspan(first, end - first));
            pieces.update(std::span{bytes}.subspan(end));
            BOOST_TEST(pieces.finish() == checksum64(bytes));
        }
    }
    std::set<std::uint64_t> sums;
    for (std::size_t size = 0; size < 200; ++size) {
        sums.insert(checksum64(std::vector<std::byte>(size)));
    }
    BOOST_TEST(sums.size() == 200U);
}

BOOST_AUTO_TEST_CASE(a_checksum_sees_every_single_bit) {
    std::vector<std::byte> bytes(131, std::byte{0x5a});
    auto const before = checksum64(bytes);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        BOOST_TEST(checksum64(bytes) != before);
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    }
}

BOOST_AUTO_TEST_CASE(a_block_is_utf8_when_most_of_its_lines_are) {
    std::string const gb18030 = "\xcd\xf8\xb8\xf1"; // 网格
    for (std::string const& good : {std::string{}, std::string{"abc"}, std::string{"网格"}, std::string{"网格\xE7\xBC"},
                                    std::string{"\xF0"}, std::string{"a\xF4\x8F\xBF"}, "网格\n" + gb18030,
                                    std::string{"a\n网格\n\xFF\n"}, gb18030 + "\n网格\n网\xE7"}) {
        BOOST_TEST(is_mostly_utf8(good), good);
    }
    // A cut elsewhere, an overlong form or a surrogate that is cut itself, a byte that begins nothing; lines of ASCII
    // say nothing.
    for (std::string const& bad :
         {std::string{"\xE7\xBC"
                      "a"},
          std::string{"网\xE0\x80"}, std::string{"\xED\xA0"}, std::string{"\xFF"}, std::string{"ab\x80"},
          "a\nb\n" + gb18030 + "\nc", "网\n" + gb18030 + "\n" + gb18030, "\xE7\xBC\n网\n" + gb18030 + "\na"}) {
        BOOST_TEST(!is_mostly_utf8(bad), bad);
    }
}

BOOST_AUTO_TEST_CASE(every_scalar_value_is_written_as_the_utf8_that_iconv_writes) {
    TextRecoder recoder{"UTF-8", "UCS-4LE"};
    std::string ours, theirs;
    for (char32_t c = 0; c <= 0x10FFFF; ++c) {
        if (c < 0xD800 || c > 0xDFFF) {
            append_utf8(ours, c);
            theirs.append(reinterpret_cast<char const*>(&c), sizeof c);
        }
    }
    BOOST_REQUIRE(recoder.convert(theirs));
    BOOST_TEST((ours == theirs));
    BOOST_TEST(is_utf8(ours));
}

BOOST_AUTO_TEST_CASE(a_text_that_cannot_be_recoded_stays_and_leaves_no_trace) {
    TextRecoder recoder{"UTF-8", "GB18030"};
    std::string text = "\xBD\xD6"; // 街 by the table of GB 2312, row 29 cell 54
    BOOST_TEST(recoder.convert(text));
    BOOST_TEST(text == "街");
    std::string bad = "\xBD\xD6\xBD";
    BOOST_TEST(!recoder.convert(bad));
    BOOST_TEST(bad == "\xBD\xD6\xBD");
    std::string again = "\xBD\xD6";
    BOOST_TEST(recoder.convert(again));
    BOOST_TEST(again == "街");
    BOOST_CHECK_THROW((TextRecoder{"UTF-8", "klingon"}), Error);
}

BOOST_AUTO_TEST_SUITE_END()
