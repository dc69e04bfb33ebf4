"""The examples of docs/library.md, compiled against an installed tree in a folder of their own, answer as the program does."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

BUILD = pathlib.Path(os.environ["WANGGE_BUILD"])
CXX = os.environ.get("CXX", "g++")
SANITIZE = [f"-fsanitize={os.environ['WANGGE_SANITIZE']}"] if os.environ.get("WANGGE_SANITIZE") else []


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=800, **more)
    if done.returncode != 0:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix, "--component", "library")
        page = (cli.ROOT / "docs/library.md").read_text(encoding="utf-8")
        example, geocoding = re.findall(r"^```cpp\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
        (cmake,) = re.findall(r"^```cmake\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
        cls.source = cls.folder / "source"
        cls.source.mkdir()
        (cls.source / "example.cpp").write_text(example, encoding="utf-8")
        (cls.source / "geocoding.cpp").write_text(geocoding, encoding="utf-8")
        (cls.source / "CMakeLists.txt").write_text(cmake, encoding="utf-8")
        synth, cls.data = cli.make_province(cls.folder, "county:440104")
        cli.run("import", "addresses", synth / "addresses.csv", "--data", cls.data, check=0)
        cli.run("publish", "--approver", "approver", "--data", cls.data, check=0)

    def command(self, *words):
        return json.loads(run(cli.PROGRAM, *words, "--json", "--data", self.data))

    def check(self, example):
        lines = run(example, self.data).splitlines()
        here = self.command("locate", "113.27", "23.13")["grid"]["code"]
        last = self.command("locate", "113.26999", "23.13")["grid"]["code"]
        near = self.command("find", "--near", "113.27,23.13", "--nearest", "3")["grids"]
        box = self.command("find", "--bbox", "113.26,23.12,113.27,23.13")["matched"]
        self.assertEqual(lines[:2], [f"here: {here}", f"last: {last}"])
        self.assertEqual([line.split()[:2] for line in lines[2:5]], [["near:", grid["code"]] for grid in near])
        for line, grid in zip(lines[2:5], near):
            self.assertAlmostEqual(float(line.split()[2]), grid["distance_m"], delta=1e-3 + 1e-5 * grid["distance_m"])
        self.assertEqual(lines[5:], [f"box: {box} grids"])
        self.assertGreater(box, 10)
        wrong = subprocess.run([example, self.folder / "nowhere"], capture_output=True, text=True, timeout=60)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("publish", wrong.stderr)

    def test_the_example_builds_with_the_cmake_package_and_answers_as_the_program_does(self):
        build = self.folder / "with-cmake"
        run("cmake", "-S", self.source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Release",
            f"-DCMAKE_CXX_COMPILER={CXX}", f"-DCMAKE_CXX_FLAGS={' '.join(SANITIZE)} -Wall -Wextra -Werror")
        run("cmake", "--build", build)
        self.check(build / "example")

    def test_the_example_builds_with_pkg_config(self):
        place = next(self.prefix.rglob("wangge-snapshot.pc")).parent
        environment = {**os.environ, "PKG_CONFIG_PATH": str(place)}
        flags = run("pkg-config", "--cflags", "--libs", "wangge-snapshot", env=environment).split()
        example = self.folder / "with-pkg-config"
        run(CXX, "-std=c++20", "-O1", *SANITIZE, self.source / "example.cpp", "-o", example, *flags)
        self.check(example)

    def test_the_example_of_addresses_answers_as_the_program_does(self):
        environment = {**os.environ, "PKG_CONFIG_PATH": str(next(self.prefix.rglob("wangge-lookup.pc")).parent)}
        flags = run("pkg-config", "--cflags", "--libs", "wangge-lookup", env=environment).split()
        example = self.folder / "geocoding"
        run(CXX, "-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", *SANITIZE, self.source / "geocoding.cpp", "-o", example, *flags)
        near = self.command("address", "--near", "113.27", "23.13", "--count", "1")["addresses"][0]
        texts = [near["text"], "广州市越秀区"]
        lines = run(example, self.data, *texts).splitlines()
        for line, text in zip(lines, texts):
            answer = self.command("address", text)
            grid = answer["grid"]["code"] if answer["grid"] else f"{answer['grids_in_all']} grids"
            self.assertEqual(line, f"{answer['level']} {grid}")
        self.assertTrue(lines[0].startswith("exact 440104"), lines[0])
        self.assertEqual(lines[-1], f"near: {near['text']}")
        wrong = subprocess.run([example, self.folder / "nowhere"], capture_output=True, text=True, timeout=60)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("publish", wrong.stderr)

    def test_the_lookup_target_links_too(self):
        source = self.folder / "lookup"
        source.mkdir()
        (source / "main.cpp").write_text('''
            #include <wangge/lookup/finder.hpp>
            #include <iostream>
            int main(int, char** argv) {
                using namespace wangge;
                auto const snapshot = snapshot::SnapshotStore{std::filesystem::path{argv[1]} / "snapshots"}.open_current();
                lookup::QueryFault fault;
                auto const answer = lookup::Finder{*snapshot}.find({lookup::NearQuery{113.2754, 23.1274, {}, 1}, "GCJ02"},
                    crs::Transformer::make("GCJ02"), Date::today(), {}, fault);
                std::cout << lookup::to_json(*answer) << std::endl;
            }''', encoding="utf-8")
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES CXX)\nfind_package(wangge CONFIG REQUIRED)\n"
            "add_executable(x main.cpp)\ntarget_link_libraries(x PRIVATE wangge::lookup)\n", encoding="utf-8")
        build = self.folder / "lookup-build"
        run("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_CXX_COMPILER={CXX}",
            f"-DCMAKE_CXX_FLAGS={' '.join(SANITIZE)}")
        run("cmake", "--build", build)
        expected = self.command("find", "--near", "113.2754,23.1274", "--nearest", "1", "--crs", "GCJ02")
        self.assertEqual(json.loads(run(build / "x", self.data)), expected)
        environment = {**os.environ, "PKG_CONFIG_PATH": str(next(self.prefix.rglob("wangge-lookup.pc")).parent)}
        flags = run("pkg-config", "--cflags", "--libs", "wangge-lookup", env=environment).split()
        run(CXX, "-std=c++20", *SANITIZE, source / "main.cpp", "-o", self.folder / "y", *flags)
        self.assertEqual(json.loads(run(self.folder / "y", self.data)), expected)


if __name__ == "__main__":
    unittest.main(verbosity=2)
