#!/usr/bin/env python3
"""Fails when a source file includes upward or across rooms, when a third-party header is included outside its one home,
when a header lacks #pragma once, and when two files of one room define types of one name in one namespace, which the linker would take
for one. docs/architecture.md explains the table.

check_layers.py ROOT       check a source tree
check_layers.py --self-test    plant a tree with one fault of each kind and check that every one is found
"""

import pathlib
import re
import sys
import tempfile

# What each room may include besides itself. A room that is not here may include nothing and be included by nobody.
MAY_INCLUDE = {
    "base": set(),
    "geom": {"base"},
    "crs": {"base", "geom"},
    "topology": {"base", "geom", "crs"},
    "registry": {"base", "geom", "crs"},
    "snapshot": {"base", "geom", "crs"},
    "address": {"base", "geom"},
    "importers": {"base", "geom", "crs", "registry", "topology", "address"},
    "changes": {"base", "geom", "crs", "registry", "topology", "address"},
    "publish": {"base", "geom", "crs", "registry", "snapshot", "topology", "address"},
    "lookup": {"base", "geom", "crs", "snapshot", "registry", "address"},
    "layers": {"base", "geom", "crs", "snapshot", "topology"},
    "http": {"base", "geom", "crs", "registry", "snapshot", "publish", "lookup", "layers", "address"},
}

# Third-party header -> the only files that may include it.
ONE_HOME = [
    (r"geos_c\.h|geos/.*", r"src/geom/geos_[^/]*\.cpp"),
    (r"proj\.h|geodesic\.h|proj/.*", r"src/crs/[^/]*\.cpp"),
    (r"toml\+\+/.*", r"src/crs/[^/]*\.cpp"),
    (r"sqlite3(ext)?\.h|spatialite(\.h|/.*)", r"src/registry/[^/]*\.cpp"),
    (r"(gdal|ogr|cpl)[a-z0-9_]*\.(h|hpp)|gdal/.*", r"(importers|src/layers|tools/synth)/[^/]*\.cpp|src/changes/preview_geopackage\.cpp"),
    (r"boost/.*", r"src/http/.*\.cpp"),
    (r"openssl/.*", r"src/http/.*\.cpp"),
    (r"spdlog/.*", r"src/base/[^/]*\.cpp"),
    (r"seccomp\.h|zlib\.h", r"importers/[^/]*\.cpp"),
    (r"sodium(\.h|/.*)", r"src/(base|registry)/[^/]*\.cpp"),
    (r"unicode/.*|opencc(/.*)?", r"src/address/characters/[^/]*\.cpp"),
    (r"CLI/.*", r"tools/.*"),
    (r"xlsxwriter(\.h|/.*)", r"tools/synth/[^/]*\.cpp"),
    (r"nlohmann/.*", r".*\.cpp"),
]

# GDAL opens a file here alone: what comes from outside in the reading process, and what the layers wrote themselves.
OPENS = re.compile(r"\b(GDALDataset::Open|GDALOpen\w*|OGROpen\w*)\s*\(")
MAY_OPEN = r"importers/(ogr|xlsx)_source\.cpp|src/layers/[^/]*\.cpp"

SOURCE_FOLDERS = ["include", "src", "importers", "tools", "tests"]
EXEMPT_FROM_ONE_HOME = ("tests/", "tools/bench/")
SOURCE_ENDINGS = {".hpp", ".h", ".cpp"}
SYSTEM_HEADER = re.compile(r"[a-z0-9_]+$|(sys|arpa|netinet|net|linux)/[a-z0-9_]+\.h$"
                           r"|(unistd|fcntl|signal|dirent|poll|pthread|sched|spawn|termios|iconv|langinfo|errno)\.h$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def room_of(path):
    """Room of a file by its path from the root; "tools" and "tests" stand above all rooms."""
    parts = path.split("/")
    if parts[:2] == ["include", "wangge"] and len(parts) > 3:
        return parts[2]
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[0] in ("importers", "tools", "tests"):
        return parts[0]
    return None


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.DOTALL)


