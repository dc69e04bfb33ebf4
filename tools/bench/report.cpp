#include "report.hpp"

#include "machine.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wangge::bench {

namespace {

/// Seconds of the clock that says what the work cost; the wall where no CPU time is known.
double seconds(Measured const& m) { return m.cpu_s.median > 0 ? m.cpu_s.median : m.wall_s.median; }

std::string number(double value) {
    return value == static_cast<double>(static_cast<std::int64_t>(value)) ? fmt::format("{:.0f}", value)
                                                                          : fmt::format("{:.3f}", value);
}

nlohmann::ordered_json json_of(Times const& t) { return {{"median", t.median}, {"min", t.min}, {"max", t.max}}; }

} // namespace

std::string Report::to_text() const {
    auto const machine = this_machine();
    auto text = fmt::format("{}, seed {}\n{}, {} cores, {}, {} {}\n", question, seed, machine.cpu, machine.cores,
                            machine.kernel, machine.compiler, machine.flags);
    for (auto const& [name, value] : facts) {
        text += fmt::format("{:<28} {}\n", name, number(value));
    }
    text += fmt::format("{:<12} {:<16} {:<14} {:>9} {:>11} {:>11} {:>23}\n", "subject", "how", "points", "count",
                        "M/s (CPU)", "ns each", "wall s: min median max");
    for (auto const& row : rows) {
        double const each = seconds(row.measured) / static_cast<double>(std::max<std::uint64_t>(1, row.count));
        text += fmt::format("{:<12} {:<16} {:<14} {:>9} {:>11.4f} {:>11.1f} {:>7.3f} {:>7.3f} {:>7.3f}", row.subject,
                            row.how, row.points, row.count, 1e-6 / std::max(each, 1e-12), each * 1e9,
                            row.measured.wall_s.min, row.measured.wall_s.median, row.measured.wall_s.max);
        for (auto const& [name, value] : row.more) {
            text += fmt::format("  {} {}", name, number(value));
        }
        text += '\n';
    }
    text += fmt::format("peak memory {:.0f} MB\ncompared {} answers: {} differ on an edge, {} wrong\n",
                        static_cast<double>(peak_resident_bytes()) / 1e6, compared, boundary, wrong);
    return text;
}

std::string Report::to_json() const {
    auto const machine = this_machine();
    nlohmann::ordered_json json;
    json["question"] = question;
    json["machine"] = {
        {"cpu", machine.cpu},       {"cores", machine.cores},       {"memory_bytes", machine.memory_bytes},
        {"kernel", machine.kernel}, {"compiler", machine.compiler}, {"flags", machine.flags},
        {"load", machine.load}};
    json["seed"] = seed;
    json["peak_rss_bytes"] = peak_resident_bytes();
    for (auto const& [name, value] : facts) {
        json["facts"][name] = value;
    }
    for (auto const& [subject, title] : titles) {
        json["titles"][subject] = title;
    }
    json["rows"] = nlohmann::ordered_json::array();
    for (auto const& row : rows) {
        double const each = seconds(row.measured) / static_cast<double>(std::max<std::uint64_t>(1, row.count));
        nlohmann::ordered_json one{{"subject", row.subject},
                                   {"how", row.how},
                                   {"points", row.points},
                                   {"count", row.count},
                                   {"runs", row.measured.runs},
                                   {"cpu_s", json_of(row.measured.cpu_s)},
                                   {"wall_s", json_of(row.measured.wall_s)},
                                   {"ns_each", each * 1e9},
                                   {"million_per_s", 1e-6 / std::max(each, 1e-12)}};
        for (auto const& [name, value] : row.more) {
            one[name] = value;
        }
        json["rows"].push_back(std::move(one));
    }
    json["compared"] = compared;
    json["boundary"] = boundary;
    json["wrong"] = wrong;
    return json.dump(2) + "\n";
}

} // namespace wangge::bench
