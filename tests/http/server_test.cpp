#include "state_keeper.hpp"

#include <wangge/base/error.hpp>
#include <wangge/base/files.hpp>
#include <wangge/http/server.hpp>
#include <wangge/publish/publisher.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>
#include <lookup/small_province.hpp>

#include <chrono>
#include <functional>
#include <thread>

using namespace wangge;
using namespace std::chrono_literals;
using test::day;
using test::division;
namespace asio = boost::asio;

namespace {

/// A data folder with a village of two grids, the second from `second_from` on.
struct Folder {
    test::TemporaryFolder temporary;
    registry::DataFolder folder{temporary.path() / "data"};
    SilentProgress progress;

    Folder() {
        registry::Registry::init(folder);
        auto registry = registry::Registry::open(folder, registry::Registry::Mode::write);
        std::vector<registry::Division> const divisions{
            {division("440000000000"), "广东省", Level::province, std::nullopt, ""},
            {division("440100000000"), "广州市", Level::city, division("440000000000"), ""},
            {division("440106000000"), "天河区", Level::county, division("440100000000"), ""},
            {division("440106001000"), "五山街道", Level::town, division("440106000000"), ""},
            {division("440106001001"), "岳洲社区居委会", Level::village, division("440106001000"), ""}};
        registry.apply_divisions(divisions, day("2020-01-01"), "test", {});
    }

    void add_grid(char const* code, std::int32_t west, Date effective) {
        registry::GridChange change;
        change.kinds = {registry::ChangeKind::added};
        change.after.code = test::grid(code);
        change.after.name = std::string{"网格"} + code;
        change.after.village = division("440106001001");
        change.after.shape.parts = {{test::box(west, 230000000, west + 100000, 230100000), {}}};
        registry::ChangeSet changes;
        changes.title = "test";
        changes.author = "test";
        changes.effective = effective;
        changes.changes = {change};
        registry::Registry::open(folder, registry::Registry::Mode::write).apply(changes, progress);
    }
    void assign(char const* officer_id, DateInterval valid = {}) {
        std::vector<registry::Officer> const officers{{officer_id, "某某", "13800001234"}};
        std::vector<registry::Assignment> const assignments{
            {test::grid("440106001001001"), officer_id, registry::Role::dedicated, valid}};
        registry::Registry::open(folder, registry::Registry::Mode::write)
            .apply_officers(officers, assignments, "test", {}, progress);
    }
    void publish() { static_cast<void>(publish::publish(folder, Date::today(), "test", "other", progress)); }
};

struct Running {
    http::Server server;
    std::jthread thread{[this] { server.run(); }};
    explicit Running(registry::DataFolder const& folder) : server(options(folder)) {}
    ~Running() { server.stop(); }

    static http::ServerOptions options(registry::DataFolder const& folder) {
        http::ServerOptions options;
        options.listen = "127.0.0.1:0";
        options.folder = folder;
        return options;
    }
    [[nodiscard]] std::string get(std::string const& target) const {
        asio::io_context io;
        asio::ip::tcp::socket socket{io};
        socket.connect({asio::ip::make_address("127.0.0.1"), server.port()});
        asio::write(socket, asio::buffer("GET " + target + " HTTP/1.0\r\n\r\n"));
        std::string answer;
        boost::system::error_code end;
        asio::read(socket, asio::dynamic_buffer(answer), end);
        return answer;
    }
    /// Asks until the answer holds `text`; how long that took, or `limit` when it never did.
    [[nodiscard]] std::chrono::milliseconds until(std::string const& target, std::string_view text,
                                                  std::chrono::milliseconds limit) const {
        auto const start = std::chrono::steady_clock::now();
        for (;;) {
            bool const seen = get(target).find(text) != std::string::npos;
            auto const passed =
                std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
            if (seen || passed >= limit) {
                return seen ? passed : limit;
            }
            std::this_thread::sleep_for(10ms);
        }
    }
};

constexpr auto const* kWest = "/v1/locate?lon=113.005&lat=23.005";
constexpr auto const* kEast = "/v1/locate?lon=113.015&lat=23.005";

} // namespace

BOOST_FIXTURE_TEST_SUITE(server, Folder)

