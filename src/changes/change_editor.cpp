#include "names.hpp"
#include "working_state.hpp"

#include <wangge/address/normalizer.hpp>
#include <wangge/base/error.hpp>
#include <wangge/changes/change_editor.hpp>
#include <wangge/geom/measure.hpp>
#include <wangge/geom/owns.hpp>
#include <wangge/topology/area_shares.hpp>
#include <wangge/topology/coverage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace wangge::changes {

using registry::Effect;
using registry::Grid;
using registry::Operation;
using registry::OperationGrid;
using registry::OperationKind;

namespace {

/// The state that the operations of a draft lead to so far.
class Drawing {
public:
    Drawing(registry::Registry const& registry, std::int64_t draft)
        : m_draft(registry.draft(draft)), m_state(registry, m_draft.days.from), m_registry(registry) {
        registry.require_editable(draft);
        std::vector<Conflict> ignored; // the check tells them
        for (auto const& operation : registry.operations(draft)) {
            if (!operation.dropped_by) {
                m_state.apply(operation, m_draft, ignored);
            }
        }
    }
    [[nodiscard]] Grid const& grid(GridCode const& code) {
        auto const* const found = m_state.find(code);
        if (found == nullptr) {
            throw Error{ErrorCode::not_found,
                        words("grid {} is not in force on {}, the effective day of change set {} '{}'; check the code",
                              "网格 {} 在 {}（变更单 {} “{}”的生效日期）不生效；请核对编码", code.str(),
                              m_draft.days.from.str(), m_draft.id, m_draft.title)};
        }
        return *found;
    }
    [[nodiscard]] OperationGrid concerning(GridCode const& code, Effect effect) {
        static_cast<void>(grid(code));
        OperationGrid part;
        part.code = code;
        part.effect = effect;
        part.base = m_state.base(code);
        return part;
    }
    void require_village(DivisionCode village) const {
        auto const division = m_registry.division(village, m_draft.days.from);
        if (!division || division->level < Level::village) {
            throw Error{ErrorCode::not_found,
                        words("{} is no village on {}; check the code", "{} 在 {} 不是村居；请核对编码", village.str(),
                              m_draft.days.from.str())};
        }
    }

private:
    registry::ChangeDraft m_draft;
    WorkingState m_state;
    registry::Registry const& m_registry;
};

OperationGrid making(NewGrid grid, std::string name, DivisionCode village, GridKind kind) {
    OperationGrid part;
    part.effect = Effect::create;
    part.code = grid.code.value_or(GridCode{});
    part.name = grid.name.empty() ? std::move(name) : std::move(grid.name);
    part.kind = kind;
    part.village = village;
    geom::normalize(grid.shape);
    part.shape = std::move(grid.shape);
    return part;
}

/// Error{data_rejected} unless the parts have the ground of the whole, each piece of it once.
void require_same_ground(Grid const& whole, std::vector<NewGrid> const& parts) {
    std::array const before{&whole.shape};
    std::vector<geom::MultiPolygon const*> after;
    double area = 0;
    for (auto const& part : parts) {
        after.push_back(&part.shape);
        area += geom::area_m2(part.shape);
    }
    constexpr double kNothingM2 = 0.01;
    auto const refuse = [&](double m2, geom::Point at, Words const& what) {
        throw Error{
            ErrorCode::data_rejected,
            words("grid {}: {} m2 {} near {}; the parts of a split are to have the ground of the grid, all of it "
                  "and each piece once",
                  "网格 {}：{3} 附近有 {1} 平方米{2}；拆分的各部分合起来要正好是该网格，不缺不重", whole.code.str(),
                  fmt::format("{:.2f}", m2), what,
                  fmt::format("{:.7f} {:.7f}", geom::to_degrees(at.lon), geom::to_degrees(at.lat)))};
    };
    for (auto const& share : topology::area_shares(before, after)) {
        bool const in_no_part = share.after == topology::kNobody;
        if (share.area_m2 >= kNothingM2 && (in_no_part || share.before == topology::kNobody)) {
            refuse(share.area_m2, share.at,
                   in_no_part ? words("of it are in no part", "不属于任何部分")
                              : words("of the parts lie outside it", "在该网格之外"));
        }
    }
    if (double const twice = area - geom::area_m2(whole.shape); twice >= kNothingM2) {
        refuse(twice, geom::interior_point(parts.front().shape),
               words("are in more than one part, perhaps", "可能属于不止一个部分"));
    }
}

} // namespace

