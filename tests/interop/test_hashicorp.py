#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hashicorp/yamux as the peer, in both roles, over a Unix socket.

Its client runs its scenarios against `hawser echo`; ours, one process a scenario, against its server. With --control
the peer runs against itself instead, which tells a fault of ours from one of the scenarios.

Shows MUX-1, MUX-12, MUX-13, MUX-15, MUX-16, MUX-21 on the wire of another implementation.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

SOURCE = pathlib.Path(os.environ.get("HAWSER_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("HAWSER_BUILD", SOURCE / "build" / "release"))
LIMIT = 120  # seconds for anything; reached by a fault only


class Failed(Exception):
    pass


def build_peer():
    go = shutil.which("go")
    if go is None:
        raise Failed("go is not installed")
    peer = BUILD / "tests" / "gopeer"
    peer.parent.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=readonly -buildvcs=false", CGO_ENABLED="0")
    subprocess.run([go, "build", "-o", peer, "."], cwd=SOURCE / "tests/interop/gopeer", env=environment, check=True,
                   timeout=3 * LIMIT)
    return peer


@contextlib.contextmanager
def server(command, lines, code):
    """Runs a server until the block ends. It prints so many lines that begin with "listening" first, and ends with this
    code when it is asked to. What it logs is shown when it went wrong."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    log = []
    reader = threading.Thread(target=lambda: log.extend(process.stderr), daemon=True)
    reader.start()
    guard = threading.Timer(LIMIT, process.kill)
    guard.start()
    try:
        heard = [process.stdout.readline() for _ in range(lines)]
        guard.cancel()
        if not all(line.startswith("listening ") for line in heard):
            raise Failed(f"{command[0]} did not start: {heard}")
        yield log
        if process.poll() is not None:
            raise Failed(f"{command[0]} ended by itself")
    finally:
        guard.cancel()
        process.terminate()
        guard = threading.Timer(LIMIT, process.kill)
        guard.start()
        ended = process.wait()
        guard.cancel()
        reader.join(LIMIT)
        process.stdout.close()
        process.stderr.close()
        if ended != code:
            print(f"{command[0]} ended with code {ended}, not {code}:", *log, sep="\n  ")
    if ended != code:
        raise Failed(f"{command[0]} ended wrongly")


@contextlib.contextmanager
def their_server(command, lines):
    """The peer as a server. What it logs are complaints about us."""
    with server(command, lines, -signal.SIGTERM) as log:
        yield
    if log:
        raise Failed("the peer complained: " + " ".join(log))


def run(title, command):
    """Runs a client. Its last line is its verdict; returns whether it succeeded."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT)
        output, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output, code = f"{(late.stdout or b'').decode()}no end after {LIMIT} s", -1
    output = output.strip()
    print(f"{title}: {output}" if "\n" not in output else f"{title}:\n{output}", flush=True)
    return code == 0


def their_client(peer, folder):
    path = folder / "ours"
    with server([BUILD / "bin" / "hawser", "echo", "--mux", "yamux", "--listen", f"unix://{path}"], 1, 0):
        return [run("their client, hawser echo", [peer, "run", path])]


def our_client(peer, folder):
    path = folder / "theirs"
    client = BUILD / "tests" / "interop_client"
    names = subprocess.run([client, "list"], stdout=subprocess.PIPE, text=True, check=True, timeout=LIMIT).stdout.split()
    with their_server([peer, "serve", path], 2):
        return [run(f"our client, {name}", [client, f"unix://{path}", name]) for name in names]


def control(peer, folder):
    with their_server([peer, "serve", "-echo", folder / "echo"], 2):
        results = [run("control, echo server", [peer, "run", folder / "echo"])]
    with their_server([peer, "serve", folder / "command"], 2):
        return results + [run("control, command server", [peer, "command", folder / "command"])]


def main():
    parts = [control] if "--control" in sys.argv[1:] else [their_client, our_client]
    ran = failed = 0
    with tempfile.TemporaryDirectory(prefix="hawser-") as folder:
        try:
            peer = build_peer()
        except (Failed, subprocess.SubprocessError) as error:
            print(f"the peer cannot be built: {error}")
            return 1
        for part in parts:
            try:
                results = part(peer, pathlib.Path(folder))
            except (Failed, OSError, subprocess.SubprocessError) as error:
                print(f"{part.__name__}: {error}")
                results = [False]
            ran += len(results)
            failed += results.count(False)
    print(f"hashicorp/yamux: {ran} runs, {failed} failed")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
