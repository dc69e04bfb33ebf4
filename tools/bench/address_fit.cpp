// With which costs are the true grids of addresses likeliest?
//   wangge-bench-address_fit --data DIR --train FILE [--train FILE ...] [--held-back FILE ...] [--passes N]
//
// Each row of error_model.py gives minus the logarithm of the share of evidence that its true grid has: a proper score,
// least when shares are what they say. The fitted lines of MatchCosts are moved one by one, in smaller and smaller
// steps, while the training rows become likelier by more than a parameter costs (Akaike). Rows held back are only
// reported. At the end stands what each line weighs, and what each threshold would claim. docs/address-costs.md.

#include "csv_columns.hpp"
#include "program.hpp"

#include <wangge/lookup/geocoder.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>
#include <thread>

namespace wangge::bench {

namespace {

using address::kMatchCostTable;
using address::MatchCosts;

struct FitOptions {
    CoverageChoice coverage;
    std::vector<std::filesystem::path> train, held_back;
    std::vector<std::string> only;
    std::filesystem::path start;
    int passes = 3;
    unsigned threads = 2;
};

struct Question {
    std::string text;
    snapshot::GridId grid = snapshot::kOutside;
};

/// Of the evidence, what every answer keeps for a grid that it does not list at all.
constexpr double kUnforeseen = 0.01;
/// A cost that is moved must make the training rows likelier by so many nats.
constexpr double kWorthMoving = 2;
constexpr float kLeastCost = 0.02F;
/// A line that moves so far must make them unlikelier by as much, or it is none that they tell.
constexpr float kFar = 1.5F;
constexpr std::size_t kBins = 10, kPercents = 100, kLeastPercent = 70;

struct Verdict {
    double loss = 0; ///< nats, all rows
    struct Bin {
        std::size_t answers = 0, right = 0;
        double score = 0;
    };
    std::array<std::array<Bin, kBins>, 2> bins{};      ///< several, one grid; by score
    std::array<std::array<Bin, kPercents>, 2> first{}; ///< number confirmed, not; by score
    std::size_t listed = 0;                            ///< rows whose true grid is among those of the answer

    void add(Verdict const& other) {
        loss += other.loss;
        for (std::size_t k = 0; k < bins.size(); ++k) {
            for (std::size_t b = 0; b < kBins; ++b) {
                bins[k][b].answers += other.bins[k][b].answers;
                bins[k][b].right += other.bins[k][b].right;
                bins[k][b].score += other.bins[k][b].score;
            }
            for (std::size_t b = 0; b < kPercents; ++b) {
                first[k][b].answers += other.first[k][b].answers;
                first[k][b].right += other.first[k][b].right;
            }
        }
        listed += other.listed;
    }
};

class Fit {
public:
    Fit(snapshot::Snapshot const& snapshot, address::AddressIndex const& index, unsigned threads)
        : m_snapshot(snapshot), m_index(index), m_threads(threads) {}

    std::vector<Question> read(std::vector<std::filesystem::path> const& files) const {
        std::vector<Question> rows;
        for (auto const& file : files) {
            read_csv(file, {"text", "true_grid"}, [&](auto const& row) {
                auto const code = GridCode::parse(row[1]);
                auto const grid = code ? m_snapshot.find_grid(*code) : std::nullopt;
                if (!grid) {
                    throw Error{ErrorCode::data_rejected,
                                fmt::format("{}: the grid {} is not in the snapshot; it must be of the same province",
                                            file.string(), row[1])};
                }
                rows.push_back({std::string{row[0]}, *grid});
            });
        }
        return rows;
    }

