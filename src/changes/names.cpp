#include "names.hpp"

#include <wangge/address/normalizer.hpp>
#include <wangge/geom/owns.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace wangge::changes {

using registry::DivisionAlias;
using registry::Operation;
using registry::StaffAddress;

namespace {

bool overlap(DateInterval a, DateInterval b) { return a.from < b.to && b.from < a.to; }

std::string place(geom::Point at) {
    return fmt::format("{:.7f} {:.7f}", geom::to_degrees(at.lon), geom::to_degrees(at.lat));
}

std::string origin(registry::Registry const& registry, std::int64_t change_set) {
    for (auto const& draft : registry.drafts(true)) {
        if (draft.change_set == change_set) {
            return fmt::format("change set {} '{}'", draft.id, draft.title);
        }
    }
    return "this change set";
}

std::string point_name(registry::ImportedAddress const& which) {
    return which.source.empty() ? fmt::format("the point '{}' of staff", which.id)
                                : fmt::format("the point '{}' of {}", which.id, which.source);
}

class Names {
public:
    Names(registry::Registry const& registry, Examination& examined)
        : m_registry(registry), m_examined(examined), m_day(examined.draft.days.from) {}

    std::string compose() {
        for (auto const& operation : m_examined.operations) {
            if (operation.dropped_by) {
                continue;
            }
            if (operation.alias) {
                add(operation, *operation.alias);
            }
            if (operation.address && operation.at) {
                add(operation, *operation.address);
            }
            if (operation.retirement) {
                add(operation, *operation.retirement);
            }
        }
        return std::move(m_seen);
    }

private:
    void against(Operation const& operation, std::string_view what) {
        auto const& draft = m_examined.draft;
        m_examined.conflicts.push_back(
            {operation.number, std::nullopt, std::nullopt,
             fmt::format("operation {} ({}) of change set {} '{}': {}; drop it: wangge changes drop {} {}",
                         operation.number, to_string(operation.kind), draft.id, draft.title, what, draft.id,
                         operation.number)});
    }
    void remark(Operation const& operation, std::string_view what) {
        m_examined.remarks.push_back({operation.number, fmt::format("operation {} ({}): {}", operation.number,
                                                                    to_string(operation.kind), what)});
        m_seen += m_examined.remarks.back().message;
    }

    void add(Operation const& operation, registry::OperationAlias const& alias) {
        auto const& divisions = this->divisions();
        auto const found = std::ranges::find(divisions, alias.division, &registry::Division::code);
        if (found == divisions.end()) {
            against(operation, fmt::format("{} is no division on {}", alias.division.str(), m_day.str()));
            return;
        }
        auto const name = address::Normalizer::name(alias.text);
        if (address::Normalizer::name(found->name) == name) {
            against(operation, fmt::format("division {} is called '{}' already", found->code.str(), found->name));
            return;
        }
        auto& set = m_examined.change_set;
        auto aliases = known_aliases();
        aliases.insert(aliases.end(), set.aliases.begin(), set.aliases.end());
        for (auto const& other : aliases) {
            if (!overlap(other.valid, m_examined.draft.days) || address::Normalizer::name(other.text) != name) {
                continue;
            }
            if (other.code == alias.division) {
                against(operation,
                        fmt::format("division {} '{}' has the name '{}' already, from {}", alias.division.str(),
                                    found->name, other.text, origin(m_registry, other.change_set)));
                return;
            }
            if (auto const sibling = beside(*found, other.code)) {
                remark(operation, fmt::format("'{}' is also a name of {} '{}', which has the same parent; an address "
                                              "that says it then names both",
                                              alias.text, other.code.str(), sibling->name));
            }
        }
        for (auto const& other : divisions) {
            if (other.code != found->code && other.parent == found->parent &&
                address::Normalizer::name(other.name) == name) {
                remark(operation, fmt::format("'{}' is the full name of {}, which has the same parent; an address that "
                                              "says it then names both",
                                              alias.text, other.code.str()));
            }
        }
        m_seen += found->name;
        set.aliases.push_back(
            {0, alias.division, alias.text, operation.reason, operation.editor, m_examined.draft.days, 0});
    }

