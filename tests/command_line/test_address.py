"""What staff learn about names and addresses, from the change set to the answer of `wangge address`, and back."""
import collections
import csv
import io
import json
import os
import pathlib
import subprocess
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

    def test_a_wrong_point_is_retired_and_comes_back_with_the_undo(self):
        number = next(i for i, row in enumerate(self.rows) if row["number"] and self.ask(row["text"])["standard"] and
                      self.ask(row["text"])["standard"]["id"] == row["id"])
        row = self.rows[number]
        before, generation = self.ask(row["text"]), self.ask(row["text"])["receipt"]["generation"]
        change = self.change(("retire-address", "--id", row["id"]))
        preview = cli.run("changes", "preview", change, "--data", self.data, check=0).stdout
        self.assertIn(f"address no longer found: '{row['text']}' at ", preview)
        cli.run("changes", "check", change, "--data", self.data, check=0)
        cli.run("changes", "approve", change, "--approver", "ann", "--data", self.data, check=1)
        self.carry_through(change)
        ids = {place["id"] for place in cli.run_json("address", "--near", row["lon"], row["lat"], "--count", 50, "--data", self.data)["addresses"]}
        self.assertNotIn(row["id"], ids)
        standard = self.ask(row["text"])["standard"]
        self.assertNotEqual(standard and standard["id"], row["id"])
        self.assertEqual(self.ask(row["text"], "--known-at", generation), before)
        undone = self.undo(change)
        self.assertEqual(self.ask(row["text"])["standard"]["id"], row["id"])
        history = ("history", "--address", row["id"])
        facts = cli.run_json(*history, "--data", self.data)["facts"]
        self.assertEqual([fact["what"] for fact in facts], ["imported", "retired"])
        self.assertEqual((facts[0]["source"], facts[0]["text"]), ("addresses.csv", row["text"]))
        self.assertEqual({name: facts[1][name] for name in ("text", "valid_to", "recorded_from", "recorded_to", "change_set", "author", "approver",
                                                            "reason")},
                         {"text": row["text"], "valid_to": None, "recorded_from": generation + 1, "recorded_to": undone, "change_set": change,
                          "author": "ann", "approver": "chief", "reason": "heard"})
        told = cli.run(*history, "--data", self.data, check=0).stdout
        self.assertIn(f"known from generation {generation + 1} until generation {undone}", told)
        self.assertIn(f'change set {change} "hotline" by ann, approved by chief: heard', told)
        then = cli.run_json(*history, "--known-at", generation + 1, "--data", self.data)["facts"]
        self.assertEqual([fact.get("recorded_to") for fact in then], [None, None])
        self.assertEqual(len(cli.run_json(*history, "--known-at", generation, "--data", self.data)["facts"]), 1)
        self.assertEqual(len(cli.run_json(*history, "--as-of", "2020-01-01", "--data", self.data)["facts"]), 1)
        self.assertIn("'NOWHERE'", cli.run("history", "--address", "NOWHERE", "--data", self.data, check=1).stderr)

    def test_what_staff_bound_to_a_point_comes_first_and_says_so(self):
        row = self.rows[0]
        text = "老榕树下第三张石凳"
        self.assertFalse(self.ask(text)["by_staff"])
        change = self.change(("address", "--text", text, "--at", f"{row['lon']},{row['lat']}"))
        self.carry_through(change)
        answer = self.ask("越秀区" + text)
        self.assertEqual((answer["by_staff"], answer["outcome"], answer["level"], answer["grid"]["code"]),
                         (True, "determined", "exact", self.grid_at(row["lon"], row["lat"])))
        self.assertTrue(answer["standard"]["by_staff"])
        self.assertIn("staff bound this text to the place", cli.run("address", text, "--data", self.data, check=0).stdout)
        self.undo(change)
        self.assertFalse(self.ask(text)["by_staff"])

    # ---- files

    def table(self, rows, *words, header=("编号", "地址"), check=0):
        text = io.StringIO()
        csv.writer(text).writerows([header, *rows])
        return cli.run("address", "--file", "-", *words, "--data", self.data, stdin=text.getvalue(), check=check)

    def test_rows_keep_their_order_and_number_whatever_the_threads(self):
        rows = [(i, row["text"] if i % 3 else "天气") for i, row in enumerate(self.rows[:3000])]
        one = self.table(rows, "--threads", 1)
        self.assertEqual(self.table(rows, "--threads", 4).stdout, one.stdout)
        answers = list(csv.DictReader(io.StringIO(one.stdout)))
        self.assertEqual([row["编号"] for row in answers], [str(i) for i, _ in rows])
        self.assertGreater(sum(row["address_status"] == "ok" for row in answers), 1500)
        self.assertIn("3000 addresses: ", one.stderr)
        self.assertNotIn("positions", one.stderr)

    def test_columns_of_divisions_are_joined_in_the_order_of_the_options(self):
        row = next(r for r in self.rows if r["number"] and self.ask(r["text"])["outcome"] == "determined")
        rest = row["text"].split("区", 1)[1]
        words = ("--column", "市", "--column", "区县", "--column", "地址")
        answers = list(csv.DictReader(io.StringIO(self.table([(rest, "越秀区", "广州市")], *words, header=("地址", "区县", "市")).stdout)))
        self.assertEqual(answers[0]["grid_code"], self.ask(row["text"])["grid"]["code"])
        refused = self.table([(rest, "越秀区")], "--column", "县", header=("地址", "区县"), check=1)
        self.assertIn("there is no column '县'; the columns are: 地址, 区县", refused.stderr)

    def test_a_full_disk_is_told_and_nothing_is_half_written(self):
        rows = [(1, "广州市越秀区")] * 2000
        for words, stdout in ((("--out", "/dev/full"), subprocess.PIPE), ((), open("/dev/full", "w"))):
            done = subprocess.run([cli.PROGRAM, "address", "--file", "-", *words, "--data", str(self.data)], stdout=stdout,
                                  input="编号,地址\n" + "".join(f"{a},{b}\n" for a, b in rows), stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("No space left on device", done.stderr)
        with open("/dev/full", "w") as full:
            done = subprocess.run([cli.PROGRAM, "address", "广州市越秀区", "--data", str(self.data)], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertTrue(os.path.exists("/dev/full"))

    def test_memory_does_not_grow_with_the_file(self):
        def peak(rows):
            file = pathlib.Path(self.scratch.name) / f"{rows}.csv"
            with file.open("w", encoding="utf-8") as out:
                out.write("备注,地址\n")
                out.writelines(f"{'x' * 1000},越秀区{i}\n" for i in range(rows))
            process = subprocess.Popen([cli.PROGRAM, "address", "--file", file, "--out", "/dev/null", "--threads", "2", "--data", self.data],
                                       stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            file.unlink()
            return usage.ru_maxrss
        small, large = peak(4_000), peak(60_000)  # 4 MB and 60 MB
        self.assertLess(large - small, 8_000, f"{small} kB, then {large} kB")

    def test_a_file_that_is_answered_onto_itself_is_replaced_when_all_is_written(self):
        file = pathlib.Path(self.scratch.name) / "itself.csv"
        file.write_text("地址\n" + "广州市越秀区\n" * 5000, encoding="utf-8")
        cli.run("address", "--file", file, "--out", file, "--data", self.data, check=0)
        self.assertEqual(len(file.read_text(encoding="utf-8").splitlines()), 5001)

    def test_what_cannot_be_asked_is_refused(self):
        for words, code, says in (
                ((), 2, "address needs a TEXT"),
                (("",), 2, "that is not empty"),
                (("越秀区", "--count", 3), 2, "--count goes with"),
                (("越秀区", "--suggest", "越"), 2, "excludes"),
                (("--near", "113.3"), 2, "--near"),
                (("--near", "abc", "23.1"), 2, "--near LON"),
                (("--near", "23.1", "113.3"), 2, "swapped"),
                (("--near", "nan", "23.1"), 2, "lon: is not a finite number"),
                (("--file", "/nowhere.csv"), 1, "/nowhere.csv: there is no such file"),
                (("--file", "/tmp"), 3, "Is a directory"),
                (("--file", "-", "--threads", 0), 2, "--threads"),
                (("越秀区", "--column", "地址"), 2, "--column")):
            done = cli.run("address", *words, "--data", self.data, check=code)
            self.assertIn(says, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_text_that_cannot_be_read_is_no_success(self):
        done = subprocess.run([cli.PROGRAM, "address", b"\xd4\xbd\xd0\xe3", "--data", str(self.data)], capture_output=True)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("UTF-8", done.stdout.decode())
        done = cli.run("address", "越" * 400, "--data", self.data, check=1)
        self.assertIn("1024", done.stdout.replace(",", ""))

    # ---- imports

    def test_bad_addresses_are_named_and_nothing_is_imported(self):
        header = ["地址编码", "标准地址", "村居编码", "经度", "纬度"]
        village, good = self.rows[0]["village"], ("113.26", "23.13")
        for name, row, says in (
                ("degrees and minutes", ["N1", "路1号", village, "113°15'", "23.13"], "column lon: '113°15'' is no number"),
                ("nowhere", ["N1", "路1号", village, "0", "0"], "0, 0"),
                ("too long a text", ["N1", "路" * 342, village, *good], "1026 bytes"),
                ("nothing but marks", ["N1", "，。 ", village, *good], "has no address text"),
                ("a long id", ["N" * 300, "路1号", village, *good], "300 bytes"),
                ("like a point of staff", ["staff-1", "路1号", village, *good], "staff-1"),
                ("a line in the id", ["N\n1", "路1号", village, *good], "control")):
            with self.subTest(name):
                file = pathlib.Path(self.scratch.name) / "bad.csv"
                with file.open("w", encoding="utf-8", newline="") as out:
                    csv.writer(out).writerows([header, ["G1", "路2号", village, *good], row])
                done = cli.run("import", "addresses", file, "--data", self.data, check=1)
                self.assertIn(says, done.stdout + done.stderr)
                self.assertIn("bad.csv row ", done.stdout + done.stderr)

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