    Verdict judge(std::span<Question const> rows, MatchCosts const& costs) const {
        std::vector<Verdict> verdicts(m_threads);
        std::vector<std::jthread> threads;
        for (unsigned t = 0; t < m_threads; ++t) {
            threads.emplace_back([&, t] {
                lookup::Geocoder geocoder{m_snapshot, m_index, costs};
                for (auto i = rows.size() * t / m_threads; i < rows.size() * (t + 1) / m_threads; ++i) {
                    judge_row(rows[i], geocoder, verdicts[t]);
                }
            });
        }
        threads.clear();
        for (unsigned t = 1; t < m_threads; ++t) {
            verdicts[0].add(verdicts[t]);
        }
        return verdicts[0];
    }

private:
    void judge_row(Question const& row, lookup::Geocoder& geocoder, Verdict& verdict) const {
        thread_local lookup::AddressAnswer answer;
        geocoder.geocode(row.text, answer);
        double share = 0;
        for (auto const& g : answer.grids) {
            if (g.grid == row.grid) {
                share = g.share;
            }
        }
        verdict.loss -=
            std::log((1 - kUnforeseen) * share + kUnforeseen / static_cast<double>(m_snapshot.grid_count()));
        if (!answer.grids.empty()) {
            auto const at = std::min(kBins - 1, static_cast<std::size_t>(answer.score * kBins));
            auto& bin = verdict.bins[answer.grid ? 1 : 0][at];
            ++bin.answers;
            bin.right += answer.grids.front().grid == row.grid ? 1U : 0U;
            bin.score += answer.score;
            bool const confirmed =
                answer.match.places.empty() || lookup::is_number_confirmed(answer.match.places.front());
            auto& first = verdict.first[confirmed ? 0 : 1]
                                       [std::min(kPercents - 1, static_cast<std::size_t>(answer.score * kPercents))];
            ++first.answers;
            first.right += answer.grids.front().grid == row.grid ? 1U : 0U;
            verdict.listed += share > 0 ? 1U : 0U;
        }
    }

