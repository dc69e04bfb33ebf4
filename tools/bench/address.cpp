#include "address_peers.hpp"
#include "csv_columns.hpp"
#include "machine.hpp"
#include "program.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/base/error.hpp>
#include <wangge/lookup/geocoder.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>

namespace wangge::bench {

namespace {

struct AddressOptions : CommonOptions {
    std::filesystem::path addresses, texts;
    std::string peers = "all";
    std::filesystem::path answers;
    std::size_t points = 0;
    int builds = 3;
    std::size_t peer_texts = 1000;
};

std::int32_t lattice(std::string_view degrees) {
    return static_cast<std::int32_t>(std::lround(std::strtod(std::string{degrees}.c_str(), nullptr) * 1e7));
}

/// The address points of a synthetic province, all columns in memory.
struct Addresses {
    std::string file;
    std::vector<std::string_view> texts; ///< standard addresses
    std::vector<address::AddressRecord> records;
};

struct Question {
    std::string text;
    std::string grid; ///< code of the true one
    bool determined = false;
};

/// addresses.csv has no quotes, so its fields are the stretches between commas.
Addresses read_addresses(AddressOptions const& options) {
    Addresses found;
    std::ifstream in{options.addresses, std::ios::binary};
    found.file.assign(std::istreambuf_iterator<char>{in}, {});
    if (!in || found.file.find('"') != std::string::npos || found.file.find("地址编码") > 3) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("{}: is no addresses.csv of wangge synth", options.addresses.string())};
    }
    std::string_view rest = found.file;
    std::array<std::string_view, 16> fields;
    for (bool is_head = true; !rest.empty() && (options.points == 0 || found.records.size() < options.points);
         is_head = false) {
        auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        line.remove_suffix(line.ends_with('\r') ? 1 : 0);
        for (auto& field : fields) {
            field = line.substr(0, line.find(','));
            line.remove_prefix(std::min(line.size(), field.size() + 1));
        }
        if (is_head) {
            continue;
        }
        auto const& f = fields;
        found.texts.push_back(f[1]);
        found.records.push_back({f[0],
                                 f[1],
                                 DivisionCode::parse(f[7]).value_or(DivisionCode{}),
                                 f[8],
                                 f[9],
                                 f[10],
                                 f[11],
                                 f[12],
                                 f[13],
                                 {lattice(f[14]), lattice(f[15])}});
    }
    return found;
}

std::vector<Question> read_questions(AddressOptions const& options) {
    std::vector<Question> found;
    read_csv(options.texts, {"text", "true_grid", "determined"}, [&](auto const& row) {
        found.push_back({std::string{row[0]}, std::string{row[1]}, row[2] == "yes"});
    });
    if (found.empty()) {
        throw Error{ErrorCode::data_rejected, fmt::format("{}: has no rows", options.texts.string())};
    }
    return found;
}

/// Seconds of each call alone, to find the one in the middle.
template <class Find>
double median_call_us(std::span<Question const> questions, Find&& find) {
    std::vector<double> seconds;
    for (auto const& question : questions) {
        auto const start = wall_s();
        find(question);
        seconds.push_back(wall_s() - start);
    }
    return times_of(std::move(seconds)).median * 1e6;
}

/// Share of the determined questions whose first answer is the true grid.
template <class GridOf>
double share_right(std::span<Question const> questions, GridOf&& grid_of) {
    std::size_t asked = 0, right = 0;
    for (std::size_t i = 0; i < questions.size(); ++i) {
        if (questions[i].determined) {
            ++asked;
            right += grid_of(i) == questions[i].grid ? 1U : 0U;
        }
    }
    return asked == 0 ? 0 : static_cast<double>(right) / static_cast<double>(asked);
}

