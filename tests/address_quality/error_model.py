#!/usr/bin/env python3
"""Writes addresses of a synthetic province as citizens would, and what each of the texts still determines.

usage: error_model.py --synth DIR --cache DIR --out FILE [--rows 20000] [--seed 1] [--preset citizen] [--houses all|present|absent]
       error_model.py --synth DIR --cache DIR --present-addresses FILE      (addresses.csv without a tenth of the houses)

docs/address-quality.md has the rates and the columns. The same seed gives the same bytes. Python's standard library, the
command `spatialite`, and no code of the product.
"""
import argparse
import csv
import os
import pathlib
import re
import sys

import chinese_writing as writing
import province_points
from consistent import COUNTY_ENDINGS, Province, town_forms, village_forms, without

# Share of the rows to which each happens where it can happen; preset citizen.
RATES = {
    # levels that people leave out
    "drop_province": 0.62, "drop_city": 0.12, "drop_county": 0.22, "drop_town": 0.30, "drop_village": 0.45,
    "drop_hamlet": 0.25, "drop_estate": 0.25, "drop_road": 0.12, "drop_number": 0.08, "drop_building": 0.06,
    "drop_unit": 0.25, "drop_room": 0.25, "only_village": 0.03, "only_town": 0.01,
    # other names of a division
    "short_city": 0.25, "short_county": 0.15, "short_town": 0.15, "office_town": 0.02, "committee_village": 0.05, "short_village": 0.15,
    # order
    "swap_estate": 0.10, "swap_county": 0.01,
    # mistakes
    "typo": 0.10, "typo_number": 0.004, "wrong_road": 0.003, "wrong_county": 0.007,
    # how numbers, buildings and rooms are written
    "numeral_chinese": 0.05, "numeral_twenty": 0.15, "numeral_traditional": 0.02, "numeral_full_width": 0.02, "numeral_bare": 0.02,
    "numeral_in_road": 0.04, "form_building": 0.40, "form_unit": 0.20, "form_room": 0.45, "form_compact": 0.05,
    # text that is no part of the address
    "noise_remark": 0.06, "noise_company": 0.03, "noise_phone": 0.02, "noise_postcode": 0.01, "noise_emoji": 0.005, "noise_prefix": 0.03,
    # writing as a whole
    "separators": 0.08, "traditional": 0.03, "full_width": 0.02,
}
# By how much the rates of a preset differ; no rate goes over 0.9.
PRESETS = {"standard": 0.0, "light": 0.4, "citizen": 1.0, "hard": 1.8}
TYPOS = ("similar", 0.30), ("sound", 0.35), ("drop", 0.15), ("double", 0.10), ("exchange", 0.10)
# A road taken for its sister: 建设东路 for 建设西路, 二巷 for 三巷.
SISTERS = str.maketrans("东西南北一二三", "西东北南二三二")
TYPO_PLACES = {"county": 1, "town": 3, "village": 4, "hamlet": 4, "road": 6, "estate": 5}

PLACES = ("南城车站", "农贸市场", "人民医院", "中心小学", "派出所", "加油站", "华润万家", "工商银行", "公园正门", "村委会", "地铁站", "老供销社", "大榕树",
          "篮球场", "邮政局", "汽车总站", "幼儿园", "祠堂", "菜鸟驿站", "税务局")
BESIDE = ("附近", "旁边", "对面", "斜对面", "后面", "隔壁", "门口", "旁", "侧")
COMPANIES = ("鸿达", "顺兴", "恒通", "金源", "嘉利", "永盛", "粤美", "宏图", "伟业", "祥瑞")
TRADES = ("五金制品有限公司", "电子科技有限公司", "服装厂", "便利店", "物流有限公司", "塑胶制品厂", "餐饮店", "贸易有限公司", "药店", "汽车维修部")
EMOJI = ("😊", "📦", "🏠", "🙏", "📍", "❤️")
MOST_LISTED = 200


