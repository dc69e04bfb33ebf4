#include "address_file.hpp"
#include "place.hpp"
#include "publish_steps.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <map>

using namespace wangge;
using namespace wangge::test;

namespace {

struct AddressPlace : Place {
    void import_addresses(std::vector<std::string> const& numbers, std::string const& file = "addresses.csv") {
        auto registry = Registry::open(folder, Registry::Mode::write);
        registry::SourceFile source;
        source.name = file;
        std::size_t next = 0;
        static_cast<void>(registry.apply_addresses(
            [&](Registry::AddressPoint& point) {
                if (next == numbers.size()) {
                    return false;
                }
                point = {};
                point.id = "A" + std::to_string(next);
                point.text = "广州市荔湾区西村文化路" + numbers[next];
                point.village = division("440103001101");
                point.road = "文化路";
                point.number = numbers[next];
                point.at = place(5, 5);
                ++next;
                return true;
            },
            "importer", {&source, 1}, progress));
    }
    /// What staff make known by one change set.
    void apply_names(std::vector<registry::DivisionAlias> aliases, std::vector<registry::StaffAddress> addresses,
                     std::vector<std::int64_t> withdrawn_aliases = {}, std::vector<std::int64_t> withdrawn = {}) {
        auto registry = Registry::open(folder, Registry::Mode::write);
        registry::ChangeSet set;
        set.title = "names";
        set.author = "ann";
        set.effective = kDay;
        set.aliases = std::move(aliases);
        set.addresses = std::move(addresses);
        set.withdrawn_aliases = std::move(withdrawn_aliases);
        set.withdrawn_addresses = std::move(withdrawn);
        registry.apply(set, progress);
    }
    void retire(std::string const& id, DateInterval valid = {kDay, kForever},
                std::vector<std::int64_t> withdrawn = {}) {
        auto registry = Registry::open(folder, Registry::Mode::write);
        registry::ChangeSet set;
        set.title = "torn down";
        set.author = "ann";
        set.effective = kDay;
        if (!id.empty()) {
            set.retired_addresses = {{0, {"addresses.csv", id}, "gone", "torn down", "ann", valid, 0}};
        }
        set.withdrawn_retirements = std::move(withdrawn);
        registry.apply(set, progress);
    }
    static registry::DivisionAlias alias(std::string const& code, std::string text,
                                         DateInterval valid = {kDay, kForever}) {
        registry::DivisionAlias out;
        out.code = division(code);
        out.text = std::move(text);
        out.reason = "hotline";
        out.author = "ann";
        out.valid = valid;
        return out;
    }
    static registry::StaffAddress staff(std::string text, geom::Point at, std::string corrects = {},
                                        DateInterval valid = {kDay, kForever}) {
        registry::StaffAddress out;
        if (!corrects.empty()) {
            out.corrects = registry::ImportedAddress{"addresses.csv", std::move(corrects)};
        }
        out.point.text = std::move(text);
        out.point.at = at;
        out.point.village = division("440103001102");
        out.reason = "seen";
        out.author = "ann";
        out.valid = valid;
        return out;
    }
    /// id, columns and position of every point, by id.
    [[nodiscard]] static std::map<std::string, std::string> points(snapshot::FileToLink const& file) {
        auto const index = address::AddressIndex::open(file.file);
        std::map<std::string, std::string> all;
        for (address::AddressNumber i = 0; i < index->size(); ++i) {
            auto const a = index->address(i);
            all[a.id] = a.text + "|" + a.road + "|" + a.number + "|" + a.estate + "|" + a.building + "|" + a.unit +
                        "|" + a.room + "|" + std::to_string(a.at.lon) + "," + std::to_string(a.at.lat);
        }
        return all;
    }
    [[nodiscard]] std::map<std::string, std::string> points(publish::PublishResult const& result) const {
        return points({addresses_of(result), 0, 0});
    }
    /// Codes of the divisions that the text names as a whole.
    [[nodiscard]] static std::set<std::uint64_t> named(fs::path const& file, std::u32string_view text) {
        auto const index = address::AddressIndex::open(file);
        std::set<std::uint64_t> codes;
        index->gazetteer().match(text, 0, [&](std::size_t length, std::span<address::DivisionName const> bearers) {
            for (auto const& bearer : bearers) {
                if (length == text.size()) {
                    codes.insert(index->gazetteer().division(bearer.division).code.value());
                }
            }
        });
        return codes;
    }
    [[nodiscard]] fs::path addresses_of(publish::PublishResult const& result) const {
        return result.folder / "addresses.bin";
    }
    [[nodiscard]] std::size_t count(fs::path const& snapshot) const {
        return address::AddressIndex::open(snapshot / "addresses.bin")->size();
    }
    /// A file with the same inode is the same file.
    [[nodiscard]] static bool same_file(fs::path const& a, fs::path const& b) { return fs::equivalent(a, b); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(publish_addresses)

BOOST_AUTO_TEST_CASE(the_first_publish_builds_the_index_and_the_next_links_it) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号", "2号"});
    auto const first = where.publish();
    BOOST_TEST(first.addresses_built);
    BOOST_TEST(where.count(first.folder) == 2U);
    where.move_boundary(kDay);
    auto const second = where.publish();
    BOOST_TEST(second.generation.number == 2U);
    BOOST_TEST(!second.built_whole);
    BOOST_TEST(!second.addresses_built);
    BOOST_TEST(AddressPlace::same_file(where.addresses_of(first), where.addresses_of(second)));
    for (auto const& folder : {first.folder, second.folder}) {
        snapshot::verify(folder, where.progress);
    }
    // Nothing is left beside the snapshots.
    for (auto const& name : where.published_names()) {
        BOOST_TEST(name.find("addresses") == std::string::npos, name);
    }
}

BOOST_AUTO_TEST_CASE(addresses_alone_make_a_generation_of_the_same_digest) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号"});
    auto const first = where.publish();
    BOOST_TEST(where.publish().unchanged);
    where.import_addresses({"1号", "2号", "3号"});
    auto const second = where.publish();
    BOOST_TEST(!second.unchanged);
    BOOST_TEST(second.addresses_built);
    BOOST_TEST(!second.built_whole);
    BOOST_TEST(!second.checked_whole);
    BOOST_TEST(second.generation.number == 2U);
    BOOST_TEST(bool(second.generation.digest == first.generation.digest));
    BOOST_TEST(where.count(second.folder) == 3U);
    BOOST_TEST(where.count(first.folder) == 1U, "a published snapshot was changed");
    BOOST_TEST(where.store().current()->filename() == second.folder.filename());
    auto const snapshot = where.store().open_current();
    BOOST_TEST(snapshot->generation() == 2U);
    BOOST_TEST(where.owner(*snapshot, 5, 5) == "440103001101001");
    // Then nothing is new any more; the audit log still holds together.
    auto const third = where.publish();
    BOOST_TEST(third.unchanged);
    BOOST_TEST(third.generation.number == 2U);
    BOOST_TEST(!Registry::open(where.folder, Registry::Mode::read).audit_break().has_value());
}

BOOST_AUTO_TEST_CASE(a_change_of_grids_and_of_addresses_goes_out_together) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号"});
    static_cast<void>(where.publish());
    where.move_boundary(kDay);
    where.import_addresses({"1号", "2号"});
    auto const second = where.publish();
    BOOST_TEST(second.generation.number == 2U);
    BOOST_TEST(second.addresses_built);
    BOOST_TEST(!second.built_whole);
    BOOST_TEST(where.count(second.folder) == 2U);
    BOOST_TEST(where.publish().unchanged);
}

