#include "index_file.hpp"
#include "part_splitter.hpp"
#include "place_search.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/base/progress.hpp>

#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace wangge;
using namespace wangge::address;

namespace {

constexpr std::uint32_t kTowns = 120, kVillages = 50; ///< of each town; more than a line may look at in all

/// 6,000 villages of one county, each with the same road, the same estate beside it, and three houses at both.
struct AlikeVillages {
    std::vector<std::string> names;
    std::vector<GazetteerEntry> divisions;
    std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("wangge-alike-villages-" + std::to_string(::getpid()));
    std::shared_ptr<AddressIndex const> index;

    static DivisionCode code(std::uint64_t town, std::uint64_t village) {
        return DivisionCode::from_value(440103000000 + town * 1000 + village);
    }
    AlikeVillages() {
        names.reserve(kTowns * (kVillages + 1));
        divisions = {
            {DivisionCode::from_value(440000000000), "广东省", Level::province, {}},
            {DivisionCode::from_value(440100000000), "广州市", Level::city, DivisionCode::from_value(440000000000)},
            {code(0, 0), "荔湾区", Level::county, DivisionCode::from_value(440100000000)}};
        for (std::uint64_t town = 1; town <= kTowns; ++town) {
            divisions.push_back(
                {code(town, 0), names.emplace_back("岭" + std::to_string(town) + "镇"), Level::town, code(0, 0)});
            for (std::uint64_t village = 1; village <= kVillages; ++village) {
                divisions.push_back({code(town, 200 + village),
                                     names.emplace_back("坑" + std::to_string(village) + "村民委员会"), Level::village,
                                     code(town, 0)});
            }
        }
        AddressContent content;
        content.divisions = divisions;
        std::uint32_t next = 0;
        std::string id, number;
        content.next = [&](AddressRecord& r) {
            if (next == kTowns * kVillages * 3) {
                return false;
            }
            auto const village = next / 3;
            id = std::to_string(next);
            number = std::to_string(1 + next % 3 * 2) + "号";
            r.id = id;
            r.text = "振兴路";
            r.village = code(1 + village / kVillages, 201 + village % kVillages);
            r.road = "振兴路";
            r.number = number;
            r.estate = "新兴花园";
            r.at = {1132000000 + static_cast<std::int32_t>(next), 231000000};
            ++next;
            return true;
        };
        SilentProgress silent;
        AddressIndex::write(content, file, silent);
        index = AddressIndex::open(file);
    }
    ~AlikeVillages() {
        std::error_code ignored;
        std::filesystem::remove(file, ignored);
    }
    AlikeVillages(AlikeVillages const&) = delete;
    AlikeVillages& operator=(AlikeVillages const&) = delete;
};

/// `unit` as often as the longest address has room for.
std::string repeated(std::string const& unit) {
    std::string text;
    while (text.size() + unit.size() <= kMaxAddressBytes) {
        text += unit;
    }
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(bounded_work)

BOOST_AUTO_TEST_CASE(an_address_of_one_name_again_and_again_looks_at_no_more_than_its_lines_may) {
    AlikeVillages const alike;
    auto const& view = alike.index->view();
    Parser const parser{view.gazetteer, {&view.trie}};
    PartSplitter splitter{view.gazetteer, view.trie};
    PlaceSearch search{view, kMatchCosts};
    NormalizedText text;
    ParsedAddress parsed;
    AddressQuery query;
    std::size_t cut = 0;
    for (std::string const unit :
         {"振兴路", "振兴路1号", "新兴花园", "振兴路，", "荔湾区振兴路", "坑1村振兴路", "岭1镇坑1村", "振某路",
          "新兴某园1号", "振兴路9999号12栋3单元303房", "新兴花园12栋", "坑1村", "振兴路新兴花园"}) {
        BOOST_REQUIRE(bool(Normalizer::normalize(repeated(unit), text) == Normalizer::Outcome::good));
        parser.parse(text, parsed);
        splitter.split(text.characters, parsed, query.wholes);
        query.read(text, parsed, view.trie);
        search.find(query);
        BOOST_TEST(parsed.parts.size() <= text.characters.size(), unit);
        BOOST_TEST(search.looked() <= AddressQuery::kMostLines * PlaceSearch::kMostLooked, unit);
        cut += search.cut() ? 1U : 0U;
    }
    BOOST_TEST(cut > 0U, "no text comes to the limit, so the test shows nothing");
}

BOOST_AUTO_TEST_SUITE_END()
