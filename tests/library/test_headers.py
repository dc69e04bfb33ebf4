"""Every public header compiles alone, the installed ones with nothing else of ours in reach."""
import concurrent.futures
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CXX = os.environ.get("CXX", "g++")


def complaint(header, include):
    done = subprocess.run([CXX, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror",
                           f"-I{include}", "-x", "c++", "-"], input=f"#include <{header.relative_to(include)}>\n",
                          capture_output=True, text=True, timeout=300)
    return done.stderr if done.returncode != 0 else ""


class Headers(unittest.TestCase):
    def test_each_public_header_compiles_alone(self):
        """Those that are installed, from the installed tree."""
        with tempfile.TemporaryDirectory() as prefix:
            subprocess.run(["cmake", "--install", os.environ["WANGGE_BUILD"], "--prefix", prefix, "--component", "library"],
                           check=True, capture_output=True, timeout=300)
            ours, installed = ROOT / "include", pathlib.Path(prefix) / "include"
            names = sorted(header.relative_to(ours) for header in ours.rglob("*.hpp"))
            self.assertGreater(len(names), 30)
            self.assertGreater(sum((installed / name).exists() for name in names), 20)
            jobs = [(installed if (installed / name).exists() else ours, name) for name in names]
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                for (_, name), text in zip(jobs, pool.map(lambda job: complaint(job[0] / job[1], job[0]), jobs)):
                    with self.subTest(header=str(name)):
                        self.assertEqual(text, "")

    def test_a_header_that_lacks_an_include_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "bad.hpp").write_text("#pragma once\nstd::string text;\n", encoding="utf-8")
            self.assertIn("string", complaint(pathlib.Path(folder) / "bad.hpp", pathlib.Path(folder)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