BOOST_AUTO_TEST_CASE(a_division_renamed_builds_the_index_anew_and_keeps_its_former_name) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号"});
    static_cast<void>(where.publish());
    {
        auto registry = Registry::open(where.folder, Registry::Mode::write);
        std::vector<registry::Division> const renamed{
            {division("440103001101"), "凤凰社区居民委员会", Level::village, division("440103001000"), ""}};
        registry.apply_divisions(renamed, kDay, "tester", {});
    }
    auto const second = where.publish();
    BOOST_TEST(second.addresses_built);
    auto const index = address::AddressIndex::open(second.folder / "addresses.bin");
    auto const village = index->gazetteer().find(division("440103001101"));
    BOOST_TEST_REQUIRE(village.has_value());
    BOOST_TEST(index->gazetteer().division(*village).name == "凤凰社区居民委员会");
    bool former = false;
    index->gazetteer().match(U"西村", 0, [&](std::size_t length, std::span<address::DivisionName const> bearers) {
        for (auto const& bearer : bearers) {
            former = former || (length == 2 && bearer.division == *village && bearer.kind == address::NameKind::other);
        }
    });
    BOOST_TEST(former);
}

BOOST_AUTO_TEST_CASE(a_name_of_staff_builds_the_index_anew_once_and_its_undo_takes_it_out) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号"});
    auto const first = where.publish();
    auto const as_before = read_file(where.addresses_of(first)); // it goes when newer ones are there
    BOOST_TEST(AddressPlace::named(where.addresses_of(first), U"老翠洲").empty());
    where.apply_names({AddressPlace::alias("440103001102", "老翠洲")}, {});
    auto const second = where.publish();
    BOOST_TEST(second.generation.number == 2U);
    BOOST_TEST(second.addresses_built);
    BOOST_TEST(!second.built_whole);
    BOOST_TEST(bool(second.generation.digest == first.generation.digest));
    BOOST_TEST((AddressPlace::named(where.addresses_of(second), U"老翠洲") == std::set<std::uint64_t>{440103001102}));
    BOOST_TEST(where.publish().unchanged);
    // A change of grids alone links the file.
    where.move_boundary(kDay);
    auto const third = where.publish();
    BOOST_TEST(!third.addresses_built);
    BOOST_TEST(AddressPlace::same_file(where.addresses_of(second), where.addresses_of(third)));
    // Taken out and put in again before the next publish: nothing has changed.
    auto const id = Registry::open(where.folder, Registry::Mode::read).aliases(kDay).front().id;
    where.apply_names({AddressPlace::alias("440103001102", "老翠洲")}, {}, {id});
    BOOST_TEST(!where.publish().addresses_built);
    auto const again = Registry::open(where.folder, Registry::Mode::read).aliases(kDay).front().id;
    BOOST_TEST(again != id);
    where.apply_names({}, {}, {again});
    auto const last = where.publish();
    BOOST_TEST(last.addresses_built);
    BOOST_TEST(AddressPlace::named(where.addresses_of(last), U"老翠洲").empty());
    BOOST_TEST(read_file(where.addresses_of(last)) == as_before, "not as before");
}

