# SPDX-License-Identifier: Apache-2.0
"""NTF-6: bench_readiness measures both modes of TCP, with few busy connections and with idle ones beside them. Rates are not
judged here, but what does not depend on a clock is: memory, reads and writes."""

import os
import pathlib
import re
import shlex
import signal
import subprocess
import threading
import unittest

PREFIX = tuple(shlex.split(os.environ.get("HAWSER_EMULATOR", "")))
PROGRAM = pathlib.Path(os.environ["HAWSER_BUILD"]) / "bin/bench_readiness.exe"
LIMIT = 240
# A row's values in one mode: the median and, in brackets, the least and the greatest.
VALUES = re.compile(r"([\d.]+) \[([\d.]+)-([\d.]+)\]")
RATES = ("64 bytes there and back", "64 KiB there and back", "connections made and used once")
CHUNK = 128 * 1024


def run(*words):
    return subprocess.run([*PREFIX, PROGRAM, *words], capture_output=True, text=True, timeout=LIMIT, check=False)


class FarEnd:
    """The far end, as long as it has its first connection."""

    def __init__(self, url):
        options = {"start_new_session": True} if PREFIX else {}
        self.child = subprocess.Popen([*PREFIX, PROGRAM, "far", url], stdout=subprocess.PIPE, text=True, **options)
        self.guard = threading.Timer(LIMIT, self.kill)
        self.guard.start()
        self.url = self.child.stdout.readline().partition("ready ")[2].strip()

    def kill(self):
        if PREFIX:
            os.killpg(self.child.pid, signal.SIGKILL)  # with the program, which is a child of the emulator's script
        else:
            self.child.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.kill()
        self.guard.cancel()
        self.child.stdout.close()
        self.child.wait()


class Readiness(unittest.TestCase):
    def measure(self, *words):
        """The rows by their names; each is two modes of (median, least, greatest)."""
        with FarEnd("tcp://127.0.0.1:0") as far:
            ran = run("near", far.url, *words)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            self.assertEqual(far.child.wait(LIMIT), 0)
        print(ran.stdout, flush=True)
        rows = [(line[:42].rstrip(), [tuple(map(float, values)) for values in VALUES.findall(line)])
                for line in ran.stdout.splitlines()[2:]]
        self.assertEqual(len(rows), 11)
        for name, modes in rows:
            self.assertEqual(len(modes), 2, name)
            for median, least, greatest in modes:
                self.assertTrue(0 <= least <= median <= greatest, name)
                self.assertTrue(least > 0 or not name.startswith(RATES), name)
        return ran.stdout.splitlines()[0], rows

    def test_both_modes_are_measured(self):
        head, rows = self.measure("20", "2", "2", "50")
        self.assertEqual(head, "2 busy connections, 20 idle ones, 2 rounds: median [least-greatest]")
        overlapped, readiness = dict(rows)["memory held for an idle one"]
        self.assertGreaterEqual(overlapped[0], CHUNK)
        self.assertLess(readiness[0], CHUNK / 10)
        # A write, and a read; by readiness it is asked first whether there is something to read. A little more where a
        # message comes in pieces.
        for name, (overlapped, readiness) in rows:
            if name == "  reads and writes for one":
                self.assertGreaterEqual(overlapped[1], 2)
                self.assertGreaterEqual(readiness[1], 3)

    def test_a_far_end_that_is_not_there(self):
        ran = run("near", "tcp://127.0.0.1:1", "1", "1", "1", "1")
        self.assertEqual(ran.returncode, 1)
        self.assertRegex(ran.stderr, "^bench_readiness: tcp://127.0.0.1:1: .")

    def test_wrong_words(self):
        for words in ((), ("near",), ("far",), ("near", "tcp://127.0.0.1:1", "0"), ("near", "tcp://127.0.0.1:1", "x"),
                      ("near", "tcp://127.0.0.1:1", "1", "1", "100"), ("far", "tcp://127.0.0.1:1", "1")):
            ran = run(*words)
            self.assertEqual(ran.returncode, 2, words)
            self.assertRegex(ran.stderr, "^usage: bench_readiness ", words)


if __name__ == "__main__":
    unittest.main()