void ask_peer(AddressPeerKind const& kind, Addresses const& addresses, std::span<Question const> questions,
              snapshot::Snapshot const& snapshot, Report& report) {
    report.titles.emplace_back(kind.key, kind.title);
    std::cerr << kind.title << ": building\n";
    forget_peak();
    auto const before = resident_bytes();
    std::unique_ptr<AddressPeer> peer;
    Row build{std::string{kind.key}, "build", "", addresses.texts.size(), {}, {}};
    build.measured = measure(1, [&] { peer = kind.make(addresses.texts); });
    build.more = {{"index_bytes", static_cast<double>(peer->file_bytes())},
                  {"peak_bytes", static_cast<double>(peak_resident_bytes() - before)}};
    report.rows.push_back(std::move(build));
    std::cerr << kind.title << ": asking\n";
    std::vector<std::optional<std::uint32_t>> hits(questions.size());
    Row batch{std::string{kind.key}, "batch", "", questions.size(), {}, {}};
    batch.measured = measure(1, [&] {
        for (std::size_t i = 0; i < questions.size(); ++i) {
            hits[i] = peer->find(questions[i].text);
        }
    });
    auto const right = share_right(questions, [&](std::size_t i) {
        auto const grid = hits[i] ? snapshot.locate(addresses.records[*hits[i]].at) : snapshot::kOutside;
        return grid == snapshot::kOutside ? std::string{} : std::string{snapshot.grid(grid).code.str()};
    });
    auto const median = median_call_us(questions.first(std::min<std::size_t>(questions.size(), 300)),
                                       [&](Question const& question) { return peer->find(question.text); });
    batch.more = {
        {"right", right}, {"median_us", median}, {"rss_bytes", static_cast<double>(resident_bytes() - before)}};
    report.rows.push_back(std::move(batch));
}

/// Ours: the index written anew, then asked on one thread.
void ask_ours(AddressOptions const& options, Addresses const& addresses, std::span<Question const> questions,
              snapshot::Snapshot const& snapshot, std::filesystem::path const& folder, Report& report) {
    report.titles.emplace_back("wangge", "Wangge");
    std::vector<address::GazetteerEntry> divisions;
    for (snapshot::DivisionId id = 0; id < snapshot.division_count(); ++id) {
        auto const division = snapshot.division(id);
        auto const parent =
            division.parent == snapshot::kNoDivision ? DivisionCode{} : snapshot.division(division.parent).code;
        divisions.push_back({division.code, division.name, division.level, parent});
    }
    auto const file = folder / "addresses.bin";
    Row build{"wangge", "build", "", addresses.records.size(), {}, {}};
    SilentProgress silent;
    forget_peak();
    auto const before_build = resident_bytes();
    std::uint64_t bytes = 0;
    build.measured = measure(options.builds, [&] {
        std::size_t at = 0;
        address::AddressContent content{divisions, {}, {}, {}};
        content.next = [&](address::AddressRecord& record) {
            if (at == addresses.records.size()) {
                return false;
            }
            record = addresses.records[at++];
            return true;
        };
        bytes = address::AddressIndex::write(content, file, silent).bytes;
    });
    build.more = {{"index_bytes", static_cast<double>(bytes)},
                  {"peak_bytes", static_cast<double>(peak_resident_bytes() - before_build)}};
    report.rows.push_back(std::move(build));

    forget_peak();
    auto const before = resident_bytes();
    auto const index = address::AddressIndex::open(file);
    lookup::Geocoder geocoder{snapshot, *index};
    lookup::AddressAnswer answer;
    auto const code = [&](std::optional<snapshot::GridId> grid) {
        return grid ? std::string{snapshot.grid(*grid).code.str()} : std::string{};
    };
    std::vector<snapshot::GridId> firsts(questions.size(), snapshot::kOutside);
    Row batch{"wangge", "batch", "", questions.size(), {}, {}};
    std::vector<std::string_view> texts;
    for (auto const& question : questions) {
        texts.push_back(question.text);
    }
    batch.measured = measure(options.runs, [&] {
        geocoder.geocode(texts, [&](std::size_t i, lookup::AddressAnswer const& a) {
            firsts[i] = a.grid ? *a.grid : (a.grids.empty() ? snapshot::kOutside : a.grids[0].grid);
        });
    });
    auto const rss = resident_bytes() - before;
    auto const right = share_right(
        questions, [&](std::size_t i) { return firsts[i] == snapshot::kOutside ? std::string{} : code(firsts[i]); });
    auto const median =
        median_call_us(questions, [&](Question const& question) { geocoder.geocode(question.text, answer); });
    batch.more = {{"right", right},
                  {"median_us", median},
                  {"rss_bytes", static_cast<double>(rss)},
                  {"mapped_bytes", static_cast<double>(bytes)}};
    report.rows.push_back(std::move(batch));
    if (options.answers.empty()) {
        return;
    }
    auto const& gazetteer = index->gazetteer();
    auto const above = [&](Level level) {
        auto const& places = answer.match.places;
        auto const division = places.empty() || places[0].division == address::kNoDivision
                                  ? address::kNoDivision
                                  : gazetteer.ancestor(places[0].division, level);
        return division == address::kNoDivision ? std::string_view{} : gazetteer.division(division).name;
    };
    std::ofstream out{options.answers};
    out << "grid_code,level,score,candidates,city,county\n";
    for (auto const& question : questions) {
        geocoder.geocode(question.text, answer);
        out << code(answer.grid) << ',' << to_string(answer.level) << ',' << answer.score << ',';
        for (auto const& share : answer.grids) {
            out << (&share == answer.grids.data() ? "" : " ") << code(share.grid);
        }
        out << ',' << above(Level::city) << ',' << above(Level::county) << '\n';
    }
    if (!out.flush()) {
        throw Error{ErrorCode::environment, fmt::format("{}: cannot be written", options.answers.string())};
    }
}

