#include "repair_cells.hpp"

#include "box_pairs.hpp"
#include "disjoint_sets.hpp"
#include "face_validity.hpp"

#include <wangge/geom/measure.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <unordered_map>

namespace wangge::topology {

namespace {

constexpr auto kNone = std::numeric_limits<std::uint32_t>::max();
/// So many vertices of a stretch are tried as the place of its cut, from the middle outward.
constexpr std::size_t kTries = 12;
/// So often cuts are given up again because of what a cell alone would make of a face.
constexpr int kMostRounds = 8;

/// A face's boundary at one of its vertices.
struct Passage {
    std::uint32_t face = 0;
    Point before;
    Point after;
};

/// All that goes through one point, before the repair and after it.
struct Place {
    std::uint32_t number = 0;
    std::vector<Passage> original;
    std::vector<Passage> planned;
};

/// Where one face is cut, and the numbers of its changes that come there and go from there.
struct Marker {
    Passage original; ///< at its own vertex `own`
    Passage planned;  ///< at the cut
    Point own;
    std::uint32_t removed_in = kNone, added_in = kNone, removed_out = kNone, added_out = kNone;
};

struct Cut {
    Point at;
    std::vector<Marker> markers; ///< of the faces that change there or could
};

struct Change {
    std::size_t group = 0;
    std::uint32_t face = 0;
    DirectedEdge edge;
    bool added = false;
    std::uint32_t from = 0, to = 0; ///< numbers of its points
    std::uint32_t along = 0;        ///< the first change of that edge, either way and of any face
};

class Cutter {
public:
    Cutter(RepairWork const& work, std::span<FaceEdits const> groups, std::unordered_set<std::uint32_t> const& whole)
        : m_work(work), m_groups(groups), m_whole(whole) {}

    std::vector<RepairCell> run() {
        collect_changes();
        collect_places();
        choose_cuts();
        number_changes();
        auto result = cells();
        for (int round = 0; round < kMostRounds && give_up_cuts(result); ++round) {
            result = cells();
        }
        return result;
    }

private:
    struct EdgeKey {
        std::uint32_t face;
        DirectedEdge edge;
        bool operator==(EdgeKey const&) const = default;
    };
    struct EdgeHash {
        std::size_t operator()(EdgeKey const& key) const noexcept {
            auto const from = std::hash<Point>{}(key.edge.from);
            return (from * 31 + std::hash<Point>{}(key.edge.to)) * 31 + key.face;
        }
    };

    void collect_changes() {
        for (std::size_t g = 0; g < m_groups.size(); ++g) {
            for (auto const& [f, edit] : m_groups[g]) {
                for (bool const added : {false, true}) {
                    for (auto const& e : added ? edit.added : edit.removed) {
                        m_changes.push_back({g, f, e, added, 0, 0, 0});
                        m_places.try_emplace(e.from);
                        m_places.try_emplace(e.to);
                        m_box.extend(e.from);
                        m_box.extend(e.to);
                    }
                }
            }
        }
    }

    /// So that cells can be put together again and again.
    void number_changes() {
        std::uint32_t points = 0;
        for (auto& [at, place] : m_places) {
            place.number = points++;
        }
        std::unordered_map<EdgeKey, std::uint32_t, EdgeHash> first_along;
        std::unordered_map<EdgeKey, std::uint32_t, EdgeHash> number;
        for (std::uint32_t k = 0; k < m_changes.size(); ++k) {
            auto& c = m_changes[k];
            c.from = m_places.at(c.edge.from).number;
            c.to = m_places.at(c.edge.to).number;
            auto const low = std::min(c.edge.from, c.edge.to);
            auto const high = std::max(c.edge.from, c.edge.to);
            c.along = first_along.try_emplace(EdgeKey{0, {low, high}}, k).first->second;
            number.emplace(EdgeKey{c.face, c.edge}, k);
        }
        auto const change = [&](std::uint32_t f, Point from, Point to) {
            auto const found = number.find({f, {from, to}});
            return found == number.end() ? kNone : found->second;
        };
        for (auto& cut : m_cuts) {
            for (auto& marker : cut.markers) {
                auto const f = marker.planned.face;
                marker.removed_in = change(f, marker.original.before, marker.own);
                marker.added_in = change(f, marker.planned.before, cut.at);
                marker.removed_out = change(f, marker.own, marker.original.after);
                marker.added_out = change(f, cut.at, marker.planned.after);
            }
        }
    }

