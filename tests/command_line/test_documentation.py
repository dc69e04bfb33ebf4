"""Runs the commands and requests of docs/user-guide.md, docs/problems.md and docs/http-api.md as they are written, in their order."""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import wangge_cli as cli

WRITTEN_ADDRESS = "127.0.0.1:8080"
NOT_RUN = ("tools/setup ", "cmake ", "export PATH=")  # whoever runs this has built already


def blocks(page):
    """(language, lines) of each fenced block, in order."""
    text = (cli.ROOT / "docs" / page).read_text(encoding="utf-8")
    return [(language, body.splitlines()) for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)]


class Documentation(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        (self.folder / "geodata").symlink_to(cli.ROOT / "geodata")
        self.environment = {**os.environ, "PATH": f"{pathlib.Path(cli.PROGRAM).resolve().parent}:{os.environ['PATH']}"}
        self.server = None
        self.ran = []

    def run_page(self, page):
        all_blocks = blocks(page)
        for i, (language, lines) in enumerate(all_blocks):
            if language == "python":
                with self.subTest(page=page, line=lines[0]):
                    self.run_python("\n".join(lines))
            if language != "sh":
                continue
            shown = all_blocks[i + 1][1] if i + 1 < len(all_blocks) and all_blocks[i + 1][0] == "json" else None
            for line in lines:
                with self.subTest(page=page, line=line):
                    self.run_line(line, shown)

    def run_python(self, program):
        """A comment "# [...]" on the last line is what it prints; "…" stands for anything."""
        done = subprocess.run([sys.executable, "-c", program], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = re.escape(program.rsplit("# ", 1)[1].strip()).replace("…", ".+")
        self.assertRegex(done.stdout.strip(), f"^{shown}$")
        self.ran.append(program)

    def run_line(self, line, shown):
        if not line.strip() or line.startswith(NOT_RUN):
            return
        words = shlex.split(line, comments=True)
        self.assertIn(words[0], ("wangge", "curl", "ogr2ogr"), "neither run nor known as one to leave out")
        self.ran.append(line)
        if words[:2] == ["wangge", "serve"]:
            self.serve(words)
        elif words[0] == "curl":
            self.ask(words, shown)
        else:
            done = subprocess.run(words, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=600)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
            if "--json" in words:
                json.loads(done.stdout)
            if "--out" in words:
                self.assertTrue((self.folder / words[words.index("--out") + 1]).exists())

    def serve(self, words):
        """As written, but on a free port."""
        self.assertEqual(words[words.index("--listen") + 1], WRITTEN_ADDRESS)
        self.assertEqual(sorted(w for w in words if w.startswith("--")), ["--data", "--listen"])
        self.server = cli.Server(self.folder / words[words.index("--data") + 1])
        self.addCleanup(self.server.stop)

    def ask(self, words, shown):
        self.assertIsNotNone(self.server, "no `wangge serve` stands before this line")
        words = [word.replace(WRITTEN_ADDRESS, f"127.0.0.1:{self.server.port}") for word in words]
        done = subprocess.run([*words, "-sS", "-w", "\n%{http_code}"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        body, status = done.stdout.rsplit("\n", 1)
        answer = json.loads(body)
        expected = json.loads("\n".join(shown)) if shown else {}
        # curl ends with 0 on an error answer too: it must be one only where the page shows one.
        self.assertEqual(int(status), expected["status"] if isinstance(expected.get("status"), int) else 200, body)
        if shown:
            self.assert_same_members(expected, answer, "")

    def assert_same_members(self, shown, answer, where):
        """Values differ with the scale and the day; member names do not. "…" in the page stands for what it leaves out."""
        if isinstance(shown, dict) and isinstance(answer, dict):
            if "…" in shown:
                shown = {name: value for name, value in shown.items() if name != "…"}
                answer = {name: answer[name] for name in shown if name in answer}
            self.assertEqual(list(shown), list(answer), where)
            for name in shown:
                self.assert_same_members(shown[name], answer[name], f"{where}/{name}")
        elif isinstance(shown, list) and isinstance(answer, list) and shown and answer:
            self.assert_same_members(shown[0], answer[0], f"{where}/0")

    def test_the_user_guide_can_be_followed_from_top_to_bottom(self):
        self.run_page("user-guide.md")
        self.run_page("problems.md")  # on the files that the guide makes
        self.assertGreater(len(self.ran), 15)
        self.assertIsNotNone(self.server)

    def test_every_request_of_the_http_page_is_answered_as_it_shows(self):
        # The page speaks of the whole province; the county round its positions has all its grid codes.
        _, data = cli.make_province(self.folder, "county:440104")
        (self.folder / "build").mkdir()
        (self.folder / "build/demo").symlink_to(data)
        self.run_page("http-api.md")
        self.assertGreater(len(self.ran), 8)

    def test_every_link_of_the_two_pages_leads_to_a_file(self):
        for page in ("user-guide.md", "http-api.md", "data.md", "problems.md"):
            text = (cli.ROOT / "docs" / page).read_text(encoding="utf-8")
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
                with self.subTest(page=page, target=target):
                    self.assertTrue((cli.ROOT / "docs" / target).exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
