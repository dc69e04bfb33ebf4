#include "files.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/ogr_reader.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

// Files that are damaged in every way a test can think of: an error or a problem that names the file, or all features;
// never a crash, a hang, or features that are missing without a word.

using namespace wangge;
using namespace wangge::importers;
using test::SampleFile;
using test::ScratchFolder;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kFlips = 12; // a process costs ten times as much
constexpr std::uintmax_t kCuts = 6;
#else
constexpr int kFlips = 60;
constexpr std::uintmax_t kCuts = 20;
#endif
constexpr std::size_t kFeatures = 5;

bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

SampleFile five_grids() {
    SampleFile sample;
    sample.columns = {"WGBM", "WGMC"};
    for (std::size_t i = 0; i < kFeatures; ++i) {
        auto const x = 113.0 + 0.1 * static_cast<double>(i);
        std::string wkt = "POLYGON((";
        for (int corner = 0; corner < 40; ++corner) { // several pages and blocks, so that damage has something to hit
            wkt += std::to_string(x + 0.001 * corner) + " " + std::to_string(23 + 0.0001 * corner * corner) + ",";
        }
        wkt += std::to_string(x) + " 23))";
        sample.features.push_back({{"44010600100100" + std::to_string(i), "㙟仔网格" + std::to_string(i)}, wkt});
    }
    return sample;
}

std::string drawing_of_five() {
    auto const pair = [](int code, std::string const& value) { return std::to_string(code) + "\n" + value + "\n"; };
    auto text = pair(0, "SECTION") + pair(2, "ENTITIES");
    for (std::size_t i = 0; i < kFeatures; ++i) {
        auto const x = 113.0 + 0.1 * static_cast<double>(i);
        text += pair(0, "LWPOLYLINE") + pair(5, "A" + std::to_string(i)) + pair(100, "AcDbEntity") + pair(8, "网格") +
                pair(100, "AcDbPolyline") + pair(90, "4") + pair(70, "1");
        for (auto const& [dx, dy] : {std::pair{0.0, 0.0}, {0.05, 0.0}, {0.05, 0.05}, {0.0, 0.05}}) {
            text += pair(10, std::to_string(x + dx)) + pair(20, std::to_string(23 + dy));
        }
        text += pair(0, "TEXT") + pair(8, "WGBM") + pair(10, std::to_string(x + 0.01)) + pair(20, "23.01") +
                pair(1, "44010600100100" + std::to_string(i));
    }
    return text + pair(0, "ENDSEC") + pair(0, "EOF");
}

struct Outcome {
    std::string error; ///< empty: it was read to its end
    std::size_t features = 0;
    std::size_t problems = 0;
};

Outcome outcome_of(std::filesystem::path const& path) {
    Outcome outcome;
    ReadOptions options{"EPSG:4490", {}, {}};
    options.limits.cpu_seconds = 10;
    options.limits.idle_seconds = 20;
    try {
        auto reader = OgrReader::open(path, options);
        RawFeature feature;
        std::vector<Problem> problems;
        while (reader.next(feature, problems) != OgrReader::Outcome::end) {
            ++outcome.features;
        }
        outcome.problems = problems.size();
    } catch (Error const& error) {
        outcome.error = error.what();
        BOOST_TEST(contains(outcome.error, path.stem().string()), outcome.error);
        bool const expected = error.code() == ErrorCode::data_unreadable || error.code() == ErrorCode::data_rejected ||
                              error.code() == ErrorCode::usage;
        BOOST_TEST(expected, outcome.error);
    }
    return outcome;
}

/// A file that is whole, and those of its files that damage may hit.
struct Victim {
    std::filesystem::path path;
    std::vector<std::filesystem::path> parts;
};

Victim make_victim(ScratchFolder const& folder, std::string const& ending) {
    auto const path = folder.path("grids" + ending);
    if (ending == ".dxf") {
        return {folder.file("grids.dxf", drawing_of_five()), {path}};
    }
    test::write_sample(path, five_grids(), "UTF-8");
    Victim victim{path, {}};
    for (auto const& part : files_of(path)) {
        auto const kind = part.extension();
        // What holds neither shapes nor attributes is left out: indexes, coordinate systems (one is given here).
        bool const idle = kind == ".prj" || kind == ".cpg" || kind == ".spx" || kind == ".atx" ||
                          kind == ".gdbindexes" || kind == ".freelist";
        if (!idle && std::filesystem::file_size(part) > 40) {
            victim.parts.push_back(part);
        }
    }
    return victim;
}