def check_file(root, path):
    text = (root / path).read_text(encoding="utf-8")
    room = room_of(path)
    if room is None:
        yield f"{path}: lies in no room; move it to src/ROOM, include/wangge/ROOM, importers, tools or tests"
        return
    if path.endswith((".hpp", ".h")) and not re.search(r"^\s*#\s*pragma\s+once\b", text, re.MULTILINE):
        yield f"{path}: lacks #pragma once"
    above_all = room in ("tools", "tests")
    if not above_all and room not in MAY_INCLUDE:
        yield f"{path}: room '{room}' is unknown; add it to MAY_INCLUDE in tests/arch/check_layers.py and to docs/architecture.md"
        return
    code = without_comments(text)
    if not path.startswith(EXEMPT_FROM_ONE_HOME) and not re.fullmatch(MAY_OPEN, path):
        for match in OPENS.finditer(code):
            yield f"{path}:{code.count(chr(10), 0, match.start()) + 1}: {match.group(1)} outside the reading process (docs/decisions/0008)"
    for match in INCLUDE.finditer(code):
        quoted, header = match.group(1) == '"', match.group(2)
        where = f"{path}:{code.count(chr(10), 0, match.start(2)) + 1}"
        target = None
        if header.startswith("wangge/"):
            target = header.split("/")[1]
        elif quoted:
            if room == "tests":
                continue
            resolved = ((root / path).parent / header).resolve()
            if not resolved.is_file():
                yield f'{where}: "{header}" is not a file beside it; a quoted include names a file of the same folder'
                continue
            target = room_of(resolved.relative_to(root.resolve()).as_posix())
        if target is not None:
            if target == "tests" and room != "tests":
                yield f"{where}: {room} includes a test"
            elif target == "tools" and not above_all:
                yield f"{where}: {room} includes upward: tools"
            elif target != room and not above_all and target not in MAY_INCLUDE[room]:
                yield f"{where}: {room} includes {target}; it may include only {', '.join(sorted(MAY_INCLUDE[room])) or 'nothing'}"
            continue
        if SYSTEM_HEADER.match(header):
            continue
        if path.startswith("include/"):
            yield f"{where}: <{header}> in a public header; third-party headers stay inside .cpp files"
            continue
        if path.startswith(EXEMPT_FROM_ONE_HOME):
            continue
        for pattern, home in ONE_HOME:
            if re.fullmatch(pattern, header) and not re.fullmatch(home, path):
                yield f"{where}: <{header}> outside its one home, {home}"


NOT_CODE = re.compile(r"""//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'"""
                      r"""|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*""", re.DOTALL | re.MULTILINE)
NAMESPACE = re.compile(r"\bnamespace(?:\s+([\w:]+))?$")
TYPE = re.compile(r"\b(?:struct|class|union|enum)(?:\s+(?:class|struct))?(?:\s*\[\[.*?\]\])*\s+(\w+)(?:\s+final)?(?:\s*:(?!:).*)?$", re.DOTALL)


def types_of(text):
    """Types that the text defines in a named namespace or in none: full name, line. Unnamed namespaces keep theirs to themselves."""
    text = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", text)  # 1'000
    code = NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    around = []  # of each open brace the namespace, or None for anything else
    begin = 0
    for match in re.finditer(r"[{};]", code):
        words = code[begin:match.start()].strip()
        begin = match.end()
        if match.group() == "}":
            if around:
                around.pop()
        elif match.group() == "{":
            namespace, kind = NAMESPACE.search(words), TYPE.search(words)
            if namespace:
                around.append(namespace.group(1) or "")
                continue
            if kind and "(" not in words and "=" not in words and all(around):
                yield "::".join([*around, kind.group(1)]), code.count("\n", 0, match.start()) + 1
            around.append(None)