    void collect_places() {
        auto const pass = [&](geom::MultiPolygon const& shape, std::uint32_t f, std::vector<Passage> Place::*when) {
            geom::for_each_ring(shape, [&](geom::Ring const& ring) {
                for (std::size_t k = 0; k < ring.size(); ++k) {
                    if (auto const found = m_places.find(ring[k]); found != m_places.end()) {
                        (found->second.*when)
                            .push_back(
                                {f, ring[k == 0 ? ring.size() - 1 : k - 1], ring[k + 1 == ring.size() ? 0 : k + 1]});
                    }
                }
            });
        };
        for (std::uint32_t f = 1; f < m_work.face_count(); ++f) {
            if (geom::envelope_of(m_work.original(f)).intersects(m_box)) {
                m_near.push_back(f);
                pass(m_work.original(f), f, &Place::original);
                pass(m_work.shape(f), f, &Place::planned);
            }
        }
    }

    [[nodiscard]] static Passage const* passage_of(std::vector<Passage> const& list, std::uint32_t f) {
        auto const found = std::ranges::find(list, f, &Passage::face);
        return found == list.end() ? nullptr : &*found;
    }
    [[nodiscard]] static bool once_each(std::vector<Passage> const& list) { // by face, as collected
        return std::ranges::adjacent_find(list, {}, &Passage::face) == list.end();
    }

    /// A vertex of the boundary to be between two faces, or of one: every boundary there goes the same way.
    [[nodiscard]] bool can_be_cut(Place const& place) const {
        if (place.planned.empty() || place.planned.size() > 2 || !once_each(place.planned) ||
            !once_each(place.original)) {
            return false;
        }
        auto const& first = place.planned.front();
        for (auto const& p : place.planned) {
            bool const same_way = p.before == first.before && p.after == first.after;
            bool const other_way = p.before == first.after && p.after == first.before;
            if ((!same_way && !other_way) || m_whole.contains(p.face)) {
                return false;
            }
        }
        return std::ranges::all_of(place.original,
                                   [&](Passage const& p) { return passage_of(place.planned, p.face) != nullptr; });
    }

    /// The vertex that `face` itself has near `at`, and gives up.
    [[nodiscard]] std::optional<Point> own_vertex(std::uint32_t face, Point at) const {
        std::optional<Point> nearest;
        double least = m_work.options().tolerance_m;
        geom::for_each_ring(m_work.original(face), [&](geom::Ring const& ring) {
            for (auto const p : ring) {
                auto const distance = geom::distance_m(p, at);
                if (distance < least || (distance == least && (!nearest || p < *nearest))) {
                    least = distance;
                    nearest = p;
                }
            }
        });
        return nearest;
    }

    [[nodiscard]] std::optional<Cut> cut_at(Point at) const {
        auto const& place = m_places.at(at);
        Cut cut{at, {}};
        for (auto const& planned : place.planned) {
            if (auto const* const original = passage_of(place.original, planned.face)) {
                cut.markers.push_back({*original, planned, at});
                continue;
            }
            auto const own = own_vertex(planned.face, at);
            auto const there = own ? m_places.find(*own) : m_places.end();
            if (there == m_places.end() || !there->second.planned.empty() || !once_each(there->second.original) ||
                m_taken.contains(*own)) {
                return std::nullopt;
            }
            auto const* const original = passage_of(there->second.original, planned.face);
            if (original == nullptr) {
                return std::nullopt;
            }
            cut.markers.push_back({*original, planned, *own});
        }
        for (auto const& marker : cut.markers) { // whoever has that vertex is cut here too
            if (marker.own == at) {
                continue;
            }
            for (auto const& user : m_places.at(marker.own).original) {
                if (std::ranges::none_of(cut.markers, [&](Marker const& other) {
                        return other.planned.face == user.face && other.own == marker.own;
                    })) {
                    return std::nullopt;
                }
            }
        }
        return cut;
    }

    /// Vertices that can be cut, put together where the boundary goes from one to the next; rings are left out.
    [[nodiscard]] std::vector<std::vector<Point>> stretches() const {
        std::vector<Point> candidates;
        for (auto const& [at, place] : m_places) {
            if (can_be_cut(place)) {
                candidates.push_back(at);
            }
        }
        std::sort(candidates.begin(), candidates.end());
        std::unordered_set<Point> const can(candidates.begin(), candidates.end());
        std::unordered_set<Point> seen;
        std::vector<std::vector<Point>> result;
        for (auto const start : candidates) {
            auto const& passage = m_places.at(start).planned.front();
            bool const end = !can.contains(passage.before) || !can.contains(passage.after);
            if (!end || seen.contains(start)) {
                continue;
            }
            auto& stretch = result.emplace_back();
            for (std::optional<Point> at = start; at;) {
                seen.insert(*at);
                stretch.push_back(*at);
                auto const& here = m_places.at(*at).planned.front();
                at.reset();
                for (auto const next : {here.before, here.after}) {
                    if (can.contains(next) && !seen.contains(next)) {
                        at = next;
                    }
                }
            }
        }
        return result;
    }

