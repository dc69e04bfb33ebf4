"""What staff learn about names and addresses, from the change set to the answer of `wangge address`, and back."""
import collections
import csv
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

LATER = "2099-01-01"


class Address(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        synth, cls.data = cli.make_province(pathlib.Path(cls.scratch.name), "county:440104")
        cli.run("import", "addresses", synth / "addresses.csv", "--data", cls.data, check=0)
        cli.run("publish", "--data", cls.data, "--approver", "chief", check=0)
        with (synth / "addresses.csv").open(encoding="utf-8-sig", newline="") as file:
            cls.rows = [{"id": row["地址编码"], "text": row["标准地址"], "village": row["村居编码"], "road": row["道路"],
                         "number": row["门牌号"], "lon": row["经度"], "lat": row["纬度"]} for row in csv.DictReader(file)]

    def ask(self, text, *more):
        return cli.run_json("address", text, "--data", self.data, *more)

    def grid_at(self, lon, lat):
        return cli.run_json("locate", lon, lat, "--data", self.data)["grid"]["code"]

    def change(self, *operations, more=()):
        new = cli.run_json("changes", "new", "--title", "hotline", "--author", "ann", *more, "--data", self.data)["change_set"]
        for operation in operations:
            cli.run("changes", "add", new, *operation, "--reason", "heard", "--author", "ann", "--data", self.data, check=0)
        return new

    def carry_through(self, number):
        for words in (("check", number), ("approve", number, "--approver", "chief"), ("apply", number)):
            cli.run("changes", *words, "--data", self.data, check=0)
        return cli.run_json("publish", "--data", self.data)["generation"]

    def undo(self, number):
        return self.carry_through(cli.run_json("changes", "undo", number, "--author", "ben", "--data", self.data)["change_set"])

    def answers(self, texts, *more):
        out = {}
        for text in texts:
            answer = self.ask(text, *more)
            out[text] = (answer["outcome"], answer["level"], answer["grid"] and answer["grid"]["code"],
                         answer["standard"] and answer["standard"]["text"])
        return out

    def test_a_name_a_new_address_and_a_correction_are_found_and_taken_back(self):
        # A house number that stands on roads of one name in two villages: the road alone does not determine the grid.
        by_name = collections.defaultdict(dict)
        for row in self.rows:
            if row["road"] and row["number"]:
                by_name[row["road"], row["number"]].setdefault(row["village"], row)
        (road, number), there = next((name, there) for name, there in sorted(by_name.items()) if len(there) > 1 and
                                     self.ask("".join(name))["outcome"] == "undetermined")
        village, of_it = sorted(there.items())[0]
        corrected = next(row for row in self.rows if row["village"] == village and row["number"] and self.ask(row["text"])["level"] == "exact" and
                         self.grid_at(row["lon"], row["lat"]) != self.grid_at(of_it["lon"], of_it["lat"]))
        moved = self.grid_at(of_it["lon"], of_it["lat"])
        at = f"{of_it['lon']},{of_it['lat']}"
        texts = [f"翡翠坡{road}{number}", "广州市越秀区望云台路77号5栋302房", "望云台路77号", corrected["text"]]
        before = self.answers(texts)
        self.assertEqual(before[texts[0]][0], "undetermined")
        self.assertNotEqual(before[texts[1]][1], "exact")
        self.assertEqual(before[texts[3]][2], self.grid_at(corrected["lon"], corrected["lat"]))
        first = self.ask(texts[0])["receipt"]
        change = self.change(("alias", "--division", village, "--name", "翡翠坡"),
                             ("address", "--text", texts[1], "--at", at),
                             ("address", "--corrects", corrected["id"], "--at", at))
        generation = self.carry_through(change)
        self.assertEqual(generation, first["generation"] + 1)
        after = self.answers(texts)
        self.assertEqual(after[texts[0]][0], "determined")
        self.assertEqual(after[texts[0]][2], moved)
        self.assertEqual(after[texts[1]], ("determined", "exact", moved, texts[1]))
        self.assertEqual(after[texts[2]][2:], (moved, texts[1]))
        self.assertEqual(after[texts[3]][2:], (moved, corrected["text"]))
        self.assertNotEqual(self.ask(texts[0])["receipt"]["addresses"], first["addresses"])
        # The generation before did not know them, whenever it is asked.
        self.assertEqual(self.answers(texts, "--known-at", first["generation"]), before)
        self.undo(change)
        self.assertEqual(self.answers(texts), before)
        self.assertEqual(self.ask(texts[0])["receipt"]["addresses"], first["addresses"])
        self.assertEqual(self.answers(texts, "--known-at", generation), after)

    def test_a_name_of_a_day_to_come_is_found_on_that_day(self):
        village = self.rows[0]["village"]
        change = self.change(("alias", "--division", village, "--name", "玛瑙墟"), more=("--effective", LATER))
        self.carry_through(change)
        self.assertNotEqual(self.ask("玛瑙墟")["level"], "village")
        answer = self.ask("玛瑙墟", "--as-of", LATER)
        self.assertEqual((answer["level"], answer["places"][0]["divisions"][0]["code"]), ("village", village))
        self.undo(change)
        self.assertNotEqual(self.ask("玛瑙墟", "--as-of", LATER)["level"], "village")


if __name__ == "__main__":
    unittest.main(verbosity=2)