    snapshot::Snapshot const& m_snapshot;
    address::AddressIndex const& m_index;
    unsigned m_threads;
};

void print(std::string_view title, std::size_t rows, Verdict const& verdict) {
    auto const all_rows = static_cast<double>(rows);
    fmt::print("{}: {} rows, {:.5f} nats a row; the true grid listed in {:.2f}%\n", title, rows,
               verdict.loss / all_rows, 100 * static_cast<double>(verdict.listed) / all_rows);
    for (std::size_t k = 0; k < verdict.bins.size(); ++k) {
        double error = 0;
        std::size_t all = 0;
        for (auto const& bin : verdict.bins[k]) {
            all += bin.answers;
            error += std::abs(bin.score - static_cast<double>(bin.right));
        }
        fmt::print("  {}: {} answers, calibration error {:.2f}%\n   ", k == 0 ? "several grids" : "one grid", all,
                   all == 0 ? 0 : 100 * error / static_cast<double>(all));
        for (auto const& bin : verdict.bins[k]) {
            if (bin.answers != 0) {
                auto const n = static_cast<double>(bin.answers);
                fmt::print(" {}:{:.3f}/{:.3f}", bin.answers, bin.score / n, static_cast<double>(bin.right) / n);
            }
        }
        fmt::print("\n");
    }
    for (std::size_t k = 0; k < verdict.first.size(); ++k) {
        fmt::print("  {}, given from a score on (of all rows, wrong of all rows):",
                   k == 0 ? "number confirmed or none" : "number not confirmed");
        std::size_t answers = 0, wrong = 0;
        for (std::size_t b = kPercents; b-- > kLeastPercent;) {
            answers += verdict.first[k][b].answers;
            wrong += verdict.first[k][b].answers - verdict.first[k][b].right;
            if (b % 5 == 0 || b > 90) {
                fmt::print(" {:.2f}:{:.2f}%/{:.3f}%", static_cast<double>(b) / kPercents,
                           100 * static_cast<double>(answers) / all_rows, 100 * static_cast<double>(wrong) / all_rows);
            }
        }
        fmt::print("\n");
    }
    std::cout << std::flush;
}

/// Moves one line up or down while that pays; true when it moved.
bool move(Fit const& fit, std::span<Question const> rows, address::MatchCost const& line, float step, MatchCosts& costs,
          double& loss) {
    bool moved = false;
    for (auto const sign : {1.0F, -1.0F}) {
        for (bool better = true; better;) {
            auto tried = costs;
            auto& value = tried.*line.value;
            value = std::max(kLeastCost, value + sign * step * std::max(0.5F, value));
            auto const found = value == costs.*line.value ? loss : fit.judge(rows, tried).loss;
            better = found < loss - kWorthMoving;
            if (better) {
                costs = tried;
                loss = found;
                moved = true;
                fmt::print("  {} {:.3f}: {:.1f} nats\n", line.name, costs.*line.value, loss);
                std::cout << std::flush;
            }
        }
        if (moved) {
            break;
        }
    }
    return moved;
}

/// What each line weighs: the nats that the training rows lose where it is two thirds of itself, and half as much
/// again.
void weigh(Fit const& fit, std::span<Question const> rows, MatchCosts costs) {
    auto const left_out = costs.left_out;
    costs.left_out = 0;
    auto const loss = fit.judge(rows, costs).loss;
    for (auto const& line : kMatchCostTable) {
        std::array<double, 2> lost{};
        for (std::size_t k = 0; k < lost.size(); ++k) {
            auto other = costs;
            other.*line.value *= k == 0 ? 1 / kFar : kFar;
            lost[k] = line.value == &MatchCosts::left_out ? 0 : fit.judge(rows, other).loss - loss;
        }
        bool const told = std::max(lost[0], lost[1]) >= kWorthMoving;
        fmt::print("{} {:.3f} loses {:.1f} and {:.1f} nats{}{}\n", line.name,
                   line.value == &MatchCosts::left_out ? left_out : costs.*line.value, lost[0], lost[1],
                   line.source == address::CostSource::fitted && !told ? "; the rows do not tell it" : "",
                   costs.*line.value == address::kMatchCosts.*line.value || line.value == &MatchCosts::left_out
                       ? std::string{}
                       : fmt::format("; was {:g}", address::kMatchCosts.*line.value));
        std::cout << std::flush;
    }
}

MatchCosts read_costs(std::filesystem::path const& file) {
    auto costs = address::kMatchCosts;
    std::ifstream in{file};
    std::string name;
    float value = 0;
    while (in >> name >> value) {
        auto const line = std::find_if(kMatchCostTable.begin(), kMatchCostTable.end(),
                                       [&](address::MatchCost const& l) { return l.name == name; });
        if (line == kMatchCostTable.end()) {
            throw Error{ErrorCode::data_rejected, fmt::format("{}: there is no cost '{}'", file.string(), name)};
        }
        costs.*line->value = value;
        in.ignore(1000, '\n');
    }
    if (!in.eof()) {
        throw Error{ErrorCode::data_rejected, fmt::format("{}: lines must be a name and a number", file.string())};
    }
    return costs;
}

void run(FitOptions const& options) {
    TemporaryFolder const temporary{"address_fit"};
    auto const snapshot = open_coverage(options.coverage, temporary);
    auto const index = lookup::address_index_of(*snapshot);
    Fit const fit{*snapshot, *index, options.threads};
    auto const train = fit.read(options.train), held_back = fit.read(options.held_back);
    auto costs = options.start.empty() ? address::kMatchCosts : read_costs(options.start);
    auto const report = [&](std::string_view when) {
        print(fmt::format("training, {}", when), train.size(), fit.judge(train, costs));
        if (!held_back.empty()) {
            print(fmt::format("held back, {}", when), held_back.size(), fit.judge(held_back, costs));
        }
    };
    report("before");
    auto searched = costs; // all grids count while fitting
    searched.left_out = 0;
    auto loss = fit.judge(train, searched).loss;
    float step = 0.2F;
    for (int pass = 0; pass < options.passes; ++pass, step /= 2) {
        fmt::print("pass {}, steps of {:g}%\n", pass + 1, 100 * step);
        for (auto const& line : kMatchCostTable) {
            bool const asked = options.only.empty() ? line.source == address::CostSource::fitted
                                                    : std::find(options.only.begin(), options.only.end(), line.name) !=
                                                          options.only.end();
            if (asked) {
                move(fit, train, line, step, searched, loss);
            }
        }
    }
    auto const left_out = costs.left_out;
    costs = searched;
    costs.left_out = left_out;
    report("after");
    weigh(fit, train, costs);
}

} // namespace

} // namespace wangge::bench

int main(int argc, char** argv) {
    using namespace wangge::bench;
    FitOptions options;
    CLI::App app{"Fits the costs of address matching to addresses whose true grids are known."};
    app.add_option("--data", options.coverage.data, "Data folder with the published province that the rows are about");
    app.add_option("--train", options.train, "CSV of tests/address_quality/error_model.py; may stand several times");
    app.add_option("--held-back", options.held_back, "The same, only to be reported");
    app.add_option("--only", options.only, "Lines of the table to fit; all that are fitted without");
    app.add_option("--start", options.start,
                   "Costs to begin with: lines of a name and a number, as are printed at the end");
    app.add_option("--passes", options.passes, "Each with half the steps of the one before")->capture_default_str();
    app.add_option("--threads", options.threads, "Threads")->capture_default_str()->check(CLI::Range(1U, 64U));
    CLI11_PARSE(app, argc, argv);
    try {
        run(options);
    } catch (std::exception const& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
    return 0;
}