ChangeEditor::ChangeEditor(registry::Registry& registry, std::int64_t draft, std::string editor)
    : m_registry(registry), m_draft(draft), m_editor(std::move(editor)) {}

registry::Grid ChangeEditor::grid(GridCode const& code) const { return Drawing{m_registry, m_draft}.grid(code); }

Added ChangeEditor::record(Operation operation) {
    m_registry.together([&] {
        m_registry.add_operations(m_draft, m_editor, {&operation, 1});
        record_all_touched();
    });
    return {std::move(operation), m_registry.drafts_meeting(m_draft)};
}

void ChangeEditor::record_all_touched() {
    auto const examined = examine(m_registry, m_draft, Depth::content);
    std::set<GridCode> changed;
    for (auto const& grid : examined.touched) {
        changed.insert(grid.code);
    }
    for (auto const& other : examined.operations) {
        for (auto const& grid : other.grids) {
            if (!other.dropped_by) {
                changed.insert(grid.code);
            }
        }
    }
    std::vector<GridCode> neighbours;
    for (auto const& grid : examined.neighbours) {
        neighbours.push_back(grid.code);
    }
    m_registry.record_touched(m_draft, std::vector<GridCode>(changed.begin(), changed.end()), neighbours);
}

Added ChangeEditor::create(NewGrid grid, DivisionCode village, GridKind kind) {
    Drawing const drawing{m_registry, m_draft};
    drawing.require_village(village);
    if (grid.name.empty()) {
        throw Error{ErrorCode::usage, words("a grid that is created has a name: --name", "新建网格要有名称：--name")};
    }
    Operation operation;
    operation.kind = OperationKind::create;
    operation.grids.push_back(making(std::move(grid), {}, village, kind));
    return record(std::move(operation));
}

Added ChangeEditor::reshape(GridCode const& code, geom::MultiPolygon shape) {
    Drawing drawing{m_registry, m_draft};
    Operation operation;
    operation.kind = OperationKind::reshape;
    auto& part = operation.grids.emplace_back(drawing.concerning(code, Effect::change));
    geom::normalize(shape);
    part.shape = std::move(shape);
    return record(std::move(operation));
}

Added ChangeEditor::split(GridCode const& code, std::vector<NewGrid> parts, bool keep) {
    Drawing drawing{m_registry, m_draft};
    auto const& whole = drawing.grid(code);
    if (parts.size() < 2) {
        throw Error{ErrorCode::usage,
                    words("grid {}: a split has two parts or more", "网格 {}：拆分至少要有两个部分", code.str())};
    }
    require_same_ground(whole, parts);
    Operation operation;
    operation.kind = OperationKind::split;
    auto const largest =
        std::ranges::max_element(parts, {}, [](NewGrid const& part) { return geom::area_m2(part.shape); });
    operation.grids.push_back(drawing.concerning(code, keep ? Effect::change : Effect::end));
    if (keep) {
        auto& kept = operation.grids.front();
        geom::normalize(largest->shape);
        kept.shape = std::move(largest->shape);
        if (!largest->name.empty()) {
            kept.name = std::move(largest->name);
        }
        parts.erase(largest);
    }
    int number = keep ? 1 : 0;
    for (auto& part : parts) {
        operation.grids.push_back(
            making(std::move(part), fmt::format("{}-{}", whole.name, ++number), whole.village, whole.kind));
    }
    return record(std::move(operation));
}

Added ChangeEditor::merge(std::span<GridCode const> codes, std::optional<GridCode> const& into, std::string name,
                          std::optional<GridCode> const& new_code) {
    Drawing drawing{m_registry, m_draft};
    std::set<GridCode> const merged(codes.begin(), codes.end());
    if (merged.size() < 2 || merged.size() != codes.size()) {
        throw Error{ErrorCode::usage,
                    words("a merge has two grids or more, each once", "合并至少要有两个网格，各写一次")};
    }
    if (into && !merged.contains(*into)) {
        throw Error{ErrorCode::usage, words("--into {}: it is not one of the grids that are merged",
                                            "--into {}：它不在被合并的网格之中", into->str())};
    }
    if (into && new_code) {
        throw Error{ErrorCode::usage,
                    words("a merge goes on under the code of one of its grids or under a new one, not both",
                          "合并后要么沿用其中一个网格的编码，要么用新编码，二者取一")};
    }
    std::vector<geom::MultiPolygon const*> shapes;
    auto const first = drawing.grid(into.value_or(codes.front()));
    Operation operation;
    operation.kind = OperationKind::merge;
    std::vector<Grid> grids;
    for (auto const& code : codes) {
        grids.push_back(drawing.grid(code));
        if (grids.back().village != first.village || grids.back().kind != first.kind) {
            throw Error{ErrorCode::data_rejected,
                        words("grids {} and {} are of different villages or kinds; reparent one of them first",
                              "网格 {} 与 {} 的村居或类型不同；请先把其中之一改属", first.code.str(), code.str())};
        }
    }
    for (auto const& grid : grids) {
        shapes.push_back(&grid.shape);
    }
    std::vector<std::uint32_t> const one(shapes.size(), 0);
    auto area = std::move(topology::dissolve(shapes, one, 1).front());
    for (auto const& code : codes) {
        operation.grids.push_back(drawing.concerning(code, code == into ? Effect::change : Effect::end));
        if (code == into) {
            auto& part = operation.grids.back();
            part.shape = area;
            if (!name.empty()) {
                part.name = name;
            }
        }
    }
    if (!into) {
        operation.grids.push_back(
            making({std::move(area), std::move(name), new_code}, first.name, first.village, first.kind));
    }
    return record(std::move(operation));
}

