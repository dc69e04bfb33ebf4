#include "archive.hpp"
#include "drawing_labels.hpp"
#include "files.hpp"
#include "reader_frames.hpp"
#include "reader_sandbox.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/ogr_reader.hpp>
#include <wangge/importers/reader_program.hpp>
#include <wangge/importers/text_encoding.hpp>

#include <arpa/inet.h>
#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace wangge;
using namespace wangge::importers;
using test::ScratchFolder;
using namespace std::string_literals;

namespace {

/// What FrameWriter writes by `write`.
std::string bytes_of(std::function<void(FrameWriter&)> const& write) {
    int const fd = ::memfd_create("frames", 0);
    FrameWriter writer{fd};
    write(writer);
    writer.flush();
    std::string bytes(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
    BOOST_REQUIRE(::pread(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    ::close(fd);
    return bytes;
}

FrameReader::Source in_pieces(std::string_view bytes, std::size_t piece) {
    return [bytes, piece](std::span<char> buffer) mutable -> std::size_t {
        auto const count = std::min({buffer.size(), piece, bytes.size()});
        if (count == 0) {
            throw Error{ErrorCode::data_unreadable, "a.gpkg: the end"};
        }
        std::copy_n(bytes.data(), count, buffer.data());
        bytes.remove_prefix(count);
        return count;
    };
}

RawFeature two_part_feature() {
    return {7,
            {"440106001001001", "𠮷田㙟仔"},
            {{0, 0}, {4, 0}, {4, 4}, {1, 1}, {2, 1}, {1, std::numeric_limits<double>::quiet_NaN()}, {9, 9}},
            {{0, 3, 0, false}, {3, 6, 0, true}, {6, 7, 1, false}}};
}

SourceHeader const kHeader{"grids",
                           "GB18030",
                           "GEOGCRS[...]",
                           {"code", "name"},
                           {{"a remark", "一句说明"}},
                           1,
                           {ValueType::text, ValueType::binary}};

std::string whole_stream() {
    return bytes_of([](FrameWriter& writer) {
        writer.header(kHeader);
        RowProblem const problem{ProblemCode::unreadable_text, {"field 'name' is not valid", "字段“name”无效"}};
        writer.feature(two_part_feature(), {&problem, 1});
        writer.end(1);
    });
}

/// The message of the Error with which these bytes are refused; empty when they are accepted.
std::string refused(std::string_view bytes, ReadLimits const& limits = {}, Language language = Language::english) {
    try {
        FrameReader frames{in_pieces(bytes, 1000), limits, "a.gpkg"};
        (void)frames.header();
        RawFeature feature;
        std::vector<RowProblem> problems;
        while (frames.next(feature, problems)) {
        }
    } catch (Error const& error) {
        return error.in(language);
    }
    return {};
}

bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Runs `work` in a process behind the fence; its exit status, or 1000 + the signal that ended it.
int behind_the_fence(bool network, std::vector<std::filesystem::path> const& readable, ReadLimits const& limits,
                     std::function<int()> const& work) {
    auto const child = ::fork();
    if (child == 0) {
        try {
            enter_sandbox(readable, limits, network);
            ::_exit(work());
        } catch (...) {
            ::_exit(200);
        }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace

BOOST_AUTO_TEST_SUITE(importers_reader_process)

BOOST_AUTO_TEST_CASE(frames_come_back_as_they_were_sent_whatever_the_pieces) {
    auto const bytes = whole_stream();
    for (std::size_t piece = 1; piece < 40; ++piece) {
        FrameReader frames{in_pieces(bytes, piece), {}, "a.gpkg"};
        auto const header = frames.header();
        BOOST_TEST(header.layer == "grids");
        BOOST_TEST(header.encoding == "GB18030");
        BOOST_TEST(header.crs_definition == "GEOGCRS[...]");
        BOOST_TEST((header.columns == kHeader.columns));
        BOOST_TEST((header.remarks == kHeader.remarks));
        BOOST_TEST((header.types == kHeader.types));
        RawFeature feature;
        std::vector<RowProblem> problems;
        BOOST_REQUIRE(frames.next(feature, problems));
        auto const sent = two_part_feature();
        BOOST_TEST(feature.row == 7U);
        BOOST_TEST((feature.fields == sent.fields));
        BOOST_REQUIRE(feature.coordinates.size() == sent.coordinates.size());
        BOOST_TEST(std::memcmp(feature.coordinates.data(), sent.coordinates.data(), 7 * sizeof(crs::Coordinate)) == 0);
        BOOST_REQUIRE(feature.rings.size() == 3U);
        BOOST_TEST(feature.rings[1].hole);
        BOOST_TEST(feature.rings[2].part == 1U);
        BOOST_TEST(feature.rings[2].first == 6U);
        BOOST_REQUIRE(problems.size() == 1U);
        BOOST_TEST((problems[0].code == ProblemCode::unreadable_text));
        BOOST_TEST(!frames.next(feature, problems));
    }
}

BOOST_AUTO_TEST_CASE(a_field_that_is_absent_is_not_an_empty_one_and_bytes_that_are_no_text_come_as_they_are) {
    auto feature = two_part_feature();
    feature.fields = {"", ""};
    feature.absent = {true, false};
    auto broken = feature;
    broken.row = 8;
    broken.absent = {false, false};
    broken.undecoded = {{1, "\xFF\x00\xFE"s}};
    auto const bytes = bytes_of([&](FrameWriter& writer) {
        writer.header(kHeader);
        writer.feature(feature, {});
        writer.feature(broken, {});
        writer.feature({9, {"a", ""}, {}, {}}, {}); // of a source that knows no absence
        writer.end(3);
    });
    FrameReader frames{in_pieces(bytes, 7), {}, "a.gpkg"};
    (void)frames.header();
    RawFeature got;
    std::vector<RowProblem> problems;
    BOOST_REQUIRE(frames.next(got, problems));
    BOOST_TEST((got.absent == std::vector<bool>{true, false}));
    BOOST_TEST((got.fields == feature.fields));
    BOOST_TEST(got.undecoded.empty());
    BOOST_REQUIRE(frames.next(got, problems));
    BOOST_TEST((got.absent == std::vector<bool>{false, false}));
    BOOST_TEST((got.undecoded == broken.undecoded));
    BOOST_REQUIRE(frames.next(got, problems));
    BOOST_TEST((got.absent == std::vector<bool>{false, false}));
    BOOST_TEST(got.undecoded.empty());
    BOOST_TEST(got.fields[0] == "a");
    BOOST_TEST(!frames.next(got, problems));

    auto strange = kHeader;
    strange.types[1] = static_cast<ValueType>(static_cast<int>(ValueType::binary) + 1);
    BOOST_TEST(contains(refused(bytes_of([&](FrameWriter& writer) { writer.header(strange); })), "first words"));
    strange.types.pop_back();
    BOOST_TEST(contains(refused(bytes_of([&](FrameWriter& writer) { writer.header(strange); })), "first words"));
}

BOOST_AUTO_TEST_CASE(a_stream_cut_anywhere_is_refused_and_never_taken_for_a_whole_one) {
    auto const bytes = whole_stream();
    BOOST_TEST(refused(bytes).empty());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        BOOST_TEST(!refused(std::string_view{bytes}.substr(0, size)).empty(), "cut at " << size);
    }
}

BOOST_AUTO_TEST_CASE(every_changed_byte_of_a_stream_is_refused_or_changes_no_structure) {
    auto const bytes = whole_stream();
    std::size_t refusals = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
            refusals += refused(changed).empty() ? 0U : 1U; // no crash; the fuzz target looks at what is let through
        }
    }
    BOOST_TEST(refusals > bytes.size() * 2);
}

BOOST_AUTO_TEST_CASE(what_a_reader_may_not_say_is_refused) {
    auto const stream = [](std::vector<RawFeature> const& features, std::uint64_t counted) {
        return bytes_of([&](FrameWriter& writer) {
            writer.header(kHeader);
            for (auto const& feature : features) {
                writer.feature(feature, {});
            }
            writer.end(counted);
        });
    };
    auto const feature = two_part_feature();
    auto next = feature;
    next.row = 8;
    BOOST_TEST(refused(stream({feature, next}, 2)).empty());
    BOOST_TEST(contains(refused(stream({feature, next}, 3)), "number of features"));
    BOOST_TEST(contains(refused(stream({feature, feature}, 2)), "rows that do not grow"));
    auto spoiled = feature;
    spoiled.rings[0].hole = true;
    BOOST_TEST(contains(refused(stream({spoiled}, 1)), "rings"));
    spoiled = feature;
    spoiled.rings[2].part = 2;
    BOOST_TEST(contains(refused(stream({spoiled}, 1)), "rings"));
    spoiled = feature;
    spoiled.fields[1] = "\xFF";
    BOOST_TEST(contains(refused(stream({spoiled}, 1)), "not whole"));
    spoiled = feature;
    spoiled.coordinates.pop_back();
    BOOST_TEST(contains(refused(stream({spoiled}, 1)), "not whole"));

    ReadLimits few;
    few.features = 1;
    BOOST_TEST(contains(refused(stream({feature, next}, 2), few), "cut it into parts"));
    few.features = 10;
    few.vertices = 13;
    BOOST_TEST(contains(refused(stream({feature, next}, 2), few), "cut it into parts"));
    few.feature_bytes = 100;
    BOOST_TEST(contains(refused(stream({feature}, 1), few), "larger than a feature"));

    auto const fault = bytes_of([](FrameWriter& writer) {
        writer.fault(ErrorCode::data_rejected, {"a.gpkg: no\nway \x1B[31m\xC2\x9B"
                                                "1m 中\x1B"
                                                "文 \xFF",
                                                "不\x1B[31m行"});
    });
    BOOST_TEST(refused(fault) == "a.gpkg: no way  [31m 1m 中 文 ?");
    BOOST_TEST(refused(fault, {}, Language::chinese) == "不 [31m行");
    auto wrong_code = fault;
    wrong_code[5] = 77;
    BOOST_TEST(contains(refused(wrong_code), "unknown fault"));
}

BOOST_AUTO_TEST_CASE(behind_the_fence_there_is_no_network_no_writing_no_other_program_and_no_other_file) {
    ScratchFolder const folder;
    auto const own = folder.file("own", "x");
    auto const other = folder.file("other", "x");
    auto const fenced = [&](std::function<int()> const& work) { return behind_the_fence(false, {own}, {}, work); };
    auto const fails_with = [&](int error, std::function<int()> const& call) {
        return fenced([&] { return call() < 0 && errno == error ? 0 : 1; }) == 0;
    };
    BOOST_TEST(fenced([&] { return ::open(own.c_str(), O_RDONLY) >= 0 ? 0 : 1; }) == 0);
    BOOST_TEST(fails_with(EPERM, [] { return ::socket(AF_INET, SOCK_STREAM, 0); }));
    BOOST_TEST(fails_with(EPERM, [] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }));
    BOOST_TEST(fails_with(EPERM, [&] { return ::open(own.c_str(), O_RDWR); }));
    BOOST_TEST(fails_with(EPERM, [&] { return ::open(folder.path("new").c_str(), O_CREAT | O_WRONLY, 0600); }));
    BOOST_TEST(fails_with(EPERM, [&] { return ::unlink(own.c_str()); }));
    BOOST_TEST(fails_with(EPERM, [] { return ::execl("/bin/true", "true", nullptr); }));
    BOOST_TEST(fails_with(EPERM, [] { return ::fork(); }));
    BOOST_TEST(fails_with(EPERM, [] { return ::kill(::getppid(), SIGTERM); }));
    int const landlock = fenced([&] { return ::open(other.c_str(), O_RDONLY) < 0 && errno == EACCES ? 0 : 1; });
    BOOST_WARN_MESSAGE(landlock == 0, "this kernel has no Landlock: other files stay readable");
    BOOST_TEST(behind_the_fence(true, {}, {}, [] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : 1; }) == 0);
}

BOOST_AUTO_TEST_CASE(behind_the_fence_processor_time_ends) {
    ReadLimits limits;
    limits.cpu_seconds = 1;
    auto const status = behind_the_fence(false, {}, limits, []() -> int {
        for (;;) {
            (void)::getppid();
        }
    });
    BOOST_TEST((status == 1000 + SIGXCPU || status == 1000 + SIGKILL));
}

BOOST_AUTO_TEST_CASE(a_file_that_costs_too_much_is_an_error_that_names_it) {
    ScratchFolder const folder;
    std::string lines;
    for (int i = 0; i < 200; ++i) {
        lines +=
            R"({"type":"Feature","properties":{"code":"1"},"geometry":{"type":"Polygon","coordinates":[[[1,1],[2,1],[2,2],[1,1]]]}})"
            "\n";
    }
    auto const path = folder.file("many.geojsonl", lines);
    auto const message = [&](ReadOptions const& options) -> std::string {
        try {
            auto reader = OgrReader::open(path, options);
            RawFeature feature;
            std::vector<Problem> problems;
            while (reader.next(feature, problems) != OgrReader::Outcome::end) {
            }
        } catch (Error const& error) {
            BOOST_TEST(contains(error.what(), path.string()), error.what());
            return error.what();
        }
        return {};
    };
    BOOST_TEST(message({}).empty());
    ReadOptions options;
    options.limits.features = 199;
    BOOST_TEST(contains(message(options), "cut it into parts"));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    options = {};
    options.limits.memory_bytes = 1 << 20; // less than the program itself
    BOOST_TEST(!message(options).empty());
#endif
}

BOOST_AUTO_TEST_CASE(a_reader_that_hangs_is_ended_and_one_that_is_left_half_way_leaves_no_process) {
    ScratchFolder const folder;
    auto const file = folder.file("a.gpkg", "x");
    auto const script = folder.file("reader", "#!/bin/sh\nexec sleep 100\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    ReadOptions options;
    options.limits.idle_seconds = 1;
    use_reader_program(script);
    BOOST_CHECK_EXCEPTION((void)OgrReader::open(file, options), Error, [&](Error const& error) {
        return contains(error.what(), file.string()) && contains(error.what(), "nothing came from it for 1 s");
    });
    use_reader_program(folder.path("nowhere"));
    BOOST_CHECK_EXCEPTION((void)OgrReader::open(file, options), Error,
                          [](Error const& error) { return error.code() == ErrorCode::environment; });
    use_reader_program(WANGGE_READER);

    test::SampleFile sample{{"code"}, {}, 4490, "grids"};
    for (int i = 0; i < 20'000; ++i) { // more than a pipe holds
        sample.features.push_back({{std::string(200, 'x')}, "POLYGON((1 1,2 1,2 2,1 1))"});
    }
    test::write_sample(folder.path("large.fgb"), sample);
    {
        auto reader = OgrReader::open(folder.path("large.fgb"), {});
        RawFeature feature;
        std::vector<Problem> problems;
        BOOST_TEST((reader.next(feature, problems) == OgrReader::Outcome::feature));
    }
    BOOST_TEST(::waitpid(-1, nullptr, WNOHANG) == -1);
    BOOST_TEST(errno == ECHILD);
}

BOOST_AUTO_TEST_CASE(texts_of_a_drawing_go_to_the_areas_they_lie_in) {
    DrawingLabels labels;
    labels.add("WGMC", "south", {2, 1});
    labels.add("WGBM", "1", {2, 2});
    labels.add("WGMC", "north", {2, 3});
    labels.add("WGBM", "2", {12, 2});
    labels.add("WGBM", "in the hole", {5, 5});
    labels.finish();
    BOOST_TEST((labels.kinds() == std::vector<std::string>{"WGBM", "WGMC"}));
    RawFeature area{1,
                    {},
                    {{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}, {4, 4}, {6, 4}, {6, 6}, {4, 6}, {4, 4}},
                    {{0, 5, 0, false}, {5, 10, 0, true}}};
    BOOST_TEST((labels.labels_in(area) == std::vector<std::string>{"1", "north; south"}));
    BOOST_TEST((labels.labels_in({}) == std::vector<std::string>{"", ""}));
}

BOOST_AUTO_TEST_CASE(encodings_are_told_by_the_names_of_known_places) {
    // 璩村 and friends: valid in GB18030 and Big5 alike, and no UTF-8.
    std::vector<std::string> const places{"石牌街道", "冼村社区居民委员会"};
    EncodingGuess gb{places};
    EncodingGuess utf8{places};
    for (std::string const text : {"石牌街道", "冼村第三网格", "天河"}) {
        gb.add(test::to_gb18030(text));
        utf8.add(text);
    }
    BOOST_TEST(gb.encoding().value() == "GB18030");
    BOOST_TEST(!gb.fits("BIG5"));
    BOOST_TEST(contains(gb.evidence().english, "known places found: 0, 2, 0"));
    BOOST_TEST(gb.evidence().chinese == "3 处非 ASCII 文字中：UTF-8 0 处有效，GB18030 3 处有效，BIG5 3 处有效；"
                                        "认出的已知地名数依次为：0, 2, 0");
    BOOST_TEST(utf8.encoding().value() == "UTF-8");
    BOOST_TEST(!utf8.fits("GB18030"));

    EncodingGuess short_text; // 同头 in GB18030 is valid UTF-8 by chance: nothing but a place can tell
    short_text.add("\xCD\xAC\xCD\xB7");
    BOOST_TEST(short_text.encoding().value() == "UTF-8");
    EncodingGuess with_place{{"同头村"}};
    with_place.add("\xCD\xAC\xCD\xB7");
    BOOST_TEST(with_place.encoding().value() == "GB18030");

    EncodingGuess mostly; // one broken value does not change what the others say
    for (int i = 0; i < 20; ++i) {
        mostly.add("石牌街道");
    }
    mostly.add("\xE7\x9F\xFF");
    BOOST_TEST(mostly.encoding().value() == "UTF-8");
}

BOOST_AUTO_TEST_CASE(big5_is_told_from_gb18030_by_known_places) {
    auto const to_big5 = [](std::string_view bytes) { return std::string{bytes}; };
    // 大埔 and 中山 in Big5; as GB18030 the same bytes are other characters.
    EncodingGuess guess{{"大埔", "中山"}};
    guess.add(to_big5("\xA4\x6A\xAE\x48"));
    guess.add(to_big5("\xA4\xA4\xA4\x73"));
    BOOST_TEST(guess.encoding().value() == "BIG5");
}

BOOST_AUTO_TEST_CASE(big5_is_told_from_gb18030_by_the_second_bytes_of_its_characters) {
    auto const guessed = [](std::vector<std::string> const& texts, std::string_view encoding) {
        EncodingGuess guess{{"石牌街道", "冼村社区居民委员会"}};
        for (auto const& text : texts) {
            guess.add(test::in_encoding(text, encoding));
        }
        BOOST_TEST(guess.fits(guess.encoding().value()));
        return guess.encoding().value() + (guess.fits("GB18030") ? " or GB18030" : "");
    };
    std::vector<std::string> const hong_kong{"廣東省廣州市天河區石牌街道", "龍口東路社區居民委員會", "深水埗荔枝角道"};
    BOOST_TEST(guessed(hong_kong, "BIG5-HKSCS") == "BIG5");
    BOOST_TEST(guessed(hong_kong, "GB18030") == "GB18030 or GB18030");
    BOOST_TEST(guessed(hong_kong, "UTF-8") == "UTF-8");
    BOOST_TEST(guessed({"村居編碼,村居名稱,網格編碼,網格名稱"}, "BIG5") == "BIG5");
    // Simplified, with rare characters whose second byte is low in GB18030.
    BOOST_TEST(guessed({"姓名,电话,岗位,网格", "陈珺,黄瑄", "网格员 王珺"}, "GB18030") == "GB18030 or GB18030");

    TextDecoder decoder{"BIG5"};
    std::string bytes{"\xB2\x60\xA4\xF4\x96\xF5\x88\x66"}; // its last character could be the half of another one
    BOOST_TEST(decoder.decode(bytes));
    BOOST_TEST(bytes == "深水埗Ê");
}

BOOST_AUTO_TEST_CASE(utf16_is_read_in_both_byte_orders_and_strictly) {
    BOOST_TEST(utf16_to_utf8(std::string_view{"\xFF\xFE\x51\x7F\x42\xD8\xB7\xDF", 8}).value() == "网𠮷");
    BOOST_TEST(utf16_to_utf8(std::string_view{"\xFE\xFF\x7F\x51\xD8\x42\xDF\xB7\x00\x41", 10}).value() == "网𠮷A");
    BOOST_TEST(!utf16_to_utf8(std::string_view{"\xFF\xFE\x42\xD8", 4}).has_value());
    BOOST_TEST(!utf16_to_utf8(std::string_view{"\xFF\xFE\xB7\xDF\x41\x00", 6}).has_value());
    BOOST_TEST(!utf16_to_utf8("plain").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