    void add(Operation const& operation, registry::OperationAddress const& address) {
        auto& set = m_examined.change_set;
        auto const grid = grid_at(m_registry, *operation.at, m_day);
        if (!grid) {
            against(operation,
                    fmt::format("{} lies in no grid on {}; correct the position", place(*operation.at), m_day.str()));
            return;
        }
        if (address.point.village.valid() && address.point.village != grid->village) {
            against(operation, fmt::format("{} lies in grid {} of village {}, not in village {}; correct the position "
                                           "or leave the village out",
                                           place(*operation.at), grid->code.str(), grid->village.str(),
                                           address.point.village.str()));
            return;
        }
        StaffAddress made{0, address.corrects, address.point, operation.reason, operation.editor, m_examined.draft.days,
                          0};
        made.point.village = grid->village;
        made.point.at = *operation.at;
        if (made.corrects) {
            made.point.id = made.corrects->id;
            if (is_retired(operation, *made.corrects)) {
                return;
            }
            auto others = m_registry.staff_addresses(std::nullopt);
            others.insert(others.end(), set.addresses.begin(), set.addresses.end());
            for (auto const& other : others) {
                if (other.corrects == made.corrects && overlap(other.valid, made.valid)) {
                    against(operation, fmt::format("the point '{}' of {} is corrected already, by {}; undo that first",
                                                   made.corrects->id, made.corrects->source,
                                                   origin(m_registry, other.change_set)));
                    return;
                }
            }
            auto const imported = m_registry.imported_addresses(made.corrects->id);
            auto const same = std::ranges::find(imported, *made.corrects,
                                                &std::pair<registry::ImportedAddress, registry::AddressPoint>::first);
            if (same == imported.end()) {
                remark(operation, fmt::format("the point '{}' is in {} no more since that was imported again; the "
                                              "correction stands by itself",
                                              made.corrects->id, made.corrects->source));
            } else {
                m_seen += same->second.text + place(same->second.at);
            }
        }
        m_seen += grid->code.str();
        set.addresses.push_back(std::move(made));
    }

    void add(Operation const& operation, registry::OperationRetirement const& retirement) {
        auto& set = m_examined.change_set;
        auto const& [which, text] = retirement;
        if (is_retired(operation, which)) {
            return;
        }
        auto const point = point_on(m_registry, which, m_day);
        if (point && point->text != text) {
            against(operation, fmt::format("{} says '{}' now, not '{}' as when the operation was added",
                                           point_name(which), point->text, text));
            return;
        }
        if (!point && which.source.empty()) {
            against(operation, fmt::format("{} is not in force on {}", point_name(which), m_day.str()));
            return;
        }
        if (!point) {
            remark(operation, fmt::format("the point '{}' is in {} no more since that was imported again; it is not "
                                          "found should it come back",
                                          which.id, which.source));
        } else {
            m_seen += point->text + place(point->at);
        }
        set.retired_addresses.push_back({0, which, text, operation.reason, operation.editor, m_examined.draft.days, 0});
    }

