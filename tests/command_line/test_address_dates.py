"""Names, points and boundaries are answered as of each day and as each generation knew them, on the command line and over HTTP.

The model is a list of facts written down here: each holds on some days and is known from some generation on. Nothing of the
program's own bookkeeping is asked.
"""
import collections
import csv
import datetime
import http.client
import io
import json
import pathlib
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

TODAY = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date().isoformat()  # in China, as the program has it
FIRST, SECOND, THIRD = "2090-01-01", "2091-01-01", "2092-01-01"
DAYS = (TODAY, "2089-12-31", FIRST, "2090-12-31", SECOND, "2091-12-31", THIRD)
ALIAS, ADDED = "玛瑙墟", "广州市越秀区望云台路77号5栋302房"
FOREVER = "9999-12-31"

# What holds on [first, last) by those generations that are known_from <= g < known_to.
Fact = collections.namedtuple("Fact", "what first last known_from known_to")
FACTS = [
    Fact("alias", FIRST, THIRD, 2, 99),
    Fact("added", FIRST, FOREVER, 2, 4), Fact("added", FIRST, THIRD, 4, 99),
    Fact("imported", TODAY, FOREVER, 1, 2), Fact("imported", TODAY, SECOND, 2, 99), Fact("imported", THIRD, FOREVER, 4, 99),
    Fact("merged", SECOND, FOREVER, 3, 99),
    Fact("moved", TODAY, FOREVER, 4, 99),
]


def holds(what, day, generation):
    return any(f.what == what and f.first <= day < f.last and f.known_from <= generation < f.known_to for f in FACTS)


