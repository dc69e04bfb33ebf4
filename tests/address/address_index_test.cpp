#include "index_file.hpp"
#include "number_text.hpp"
#include "support/random.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/address/normalizer.hpp>
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/geom/measure.hpp>

#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

using namespace wangge;
using namespace wangge::address;
namespace fs = std::filesystem;

namespace {

/// An address point as a test writes it.
struct Row {
    std::string id, text;
    std::uint64_t village = 0;
    std::string road, number, estate, building, unit, room;
    geom::Point at;
    EstateKind kind = EstateKind::from_text;

    [[nodiscard]] auto key() const {
        return std::tie(id, text, village, road, number, estate, building, unit, room, at.lon, at.lat);
    }
    bool operator<(Row const& other) const { return key() < other.key(); }
};

constexpr std::uint64_t kUrban = 440103001001, kRural = 440103001201, kDongguan = 441900003001;

std::vector<GazetteerEntry> divisions() {
    auto const code = [](std::uint64_t value) { return DivisionCode::from_value(value); };
    return {{code(440000000000), "广东省", Level::province, {}},
            {code(440100000000), "广州市", Level::city, code(440000000000)},
            {code(440103000000), "荔湾区", Level::county, code(440100000000)},
            {code(440103001000), "沙面街道", Level::town, code(440103000000)},
            {code(kUrban), "翠洲社区居民委员会", Level::village, code(440103001000)},
            {code(kRural), "西村村民委员会", Level::village, code(440103001000)},
            {code(440106000000), "天河区", Level::county, code(440100000000)},
            {code(440106001000), "五山街道", Level::town, code(440106000000)},
            {code(440106001002), "文化社区居民委员会", Level::village, code(440106001000)},
            {code(441900000000), "东莞市", Level::city, code(440000000000)},
            {code(441900003000), "东城街道", Level::town, code(441900000000)},
            {code(kDongguan), "文华社区居民委员会", Level::village, code(441900003000)}};
}

/// A file that goes with the test.
struct TempFile {
    explicit TempFile(std::string const& name)
        : path(fs::temp_directory_path() / ("wangge-address-" + std::to_string(::getpid()) + "-" + name)) {}
    ~TempFile() {
        std::error_code ignored;
        fs::remove(path, ignored);
    }
    TempFile(TempFile const&) = delete;
    TempFile& operator=(TempFile const&) = delete;
    fs::path path;
};

WrittenFile write(std::vector<Row> const& rows, fs::path const& file,
                  std::vector<GazetteerEntry> const& entries = divisions()) {
    AddressContent content;
    content.divisions = entries;
    content.source = sha256("test");
    std::size_t next = 0;
    content.next = [&](AddressRecord& record) {
        if (next == rows.size()) {
            return false;
        }
        auto const& row = rows[next++];
        record.id = row.id;
        record.text = row.text;
        record.village = DivisionCode::from_value(row.village);
        record.road = row.road;
        record.number = row.number;
        record.estate = row.estate;
        record.building = row.building;
        record.unit = row.unit;
        record.room = row.room;
        record.at = row.at;
        record.estate_kind = row.kind;
        return true;
    };
    SilentProgress silent;
    return AddressIndex::write(content, file, silent);
}

std::shared_ptr<AddressIndex const> index_of(std::vector<Row> const& rows, TempFile const& file) {
    static_cast<void>(write(rows, file.path));
    return AddressIndex::open(file.path);
}

/// What is known of an address when it comes back, as a row; a village that the gazetteer does not have is 0.
Row row_of(AddressIndex const& index, AddressNumber number) {
    auto const a = index.address(number);
    return {a.id,
            a.text,
            a.village == kNoDivision ? 0 : index.gazetteer().division(a.village).code.value(),
            a.road,
            a.number,
            a.estate,
            a.building,
            a.unit,
            a.room,
            a.at,
            EstateKind::from_text};
}

/// Rows of anything that a table may hold: empty fields, one name in two spellings, text that does not follow from its
/// parts, bytes that no rule knows, villages that nobody knows.
std::vector<Row> random_rows(test::Random& random, std::size_t count) {
    std::vector<std::string> const roads{"",
                                         "文化路",
                                         "文华路",
                                         "文化一路",
                                         "文化1路",
                                         "文化二路",
                                         "滨江东路",
                                         "滨江东 路",
                                         "濱江東路",
                                         "\xf0\xa0\xae\xb7村道",
                                         "★",
                                         "a\xff"
                                         "b",
                                         "解放北路"};
    std::vector<std::string> const numbers{"",      "1号",   "2号",    "10号", "1号之一",
                                           "1-1号", "甲1号", "8-10号", "后座", "１号"};
    std::vector<std::string> const estates{"", "", "丽景城", "陈围", "麗景城", "文化花园"};
    std::vector<std::string> const buildings{"", "", "1栋", "01幢", "2栋", "10栋", "A座"};
    std::vector<std::string> const units{"", "1单元", "一单元", "2单元"};
    std::vector<std::string> const rooms{"", "101房", "101室", "1001房", "102房", "首层"};
    std::vector<std::uint64_t> const villages{kUrban, kRural, kDongguan, 440106001002, 0, 999999999999};
    auto const pick = [&](auto const& list) {
        return list[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(list.size()) - 1))];
    };
    std::vector<Row> rows;
    for (std::size_t i = 0; i < count; ++i) {
        Row r;
        r.id = "DZ" + std::to_string(random.between(0, 20)) + "-" + std::to_string(i);
        r.village = pick(villages);
        r.road = pick(roads);
        r.number = pick(numbers);
        r.estate = pick(estates);
        r.building = pick(buildings);
        r.unit = pick(units);
        r.room = pick(rooms);
        r.at = {1'132'000'000 + static_cast<std::int32_t>(random.between(-3, 3)) * 1000,
                230'000'000 + static_cast<std::int32_t>(random.between(-3, 3)) * 1000};
        auto const head = pick(std::vector<std::string>{"", "广东省广州市", "广州荔湾"});
        switch (random.between(0, 3)) {
        case 0:
            r.text = head + r.road + r.number + r.estate + r.building + r.unit + r.room;
            break;
        case 1:
            r.text = head + r.estate + r.road + r.number + r.building + r.unit + r.room;
            break;
        case 2:
            r.text = head + r.road + r.number + "（近车站）" +
                     std::string(static_cast<std::size_t>(random.between(0, 200)), 'x');
            break;
        default:
            r.text = random.between(0, 1) == 0 ? "" : head + r.room;
        }
        r.kind = random.between(0, 9) == 0 ? EstateKind::landmark : EstateKind::from_text;
        rows.push_back(r);
    }
    return rows;
}

