// How well, and how fast, is an address split into its parts?
//   wangge-bench-address_parts [--labelled FILE] [--show] [--time]

#include <CLI/CLI.hpp>
#include <address/labelled_addresses.hpp>
#include <address/reference_gazetteer.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <iostream>
#include <numeric>
#include <optional>

namespace {

using namespace wangge::address;

std::string labels_of(std::string_view text, std::vector<LabelledPart> const& parts) {
    std::string out;
    std::size_t at = 0;
    for (auto const& part : parts) {
        out += text.substr(at, part.begin - at);
        out += fmt::format("[{} {}]", to_string(part.component), text.substr(part.begin, part.end - part.begin));
        at = part.end;
    }
    return out += text.substr(at);
}

/// Names that an index may know: roads, estates, groups and landmarks, but not what lies beside one (车站旁).
std::optional<std::uint32_t> known_kind(std::string_view text, LabelledPart const& part) {
    auto const name = text.substr(part.begin, part.end - part.begin);
    switch (part.component) {
    case Component::road:
        return KnownNames::kRoad;
    case Component::estate:
        return KnownNames::kEstate;
    case Component::group:
        return KnownNames::kGroup;
    case Component::landmark:
        for (std::string_view const beside : {"旁", "边", "面", "近", "侧", "壁", "口", "处"}) {
            if (name.ends_with(beside)) {
                return std::nullopt;
            }
        }
        return KnownNames::kLandmark;
    default:
        return std::nullopt;
    }
}

/// The names of the labelled addresses as an index has them; of two in three when `some`, whatever their order.
std::vector<std::byte> names_of(std::vector<LabelledAddress> const& all, bool some) {
    std::deque<std::u32string> texts; // borrowed by the names
    std::vector<NameTrie::Name> names;
    for (auto const& address : all) {
        for (auto const& part : address.parts) {
            auto const kind = known_kind(address.text, part);
            auto name = Normalizer::name(std::string_view{address.text}.substr(part.begin, part.end - part.begin));
            auto const sum = std::accumulate(name.begin(), name.end(), std::uint32_t{0});
            if (kind && !name.empty() && !(some && sum % 3 == 0)) {
                names.push_back({texts.emplace_back(std::move(name)), *kind});
            }
        }
    }
    return NameTrie::build(names);
}

struct Scores {
    PartScores without, all_known, some_known;
};

void print(std::string_view title, Scores const& scores) {
    fmt::print("{}: {} addresses, {} of them right in every part\n", title, scores.without.addresses,
               scores.without.addresses_right);
    fmt::print("  {:<10} {:>8} {:>9} {:>9} {:>9} {:>12} {:>12}\n", "component", "labelled", "precision", "recall", "F1",
               "F1 all known", "2 of 3 known");
    auto const row = [](std::string_view name, PartCounts const& counts, PartCounts const& all,
                        PartCounts const& some) {
        fmt::print("  {:<10} {:>8} {:>9.2f} {:>9.2f} {:>9.2f} {:>12.2f} {:>12.2f}\n", name, counts.labelled,
                   100 * counts.precision(), 100 * counts.recall(), 100 * counts.f1(), 100 * all.f1(), 100 * some.f1());
    };
    for (std::size_t i = 0; i < kComponents; ++i) {
        row(to_string(static_cast<Component>(i)), scores.without.of[i], scores.all_known.of[i],
            scores.some_known.of[i]);
    }
    row("all", scores.without.all, scores.all_known.all, scores.some_known.all);
}

/// Median of runs over all texts, normalised before.
void time_of(std::vector<LabelledAddress> const& all, Parser const& parser) {
    std::vector<NormalizedText> texts(all.size());
    std::size_t characters = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (Normalizer::normalize(all[i].text, texts[i]) == Normalizer::Outcome::good) {
            characters += texts[i].characters.size();
        }
    }
    ParsedAddress parsed;
    std::vector<double> runs;
    for (int run = 0; run < 31; ++run) {
        auto const start = std::chrono::steady_clock::now();
        for (auto const& text : texts) {
            parser.parse(text, parsed);
        }
        runs.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() /
                       static_cast<double>(texts.size()));
    }
    std::nth_element(runs.begin(), runs.begin() + 15, runs.end());
    fmt::print("{:.2f} us an address of {:.1f} characters (median of 31 runs over {}, least {:.2f})\n", runs[15],
               static_cast<double>(characters) / static_cast<double>(texts.size()), texts.size(),
               *std::min_element(runs.begin(), runs.end()));
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Precision, recall and F1 of the parts of labelled addresses, by exact span"};
    std::string file = "tests/address/labelled_addresses.tsv";
    bool show = false, with_time = false;
    app.add_option("--labelled", file, "Labelled addresses");
    app.add_flag("--show", show, "Also print what was read otherwise, of the part for work");
    app.add_flag("--time", with_time, "Also measure the time");
    CLI11_PARSE(app, argc, argv);
    try {
        auto const all = read_labelled_addresses(file);
        auto const all_names = names_of(all, false), some_names = names_of(all, true);
        auto const all_known = NameTrie::over(all_names, "names"), some_known = NameTrie::over(some_names, "names");
        Parser const parser{reference_gazetteer()};
        Parser const with_all{reference_gazetteer(), {&all_known}}, with_some{reference_gazetteer(), {&some_known}};
        NormalizedText normal;
        ParsedAddress parsed;
        Scores work, held_back;
        for (auto const& address : all) {
            auto const parts = read_parts(parser, address.text, normal, parsed);
            auto& scores = address.held_back ? held_back : work;
            scores.without.add(address.parts, parts);
            scores.all_known.add(address.parts, read_parts(with_all, address.text, normal, parsed));
            scores.some_known.add(address.parts, read_parts(with_some, address.text, normal, parsed));
            if (show && !address.held_back && parts != address.parts) {
                fmt::print("labelled {}\nread     {}\n\n", address.labels, labels_of(address.text, parts));
            }
        }
        print("for work", work);
        print("held back", held_back);
        if (with_time) {
            time_of(all, parser);
        }
    } catch (std::exception const& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
    return 0;
}
