"""What district staff read with --lang zh, from a contractor's zip to the published state and back, and every kind of row an import
refuses: Chinese, with the field and the value where there are some, and no English sentence among it."""
import contextlib
import csv
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

# What stays as it is in Chinese text: commands and options, names of files and systems, ids, slugs and columns.
KEPT = re.compile(r"wangge(?: [a-z]+)+|--[a-z-]+|[\w./-]*\.(?:shp|zip|gpkg|csv|tsv|html|cpg|prj|toml|geojson)\b|EPSG:\d+|CGCS2000|GCJ-?02|BD-?09"
                  r"|UTF-8|GB18030|GBK|Big5|BIG5|ASCII|FILE|QGIS|[0-9a-f]{8,}|/[\w./-]+|\b[A-Z]\d+\b|\b(?:WGBM|WGMC|CJBM|WGLX|MC|BM)\b|GD\d+|\broot\b"
                  r"|“[^”]*”|^wangge:|姓名|\b(?:ann|ben|chief|approver)\b|4\.40106E\+14|\.gdb|OGC", re.IGNORECASE)
PROGRESS = re.compile(r"^[a-z].* \.\.\.$|: .*done in [\d.]+ s$")  # how far long work is, on standard error
SLUGS = re.compile(r"\b[a-z]+(?:_[a-z]+)+ |\b(?:overlap|gap|sliver) ")


