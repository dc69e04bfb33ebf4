#include <wangge/registry/records.hpp>

#include <algorithm>
#include <iterator>
#include <set>

namespace wangge::registry {

Words words_of(Role role) {
    switch (role) {
    case Role::dedicated:
        return words("dedicated", "专职");
    case Role::professional:
        return words("professional", "专业");
    case Role::part_time:
        return words("part_time", "兼职");
    }
    return {};
}

std::string_view to_string(Role role) noexcept {
    switch (role) {
    case Role::dedicated:
        return "dedicated";
    case Role::professional:
        return "professional";
    case Role::part_time:
        return "part_time";
    }
    return "";
}

std::optional<Role> parse_role(std::string_view text) {
    constexpr std::string_view kOfficer = "网格员";
    if (text.ends_with(kOfficer)) {
        text.remove_suffix(kOfficer.size());
    }
    if (text == "dedicated" || text == "专职") {
        return Role::dedicated;
    }
    if (text == "professional" || text == "专业") {
        return Role::professional;
    }
    if (text == "part_time" || text == "part-time" || text == "兼职") {
        return Role::part_time;
    }
    return std::nullopt;
}

std::string_view to_string(ChangeKind kind) noexcept {
    switch (kind) {
    case ChangeKind::added:
        return "added";
    case ChangeKind::reshaped:
        return "reshaped";
    case ChangeKind::renamed:
        return "renamed";
    case ChangeKind::reparented:
        return "reparented";
    case ChangeKind::retired:
        return "retired";
    case ChangeKind::restored:
        return "restored";
    }
    return "";
}

std::vector<ChangeKind> differences(Grid const& before, Grid const& after) {
    std::vector<ChangeKind> kinds;
    if (before.shape != after.shape) {
        kinds.push_back(ChangeKind::reshaped);
    }
    if (before.name != after.name) {
        kinds.push_back(ChangeKind::renamed);
    }
    if (before.village != after.village) {
        kinds.push_back(ChangeKind::reparented);
    }
    return kinds;
}

std::size_t ChangeSet::count(ChangeKind kind) const {
    auto const is = [&](auto const& change) {
        return std::find(change.kinds.begin(), change.kinds.end(), kind) != change.kinds.end();
    };
    return static_cast<std::size_t>(std::ranges::count_if(changes, is) + std::ranges::count_if(restorations, is));
}

GridOnDays const* on(std::vector<GridOnDays> const& side, Date day) noexcept {
    auto const found = std::ranges::find_if(side, [&](GridOnDays const& v) { return v.days.holds(day); });
    return found == side.end() ? nullptr : &*found;
}

bool same_content(GridOnDays const* a, GridOnDays const* b) noexcept {
    return (a == nullptr) == (b == nullptr) && (a == nullptr || a->content == b->content);
}

std::vector<DateInterval> GridTimelines::days_that_differ() const {
    std::set<Date> bounds;
    for (auto const* const side : {&before, &after}) {
        for (auto const& version : *side) {
            bounds.insert(version.days.from);
            bounds.insert(version.days.to);
        }
    }
    std::vector<DateInterval> runs;
    for (auto bound = bounds.begin(); bound != bounds.end() && std::next(bound) != bounds.end(); ++bound) {
        if (same_content(on(before, *bound), on(after, *bound))) {
            continue;
        }
        if (!runs.empty() && runs.back().to == *bound) {
            runs.back().to = *std::next(bound);
        } else {
            runs.push_back({*bound, *std::next(bound)});
        }
    }
    return runs;
}

} // namespace wangge::registry
