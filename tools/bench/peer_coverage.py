#!/usr/bin/env python3
"""Times GEOS on the polygons that wangge-bench-check writes: isValid of each, then CoverageIsValid of all.

usage: peer_coverage.py FILE RUNS
FILE holds polygons as WKB in degrees, each after its length in four bytes. They are put back on the lattice, where
doubles are exact. Prints one JSON object. Needs shapely 2.1 or later, whose wheel brings GEOS 3.13 or later.
"""
import json
import struct
import sys
import time

import numpy
import shapely


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    shapes, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        shapes.append(data[at + 4:at + 4 + size])
        at += 4 + size
    return shapely.transform(shapely.from_wkb(numpy.array(shapes, dtype=object)), lambda degrees: numpy.rint(degrees * 1e7))


def forget_peak():
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def resident(field="VmRSS"):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith(field + ":"))


def timed(work):
    wall, cpu = time.perf_counter(), time.thread_time()
    answer = work()
    return bool(answer), time.thread_time() - cpu, time.perf_counter() - wall


def main():
    shapes = read(sys.argv[1])
    forget_peak()
    before = resident()
    result = {"geos": shapely.geos_version_string, "valid": [], "coverage": []}
    for _ in range(int(sys.argv[2])):
        result["valid"].append(timed(lambda: shapely.is_valid(shapes).all()))
        result["coverage"].append(timed(lambda: shapely.coverage_is_valid(shapes)))
    result["peak_bytes"] = resident("VmHWM") - before
    if not result["coverage"][-1][0]:
        marks = shapely.coverage_invalid_edges(shapes)
        result["marked_faces"] = int((~shapely.is_empty(marks)).sum())
    print(json.dumps(result))


if __name__ == "__main__":
    main()
