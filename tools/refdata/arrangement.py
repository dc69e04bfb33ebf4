"""Exact planar arrangement of polygon rings on an integer lattice.

Rings of several owners that almost form a coverage (missing shared vertices, self-touching rings, small overlaps, holes
that were never cut out) become faces; each face gets one owner; the borders between owners are a coverage by construction.
"""
from collections import defaultdict
from fractions import Fraction
from functools import cmp_to_key

OUTSIDE = -1


def cross(o, a, b):
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def area2(ring):
    """Twice the signed area; positive when counter-clockwise."""
    return sum(ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1] for i in range(len(ring)))


def contains(ring, p):
    """Is p inside the ring, half of the boundary counted?"""
    inside = False
    for i in range(len(ring)):
        a, b = ring[i - 1], ring[i]
        if (a[1] > p[1]) != (b[1] > p[1]) and ((cross(a, b, p) > 0) == (b[1] > a[1])):
            inside = not inside
    return inside


def on_segment(p, a, b):
    return (cross(a, b, p) == 0 and min(a[0], b[0]) <= p[0] <= max(a[0], b[0])
            and min(a[1], b[1]) <= p[1] <= max(a[1], b[1]))


def candidate_pairs(segments, cell):
    """Pairs of indices of segments that fall in one cell of a square grid, each pair once."""
    buckets = defaultdict(list)
    for index, (a, b) in enumerate(segments):
        for column in range(min(a[0], b[0]) // cell, max(a[0], b[0]) // cell + 1):
            for row in range(min(a[1], b[1]) // cell, max(a[1], b[1]) // cell + 1):
                buckets[column, row].append(index)
    seen = set()
    for indices in buckets.values():
        for i, first in enumerate(indices):
            for second in indices[:i]:
                if (first, second) not in seen:
                    seen.add((first, second))
                    yield first, second


def meeting_points(s, t):
    """Where two segments meet, as lattice points; a crossing off the lattice is an error, the caller's scale is too small."""
    (a, b), (c, d) = s, t
    points = {p for p in (c, d) if on_segment(p, a, b)} | {p for p in (a, b) if on_segment(p, c, d)}
    side_c, side_d = cross(a, b, c), cross(a, b, d)
    if side_c * side_d < 0 and cross(c, d, a) * cross(c, d, b) < 0:
        x = c[0] + Fraction(side_c * (d[0] - c[0]), side_c - side_d)
        y = c[1] + Fraction(side_c * (d[1] - c[1]), side_c - side_d)
        if x.denominator != 1 or y.denominator != 1:
            raise ValueError(f"segments {s} and {t} cross off the lattice at {x}, {y}; use a finer lattice")
        points.add((int(x), int(y)))
    return points


def around(edges_of):
    """For each vertex its neighbours counter-clockwise by exact angle."""
    ordered = {}
    for v, neighbours in edges_of.items():
        def compare(p, q, v=v):
            half_p = (p[1], p[0]) < (v[1], v[0])
            half_q = (q[1], q[0]) < (v[1], v[0])
            if half_p != half_q:
                return half_p - half_q
            turn = cross(v, p, q)
            return (turn < 0) - (turn > 0)
        ordered[v] = sorted(neighbours, key=cmp_to_key(compare))
    return ordered


def left_cycles(edges_of):
    """Cycles of half-edges with the same face on their left, in a fixed order."""
    following = {}
    for v, ring in around(edges_of).items():
        for i, u in enumerate(ring):
            following[u, v] = (v, ring[i - 1])
    cycles, seen = [], set()
    for start in sorted(following):
        if start not in seen:
            cycle, half = [], start
            while half not in seen:
                seen.add(half)
                cycle.append(half)
                half = following[half]
            cycles.append(cycle)
    return cycles


class Arrangement:
    """Faces of the union of all rings.

    rings: {key: ring}; cuts: extra segments that only split faces.
    After construction: face_of[half-edge] (the face on its left), cover[face] (the keys that cover it), face_area2[face].
    """

    def __init__(self, rings, cuts, cell):
        self._net = self._noded(rings, cuts, cell)
        edges_of = defaultdict(list)
        for a, b in sorted(self._net):
            edges_of[a].append(b)
            edges_of[b].append(a)
        self._faces(edges_of)
        self._nest(edges_of, cell)
        self._wind()

    @staticmethod
    def _noded(rings, cuts, cell):
        uses = defaultdict(list)
        for key, ring in rings.items():
            for i in range(len(ring)):
                uses[ring[i - 1], ring[i]].append((key, 1))
        segments = sorted({(min(a, b), max(a, b)) for a, b in [*uses, *cuts]})
        inserted = [{a, b} for a, b in segments]
        for i, j in candidate_pairs(segments, cell):
            points = meeting_points(segments[i], segments[j])
            inserted[i] |= points
            inserted[j] |= points
        net = defaultdict(lambda: defaultdict(int))
        for (a, b), points in zip(segments, inserted):
            chain = sorted(points)
            for piece in zip(chain, chain[1:]):
                for key, count in uses[a, b]:
                    net[piece][key] += count
                for key, count in uses[b, a]:
                    net[piece][key] -= count
                if (a, b) in cuts or (b, a) in cuts:
                    net[piece]["cut"] = 1
        for piece in list(net):
            kept = {key: count for key, count in net[piece].items() if count}
            if kept:
                net[piece] = kept
            else:
                del net[piece]          # a spike: there and back
        return dict(net)

    def _faces(self, edges_of):
        self.face_of, self.face_area2, self._outer_cycles = {}, [], []
        for cycle in left_cycles(edges_of):
            doubled = area2([a for a, _ in cycle])
            if doubled > 0:
                for half in cycle:
                    self.face_of[half] = len(self.face_area2)
                self.face_area2.append(doubled)
            else:
                self._outer_cycles.append((cycle, doubled))

    def _nest(self, edges_of, cell):
        """Finds the face around each connected component with a ray to the left of its lowest leftmost vertex."""
        component = {}
        for number, (cycle, _) in enumerate(self._outer_cycles):
            stack = [cycle[0][0]]
            while stack:
                v = stack.pop()
                if v not in component:
                    component[v] = number
                    stack += edges_of[v]
        rows = defaultdict(list)
        for a, b in self._net:
            low, high = sorted((a, b), key=lambda p: (p[1], p[0]))
            if low[1] != high[1]:
                for row in range(low[1] // cell, high[1] // cell + 1):
                    rows[row].append((low, high))
        nearest = []        # for each component the half-edge left of it that has the component on its left side
        for number, (cycle, _) in enumerate(self._outer_cycles):
            p = min(a for a, _ in cycle)
            best = None
            for low, high in rows[p[1] // cell]:
                if low[1] <= p[1] < high[1] and component[low] != number:
                    slope = Fraction(high[0] - low[0], high[1] - low[1])
                    at = low[0] + slope * (p[1] - low[1])
                    if at < p[0] and (best is None or (at, slope) > best[0]):
                        best = (at, slope), (high, low)
            nearest.append(best[1] if best else None)
        around_component = []
        for half in nearest:
            while half is not None and half not in self.face_of:
                half = nearest[component[half[0]]]      # the outer side of a component that lies further left
            around_component.append(OUTSIDE if half is None else self.face_of[half])
        for face, (cycle, doubled) in zip(around_component, self._outer_cycles):
            self.face_of.update((half, face) for half in cycle)
            if face != OUTSIDE:
                self.face_area2[face] += doubled

    def _wind(self):
        beside = defaultdict(list)
        for (a, b), net in self._net.items():
            left, right = self.face_of[a, b], self.face_of[b, a]
            beside[right].append((left, net, 1))
            beside[left].append((right, net, -1))
        winding = {OUTSIDE: {}}
        stack = [OUTSIDE]
        while stack:
            face = stack.pop()
            for other, net, sign in beside[face]:
                reached = dict(winding[face])
                for key, count in net.items():
                    if key != "cut":
                        reached[key] = reached.get(key, 0) + sign * count
                reached = {key: count for key, count in reached.items() if count}
                if other not in winding:
                    winding[other] = reached
                    stack.append(other)
                elif winding[other] != reached:
                    raise ValueError(f"winding numbers of face {other} disagree")
        self.cover = [sorted(winding[face]) for face in range(len(self.face_area2))]

    def edges(self):
        return sorted(self._net)


def borders(arrangement, owner):
    """Half-edges (a, b) -> owner on the left, for every edge with different owners on its two sides."""
    left = {}
    for a, b in arrangement.edges():
        first, second = owner[arrangement.face_of[a, b]], owner[arrangement.face_of[b, a]]
        if first != second:
            left[a, b], left[b, a] = first, second
    return left


def arcs(left):
    """Maximal chains of border edges between nodes (vertices where not exactly two edges meet); closed ones repeat the first."""
    edges_of = defaultdict(list)
    for a, b in sorted(left):
        edges_of[a].append(b)
    used, found = set(), []
    for starts in ([v for v in sorted(edges_of) if len(edges_of[v]) != 2], sorted(edges_of)):
        for v in starts:
            for w in edges_of[v]:
                if (v, w) in used:
                    continue
                arc = [v, w]
                while len(edges_of[arc[-1]]) == 2 and arc[-1] != v:
                    p, q = edges_of[arc[-1]]
                    arc.append(q if p == arc[-2] else p)
                for edge in zip(arc, arc[1:]):
                    used.update((edge, edge[::-1]))
                found.append(arc)
    return found


def simplified(all_arcs, tolerance, fewest, cell):
    """Douglas-Peucker for each arc, dropping vertices nearer than `tolerance` to the chord (exact).

    A chord is refused while any other vertex lies in or on the region between it and the chain it replaces; so no two results
    cross, and nothing changes sides (de Berg, van Kreveld, Schirra 1998). Closed arcs of at most `fewest` vertices lose only
    collinear vertices.
    """
    buckets = defaultdict(list)
    for p in {p for arc in all_arcs for p in arc}:
        buckets[p[0] // cell, p[1] // cell].append(p)
    limit = Fraction(tolerance)

    def region_is_empty(chain):
        own = set(chain)
        xs, ys = [p[0] for p in chain], [p[1] for p in chain]
        x0, x1, y0, y1 = min(xs), max(xs), min(ys), max(ys)
        for column in range(x0 // cell, x1 // cell + 1):
            for row in range(y0 // cell, y1 // cell + 1):
                for p in buckets.get((column, row), ()):
                    if x0 <= p[0] <= x1 and y0 <= p[1] <= y1 and p not in own:
                        if contains(chain, p) or any(on_segment(p, chain[i - 1], chain[i]) for i in range(len(chain))):
                            return False
        return True

    def distance2(p, a, b):
        dx, dy = b[0] - a[0], b[1] - a[1]
        length2 = dx * dx + dy * dy
        along = (p[0] - a[0]) * dx + (p[1] - a[1]) * dy
        if length2 == 0 or along <= 0:
            return Fraction((p[0] - a[0]) ** 2 + (p[1] - a[1]) ** 2)
        if along >= length2:
            return Fraction((p[0] - b[0]) ** 2 + (p[1] - b[1]) ** 2)
        return Fraction(cross(a, b, p) ** 2, length2)

    def reduce(arc, keep, limit2):
        stack = list(zip(keep, keep[1:]))
        kept = set(keep)
        while stack:
            i, j = stack.pop()
            if j - i < 2:
                continue
            worst, at = max((distance2(arc[k], arc[i], arc[j]), -k) for k in range(i + 1, j))
            if arc[i] == arc[j] or worst >= limit2 or (worst and not region_is_empty(arc[i:j + 1])):
                kept.add(-at)
                stack += [(i, -at), (-at, j)]
        return [arc[k] for k in sorted(kept)]

    collinear = Fraction(1, 10 ** 12)
    results = []
    for arc in all_arcs:
        keep = [0, len(arc) - 1]
        if arc[0] == arc[-1]:
            far = max(range(len(arc)), key=lambda k: ((arc[k][0] - arc[0][0]) ** 2 + (arc[k][1] - arc[0][1]) ** 2, -k))
            keep.insert(1, far)
            result = reduce(arc, keep, collinear if len(arc) - 1 <= fewest else limit * limit)
            if len(result) < 4:
                result = reduce(arc, keep, collinear)
        else:
            result = reduce(arc, keep, limit * limit)
        results.append(result)
    uses = defaultdict(list)
    for number, arc in enumerate(results):
        for a, b in zip(arc, arc[1:]):
            uses[min(a, b), max(a, b)].append(number)
    for number in sorted({n for numbers in uses.values() if len(numbers) > 1 for n in numbers}):
        results[number] = reduce(all_arcs[number], [0, len(all_arcs[number]) - 1], collinear)
    return results


def simple_rings(cycle):
    """Splits a closed vertex chain that visits vertices more than once into rings that do not."""
    rings, path, position = [], [], {}
    for v in cycle:
        if v in position:
            start = position[v]
            rings.append(path[start:])
            for w in path[start + 1:]:
                del position[w]
            del path[start + 1:]
        else:
            position[v] = len(path)
            path.append(v)
    rings.append(path)
    return rings


def polygons(half_edges):
    """Valid polygons [[outer, hole...], ...] from one owner's half-edges with the interior on the left.

    Outer rings counter-clockwise, holes clockwise, each from its smallest vertex. Lobes that meet in a point become parts.
    """
    outgoing, incoming = defaultdict(list), defaultdict(list)
    for a, b in half_edges:
        outgoing[a].append(b)
        incoming[b].append(a)
    following = {}
    for v, ring in around({v: outgoing[v] + incoming[v] for v in outgoing}).items():
        targets = set(outgoing[v])
        for i, u in enumerate(ring):
            if u in incoming[v]:
                if ring[i - 1] not in targets:
                    raise ValueError(f"border edges do not alternate at {v}")
                following[u, v] = (v, ring[i - 1])
    parts, loose, seen = [], [], set()
    for start in sorted(following):
        if start in seen:
            continue
        cycle, half = [], start
        while half not in seen:
            seen.add(half)
            cycle.append(half[0])
            half = following[half]
        rings = simple_rings(cycle)
        outers = [r for r in rings if area2(r) > 0]
        holes = [r for r in rings if area2(r) < 0]
        if len(outers) + len(holes) != len(rings) or len(outers) > 1:
            raise ValueError(f"ring at {cycle[0]} has a part without area, or two outer rings")
        if outers:
            parts.append([outers[0], *holes])
        else:
            loose += holes
    for hole in loose:
        around_hole = [part for part in parts if contains(part[0], min(hole))]
        min(around_hole, key=lambda part: area2(part[0])).append(hole)

    def from_smallest(ring):
        at = ring.index(min(ring))
        return ring[at:] + ring[:at]

    ordered = []
    for part in parts:
        outer, *holes = map(from_smallest, part)
        ordered.append([outer, *sorted(holes)])
    return sorted(ordered, key=lambda part: (-area2(part[0]), part[0][0]))