Added ChangeEditor::retire(GridCode const& code, std::string reason) {
    Drawing drawing{m_registry, m_draft};
    Operation operation;
    operation.kind = OperationKind::retire;
    operation.reason = std::move(reason);
    operation.grids.push_back(drawing.concerning(code, Effect::end));
    return record(std::move(operation));
}

Added ChangeEditor::reparent(GridCode const& code, DivisionCode village) {
    Drawing drawing{m_registry, m_draft};
    drawing.require_village(village);
    Operation operation;
    operation.kind = OperationKind::reparent;
    operation.grids.push_back(drawing.concerning(code, Effect::change));
    operation.grids.back().village = village;
    return record(std::move(operation));
}

Added ChangeEditor::rename(GridCode const& code, std::string name) {
    if (name.empty()) {
        throw Error{ErrorCode::usage,
                    words("a grid has a name; state the new one: --name", "请写明网格的新名称：--name")};
    }
    Drawing drawing{m_registry, m_draft};
    Operation operation;
    operation.kind = OperationKind::rename;
    operation.grids.push_back(drawing.concerning(code, Effect::change));
    operation.grids.back().name = std::move(name);
    return record(std::move(operation));
}

Added ChangeEditor::accept_gap(geom::Point at, std::string reason) {
    if (reason.empty()) {
        throw Error{ErrorCode::usage, words("a gap is accepted for a reason (water, disputed land): --reason",
                                            "认可空地要写明原因（水域、争议地）：--reason")};
    }
    Operation operation;
    operation.kind = OperationKind::accept_gap;
    operation.at = at;
    operation.reason = std::move(reason);
    return record(std::move(operation));
}

namespace {

/// Must be something, in the form in which names are compared.
void require_text(std::string const& text, std::string_view what) {
    if (address::Normalizer::name(text).empty()) {
        throw Error{ErrorCode::usage,
                    words("{} says nothing that could be found; state it", "{} 中没有可供查找的内容；请写明", what)};
    }
}

std::pair<registry::ImportedAddress, registry::AddressPoint>
the_point(registry::Registry const& registry, std::string const& id, std::string const& source) {
    auto found = registry.imported_addresses(id);
    if (!source.empty()) {
        std::erase_if(found, [&](auto const& one) { return one.first.source != source; });
    }
    if (found.empty()) {
        throw Error{ErrorCode::not_found, words("no imported address point has the id '{}'{}; check the id",
                                                "没有编码为“{}”的已导入地址点{}；请核对编码", id,
                                                source.empty() ? Words{} : words(" in {}", "（{} 中）", source))};
    }
    if (found.size() > 1) {
        throw Error{ErrorCode::data_rejected,
                    words("the files {} and {} each have an address point '{}'; state which: --source FILE",
                          "文件 {} 和 {} 都有地址点“{}”；请指明是哪个：--source 文件", found[0].first.source,
                          found[1].first.source, id)};
    }
    return std::move(found.front());
}

} // namespace

Added ChangeEditor::alias(DivisionCode division, std::string text, std::string reason) {
    require_text(text, "--name");
    if (reason.empty()) {
        throw Error{ErrorCode::usage, words("a name is given for a reason (who calls it that): --reason",
                                            "添加别名要写明依据（谁这样称呼）：--reason")};
    }
    auto const day = m_registry.draft(m_draft).days.from;
    if (!m_registry.division(division, day)) {
        throw Error{ErrorCode::not_found, words("{} is no division on {}; check the code",
                                                "{} 在 {} 不是区划；请核对编码", division.str(), day.str())};
    }
    Operation operation;
    operation.kind = OperationKind::alias;
    operation.reason = std::move(reason);
    operation.alias = registry::OperationAlias{division, std::move(text)};
    return record(std::move(operation));
}