    void choose_cuts() {
        struct Open {
            std::vector<Point> order; ///< from the middle outward
            std::size_t next = 0;
        };
        std::vector<Open> open;
        for (auto const& stretch : stretches()) {
            Open& o = open.emplace_back();
            auto const middle = stretch.size() / 2;
            for (std::size_t k = 0; k < stretch.size() && o.order.size() < kTries; ++k) {
                auto const step = (k + 1) / 2;
                if (k % 2 == 0 ? middle + step < stretch.size() : step <= middle) {
                    o.order.push_back(stretch[k % 2 == 0 ? middle + step : middle - step]);
                }
            }
        }
        while (!open.empty()) {
            std::vector<Cut> tried;
            std::vector<std::size_t> of;
            for (std::size_t k = 0; k < open.size(); ++k) {
                for (auto& o = open[k]; o.next < o.order.size();) {
                    if (auto cut = cut_at(o.order[o.next++])) {
                        for (auto const& marker : cut->markers) {
                            m_taken.insert(marker.own);
                        }
                        tried.push_back(std::move(*cut));
                        of.push_back(k);
                        break;
                    }
                }
            }
            auto const bad = with_edges_across(tried);
            std::vector<Open> left;
            for (std::size_t k = 0; k < tried.size(); ++k) {
                if (bad[k] == 0) {
                    m_cuts.push_back(std::move(tried[k]));
                    continue;
                }
                for (auto const& marker : tried[k].markers) {
                    m_taken.erase(marker.own);
                }
                left.push_back(std::move(open[of[k]]));
            }
            open = std::move(left);
        }
    }

    /// Which of the cuts have an edge from a face's vertex to the cut that meets another edge.
    [[nodiscard]] std::vector<char> with_edges_across(std::vector<Cut> const& cuts) const {
        std::vector<char> bad(cuts.size(), 0);
        std::vector<std::pair<DirectedEdge, std::size_t>> across;
        for (std::size_t k = 0; k < cuts.size(); ++k) {
            for (auto const& marker : cuts[k].markers) {
                if (marker.own != cuts[k].at) {
                    across.push_back({{marker.own, cuts[k].at}, k});
                }
            }
        }
        if (across.empty()) {
            return bad;
        }
        std::vector<DirectedEdge> edges;
        std::vector<Boxed> boxes;
        for (std::size_t k = 0; k < across.size(); ++k) {
            auto const& e = across[k].first;
            boxes.push_back({geom::envelope_of(e.from, e.to), static_cast<std::uint32_t>(k)});
        }
        auto const add = [&](Point a, Point b) { edges.push_back({std::min(a, b), std::max(a, b)}); };
        for (auto const f : m_near) {
            geom::for_each_edge(m_work.original(f), add);
            if (m_work.changed(f)) {
                geom::for_each_edge(m_work.shape(f), add);
            }
        }
        std::sort(edges.begin(), edges.end());
        edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
        for (std::size_t k = 0; k < edges.size(); ++k) {
            boxes.push_back(
                {geom::envelope_of(edges[k].from, edges[k].to), static_cast<std::uint32_t>(across.size() + k)});
        }
        for_each_box_pair(std::move(boxes), [&](std::uint32_t i, std::uint32_t j) {
            auto const low = std::min(i, j);
            auto const high = std::max(i, j);
            if (low >= across.size()) {
                return;
            }
            auto const& e = across[low].first;
            auto const& other = high < across.size() ? across[high].first : edges[high - across.size()];
            auto const meeting = meet(e.from, e.to, other.from, other.to);
            if (meeting.kind == Meeting::Kind::apart ||
                (meeting.kind == Meeting::Kind::touch && (meeting.first == e.from || meeting.first == e.to) &&
                 (meeting.first == other.from || meeting.first == other.to))) {
                return;
            }
            if (e == other || (e.from == other.to && e.to == other.from)) {
                return;
            }
            bad[across[low].second] = 1;
            if (high < across.size()) {
                bad[across[high].second] = 1;
            }
        });
        return bad;
    }