std::vector<std::string> const kEndings{".gpkg", ".shp", ".geojson", ".geojsonl", ".fgb",
                                        ".kml",  ".dxf", ".sqlite",  ".gdb"};

} // namespace

BOOST_AUTO_TEST_SUITE(importers_damage)

BOOST_AUTO_TEST_CASE(whole_files_of_every_format_are_read) {
    ScratchFolder const folder;
    for (auto const& ending : kEndings) {
        auto const outcome = outcome_of(make_victim(folder, ending).path);
        BOOST_TEST(outcome.error == "", ending);
        BOOST_TEST(outcome.features == kFeatures, ending);
        BOOST_TEST(outcome.problems == 0U, ending);
    }
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_refused_or_whole) {
    ScratchFolder const folder;
    for (auto const& ending : kEndings) {
        auto const victim = make_victim(folder, ending);
        for (auto const& part : victim.parts) {
            auto const bytes = read_file(part);
            for (std::uintmax_t i = 0; i < kCuts; ++i) {
                auto const size = i * (bytes.size() - 1) / (kCuts - 1);
                if (ending == ".geojsonl" && size != 0 && (bytes[size] == '\n' || bytes[size - 1] == '\n')) {
                    continue; // whole lines are a whole file: nothing tells that there were more
                }
                write_file_atomically(part, std::string_view{bytes}.substr(0, size));
                auto const outcome = outcome_of(victim.path);
                BOOST_TEST((!outcome.error.empty() || outcome.features == kFeatures),
                           part.filename().string() << " cut at " << size << " of " << bytes.size() << ": "
                                                    << outcome.features << " features");
            }
            write_file_atomically(part, bytes);
        }
    }
}

BOOST_AUTO_TEST_CASE(flipped_bits_lose_no_feature_without_a_word) {
    ScratchFolder const folder;
    std::random_device device;
    auto const* const given = std::getenv("WANGGE_TEST_SEED");
    auto const seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : device();
    BOOST_TEST_MESSAGE("WANGGE_TEST_SEED=" << seed);
    std::mt19937 random{seed};
    for (auto const& ending : kEndings) {
        // Text says everything once: a letter changed in the name of an entity makes it another entity, for everyone.
        bool const redundant = ending != ".dxf" && ending != ".geojson" && ending != ".geojsonl" && ending != ".kml";
        auto const victim = make_victim(folder, ending);
        std::size_t refused = 0;
        for (int i = 0; i < kFlips; ++i) {
            auto const& part = victim.parts[random() % victim.parts.size()];
            auto const bytes = read_file(part);
            auto changed = bytes;
            auto const at =
                random() % 2 == 0 ? random() % std::min<std::size_t>(changed.size(), 400) : random() % changed.size();
            changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
            write_file_atomically(part, changed);
            auto const outcome = outcome_of(victim.path);
            refused += outcome.error.empty() ? 0U : 1U;
            BOOST_TEST((!redundant || !outcome.error.empty() || outcome.features == kFeatures),
                       part.filename().string()
                           << " byte " << at << " " << int{bytes[at]} << " became " << int{changed[at]} << ": "
                           << outcome.features << " features; seed " << seed);
            write_file_atomically(part, bytes);
        }
        BOOST_TEST_MESSAGE(ending << ": " << refused << " of " << kFlips << " refused");
    }
}

BOOST_AUTO_TEST_CASE(missing_empty_and_foreign_parts_are_told) {
    ScratchFolder const folder;
    for (std::string const ending : {".shp", ".gdb"}) {
        auto const victim = make_victim(folder, ending);
        for (auto const& part : victim.parts) {
            auto const bytes = read_file(part);
            for (std::string const& content : {std::string{}, std::string(500, '\0'), std::string(500, 'x')}) {
                write_file_atomically(part, content);
                auto const outcome = outcome_of(victim.path);
                BOOST_TEST((!outcome.error.empty() || outcome.features == kFeatures), part.filename().string());
            }
            std::filesystem::remove(part);
            auto const outcome = outcome_of(victim.path);
            BOOST_TEST((!outcome.error.empty() || outcome.features == kFeatures), part.filename().string());
            write_file_atomically(part, bytes);
        }
    }
    // The .shx and .dbf of another file with other records.
    auto const victim = make_victim(folder, ".shp");
    auto other = five_grids();
    other.features[1].wkt = "POLYGON((113 23,114 23,114 24,113 23))";
    test::write_sample(folder.path("other.shp"), other);
    std::filesystem::copy_file(folder.path("other.shx"), folder.path("grids.shx"),
                               std::filesystem::copy_options::overwrite_existing);
    BOOST_TEST(contains(outcome_of(victim.path).error, "do not belong together"));
}

