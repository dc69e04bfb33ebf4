"""kill -9 and power cuts at the calls with which each command changes files: old or new, whole, at once, and run again.

Each step is first run undisturbed with every such call counted (stop_at_call.cpp). Then, each time from a copy of the folder as
it was before, it is ended at one call. What is left must be the old state or the new one; the same command run again must lead to
what the undisturbed run led to, with nothing left over.

WANGGE_CRASH_POINTS=N  about N stops, spread (default 560); 0: every call in every way
WANGGE_CRASH_ONLY=STEP[:CALL[:HOW]]  these alone; their folders are kept
"""
import collections
import concurrent.futures
import datetime
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import registry_oracle
import small_town
from support import wangge_cli as cli

SHIM = os.environ.get("WANGGE_STOP_AT_CALL", str(cli.ROOT / "build/release/tests/crash/libwangge_stop_at_call.so"))
POINTS = int(os.environ.get("WANGGE_CRASH_POINTS", "560"))
ONLY = os.environ.get("WANGGE_CRASH_ONLY", "").split(":") if os.environ.get("WANGGE_CRASH_ONLY") else []
TODAY = datetime.date.today()
DAYS = {"past": TODAY - datetime.timedelta(400), "start": TODAY - datetime.timedelta(300), "today": TODAY,
        "soon": TODAY + datetime.timedelta(200), "then": TODAY + datetime.timedelta(250)}

# name, command, exit code, exit code when the work was done already, does it the work once more when it was done already?
# {in} input files, {out} a folder of results.
Step = collections.namedtuple("Step", "name command code again adds", defaults=(0, 0, False))
STEPS = [
    Step("init", "init", again=3),
    Step("divisions", "import divisions {in}/divisions.tsv --effective {past}"),
    Step("outlines", "import divisions {in}/outlines.geojson --effective {past}"),
    Step("concordance", "import concordance {in}/concordance.csv"),
    Step("boundaries", "import boundaries {in}/grids.gpkg --effective {start} --report {out}/report.json"),
    Step("rejected", "import boundaries {in}/overlapping.geojson --effective {start} --report {out}/report.gpkg", 1, 1),
    Step("officers", "import officers {in}/officers.csv --effective {start}"),
    Step("addresses", "import addresses {in}/addresses.csv"),
    Step("publish", "publish --effective {today}"),
    Step("changed-boundaries", "import boundaries {in}/changed.geojson --effective {today} --report {out}/report.gpkg"),
    Step("publish-a-change", "publish --effective {today}"),
    Step("changed-officers", "import officers {in}/officers-2.csv --effective {today}"),
    Step("changed-addresses", "import addresses {in}/second/addresses.csv"),
    Step("scheduled", "import boundaries {in}/later.geojson --effective {soon}"),
    Step("publish-and-prune", "publish --effective {today}"),
    Step("another-day", "locate {lon} {lat} --as-of {then}"),
    Step("publish-nothing-new", "publish --effective {then}"),
    Step("back-to-today", "publish --effective {today}"),
    Step("prune-the-same-generation", "publish --effective {start}"),
    Step("addresses-again", "import addresses {in}/addresses.csv"),
    Step("publish-addresses", "publish --effective {today}"),
    Step("on-the-draft", "import boundaries {in}/latest.geojson --effective {then}"),
    Step("publish-last", "publish --effective {today}"),
    Step("change-set", "changes new --title merged --effective {today} --author ann", adds=True),
    Step("operation", "changes add 1 merge {neighbours} --author ann", adds=True),
    Step("another-operation", "changes add 1 rename {code} --name again --author ann", adds=True),
    Step("operation-on-a-name", "changes add 1 alias --division {village} --name old --reason told --author ann", adds=True),
    Step("operation-on-an-address", "changes add 1 address --text {address} --at {lon},{lat} --reason seen --author ann", adds=True),
    Step("operation-that-retires", "changes add 1 retire-address --id {point} --reason told --author ann", adds=True),
    Step("check-of-changes", "changes check 1 --author ann"),
    Step("approval", "changes approve 1 --approver ben", again=1),
    Step("apply", "changes apply 1 --author ann", again=1),
    Step("publish-the-change-set", "publish --effective {today}"),
    Step("undo", "changes undo 1 --author ann", adds=True),
    Step("undo-an-import", "changes undo --import {last_import} --author ann", adds=True),
    Step("change-set-of-a-file", "changes new --from {in}/slipped.geojson --effective {today} --author ann", adds=True),
    Step("repair", "changes repair 4 --tolerance 0.5 --all --layer {out}/repairs.gpkg --author ann"),
    Step("operation-to-drop", "changes add 4 rename {code} --name slip --author ann", adds=True),
    Step("preview", "changes preview 4 --layer {out}/preview.gpkg"),
    Step("drop", "changes drop 4 4 --author ann", again=1),
    Step("discard", "changes discard 4 --reason twice --author ann", again=1),
]
# Commands that open the registry for reading alone, if at all; every other one has a step.
READERS = {"changes list", "changes show", "check", "locate", "address", "find", "show", "export", "history", "diff", "lineage", "crosswalk", "serve",
           "repair", "synth"}