    /// Gives up the cuts round each part that is not valid without the others. False when there is none.
    [[nodiscard]] bool give_up_cuts(std::vector<RepairCell> const& cells) {
        std::unordered_set<Point> given_up;
        FaceValidator validator;
        for (auto const& cell : cells) {
            for (auto const& [f, edit] : cell.faces) {
                if (!m_seen.insert({f, edit.added}).second) {
                    continue; // as in the round before
                }
                auto const alone = edited(m_work.original(f), edit);
                if (alone && !alone->empty() && validator.check(*alone).faults.empty()) {
                    continue;
                }
                std::unordered_set<Point> points;
                for (auto const* const list : {&edit.removed, &edit.added}) {
                    for (auto const& e : *list) {
                        points.insert(e.from);
                        points.insert(e.to);
                    }
                }
                for (auto const& cut : m_cuts) {
                    if (points.contains(cut.at)) {
                        given_up.insert(cut.at);
                    }
                }
            }
        }
        return std::erase_if(m_cuts, [&](Cut const& cut) { return given_up.contains(cut.at); }) > 0;
    }

    std::vector<RepairCell> cells() {
        DisjointSets sets{m_changes.size()};
        auto const unite = [&](std::uint32_t a, std::uint32_t b) {
            if (a != kNone && b != kNone) {
                sets.unite(a, b);
            }
        };
        constexpr auto kCut = kNone - 1;
        std::vector<std::uint32_t> first_at(m_places.size(), kNone); // change, by point
        for (auto const& cut : m_cuts) {
            first_at[m_places.at(cut.at).number] = kCut;
            for (auto const& marker : cut.markers) {
                first_at[m_places.at(marker.own).number] = kCut;
            }
        }
        std::unordered_map<std::uint32_t, std::uint32_t> first_of_whole;
        for (std::uint32_t k = 0; k < m_changes.size(); ++k) {
            auto const& c = m_changes[k];
            for (auto const p : {c.from, c.to}) {
                if (first_at[p] == kNone) {
                    first_at[p] = k;
                }
                if (first_at[p] != kCut) {
                    unite(k, first_at[p]);
                }
            }
            unite(k, c.along);
            if (m_whole.contains(c.face)) {
                unite(k, first_of_whole.try_emplace(c.face, k).first->second);
            }
        }
        for (auto const& [from, to] : m_work.moves) {
            auto const a = m_places.find(from);
            auto const b = m_places.find(to);
            if (a != m_places.end() && b != m_places.end() && first_at[a->second.number] != kCut &&
                first_at[b->second.number] != kCut) {
                unite(first_at[a->second.number], first_at[b->second.number]);
            }
        }
        for (auto const& cut : m_cuts) {
            for (auto const& marker : cut.markers) {
                unite(marker.removed_in, marker.added_in);
                unite(marker.removed_out, marker.added_out);
            }
        }
        std::vector<std::size_t> place_of(m_changes.size(), 0); // among the cells, by the first change of a set
        std::vector<RepairCell> result;
        for (std::uint32_t k = 0; k < m_changes.size(); ++k) { // by group
            if (sets.find(k) == k) {
                place_of[k] = result.size();
                result.push_back({m_changes[k].group, {}});
            }
        }
        auto const edit = [&](std::uint32_t k) -> FaceEdit& {
            return result[place_of[sets.find(k)]].faces[m_changes[k].face];
        };
        for (std::uint32_t k = 0; k < m_changes.size(); ++k) {
            (m_changes[k].added ? edit(k).added : edit(k).removed).push_back(m_changes[k].edge);
        }
        for (auto const& cut : m_cuts) {
            for (auto const& marker : cut.markers) {
                if (marker.own != cut.at && sets.find(marker.added_in) != sets.find(marker.added_out)) {
                    edit(marker.added_in).added.push_back({cut.at, marker.own});
                    edit(marker.added_out).added.push_back({marker.own, cut.at});
                }
            }
        }
        return result;
    }

    RepairWork const& m_work;
    std::span<FaceEdits const> m_groups;
    std::unordered_set<std::uint32_t> const& m_whole;
    std::vector<Change> m_changes;
    std::unordered_map<Point, Place> m_places;
    geom::Envelope m_box;
    std::vector<std::uint32_t> m_near;                                    ///< faces that may meet the changes
    std::unordered_set<Point> m_taken;                                    ///< vertices of cuts
    std::set<std::pair<std::uint32_t, std::vector<DirectedEdge>>> m_seen; ///< parts of faces that were looked at
    std::vector<Cut> m_cuts;
};

} // namespace

std::vector<RepairCell> cut_into_cells(RepairWork const& work, std::span<FaceEdits const> groups,
                                       std::unordered_set<std::uint32_t> const& whole) {
    return Cutter{work, groups, whole}.run();
}

} // namespace wangge::topology