BOOST_AUTO_TEST_CASE(points_of_staff_stand_beside_the_imported_ones_or_in_their_place) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号", "2号"});
    auto const first = where.publish();
    auto const before = where.points(first);
    BOOST_TEST_REQUIRE(before.size() == 2U);
    where.apply_names({},
                      {AddressPlace::staff("广州市荔湾区沙面街道东村沿江北路3号翠洲花园2栋1单元301房", place(15, 2)),
                       AddressPlace::staff("广州市荔湾区沙面街道东村文化路9号", place(15, 7), "A1")});
    auto const second = where.publish();
    BOOST_TEST(second.addresses_built);
    auto const points = where.points(second);
    BOOST_TEST_REQUIRE(points.size() == 3U);
    BOOST_TEST(points.at("A0") == before.at("A0"));
    // No column was given: they are read from the text.
    BOOST_TEST(points.at("A1") == "广州市荔湾区沙面街道东村文化路9号|文化路|9号|||||1130015000,230007000");
    auto const added = std::find_if(points.begin(), points.end(), [](auto const& p) { return p.first[0] == 's'; });
    BOOST_TEST_REQUIRE(bool(added != points.end()));
    BOOST_TEST(added->second ==
               "广州市荔湾区沙面街道东村沿江北路3号翠洲花园2栋1单元301房|沿江北路|3号|翠洲花园|2栋|1单元|"
               "301房|1130015000,230002000");
    // Imported again, the correction holds on.
    where.import_addresses({"1号", "2号"});
    auto const third = where.publish();
    BOOST_TEST((where.points(third) == points));
    std::vector<std::int64_t> ids;
    for (auto const& a : Registry::open(where.folder, Registry::Mode::read).staff_addresses(kDay)) {
        ids.push_back(a.id);
    }
    where.apply_names({}, {}, {}, ids);
    BOOST_TEST((where.points(where.publish()) == before));
}

