#include <wangge/registry/records.hpp>

#include <algorithm>

namespace wangge::registry {

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
    return static_cast<std::size_t>(std::count_if(changes.begin(), changes.end(), [&](GridChange const& change) {
        return std::find(change.kinds.begin(), change.kinds.end(), kind) != change.kinds.end();
    }));
}

} // namespace wangge::registry