BOOST_AUTO_TEST_CASE(more_features_claimed_than_there_are_is_told) {
    ScratchFolder const folder;
    auto const path = make_victim(folder, ".shp").path;
    auto table = read_file(folder.path("grids.dbf"));
    table.replace(4, 4, std::string_view{"\x00\xCA\x9A\x3B", 4}); // a thousand million rows
    write_file_atomically(folder.path("grids.dbf"), table);
    BOOST_TEST(contains(outcome_of(path).error, "1000000000 rows"));
}

BOOST_AUTO_TEST_CASE(a_page_of_a_database_that_hides_its_last_row_is_told) {
    ScratchFolder const folder;
    for (std::string const ending : {".gpkg", ".sqlite"}) {
        auto const path = make_victim(folder, ending).path;
        auto const bytes = read_file(path);
        constexpr std::size_t kPage = 4096;
        std::size_t hidden = 0;
        for (auto at = kPage; at + kPage <= bytes.size(); at += kPage) {
            constexpr char kTableLeaf = 0x0D; // file format of SQLite, 1.6: then two bytes at 3 count the rows
            if (bytes[at] == kTableLeaf && bytes[at + 3] == 0 && bytes[at + 4] > 0) {
                auto changed = bytes;
                changed[at + 4] = static_cast<char>(changed[at + 4] - 1);
                write_file_atomically(path, changed);
                BOOST_TEST(outcome_of(path).error != "", ending << " page " << at / kPage);
                ++hidden;
            }
        }
        BOOST_TEST(hidden > 5U);
    }
}

BOOST_AUTO_TEST_CASE(coordinates_that_are_no_numbers_come_through_for_the_normalizer_to_refuse) {
    ScratchFolder const folder;
    for (std::string const ending : {".fgb", ".gpkg", ".shp"}) {
        for (auto const bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
            auto const path = make_victim(folder, ending).path;
            auto bytes = read_file(path);
            double const known = 113.003; // a corner of the first grid
            std::string_view const pattern{reinterpret_cast<char const*>(&known), sizeof known};
            auto const at = bytes.find(pattern);
            BOOST_REQUIRE(at != std::string::npos);
            bytes.replace(at, sizeof bad, std::string_view{reinterpret_cast<char const*>(&bad), sizeof bad});
            write_file_atomically(path, bytes);
            auto reader = OgrReader::open(path, {"EPSG:4490", {}, {}});
            RawFeature feature;
            std::vector<Problem> problems;
            std::ptrdiff_t found = 0;
            while (reader.next(feature, problems) == OgrReader::Outcome::feature) { // FlatGeobuf sorts them
                found += std::ranges::count_if(feature.coordinates, [](auto c) { return !std::isfinite(c.x); });
            }
            BOOST_TEST(found == 1, ending);
            BOOST_TEST(outcome_of(path).features == kFeatures);
        }
    }
}

BOOST_AUTO_TEST_CASE(json_that_nests_or_grows_beyond_reason_is_refused) {
    ScratchFolder const folder;
    auto const nested = folder.file("nested.geojson", R"({"type":"FeatureCollection","features":[)" +
                                                          std::string(100'000, '[') + std::string(100'000, ']') + "]}");
    BOOST_TEST(contains(outcome_of(nested).error, "deep"));
    auto const one = [](std::string const& value) {
        return R"({"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":")" + value +
               R"("},"geometry":{"type":"Polygon","coordinates":[[[1,1],[2,1],[2,2],[1,1]]]}}]})";
    };
    BOOST_TEST(outcome_of(folder.file("long.geojson", one(std::string(1 << 20, 'x')))).features == 1U);
    auto const huge = outcome_of(folder.file("huge.geojson", one(std::string(std::size_t{300} << 20, 'x'))));
    BOOST_TEST(huge.error != "");
}

BOOST_AUTO_TEST_SUITE_END()