def types_of_two_files(root, files):
    """Each program of tests and tools is linked by itself; everything else is linked together, room by room."""
    homes = {}
    for path in files:
        parts = path.split("/")
        room = "/".join(parts[:2]) if parts[0] in ("tests", "tools") else room_of(path)
        for name, line in types_of((root / path).read_text(encoding="utf-8")):
            home = homes.setdefault((room, name), path)
            if home != path:
                yield f"{path}:{line}: {name} is defined in {home} too, and the linker takes them for one; name one of them otherwise or put it into an unnamed namespace"


def check(root):
    files = []
    for folder in SOURCE_FOLDERS:
        files += [p.relative_to(root).as_posix() for p in (root / folder).rglob("*")
                  if p.suffix in SOURCE_ENDINGS and p.is_file() and "node_modules" not in p.parts]
    faults = [fault for path in sorted(files) for fault in check_file(root, path)]
    faults += types_of_two_files(root, sorted(files))
    return len(files), faults


# path -> (text, words that a fault of this file must hold; None for a file without fault)
PLANTED = {
    "include/wangge/base/good.hpp": ("#pragma once\n#include <string>\n", None),
    "include/wangge/crs/good.hpp": ("#pragma once\n#include <wangge/geom/good.hpp>\n", None),
    "include/wangge/geom/good.hpp": ("#pragma once\n// #include <wangge/http/server.hpp>\n#include <wangge/base/good.hpp>\n", None),
    "src/geom/geos_good.cpp": ("#include <geos_c.h>\n#include <vector>\n#include <sys/mman.h>\n", None),
    "src/layers/gdal_good.cpp": ("#include <ogrsf_frmts.h>\n#include <cpl_conv.h>\n#include <nlohmann/json.hpp>\n", None),
    "importers/ogr_source.cpp": ("auto a = GDALDataset::Open(name, 0);\n", None),
    "importers/by_itself.cpp": ("// GDALOpen(\nauto a = GDALDataset::Open(name, 0);\n", "by_itself.cpp:2: GDALDataset::Open outside the reading"),
    "src/changes/by_itself.cpp": ("auto a = GDALOpenEx (name, 0);\n", "outside the reading process"),
    "src/layers/inside.hpp": ("#pragma once\n", None),
    "src/layers/quoted.cpp": ('#include "inside.hpp"\n', None),
    "src/lookup/good.cpp": ("#include <wangge/registry/records.hpp>\n#include <wangge/snapshot/snapshot.hpp>\n", None),
    "tools/wangge/good.cpp": ("#include <CLI/CLI.hpp>\n#include <wangge/http/server.hpp>\n", None),
    "tools/bench/peer.cpp": ("#include <geos_c.h>\n#include <boost/geometry.hpp>\n", None),
    "tests/geom/oracle.cpp": ('#include "support/random.hpp"\n#include <geodesic.h>\n', None),
    "include/wangge/base/bare.hpp": ("#include <string>\n", "pragma once"),
    "include/wangge/geom/leak.hpp": ("#pragma once\n#include <geos_c.h>\n", "public header"),
    "include/wangge/base/format.hpp": ("#pragma once\n#include <fmt/format.h>\n", "public header"),
    "src/base/upward.cpp": ("#include <wangge/geom/point.hpp>\n", "base includes geom"),
    "src/geom/across.cpp": ("#include <wangge/crs/transformer.hpp>\n", "geom includes crs"),
    "src/topology/across.cpp": ("#include <wangge/registry/registry.hpp>\n", "topology includes registry"),
    "src/snapshot/across.cpp": ("  #  include <wangge/topology/coverage.hpp>\n", "snapshot includes topology"),
    "src/layers/across.cpp": ("#include <wangge/registry/registry.hpp>\n", "layers includes registry"),
    "src/lookup/upward.cpp": ("#include <wangge/publish/publisher.hpp>\n", "lookup includes publish"),
    "src/http/across.cpp": ("#include <wangge/importers/import_job.hpp>\n", "http includes importers"),
    "importers/across.cpp": ("#include <wangge/snapshot/snapshot.hpp>\n", "importers includes snapshot"),
    "src/registry/quoted.cpp": ('#include "../snapshot/private.hpp"\n', "registry includes snapshot"),
    "src/snapshot/private.hpp": ("#pragma once\n", None),
    "src/crs/missing.cpp": ('#include "nowhere.hpp"\n', "not a file beside it"),
    "src/geom/polygon.cpp": ("#include <geos_c.h>\n", "outside its one home"),
    "src/topology/proj.cpp": ("#include <proj.h>\n", "outside its one home"),
    "src/changes/good.cpp": ("#include <wangge/registry/registry.hpp>\n#include <wangge/topology/coverage.hpp>\n", None),
    "src/changes/across.cpp": ("#include <wangge/importers/import_job.hpp>\n", "changes includes importers"),
    "src/changes/preview_geopackage.cpp": ("#include <ogrsf_frmts.h>\n", None),
    "src/changes/ogr.cpp": ("#include <ogrsf_frmts.h>\n", "outside its one home"),
    "src/publish/sqlite.cpp": ("#include <sqlite3.h>\n", "outside its one home"),
    "src/http/gdal.cpp": ("#include <gdal_priv.h>\n", "outside its one home"),
    "src/snapshot/boost.cpp": ("#include <boost/asio.hpp>\n", "outside its one home"),
    "src/layers/json.hpp": ("#pragma once\n#include <nlohmann/json.hpp>\n", "outside its one home"),
    "src/base/tool.cpp": ('#include "../../tools/wangge/tool.hpp"\n', "includes upward: tools"),
    "tools/wangge/tool.hpp": ("#pragma once\n", None),
    "include/wangge/topology/first.hpp": ("#pragma once\nnamespace wangge::topology {\nstruct Edge;\nstruct Face final { int n = 1'000; };\n}\n", None),
    "src/topology/second.cpp": ("namespace wangge::topology {\n\n// a } brace\nstruct Edge { char c = '{'; };\n}\n", None),
    "src/topology/third.hpp": ("#pragma once\nnamespace wangge::topology {\ntemplate <class T>\nclass Edge : T {\n};\n}\n", "is defined in src/topology/second.cpp too"),
    "src/topology/fourth.cpp": ('namespace wangge {\n#define OPEN {\nnamespace topology {\nchar const* s = "{";\nenum class Face : int { a };\n}\n}\n', "is defined in include/wangge/topology/first.hpp too"),
    "src/topology/unnamed.cpp": ("namespace wangge::topology {\nnamespace {\nstruct Edge { int x; };\n}\nvoid f() { struct Face { int y; }; }\nstruct Outer { struct Edge { int z; }; };\n}\n", None),
    "src/geom/another_room.cpp": ("namespace wangge::geom {\nstruct Edge { int x; };\nstruct Face { int x; };\n}\n", None),
    "tests/geom/one.cpp": ("struct Scene { int x; };\n", None),
    "tests/crs/one.cpp": ("struct Scene { int x; };\n", None),
    "tests/geom/two.cpp": ("struct Scene { int y; };\n", "is defined in tests/geom/one.cpp too"),
    "src/cellar/hidden.cpp": ("int x;\n", "room 'cellar' is unknown"),
}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, (text, _) in PLANTED.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        _, faults = check(root)
    wrong = []
    for path, (_, words) in PLANTED.items():
        found = [fault for fault in faults if fault.split(":")[0] == path]
        if words is None and found:
            wrong.append(f"good file {path} was blamed: {found}")
        elif words is not None and not any(words in fault for fault in found):
            wrong.append(f"fault planted in {path} ('{words}') was not found; found {found}")
    for line in wrong:
        print(f"self-test: {line}")
    return not wrong


def main():
    if sys.argv[1:] == ["--self-test"]:
        ok = self_test()
        print("self-test:", "every planted fault found, no good file blamed" if ok else "FAILED")
        return 0 if ok else 1
    if len(sys.argv) != 2 or not (pathlib.Path(sys.argv[1]) / "src").is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    if not self_test():
        return 1
    count, faults = check(pathlib.Path(sys.argv[1]))
    for fault in faults:
        print(fault)
    print(f"{count} files checked, {len(faults)} faults")
    return 1 if faults or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
