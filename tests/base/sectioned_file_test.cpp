#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/base/sectioned_file.hpp>

#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

using namespace wangge;

namespace {

constexpr SectionedFormat kFormat{{'W', 'G', 'T', 'E', 'S', 'T', 'S', '\n'}, 7, 3, "make it again"};

/// Room for a file of this process, removed at the end.
struct Place {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("wangge-sectioned-" + std::to_string(::getpid()));
    ~Place() { std::filesystem::remove(path); }
};

std::vector<std::byte> bytes_of(std::string_view text) {
    auto const bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

void put(std::vector<std::byte>& bytes, std::size_t at, auto value) {
    std::memcpy(&bytes.at(at), &value, sizeof value);
}

/// With the header's checksum made right: it stands behind magic, version, mark, size, digest and three sections.
std::vector<std::byte> sealed(std::vector<std::byte> bytes) {
    constexpr std::size_t kAt = 8 + 4 + 4 + 8 + 32 + 3 * 16;
    put(bytes, kAt, checksum64(std::span{bytes}.first(kAt)));
    return bytes;
}

struct Written : Place {
    std::vector<std::uint32_t> numbers{1, 2, 3};
    std::string text = "abc";
    Digest digest = sha256("source");
    WrittenFile file;
    std::vector<std::byte> bytes;

    Written() {
        auto const n = std::as_bytes(std::span{numbers});
        // One section of two pieces; the third is left out.
        std::vector<SectionPieces> const sections{{n.first(4), n.subspan(4)}, {std::as_bytes(std::span{text})}};
        file = write_sectioned(path, kFormat, digest, sections);
        bytes = bytes_of(read_file(path));
    }
};

std::string refusal(std::vector<std::byte> const& bytes) {
    try {
        SectionedView const view{"some/where.bin", bytes, kFormat};
        return "none";
    } catch (Error const& e) {
        BOOST_TEST((e.code() == ErrorCode::corrupt));
        return e.what();
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(sectioned_file)

BOOST_FIXTURE_TEST_CASE(a_file_has_the_documented_bytes, Written) {
    std::vector<std::byte> expected(64 * 5, std::byte{0});
    std::memcpy(expected.data(), "WGTESTS\n", 8);
    put(expected, 8, std::uint32_t{7});
    put(expected, 12, std::uint32_t{0x01020304});
    put(expected, 16, std::uint64_t{64 * 5});
    std::memcpy(&expected[24], digest.bytes.data(), 32);
    put(expected, 56, std::uint64_t{128}); // the header has 112 bytes
    put(expected, 64, std::uint64_t{12});
    put(expected, 72, std::uint64_t{192});
    put(expected, 80, std::uint64_t{3});
    put(expected, 128, std::uint32_t{1});
    put(expected, 132, std::uint32_t{2});
    put(expected, 136, std::uint32_t{3});
    std::memcpy(&expected[192], "abc", 3);
    expected.resize(256);
    put(expected, 16, std::uint64_t{256});
    expected = sealed(std::move(expected));
    BOOST_TEST((bytes == expected));
    BOOST_TEST(file.bytes == expected.size());
    BOOST_TEST(file.checksum == checksum64(expected));
}

BOOST_FIXTURE_TEST_CASE(sections_are_read_as_they_were_written, Written) {
    SectionedView const view{path, bytes, kFormat};
    BOOST_TEST((view.digest() == digest));
    BOOST_TEST(std::ranges::equal(view.section<std::uint32_t>(0), numbers));
    BOOST_TEST(std::ranges::equal(view.section<char>(1), text));
    BOOST_TEST(view.section<double>(2).empty());
    BOOST_CHECK_EXCEPTION(static_cast<void>(view.section<std::uint64_t>(0)), Error, [](Error const& e) {
        return std::string_view{e.what()}.find("section 0 has 12 bytes, not a number of records of 8; make it again") !=
               std::string_view::npos;
    });
    BOOST_CHECK_THROW(static_cast<void>(view.section<char>(3)), std::out_of_range);
    BOOST_TEST((digest_of_sectioned(bytes, kFormat) == digest));
}

BOOST_FIXTURE_TEST_CASE(what_is_wrong_with_a_file_is_named, Written) {
    struct Case {
        std::string_view expected;
        bool seal;
        std::function<void(std::vector<std::byte>&)> spoil;
    };
    Case const cases[]{
        {"the file is truncated", false, [](auto& b) { b.resize(55); }},
        {"the file is truncated", false, [](auto& b) { b.resize(111); }},
        {"the file is truncated", false, [](auto& b) { b.clear(); }},
        {"the file is something else (wrong magic)", true, [](auto& b) { b[0] = std::byte{'w'}; }},
        {"format version 8 cannot be read, this program reads version 7", true,
         [](auto& b) { put(b, 8, std::uint32_t{8}); }},
        {"format version 7 cannot be read", true, [](auto& b) { put(b, 12, std::uint32_t{0x04030201}); }},
        {"the header is damaged (checksum)", false, [](auto& b) { b[40] ^= std::byte{1}; }},
        {"the file has 192 bytes where its header says 256", false, [](auto& b) { b.resize(192); }},
        {"a section lies outside the file", true, [](auto& b) { put(b, 56, std::uint64_t{129}); }},
        {"a section lies outside the file", true, [](auto& b) { put(b, 56, std::uint64_t{320}); }},
        {"a section lies outside the file", true, [](auto& b) { put(b, 64, std::uint64_t{129}); }},
        {"a section lies outside the file", true, [](auto& b) { put(b, 64, ~std::uint64_t{0}); }},
    };
    for (auto const& c : cases) {
        auto spoilt = bytes;
        c.spoil(spoilt);
        if (c.seal) {
            spoilt = sealed(std::move(spoilt));
        }
        auto const why = refusal(spoilt);
        BOOST_TEST(why.find(c.expected) != std::string::npos, c.expected << " is not in: " << why);
        BOOST_TEST(why.starts_with("some/where.bin: "));
        BOOST_TEST(why.ends_with("; make it again"));
        bool const places = c.expected.starts_with("a section"); // the digest is there whatever the sections are
        BOOST_TEST(digest_of_sectioned(spoilt, kFormat).has_value() == places, c.expected);
    }
    auto full = bytes; // a section may reach to the very end
    put(full, 64, std::uint64_t{128});
    BOOST_TEST(refusal(sealed(std::move(full))) == "none");
}

BOOST_AUTO_TEST_CASE(a_file_of_its_own_format_is_summed_up) {
    Place const place;
    std::string const text(3 << 20U, 'x');
    auto const written = write_summed(place.path, std::as_bytes(std::span{text}));
    BOOST_TEST(written.bytes == text.size());
    BOOST_TEST(written.checksum == checksum64(std::as_bytes(std::span{text})));
    BOOST_TEST((read_file(place.path) == text));
}

BOOST_AUTO_TEST_SUITE_END()
