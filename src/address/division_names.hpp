#pragma once

#include <wangge/address/gazetteer.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wangge::address {

struct MadeName {
    std::string text; ///< as people write it, not normalised
    NameKind kind = NameKind::full;
};

/// A division and what stands above it, nearest first.
struct NamedPlace {
    std::string_view name;
    Level level = Level::village;
    std::span<std::string_view const> above;
    bool city_without_counties = false; ///< is it a town of Dongguan or Zhongshan?
};

/// Every name that the rules of docs/addresses.md give a division; the surest kind of each text, its full name first.
[[nodiscard]] std::vector<MadeName> names_of(NamedPlace const& place);

/// The reviewed list geodata/guangdong/aliases.tsv; parsed on every call.
[[nodiscard]] std::vector<GazetteerAlias> reviewed_aliases();

} // namespace wangge::address
