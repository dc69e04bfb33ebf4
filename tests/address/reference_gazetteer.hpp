#pragma once

#include <wangge/address/gazetteer.hpp>

#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace wangge::address {

/// A row of geodata/guangdong/divisions.tsv.
struct ReferenceDivision {
    DivisionCode code;
    std::string name;
    Level level = Level::village;
    DivisionCode parent;
};

/// The reference data, in the order of the file; working folder is the root of the sources.
inline std::vector<ReferenceDivision> const& reference_divisions() {
    static auto const all = [] {
        std::ifstream file{"geodata/guangdong/divisions.tsv"};
        std::string line;
        std::vector<ReferenceDivision> divisions;
        std::getline(file, line);
        while (std::getline(file, line)) {
            std::vector<std::string> fields;
            for (std::size_t at = 0; at <= line.size();) {
                auto const end = std::min(line.find('\t', at), line.size());
                fields.push_back(line.substr(at, end - at));
                at = end + 1;
            }
            divisions.push_back({DivisionCode::parse(fields.at(0)).value(), fields.at(1),
                                 parse_level(fields.at(2)).value(),
                                 DivisionCode::parse(fields.at(3)).value_or(DivisionCode{})});
        }
        if (divisions.empty()) {
            throw std::runtime_error{"geodata/guangdong/divisions.tsv is not there; run from the root of the sources"};
        }
        return divisions;
    }();
    return all;
}

inline std::vector<std::byte> const& reference_gazetteer_bytes() {
    static auto const bytes = [] {
        std::vector<GazetteerEntry> entries;
        for (auto const& d : reference_divisions()) {
            entries.push_back({d.code, d.name, d.level, d.parent});
        }
        return Gazetteer::build(entries, {});
    }();
    return bytes;
}
inline Gazetteer const& reference_gazetteer() {
    static auto const gazetteer = Gazetteer::over(reference_gazetteer_bytes());
    return gazetteer;
}

/// The same divisions by their codes.
inline std::map<DivisionCode, ReferenceDivision const*> const& by_code() {
    static auto const all = [] {
        std::map<DivisionCode, ReferenceDivision const*> map;
        for (auto const& d : reference_divisions()) {
            map.emplace(d.code, &d);
        }
        return map;
    }();
    return all;
}

} // namespace wangge::address
