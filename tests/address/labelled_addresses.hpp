#pragma once

#include <wangge/address/component.hpp>
#include <wangge/address/parser.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

/// A part of an address by its bytes.
struct LabelledPart {
    Component component = Component::noise;
    std::uint32_t begin = 0, end = 0;
    bool operator==(LabelledPart const&) const = default;
};
struct LabelledAddress {
    std::string text, labels;
    std::vector<LabelledPart> parts;
    bool held_back = false; ///< every third: nothing is tuned on it
};

/// A file as tests/address/labelled_addresses.tsv; std::runtime_error with the line that does not fit.
inline std::vector<LabelledAddress> read_labelled_addresses(std::filesystem::path const& path) {
    std::ifstream file{path};
    std::vector<LabelledAddress> all;
    std::string line;
    while (std::getline(file, line)) {
        if (line.starts_with('#')) {
            continue;
        }
        auto const wrong = [&] { return std::runtime_error{path.string() + ": not text, tab, labels of it: " + line}; };
        auto const tab = line.find('\t');
        if (tab == std::string::npos) {
            throw wrong();
        }
        LabelledAddress address{line.substr(0, tab), line.substr(tab + 1), {}, all.size() % 3 == 0};
        std::string plain;
        for (std::size_t at = 0; at < address.labels.size();) {
            if (address.labels[at] != '[') {
                plain += address.labels[at++];
                continue;
            }
            auto const space = address.labels.find(' ', at), close = address.labels.find(']', at);
            if (close == std::string::npos || space > close) {
                throw wrong();
            }
            auto const component = parse_component(std::string_view{address.labels}.substr(at + 1, space - at - 1));
            if (!component) {
                throw wrong();
            }
            auto const begin = static_cast<std::uint32_t>(plain.size());
            plain += address.labels.substr(space + 1, close - space - 1);
            address.parts.push_back({*component, begin, static_cast<std::uint32_t>(plain.size())});
            at = close + 1;
        }
        if (plain != address.text) {
            throw wrong();
        }
        all.push_back(std::move(address));
    }
    if (all.empty()) {
        throw std::runtime_error{path.string() + ": holds no labelled address"};
    }
    return all;
}

/// What the parser reads, by bytes of the text.
inline std::vector<LabelledPart> read_parts(Parser const& parser, std::string_view text, NormalizedText& normal,
                                            ParsedAddress& parsed) {
    std::vector<LabelledPart> parts;
    if (Normalizer::normalize(text, normal) == Normalizer::Outcome::good) {
        parser.parse(normal, parsed);
        for (auto const& part : parsed.parts) {
            parts.push_back({part.component, normal.offsets[part.begin], normal.offsets[part.end]});
        }
    }
    return parts;
}

/// Exact spans of one component, or of all.
struct PartCounts {
    std::size_t labelled = 0, read = 0, right = 0;
    [[nodiscard]] double precision() const {
        return read == 0 ? 0 : static_cast<double>(right) / static_cast<double>(read);
    }
    [[nodiscard]] double recall() const {
        return labelled == 0 ? 0 : static_cast<double>(right) / static_cast<double>(labelled);
    }
    [[nodiscard]] double f1() const {
        return labelled + read == 0 ? 0 : 2 * static_cast<double>(right) / static_cast<double>(labelled + read);
    }
};
struct PartScores {
    std::array<PartCounts, kComponents> of{};
    PartCounts all;
    std::size_t addresses = 0, addresses_right = 0; ///< every part of them

    void add(std::vector<LabelledPart> const& labelled, std::vector<LabelledPart> const& read) {
        for (auto const& part : labelled) {
            ++of[static_cast<std::size_t>(part.component)].labelled;
            ++all.labelled;
            for (auto const& other : read) {
                if (other == part) {
                    ++of[static_cast<std::size_t>(part.component)].right;
                    ++all.right;
                }
            }
        }
        for (auto const& part : read) {
            ++of[static_cast<std::size_t>(part.component)].read;
            ++all.read;
        }
        ++addresses;
        addresses_right += labelled == read;
    }
};

} // namespace wangge::address