BOOST_AUTO_TEST_CASE(names_and_points_of_staff_are_there_on_their_days_and_as_each_generation_knew_them) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号", "2号"});
    auto const first = where.publish();
    where.apply_names(
        {AddressPlace::alias("440103001102", "老翠洲", {kLater, kForever})},
        {AddressPlace::staff("广州市荔湾区沙面街道东村沿江北路3号", place(15, 2), "", {kLater, kForever}),
         AddressPlace::staff("广州市荔湾区沙面街道东村文化路9号", place(15, 7), "A1", {kLater, kForever})});
    auto const second = where.publish();
    BOOST_TEST(!second.addresses_built);
    BOOST_TEST(second.generation.number == 2U);
    auto const state = [&](Date day, std::optional<GenerationNumber> known_at) {
        return publish::snapshot_as_of(where.folder, day, known_at, where.progress);
    };
    auto const there = [&](Date day, std::optional<GenerationNumber> known_at) {
        auto const file = state(day, known_at)->addresses().value();
        auto const named = !AddressPlace::named(file.file, U"老翠洲").empty();
        auto const points = AddressPlace::points(file);
        BOOST_TEST(points.size() == (named ? 3U : 2U));
        BOOST_TEST((points.at("A1").find("9号") != std::string::npos) == named);
        return named;
    };
    BOOST_TEST(!there(kDay, std::nullopt));
    BOOST_TEST(there(kLater, std::nullopt));
    BOOST_TEST(there(*Date::parse("2030-01-01"), std::nullopt));
    BOOST_TEST(!there(kLater, 1));
    BOOST_TEST(AddressPlace::same_file(state(kLater, 1)->addresses()->file, where.addresses_of(first)));
    snapshot::verify(state(kLater, std::nullopt)->folder(), where.progress);
    // A publish on the day brings them into what is served, without a new generation.
    auto const third = where.publish(kLater);
    BOOST_TEST(third.unchanged);
    BOOST_TEST(third.addresses_built);
    BOOST_TEST(where.store().current()->filename() == third.folder.filename());
    BOOST_TEST(where.points(third).size() == 3U);
    BOOST_TEST(!there(kDay, std::nullopt));
    // Of the first generations no published snapshot is left: theirs are built.
    for (auto const to : {6, 7}) {
        where.move_boundary(kDay, to);
        static_cast<void>(where.publish(kLater));
    }
    BOOST_TEST(!fs::exists(first.folder));
    BOOST_TEST(!there(kLater, 1));
    BOOST_TEST(there(kLater, 2));
}

BOOST_AUTO_TEST_CASE(a_retired_point_leaves_the_index_at_the_publish_and_an_undo_brings_the_same_bytes_back) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号", "2号"});
    auto const first = where.publish();
    auto const as_before = read_file(where.addresses_of(first));
    where.retire("A0");
    auto const second = where.publish();
    BOOST_TEST(second.addresses_built);
    BOOST_TEST(second.generation.number == 2U);
    BOOST_TEST(bool(second.generation.digest == first.generation.digest));
    BOOST_TEST(where.points(second).size() == 1U);
    BOOST_TEST(where.points(second).contains("A1"));
    BOOST_TEST(where.publish().unchanged);
    where.import_addresses({"1号", "2号", "3号"}); // it comes with its file again
    auto const third = where.publish();
    BOOST_TEST(where.points(third).size() == 2U);
    where.import_addresses({"1号", "2号"});
    auto const id = Registry::open(where.folder, Registry::Mode::read).retired_addresses(kDay).front().id;
    where.retire("", {}, {id});
    auto const last = where.publish();
    BOOST_TEST(last.addresses_built);
    BOOST_TEST(where.points(last).size() == 2U);
    // But for what it comes from, as every import makes another: the same index.
    auto bytes = read_file(where.addresses_of(last));
    BOOST_TEST(bytes.size() == as_before.size());
}

