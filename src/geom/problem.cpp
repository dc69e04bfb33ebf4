#include <wangge/base/digest.hpp>
#include <wangge/geom/problem.hpp>
#include <wangge/geom/wkb.hpp>

#include <fmt/format.h>

#include <array>
#include <stdexcept>

namespace wangge {

namespace {

using enum Severity;

constexpr std::array kKinds{
    ProblemKind{ProblemCode::unreadable_text, error, "unreadable_text", "Text is not valid in the encoding",
                "文字无法按所述编码读取"},
    ProblemKind{ProblemCode::missing_attribute, error, "missing_attribute", "A required attribute is empty",
                "缺少必填属性"},
    ProblemKind{ProblemCode::malformed_code, error, "malformed_code", "A code has the wrong form", "编码格式错误"},
    ProblemKind{ProblemCode::duplicate_code, error, "duplicate_code", "The same code stands more than once",
                "编码重复"},
    ProblemKind{ProblemCode::unknown_village, error, "unknown_village", "The village is not in the register",
                "村居编码不存在"},
    ProblemKind{ProblemCode::unknown_grid, error, "unknown_grid", "The grid is not in the register", "网格编码不存在"},
    ProblemKind{ProblemCode::malformed_value, error, "malformed_value", "A value has the wrong form", "属性值格式错误"},
    ProblemKind{ProblemCode::reissued_code, error, "reissued_code", "A retired code is used again",
                "已注销的编码被重新使用"},
    ProblemKind{ProblemCode::empty_geometry, error, "empty_geometry", "The geometry is empty", "几何为空"},
    ProblemKind{ProblemCode::unsupported_geometry, error, "unsupported_geometry", "The geometry is not a polygon",
                "几何不是面"},
    ProblemKind{ProblemCode::collapsed_ring, error, "collapsed_ring", "A ring has no area on the lattice",
                "环坍缩为零面积"},
    ProblemKind{ProblemCode::self_crossing, error, "self_crossing", "A boundary crosses or overlaps itself",
                "边界自相交"},
    ProblemKind{ProblemCode::repeated_ring_point, error, "repeated_ring_point", "A ring passes a point twice",
                "环重复经过同一点"},
    ProblemKind{ProblemCode::wrong_nesting, error, "wrong_nesting", "Holes or parts are nested wrongly",
                "洞或部件嵌套错误"},
    ProblemKind{ProblemCode::outside_lattice, error, "outside_lattice", "A position is off the globe or not finite",
                "坐标超出范围"},
    ProblemKind{ProblemCode::overlap, error, "overlap", "Features overlap", "要素重叠"},
    ProblemKind{ProblemCode::gap, error, "gap", "There is a gap between features", "要素之间有缝隙"},
    ProblemKind{ProblemCode::edge_not_matched, error, "edge_not_matched",
                "Neighbours do not share the vertices of their boundary", "相邻边界节点不一致"},
    ProblemKind{ProblemCode::duplicate_geometry, error, "duplicate_geometry", "Two features have the same geometry",
                "几何重复"},
    ProblemKind{ProblemCode::outside_county, error, "outside_county", "A feature lies outside its outline",
                "要素超出所在轮廓"},
    ProblemKind{ProblemCode::county_not_filled, warning, "county_not_filled", "An outline is not filled",
                "轮廓未被填满"},
    ProblemKind{ProblemCode::sliver, warning, "sliver", "An overlap or gap is a sliver", "狭长碎片"},
    ProblemKind{ProblemCode::village_without_grids, warning, "village_without_grids", "A village has no grid",
                "村居没有网格"},
    ProblemKind{ProblemCode::accepted_gap, note, "accepted_gap", "A gap that staff have accepted", "已认可的空白区域"},
    ProblemKind{ProblemCode::suspected_datum, error, "suspected_datum",
                "The coordinate system does not fit what is known", "坐标系疑似有误"},
    ProblemKind{ProblemCode::snapped_far, warning, "snapped_far", "Snapping to the lattice moved a vertex far",
                "归格位移过大"},
};

} // namespace

ProblemKind const& problem_kind(ProblemCode code) {
    for (auto const& kind : kKinds) {
        if (kind.code == code) {
            return kind;
        }
    }
    throw std::logic_error{"problem code without a catalogue entry"};
}

std::span<ProblemKind const> problem_kinds() noexcept { return kKinds; }

std::string_view to_string(Severity severity) noexcept {
    switch (severity) {
    case note:
        return "note";
    case warning:
        return "warning";
    case error:
        return "error";
    }
    return "error";
}

std::string_view Problem::fact(std::string_view name) const noexcept {
    for (auto const& fact : facts) {
        if (fact.name == name) {
            return fact.value;
        }
    }
    return {};
}

std::string Problem::id() const {
    auto text = fmt::format("{}|", static_cast<int>(code));
    for (auto const& subject : subjects) {
        text += subject;
        text += '|';
    }
    if (place) {
        text += geom::to_wkt(place->at);
        for (auto const p : place->line) {
            text += geom::to_wkt(p);
        }
        auto area = place->area;
        geom::normalize(area);
        text += geom::to_wkt(area);
    }
    return sha256(text).hex().substr(0, 16);
}

} // namespace wangge
