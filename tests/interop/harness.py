# SPDX-License-Identifier: Apache-2.0
"""What the tests of all peers share: processes, the driver's scenarios in both roles, and the tool's (tool.py).

Every session between the driver and a peer passes through the tap, which holds what we send to the rules of docs/wire.md.
README.md has the parts and the commands that a peer understands.
"""
import contextlib
import dataclasses
import importlib
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(os.environ.get("HAWSER_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("HAWSER_BUILD", SOURCE / "build" / "release"))
# How programs of the build are run and ended is the same as in the tests of the tool.
sys.path.append(str(SOURCE / "tests" / "tools"))
child = importlib.import_module("child_" + os.environ.get("HAWSER_SYSTEM", "posix"))


def program(path):
    """The command that runs a program of the build."""
    return [*child.PREFIX, f"{BUILD / path}{child.PROGRAM_SUFFIX}"]


DRIVER = program("bin/interop_driver")
TAP = program("bin/interop_tap")
HAWSER = program("bin/hawser")
LIMIT = 90  # seconds for anything; reached by a fault only
MODES = ("yamux", "auto")
SMALL = ["--backlog", "4"]  # for the scenario in which the peer refuses


class Failed(Exception):
    pass


@dataclasses.dataclass
class Peer:
    name: str
    build: callable  # -> the command that starts it
    traits: str
    commands: list  # what it does as the client of "hawser echo"
    schemes: tuple = ("unix",)
    command: list = None


@contextlib.contextmanager
def process(command, lines=1, codes=(0, child.UNHANDLED), quiet=True, stdin=None):
    """Runs a program until the block ends; yields it and its first lines, each of which must begin with "listening". What
    it says after these is in .heard once the block ended. It must end well when asked to, and, if quiet, log nothing."""
    running = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               **child.OPTIONS)
    running.log, running.heard = [], []
    reader = threading.Thread(target=lambda: running.log.extend(running.stderr), daemon=True)
    reader.start()
    guard = threading.Timer(LIMIT, child.kill, (running,))
    guard.start()
    try:
        first = [running.stdout.readline().strip() for _ in range(lines)]
        guard.cancel()
        if not all(line.startswith("listening ") for line in first):
            raise Failed(f"{command[len(child.PREFIX)]} did not start: {first} {running.log}")
        yield running, first
    finally:
        guard.cancel()
        child.ask_to_end(running)
        guard = threading.Timer(LIMIT, child.kill, (running,))
        guard.start()
        running.heard = running.stdout.read().splitlines()
        code = running.wait()
        guard.cancel()
        reader.join(LIMIT)
        running.stdout.close()
        running.stderr.close()
        running.wrong = []
        if code not in codes:
            running.wrong.append(f"{pathlib.Path(command[len(child.PREFIX)]).name} ended with code {code}")
        if running.wrong or quiet:
            running.wrong += [line.strip() for line in running.log]
    if running.wrong:
        raise Failed("\n".join(running.wrong + running.heard))


def finish(command, running=None, text=None):
    """Runs a program, or one that was started, to its end; returns its output."""
    running = running or subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, text=True, **child.OPTIONS)
    try:
        output = running.communicate(text, timeout=LIMIT)[0].strip()
    except subprocess.TimeoutExpired:
        child.kill(running)
        output = running.communicate()[0].strip()
        raise Failed(f"{output}\nno end after {LIMIT} s") from None
    if running.returncode != 0:
        raise Failed(output or f"code {running.returncode}")
    return output


class Seen:
    """What the tap saw, over all of a peer's sessions."""

    def __init__(self):
        self.sides = {}

    def add(self, lines):
        for line in lines:
            side, *fields = line.split()
            if side in ("ours", "theirs"):
                known = self.sides.setdefault(side, {})
                for key, value in (field.split("=") for field in fields):
                    join = max if key in ("body", "window") else int.__add__
                    known[key] = join(known.get(key, 0), int(value))

    def print(self):
        for side, known in sorted(self.sides.items()):
            print(f"  {side}:", ", ".join(f"{key} {value}" for key, value in known.items()))


