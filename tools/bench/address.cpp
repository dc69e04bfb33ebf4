#include "address_peers.hpp"
#include "machine.hpp"
#include "program.hpp"

#include <wangge/base/error.hpp>
#include <wangge/importers/csv_reader.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>

namespace wangge::bench {

namespace {

struct AddressOptions : CommonOptions {
    std::filesystem::path addresses, texts;
    std::string peers = "all";
    std::size_t points = 0;
    std::size_t peer_texts = 1000;
};

/// Calls `take` with each record of a CSV file, as columns of the names asked for.
template <class Take>
void read_csv(std::filesystem::path const& path, std::vector<std::string_view> const& names, Take&& take) {
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        throw Error{ErrorCode::not_found, fmt::format("{}: cannot be read", path.string())};
    }
    importers::CsvReader reader{[&](std::span<char> buffer) {
                                    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
                                    return static_cast<std::size_t>(file.gcount());
                                },
                                ','};
    using Outcome = importers::CsvReader::Outcome;
    std::vector<std::string> fields;
    std::vector<std::size_t> columns;
    std::vector<std::string_view> values(names.size());
    for (auto outcome = reader.next(fields); outcome != Outcome::end; outcome = reader.next(fields)) {
        if (outcome != Outcome::record) {
            throw Error{ErrorCode::data_rejected, fmt::format("{}: line {} is no CSV", path.string(), reader.line())};
        }
        if (columns.empty()) {
            for (auto const name : names) {
                auto const at =
                    std::find_if(fields.begin(), fields.end(), [&](auto const& f) { return f.ends_with(name); });
                if (at == fields.end()) {
                    throw Error{ErrorCode::data_rejected, fmt::format("{}: has no column '{}'", path.string(), name)};
                }
                columns.push_back(static_cast<std::size_t>(at - fields.begin()));
            }
            continue;
        }
        for (std::size_t k = 0; k < columns.size(); ++k) {
            values[k] = columns[k] < fields.size() ? std::string_view{fields[columns[k]]} : std::string_view{};
        }
        take(values);
    }
}

std::int32_t lattice(std::string_view degrees) {
    return static_cast<std::int32_t>(std::lround(std::strtod(std::string{degrees}.c_str(), nullptr) * 1e7));
}

struct Addresses {
    std::vector<std::string> texts;
    std::vector<geom::Point> at;
};

struct Question {
    std::string text;
    std::string grid; ///< code of the true one
    bool determined = false;
};

Addresses read_addresses(AddressOptions const& options) {
    Addresses found;
    read_csv(options.addresses, {"标准地址", "经度", "纬度"}, [&](auto const& row) {
        if (options.points == 0 || found.texts.size() < options.points) {
            found.texts.emplace_back(row[0]);
            found.at.push_back({lattice(row[1]), lattice(row[2])});
        }
    });
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
        auto const grid = hits[i] ? snapshot.locate(addresses.at[*hits[i]]) : snapshot::kOutside;
        return grid == snapshot::kOutside ? std::string{} : std::string{snapshot.grid(grid).code.str()};
    });
    auto const median = median_call_us(questions.first(std::min<std::size_t>(questions.size(), 300)),
                                       [&](Question const& question) { return peer->find(question.text); });
    batch.more = {
        {"right", right}, {"median_us", median}, {"rss_bytes", static_cast<double>(resident_bytes() - before)}};
    report.rows.push_back(std::move(batch));
}

Report ask(AddressOptions const& options) {
    TemporaryFolder const temporary{"address"};
    auto const snapshot = open_coverage(options.coverage, temporary);
    auto const addresses = read_addresses(options);
    auto const questions = read_questions(options);
    Report report;
    report.question = "address: texts of citizens to grids, over the address points of a province";
    report.seed = options.seed;
    report.facts = {{"addresses", static_cast<double>(addresses.texts.size())},
                    {"texts", static_cast<double>(questions.size())},
                    {"peer_texts", static_cast<double>(std::min(questions.size(), options.peer_texts))}};
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
    return run_program(app, argc, argv, options, [&] { return ask(options); });
}