class Chinese(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.synth, cls.data = cli.make_province(cls.folder, "county:440104")
        cli.run("import", "addresses", cls.synth / "addresses.csv", "--data", cls.data, check=0)
        out = cls.folder / "grids.geojson"
        cli.run("export", "grids", "--out", out, "--data", cls.data, check=0)
        cls.grids = json.loads(out.read_text(encoding="utf-8"))["features"]

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def chinese(self, *arguments, code=0, needs=()):
        """What the command says, which must be Chinese and hold `needs`."""
        done = cli.run(*arguments, "--lang", "zh", check=code)
        text = done.stdout + done.stderr
        for line in text.splitlines():
            if PROGRESS.search(line):
                continue
            left = SLUGS.sub("", KEPT.sub("", line))
            self.assertIsNone(re.search(r"[A-Za-z]{3,}", left), f"wangge {' '.join(map(str, arguments))}\n{line}\n{left}")
        for part in needs:
            self.assertIn(part, text)
        return text

    def contractor_zip(self, name, features, encoding="GB18030"):
        """A Shapefile as contractors send it: Chinese file names, GB18030 without .cpg, in a zip with GBK names."""
        source = self.folder / "contractor.geojson"
        rows = [{"type": "Feature", "geometry": f["geometry"],
                 "properties": {"WGBM": f["properties"]["grid_code"], "WGMC": f["properties"]["name"],
                                "CJBM": f["properties"]["village_code"]}} for f in features]
        source.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), encoding="utf-8")
        shape = self.folder / "survey.shp"
        subprocess.run(["ogr2ogr", "-overwrite", "-lco", f"ENCODING={encoding}", "-a_srs", "EPSG:4490", shape, source], check=True,
                       capture_output=True)
        shape.with_suffix(".cpg").unlink()
        path = self.folder / name
        with zipfile.ZipFile(path, "w") as archive:
            for part in (".shp", ".shx", ".dbf", ".prj"):
                # zipfile stores names that are no ASCII as UTF-8 with a flag; Windows' own packer writes GBK without one.
                info = zipfile.ZipInfo("0" * 8 + part)
                archive.writestr(info, shape.with_suffix(part).read_bytes(), zipfile.ZIP_DEFLATED)
        raw = path.read_bytes().replace(b"00000000", "网格成果".encode("gbk"))
        path.write_bytes(raw)
        return path

    def test_from_a_contractors_zip_to_the_published_state_and_back(self):
        edited = json.loads(json.dumps(self.grids))
        edited[0]["properties"]["name"] = "沿江一网格"
        delivered = self.contractor_zip("交付 成果.zip", edited)
        self.chinese("check", delivered, needs=["没有发现问题", "按 GB18030 读取"])
        page = self.folder / "报告.html"
        self.chinese("check", delivered, "--report", page, needs=["报告"])
        self.assertIn('lang="zh-CN"', page.read_text(encoding="utf-8"))
        made = self.chinese("changes", "new", "--from", delivered, "--title", "更名一处", "--author", "ann", "--data", self.data,
                            needs=["字段: 网格编码 ← WGBM", "按 GB18030 读取", "编辑中", "更名 " + edited[0]["properties"]["grid_code"]])
        number = re.search("变更单 (\\d+) “更名一处”", made).group(1)
        def step(name, *options, code=0, needs=()):
            return self.chinese("changes", name, number, *options, "--data", self.data, code=code, needs=needs)
        step("approve", "--approver", "chief", code=1, needs=["只有检查通过的才能批准"])
        step("apply", "--author", "ann", code=1, needs=["只有已批准的才能应用"])
        step("check", "--author", "ann", needs=["0 个错误", "检查通过"])
        step("preview", "--layer", self.folder / "preview.gpkg", needs=["更名", "个地址换属", "图层："])
        step("approve", "--approver", "ann", code=1, needs=["须由他人批准"])
        step("approve", "--approver", "chief", needs=["chief 于"])
        step("apply", "--author", "ann", needs=["等待发布"])
        self.chinese("publish", "--author", "ann", "--data", self.data, needs=["已发布第"])
        self.chinese("publish", "--author", "ann", "--data", self.data, needs=["没有变化"])
        made = step("undo", "--author", "ben", needs=[f"撤销变更单 {number} “更名一处”"])
        number = re.search("变更单 (\\d+) “撤销", made).group(1)
        step("check", "--author", "ben", needs=["0 个错误"])
        step("show", needs=["最近一次检查：ben"])
        step("discard", "--reason", "重复", "--author", "ben", needs=["由 ben 作废：重复"])
        step("check", "--author", "ben", code=1, needs=["已作废"])
        self.chinese("changes", "list", "--all", "--data", self.data, needs=["已应用", "已作废"])
        self.chinese("changes", "show", "99", "--data", self.data, code=1, needs=["没有变更单 99"])

    def test_answers_and_histories_are_told_in_chinese(self):
        grid = self.grids[3]["properties"]["grid_code"]
        place = cli.run_json("find", "--near", "113.27,23.13", "--nearest", "1", "--data", self.data)["grids"][0]
        self.chinese("find", "--near", "113.27,23.13", "--nearest", "2", "--data", self.data, needs=["共 2 个网格", "  属 ", place["name"]])
        self.chinese("find", "--bbox", "113.27,23.13", "--data", self.data, code=2, needs=["有 2 个数字"])
        self.chinese("locate", "113.27", "23.13", "--data", self.data, needs=["网格：", "村居：", "逐级上报：", "坐标系：EPSG:4490", "依据：第 "])
        self.chinese("locate", "100", "30", "--nearest", "1", "--data", self.data, needs=["不在任何网格内", "公里内没有"])
        self.chinese("show", "grid", grid, "--data", self.data, needs=["网格员"])
        with open(self.synth / "addresses.csv", encoding="utf-8-sig", newline="") as file:
            row = next(csv.DictReader(file))
        text = list(row.values())[1]
        self.chinese("address", text, "--data", self.data, needs=["网格：未确定", "层级：村居", "道路：", "版本：第 "])  # they are not published
        self.chinese("address", "这里什么都没有", "--data", self.data, needs=["未找到：文中没有已知的区划"])
        self.chinese("address", "--near", "113.27", "23.13", "--data", self.data, needs=["公里内没有"])
        self.chinese("address", "--suggest", "这里什么都没有", "--data", self.data, needs=["没有这样开头的地址"])
        self.chinese("address", text, "--count", "3", "--data", self.data, code=2, needs=["须与 --near"])
        number = str(cli.run_json("changes", "new", "--title", "更名", "--author", "ann", "--data", self.data)["change_set"])
        cli.run("changes", "add", number, "rename", grid, "--name", "新名", "--author", "ann", "--data", self.data, check=0)
        for step in (("check", "--author", "ann"), ("approve", "--approver", "chief"), ("apply", "--author", "ann")):
            cli.run("changes", step[0], number, *step[1:], "--data", self.data, check=0)
        self.chinese("history", grid, "--data", self.data, needs=["2 个版本", "第 1 版", "草稿", "新增：", "更名：", "尚未发布", "有效"])
        self.chinese("history", "1" * 15, "--data", self.data, code=1, needs=["请核对编码"])

    def test_repairs_are_told_in_chinese(self):
        east = json.loads(json.dumps(self.grids[:6]))
        for number, feature in enumerate(east):  # each a little beside where it was, one far
            shape = feature["geometry"]
            for part in shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]:
                for ring in part:
                    ring[:] = [[lon + (2e-6 if number % 2 else 0) + (5e-4 if number == 5 else 0), lat] for lon, lat in ring]
        path = self.written("GD7.geojson", json.dumps({"type": "FeatureCollection", "features": east}))
        self.chinese("repair", path, "--tolerance", "0.5", "--report", self.folder / "r.gpkg",
                     needs=["行，图层", "个方案共移动", "没有写入任何内容", "报告："])
        layers = self.folder / "layers.gpkg"
        self.chinese("repair", path, "--tolerance", "0.1", "--out", self.folder / "r2.gpkg", "--report", layers, code=1,
                     needs=["不可行 无修补方案", "超过容差 0.1 米", "请重新绘制", "已写出 "])
        with contextlib.closing(sqlite3.connect(layers)) as file:
            refusals = [said for (said,) in file.execute("SELECT refusal FROM repair_places WHERE refusal IS NOT NULL")]
        self.assertTrue(refusals and all(re.search("[一-龥]", said) for said in refusals), refusals)
        self.chinese("repair", path, "--tolerance", "0", code=2, needs=["请给出大于 0 米的长度"])

    def test_conflicts_meetings_and_what_is_checked_anew(self):
        def new(title):
            return str(cli.run_json("changes", "new", "--title", title, "--author", "ann", "--data", self.data)["change_set"])
        code = self.grids[3]["properties"]["grid_code"]
        first, second = new("甲"), new("乙")
        for number, name in ((first, "甲名"), (second, "乙名")):
            cli.run("changes", "add", number, "rename", code, "--name", name, "--author", "ann", "--data", self.data, check=0)
        self.chinese("changes", "show", second, "--data", self.data, needs=["相遇", "都改动 " + code])
        self.chinese("changes", "check", second, "--author", "ann", "--data", self.data)
        for step in (("check", "--author", "ann"), ("approve", "--approver", "chief"), ("apply", "--author", "ann")):
            self.chinese("changes", step[0], first, *step[1:], "--data", self.data)
        self.chinese("changes", "show", second, "--data", self.data, needs=["须重新检查：相邻的变更单", "“甲”已应用"])
        self.chinese("changes", "check", second, "--author", "ann", "--data", self.data, code=1,
                     needs=["冲突：", "当时名称为", "请去掉它（wangge changes drop"])
        told = json.loads(cli.run("changes", "check", second, "--author", "ann", "--data", self.data, "--json", "--lang", "zh", check=1).stdout)
        self.assertIn("请去掉它", told["conflicts"][0]["message"])
        empty = new("空")
        self.chinese("changes", "check", empty, "--author", "ann", "--data", self.data, code=1, needs=["没有改变任何内容"])
        gap = new("水面")
        at = ",".join(f"{v:.7f}" for v in self.grids[0]["geometry"]["coordinates"][0][0][0][:2]) \
            if self.grids[0]["geometry"]["type"] == "MultiPolygon" else ",".join(f"{v:.7f}" for v in self.grids[0]["geometry"]["coordinates"][0][0][:2])
        cli.run("changes", "add", gap, "accept-gap", "--at", at, "--reason", "水域", "--author", "ann", "--data", self.data, check=0)
        self.chinese("changes", "check", gap, "--author", "ann", "--data", self.data, code=1, needs=["冲突：", "位于网格"])
        for operation, extra, needs in ((["retire"], [], "需要一个网格编码"), (["rename", "1" * 15], ["--name", "x"], "不生效"),
                                        (["merge", code], [], "至少要有两个网格"), (["reshape", code], [], "需要 --shape")):
            told = cli.run("changes", "add", empty, *operation, *extra, "--author", "ann", "--data", self.data, "--lang", "zh")
            self.assertNotEqual(told.returncode, 0)
            self.assertIn(needs, told.stderr)
        drawn = new("重叠")
        other = next(g for g in self.grids if g["properties"]["grid_code"] != code)
        shape = self.folder / "other.geojson"
        shape.write_text(json.dumps(other["geometry"]), encoding="utf-8")
        cli.run("changes", "add", drawn, "reshape", code, "--shape", shape, "--author", "ann", "--data", self.data, check=0)
        self.chinese("changes", "check", drawn, "--author", "ann", "--data", self.data, code=1, needs=["几何完全相同"])

    def refused(self, what, name, text, *needs):
        table = self.folder / name
        table.write_text(text, encoding="utf-8")
        return self.chinese("import", what, table, "--data", self.data, "--dry-run", code=1, needs=needs)

    def test_rows_that_imports_refuse_are_told_with_field_and_value(self):
        code = self.grids[0]["properties"]["grid_code"]
        self.refused("officers", "officers.csv",
                     "工号,姓名,手机号码,网格编码,角色,生效日期,失效日期\n"
                     f",张三,13800000000,{code},专职,,\nG2,李四,12,{code},专职,,\nG3,王五,13800000000,44010,专职,,\n"
                     f"G4,赵六,13800000000,440104999999001,专职,,\nG5,钱七,13800000000,{code},总管,,\nG6,孙八,13800000000,{code},专职,五月,\n"
                     f"G7,周九,13800000000,{code},专职,2024-05-01,2024-04-01\nG8,吴十,13800000001,{code},专职,,\nG8,吴二,13800000001,{code},专职,,\n",
                     "officers.csv 第 2 行：工号为空", "电话不是有效号码", "登记库中没有网格 440104999999001", "人员类型不在列表中", "生效日期不是日期",
                     "结束日期不晚于开始日期", "同一工号在officers.csv 第 9 行中的姓名或电话不同", "字段: 工号 ← 工号")
        self.refused("addresses", "addresses.csv",
                     "地址编码,标准地址,村居编码,经度,纬度\n,x路1号,,113.3,23.1\nA2,,,113.3,23.1\nA3,x路3号,abc,113.3,23.1\n"
                     "A4,x路4号,440104999999,113.3,23.1\nA5,x路5号,,东,23.1\nA6,x路6号,,113.3,230.1\nA7,x路7号,,113.3,23.1\nA7,x路8号,,113.3,23.1\nA9,x\n",
                     "没有地址编码", "没有地址文字", "村居编码“abc”不是 12 位数字", "440104999999 不是登记库中的村居", "经度：“东”不是数字",
                     "113.3, 230.1 不是 EPSG:4490 中的位置", "地址编码“A7”还出现在addresses.csv 第 8 行", "有 2 列，而表头有 5 列")
        self.refused("divisions", "divisions.csv",
                     "区划代码,区划名称,级别,上级代码\n,甲,,\n4401,乙,,\n440104000000,,,\n440104990000,丙,大区,\n440104991000,丁,镇,44\n"
                     "440104992000,戊,镇,440104992001\n440104992001,己,村,449999000000\n440104993001,庚,村,440104993001\n",
                     "没有区划编码", "区划编码“4401”不是 12 位数字", "没有区划名称", "级别“大区”不在列表中", "上级编码“44”不是 12 位数字",
                     "上级 449999000000 既不在文件中也不在登记库中", "的级别是村居，不高于村居")
        self.refused("concordance", "old.csv", "旧编码,新编码,生效日期\n,440104001001,\n12,440104001001,\n440104999001,12,\n440104999002,440104001001,昨天\n",
                     "没有旧编码", "旧编码“12”不是 12 位数字", "新编码“12”不是 12 位数字", "“昨天”不是日期")
        table = self.written("no-columns.csv", "地址编码,经度,纬度\nA1,113.3,23.1\n")
        told = cli.run("import", "addresses", table, "--data", self.data, "--dry-run", "--lang", "zh", check=1).stderr
        self.assertIn("没有“标准地址”列；现有的列：地址编码, 经度, 纬度", told)

    def written(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name

    def test_faulty_boundaries_are_told_in_chinese(self):
        faulty = json.loads(json.dumps(self.grids[:8]))
        faulty[0]["properties"]["grid_code"] = "4.40104E+14"
        faulty[1]["properties"]["name"] = ""
        faulty[2]["properties"]["village_code"] = "440104999999"
        faulty[3]["properties"]["village_code"] = "12"
        faulty[4]["properties"]["grid_code"] = faulty[5]["properties"]["grid_code"]
        path = self.contractor_zip("faulty.zip", faulty)
        self.chinese("import", "boundaries", path, "--data", self.data, "--dry-run", code=1,
                     needs=["网格编码“4.40104E+14”不是 15 位数字", "没有网格名称", "所属村居 440104999999 在生效日期不在登记库中", "“12”不是 12 位数字", "字段: 网格编码 ← WGBM"])
        for text, name, part in (("x", "text.gpkg", "内容不是 GeoPackage"), ("", "empty.geojson", "是空文件"), ("PK\x05\x06", "cut.zip", "zip 已损坏")):
            told = cli.run("check", self.written(name, text), "--lang", "zh", check=1).stderr
            self.assertIn(part, told)

    def test_the_environment_chooses_where_no_option_does(self):
        for value, part in (("zh_CN.UTF-8", "没有变更单 77"), ("C.UTF-8", "there is no change set 77")):
            done = subprocess.run([cli.PROGRAM, "changes", "show", "77", "--data", str(self.data)], capture_output=True, text=True,
                                  env={**os.environ, "LC_ALL": value})
            self.assertEqual(done.returncode, 1)
            self.assertIn(part, done.stderr)


if __name__ == "__main__":
    unittest.main()