    /// On some of the days of the change set; says so.
    bool is_retired(Operation const& operation, registry::ImportedAddress const& which) {
        auto retired = m_registry.retired_addresses(std::nullopt);
        auto const& of_this = m_examined.change_set.retired_addresses;
        retired.insert(retired.end(), of_this.begin(), of_this.end());
        for (auto const& other : retired) {
            if (other.which == which && overlap(other.valid, m_examined.draft.days)) {
                against(operation, fmt::format("{} is retired from {} on, by {}; undo that first", point_name(which),
                                               other.valid.from.str(), origin(m_registry, other.change_set)));
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] std::optional<registry::Division> beside(registry::Division const& division, DivisionCode code) {
        auto const found = std::ranges::find(divisions(), code, &registry::Division::code);
        return found != divisions().end() && found->parent == division.parent ? std::optional{*found} : std::nullopt;
    }
    [[nodiscard]] std::vector<registry::Division> const& divisions() {
        if (m_divisions.empty()) {
            m_divisions = m_registry.divisions(m_day);
        }
        return m_divisions;
    }
    [[nodiscard]] std::vector<DivisionAlias> known_aliases() const { return m_registry.aliases(std::nullopt); }

    registry::Registry const& m_registry;
    Examination& m_examined;
    Date m_day;
    std::vector<registry::Division> m_divisions;
    std::string m_seen;
};

/// To be recorded as a row of its own.
template <class Row>
void detach(Row& row) {
    if constexpr (std::is_same_v<Row, StaffAddress>) {
        row.first = row.first == 0 ? row.id : row.first; // it keeps its id
    }
    row.id = row.change_set = 0;
}

/// Takes back the rows that hold on or after the first day; what held before it goes on until then.
template <class Row>
void take_back(std::vector<Row> rows, Date from, std::vector<std::int64_t>& withdrawn, std::vector<Row>& kept) {
    for (auto& row : rows) {
        if (row.valid.to <= from) {
            continue;
        }
        withdrawn.push_back(row.id);
        if (row.valid.from < from) {
            detach(row);
            row.valid.to = from;
            kept.push_back(std::move(row));
        }
    }
}

/// Gives back what was withdrawn, from the first day on.
template <class Row>
void give_again(std::vector<Row> rows, Date from, std::vector<Row>& given) {
    for (auto& row : rows) {
        row.valid.from = std::max(row.valid.from, from);
        if (!row.valid.empty()) {
            detach(row);
            given.push_back(std::move(row));
        }
    }
}

} // namespace

std::optional<registry::Grid> grid_at(registry::Registry const& registry, geom::Point at, Date day) {
    geom::Envelope box;
    box.extend(at);
    for (auto& grid : registry.grids_touching(day, {&box, 1})) {
        if (geom::owns(grid.shape, at)) {
            return std::move(grid);
        }
    }
    return std::nullopt;
}

std::optional<registry::AddressPoint> point_on(registry::Registry const& registry,
                                               registry::ImportedAddress const& which, Date day) {
    for (auto& staff : registry.staff_addresses(day)) {
        if (registry::which_point(staff) == which) {
            return std::move(staff.point);
        }
    }
    for (auto& [where, point] : registry.imported_addresses(which.id)) {
        if (where == which) {
            return std::move(point);
        }
    }
    return std::nullopt;
}

std::string compose_names(registry::Registry const& registry, Examination& examined) {
    return Names{registry, examined}.compose();
}

void undo_names(registry::Registry const& registry, registry::ChangeDraft const& draft, std::int64_t undone,
                registry::ChangeSet& set, std::vector<Conflict>& conflicts) {
    using Side = registry::Registry::Side;
    auto const from = draft.days.from;
    take_back(registry.aliases_of(undone, Side::recorded), from, set.withdrawn_aliases, set.aliases);
    take_back(registry.staff_addresses_of(undone, Side::recorded), from, set.withdrawn_addresses, set.addresses);
    give_again(registry.aliases_of(undone, Side::withdrawn), from, set.aliases);
    give_again(registry.staff_addresses_of(undone, Side::withdrawn), from, set.addresses);
    take_back(registry.retired_addresses_of(undone, Side::recorded), from, set.withdrawn_retirements,
              set.retired_addresses);
    give_again(registry.retired_addresses_of(undone, Side::withdrawn), from, set.retired_addresses);
    auto const cannot = [&](std::string_view what, std::int64_t since) {
        conflicts.push_back({0, std::nullopt, std::nullopt,
                             fmt::format("change set {} '{}' cannot undo: {} by {} since; undo that first", draft.id,
                                         draft.title, what, origin(registry, since))});
    };
    for (auto const& other : registry.retired_addresses(std::nullopt)) {
        for (auto const& again : set.retired_addresses) {
            if (other.change_set != undone && other.which == again.which && overlap(other.valid, again.valid)) {
                cannot(point_name(other.which) + " is retired", other.change_set);
            }
        }
    }
    for (auto const& other : registry.staff_addresses(std::nullopt)) {
        for (auto const& again : set.addresses) {
            if (other.change_set != undone && again.corrects && other.corrects == again.corrects &&
                overlap(other.valid, again.valid)) {
                cannot(point_name(*other.corrects) + " is corrected", other.change_set);
            }
        }
    }
}

} // namespace wangge::changes