Call = collections.namedtuple("Call", "number name path")
Stop = collections.namedtuple("Stop", "step number how")
Lookup = collections.namedtuple("Lookup", "code out error")
KILLS, CUTS = ("before", "after", "torn"), ("lost", "mixed")


class Folder:
    """One copy of the data folder: DIR/data, DIR/out; DIR/kept is for the power cuts."""

    def __init__(self, path, source=None):
        self.path = path
        if source:
            subprocess.run(["cp", "-a", "--reflink=auto", str(source.path), str(path)], check=True)
        else:
            for name in ("", "out"):
                (path / name).mkdir(parents=True)
        (path / "kept").mkdir(exist_ok=True)

    @property
    def data(self):
        return self.path / "data"

    def copy(self, name):
        return Folder(self.path.with_name(name), self)

    def remove(self):
        shutil.rmtree(self.path)

    def names(self):
        """Every file and folder with its mode, but the empty ones that are only there to be locked."""
        return sorted(f"{path.relative_to(self.data)} {path.stat().st_mode:o}" for path in self.data.rglob("*") if path.suffix != ".lock") + sorted(
            path.name for path in (self.path / "out").iterdir())


class Town:
    def __init__(self, scratch):
        self.inputs = scratch / "in"
        self.inputs.mkdir()
        self.codes, self.neighbours, (self.point, self.address, self.lon, self.lat) = small_town.make(self.inputs)
        self.last_import = None  # the number of the last change set that was imported directly
        self.boot = scratch / "boot_id"
        self.boot.write_text("another-boot\n")

    def run(self, folder, command, stop=None, log=None, after_a_cut=False):
        words = command.format(**DAYS, **{"in": self.inputs, "out": folder.path / "out"}, lon=self.lon, lat=self.lat,
                               address=self.address, point=self.point, code=self.codes[5], village=self.codes[5][:12], neighbours=" ".join(self.neighbours),
                               last_import=self.last_import).split()
        variables = dict(os.environ)
        if stop or log or after_a_cut:
            variables["LD_PRELOAD"] = SHIM
        if stop or log:
            # Below the folder, but not what the cuts keep aside.
            variables |= {"WANGGE_STOP_ROOT": str(folder.path), "WANGGE_STOP_KEEP": str(folder.path / "kept")}
        if log:
            variables["WANGGE_STOP_LOG"] = str(log)
        if stop:
            variables |= {"WANGGE_STOP_AT": str(stop.number), "WANGGE_STOP_HOW": stop.how, "WANGGE_STOP_SEED": str(stop.number)}
        if after_a_cut:
            variables["WANGGE_STOP_BOOT"] = str(self.boot)
        people = {"import": ["--author", "test"], "publish": ["--author", "test", "--approver", "chief"]}.get(words[0], [])
        return subprocess.run([cli.PROGRAM, *words, "--data", str(folder.data), *people],
                              env=variables, capture_output=True, text=True, timeout=120)

    def lookups(self, folder, after_a_cut=False):
        """What a reader is told: the grids of many positions, and one grid with its officers and the receipt."""
        found = []
        for command in ("locate --points {in}/points.csv --out -", f"show grid {self.codes[5]} --json"):
            done = self.run(folder, command, after_a_cut=after_a_cut)
            found.append(Lookup(done.returncode, done.stdout, "" if done.returncode == 0 else done.stderr.replace(str(folder.path), "")))
        return found


