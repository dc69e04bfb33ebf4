#!/usr/bin/env python3
"""Tests of the derivation of the reference data; expected values by hand.  python3 tools/refdata/test_refdata.py"""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import arrangement  # noqa: E402
import check  # noqa: E402
import derive  # noqa: E402
import gcj02  # noqa: E402


def square(x, y, size):
    return [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]


def derived(rings):
    """Doubled area of each owner after derivation without simplifying; rings: {owner: ring}."""
    rings = {(name, 0): ring for name, ring in rings.items()}
    faces = arrangement.Arrangement(rings, set(), 8)
    owner, _, gaps = derive.owners(faces, rings)
    left = arrangement.borders(faces, owner)
    shapes = {name: arrangement.polygons([half for half, side in left.items() if side == name]) for name, _ in rings}
    return shapes, gaps


class Gcj02(unittest.TestCase):
    def test_the_shift_agrees_with_published_pairs(self):
        # Pairs published with the eviltransform project, (lat, lon) WGS-84 and GCJ-02.
        for lat, lon, gcj_lat, gcj_lon in ((31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
                                           (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
                                           (39.911954, 116.377817, 39.91334545536069, 116.38404722455657)):
            x, y = gcj02.to_gcj02(lon, lat)
            self.assertAlmostEqual(x, gcj_lon, delta=3e-7)
            self.assertAlmostEqual(y, gcj_lat, delta=3e-7)

    def test_the_inverse_returns_within_a_tenth_of_a_millimetre(self):
        for lon in range(109, 118):
            for lat in range(20, 26):
                x, y = gcj02.from_gcj02(*gcj02.to_gcj02(lon + 0.123, lat + 0.456))
                self.assertLess(max(abs(x - lon - 0.123), abs(y - lat - 0.456)), 1e-9)


class Coverage(unittest.TestCase):
    def test_a_vertex_on_the_neighbours_edge_is_shared(self):
        shapes, _ = derived({"a": square(0, 0, 4), "b": [(4, 1), (8, 1), (8, 3), (4, 3)]})
        self.assertEqual(shapes["a"], [[[(0, 0), (4, 0), (4, 1), (4, 3), (4, 4), (0, 4)]]])

    def test_a_ring_inside_another_cuts_a_hole(self):
        shapes, _ = derived({"a": square(0, 0, 6), "b": square(2, 2, 2)})
        self.assertEqual(shapes["a"], [[[(0, 0), (6, 0), (6, 6), (0, 6)], [(2, 2), (2, 4), (4, 4), (4, 2)]]])
        self.assertEqual(shapes["b"], [[square(2, 2, 2)]])

    def test_lobes_that_meet_in_a_point_become_parts(self):
        shapes, _ = derived({"a": [(0, 0), (2, 0), (2, 2), (4, 2), (4, 4), (2, 4), (2, 2), (0, 2)]})
        self.assertEqual(shapes["a"], [[square(0, 0, 2)], [square(2, 2, 2)]])

    def test_a_hole_that_touches_its_outer_ring_stays_a_hole(self):
        ring = [(0, 0), (6, 0), (6, 6), (0, 6), (0, 0), (2, 4), (4, 4), (4, 2)]
        shapes, gaps = derived({"a": ring})
        self.assertEqual(len(gaps), 1)
        shapes, _ = derived({"a": ring, "b": [(0, 0), (4, 2), (4, 4), (2, 4)]})
        self.assertEqual(shapes["a"], [[square(0, 0, 6), [(0, 0), (2, 4), (4, 4), (4, 2)]]])

    def test_a_spike_is_removed(self):
        shapes, _ = derived({"a": [(0, 0), (4, 0), (4, 2), (7, 2), (4, 2), (4, 4), (0, 4)]})
        self.assertEqual(arrangement.area2(shapes["a"][0][0]), 32)
        self.assertNotIn((7, 2), shapes["a"][0][0])

    def test_a_crossing_off_the_lattice_is_refused(self):
        with self.assertRaises(ValueError):
            derived({"a": [(0, 0), (3, 1), (0, 1)], "b": [(1, 0), (2, 1), (1, 1)]})

    def test_a_chord_that_would_swallow_an_island_is_refused(self):
        coast, island = [(0, 0), (4, 3), (8, 0)], [(4, 1), (5, 1), (4, 2), (4, 1)]
        alone = arrangement.simplified([coast], 5, 4, 8)
        both = arrangement.simplified([coast, island], 5, 4, 8)
        self.assertEqual(alone, [[(0, 0), (8, 0)]])
        self.assertEqual(both, [coast, island])


class Check(unittest.TestCase):
    def problems(self, *rings):
        return list(check.coverage_problems({str(i): [[ring]] for i, ring in enumerate(rings)}))

    def test_two_squares_with_a_common_edge_are_clean(self):
        self.assertEqual(self.problems(square(0, 0, 4), square(4, 0, 4)), [])

    def test_each_defect_is_seen(self):
        around = [[(0, 0), (6, 0), (4, 2), (2, 2)], [(6, 0), (6, 6), (4, 4), (4, 2)], [(6, 6), (0, 6), (2, 4), (4, 4)],
                  [(0, 6), (0, 0), (2, 2), (2, 4)]]
        for name, rings in {"overlap by crossing": (square(0, 0, 4), square(3, 1, 4)),
                            "nested": (square(0, 0, 8), square(2, 2, 2)),
                            "twice": (square(0, 0, 4), square(0, 0, 4)),
                            "missing shared vertex": (square(0, 0, 4), square(4, 1, 4)),
                            "enclosed gap": around}.items():
            with self.subTest(name):
                self.assertTrue(self.problems(*rings))
        self.assertEqual(self.problems(*around, square(2, 2, 2)), [])


if __name__ == "__main__":
    unittest.main()
