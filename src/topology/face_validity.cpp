#include "face_validity.hpp"

#include "disjoint_sets.hpp"

#include <algorithm>
#include <span>

namespace wangge::topology {

namespace {

constexpr char const* kDraw = "remove the ring or spike, or draw it with an area";
constexpr char const* kOrder = "put the vertices into their order along the boundary";
constexpr char const* kCut = "cut the ring there into rings that only touch";
constexpr char const* kNest = "make each piece a part, and each hole a hole of the part round it";
constexpr char const* kTurn = "turn the ring round";

/// Is the position just beyond `p` in direction `d` inside the ring? The ring must be simple and not run along `d` at
/// `p`.
template <class Ring>
bool just_inside(Ring const& ring, int winding, Point p, Direction d) {
    bool odd = false;
    for (std::size_t i = 0, n = ring.size(); i < n; ++i) {
        auto const a = ring[i];
        auto const b = ring[i + 1 == n ? 0 : i + 1];
        if (p == a) { // at a vertex: inside is the sector to the left of the ring's way through it
            auto const from = direction(p, b);
            auto const to = direction(p, ring[i == 0 ? n - 1 : i - 1]);
            return in_sector(from, d, to) == (winding > 0);
        }
        if (p == b) {
            continue;
        }
        if (orientation(a, b, p) == 0 && std::min(a, b) < p && p < std::max(a, b)) {
            return (turn(direction(a, b), d) > 0) == (winding > 0);
        }
        auto const west = std::min(a, b);
        auto const east = std::max(a, b);
        odd ^= west.lon <= p.lon && p.lon < east.lon && orientation(west, east, p) > 0;
    }
    return odd;
}

} // namespace

void FaceValidator::add(ProblemCode code, Point at, char const* detail, char const* remedy) {
    for (auto& fault : m_verdict.faults) {
        if (fault.code == code) {
            ++fault.places;
            if (at < fault.at) {
                fault.at = at;
                fault.detail = detail;
                fault.remedy = remedy;
            }
            return;
        }
    }
    m_verdict.faults.push_back({code, at, 1, detail, remedy});
}

void FaceValidator::load_ring(geom::Ring const& ring, std::uint32_t part, bool hole) {
    RingSpan span;
    span.begin = static_cast<std::uint32_t>(m_points.size());
    span.part = part;
    span.hole = hole;
    for (auto const p : ring) { // a point written twice in a row is one point
        if (m_points.size() == span.begin || m_points.back() != p) {
            m_points.push_back(p);
        }
    }
    while (m_points.size() > span.begin + 1 && m_points.back() == m_points[span.begin]) {
        m_points.pop_back();
    }
    span.end = static_cast<std::uint32_t>(m_points.size());
    m_ring_of.resize(m_points.size(), static_cast<std::uint32_t>(m_rings.size()));
    geom::Envelope box;
    Int128 twice_area = 0;
    for (auto i = span.begin; i < span.end; ++i) {
        box.extend(m_points[i]);
        twice_area += cross(m_points[span.begin], m_points[i], m_points[i + 1 == span.end ? span.begin : i + 1]);
    }
    span.winding = twice_area > 0 ? 1 : (twice_area < 0 ? -1 : 0);
    m_verdict.reversed.push_back(span.winding == (hole ? 1 : -1) ? 1 : 0);
    m_rings.push_back(span);
    m_ring_boxes.push_back(box);
}

void FaceValidator::load(geom::MultiPolygon const& shape) {
    m_verdict = {};
    m_points.clear();
    m_ring_of.clear();
    m_rings.clear();
    m_ring_boxes.clear();
    m_touches.clear();
    m_boxes.clear();
    for (std::uint32_t part = 0; part < shape.parts.size(); ++part) {
        load_ring(shape.parts[part].outer, part, false);
        for (auto const& hole : shape.parts[part].holes) {
            load_ring(hole, part, true);
        }
    }
}

std::uint32_t FaceValidator::next(std::uint32_t vertex) const {
    auto const& ring = m_rings[m_ring_of[vertex]];
    return vertex + 1 == ring.end ? ring.begin : vertex + 1;
}

std::uint32_t FaceValidator::previous(std::uint32_t vertex) const {
    auto const& ring = m_rings[m_ring_of[vertex]];
    return vertex == ring.begin ? ring.end - 1 : vertex - 1;
}

void FaceValidator::check_neighbours(RingSpan const& ring) {
    auto const at = ring.begin == ring.end ? Point{} : m_points[ring.begin];
    if (ring.end - ring.begin < 3) {
        add(ProblemCode::collapsed_ring, at, "a ring has fewer than three different points", kDraw);
        return;
    }
    if (ring.winding == 0) { // not on one line, it crosses itself and is reported for that
        bool straight = true;
        for (auto i = ring.begin + 2; i < ring.end; ++i) {
            straight = straight && orientation(m_points[ring.begin], m_points[ring.begin + 1], m_points[i]) == 0;
        }
        if (straight) {
            add(ProblemCode::collapsed_ring, at, "a ring encloses no area", kDraw);
        }
    } else if (ring.winding != (ring.hole ? -1 : 1)) {
        add(ProblemCode::wrong_nesting, at,
            ring.hole ? "a hole runs counter-clockwise" : "an outer ring runs clockwise", kTurn);
    }
    for (auto i = ring.begin; i < ring.end; ++i) {
        auto const p = m_points[i];
        auto const back = direction(p, m_points[previous(i)]);
        auto const on = direction(p, m_points[next(i)]);
        if (turn(back, on) == 0 && ((back.lon > 0 && on.lon > 0) || (back.lon < 0 && on.lon < 0) ||
                                    (back.lat > 0 && on.lat > 0) || (back.lat < 0 && on.lat < 0))) {
            add(ProblemCode::collapsed_ring, p, "a spike without width", kDraw);
        }
    }
}

void FaceValidator::check_pair(std::uint32_t e, std::uint32_t f) {
    if (next(e) == f || next(f) == e) {
        return; // neighbours in a ring share their vertex; spikes are found vertex by vertex
    }
    auto const meeting = meet(m_points[e], m_points[next(e)], m_points[f], m_points[next(f)]);
    switch (meeting.kind) {
    case Meeting::Kind::apart:
        break;
    case Meeting::Kind::touch: {
        // A vertex belongs to two edges; the touch is noted for the one that starts there.
        auto const ends_there = [&](std::uint32_t edge) { return m_points[next(edge)] == meeting.first; };
        if (!ends_there(e) && !ends_there(f)) {
            m_touches.push_back({meeting.first, e, f});
        }
        break;
    }
    case Meeting::Kind::crossing:
        add(ProblemCode::self_crossing, crossing_point(m_points[e], m_points[next(e)], m_points[f], m_points[next(f)]),
            "two edges cross", kOrder);
        m_verdict.broken = true;
        break;
    case Meeting::Kind::overlap:
        add(ProblemCode::self_crossing, meeting.first, "two edges run over each other", kOrder);
        m_verdict.broken = true;
        break;
    }
}

bool FaceValidator::crosses(Touch const& touch) const {
    auto const way_through = [&](std::uint32_t edge) {
        auto const before = m_points[edge] == touch.at ? previous(edge) : edge;
        auto const after = m_points[next(edge)] == touch.at ? next(next(edge)) : next(edge);
        return std::pair{direction(touch.at, m_points[before]), direction(touch.at, m_points[after])};
    };
    auto const [in, out] = way_through(touch.edge);
    auto const [other_in, other_out] = way_through(touch.other);
    return in_sector(out, other_in, in) != in_sector(out, other_out, in);
}

void FaceValidator::check_touches() {
    for (auto const& touch : m_touches) {
        auto const ring = m_ring_of[touch.edge];
        bool const same_ring = ring == m_ring_of[touch.other];
        auto const at_vertex = [&](std::uint32_t edge) {
            return m_points[edge] == touch.at || m_points[next(edge)] == touch.at;
        };
        // Where two edges run over each other at the point, that is reported itself and the sectors say nothing.
        if (!m_verdict.broken && crosses(touch)) {
            add(ProblemCode::self_crossing, touch.at, "the boundary crosses itself in a vertex", kOrder);
            m_verdict.broken = true;
        } else if (same_ring && at_vertex(touch.edge) && at_vertex(touch.other)) {
            add(ProblemCode::repeated_ring_point, touch.at, "a ring passes this point twice", kCut);
        } else if (same_ring) {
            add(ProblemCode::self_crossing, touch.at, "a vertex lies on another edge of its ring", kOrder);
        }
    }
}

bool FaceValidator::inside(RingSpan const& inner, RingSpan const& outer) const {
    if (inner.winding == 0 || outer.winding == 0) {
        return inner.winding == 0; // collapsed rings are reported as such
    }
    auto const ring_box = [&](RingSpan const& ring) {
        return m_ring_boxes[static_cast<std::size_t>(&ring - m_rings.data())];
    };
    auto const in = ring_box(inner);
    auto const out = ring_box(outer);
    if (!out.contains(in.min) || !out.contains(in.max)) {
        return false;
    }
    std::span<Point const> const ring{m_points.data() + outer.begin, outer.end - outer.begin};
    auto const p = m_points[inner.begin];
    return just_inside(ring, outer.winding, p, direction(p, m_points[inner.begin + 1]));
}

void FaceValidator::check_nesting() {
    auto const wrong = [&](RingSpan const& ring, char const* detail) {
        add(ProblemCode::wrong_nesting, m_points[ring.begin], detail, kNest);
        m_verdict.broken = true;
    };
    // Rings do not cross here, so one position tells for the whole ring. m_rings holds each outer ring, then its holes.
    std::vector<std::size_t> outers;
    for (std::size_t i = 0; i < m_rings.size(); ++i) {
        if (!m_rings[i].hole) {
            outers.push_back(i);
        }
    }
    outers.push_back(m_rings.size());
    for (std::size_t o = 0; o + 1 < outers.size(); ++o) {
        auto const& outer = m_rings[outers[o]];
        for (auto h = outers[o] + 1; h < outers[o + 1]; ++h) {
            if (!inside(m_rings[h], outer)) {
                wrong(m_rings[h], "a hole lies outside its outer ring");
            }
            for (auto k = outers[o] + 1; k < outers[o + 1]; ++k) {
                if (k != h && m_rings[h].winding != 0 && inside(m_rings[h], m_rings[k])) {
                    wrong(m_rings[h], "a hole lies in another hole");
                }
            }
        }
        for (std::size_t q = 0; q + 1 < outers.size(); ++q) {
            if (q == o || outer.winding == 0 || !inside(outer, m_rings[outers[q]])) {
                continue;
            }
            bool in_hole = false;
            for (auto h = outers[q] + 1; h < outers[q + 1]; ++h) {
                in_hole = in_hole || inside(outer, m_rings[h]);
            }
            if (!in_hole) {
                wrong(outer, "a part lies in another part");
            }
        }
    }
}

void FaceValidator::check_connected() {
    std::vector<Incidence> incidences;
    for (auto const& touch : m_touches) {
        auto const a = m_ring_of[touch.edge];
        auto const b = m_ring_of[touch.other];
        if (a != b && m_rings[a].part == m_rings[b].part) {
            incidences.push_back({m_rings[a].part, touch.at, a});
            incidences.push_back({m_rings[b].part, touch.at, b});
        }
    }
    std::sort(incidences.begin(), incidences.end());
    incidences.erase(std::unique(incidences.begin(), incidences.end()), incidences.end());
    // Rings that touch are joined; a touch between rings that hang together already closes off a piece of the interior.
    DisjointSets joined{m_rings.size()};
    for (std::size_t i = 1; i < incidences.size(); ++i) {
        auto const& a = incidences[i - 1];
        auto const& b = incidences[i];
        if (a.part == b.part && a.at == b.at && !joined.unite(a.ring, b.ring)) {
            add(ProblemCode::wrong_nesting, b.at,
                "rings touch so that they cut the area into pieces, which must be parts", kNest);
        }
    }
}

FaceVerdict FaceValidator::check(geom::MultiPolygon const& shape, bool apart) {
    load(shape);
    if (m_rings.empty()) {
        add(ProblemCode::empty_geometry, {}, "has no geometry", "draw its area");
        return std::move(m_verdict);
    }
    for (auto const& ring : m_rings) {
        check_neighbours(ring);
        for (auto i = ring.begin; !apart && i < ring.end && ring.end - ring.begin >= 3; ++i) {
            geom::Envelope box;
            box.extend(m_points[i]);
            box.extend(m_points[next(i)]);
            m_boxes.push_back({box, i});
        }
    }
    for_each_box_pair(m_boxes, [this](std::uint32_t e, std::uint32_t f) { check_pair(e, f); });
    check_touches();
    auto const is_fault = [&](ProblemCode code) {
        return std::any_of(m_verdict.faults.begin(), m_verdict.faults.end(),
                           [&](auto const& f) { return f.code == code; });
    };
    if (is_fault(ProblemCode::repeated_ring_point) || is_fault(ProblemCode::self_crossing)) {
        m_verdict.broken = m_verdict.broken || m_rings.size() > 1; // nesting of such rings is not defined
    } else if (m_rings.size() > 1) {
        check_nesting();
        if (!m_verdict.broken) {
            check_connected();
        }
    }
    std::sort(m_verdict.faults.begin(), m_verdict.faults.end(),
              [](FaceFault const& a, FaceFault const& b) { return a.code < b.code; });
    return std::move(m_verdict);
}

} // namespace wangge::topology
