"""Runs the wangge program for tests: one call, its exit code, output, and JSON where asked for."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("WANGGE", str(ROOT / "build/release/wangge"))
REFERENCE = ROOT / "geodata/guangdong"


def run(*arguments, check=None, stdin=None, timeout=900, limits=None):
    """Runs `wangge ARGUMENTS`; `check` is the exit code that must come (None: any)."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=timeout,
                          preexec_fn=limits)
    if check is not None and done.returncode != check:
        raise AssertionError(f"wangge {' '.join(map(str, arguments))}\n  exit code {done.returncode}, expected {check}\n"
                             f"  stdout: {done.stdout[-2000:]}\n  stderr: {done.stderr[-2000:]}")
    return done


def run_json(*arguments, check=0):
    return json.loads(run(*arguments, "--json", check=check).stdout)


def make_province(folder, scale, publish=True):
    """Synthesises, imports and publishes at a scale; returns the folder of the synthetic files."""
    synth = pathlib.Path(folder) / "synth"
    data = pathlib.Path(folder) / "data"
    run("synth", "--out", synth, "--scale", scale, check=0)
    start_registry(data)
    run("import", "boundaries", synth / "boundaries.gpkg", "--data", data, check=0)
    run("import", "officers", synth / "officers.csv", "--data", data, check=0)
    if publish:
        run("publish", "--approver", "approver", "--data", data, check=0)
    return synth, data


def start_registry(data):
    run("init", "--data", data, check=0)
    run("import", "divisions", REFERENCE / "divisions.tsv", "--data", data, check=0)
    run("import", "divisions", REFERENCE / "counties.geojson", "--data", data, check=0)


class Server:
    """`wangge serve` on a free port of 127.0.0.1; ended by its own process id."""

    def __init__(self, data):
        self.started = time.monotonic()
        self.process = subprocess.Popen([PROGRAM, "serve", "--data", str(data), "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.port = None
        lines = []
        while self.port is None:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError("the server ended: " + "".join(lines))
            lines.append(line)
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
        self.ready_seconds = time.monotonic() - self.started

    def get(self, path, method="GET", body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read().decode()
        finally:
            connection.close()

    def get_json(self, path, status=200):
        got, kind, body = self.get(path)
        if got != status:
            raise AssertionError(f"GET {path}: {got} {body}, expected {status}")
        return json.loads(body)

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        if self.alive():
            self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=20)
        if self.alive():
            self.process.kill()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