class Random:
    """splitmix64: the same numbers in every version of Python."""

    def __init__(self, *seeds):
        self.state = 0
        for seed in seeds:
            self.state = (self.bits() ^ (seed * 0xD1342543DE82EF95)) & 0xFFFFFFFFFFFFFFFF

    def bits(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        z = self.state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        return z ^ (z >> 31)

    def below(self, n):
        return self.bits() % n

    def chance(self, p):
        return self.bits() < p * 2.0**64

    def pick(self, items):
        return items[self.below(len(items))]

    def weighted(self, pairs):
        """One of (item, weight)."""
        at = self.bits() / 2.0**64 * sum(weight for _, weight in pairs)
        for item, weight in pairs:
            at -= weight
            if at < 0:
                return item
        return pairs[-1][0]


class Piece:
    """A component of the text. `says` is what it says, in the words of the dictionaries; `writes` how it is written."""

    def __init__(self, kind, says):
        self.kind, self.says, self.writes = kind, says, says
        self.true = says  # what it would say without a mistake


def mistype(random, text):
    """(kind, text with one typing error) or None where the drawn kind cannot happen."""
    kind = random.weighted(TYPOS)
    i = random.below(len(text))
    if kind in ("similar", "sound"):
        table = writing.LOOK_ALIKE if kind == "similar" else writing.SOUND_ALIKE
        places = [k for k, c in enumerate(text) if c in table]
        if not places:
            return None
        i = random.pick(places)
        typed = text[:i] + random.pick(table[text[i]]) + text[i + 1:]
    elif kind == "drop":
        typed = text[:i] + text[i + 1:]
    elif kind == "double":
        typed = text[:i + 1] + text[i:]
    else:
        typed = text[:i] + text[i:i + 2][::-1] + text[i + 2:]
    return (kind, typed) if typed != text and len(typed) >= 2 else None


class Citizen:
    """Writes one point down."""

    def __init__(self, province, rates, random, point):
        self.province, self.rates, self.random, self.done = province, rates, random, []
        get = province.points.get
        self.is_estate = get("building", point) != ""  # else the column has the name of a hamlet
        self.county_name = get("county", point)
        self.city_name = get("city", point)
        self.town = town_forms(get("town", point), self.county_name)
        self.village = village_forms(get("village", point), get("town", point))
        made_up = self.county_name == self.city_name
        area = get("estate", point)
        values = [("province", "广东省"), ("city", self.city_name), ("county", "" if made_up else self.county_name), ("town", self.town[0]),
                  ("village", self.village[1]), ("hamlet", "" if self.is_estate else area), ("road", get("road", point)),
                  ("number", get("number", point)), ("estate", area if self.is_estate else ""), ("building", get("building", point)),
                  ("unit", get("unit", point)), ("room", get("room", point))]
        self.pieces = [Piece(kind, text) for kind, text in values if text]

    def happens(self, name):
        return self.random.chance(self.rates[name])

    def piece(self, kind):
        return next((p for p in self.pieces if p.kind == kind), None)

    def drop(self, *kinds):
        self.pieces = [p for p in self.pieces if p.kind not in kinds]

    def write(self):
        for step in (self.leave_out, self.rename, self.mistake, self.write_numbers, self.write_doors, self.reorder):
            step()
        return self.whole_text()

    def leave_out(self):
        for kind in ("province", "city", "county", "town", "village", "hamlet", "estate"):
            if self.piece(kind) and self.happens(f"drop_{kind}"):
                self.leave(kind)
        if self.piece("estate") and self.happens("drop_road"):
            self.leave("road", "number")
        elif self.happens("drop_number"):
            self.leave("number")
        if not self.piece("estate"):
            self.drop("building", "unit")  # whose building would that be?
        elif self.piece("building") and self.happens("drop_building"):
            self.leave("building", "unit")
        for kind in ("unit", "room"):
            if self.piece(kind) and self.happens(f"drop_{kind}"):
                self.leave(kind)
        if self.happens("only_village"):
            self.only("village", Piece("village", self.village[1]))
        elif self.happens("only_town"):
            self.only("town", Piece("town", self.town[0]))
        if not any(self.piece(kind) for kind in ("city", "county", "town", "village")):
            self.pieces.insert(0, Piece("city", self.city_name))  # nobody writes less
            self.done.remove("drop_city")

    def leave(self, *kinds):
        self.drop(*kinds)
        self.done.append(f"drop_{kinds[0]}")

    def only(self, kind, narrowest):
        order = ("province", "city", "county", "town", "village")
        order = order[:order.index(kind)]
        self.pieces = [p for p in self.pieces if p.kind in order] + [narrowest]
        self.done = [name for name in self.done if name.removeprefix("drop_") in order] + [f"only_{kind}"]

    def rename(self):
        for kind, form, text in (("city", "short_city", without(self.city_name, ("市",))),
                                 ("county", "short_county", without(self.county_name, COUNTY_ENDINGS)),
                                 ("town", "short_town", self.town[1]),
                                 ("town", "office_town", self.town[0] + "办事处" if self.town[0].endswith("街道") else self.town[0]),
                                 ("village", "committee_village", self.village[0]), ("village", "short_village", self.village[2])):
            piece = self.piece(kind)
            if piece and piece.says == piece.true and self.happens(form) and text != piece.says and piece.writes == piece.says:
                piece.says = piece.true = piece.writes = text
                self.done.append(form)
        province = self.piece("province")
        if province and self.piece("city") and self.piece("city").says != self.city_name:
            province.says = province.writes = "广东"

    def mistake(self):
        county = self.piece("county")
        if county and self.happens("wrong_county"):
            others = sorted(self.province.counties[self.city_name] - {self.county_name})
            if others:
                county.says = county.writes = self.random.pick(others)
                self.done.append("wrong_county")
        if self.happens("typo"):
            places = [(p, TYPO_PLACES[p.kind]) for p in self.pieces if p.kind in TYPO_PLACES and p.says == p.true]
            piece = self.random.weighted(places) if places else None
            typed = piece and mistype(self.random, piece.says)
            if typed:
                kind, piece.says = typed
                piece.writes = piece.says
                self.done.append(f"typo_{kind}_{piece.kind}")
        road, number = self.piece("road"), self.piece("number")
        if road and road.says == road.true and self.happens("wrong_road"):
            sister = road.says[:2] + road.says[2:].translate(SISTERS)
            if sister != road.says:
                road.says = road.writes = sister
                self.done.append("wrong_road")
        if number and self.happens("typo_number"):
            digits = number.says[:-1]
            i = self.random.below(len(digits))
            typed = digits[:i] + str(self.random.below(10)) + digits[i + 1:]
            if typed.strip("0") and typed != digits:
                number.says = number.writes = typed.lstrip("0") + "号"
                self.done.append("typo_number")

    def write_numbers(self):
        number, road = self.piece("number"), self.piece("road")
        if number:
            n = int(number.says[:-1])
            after = self.pieces[self.pieces.index(number) + 1:]
            ways = {"numeral_chinese": writing.numeral(n) + "号",
                    "numeral_twenty": "廿" + (writing.DIGITS[n - 20] if n > 20 else "") + "号" if 20 <= n < 30 else None,
                    "numeral_traditional": f"{n}號", "numeral_full_width": writing.full_width(str(n)) + "号",
                    "numeral_bare": f"{n}" if not after or after[0].kind == "estate" else None}
            for way, text in ways.items():
                if text and number.writes == number.says and self.happens(way):
                    number.writes = text
                    self.done.append(way)
        if road and self.happens("numeral_in_road"):
            text = re.sub("([一二三])(?=[路街巷]$)", lambda m: str(writing.DIGITS.index(m[1])), road.writes)
            if text != road.writes:
                road.writes = text
                self.done.append("numeral_in_road")

    def write_doors(self):
        building, unit, room = self.piece("building"), self.piece("unit"), self.piece("room")
        random = self.random
        if building and room and self.happens("form_compact"):
            building.writes = building.says[:-1]
            if unit:
                unit.writes = "-" + unit.says[:-2]
            room.writes = "-" + room.says[:-1]
            self.done.append("form_compact")
            return
        if building and self.happens("form_building"):
            n = building.says[:-1]
            building.writes = random.weighted(((n + "幢", 3), (n + "座", 3), (n + "号楼", 2), (writing.numeral(int(n)) + "栋", 2),
                                               (writing.numeral(int(n)) + "座", 1), (writing.numeral(int(n)) + "幢", 1), (n + "棟", 1)))
            self.done.append("form_building")
        if unit and self.happens("form_unit"):
            n = unit.says[:-2]
            unit.writes = random.weighted(((writing.numeral(int(n)) + "单元", 5), (n + "梯", 4), (n + "座", 0.0)))
            self.done.append("form_unit")
        if room and self.happens("form_room"):
            n, is_short = room.says[:-1], len(room.says) < 4
            before = self.pieces[self.pieces.index(room) - 1]
            ways = [(n + ("房" if room.says.endswith("室") else "室"), 4), (n + "号房", 1)]
            if not is_short:
                ways += [(f"{int(n[:-2])}楼{n}", 1.5), (f"{writing.numeral(int(n[:-2]))}楼{n}室", 0.7), (f"#{n}", 0.5)]
                if not before.writes[-1].isdigit():
                    ways.append((n, 3))
            room.writes = random.weighted(ways)
            self.done.append("form_room")

    def reorder(self):
        estate, road, county, town = (self.piece(kind) for kind in ("estate", "road", "county", "town"))
        if estate and road and self.happens("swap_estate"):
            self.pieces.remove(estate)
            self.pieces.insert(self.pieces.index(road), estate)
            self.done.append("swap_estate")
        if county and town and self.happens("swap_county"):
            self.pieces.remove(county)
            self.pieces.insert(self.pieces.index(town) + 1, county)
            self.done.append("swap_county")

    def whole_text(self):
        random = self.random
        joint = ""
        if self.happens("separators"):
            joint = random.pick((" ", " ", "，", ",", "  ", "、", "/"))
            self.done.append("separators")
        text = ""
        for k, piece in enumerate(self.pieces):
            is_name = piece.kind not in ("number", "building", "unit", "room")
            if k and joint and (is_name or joint == " ") and not piece.writes.startswith("-") and random.chance(0.6):
                text += joint
            text += piece.writes
        if self.happens("noise_prefix"):
            county = "" if self.county_name == self.city_name else self.county_name
            text = random.pick((f"{self.city_name}广东省{self.city_name}", "广东省", f"{self.city_name}", f"广东 {self.city_name} {county} ",
                                f"广东省{self.city_name}{county} ")) + text
            self.done.append("noise_prefix")
        if self.happens("noise_remark"):
            remark = random.pick(PLACES) + random.pick(BESIDE)
            left, right = random.pick(("（）", "（）", "()", "【】", "， "))
            text += left + remark + right.strip()
            self.done.append("noise_remark")
        if self.happens("noise_company"):
            text += random.pick((" ", "", "，")) + random.pick(COMPANIES) + random.pick(TRADES)
            self.done.append("noise_company")
        if self.happens("noise_phone"):
            phone = "104" + "".join(str(random.below(10)) for _ in range(8))
            name = random.pick("陈李张黄何罗") + random.pick(("先生", "女士", "生", "小姐"))
            text = random.pick((f"{text} {phone}", f"{text}，电话：{phone}", f"{name}{phone} {text}", f"{text} {name}收 {phone}"))
            self.done.append("noise_phone")
        if self.happens("noise_postcode"):
            code = f"5{random.below(3)}{random.below(10)}{random.below(10)}00"
            text = random.pick((f"{code} {text}", f"{text} 邮编：{code}", f"{text}（邮编{code}）"))
            self.done.append("noise_postcode")
        if self.happens("noise_emoji"):
            text = random.pick((text + random.pick(EMOJI), random.pick(EMOJI) + text))
            self.done.append("noise_emoji")
        if self.happens("traditional"):
            text = writing.traditional(text)
            self.done.append("traditional")
        if self.happens("full_width"):
            text = writing.full_width(text)
            self.done.append("full_width")
        return text


def judge(province, pieces, true_grid):
    """(yes, no or misleading; consistent grids; how many there are when rooms are not looked at)

    First the text as it stands. Where no point agrees with it, its unit and room may be missing in the data, every one of its
    names may be mistyped by one edit, or its county wrong; all points that agree after one such mending count. Where still none agrees, the mistakes that were made
    are mended all at once.
    """
    areas = [p for p in pieces if p.kind in ("city", "county", "town", "village", "hamlet", "estate")]
    road = next((p for p in pieces if p.kind == "road"), None)
    exact = [(p.kind, p.says) for p in pieces if p.kind in ("number", "building", "unit", "room")]
    names = [{p.says} for p in areas]
    roads = {road.says} if road else None

    def replaced(k, instead):
        return names[:k] + instead + names[k + 1:]

    def verdict(grids, doors_aside):
        if true_grid not in grids:
            return "misleading", grids, len(doors_aside | grids)
        return ("yes" if len(grids) == 1 else "no"), grids, len(doors_aside | grids)

    doorless = [(kind, text) for kind, text in exact if kind not in ("unit", "room")]
    found = province.grids(names, roads, exact)
    if found:
        return verdict(found, province.grids(names, roads, doorless))
    wide = set()
    queries = [(replaced(k, [province.near_names.of(p.says)]), roads) for k, p in enumerate(areas)]
    if len(doorless) != len(exact):  # the house may have rooms that are not in the data
        found |= province.grids(names, roads, doorless)
        wide |= found
    queries += [(replaced(k, []), roads) for k, p in enumerate(areas) if p.kind == "county"]
    if road:
        queries.append((names, province.near_roads.of(road.says)))
    for query_names, query_roads in queries:
        found |= province.grids(query_names, query_roads, exact)
        wide |= province.grids(query_names, query_roads, doorless)
    number = next((p for p in pieces if p.kind == "number"), None)
    if number and number.says != number.true:  # no such house number: the road is what is left
        exact, doorless = [e for e in exact if e[0] != "number"], [e for e in doorless if e[0] != "number"]
        found |= province.grids(names, roads, exact)
    if not found:
        mended = [{p.says} if p.says == p.true else {p.true} | province.near_names.of(p.says) for p in areas
                  if not (p.kind == "county" and p.says != p.true)]
        mended_roads = roads if not road or road.says == road.true else {road.true} | province.near_roads.of(road.says)
        found = province.grids(mended, mended_roads, exact)
        wide = province.grids(mended, mended_roads, doorless)
        if true_grid not in found:
            raise RuntimeError(f"the true grid does not agree with the true values of {[(p.kind, p.true) for p in pieces]}")
    return verdict(found, wide)


def rows(province, count, seed, preset, is_absent=False):
    """`is_absent`: the houses are not in the data that is asked, so no text determines anything."""
    factor = PRESETS[preset]
    rates = {name: min(0.9, rate * factor) for name, rate in RATES.items()}
    draw, points, drawn = Random(seed, 1), province.points, set()
    while len(drawn) < count:
        point = draw.below(len(points))
        if point in drawn:
            continue
        drawn.add(point)
        citizen = Citizen(province, rates, Random(seed, 2, point), point)
        text = citizen.write()
        determined, grids, without_rooms = ("absent", (), 0) if is_absent else judge(province, citizen.pieces, points.grid[point])
        codes = sorted(points.grids[g] for g in grids)
        yield {"id": len(drawn), "text": text, "true_grid": points.grids[points.grid[point]], "determined": determined, "grids": len(codes),
               "grids_without_room": without_rooms, "kept": " ".join(p.kind for p in citizen.pieces), "corruptions": " ".join(citizen.done),
               "standard": points.text[point], "candidates": " ".join(codes[:MOST_LISTED])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--synth", required=True, type=pathlib.Path, help="folder that wangge synth wrote")
    parser.add_argument("--cache", required=True, type=pathlib.Path, help="folder in which the grids of the points are kept")
    parser.add_argument("--out", type=pathlib.Path, help="CSV to write")
    parser.add_argument("--houses", choices=("all", "present", "absent"), default="all",
                        help="a tenth of the houses is absent: rows of the others, as if it were not there, or of that tenth alone")
    parser.add_argument("--present-addresses", type=pathlib.Path, help="instead of rows: write addresses.csv without the absent houses")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--preset", choices=PRESETS, default="citizen")
    options = parser.parse_args()
    points = province_points.load(options.synth, options.cache)
    if options.present_addresses:
        with open(options.synth / "addresses.csv", "rb") as source, open(options.present_addresses, "wb") as file:
            file.write(source.readline())
            file.writelines(line for i, line in enumerate(source) if not points.is_absent(i))
        return 0
    if not options.out:
        parser.error("--out is needed")
    if options.houses != "all":
        points = points.only([i for i in range(len(points)) if points.is_absent(i) == (options.houses == "absent")])
    province = Province(points)
    aside = options.out.with_name(f"{options.out.name}.new-{os.getpid()}")
    tally = {}
    with open(aside, "w", encoding="utf-8", newline="") as file:
        table = None
        for row in rows(province, options.rows, options.seed, options.preset, options.houses == "absent"):
            if table is None:
                table = csv.DictWriter(file, list(row), lineterminator="\n")
                table.writeheader()
            table.writerow(row)
            tally[row["determined"]] = tally.get(row["determined"], 0) + 1
    aside.replace(options.out)
    print(f"{options.out}: {options.rows} rows, seed {options.seed}, preset {options.preset}; determined: "
          + ", ".join(f"{key} {tally[key]}" for key in sorted(tally)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