Added ChangeEditor::address(NewAddress given, std::string reason) {
    if (reason.empty()) {
        throw Error{ErrorCode::usage, words("an address is added or corrected for a reason (who saw it): --reason",
                                            "添加或更正地址要写明依据（谁核实的）：--reason")};
    }
    Operation operation;
    operation.kind = OperationKind::address;
    operation.reason = std::move(reason);
    operation.at = given.at;
    auto& address = operation.address.emplace();
    auto& point = address.point = std::move(given.point);
    point.id.clear();
    if (!given.corrects.empty()) {
        auto [where, imported] = the_point(m_registry, given.corrects, given.source);
        auto changed = given.at && *given.at != imported.at;
        bool const new_text = !point.text.empty() && point.text != imported.text;
        auto const complete = [&](auto const part, bool from_imported) {
            changed = changed || (!(point.*part).empty() && point.*part != imported.*part);
            point.*part = (point.*part).empty() && from_imported ? imported.*part : point.*part;
        };
        auto const parts = {&registry::AddressPoint::road,   &registry::AddressPoint::number,
                            &registry::AddressPoint::estate, &registry::AddressPoint::building,
                            &registry::AddressPoint::unit,   &registry::AddressPoint::room};
        bool const any_part = std::any_of(parts.begin(), parts.end(), [&](auto p) { return !(point.*p).empty(); });
        complete(&registry::AddressPoint::text, true);
        for (auto const part : parts) {
            complete(part, !new_text || any_part); // else the parts of the old text would be found, not the new ones
        }
        if (!changed) {
            throw Error{ErrorCode::data_rejected,
                        words("the point '{}' of {} says that already; state what is to be corrected: --text, --at",
                              "{1} 的地址点“{0}”本来如此；请写明要更正什么：--text、--at", where.id, where.source)};
        }
        operation.at = given.at.value_or(imported.at);
        address.corrects = std::move(where);
    }
    require_text(point.text, "--text");
    if (!operation.at) {
        throw Error{ErrorCode::usage,
                    words("a new address has a position: --at LON,LAT", "新地址要有位置：--at 经度,纬度")};
    }
    if (point.village.valid() && !m_registry.division(point.village, m_registry.draft(m_draft).days.from)) {
        throw Error{ErrorCode::not_found, words("--village: {} is no division; check the code, or leave it out",
                                                "--village：{} 不是区划；请核对编码，或不填", point.village.str())};
    }
    return record(std::move(operation));
}

Added ChangeEditor::retire_address(std::string const& id, std::string const& source, std::string reason) {
    if (id.empty()) {
        throw Error{ErrorCode::usage,
                    words("state which address point is retired: --id ID; 'wangge address TEXT --json' says the ids of "
                          "what it finds",
                          "请用 --id 指明要停用的地址点；“wangge address TEXT --json”列出所查到的地址编码")};
    }
    if (reason.empty()) {
        throw Error{ErrorCode::usage, words("an address is retired for a reason (who saw that it is wrong): --reason",
                                            "停用地址要写明理由（谁看到它有误）：--reason")};
    }
    auto const day = m_registry.draft(m_draft).days.from;
    std::set<registry::ImportedAddress> found; // what a correction stands for is in no file any more, perhaps
    for (auto const& [where, point] : m_registry.imported_addresses(id)) {
        found.insert(where);
    }
    for (auto const& staff : m_registry.staff_addresses(day)) {
        if (staff.point.id == id) {
            found.insert(registry::which_point(staff));
        }
    }
    if (!source.empty()) {
        std::erase_if(found, [&](auto const& one) { return one.source != (source == kStaff ? "" : source); });
    }
    if (found.empty()) {
        throw Error{ErrorCode::not_found,
                    words("no address point has the id '{}'{} on {}; 'wangge address TEXT --json' says the ids of what "
                          "it finds",
                          "{2} 没有编码为“{0}”的地址点{1}；“wangge address TEXT --json”列出所查到的地址编码", id,
                          source.empty() ? Words{} : words(" in {}", "（来源 {}）", source), day.str())};
    }
    if (found.size() > 1) {
        auto const name = [](auto const& one) { return one.source.empty() ? std::string{kStaff} : one.source; };
        throw Error{ErrorCode::data_rejected,
                    words("{} and {} each have an address point '{}'; state which: --source {}",
                          "{} 和 {} 都有地址点“{}”；请指明是哪一个：--source {}", name(*found.begin()),
                          name(*std::next(found.begin())), id, name(*found.begin()))};
    }
    Operation operation;
    operation.kind = OperationKind::retire_address;
    operation.reason = std::move(reason);
    auto const& which = *found.begin();
    operation.retirement = registry::OperationRetirement{which, point_on(m_registry, which, day).value().text};
    return record(std::move(operation));
}