BOOST_AUTO_TEST_CASE(a_point_is_retired_on_its_days_and_as_each_generation_knew_it) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号", "2号"});
    static_cast<void>(where.publish());
    auto const last_day = kLater.next().next();
    where.retire("A0", {kLater, last_day});
    auto const second = where.publish();
    BOOST_TEST(!second.addresses_built, "on the day of the publish nothing has changed");
    auto const count = [&](Date day, std::optional<GenerationNumber> known_at) {
        return AddressPlace::points(
                   publish::snapshot_as_of(where.folder, day, known_at, where.progress)->addresses().value())
            .size();
    };
    BOOST_TEST(count(kDay, std::nullopt) == 2U);
    BOOST_TEST(count(Date{kLater.days() - 1}, std::nullopt) == 2U);
    BOOST_TEST(count(kLater, std::nullopt) == 1U);
    BOOST_TEST(count(kLater.next(), std::nullopt) == 1U);
    BOOST_TEST(count(last_day, std::nullopt) == 2U);
    BOOST_TEST(count(kLater, 1) == 2U);
    BOOST_TEST(count(kLater, 2) == 1U);
}

BOOST_AUTO_TEST_CASE(points_of_staff_are_told_apart_in_the_index) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号", "2号"});
    where.apply_names({}, {AddressPlace::staff("老榕树下小卖部", place(15, 2)),
                           AddressPlace::staff("广州市荔湾区沙面街道东村文化路9号", place(15, 7), "A1")});
    auto const published = where.publish();
    auto const index = address::AddressIndex::open(where.addresses_of(published));
    std::set<std::string> by_staff;
    for (address::AddressNumber i = 0; i < index->size(); ++i) {
        if (index->address(i).by_staff) {
            by_staff.insert(index->address(i).id);
        }
    }
    BOOST_TEST((by_staff == std::set<std::string>{"staff-1", "A1"}));
    BOOST_TEST(index->bound_to("荔湾区老榕树下小卖部").size() == 1U);
}

BOOST_AUTO_TEST_CASE(imported_points_that_wait_for_a_publish_are_in_no_snapshot_of_another_day) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号"});
    auto const first = where.publish();
    where.move_boundary(kLater);
    static_cast<void>(where.publish());
    where.import_addresses({"1号", "2号"});
    auto const other = publish::snapshot_as_of(where.folder, kLater, std::nullopt, where.progress);
    BOOST_TEST(AddressPlace::same_file(other->addresses()->file, where.addresses_of(first)));
}

BOOST_AUTO_TEST_CASE(an_old_code_leads_to_what_stands_in_its_place) {
    AddressPlace where;
    where.apply_first_grids();
    static_cast<void>(where.publish());
    {
        auto registry = Registry::open(where.folder, Registry::Mode::write);
        std::vector<registry::Concordance> const rows{
            {division("440103001199"), division("440103001101"), *Date::parse("2020-01-01"), "", "list"}};
        static_cast<void>(registry.apply_concordance(rows, "tester", {}));
    }
    auto const second = where.publish(); // no draft, but the names changed
    BOOST_TEST(second.generation.number == 2U);
    auto const index = address::AddressIndex::open(second.folder / "addresses.bin");
    std::set<std::uint64_t> named;
    index->gazetteer().match(U"440103001199", 0, [&](std::size_t, std::span<address::DivisionName const> bearers) {
        for (auto const& bearer : bearers) {
            named.insert(index->gazetteer().division(bearer.division).code.value());
        }
    });
    BOOST_TEST((named == std::set<std::uint64_t>{440103001101}));
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_a_former_program_opens_and_the_next_publish_gives_it_its_addresses) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号"});
    auto const first = where.publish();
    // As it was written before there were addresses: neither the file nor its line in the manifest.
    fs::remove(where.addresses_of(first));
    auto manifest = read_file(first.folder / "MANIFEST.json");
    auto const begin = manifest.find("    \"addresses.bin\"");
    auto const end = manifest.find("},", begin) + 3;
    manifest.erase(begin, end - begin);
    std::ofstream{first.folder / "MANIFEST.json"} << manifest;
    auto const old = snapshot::Snapshot::open(first.folder);
    BOOST_TEST(!old->addresses().has_value());
    auto const second = where.publish();
    BOOST_TEST(second.generation.number == 2U);
    BOOST_TEST(where.count(second.folder) == 1U);
    BOOST_TEST(bool(second.generation.digest == first.generation.digest));
}

