#!/usr/bin/env python3
"""Fails when a sentence that people read lacks its Chinese: words(ENGLISH, CHINESE, ...) whose second text holds no Chinese character
while the first one holds a word; in the files where staff meet refusals, an Error that is told in English only; and, in the files
whose output a person reads, a text that is printed in English only.

check_words.py ROOT        check a source tree
check_words.py --self-test check that planted faults are found
"""

import pathlib
import re
import sys
import tempfile

# Where every refusal that a person can cause is told in both languages. Errors of the machine (environment, corrupt) may be English.
BILINGUAL = ["importers/*.cpp", "src/changes/*.cpp", "src/registry/registry_change_sets.cpp", "src/topology/repair*.cpp",
             "tools/wangge/arguments.cpp", "tools/wangge/command_changes.cpp", "tools/wangge/command_check.cpp",
             "tools/wangge/command_find.cpp", "tools/wangge/command_history.cpp", "tools/wangge/command_import.cpp",
             "tools/wangge/command_locate.cpp", "tools/wangge/command_publish.cpp", "tools/wangge/command_repair.cpp"]
# Where all that is printed, but for JSON and columns that programs read, is printed in both languages.
PRINTING = ["src/lookup/answer_text.cpp", "src/lookup/finder_text.cpp", "tools/wangge/command_changes.cpp",
            "tools/wangge/command_find.cpp", "tools/wangge/command_history.cpp", "tools/wangge/command_locate.cpp",
            "tools/wangge/command_repair.cpp"]
OF_PERSONS = {"usage", "data_unreadable", "data_rejected", "not_found", "conflict"}

TEXT = r'"((?:[^"\\]|\\.)*)"'
TEXTS = rf"(?:{TEXT}\s*)+"
PAIR = re.compile(rf"\b(?:words|said|add|Words)\s*[({{]\s*(?:\w+,\s*)?(?P<english>{TEXTS}),\s*(?P<chinese>{TEXTS})")
ENGLISH_ERROR = re.compile(r'Error\s*\{\s*ErrorCode::(\w+),\s*(?:fmt::format|std::string\{|")')
ENGLISH_TEXT = re.compile(rf"\b(?:say|warn|format|format_to|push_back)\((?:std::back_inserter\(\w+\), )?\s*(?P<text>{TEXTS})")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HOLE = re.compile(r"\{\d?\}")
COMMAND = re.compile(r"wangge [a-z].*|--[a-z-]+|#[0-9a-f]{6}")


def joined(literals):
    return "".join(re.findall(TEXT, literals))


def faults_of(path, code, bilingual, printing):
    for match in PAIR.finditer(code):
        english, chinese = joined(match.group("english")), joined(match.group("chinese"))
        said = COMMAND.sub("", HOLE.sub("", english.replace("\\n", " ")))
        if re.search(r"[A-Za-z]{2}", said) and not CHINESE.search(chinese):
            yield f"{path}:{code.count(chr(10), 0, match.start()) + 1}: no Chinese for \"{english}\""
    if bilingual:
        for match in ENGLISH_ERROR.finditer(code):
            if match.group(1) in OF_PERSONS:
                yield f"{path}:{code.count(chr(10), 0, match.start()) + 1}: an Error in English only; use words(ENGLISH, CHINESE, ...)"
    if printing:
        for match in ENGLISH_TEXT.finditer(code):
            text = re.sub(r"\{[^}]*\}|\\.", "", joined(match.group("text")))
            if re.search(r"[A-Za-z]{2}", text) and not CHINESE.search(text):
                yield f"{path}:{code.count(chr(10), 0, match.start()) + 1}: printed in English only; use said(language, ENGLISH, CHINESE, ...)"


def check(root):
    faults, pairs = [], 0
    both = {p for pattern in BILINGUAL for p in root.glob(pattern)}
    printed = {p for pattern in PRINTING for p in root.glob(pattern)}
    for folder in ("include", "src", "importers", "tools/wangge"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            code = path.read_text(encoding="utf-8")
            pairs += len(PAIR.findall(code))
            faults += faults_of(path.relative_to(root), code, path in both, path in printed)
    return pairs, faults


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "importers").mkdir()
        (root / "importers/a.cpp").write_text(
            'words("good {}", "好 {}", x); words(", ", "，"); words("{}: {}", "{}：{}", a, b);\n'
            'words("not "\n "said", "not said");\n'
            'throw Error{ErrorCode::usage, "only English"};\n'
            'throw Error{ErrorCode::environment, fmt::format("disk {}", x)};\n'
            'throw Error{ErrorCode::not_found,\n    fmt::format("no {}", x)};\n'
            'said(language, "Layers: {}", "Layers: {}", x);\n', encoding="utf-8")
        (root / "src/snapshot").mkdir(parents=True)
        (root / "src/snapshot/b.cpp").write_text('throw Error{ErrorCode::usage, "may be English"};\n', encoding="utf-8")
        (root / "src/lookup").mkdir(parents=True)
        (root / "src/lookup/finder_text.cpp").write_text(
            'say("{}\\n", text);\nsay("Report: {}\\n", path);\nparts.push_back(fmt::format("{:.2f} {}", a, b));\n'
            'fmt::format_to(std::back_inserter(out), "{} in {}", a, b);\nsaid(language, "one {}", "一 {}", x);\n', encoding="utf-8")
        found = [fault.split(":")[1] for fault in check(root)[1]]
        assert found == ["2", "4", "2", "8", "4", "6"], found
    print("self-test passed")


if __name__ == "__main__":
    if sys.argv[1] == "--self-test":
        self_test()
        sys.exit(0)
    pairs, faults = check(pathlib.Path(sys.argv[1]))
    for fault in faults:
        print(fault)
    print(f"{pairs} sentences in both languages, {len(faults)} faults")
    sys.exit(1 if faults or pairs < 100 else 0)