std::vector<geom::MultiPolygon> cut_along(geom::MultiPolygon const& shape, std::vector<geom::Point> path) {
    constexpr double kFarthestM = 30;
    if (path.size() < 2) {
        throw Error{ErrorCode::usage,
                    words("a line that cuts a grid has two positions or more", "切割网格的线至少要有两个位置")};
    }
    struct Corner {
        std::size_t part = 0, vertex = 0;
        double distance_m = 0;
    };
    auto const nearest = [&](geom::Point p) {
        std::optional<Corner> best;
        for (std::size_t i = 0; i < shape.parts.size(); ++i) {
            for (std::size_t k = 0; k < shape.parts[i].outer.size(); ++k) {
                double const distance = geom::distance_m(p, shape.parts[i].outer[k]);
                if (!best || distance < best->distance_m) {
                    best = Corner{i, k, distance};
                }
            }
        }
        return best.value_or(Corner{0, 0, 2 * kFarthestM});
    };
    auto const begin = nearest(path.front()), end = nearest(path.back());
    for (auto const& [corner, p] : {std::pair{begin, path.front()}, {end, path.back()}}) {
        if (corner.distance_m > kFarthestM) {
            throw Error{
                ErrorCode::data_rejected,
                words("{} is {} m from the nearest vertex of the grid's outline; a line that cuts a grid begins "
                      "and ends at vertices of it",
                      "{} 距网格边界最近的节点 {} 米；切割线要从边界的一个节点到另一个节点",
                      fmt::format("{:.7f} {:.7f}", geom::to_degrees(p.lon), geom::to_degrees(p.lat)),
                      fmt::format("{:.1f}", corner.distance_m))};
        }
    }
    if (begin.part != end.part || begin.vertex == end.vertex) {
        throw Error{
            ErrorCode::data_rejected,
            words("a line that cuts a grid leads from one vertex of its outline to another one of the same part",
                  "切割线要从网格边界的一个节点到同一部件的另一个节点")};
    }
    auto const& part = shape.parts[begin.part];
    auto const& ring = part.outer;
    geom::Ring const inner(path.begin() + 1, path.end() - 1);
    auto const side = [&](std::size_t from, std::size_t to, bool forward) {
        geom::Ring points;
        for (auto i = from; i != to; i = (i + 1) % ring.size()) {
            points.push_back(ring[i]);
        }
        points.push_back(ring[to]);
        if (forward) {
            points.insert(points.end(), inner.begin(), inner.end());
        } else {
            points.insert(points.end(), inner.rbegin(), inner.rend());
        }
        return points;
    };
    std::vector<geom::MultiPolygon> halves(2);
    halves[0].parts.push_back({side(begin.vertex, end.vertex, false), {}});
    halves[1].parts.push_back({side(end.vertex, begin.vertex, true), {}});
    for (auto const& half : halves) {
        if (geom::winding(half.parts[0].outer) <= 0) {
            throw Error{ErrorCode::data_rejected,
                        words("the line does not cut the grid in two: it runs along its outline or leaves it",
                              "该线没有把网格切成两块：它沿着边界走，或出了网格")};
        }
    }
    for (auto const& hole : part.holes) {
        auto const& first = halves[0].parts[0].outer;
        bool const in_first = std::ranges::any_of(
            hole, [&](geom::Point p) { return std::ranges::find(first, p) == first.end() && geom::owns(first, p); });
        halves[in_first ? 0 : 1].parts[0].holes.push_back(hole);
    }
    auto const larger = geom::area_m2(halves[0]) >= geom::area_m2(halves[1]) ? 0U : 1U;
    for (std::size_t i = 0; i < shape.parts.size(); ++i) {
        if (i != begin.part) {
            halves[larger].parts.push_back(shape.parts[i]);
        }
    }
    for (auto& half : halves) {
        geom::normalize(half);
    }
    return halves;
}

} // namespace wangge::changes