std::vector<std::byte> bytes_of(fs::path const& file) {
    auto const text = read_file(file);
    auto const bytes = std::as_bytes(std::span{text.data(), text.size()});
    return {bytes.begin(), bytes.end()};
}

void put_file(fs::path const& file, std::span<std::byte const> bytes) {
    FileWriter writer{file};
    writer.write(bytes);
    writer.close_unsynced();
}

/// Asks everything; what it answers does not matter, but that it does.
std::size_t ask_all(AddressIndex const& index) {
    std::size_t sum = 0;
    auto const& v = index.view();
    for (AddressNumber a = 0; a < index.size(); ++a) {
        sum += index.address(a).text.size();
    }
    for (NameId n = 0; n < v.names.size(); ++n) {
        auto const text = v.name_text(n);
        sum += v.name_display(n).size() + v.names_of(text).size() + v.name_initials(n).size();
        v.similar_to(text, [&](NameId other) { sum += v.name_text(other).size(); });
        v.sounding_like(text, [&](NameId other) { sum += v.name_text(other).size(); });
        for (DivisionNumber d = 0; d < index.gazetteer().size(); d += 3) {
            sum += v.places_in(n, d).size();
        }
        index.known_names().trie->match(text, 0, [&](std::size_t, std::uint32_t value) {
            if (auto const name = v.name_of_trie(value); name != kNone) {
                sum += v.name_text(name).size();
            }
        });
    }
    for (auto const& place : v.places) {
        if (v.kind(place) == KnownNames::kRoad) {
            for (auto const& house : v.houses_of_road(place)) {
                sum += v.doors_of(v.id_of(house)).size() + v.road_text(house).size() + v.estate_text(house).size();
                sum += v.houses_of_road(place, house.number).size();
            }
        } else {
            for (auto const house : v.houses_of_estate(place)) {
                sum += v.houses[house].number + v.houses_of_estate(place, v.houses[house].building).size();
            }
        }
    }
    for (KeyId k = 0; k + 1 < v.key_begin.size(); ++k) {
        sum += v.find_key(v.key(k));
    }
    for (DivisionNumber d = 0; d < index.gazetteer().size(); ++d) {
        sum += v.places_under(d).size() + v.division_text(d).size();
    }
    sum += v.places_without_village().size();
    for (auto const* const text : {"文", "广州市", "天河区文", "w", "荔湾沙面", "滨江"}) {
        sum += index.suggest(text, 5).size();
    }
    return sum + index.nearest({1'132'000'000, 230'000'000}, 7, 1e7).size();
}

/// Normalised as the index does it, for names that the Normalizer takes.
std::u32string normal(std::string const& text) { return Normalizer::name(text); }

} // namespace

BOOST_AUTO_TEST_SUITE(address_index)

BOOST_AUTO_TEST_CASE(every_point_comes_back_as_it_was_imported) {
    auto const seed = 1126U;
    BOOST_TEST_MESSAGE("seed " << seed);
    test::Random random{seed};
    for (std::size_t const count : {0U, 1U, 2U, 15U, 16U, 17U, 33U, 3000U}) {
        auto rows = random_rows(random, count);
        TempFile const file{"round-trip"};
        auto const index = index_of(rows, file);
        BOOST_TEST_REQUIRE(index->size() == count);
        BOOST_TEST(bool(index->source() == sha256("test")));
        BOOST_TEST(bool(AddressIndex::source_of(file.path) == sha256("test")));
        std::vector<Row> back;
        for (AddressNumber a = 0; a < index->size(); ++a) {
            back.push_back(row_of(*index, a));
        }
        std::sort(back.begin(), back.end());
        for (auto& row : rows) { // nobody knows this village
            row.village = row.village == 999999999999 ? 0 : row.village;
        }
        std::sort(rows.begin(), rows.end());
        for (std::size_t i = 0; i < count; ++i) {
            BOOST_TEST_REQUIRE(bool(back[i].key() == rows[i].key()), back[i].id << " for " << rows[i].id);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_order_of_the_points_leaves_no_trace) {
    test::Random random{77};
    auto rows = random_rows(random, 500);
    rows.push_back(rows.front()); // the very same twice
    TempFile const first{"order-1"}, second{"order-2"};
    auto const written = write(rows, first.path);
    BOOST_TEST(written.bytes == fs::file_size(first.path));
    BOOST_TEST(written.checksum == checksum64(bytes_of(first.path)));
    for (int i = 0; i < 5; ++i) {
        for (std::size_t k = rows.size() - 1; k > 0; --k) {
            std::swap(rows[k], rows[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(k)))]);
        }
        static_cast<void>(write(rows, second.path));
        BOOST_TEST_REQUIRE(bool(bytes_of(first.path) == bytes_of(second.path)));
    }
}

BOOST_AUTO_TEST_CASE(roads_houses_and_doors_are_found_as_a_map_finds_them) {
    test::Random random{2026};
    auto rows = random_rows(random, 2000);
    std::erase_if(rows, [](Row const& r) {
        return r.road == "★" || r.road == "a\xff"
                                          "b";
    });
    TempFile const file{"model"};
    auto const index = index_of(rows, file);
    auto const& v = index->view();
    auto const village = [&](std::uint64_t code) {
        return index->gazetteer().find(DivisionCode::from_value(code)).value_or(kNoDivision);
    };
    // Doors by village, name of the road, value and suffix of the number.
    std::map<std::tuple<DivisionNumber, std::u32string, std::uint32_t, std::u32string>, std::multiset<std::string>>
        model;
    std::map<std::tuple<DivisionNumber, std::u32string>, std::multiset<std::string>> estates;
    for (auto const& r : rows) {
        auto const number = house_number(normal(r.number));
        model[{village(r.village), normal(r.road), number.value, number.suffix}].insert(r.id);
        if (!r.estate.empty()) {
            estates[{village(r.village), normal(r.estate)}].insert(r.id);
        }
    }
    for (auto const& [key, ids] : model) {
        auto const& [in, road, value, suffix] = key;
        std::multiset<std::string> found;
        for (PlaceId p = 0; p < v.places.size(); ++p) {
            auto const& place = v.places[p];
            bool const wanted = place.village == in &&
                                (road.empty() ? place.name == kNone
                                              : place.name != kNone && v.names[place.name].kind == KnownNames::kRoad &&
                                                    v.name_text(place.name) == road);
            if (!wanted) {
                continue;
            }
            for (auto const& house : v.houses_of_road(place, value)) {
                if (v.key(house.suffix) == suffix) {
                    BOOST_TEST((v.village(house) == in));
                    for (std::uint32_t a = house.first_address; a < v.end_address(v.id_of(house)); ++a) {
                        found.insert(index->address(a).id);
                        BOOST_TEST(v.house_of(a) == v.id_of(house));
                    }
                }
            }
        }
        BOOST_TEST_REQUIRE(bool(found == ids));
        // The same place by its name and division, where it has both.
        if (!road.empty() && in != kNoDivision) {
            auto const names = v.names_of(road);
            auto const name = std::find_if(names.begin(), names.end(),
                                           [](NameRecord const& n) { return n.kind == KnownNames::kRoad; });
            BOOST_TEST_REQUIRE(bool(name != names.end()));
            BOOST_TEST(v.places_in(v.id_of(*name), in).size() == 1U);
            auto const value_in_trie = index->known_names().trie->find(road);
            BOOST_TEST((v.name_text(v.name_of_trie(value_in_trie)) == road));
        }
    }
    std::map<std::tuple<DivisionNumber, std::u32string>, std::multiset<std::string>> found;
    for (auto const& place : v.places) {
        if (v.kind(place) != KnownNames::kRoad) {
            auto& ids = found[{place.village, std::u32string{v.name_text(place.name)}}];
            KeyId last = 0;
            std::uint32_t addresses = 0;
            for (auto const h : v.houses_of_estate(place)) {
                auto const& house = v.houses[h];
                BOOST_TEST(last <= house.building);
                last = house.building;
                addresses += v.address_count(h);
                BOOST_TEST(bool(place.envelope.contains(house.at)));
                BOOST_TEST(v.houses_of_estate(place, house.building).size() >= 1U);
                for (std::uint32_t a = house.first_address; a < v.end_address(h); ++a) {
                    ids.insert(index->address(a).id);
                }
            }
            BOOST_TEST(addresses == place.addresses);
            BOOST_TEST(bool(place.envelope.contains(place.middle)));
        }
    }
    BOOST_TEST(bool(found == estates));
    // Every place under its village and nowhere else.
    std::size_t under = v.places_without_village().size();
    for (DivisionNumber d = 0; d < index->gazetteer().size(); ++d) {
        if (index->gazetteer().division(d).level == Level::village) {
            under += v.places_under(d).size();
            for (auto const place : v.places_under(d)) {
                BOOST_TEST(v.places[place].village == d);
            }
        }
    }
    BOOST_TEST(under == v.places.size());
    BOOST_TEST(v.places_under(0).size() + v.places_without_village().size() == v.places.size());
}

BOOST_AUTO_TEST_CASE(the_estate_column_is_a_group_or_an_estate_as_the_texts_have_it) {
    auto const kind_of = [](std::vector<Row> const& rows, std::string const& name) {
        TempFile const file{"kinds"};
        auto const index = index_of(rows, file);
        std::multiset<std::uint32_t> kinds;
        for (auto const& n : index->view().names_of(normal(name))) {
            kinds.insert(n.kind);
        }
        return kinds;
    };
    using Kinds = std::multiset<std::uint32_t>;
    auto const row = [](std::uint64_t village, std::string text, std::string road, std::string estate) {
        return Row{"1", std::move(text), village, std::move(road), "1号", std::move(estate), "", "", "", {}, {}};
    };
    // Where it stands in the text decides, also against the type of the village.
    BOOST_TEST(
        (kind_of({row(kUrban, "沙面街道陈围文化路1号", "文化路", "陈围")}, "陈围") == Kinds{KnownNames::kGroup}));
    BOOST_TEST((kind_of({row(kRural, "文化路1号陈围", "文化路", "陈围")}, "陈围") == Kinds{KnownNames::kEstate}));
    BOOST_TEST((kind_of({row(kUrban, "陈围的文化路上1号", "文化路", "陈围")}, "陈围") == Kinds{KnownNames::kGroup}));
    // It does not say: the type of the village, and endings that only estates have.
    BOOST_TEST((kind_of({row(kRural, "某处", "文化路", "陈围")}, "陈围") == Kinds{KnownNames::kGroup}));
    BOOST_TEST((kind_of({row(kUrban, "某处", "文化路", "陈围")}, "陈围") == Kinds{KnownNames::kEstate}));
    BOOST_TEST((kind_of({row(kRural, "某处", "文化路", "丽景花园")}, "丽景花园") == Kinds{KnownNames::kEstate}));
    // The texts of one village do not agree: most of them decide for all.
    auto rows =
        std::vector<Row>{row(kRural, "陈围文化路1号", "文化路", "陈围"), row(kRural, "文化路1号陈围", "文化路", "陈围"),
                         row(kRural, "陈围文化路1号", "文化路", "陈围")};
    BOOST_TEST((kind_of(rows, "陈围") == Kinds{KnownNames::kGroup}));
    // Another village has its own mind; a landmark is what its record says.
    rows.push_back(row(kUrban, "文化路1号陈围", "文化路", "陈围"));
    rows.push_back(row(kUrban, "文化路1号陈围", "文化路", "陈围"));
    rows.back().kind = EstateKind::landmark;
    BOOST_TEST((kind_of(rows, "陈围") == Kinds{KnownNames::kEstate, KnownNames::kGroup, KnownNames::kLandmark}));
}

BOOST_AUTO_TEST_CASE(a_name_with_one_slip_is_among_the_similar_ones) {
    test::Random random{5};
    std::u32string const letters = U"文化路东西一23园";
    std::set<std::u32string> names;
    std::vector<Row> rows;
    auto const utf8 = [](std::u32string const& text) {
        std::string out;
        for (auto const c : text) {
            if (c < 0x80) {
                out += static_cast<char>(c);
            } else {
                out += static_cast<char>(0xe0U | c >> 12U);
                out += static_cast<char>(0x80U | (c >> 6U & 0x3fU));
                out += static_cast<char>(0x80U | (c & 0x3fU));
            }
        }
        return out;
    };
    auto const word = [&](std::int64_t least, std::int64_t most) {
        std::u32string text;
        for (auto n = random.between(least, most); n > 0; --n) {
            text += letters[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(letters.size()) - 1))];
        }
        return text;
    };
    for (int i = 0; i < 300; ++i) {
        auto const name = normal(utf8(word(1, 5)));
        names.insert(name);
        rows.push_back({std::to_string(i), "", kUrban, utf8(name), "1号", "", "", "", "", {}, {}});
    }
    TempFile const file{"similar"};
    auto const index = index_of(rows, file);
    auto const& v = index->view();
    /// Damerau-Levenshtein distance of at most one, by its four cases.
    auto const near = [](std::u32string const& a, std::u32string const& b) {
        auto const without = [](std::u32string text, std::size_t i) { return text.erase(i, 1); };
        if (a == b) {
            return true;
        }
        if (a.size() + 1 == b.size() || b.size() + 1 == a.size()) {
            auto const &longer = a.size() > b.size() ? a : b, &shorter = a.size() > b.size() ? b : a;
            for (std::size_t i = 0; i < longer.size(); ++i) {
                if (without(longer, i) == shorter) {
                    return true;
                }
            }
            return false;
        }
        std::vector<std::size_t> differ;
        for (std::size_t i = 0; a.size() == b.size() && i < a.size(); ++i) {
            if (a[i] != b[i]) {
                differ.push_back(i);
            }
        }
        return differ.size() == 1 || (differ.size() == 2 && differ[1] == differ[0] + 1 &&
                                      a[differ[0]] == b[differ[1]] && a[differ[1]] == b[differ[0]]);
    };
    std::size_t looked_for = 0, found_in_all = 0;
    for (int i = 0; i < 500; ++i) {
        auto const text = word(3, 5);
        std::set<std::u32string> found, sounding;
        v.similar_to(text, [&](NameId n) {
            found.insert(std::u32string{v.name_text(n)});
            ++found_in_all;
        });
        v.sounding_like(text, [&](NameId n) { sounding.insert(std::u32string{v.name_text(n)}); });
        for (auto const& name : names) {
            if (name.size() >= IndexView::kShortestSimilar && near(text, name)) {
                BOOST_TEST(found.contains(name));
                ++looked_for;
            }
            bool sounds = name.size() == text.size();
            for (std::size_t k = 0; sounds && k < text.size(); ++k) {
                auto const a = Normalizer::syllable(text[k]), b = Normalizer::syllable(name[k]);
                sounds = a == 0 ? text[k] == name[k] : a == b;
            }
            BOOST_TEST((!sounds || sounding.contains(name)));
        }
    }
    BOOST_TEST(looked_for > 100U);
    BOOST_TEST(found_in_all < 500U * names.size() / 4, "nearly everything is similar");
}

