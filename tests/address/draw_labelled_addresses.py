#!/usr/bin/env python3
"""Draws addresses with the labels of their parts: real divisions of Guangdong, made-up names, the ways in which people write.

usage: draw_labelled_addresses.py --count N --seed N > FILE
       wangge-bench-address_parts --labelled FILE

Lines as in labelled_addresses.tsv, which was put together by an earlier program of this kind. What a draw can show is whether
the parser reads what its labels say for other names and divisions than those it was tuned on; the ways of writing are those
that its author thought of.
"""
import argparse
import csv
import pathlib
import random

DIVISIONS = pathlib.Path(__file__).resolve().parents[2] / "geodata/guangdong/divisions.tsv"
STEMS = ("安居 白沙 宝华 滨江 博学 彩云 长乐 晨光 春晖 翠堤 东升 德馨 福泽 港前 光华 海棠 和顺 宏基 湖景 华泰 惠民 吉祥 金叶 锦绣 景新 康宁 "
         "兰亭 乐业 丽景 龙腾 梅园 明德 南华 鹏程 七星 启明 清泉 庆云 荣华 瑞丰 三江 盛和 石井 双龙 太和 天悦 桐林 望江 文华 五福 西园 祥云 新民 "
         "兴业 旭日 雅苑 银杏 映月 永乐 玉兰 裕民 园丁 云峰 振华 中兴 紫荆").split()
ROADS = "路 大道 东路 西路 南路 北路 中路 一路 二路 三路 街 大街 一街 巷 横街 工业路 大道东 大道北".split()
LANES = "一巷 二巷 三横巷 六街".split()
ESTATES = "花园 小区 新村 山庄 豪庭 家园 工业区 工业园 科技园 第二工业区 创意园 批发市场 农贸市场 广场 商贸城".split()
BUILDINGS = "大厦 商务中心 酒店 国际中心 商业大楼 写字楼 公寓".split()
LANDMARKS = "小学 医院 公园 派出所 加油站 汽车站".split()
BESIDE = "旁 对面 附近 旁边 隔壁 斜对面".split()
GROUPS = "一组 三队 第二村民小组 上屋村 新围 李屋 东社 5队 第八经济社".split()
COMPANIES = "有限公司 贸易有限公司 五金制品厂 实业有限公司".split()
ENDINGS = {"province": ("省",), "city": ("市",), "county": ("区", "县", "市"), "town": ("街道", "镇"),
           "village": ("社区居民委员会", "社区居委会", "村民委员会", "村委会", "居委会")}
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def bare(division):
    """Its name without what says its kind, or nothing where too little is left."""
    for ending in ENDINGS[division["level"]]:
        if division["name"].endswith(ending):
            name = division["name"][:-len(ending)]
            return name if 2 <= len(name) <= 4 and name not in ("开发区", "市场", "广场", "新城", "农场") else ""
    return ""


class Draw:
    def __init__(self, seed):
        self.random = random.Random(seed)
        with open(DIVISIONS, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        self.by_code = {row["code"]: row for row in rows}
        self.villages = [row for row in rows if row["level"] == "village" and len(row["name"]) <= 10]

    def maybe(self, share):
        return self.random.random() < share

    def one(self, of):
        return self.random.choice(of)

    def number(self, last):
        return str(self.random.randint(1, last))

    def name(self, endings):
        return self.one(STEMS) + self.one(endings)

    def divisions(self):
        village = self.one(self.villages)
        chain, at = {}, village
        while at:
            chain[at["level"]] = at
            at = self.by_code.get(at["parent_code"])
        if chain["county"]["name"] == chain["city"]["name"]:
            del chain["county"]
        said = []
        if self.maybe(0.5):
            said.append(("province", self.one(("广东省", "广东省", "广东"))))
        for level, share, short in (("city", 0.97, 0.25), ("county", 0.85, 0.25), ("town", 0.65, 0.25)):
            if level in chain and self.maybe(share):
                name = bare(chain[level])
                said.append((level, name if name and self.maybe(short) else chain[level]["name"]))
        if said and said[-1][0] == "town" and self.maybe(0.45):
            name = bare(village)
            rural = village["name"].endswith(("村委会", "村民委员会"))
            if name and not name.endswith(("村", "社区")):
                ways = ["", "村", "村委会"] if rural else ["", "社区", "社区居委会"]
                said.append(("village", name + self.one(ways)))
        return said

    def inside(self):
        """Number of the house and what is in it."""
        parts = [("number", self.one((self.number(300) + "号", self.number(40) + "-" + self.number(9) + "号",
                                      self.number(90) + "号之一", "自编" + self.number(60) + "号")))]
        if self.maybe(0.3):
            parts.append(("building", self.name(BUILDINGS)))
        elif self.maybe(0.4):
            parts.append(("estate", self.name(ESTATES)))
            parts.append(("building", self.one((self.number(30) + "栋", self.one("ABCD") + "座", self.number(20) + "号楼"))))
        else:
            return parts
        if self.maybe(0.4):
            parts.append(("floor", self.number(30) + self.one("楼层")))
        if self.maybe(0.6):
            parts.append(("room", self.number(30) + "0" + self.number(9) + self.one(("室", "房", ""))))
        return parts

    def place(self, said):
        kind = self.random.random()
        in_village = bool(said) and said[-1][0] == "village"
        if in_village and kind < 0.25:
            return [("group", self.one(GROUPS))] + ([("number", self.number(90) + "号")] if self.maybe(0.5) else [])
        if kind < 0.8:
            parts = [("road", self.name(ROADS))]
            if parts[0][1].endswith(("路", "街")) and self.maybe(0.1):
                parts.append(("road", self.one(LANES)))
            return parts + self.inside()
        if kind < 0.9:
            return [("estate", self.name(ESTATES)), ("building", self.number(30) + self.one("栋幢座"))]
        return [("road", self.name(ROADS)), ("landmark", self.name(LANDMARKS) + self.one(BESIDE))]

    def address(self):
        said = self.divisions()
        parts = said + self.place(said)
        if self.maybe(0.04):
            parts.insert(0, ("noise", "中国"))
        if self.maybe(0.06):
            parts.append(("noise", self.one(STEMS) + self.one(STEMS) + self.one(COMPANIES)))
        if self.maybe(0.04):
            parts = [(kind, text.translate(FULL_WIDTH)) for kind, text in parts]
        between = " " if self.maybe(0.04) else ""
        before = [("noise", "地址")] if self.maybe(0.04) else []
        colon = "：" if before else ""
        plain = [between.join(text for _, text in part) for part in (before, parts)]
        labels = [between.join(f"[{kind} {text}]" for kind, text in part) for part in (before, parts)]
        return colon.join(plain), colon.join(labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = Draw(options.seed)
    for _ in range(options.count):
        print(*draw.address(), sep="\t")


if __name__ == "__main__":
    main()
