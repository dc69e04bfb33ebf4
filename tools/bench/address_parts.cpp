// How well, and how fast, is an address split into its parts?
//   wangge-bench-address_parts [--labelled FILE] [--show] [--held-back] [--time]

#include <CLI/CLI.hpp>
#include <address/labelled_addresses.hpp>
#include <address/reference_gazetteer.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>

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

void print(std::string_view title, PartScores const& scores) {
    fmt::print("{}: {} addresses, {} of them right in every part\n", title, scores.addresses, scores.addresses_right);
    fmt::print("  {:<10} {:>8} {:>9} {:>9} {:>9}\n", "component", "labelled", "precision", "recall", "F1");
    auto const row = [](std::string_view name, PartCounts const& counts) {
        fmt::print("  {:<10} {:>8} {:>9.2f} {:>9.2f} {:>9.2f}\n", name, counts.labelled, 100 * counts.precision(),
                   100 * counts.recall(), 100 * counts.f1());
    };
    for (std::size_t i = 0; i < kComponents; ++i) {
        row(to_string(static_cast<Component>(i)), scores.of[i]);
    }
    row("all", scores.all);
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
    bool show = false, with_held_back = false, with_time = false;
    app.add_option("--labelled", file, "Labelled addresses");
    app.add_flag("--show", show, "Also print what was read otherwise, of the part for work");
    app.add_flag("--held-back", with_held_back, "Also score the part that is held back");
    app.add_flag("--time", with_time, "Also measure the time");
    CLI11_PARSE(app, argc, argv);
    try {
        auto const all = read_labelled_addresses(file);
        Parser const parser{reference_gazetteer()};
        NormalizedText normal;
        ParsedAddress parsed;
        PartScores work, held_back;
        for (auto const& address : all) {
            auto const parts = read_parts(parser, address.text, normal, parsed);
            (address.held_back ? held_back : work).add(address.parts, parts);
            if (show && !address.held_back && parts != address.parts) {
                fmt::print("labelled {}\nread     {}\n\n", address.labels, labels_of(address.text, parts));
            }
        }
        print("for work", work);
        if (with_held_back) {
            print("held back", held_back);
        }
        if (with_time) {
            time_of(all, parser);
        }
    } catch (std::exception const& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
    return 0;
}