Report ask(AddressOptions const& options) {
    TemporaryFolder const temporary{"address"};
    auto const snapshot = open_coverage(options.coverage, temporary);
    auto const addresses = read_addresses(options);
    auto const questions = read_questions(options);
    Report report;
    report.question = "address: texts of citizens to grids, over the address points of a province";
    report.seed = options.seed;
    report.facts = {{"addresses", static_cast<double>(addresses.records.size())},
                    {"texts", static_cast<double>(questions.size())},
                    {"peer_texts", static_cast<double>(std::min(questions.size(), options.peer_texts))}};
    ask_ours(options, addresses, questions, *snapshot, temporary.path(), report);
    for (auto const& kind : address_peer_kinds()) {
        if (options.peers == "all" || options.peers == kind.key) {
            ask_peer(kind, addresses, std::span{questions}.first(std::min(questions.size(), options.peer_texts)),
                     *snapshot, report);
        }
    }
    return report;
}

} // namespace

std::span<AddressPeerKind const> address_peer_kinds() {
#ifdef WANGGE_BENCH_PEERS
    static constexpr AddressPeerKind kKinds[] = {
        {"fts5", "SQLite FTS5, trigrams, bm25", make_fts5_peer},
        {"xapian", "Xapian, CJK n-grams, BM25", make_xapian_peer},
    };
    return kKinds;
#else
    return {};
#endif
}

} // namespace wangge::bench

int main(int argc, char** argv) {
    using namespace wangge::bench;
    AddressOptions options;
    CLI::App app{
        "Texts of citizens to grids: rates, memory and accuracy, beside search engines over the same addresses."};
    add_common(app, options);
    add_coverage(app, options.coverage);
    app.add_option("--addresses", options.addresses, "addresses.csv of the synthetic province")->required();
    app.add_option("--texts", options.texts, "CSV of tests/address_quality/error_model.py")->required();
    app.add_option("--points", options.points, "Only so many addresses (0: all)")->capture_default_str();
    app.add_option("--peers", options.peers, "all, none, fts5 or xapian")
        ->capture_default_str()
        ->check(CLI::IsMember({"all", "none", "fts5", "xapian"}));
    app.add_option("--peer-texts", options.peer_texts, "How many texts the peers are asked")->capture_default_str();
    app.add_option("--builds", options.builds, "Builds of our index that the median is taken of")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--answers", options.answers,
                   "Write our answers here, as tests/address_quality/evaluate.py reads them");
    return run_program(app, argc, argv, options, [&] { return ask(options); });
}
