// wangge-bench-address_suggest: how long a suggestion takes on the address index of a published snapshot, for
// beginnings of its standard addresses and for pinyin initials of its names; beside a scan of all names in the same
// run.
#include "random.hpp"
#include "timing.hpp"

#include <wangge/address/address_index.hpp>
#include <wangge/address/normalizer.hpp>
#include <wangge/base/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace wangge;
using address::AddressIndex;

/// Where the characters of a UTF-8 text end.
std::vector<std::size_t> character_ends(std::string_view text) {
    std::vector<std::size_t> ends;
    for (std::size_t i = 1; i <= text.size(); ++i) {
        if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U) {
            ends.push_back(i);
        }
    }
    return ends;
}

/// The beginning of a standard address, from one character on, in every second without the province and the city, as
/// people begin.
std::string beginning(AddressIndex const& index, bench::Random& random) {
    auto text = index.address(static_cast<address::AddressNumber>(random.below(index.size()))).text;
    if (random.below(2) == 0) {
        auto const city = text.find("市");
        text.erase(0, city == std::string::npos ? 0 : city + std::string_view{"市"}.size());
    }
    auto const ends = character_ends(text);
    return text.substr(0, ends[random.below(ends.size())]);
}

/// A road, estate or other name of some address, as lookups compare it and by its initials.
struct Name {
    std::u32string text;
    std::string initials;
};

/// Each once.
std::vector<Name> names_of(AddressIndex const& index) {
    std::set<std::string> texts;
    for (address::AddressNumber i = 0; i < index.size(); ++i) {
        auto const point = index.address(i);
        texts.insert({point.road, point.estate});
    }
    std::vector<Name> names;
    for (auto const& text : texts) {
        Name name{address::Normalizer::name(text), {}};
        for (auto const c : name.text) {
            auto const syllable = address::Normalizer::syllable_text(address::Normalizer::syllable(c));
            name.initials += syllable.empty() ? '?' : syllable.front();
        }
        names.push_back(std::move(name));
    }
    return names;
}

/// Two or more of the initials of a name.
std::string initials(std::vector<Name> const& names, bench::Random& random) {
    for (;;) {
        auto const& text = names[random.below(names.size())].initials;
        if (text.size() >= 2) {
            return text.substr(0, 2 + random.below(text.size() - 1));
        }
    }
}

/// What a program without an index does: looks at every name.
std::size_t scan(std::vector<Name> const& names, std::string_view text) {
    address::NormalizedText normalized;
    static_cast<void>(address::Normalizer::normalize(text, normalized));
    return static_cast<std::size_t>(std::ranges::count_if(names, [&](Name const& name) {
        return name.text.starts_with(normalized.characters) || name.initials.starts_with(text);
    }));
}

void report(std::string_view what, std::vector<double> seconds) {
    std::ranges::sort(seconds);
    auto const at = [&](double share) {
        return seconds[static_cast<std::size_t>(share * static_cast<double>(seconds.size() - 1))] * 1e3;
    };
    fmt::print("{:<28} {:>6}  {:.3f}  {:.3f}  {:.3f}\n", what, seconds.size(), at(0.5), at(0.99), at(1));
}

void run(std::filesystem::path const& file, std::size_t count, std::uint64_t seed) {
    auto const index = AddressIndex::open(file);
    if (index->size() == 0) {
        throw Error{ErrorCode::not_found, fmt::format("{}: has no addresses", file.string())};
    }
    bench::Random random{seed};
    constexpr std::size_t kMost = 10; // as GET /v1/address/suggest has it
    constexpr std::size_t kScanned = 100;
    auto const names = names_of(*index);
    fmt::print("{} addresses, {} names; milliseconds of processor time\n{:<28} {:>6}  median 99%    most\n",
               index->size(), names.size(), "", "");
    std::size_t given = 0;
    for (bool const by_initials : {false, true}) {
        std::vector<double> ours, peer;
        for (std::size_t i = 0; i < count / 2; ++i) {
            auto const text = by_initials ? initials(names, random) : beginning(*index, random);
            auto start = bench::thread_cpu_s();
            given += index->suggest(text, kMost).empty() ? 0U : 1U;
            ours.push_back(bench::thread_cpu_s() - start);
            if (i < kScanned) {
                start = bench::thread_cpu_s();
                given += scan(names, text) > names.size() ? 1U : 0U; // never; it must not be left out
                peer.push_back(bench::thread_cpu_s() - start);
            }
        }
        report(by_initials ? "pinyin initials" : "beginnings of addresses", std::move(ours));
        report("  a scan of all names", std::move(peer));
    }
    fmt::print("{:.1f} % of them got suggestions\n", 100.0 * static_cast<double>(given) / static_cast<double>(count));
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"How long a suggestion takes on a published address index"};
    std::filesystem::path data;
    std::size_t count = 10'000;
    std::uint64_t seed = 20240601;
    app.add_option("--data", data, "Data folder with a published snapshot")->required();
    app.add_option("--count", count, "How many texts, half of them initials")
        ->capture_default_str()
        ->check(CLI::Range(2, 10'000'000));
    app.add_option("--seed", seed)->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        std::ifstream current{data / "snapshots" / "CURRENT"};
        std::string name;
        current >> name;
        run(data / "snapshots" / name / "addresses.bin", count, seed);
    } catch (Error const& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
