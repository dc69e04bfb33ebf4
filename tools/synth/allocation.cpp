#include "allocation.hpp"

#include "random.hpp"

#include <wangge/base/codes.hpp>
#include <wangge/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

namespace wangge::synth {

namespace {

constexpr double kDedicatedShare = 0.03;
constexpr std::uint64_t kAddresses = 2000000;
constexpr std::uint64_t kExtraOfficers = 40000;
constexpr std::uint64_t kEmergencyUnits = 23000;

/// Communities of a town are denser than villages; sizes differ between neighbours as they do in life.
double village_weight(Town const& town, Village const& village, std::uint64_t seed) {
    double const base = village.urban ? (town.urban ? 6.6 : 5.2) : (town.urban ? 5.0 : 3.9);
    double const u = unit_of(mix(seed, village.code));
    return base * (0.45 + 0.8 * u + 0.6 * u * u * u);
}

std::uint64_t scaled(std::uint64_t count, std::uint64_t grids) {
    return (count * grids + kProvinceGrids / 2) / kProvinceGrids;
}

std::vector<double> as_weights(std::vector<CountyShare> const& shares, std::uint64_t (*of)(CountyShare const&)) {
    std::vector<double> weights;
    for (auto const& share : shares) {
        weights.push_back(static_cast<double>(of(share)));
    }
    return weights;
}

void share_grids(Reference const& reference, std::vector<CountyShare>& shares, std::uint64_t grids,
                 std::uint64_t seed) {
    struct Slot {
        VillageShare* share;
        std::uint64_t code;
        bool urban;
    };
    std::vector<Slot> slots;
    std::vector<double> weights;
    for (auto& share : shares) {
        auto const& county = reference.counties[share.county];
        share.villages.clear();
        for (auto const& town : county.towns) {
            share.villages.emplace_back(town.villages.size());
        }
        for (std::size_t t = 0; t < county.towns.size(); ++t) {
            for (std::size_t v = 0; v < county.towns[t].villages.size(); ++v) {
                auto const& village = county.towns[t].villages[v];
                slots.push_back({&share.villages[t][v], village.code, village.urban});
                weights.push_back(village_weight(county.towns[t], village, seed));
            }
        }
    }
    auto const counts = apportion(grids, weights, 1);
    CodeProfile const profile;
    // A dedicated grid is cut out of a comprehensive one, so a village needs two; towns have more malls and schools.
    std::vector<double> dedicated_weights;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        double const room = static_cast<double>(counts[i] / 2);
        dedicated_weights.push_back(room * (slots[i].urban ? 2.5 : 1.0) * unit_of(mix(seed ^ 0xdedULL, slots[i].code)));
    }
    auto wanted = static_cast<std::uint64_t>(std::llround(kDedicatedShare * static_cast<double>(grids)));
    auto dedicated = apportion(wanted, dedicated_weights, 0);
    std::uint64_t spill = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        auto const room = std::min<std::uint64_t>(counts[i] / 2, profile.dedicated_last - profile.dedicated_first + 1);
        if (dedicated[i] > room) {
            spill += dedicated[i] - room;
            dedicated[i] = room;
        }
    }
    for (std::size_t i = 0; i < slots.size() && spill > 0; ++i) {
        if (dedicated[i] == 0 && counts[i] >= 4) {
            dedicated[i] = 1;
            --spill;
        }
    }
    for (std::size_t i = 0; i < slots.size(); ++i) {
        slots[i].share->dedicated = static_cast<std::uint32_t>(dedicated[i]);
        slots[i].share->comprehensive = static_cast<std::uint32_t>(counts[i] - dedicated[i]);
    }
    for (auto& share : shares) {
        share.comprehensive = share.dedicated = 0;
        for (auto const& town : share.villages) {
            for (auto const& village : town) {
                share.comprehensive += village.comprehensive;
                share.dedicated += village.dedicated;
            }
        }
    }
}

void share_rest(std::vector<CountyShare>& shares, std::uint64_t grids, std::uint64_t defects_of_a_kind) {
    auto const weights = as_weights(shares, [](CountyShare const& s) { return s.grids(); });
    auto const addresses = apportion(scaled(kAddresses, grids), weights, 0);
    auto const officers = apportion(scaled(kExtraOfficers, grids), weights, 0);
    auto const units = apportion(scaled(kEmergencyUnits, grids), weights, 0);
    auto const defects = apportion(std::max<std::uint64_t>(1, scaled(defects_of_a_kind, grids)), weights, 0);
    for (std::size_t i = 0; i < shares.size(); ++i) {
        shares[i].addresses = addresses[i];
        shares[i].extra_officers = officers[i];
        shares[i].emergency_units = units[i];
        shares[i].defects_of_a_kind = defects[i];
    }
}

void check_codes(Reference const& reference, std::vector<CountyShare> const& shares, std::string const& scale) {
    CodeProfile const profile;
    auto const most = profile.comprehensive_last - profile.comprehensive_first + 1;
    for (auto const& share : shares) {
        for (std::size_t t = 0; t < share.villages.size(); ++t) {
            for (std::size_t v = 0; v < share.villages[t].size(); ++v) {
                if (share.villages[t][v].comprehensive > most) {
                    throw Error{
                        ErrorCode::usage,
                        fmt::format("--scale {}: village {} would get {} grids and has codes for {}; ask for fewer",
                                    scale, reference.counties[share.county].towns[t].villages[v].code,
                                    share.villages[t][v].comprehensive, most)};
                }
            }
        }
    }
}