class AddressDates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        folder = pathlib.Path(cls.scratch.name)
        synth, cls.data = cli.make_province(folder, "county:440104")
        cls.run_it("import", "addresses", synth / "addresses.csv")
        cls.before = cli.run_json("publish", "--approver", "chief", "--data", cls.data)["generation"] - 1  # generations that the model leaves out
        cls.run_it("export", "grids", "--format", "CSV", "--out", folder / "grids.csv")
        cls.run_it("export", "grids", "--format", "GeoJSON", "--out", folder / "grids.geojson")
        edges = collections.defaultdict(set)
        for feature in json.loads((folder / "grids.geojson").read_text(encoding="utf-8"))["features"]:
            shape = feature["geometry"]
            for part in shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]:
                for ring in part:
                    edges[feature["properties"]["grid_code"]].update(frozenset(map(tuple, pair)) for pair in zip(ring, ring[1:]))
        of_village = collections.defaultdict(list)
        with (folder / "grids.csv").open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                of_village[row["village_code"]].append(row["grid_code"])
        with (synth / "addresses.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        grids = cls.grids_at(rows, folder)
        texts = collections.Counter(row["标准地址"] for row in rows)
        # Points that nothing else is called like, whose text determines the grid in which they lie.
        answers = csv.DictReader(io.StringIO(cls.run_it("address", "--file", synth / "addresses.csv", "--column", "标准地址")))
        good = (row for row, answer in zip(rows, answers) if texts[row["标准地址"]] == 1 and row["门牌号"]
                and answer["level"] == "exact" and answer["grid_code"] == grids[row["地址编码"]])
        chosen, cls.absorbed, cls.absorbing = {}, None, None
        for row in good:
            grid = grids[row["地址编码"]]
            pair = of_village[row["村居编码"]]
            neighbour = next((code for code in pair if code != grid and edges[code] & edges[grid]), None)
            if "merged" not in chosen and neighbour:
                chosen["merged"] = row
                cls.absorbed, cls.absorbing = grid, neighbour
            elif grid in (cls.absorbed, cls.absorbing):
                continue
            elif "imported" not in chosen:
                chosen["imported"] = row
            elif "moved" not in chosen and "imported" in chosen and abs(float(row["经度"]) - float(chosen["imported"]["经度"])) > 0.02 and grid != grids[chosen.get("imported", row)["地址编码"]]:
                chosen["moved"] = row
            if len(chosen) == 3:
                break
        cls.rows, cls.grids = chosen, {name: grids[row["地址编码"]] for name, row in chosen.items()}
        cls.village = chosen["moved"]["村居编码"]
        target = chosen["imported"]
        cls.at = f"{target['经度']},{target['纬度']}"  # where the added and the moved point lie
        cls.merged_at = (chosen["merged"]["经度"], chosen["merged"]["纬度"])

        reason = ("--reason", "seen")
        alias = cls.apply(("alias", "--division", cls.village, "--name", ALIAS, *reason), effective=FIRST, until=THIRD)
        cls.apply(("address", "--text", ADDED, "--at", cls.at, *reason), effective=FIRST)
        retiring = cls.apply(("retire-address", "--id", target["地址编码"], *reason), effective=SECOND)
        cls.publish(2)
        cls.apply(("merge", cls.absorbing, cls.absorbed, "--into", cls.absorbing), effective=SECOND)
        cls.publish(3)
        cls.carry_through(cli.run_json("changes", "undo", retiring, "--effective", THIRD, "--author", "ben", "--data", cls.data)["change_set"])
        cls.apply(("retire-address", "--id", "staff-1", *reason), effective=THIRD)
        cls.apply(("address", "--corrects", chosen["moved"]["地址编码"], "--at", cls.at, *reason), effective=TODAY)
        cls.publish(4)
        assert alias == 1
        cls.texts = {"alias": ALIAS, "added": ADDED, **{name: row["标准地址"] for name, row in chosen.items()}}
        cls.file = folder / "texts.csv"
        with cls.file.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["what", "地址"])
            table.writerows(cls.texts.items())

    @classmethod
    def run_it(cls, *words):
        return cli.run(*words, "--data", cls.data, check=0).stdout

    @classmethod
    def ask_one(cls, text):
        return cli.run_json("address", text, "--data", cls.data)

    @classmethod
    def grids_at(cls, rows, folder):
        with (folder / "points.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", "lon", "lat"])
            table.writerows([row["地址编码"], row["经度"], row["纬度"]] for row in rows)
        return {row["id"]: row["grid_code"] for row in csv.DictReader(io.StringIO(cls.run_it("locate", "--points", folder / "points.csv")))}

    @classmethod
    def apply(cls, operation, effective, until=None):
        number = cli.run_json("changes", "new", "--title", "hotline", "--author", "ann", "--effective", effective,
                              *(("--until", until) if until else ()), "--data", cls.data)["change_set"]
        cls.run_it("changes", "add", number, *operation, "--author", "ann")
        return cls.carry_through(number)

    @classmethod
    def carry_through(cls, number):
        for words in (("check", number), ("approve", number, "--approver", "chief"), ("apply", number)):
            cls.run_it("changes", *words)
        return number

    @classmethod
    def publish(cls, generation):
        assert cli.run_json("publish", "--data", cls.data)["generation"] == cls.before + generation

    def expected(self, day, generation):
        """What each text leads to: (level, grid, standard text), as far as it is fixed; None is: not that."""
        at = self.grids["imported"]
        found = {what: holds(what, day, generation) for what in ("alias", "added", "imported", "merged", "moved")}
        return {
            "alias": found["alias"],
            "added": at if found["added"] else None,
            "imported": at if found["imported"] else None,
            "merged": self.absorbing if found["merged"] else self.absorbed,
            "moved": at if found["moved"] else self.grids["moved"],
        }

    def compare(self, state, expected, answers):
        """`answers`: level, grid, standard text of each."""
        with self.subTest(state=state):
            level, _, _ = answers["alias"]
            self.assertEqual(level == "village", expected["alias"])
            for what in ("added", "imported", "merged", "moved"):
                level, grid, text = answers[what]
                if expected[what] is None:
                    self.assertNotEqual(text, self.texts[what])
                else:
                    self.assertEqual((level, grid, text), ("exact", expected[what], self.texts[what]), what)

    def states(self):
        return [(day, generation) for generation in (4, 1, 3, 2) for day in DAYS]

    @staticmethod
    def summary(answer):
        return answer["level"], answer["grid"] and answer["grid"]["code"], answer["standard"] and answer["standard"]["text"]

    def said_of(self, answer, day, generation):
        """The answer says which state it is of."""
        self.assertEqual((answer["receipt"]["generation"], answer["receipt"]["as_of"]), (self.before + generation, day))

    def merged_grid(self, near, expected):
        """Asked at the place of the point whose grid is merged: the nearest lies in the grid of that day."""
        self.assertEqual((near["addresses"][0]["distance_m"], near["addresses"][0]["grid"]), (0, expected["merged"]))

    def near_and_suggested(self, near, suggested, expected):
        texts = {a["text"]: a["grid"] for a in near["addresses"]}
        self.assertEqual(ADDED in texts, expected["added"] is not None)
        self.assertEqual(self.texts["imported"] in texts, expected["imported"] is not None)
        self.assertEqual(self.texts["moved"] in texts, expected["moved"] == self.grids["imported"])
        self.assertEqual(any("望云台路" in s["text"] for s in suggested["suggestions"]), expected["added"] is not None)

    def test_on_the_command_line(self):
        lon, lat = self.at.split(",")
        for day, generation in self.states():
            expected = self.expected(day, generation)
            when = ("--as-of", day, "--known-at", self.before + generation)
            table = csv.DictReader(io.StringIO(self.run_it("address", "--file", self.file, *when)))
            self.compare((day, generation, "file"), expected,
                         {row["what"]: (row["level"], row["grid_code"], row["standard_address"]) for row in table})
            def ask(*words):
                return cli.run_json("address", *words, *when, "--data", self.data)
            answers = {what: ask(text) for what, text in self.texts.items()}
            self.compare((day, generation, "text"), expected, {what: self.summary(a) for what, a in answers.items()})
            with self.subTest(state=(day, generation, "near")):
                near = ask("--near", lon, lat, "--count", 50)
                for answer in (*answers.values(), near):
                    self.said_of(answer, day, generation)
                self.near_and_suggested(near, ask("--suggest", "望云台"), expected)
                self.merged_grid(ask("--near", *self.merged_at, "--count", 50), expected)

    def test_over_http(self):
        lon, lat = self.at.split(",")
        with cli.Server(self.data) as server:
            def ask_text(path, body=None, **parameters):
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                connection.request("POST" if body else "GET", f"{path}?{urllib.parse.urlencode(parameters)}", body and body.encode())
                reply = connection.getresponse()
                answer = reply.read().decode()
                connection.close()
                self.assertEqual(reply.status, 200, answer)
                return answer
            def ask(path, body=None, **parameters):
                return json.loads(ask_text(path, body, **parameters))
            for day, generation in self.states():
                expected = self.expected(day, generation)
                when = {"as_of": day, "known_at": self.before + generation}
                answers = {what: ask("/v1/address", q=text, **when) for what, text in self.texts.items()}
                self.compare((day, generation, "GET"), expected, {what: self.summary(a) for what, a in answers.items()})
                batch = ask("/v1/address", json.dumps(list(self.texts.values())), **when)
                self.assertEqual(batch, list(answers.values()))
                lines = ask_text("/v1/address", "\n".join(self.texts.values()), **when)
                self.assertEqual([json.loads(line) for line in lines.splitlines()], list(answers.values()))
                with self.subTest(state=(day, generation, "near")):
                    near = ask("/v1/address/near", lon=lon, lat=lat, k=50, **when)
                    suggested = ask("/v1/address/suggest", q="望云台", **when)
                    for answer in (*answers.values(), near):
                        self.said_of(answer, day, generation)
                    self.near_and_suggested(near, suggested, expected)
                    self.merged_grid(ask("/v1/address/near", lon=self.merged_at[0], lat=self.merged_at[1], k=50, **when), expected)
            # One of the two alone: as known now, and today.
            for day in DAYS:
                answers = {what: ask("/v1/address", q=text, as_of=day) for what, text in self.texts.items()}
                self.compare((day, "newest"), self.expected(day, 4), {what: self.summary(a) for what, a in answers.items()})
                self.said_of(answers["added"], day, 4)
            for generation in (1, 2, 3, 4):
                answers = {what: ask("/v1/address", q=text, known_at=self.before + generation) for what, text in self.texts.items()}
                self.compare(("today", generation), self.expected(TODAY, generation), {what: self.summary(a) for what, a in answers.items()})
                self.said_of(answers["added"], TODAY, generation)

    def test_a_day_or_a_generation_alone_goes_with_the_newest_and_with_today(self):
        for words, day, generation in ((("--as-of", SECOND), SECOND, 4), (("--as-of", THIRD), THIRD, 4),
                                       (("--known-at", self.before + 1), TODAY, 1), (("--known-at", self.before + 3), TODAY, 3)):
            answers = {what: cli.run_json("address", text, *words, "--data", self.data) for what, text in self.texts.items()}
            self.compare(words, self.expected(day, generation), {what: self.summary(a) for what, a in answers.items()})
            self.said_of(answers["added"], day, generation)

    def test_the_newest_generation_and_today_are_meant_where_nothing_is_said(self):
        for what in ("added", "imported", "merged", "moved"):
            self.assertEqual(self.summary(self.ask_one(self.texts[what])),
                             self.summary(cli.run_json("address", self.texts[what], "--as-of", TODAY, "--known-at", self.before + 4, "--data", self.data)))

    def test_states_that_are_not_there_are_refused(self):
        for words, code, says in ((("--known-at", self.before + 5), 1, "there is no generation"), (("--known-at", 0), 2, "known-at"),
                                  (("--as-of", "2090-02-30"), 2, "as-of"), (("--as-of", "tomorrow"), 2, "as-of")):
            done = cli.run("address", ADDED, *words, "--data", self.data, check=code)
            self.assertIn(says, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