BOOST_AUTO_TEST_CASE(where_a_point_has_a_text_alone_its_parts_are_read_from_that) {
    geom::Point const at{1'132'000'000, 231'000'000};
    std::vector<Row> const rows{
        {"1", "广东省广州市荔湾区沙面街道翠洲社区文化路三巷5号之一", kUrban, "", "", "", "", "", "", at, {}},
        {"2", "沙面街道西村2队35号", kRural, "", "", "", "", "", "", at, {}},
        {"3", "沙面街道翠洲社区天誉花园2-1-1002", kUrban, "", "", "", "", "", "", at, {}},
        {"4", "沙面街道翠洲社区文化路5号", kUrban, "民权路", "", "", "", "", "", at, {}},
        {"5", "沙面街道翠洲社区", kUrban, "", "", "", "", "", "", at, {}},
        {"6", "\xff文化路5号", kUrban, "", "", "", "", "", "", at, {}},
        {"7", "文化路 8号 天誉花园 3栋 2单元 502房，文化路10号", kUrban, "", "", "", "", "", "", at, {}},
    };
    TempFile const file{"texts"};
    auto const index = index_of(rows, file);
    std::map<std::string, std::string> parts;
    for (AddressNumber n = 0; n < index->size(); ++n) {
        auto const a = index->address(n);
        parts[a.id] = a.road + "|" + a.number + "|" + a.estate + "|" + a.building + "|" + a.unit + "|" + a.room;
        BOOST_TEST(a.text == rows.at(static_cast<std::size_t>(std::stoi(a.id)) - 1).text);
    }
    BOOST_TEST(parts["1"] == "文化路三巷|5号之一||||");
    BOOST_TEST(parts["2"] == "|35号|2队|||");
    BOOST_TEST(parts["3"] == "||天誉花园|2|1|1002");
    BOOST_TEST(parts["4"] == "民权路|||||", "what the table says stands");
    BOOST_TEST(parts["5"] == "|||||");
    BOOST_TEST(parts["6"] == "|||||");
    BOOST_TEST(parts["7"] == "文化路|8号|天誉花园|3栋|2单元|502房");
    std::map<std::string, std::uint32_t> kinds;
    auto const& v = index->view();
    for (NameId name = 0; name < v.names.size(); ++name) {
        kinds[std::string{v.name_display(name)}] = v.names[name].kind;
    }
    BOOST_TEST(kinds.at("2队") == KnownNames::kGroup);
    BOOST_TEST(kinds.at("天誉花园") == KnownNames::kEstate);
}

BOOST_AUTO_TEST_CASE(the_nearest_are_those_that_a_scan_finds) {
    test::Random random{31};
    for (std::size_t const count : {1U, 16U, 17U, 257U, 2000U}) {
        std::vector<Row> rows;
        for (std::size_t i = 0; i < count; ++i) {
            // Many doors to a building, some buildings with several positions, some points without any number.
            auto const house = random.between(0, static_cast<std::int64_t>(count) / 3);
            rows.push_back(
                {std::to_string(i),
                 "",
                 kUrban,
                 "文化路",
                 house % 7 == 0 ? "" : std::to_string(house) + "号",
                 "",
                 "",
                 "",
                 std::to_string(random.between(0, 3)),
                 {1'132'000'000 + static_cast<std::int32_t>(house * 7919 % 1000 + random.between(0, 1)) * 100,
                  230'000'000 + static_cast<std::int32_t>(house * 104729 % 1000) * 100},
                 {}});
        }
        TempFile const file{"nearest"};
        auto const index = index_of(rows, file);
        auto const& v = index->view();
        for (int i = 0; i < 60; ++i) {
            geom::Point const p{1'132'000'000 + static_cast<std::int32_t>(random.between(-20000, 120000)),
                                230'000'000 + static_cast<std::int32_t>(random.between(-20000, 120000))};
            auto const k = static_cast<std::size_t>(random.between(0, 12));
            double const limit = static_cast<double>(random.between(0, 3)) * 400;
            struct Far {
                double metres;
                AddressNumber number;
            };
            std::vector<Far> all;
            for (AddressNumber a = 0; a < index->size(); ++a) {
                all.push_back({geom::distance_m(p, index->address(a).at), a});
            }
            std::stable_sort(all.begin(), all.end(), [](Far const& a, Far const& b) { return a.metres < b.metres; });
            std::set<std::string> buildings;
            std::vector<Far> expected;
            for (auto const& far : all) {
                auto const a = index->address(far.number);
                // Without a number each position stands for itself: so does each of its doors but the first there.
                auto const building =
                    a.number.empty() ? "at " + std::to_string(a.at.lon) + " " + std::to_string(a.at.lat) : a.number;
                if (far.metres <= limit && expected.size() < k && buildings.insert(building).second) {
                    expected.push_back(far);
                }
            }
            auto const found = index->nearest(p, k, limit);
            BOOST_TEST_REQUIRE(found.size() == expected.size());
            for (std::size_t n = 0; n < found.size(); ++n) {
                BOOST_TEST(found[n].distance_m == expected[n].metres, boost::test_tools::tolerance(1e-5));
                BOOST_TEST(found[n].address == v.houses[v.house_of(found[n].address)].first_address);
                // Scales at mid latitude and the series for them differ in the last digits, ties may turn round.
                bool const tie = n + 1 < all.size() && found[n].address != expected[n].number;
                BOOST_TEST((!tie || std::abs(geom::distance_m(p, index->address(found[n].address).at) -
                                             expected[n].metres) < 1e-5 * expected[n].metres));
            }
        }
    }
    // Of two as far away the lower number comes first: they lie symmetrically.
    std::vector<Row> rows;
    for (int i = 0; i < 40; ++i) {
        rows.push_back({std::to_string(i),
                        "",
                        kUrban,
                        "文化路",
                        std::to_string(i + 1) + "号",
                        "",
                        "",
                        "",
                        "",
                        {1'132'000'000 + (i % 2 == 0 ? 1000 : -1000), 230'000'000},
                        {}});
    }
    TempFile const file{"ties"};
    auto const index = index_of(rows, file);
    auto const found = index->nearest({1'132'000'000, 230'000'000}, 40, 1e6);
    BOOST_TEST_REQUIRE(found.size() == 40U);
    for (std::uint32_t i = 0; i < 40; ++i) {
        BOOST_TEST(found[i].address == i);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_cut_is_refused_at_every_length) {
    test::Random random{9};
    TempFile const file{"whole"}, cut{"cut"};
    static_cast<void>(write(random_rows(random, 40), file.path));
    auto const bytes = bytes_of(file.path);
    for (std::size_t size = 0; size < bytes.size(); size += size < 1000 ? 1 : 37) {
        put_file(cut.path, std::span{bytes}.first(size));
        BOOST_CHECK_EXCEPTION(AddressIndex::open(cut.path), Error, [&](Error const& error) {
            return error.code() == (size == 0 ? error.code() : ErrorCode::corrupt) &&
                   std::string{error.what()}.find(cut.path.string()) != std::string::npos;
        });
        BOOST_TEST(!AddressIndex::source_of(cut.path).has_value());
    }
    BOOST_CHECK_EXCEPTION(AddressIndex::open(cut.path.string() + ".not"), Error,
                          [](Error const& error) { return error.code() == ErrorCode::not_found; });
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_answered_within_bounds) {
    test::Random random{10};
    TempFile const file{"sound"}, damaged{"damaged"};
    static_cast<void>(write(random_rows(random, 40), file.path));
    auto const bytes = bytes_of(file.path);
    constexpr std::size_t kChecksumAt = 64 + 16 * kArrays - 8;
    std::size_t refused = 0, answered = 0;
    for (int i = 0; i < 4000; ++i) {
        auto broken = bytes;
        for (auto n = random.between(1, 3); n > 0; --n) {
            auto const at = static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(bytes.size()) - 1));
            broken[at] = random.between(0, 1) == 0 ? std::byte{0xff} : static_cast<std::byte>(random.between(0, 255));
        }
        auto const checksum = checksum64(std::span{broken}.first(kChecksumAt)); // so that it gets past the header
        std::memcpy(broken.data() + kChecksumAt, &checksum, sizeof checksum);
        put_file(damaged.path, broken);
        try {
            static_cast<void>(ask_all(*AddressIndex::open(damaged.path)));
            ++answered;
        } catch (Error const& error) {
            BOOST_TEST((error.code() == ErrorCode::corrupt));
            ++refused;
        }
    }
    BOOST_TEST(refused > 500U);
    BOOST_TEST(answered > 500U);
}

BOOST_AUTO_TEST_CASE(a_header_says_what_is_wrong_with_it) {
    TempFile const file{"header"};
    static_cast<void>(write({}, file.path));
    auto const bytes = bytes_of(file.path);
    auto const refuses = [&](std::size_t at, std::string const& why) {
        auto broken = bytes;
        broken[at] ^= std::byte{1};
        put_file(file.path, broken);
        BOOST_CHECK_EXCEPTION(AddressIndex::open(file.path), Error, [&](Error const& error) {
            return std::string{error.what()}.find(why) != std::string::npos;
        });
    };
    refuses(0, "wrong magic");
    refuses(8, "format version");
    refuses(16, "checksum");
    refuses(40, "checksum");
}

BOOST_AUTO_TEST_SUITE_END()