std::vector<CountyShare> every_county(Reference const& reference) {
    std::vector<CountyShare> shares;
    for (std::size_t i = 0; i < reference.counties.size(); ++i) {
        auto const& county = reference.counties[i];
        if (!county.outline.empty() && !county.towns.empty()) {
            CountyShare share;
            share.county = i;
            shares.push_back(share);
        }
    }
    if (shares.empty()) {
        throw Error{ErrorCode::data_rejected,
                    "no county has both an outline and villages; check the outline file and its codes"};
    }
    return shares;
}

/// Takes whole counties in the order of their codes until their usual grids are enough.
std::vector<CountyShare> counties_for(Reference const& reference, std::vector<CountyShare> const& usual,
                                      std::uint64_t grids) {
    std::vector<CountyShare> taken;
    std::uint64_t sum = 0;
    std::uint64_t villages = 0;
    for (auto const& share : usual) {
        auto const more = reference.counties[share.county].village_count();
        if (sum >= grids || villages + more > grids) {
            break;
        }
        taken.push_back(share);
        sum += share.grids();
        villages += more;
    }
    if (taken.empty()) {
        throw Error{
            ErrorCode::usage,
            fmt::format("--scale {}: every village needs a grid, and the first county alone has {} villages; ask for "
                        "at least that many, or for county:CODE",
                        grids, reference.counties[usual.front().county].village_count())};
    }
    return taken;
}

[[noreturn]] void reject(std::string const& scale) {
    throw Error{
        ErrorCode::usage,
        fmt::format(
            "--scale {}: use province, city:CODE (4 digits), county:CODE (6 digits) or a number of grids up to {}",
            scale, kLargestScale)};
}

} // namespace

std::vector<std::uint64_t> apportion(std::uint64_t total, std::vector<double> const& weights, std::uint64_t least) {
    std::vector<std::uint64_t> counts(weights.size(), least);
    if (weights.empty()) {
        return counts;
    }
    double const sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    auto left = total - least * weights.size();
    double const open = static_cast<double>(left);
    std::vector<std::pair<double, std::size_t>> remainders;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        double const exact = sum > 0 ? open * weights[i] / sum : 0;
        auto const whole = std::min(static_cast<std::uint64_t>(exact), left);
        counts[i] += whole;
        left -= whole;
        remainders.emplace_back(exact - static_cast<double>(whole), i);
    }
    std::stable_sort(remainders.begin(), remainders.end(),
                     [](auto const& a, auto const& b) { return a.first > b.first; });
    for (std::size_t k = 0; left > 0; k = (k + 1) % remainders.size(), --left) {
        ++counts[remainders[k].second];
    }
    return counts;
}

std::vector<CountyShare> allocate(Reference const& reference, std::string const& scale, std::uint64_t seed,
                                  std::uint64_t defects_of_a_kind) {
    auto shares = every_county(reference);
    std::uint64_t grids = kProvinceGrids;
    std::optional<std::uint64_t> wanted;
    std::string prefix;
    if (auto const colon = scale.find(':'); colon != std::string::npos) {
        prefix = scale.substr(colon + 1);
        auto const digits = scale.substr(0, colon) == "city" ? 4U : (scale.substr(0, colon) == "county" ? 6U : 0U);
        if (digits == 0 || (prefix.size() != digits && prefix.size() != 12) ||
            prefix.find_first_not_of("0123456789") != std::string::npos) {
            reject(scale);
        }
        prefix.resize(digits);
    } else if (scale != "province") {
        std::uint64_t value = 0;
        auto const [end, error] = std::from_chars(scale.data(), scale.data() + scale.size(), value);
        if (error != std::errc{} || end != scale.data() + scale.size() || value == 0 || value > kLargestScale) {
            reject(scale);
        }
        wanted = value;
        grids = std::max(value, kProvinceGrids);
    }
    std::uint64_t villages = 0;
    for (auto const& share : shares) {
        villages += reference.counties[share.county].village_count();
    }
    if (villages > grids) {
        throw Error{ErrorCode::data_rejected,
                    fmt::format("divisions.tsv has {} villages, more than {} grids", villages, grids)};
    }
    share_grids(reference, shares, grids, seed);
    if (wanted && *wanted < kProvinceGrids) {
        shares = counties_for(reference, shares, *wanted);
        share_grids(reference, shares, *wanted, seed);
        grids = *wanted;
    }
    share_rest(shares, grids, defects_of_a_kind);
    if (!prefix.empty()) {
        std::erase_if(shares, [&](CountyShare const& share) {
            auto const& county = reference.counties[share.county];
            auto const code = prefix.size() == 4 ? reference.cities[county.city].code : county.code;
            return std::to_string(code).substr(0, prefix.size()) != prefix;
        });
        if (shares.empty()) {
            throw Error{ErrorCode::usage, fmt::format("--scale {}: there is no such division with an outline", scale)};
        }
    }
    check_codes(reference, shares, scale);
    return shares;
}

} // namespace wangge::synth