class State:
    """Everything that is compared of one folder. Looks at a copy: looking must not mend."""

    def __init__(self, town, folder, name, after_a_cut=False):
        self.names = folder.names()
        copy = folder.copy(name)
        start = time.monotonic()
        self.lookups = town.lookups(copy, after_a_cut)
        self.lookup_seconds = (time.monotonic() - start) / len(self.lookups)
        self.registry = None
        key = copy.data / "keys/officer.key"
        self.faults = []
        if (copy.data / "registry.sqlite").exists():
            if not key.exists() or not re.fullmatch("[0-9a-f]{64}\n", key.read_text()) or key.stat().st_mode & 0o777 != 0o600:
                self.faults.append("the officer key is missing, not whole or open to others")
        if (copy.data / "registry.sqlite").exists():
            self.registry = registry_oracle.Registry(copy.data / "registry.sqlite")
        self.faults += self.registry.faults + self.sources_that_differ(copy.data / "sources") if self.registry else []
        copy.remove()

    def sources_that_differ(self, folder):
        """What the registry says was received lies there as it came; sealed ones cannot be looked into."""
        received = {row[1] for row in self.registry.facts["source files"]}
        return [f"the received file {digest} is missing or another" for digest in received
                if not (folder / f"{digest}.sealed").exists()
                and (not (folder / digest).exists() or hashlib.sha256((folder / digest).read_bytes()).hexdigest() != digest)]

    def digest(self):
        return self.registry.digest() if self.registry else "no registry"

    def difference(self, other):
        if not self.registry or not other.registry:
            return "a registry is there in one of them alone"
        return ", ".join(name for name, rows in self.registry.facts.items() if rows != other.registry.facts[name])


def refused_cleanly(lookup):
    return lookup.code != 0 and "publish again" in lookup.error


