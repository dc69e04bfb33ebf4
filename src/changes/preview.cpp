#include "names.hpp"
#include "touched.hpp"

#include <wangge/changes/preview.hpp>
#include <wangge/geom/owns.hpp>

#include <algorithm>
#include <utility>

namespace wangge::changes {

using registry::ChangeKind;
using registry::Effect;
using registry::OperationKind;

namespace {

void sort_kinds(Preview& preview) {
    auto const add = [&](GridCode const& code, ChangeKind kind) {
        switch (kind) {
        case ChangeKind::added:
            preview.added.push_back(code);
            break;
        case ChangeKind::reshaped:
            preview.reshaped.push_back(code);
            break;
        case ChangeKind::renamed:
            preview.renamed.push_back(code);
            break;
        case ChangeKind::reparented:
            preview.reparented.push_back(code);
            break;
        case ChangeKind::retired:
            preview.retired.push_back(code);
            break;
        case ChangeKind::restored:
            preview.restored.push_back(code);
            break;
        }
    };
    for (auto const& change : preview.examination.change_set.changes) {
        std::ranges::for_each(change.kinds, [&](ChangeKind kind) { add(change.after.code, kind); });
    }
    for (auto const& restoration : preview.examination.change_set.restorations) {
        std::ranges::for_each(restoration.kinds, [&](ChangeKind kind) { add(restoration.code, kind); });
    }
}

void find_successions(Preview& preview) {
    for (auto const& operation : preview.examination.operations) {
        if (operation.dropped_by ||
            (operation.kind != OperationKind::split && operation.kind != OperationKind::merge)) {
            continue;
        }
        Succession succession;
        for (auto const& grid : operation.grids) {
            if (grid.effect != Effect::create) {
                succession.from.push_back(grid.code);
            }
            if (grid.effect != Effect::end) {
                succession.to.push_back(grid.code);
            }
        }
        (operation.kind == OperationKind::split ? preview.splits : preview.merges).push_back(std::move(succession));
    }
}

/// One pass over the index for each area; for many areas one for all of them, so that no stripe is read twice.
void count_addresses(registry::Registry const& registry, Preview& preview) {
    constexpr std::size_t kFew = 64;
    bool const few = preview.moves.size() <= kFew;
    std::vector<geom::Point> addresses; // by longitude
    if (!few) {
        geom::Envelope all;
        for (auto const& move : preview.moves) {
            all.extend(geom::envelope_of(move.shape));
        }
        registry.addresses_in(all, [&](geom::Point p) { addresses.push_back(p); });
        std::ranges::sort(addresses);
    }
    for (auto& move : preview.moves) {
        auto const box = geom::envelope_of(move.shape);
        if (box.empty()) {
            continue; // too small for the lattice
        }
        auto const count = [&](geom::Point p) {
            move.addresses += box.contains(p) && geom::owns(move.shape, p) ? 1U : 0U;
        };
        if (few) {
            registry.addresses_in(box, count);
        } else {
            std::for_each(std::ranges::lower_bound(addresses, box.min.lon, {}, &geom::Point::lon),
                          std::ranges::upper_bound(addresses, box.max.lon, {}, &geom::Point::lon), count);
        }
        preview.addresses += move.addresses;
    }
}

void find_moves(registry::Registry const& registry, Preview& preview) {
    for (auto& share : topology::ground_shares(shape_changes(preview.examination), topology::ShareShapes::with)) {
        if (share.from != share.to) {
            preview.moved_m2 += share.area_m2;
            preview.moves.push_back({share.from, share.to, std::move(share.shape), share.area_m2, 0});
        }
    }
    std::ranges::sort(preview.moves, {}, [](Move const& move) { return std::pair{move.from, move.to}; });
    count_addresses(registry, preview);
}

void find_assignments(registry::Registry const& registry, Preview& preview) {
    for (auto& entry : registry.duty_entries_of(preview.retired, preview.examination.first_day)) {
        Move const* largest = nullptr;
        for (auto const& move : preview.moves) {
            if (move.from == entry.grid && move.to && (largest == nullptr || move.area_m2 > largest->area_m2)) {
                largest = &move;
            }
        }
        preview.assignments.push_back({std::move(entry), largest == nullptr ? std::nullopt : largest->to});
    }
}

/// The rows of `all` with these ids.
template <class Row>
std::vector<Row> chosen(std::vector<Row> all, std::vector<std::int64_t> const& ids) {
    std::erase_if(all, [&](Row const& row) { return std::ranges::find(ids, row.id) == ids.end(); });
    return all;
}

void find_names(registry::Registry const& registry, Preview& preview) {
    auto const& set = preview.examination.change_set;
    auto const day = set.effective;
    auto const grid = [&](geom::Point at) {
        auto const found = grid_at(registry, at, day);
        return found ? std::optional{found->code} : std::nullopt;
    };
    auto const add_aliases = [&](std::vector<registry::DivisionAlias> const& rows, bool withdrawn) {
        for (auto const& alias : rows) {
            if (!withdrawn && !alias.valid.holds(day)) {
                continue; // it goes on until then, as before
            }
            auto const division = registry.division(alias.code, day);
            preview.aliases.push_back({alias, division ? division->name : "", withdrawn});
        }
    };
    auto const add_addresses = [&](std::vector<registry::StaffAddress> const& rows, bool withdrawn) {
        for (auto const& address : rows) {
            if (!withdrawn && !address.valid.holds(day)) {
                continue;
            }
            AddressEffect effect{address, grid(address.point.at), withdrawn, std::nullopt, std::nullopt};
            for (auto& [where, point] : address.corrects ? registry.imported_addresses(address.corrects->id)
                                                         : decltype(registry.imported_addresses("")){}) {
                if (where == *address.corrects) {
                    effect.imported_grid = grid(point.at);
                    effect.imported = std::move(point);
                }
            }
            preview.address_points.push_back(std::move(effect));
        }
    };
    auto const add_retired = [&](std::vector<registry::RetiredAddress> const& rows, bool withdrawn) {
        for (auto const& retired : rows) {
            if (withdrawn || retired.valid.holds(day)) {
                auto point = point_on(registry, retired.which, day);
                auto const where = point ? grid(point->at) : std::nullopt;
                preview.retired_addresses.push_back({retired, std::move(point), where, withdrawn});
            }
        }
    };
    add_aliases(chosen(registry.aliases(std::nullopt), set.withdrawn_aliases), true);
    add_aliases(set.aliases, false);
    add_addresses(chosen(registry.staff_addresses(std::nullopt), set.withdrawn_addresses), true);
    add_addresses(set.addresses, false);
    add_retired(chosen(registry.retired_addresses(std::nullopt), set.withdrawn_retirements), true);
    add_retired(set.retired_addresses, false);
}

} // namespace

Preview preview(registry::Registry& registry, std::int64_t draft) {
    Preview preview;
    preview.examination = examine(registry, draft, Depth::content);
    preview.meetings = registry.drafts_meeting(draft);
    sort_kinds(preview);
    find_successions(preview);
    find_moves(registry, preview);
    find_assignments(registry, preview);
    find_names(registry, preview);
    return preview;
}

} // namespace wangge::changes