class Run:
    """All the tests of one peer."""

    def __init__(self, peer, folder):
        self.peer = peer
        self.folder = pathlib.Path(folder)
        self.seen = Seen()
        self.ran = self.failed = self.paths = 0

    def path(self):
        self.paths += 1
        return f"{self.folder}/{self.paths}"

    def fail(self, title, error):
        self.failed += 1
        print(f"{title}: FAILED: {error}", flush=True)

    def case(self, title, run, *arguments):
        self.ran += 1
        start = time.monotonic()
        verdict = "ok"
        try:
            run(*arguments)
        except (Failed, OSError, subprocess.SubprocessError) as error:
            self.failed += 1
            verdict = "FAILED: " + str(error).replace("\n", "\n    ")
        print(f"{title:<44} {time.monotonic() - start:6.2f} s  {verdict}", flush=True)

    def scenarios(self):
        return finish([*DRIVER, "list", self.peer.traits]).split()

    @contextlib.contextmanager
    def tap(self, ours, mode, listen, connect):
        with process([*TAP, ours, mode, listen, connect], codes=(0,)) as (running, first):
            yield first[0].split()[1]
        self.seen.add(running.heard)
        self.window = max((int(line.split("window=")[1].split()[0]) for line in running.heard
                           if line.startswith("ours ")), default=0)

    def expect_growth(self, scenario):
        if scenario == "window" and self.window < 512 << 10:
            raise Failed(f"the window that we gave grew to {self.window} only")

    def as_client(self, mode, scheme, scenario, theirs):
        """Our driver dials the peer's server."""
        listen = f"unix:{self.path()}" if scheme == "unix" else "tcp:0"
        with self.tap("dials", mode, listen, f"unix:{theirs}") as bound:
            url = bound.replace("unix:", "unix://").replace("tcp:", "tcp://127.0.0.1:")
            finish([*DRIVER, "client", mode, self.peer.traits, scenario, url])
        self.expect_growth(scenario)

    def as_server(self, mode, scheme, scenario):
        """Our driver listens and starts a peer that dials."""
        url = f"unix://{self.path()}" if scheme == "unix" else "tcp://127.0.0.1:0"
        path = self.path()
        dial = [*self.peer.command, "dial", *(SMALL if scenario == "refused" else []), path]
        driver = subprocess.Popen([*DRIVER, "server", mode, self.peer.traits, scenario, url, *dial],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        guard = threading.Timer(LIMIT, driver.kill)
        guard.start()
        try:
            line = driver.stdout.readline().strip()
            if not line.startswith("listening "):
                raise Failed(f"{line} {driver.stdout.read()}")
            ours = line.split()[1].replace("unix://", "unix:").replace("tcp://127.0.0.1:", "tcp:")
            with self.tap("listens", mode, f"unix:{path}", ours):
                finish(None, driver, "go\n")
        finally:
            guard.cancel()
            if driver.poll() is None:
                driver.kill()
                driver.communicate()
        self.expect_growth(scenario)

    def with_server(self, title, options, run):
        """Runs cases against a server of the peer. What it complains about is a failure of its own."""
        path = self.path()

        def whole():
            with process([*self.peer.command, "serve", *options, path]):
                run(path)

        self.case(title, whole)

    def driver(self, mode, scheme):
        kind = f"{mode} {scheme}"
        names = self.scenarios()

        def clients(chosen):
            return lambda path: [self.case(f"{kind}, our client: {name}", self.as_client, mode, scheme, name, path)
                                 for name in chosen]

        self.with_server(f"{kind}, their server", [], clients([name for name in names if name != "refused"]))
        if "refused" in names:
            self.with_server(f"{kind}, their small server", SMALL, clients(["refused"]))
        for name in names:
            self.case(f"{kind}, our server: {name}", self.as_server, mode, scheme, name)


def main(peer, *parts, kind=Run, first=lambda run: None):
    """Runs all that there is for one peer; `parts` are called with the run and a mode, after the driver's scenarios."""
    start = time.monotonic()
    try:
        peer.command = peer.build()
    except (Failed, OSError, subprocess.SubprocessError) as error:
        print(f"{peer.name} cannot be built: {error}")
        return 1
    print(f"{peer.name} built in {time.monotonic() - start:.1f} s", flush=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hawser-") as folder:
        run = kind(peer, folder)
        first(run)
        for mode in MODES:
            for scheme in peer.schemes:
                run.driver(mode, scheme)
            for part in parts:
                part(run, mode)
        run.seen.print()
    print(f"{peer.name}: {run.ran} runs, {run.failed} failed, {time.monotonic() - start:.0f} s")
    return 1 if run.failed or not run.ran else 0