class Harness:
    def __init__(self, scratch):
        self.scratch = scratch
        self.town = Town(scratch)
        self.folders, self.states, self.calls = [], [], []
        self.slowest_lookup = 0
        self.lock = threading.Lock()
        folder = Folder(scratch / "state-0")
        self.keep_state(folder)
        for number, step in enumerate(STEPS, 1):
            folder = folder.copy(f"state-{number}")
            log = scratch / f"calls-{step.name}"
            done = self.town.run(folder, step.command, log=log)
            if done.returncode != step.code:
                raise AssertionError(f"{step.name}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
            self.calls.append([Call(int(words[0]), words[1], words[2]) for words in map(str.split, log.read_text().splitlines())])
            self.keep_state(folder)

    def keep_state(self, folder):
        self.folders.append(folder)
        self.states.append(State(self.town, folder, f"look-{folder.path.name}"))
        if self.states[-1].faults:
            raise AssertionError(f"{folder.path.name}: {self.states[-1].faults}")
        self.town.last_import = self.states[-1].registry and self.states[-1].registry.last_import

    # ---- which stops

    def every_stop(self, step):
        for call in self.calls[step]:
            for how in (*KILLS, *CUTS):
                if how != "torn" or "write" in call.name:
                    yield Stop(step, call.number, how)
        yield Stop(step, -1, "lost")

    def near_a_commit(self, step):
        """Every call on the data folder that is no write in a row of writes to the same file."""
        calls = [call for call in self.calls[step] if call.path.startswith("data/")]
        alike = [(call.name, call.path) for call in calls]
        return [call.number for i, call in enumerate(calls)
                if "write" not in call.name or i == 0 or i + 1 == len(calls) or not alike[i - 1] == alike[i] == alike[i + 1]]

    def spread_stops(self, wanted):
        """Near commits one stop at each call, the ways in turn, and the cut after success; elsewhere evenly spread."""
        near, rest = [], []
        for step in range(len(STEPS)):
            every = list(self.every_stop(step))
            calls = set(self.near_a_commit(step))
            ways = collections.defaultdict(list)
            for stop in every:
                ways[stop.number].append(stop)
            chosen = [ways[-1][0]] + [ways[n][(n + step) % len(ways[n])] for n in sorted(calls)]
            near += chosen
            rest += [stop for stop in every if stop not in set(chosen)]
        few = wanted // 6  # far from commits too
        near = [near[i * len(near) // (wanted - few)] for i in range(wanted - few)] if len(near) > wanted - few else near
        missing = wanted - len(near)
        return near + [rest[i * len(rest) // missing] for i in range(missing)]

    def stops(self):
        every = [stop for step in range(len(STEPS)) for stop in self.every_stop(step)]
        if ONLY:
            name, number, how = (ONLY + ["", ""])[:3]
            return [s for s in every if STEPS[s.step].name == name and number in ("", str(s.number)) and how in ("", s.how)]
        return self.spread_stops(POINTS) if POINTS else every

    # ---- one stop

    def try_stop(self, stop):
        """Returns what is wrong, and whether the process was ended."""
        step, before, after = STEPS[stop.step], self.states[stop.step], self.states[stop.step + 1]
        cut = stop.how in CUTS
        name = f"{step.name}-{stop.number}-{stop.how}"
        victim = self.folders[stop.step].copy(name)
        wrong = []
        done = self.town.run(victim, step.command, stop=stop)
        stopped = done.returncode == -signal.SIGKILL
        if not stopped and done.returncode != step.code:
            wrong.append(f"exit code {done.returncode}: {done.stderr}")
        found = State(self.town, victim, f"{name}-found", cut)
        wrong += self.wrong_after_the_stop(found, before, after, cut, finished=not stopped)
        self.note_speed(victim, name, found, wrong, cut)

        run_again = not (step.adds and found.digest() == after.digest())
        if run_again:
            done = self.town.run(victim, step.command, after_a_cut=cut)
            expected = {step.code} if found.digest() == before.digest() != after.digest() else {step.code, step.again}
            if done.returncode not in expected:
                wrong.append(f"run again: exit code {done.returncode}: {done.stderr}")
        last = State(self.town, victim, f"{name}-last", cut)
        wrong += self.wrong_at_the_end(last, found, after, run_again)
        if not ONLY:
            victim.remove()
        return wrong, stopped or stop.number == -1

    def wrong_after_the_stop(self, found, before, after, cut, finished):
        wrong = list(found.faults)
        allowed = {after.digest()} if finished else {before.digest(), after.digest()}
        if found.digest() not in allowed:
            wrong.append(f"neither the old nor the new state: it differs from the old one in {found.difference(before)}, from the new one in "
                         f"{found.difference(after)}")
        for lookup, old, new in zip(found.lookups, before.lookups, after.lookups):
            if lookup == new and (found.digest() == after.digest() or old == new):
                continue
            if (finished or lookup != old) and not (cut and not finished and refused_cleanly(lookup)):
                wrong.append(f"a lookup has neither the old nor the new answer: {lookup}")
        if found.registry and before.registry:
            if found.registry.audit[:len(before.registry.audit)] != before.registry.audit:
                wrong.append("audit entries of before are gone or altered")
            if not before.registry.codes.items() <= found.registry.codes.items():
                wrong.append("issued codes are gone or altered")
            if found.registry.schema != before.registry.schema:
                wrong.append("the schema is another")
        return wrong

    def note_speed(self, victim, name, found, wrong, cut):
        seconds = found.lookup_seconds
        for turn in range(2):  # another program may have had the processor
            if seconds < 1:
                break
            seconds = State(self.town, victim, f"{name}-timed-{turn}", cut).lookup_seconds
        if seconds >= 1:
            wrong.append(f"a lookup takes {seconds:.1f} s")
        with self.lock:
            self.slowest_lookup = max(self.slowest_lookup, seconds)

    def wrong_at_the_end(self, last, found, after, run_again):
        wrong = list(last.faults) if last.registry else ["no registry"]
        if last.digest() != after.digest():
            wrong.append(f"run again, it is another state: {last.difference(after)}")
        if last.lookups != after.lookups:
            wrong.append(f"run again, lookups answer otherwise: {[a for a, b in zip(last.lookups, after.lookups) if a != b]}")
        if run_again and last.names != after.names:  # else the log is still to be taken in, by the next writer
            wrong.append(f"run again, there are left over {sorted(set(last.names) - set(after.names))} and missing "
                         f"{sorted(set(after.names) - set(last.names))}")
        if last.registry and found.registry and not found.registry.codes.items() <= last.registry.codes.items():
            wrong.append("run again, issued codes are gone or altered")
        return wrong


def names_in_help(text):
    """Sub-commands as CLI11 lists them: one to a line, indented by two."""
    return re.findall(r"^  ([a-z]+) ", text.split("Subcommands:")[1].split("\n\n")[0], re.MULTILINE)


class Steps(unittest.TestCase):
    def test_every_command_that_writes_has_a_step(self):
        commands = set(names_in_help(cli.run("--help", check=0).stdout)) - {"changes", "import"}
        commands |= {f"changes {name}" for name in names_in_help(cli.run("changes", "--help", check=0).stdout)}
        kinds = re.search(r"what\b.*?\{([a-z,]+)\}", cli.run("import", "--help", check=0).stdout).group(1)
        commands |= {f"import {kind}" for kind in kinds.split(",")}
        self.assertLess(READERS, commands, "a reader that is no command")
        words = [step.command.split() for step in STEPS]
        self.assertEqual(commands - READERS, {" ".join(w[:2 if w[0] in ("changes", "import") else 1]) for w in words} - {"locate"})


class Crash(unittest.TestCase):
    def test_every_stop_leaves_the_old_or_the_new_state_and_the_command_can_be_run_again(self):
        # In memory where that is to be had: what was synced is noted at the calls, the disk only makes them slow.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="wangge-crash-", dir=memory) as scratch:
            if ONLY:
                scratch = tempfile.mkdtemp(prefix="wangge-crash-only-")
            start = time.monotonic()
            harness = Harness(pathlib.Path(scratch))
            stops = harness.stops()
            self.assertTrue(stops, "no step has this name or number")
            failed = collections.defaultdict(list)
            tried = collections.Counter()
            with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
                for stop, (wrong, stopped) in zip(stops, pool.map(harness.try_stop, stops)):
                    tried[STEPS[stop.step].name, stop.how] += stopped
                    tried["stopped"] += stopped
                    if wrong:
                        calls = harness.calls[stop.step]
                        where = " ".join(map(str, calls[stop.number - 1][1:])) if stop.number > 0 else "its end"
                        failed[STEPS[stop.step].name].append(f"{STEPS[stop.step].name}:{stop.number}:{stop.how} ({where}): " + "; ".join(wrong))
            for step, calls in zip(STEPS, harness.calls):
                ways = ", ".join(f"{tried[step.name, how]} {how}" for how in (*KILLS, *CUTS))
                print(f"{step.name:26} {len(calls):4} calls; stopped {ways}; {len(failed[step.name])} wrong")
            print(f"{tried['stopped']} of {len(stops)} stops in {time.monotonic() - start:.0f} s; slowest lookup after one "
                  f"{harness.slowest_lookup:.2f} s")
            if ONLY:
                print(scratch)
            for lines in failed.values():
                print("\n".join(line[:1000] for line in lines[:12]))
            self.assertFalse(sum(map(len, failed.values())), "stops went wrong; the lines above say which")
            if not ONLY:
                # Threads that write side by side take turns at calls, so now and then a run ends before its number.
                self.assertGreaterEqual(tried["stopped"], max(len(stops) * 0.95, min(500, POINTS or 500)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