BOOST_AUTO_TEST_CASE(without_a_publish_it_starts_and_says_what_to_do_and_then_takes_the_publish_over) {
    Running const running{folder};
    BOOST_TEST(running.get("/healthz").starts_with("HTTP/1.1 200 "));
    BOOST_TEST(running.get("/readyz").starts_with("HTTP/1.1 503 "));
    BOOST_TEST(running.get(kWest).find("wangge publish") != std::string::npos);
    add_grid("440106001001001", 1130000000, day("2021-01-01"));
    publish();
    BOOST_TEST(running.until("/readyz", "\"generation\":1,", 1000ms) < 1000ms);
    BOOST_TEST(running.get(kWest).find("440106001001001") != std::string::npos);
    add_grid("440106001001002", 1130100000, day("2022-01-01"));
    publish();
    BOOST_TEST(running.until(kEast, "440106001001002", 1000ms) < 1000ms);
    BOOST_TEST(running.get(kEast).find("\"generation\":2,") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_officer_change_is_seen_within_a_second_without_a_publish) {
    add_grid("440106001001001", 1130000000, day("2021-01-01"));
    assign("Z1");
    publish();
    Running const running{folder};
    auto const first = running.get(kWest);
    BOOST_TEST(first.find("\"officer_id\":\"Z1\"") != std::string::npos);
    BOOST_TEST(first.find("某某") == std::string::npos);
    BOOST_TEST(first.find("138") == std::string::npos);
    BOOST_TEST(running.get(std::string{kWest} + "&as_of=2021-06-01").find("Z2") == std::string::npos);
    assign("Z2");
    BOOST_TEST(running.until(kWest, "Z2", 1000ms) < 1000ms);
    BOOST_TEST(running.until(std::string{kWest} + "&as_of=2021-06-01", "Z2", 1000ms) < 1000ms);
}

BOOST_AUTO_TEST_CASE(each_date_is_answered_from_its_own_state) {
    add_grid("440106001001001", 1130000000, day("2021-01-01"));
    add_grid("440106001001002", 1130100000, day("2022-01-01"));
    auto const tomorrow = Date::today().next();
    add_grid("440106001001003", 1130200000, tomorrow);
    assign("Z1", {day("2021-01-01"), day("2021-07-01")});
    publish();
    Running const running{folder};
    auto const holds = [&](std::string const& target, std::string_view text) {
        return running.get(target).find(text) != std::string::npos;
    };
    BOOST_TEST(holds(kEast, "440106001001002"));
    BOOST_TEST(holds(std::string{kEast} + "&as_of=2021-12-31", "\"found\":false"));
    BOOST_TEST(holds(std::string{kEast} + "&as_of=2022-01-01", "440106001001002"));
    BOOST_TEST(holds(std::string{kWest} + "&as_of=2021-06-30", "\"officer_id\":\"Z1\""));
    BOOST_TEST(holds(std::string{kWest} + "&as_of=2021-07-01", "\"officers\":[]"));
    BOOST_TEST(holds(std::string{kWest} + "&as_of=2020-12-31", "\"found\":false"));
    BOOST_TEST(holds(std::string{kWest} + "&as_of=1950-01-01", "\"found\":false"));
    BOOST_TEST(holds("/v1/grids/440106001001001?as_of=1950-01-01", "HTTP/1.1 404 "));
    std::string const beyond = "/v1/locate?lon=113.025&lat=23.005";
    BOOST_TEST(holds(beyond, "\"found\":false"));
    BOOST_TEST(holds(beyond + "&as_of=" + tomorrow.str(), "440106001001003"));
}

BOOST_AUTO_TEST_CASE(each_generation_answers_as_it_knew_the_day_officers_too) {
    add_grid("440106001001001", 1130000000, day("2021-01-01"));
    assign("Z1");
    publish();
    add_grid("440106001001002", 1130100000, day("2021-01-01")); // known from generation 2 on
    publish();
    assign("Z2");
    Running const running{folder};
    auto const holds = [&](std::string const& target, std::string_view text) {
        return running.get(target).find(text) != std::string::npos;
    };
    BOOST_TEST(holds(kEast, "440106001001002"));
    BOOST_TEST(holds(std::string{kEast} + "&known_at=1", "\"found\":false"));
    BOOST_TEST(holds(std::string{kEast} + "&known_at=1", "\"generation\":1,"));
    BOOST_TEST(holds(std::string{kEast} + "&known_at=2&as_of=2021-06-01", "440106001001002"));
    BOOST_TEST(holds(kWest, "Z2"));
    BOOST_TEST(holds(std::string{kWest} + "&known_at=2", "Z2"));
    BOOST_TEST(!holds(std::string{kWest} + "&known_at=1", "Z2"));
    BOOST_TEST(holds(std::string{kWest} + "&known_at=1", "Z1"));
    BOOST_TEST(holds(std::string{kWest} + "&known_at=3", "HTTP/1.1 404 "));
    // Generation 2 is no longer the newest: what it knew of officers stays.
    add_grid("440106001001003", 1130200000, day("2021-01-01"));
    publish();
    BOOST_TEST(running.until(std::string{kWest} + "&known_at=3", "\"generation\":3,", 1000ms) < 1000ms);
    assign("Z3");
    BOOST_TEST(running.until(kWest, "Z3", 1000ms) < 1000ms);
    BOOST_TEST(running.until(std::string{kWest} + "&known_at=3", "Z3", 1000ms) < 1000ms);
    BOOST_TEST(!holds(std::string{kWest} + "&known_at=2", "Z3"));
    BOOST_TEST(holds(std::string{kWest} + "&known_at=2", "Z2"));
}

BOOST_AUTO_TEST_CASE(tomorrow_is_ready_before_its_midnight) {
    add_grid("440106001001001", 1130000000, day("2021-01-01"));
    auto const tomorrow = Date::today().next();
    add_grid("440106001001002", 1130100000, tomorrow);
    publish();
    http::StateKeeper keeper{Running::options(folder)};
    auto const give_up = std::chrono::steady_clock::now() + 10s;
    while (!keeper.find({tomorrow, {}}) && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::sleep_for(20ms);
    }
    auto const served = keeper.find({tomorrow, {}});
    BOOST_REQUIRE(served);
    BOOST_TEST(served->snapshot->grid_count() == 2U);
    BOOST_TEST(keeper.find({Date::today(), {}})->snapshot->grid_count() == 1U);
}

BOOST_AUTO_TEST_CASE(a_publish_that_cannot_be_opened_leaves_the_old_one_served) {
    add_grid("440106001001001", 1130000000, day("2021-01-01"));
    publish();
    Running const running{folder};
    auto const current = folder.snapshots() / "CURRENT";
    auto const before = read_file(current);
    write_file_atomically(current, "g9-2026-01-01\n");
    std::this_thread::sleep_for(700ms);
    BOOST_TEST(running.get(kWest).find("440106001001001") != std::string::npos);
    BOOST_TEST(running.get("/readyz").starts_with("HTTP/1.1 200 "));
    write_file_atomically(current, before);
    std::this_thread::sleep_for(400ms);
    BOOST_TEST(running.get("/readyz").starts_with("HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(a_publish_wakes_the_server_which_need_not_look_by_itself) {
    add_grid("440106001001001", 1130000000, day("2021-01-01"));
    publish();
    auto options = Running::options(folder);
    options.reload_every = 1h;
    http::StateKeeper keeper{options};
    auto const until_generation = [&](GenerationNumber number) {
        auto const give_up = std::chrono::steady_clock::now() + 20s;
        while (keeper.current()->generation() != number && std::chrono::steady_clock::now() < give_up) {
            std::this_thread::sleep_for(1ms);
        }
        return keeper.current()->generation() == number;
    };
    auto const held = keeper.current();
    add_grid("440106001001002", 1130100000, day("2022-01-01"));
    publish();
    BOOST_TEST(until_generation(2));
    add_grid("440106001001003", 1130200000, day("2022-01-01"));
    publish();
    BOOST_TEST(until_generation(3));
    // Who still reads the first one goes on reading it.
    BOOST_TEST(held->generation() == 1);
    BOOST_TEST(held->locate({1130050000, 230050000}) == 0U);
    BOOST_TEST(held->locate({1130150000, 230050000}) == snapshot::kOutside);
}

BOOST_AUTO_TEST_CASE(a_watch_wakes_for_the_folder_and_for_its_owner_and_survives_the_loss_of_both) {
    auto const place = temporary.path() / "watched";
    std::filesystem::create_directories(place);
    http::FolderWatch watch{place};
    auto const woken_by = [&](std::function<void()> const& act) {
        std::jthread const other{[&] {
            std::this_thread::sleep_for(20ms);
            act();
        }};
        auto const start = std::chrono::steady_clock::now();
        watch.wait(20s);
        return std::chrono::steady_clock::now() - start < 19s;
    };
    BOOST_TEST(woken_by([&] { write_file_atomically(place / "CURRENT", "a"); }));
    watch.wait(0ms); // of the same replacement
    std::filesystem::rename(place, temporary.path() / "elsewhere");
    watch.wait(0ms);
    BOOST_TEST(!watch.watching());
    std::filesystem::create_directories(place);
    watch.wait(0ms);
    BOOST_TEST(watch.watching());
    watch.wait(0ms);
    BOOST_TEST(woken_by([&] { write_file_atomically(place / "CURRENT", "b"); }));
    std::filesystem::remove_all(place);
    watch.wait(0ms);
    watch.wait(0ms);
    BOOST_TEST(!watch.watching());
    BOOST_TEST(woken_by([&] { watch.interrupt(); }));
    BOOST_TEST(woken_by([] {})); // for good
}

BOOST_AUTO_TEST_CASE(a_folder_without_a_registry_is_refused) {
    registry::DataFolder const nowhere{temporary.path() / "nowhere"};
    BOOST_CHECK_EXCEPTION(http::Server{Running::options(nowhere)}, Error,
                          [](Error const& e) { return e.code() == ErrorCode::not_found; });
}

BOOST_AUTO_TEST_SUITE_END()