BOOST_AUTO_TEST_CASE(a_missing_or_damaged_file_is_refused_and_publishing_again_mends_it) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号"});
    auto const first = where.publish();
    fs::remove(where.addresses_of(first));
    BOOST_CHECK_EXCEPTION(snapshot::Snapshot::open(first.folder), Error, [](Error const& error) {
        return error.code() == ErrorCode::corrupt &&
               std::string{error.what()}.find("addresses.bin") != std::string::npos;
    });
    auto const again = where.publish();
    BOOST_TEST(again.unchanged);
    BOOST_TEST(again.generation.number == 1U);
    BOOST_TEST(where.count(again.folder) == 1U);

    // A byte in the middle: what opens does not see it, verify() does, and it is not handed on.
    {
        std::fstream file{where.addresses_of(again), std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(static_cast<std::streamoff>(fs::file_size(where.addresses_of(again)) - 1));
        file.put('\x7f');
    }
    static_cast<void>(snapshot::Snapshot::open(again.folder));
    BOOST_CHECK_THROW(snapshot::verify(again.folder, where.progress), Error);
    where.move_boundary(kDay);
    auto const next = where.publish();
    BOOST_TEST(next.addresses_built);
    snapshot::verify(next.folder, where.progress);
    BOOST_TEST(where.count(next.folder) == 1U);
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_another_day_has_the_newest_addresses) {
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号"});
    static_cast<void>(where.publish());
    where.move_boundary(kLater);
    where.import_addresses({"1号", "2号"});
    auto const second = where.publish();
    auto const other = publish::snapshot_as_of(where.folder, kLater, std::nullopt, where.progress);
    BOOST_TEST(other->folder() != second.folder);
    BOOST_TEST(where.owner(*other, 15, 5) != where.owner(*snapshot::Snapshot::open(second.folder), 15, 5));
    BOOST_TEST_REQUIRE(other->addresses().has_value());
    BOOST_TEST(AddressPlace::same_file(other->addresses()->file, where.addresses_of(second)));
    snapshot::verify(other->folder(), where.progress);
}

BOOST_AUTO_TEST_CASE(a_publish_of_addresses_cut_off_anywhere_is_completed_by_the_next) {
    for (auto const cut : publish::kSteps) {
        AddressPlace where;
        where.apply_first_grids();
        where.import_addresses({"1号"});
        static_cast<void>(where.publish());
        where.import_addresses({"1号", "2号"});
        struct Cut {};
        bool cut_off = false;
        try {
            static_cast<void>(publish::publish_in_steps(where.folder, kDay, "author", "approver", where.progress,
                                                        [&](publish::Step step) {
                                                            if (step == cut) {
                                                                throw Cut{};
                                                            }
                                                        }));
        } catch (Cut const&) {
            cut_off = true;
        }
        BOOST_TEST(cut_off);
        auto const again = where.publish();
        BOOST_TEST(again.generation.number == 2U);
        BOOST_TEST(where.count(again.folder) == 2U);
        BOOST_TEST(where.store().current()->filename() == again.folder.filename());
        BOOST_TEST(where.publish().unchanged);
    }
    // What was left of it is not taken when the addresses have changed again meanwhile.
    AddressPlace where;
    where.apply_first_grids();
    where.import_addresses({"1号"});
    static_cast<void>(where.publish());
    where.import_addresses({"1号", "2号"});
    struct Cut {};
    BOOST_CHECK_THROW(
        static_cast<void>(publish::publish_in_steps(where.folder, kDay, "author", "approver", where.progress,
                                                    [](publish::Step step) {
                                                        if (step == publish::Step::snapshot_written) {
                                                            throw Cut{};
                                                        }
                                                    })),
        Cut);
    where.import_addresses({"1号", "2号", "3号"});
    BOOST_TEST(where.count(where.publish().folder) == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
