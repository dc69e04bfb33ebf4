"""Tests the judge: the error model, what it says a text determines, and the counting of right and wrong answers.

usage: error_model_test.py --wangge PROGRAM      (which makes a small province and does nothing else)
"""
import argparse
import csv
import functools
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import chinese_writing as writing  # noqa: E402
import consistent  # noqa: E402
import error_model  # noqa: E402
import evaluate  # noqa: E402
import province_points  # noqa: E402
import real_addresses  # noqa: E402

WANGGE = None


class Judge(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        subprocess.run([WANGGE, "synth", "--out", str(cls.folder / "synth"), "--scale", "city:4453"], check=True, capture_output=True)
        cls.points = province_points.load(cls.folder / "synth", cls.folder / "cache")
        cls.province = consistent.Province(cls.points)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_two_ways_to_find_the_grid_of_a_point_agree(self):
        import sqlite3
        with sqlite3.connect(self.folder / "synth/boundaries.gpkg") as db:
            rings = {code: province_points.rings_of(blob) for code, blob in db.execute("SELECT 网格编码, geom FROM grids")}
        boxes = {code: (min(x for r in its for x, _ in r), max(x for r in its for x, _ in r), min(y for r in its for _, y in r),
                        max(y for r in its for _, y in r)) for code, its in rings.items()}
        with open(self.folder / "synth/addresses.csv", encoding="utf-8-sig", newline="") as file:
            for i, row in enumerate(csv.DictReader(file)):
                if i % 97 == 0:
                    x, y = province_points.e7(row["经度"]), province_points.e7(row["纬度"])
                    owners = [code for code, (x0, x1, y0, y1) in boxes.items()
                              if x0 <= x <= x1 and y0 <= y <= y1 and province_points.owns(rings[code], x, y)]
                    self.assertEqual(owners, [self.points.grids[self.points.grid[i]]], row["标准地址"])

    def test_a_position_on_an_edge_or_corner_has_one_owner(self):
        west = [[(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]]
        east = [[(10, 0), (20, 0), (20, 10), (10, 10), (10, 0)]]
        north = [[(0, 10), (20, 10), (20, 20), (0, 20), (0, 10)]]
        for position, owner in (((10, 5), 1), ((10, 0), 1), ((10, 10), 2), ((5, 10), 2), ((5, 0), 0)):
            self.assertEqual([province_points.owns(r, *position) for r in (west, east, north)], [k == owner for k in range(3)], position)
        for a, b in (((0, 0), (10, 10)), ((0, 10), (10, 0))):  # of two halves of a square the one north of the diagonal
            corner_north, corner_south = ((0, 10), (10, 0)) if a == (0, 0) else ((10, 10), (0, 0))
            self.assertTrue(province_points.owns([[a, b, corner_north, a]], 5, 5))
            self.assertFalse(province_points.owns([[a, b, corner_south, a]], 5, 5))

    def test_names_are_shortened_as_people_do(self):
        self.assertEqual(consistent.village_forms("潮州市潮安区登塘镇田东社区居民委员会", "登塘镇"), ("田东社区居民委员会", "田东社区", "田东"))
        self.assertEqual(consistent.village_forms("五响居委会", "城南街道"), ("五响居委会", "五响", "五响"))
        self.assertEqual(consistent.village_forms("北联村民委员会", "良井镇"), ("北联村民委员会", "北联村", "北联"))
        self.assertEqual(consistent.town_forms("端州区城西街道", "端州区"), ("城西街道", "城西"))
        self.assertEqual(consistent.without("连山壮族瑶族自治县", consistent.COUNTY_ENDINGS), "连山")
        self.assertEqual(consistent.without("城区", consistent.COUNTY_ENDINGS), "城区")

    def test_neighbours_are_all_names_within_one_edit(self):
        names = ["建设路", "建设东路", "建社路", "设建路", "建路", "人民路"]
        self.assertEqual(consistent.Neighbours(names).of("建设路"), {"建设路", "建设东路", "建社路", "设建路", "建路"})

    def test_numerals(self):
        self.assertEqual([writing.numeral(n) for n in (3, 10, 12, 20, 23, 105, 110, 2020)],
                         ["三", "十", "十二", "二十", "二十三", "一百零五", "一百一十", "二千零二十"])

    @classmethod
    @functools.lru_cache(maxsize=None)
    def rows(cls, preset, count=400, seed=5):
        return list(error_model.rows(cls.province, count, seed, preset))

    def test_the_same_seed_gives_the_same_rows_and_another_gives_others(self):
        self.assertEqual(self.rows("hard"), list(error_model.rows(self.province, 400, 5, "hard")))
        self.assertNotEqual(self.rows("hard"), self.rows("hard", seed=6))

    def test_without_corruption_the_text_is_the_standard_address(self):
        for row in self.rows("standard"):
            self.assertEqual(row["text"], row["standard"])
            self.assertEqual(row["determined"], "yes")

    def test_what_agrees_word_for_word_is_never_missing(self):
        """A scan over all points, for rows that only lost components."""
        get, columns = self.points.get, {"hamlet": "estate", "village": "village_code"}
        checked = several = 0
        by_text = {}
        for i, text in enumerate(self.points.text):
            by_text.setdefault(text, i)
        for row in self.rows("hard", 1500):
            if any(not c.startswith(("drop_", "noise_", "form_", "numeral_", "traditional", "full_width", "separators", "swap_"))
                   for c in row["corruptions"].split()):
                continue
            point = by_text[row["standard"]]
            kept = [columns.get(kind, kind) for kind in row["kept"].split() if kind != "province"]
            values = [(self.points.value[c], self.points.value[c][point]) for c in kept]
            found = {self.points.grids[self.points.grid[i]] for i in range(len(self.points)) if all(v[i] == x for v, x in values)}
            self.assertLessEqual(found, set(row["candidates"].split()), row["text"])
            doors = [v for c, v in zip(kept, values) if c in ("road", "number", "building", "unit", "room")]
            with_doors = {self.points.grids[self.points.grid[i]] for i in range(len(self.points)) if all(v[i] == x for v, x in doors)}
            self.assertLessEqual(set(row["candidates"].split()), with_doors, row["text"])
            self.assertNotEqual(row["determined"], "misleading", row["text"])
            checked += 1
            several += len(found) > 1
        self.assertGreater(checked, 100)
        self.assertGreater(several, 5)

    def test_the_true_grid_is_consistent_unless_the_text_misleads(self):
        seen = set()
        for row in self.rows("hard", 6000):
            codes = row["candidates"].split()
            self.assertEqual(row["true_grid"] in codes or row["grids"] > len(codes), row["determined"] != "misleading", row["text"])
            self.assertEqual(row["determined"] == "yes", row["grids"] == 1 and codes == [row["true_grid"]])
            seen.add(row["determined"])
        self.assertEqual(seen, {"yes", "no", "misleading"})

    def test_a_wrong_road_or_county_is_another_one(self):
        seen = set()
        point_of = {text: i for i, text in enumerate(self.points.text)}
        for row in self.rows("hard", 6000):
            for what, kind in (("wrong_road", "road"), ("wrong_county", "county")):
                if what in row["corruptions"] and "traditional" not in row["corruptions"] and "noise_prefix" not in row["corruptions"]:
                    self.assertNotIn(self.points.get(kind, point_of[row["standard"]]), row["text"])
                    seen.add(what)
        self.assertEqual(seen, {"wrong_road", "wrong_county"})

    def test_absent_houses_are_a_tenth_and_nowhere_among_the_present_ones(self):
        absent = [i for i in range(len(self.points)) if self.points.is_absent(i)]
        self.assertTrue(0.08 < len(absent) / len(self.points) < 0.12)
        present = self.points.only([i for i in range(len(self.points)) if not self.points.is_absent(i)])
        self.assertEqual(len(present) + len(absent), len(self.points))
        doors = ("village_code", "road", "number")
        self.assertFalse({tuple(self.points.get(d, i) for d in doors) for i in absent}
                         & {tuple(present.get(d, i) for d in doors) for i in range(len(present))})
        k = present.text.index(next(t for t in present.text if self.points.text.count(t) == 1))
        i = self.points.text.index(present.text[k])
        self.assertEqual(present.grids[present.grid[k]], self.points.grids[self.points.grid[i]])

    def test_every_corruption_of_the_model_happens(self):
        done = {c for row in self.rows("hard", 6000) for c in row["corruptions"].split()}
        for name in error_model.RATES:
            self.assertTrue(name in done or any(c.startswith(name + "_") for c in done), f"{name} never happened")


class Counting(unittest.TestCase):
    def evaluation(self):
        rows, answers = [], []

        def add(determined, truth, grid, candidates="", score="0.9"):
            rows.append({"text": "", "standard": "", "true_grid": truth, "determined": determined, "grids": "1", "corruptions": "typo_drop_road"})
            answers.append(evaluate.Answer({"grid_code": grid, "level": "exact", "score": score, "candidates": candidates}))

        add("yes", "a", "a")           # right
        add("yes", "a", "", "a b")     # right first, but unsure
        add("yes", "a", "", "b a")     # not first
        add("yes", "a", "b")           # wrong and sure of it
        add("no", "a", "", "b a")      # among
        add("no", "a", "", "b c")      # not among
        add("misleading", "a", "b")    # wrong, as the text wants it
        add("yes", "a", "")            # nothing
        return evaluate.Evaluation("test", rows, answers)

    def test_shares(self):
        right, wrong, among = self.evaluation().all.shares()
        self.assertEqual((right, wrong, among), (2 / 5, 2 / 8, 1 / 2))
        self.assertEqual(self.evaluation().by_kind["typo_road"].rows, 8)
        self.assertEqual([what for what, _, _ in self.evaluation().failed()], ["not first", "wrong claimed", "not among", "wrong claimed", "not first"])

    def test_no_claim_is_all_that_can_be_asked_where_too_many_agree(self):
        row = {"text": "", "standard": "", "true_grid": "a", "determined": "no", "grids": "900", "corruptions": ""}
        answers = [evaluate.Answer({"grid_code": grid, "level": "town", "score": "0.1", "candidates": ""}) for grid in ("", "b", "a")]
        self.assertEqual([evaluate.Evaluation("t", [row], [a]).all.among for a in answers], [1, 0, 1])

    def test_absent_houses_have_a_count_and_a_limit_of_their_own(self):
        row = {"text": "", "standard": "", "true_grid": "a", "determined": "absent", "grids": "0", "corruptions": ""}
        answers = [evaluate.Answer({"grid_code": grid, "level": "exact", "score": "0.9", "candidates": listed})
                   for grid, listed in [("a", "")] * 97 + [("b", ""), ("", "b a"), ("", "")]]
        found = evaluate.Evaluation("t", [row] * 100, answers)
        self.assertEqual((found.all.absent, found.all.misleading, found.all.wrong, found.all.absent_among), (100, 0, 1, 98))
        self.assertEqual(found.misses(), [])
        self.assertEqual(len(evaluate.Evaluation("t", [row] * 99, answers[1:]).misses()), 1)

    def test_labels_of_real_addresses(self):
        name_of = {"1": "天河区", "2": "黄埔区"}
        verdicts = [real_addresses.is_right(label, name, name_of) for label, name in
                    (("1", "天河区"), ("1", "天河"), ("1", ""), ("1/2", "黄埔区"), ("!2", ""), ("!2", "黄埔区"), ("-", "天河区"))]
        self.assertEqual(verdicts, [True, False, False, True, True, False, None])

    def test_targets_that_are_missed_are_named(self):
        self.assertEqual(len(self.evaluation().misses()), 3)

    def test_calibration_error_is_the_distance_from_the_diagonal(self):
        answers = [evaluate.Answer({"grid_code": "a", "level": "", "score": "0.8", "candidates": ""}) for _ in range(10)]
        rows, error = evaluate.calibration([(a, k < 6) for k, a in enumerate(answers)])
        self.assertAlmostEqual(error, 0.2)
        self.assertEqual((rows[0][0], rows[0][2]), (0.8, 10))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--wangge", required=True)
    options, rest = parser.parse_known_args()
    WANGGE = options.wangge
    unittest.main(argv=[sys.argv[0], *rest])
