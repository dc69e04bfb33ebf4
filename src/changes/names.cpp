#include "names.hpp"

#include "working_state.hpp"

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

Words origin(registry::Registry const& registry, std::int64_t change_set) {
    for (auto const& draft : registry.drafts(true)) {
        if (draft.change_set == change_set) {
            return words("change set {} '{}'", "变更单 {} “{}”", draft.id, draft.title);
        }
    }
    return words("this change set", "本变更单");
}

Words point_name(registry::ImportedAddress const& which) {
    return which.source.empty() ? words("the point '{}' of staff", "人工添加的地址点“{}”", which.id)
                                : words("the point '{}' of {}", "{1} 的地址点“{0}”", which.id, which.source);
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
    void against(Operation const& operation, Words const& what) {
        auto const& draft = m_examined.draft;
        m_examined.conflicts.push_back(
            {operation.number, std::nullopt, std::nullopt,
             words("operation {0} ({1}) of change set {2} '{3}': {4}; drop it: wangge changes drop {2} {0}",
                   "变更单 {2} “{3}”的操作 {0}（{1}）：{4}；请去掉它：wangge changes drop {2} {0}", operation.number,
                   words_of(operation.kind), draft.id, draft.title, what)});
    }
    void remark(Operation const& operation, Words const& what) {
        m_examined.remarks.push_back({operation.number, words("operation {} ({}): {}", "操作 {}（{}）：{}",
                                                              operation.number, words_of(operation.kind), what)});
        m_seen += m_examined.remarks.back().message.english;
    }

    void add(Operation const& operation, registry::OperationAlias const& alias) {
        auto const& divisions = this->divisions();
        auto const found = std::ranges::find(divisions, alias.division, &registry::Division::code);
        if (found == divisions.end()) {
            against(operation,
                    words("{} is no division on {}", "{} 在 {} 不是区划", alias.division.str(), m_day.str()));
            return;
        }
        auto const name = address::Normalizer::name(alias.text);
        if (address::Normalizer::name(found->name) == name) {
            against(operation, words("division {} is called '{}' already", "区划 {} 本来就叫“{}”", found->code.str(),
                                     found->name));
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
                        words("division {} '{}' has the name '{}' already, from {}", "区划 {} “{}”已有名称“{}”，来自{}",
                              alias.division.str(), found->name, other.text, origin(m_registry, other.change_set)));
                return;
            }
            if (auto const sibling = beside(*found, other.code)) {
                remark(operation, words("'{}' is also a name of {} '{}', which has the same parent; an address that "
                                        "says it then names both",
                                        "“{}”也是同一上级下 {} “{}”的名称；写这个名称的地址会同时指两处", alias.text,
                                        other.code.str(), sibling->name));
            }
        }
        for (auto const& other : divisions) {
            if (other.code != found->code && other.parent == found->parent &&
                address::Normalizer::name(other.name) == name) {
                remark(operation,
                       words("'{}' is the full name of {}, which has the same parent; an address that says "
                             "it then names both",
                             "“{}”是同一上级下 {} 的全称；写这个名称的地址会同时指两处", alias.text, other.code.str()));
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
            against(operation, words("{} lies in no grid on {}; correct the position",
                                     "{} 在 {} 不在任何网格内；请更正位置", place(*operation.at), m_day.str()));
            return;
        }
        if (address.point.village.valid() && address.point.village != grid->village) {
            against(operation,
                    words("{} lies in grid {} of village {}, not in village {}; correct the position or "
                          "leave the village out",
                          "{} 位于村居 {2} 的网格 {1} 内，不在村居 {3}；请更正位置，或不填村居", place(*operation.at),
                          grid->code.str(), grid->village.str(), address.point.village.str()));
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
                    against(operation, words("the point '{}' of {} is corrected already, by {}; undo that first",
                                             "{1} 的地址点“{0}”已由{2}更正；请先撤销它", made.corrects->id,
                                             made.corrects->source, origin(m_registry, other.change_set)));
                    return;
                }
            }
            auto const imported = m_registry.imported_addresses(made.corrects->id);
            auto const same = std::ranges::find(imported, *made.corrects,
                                                &std::pair<registry::ImportedAddress, registry::AddressPoint>::first);
            if (same == imported.end()) {
                remark(operation, words("the point '{}' is in {} no more since that was imported again; the correction "
                                        "stands by itself",
                                        "{1} 重新导入后已没有地址点“{0}”；该更正独立存在", made.corrects->id,
                                        made.corrects->source));
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
            against(operation, words("{} says '{}' now, not '{}' as when the operation was added",
                                     "{}现为“{}”，不是添加操作时的“{}”", point_name(which), point->text, text));
            return;
        }
        if (!point && which.source.empty()) {
            against(operation, words("{} is not in force on {}", "{}在 {} 未生效", point_name(which), m_day.str()));
            return;
        }
        if (!point) {
            remark(operation, words("the point '{}' is in {} no more since that was imported again; it is not "
                                    "found should it come back",
                                    "{1} 重新导入后已没有地址点“{0}”；再次出现时也不会被查到", which.id, which.source));
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
                against(operation,
                        words("{} is retired from {} on, by {}; undo that first", "{}自 {} 起已由{}停用；请先撤销它",
                              point_name(which), other.valid.from.str(), origin(m_registry, other.change_set)));
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
    auto const from = draft.days.from;
    auto const cannot = [&](Words const& what, auto const* since) {
        conflicts.push_back(
            {0, std::nullopt, std::nullopt,
             words("change set {} '{}' cannot undo {}: {} is no longer as that left it{}; undo the later change first",
                   "变更单 {} “{}”不能撤销{}：{}已不是当时的样子{}；请先撤销后来的变更", draft.id, draft.title,
                   name_of(registry.applied_change(undone)), what,
                   since != nullptr ? words(", {} changed it", "，改动它的是{}", origin(registry, since->change_set))
                                    : Words{})});
    };
    std::set own{undone};
    for (auto const& other : registry.drafts(true)) {
        if (other.change_set && other.undoes_change_set) {
            own.insert(*other.change_set);
        }
    }
    auto const rows = undone_names(registry, undone);
    put_back(rows.aliases, from, own, set.withdrawn_aliases, set.aliases,
             [&](DivisionAlias const& alias, DivisionAlias const* since) {
                 cannot(words("the name '{}' of {}", "{1} 的名称“{0}”", alias.text, alias.code.str()), since);
             });
    put_back(rows.addresses, from, own, set.withdrawn_addresses, set.addresses,
             [&](StaffAddress const& address, StaffAddress const* since) {
                 cannot(point_name(registry::which_point(address)), since);
             });
    put_back(rows.retirements, from, own, set.withdrawn_retirements, set.retired_addresses,
             [&](registry::RetiredAddress const& retired, registry::RetiredAddress const* since) {
                 cannot(words("that {} is retired", "{}的停用", point_name(retired.which)), since);
             });
    put_back(rows.gaps, from, own, set.withdrawn_gaps, set.accepted_gaps,
             [&](registry::AcceptedGap const& gap, registry::AcceptedGap const* since) {
                 cannot(words("the accepted gap '{}'", "认可的空地“{}”", gap.reason), since);
             });
}

UndoneNames undone_names(registry::Registry const& registry, std::int64_t change_set) {
    using enum registry::Registry::Side;
    return {{registry.aliases_of(change_set, withdrawn), registry.aliases_of(change_set, recorded),
             registry.aliases(std::nullopt)},
            {registry.staff_addresses_of(change_set, withdrawn), registry.staff_addresses_of(change_set, recorded),
             registry.staff_addresses(std::nullopt)},
            {registry.retired_addresses_of(change_set, withdrawn), registry.retired_addresses_of(change_set, recorded),
             registry.retired_addresses(std::nullopt)},
            {registry.gaps_of(change_set, withdrawn), registry.gaps_of(change_set, recorded),
             registry.accepted_gaps(std::nullopt)}};
}

} // namespace wangge::changes
