# SPDX-License-Identifier: Apache-2.0
"""tools/bench measures a build and writes rows of the documented shape; a peer that cannot be had is named and left
out, and bad arguments are refused. Figures are not judged here."""

import contextlib
import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(os.environ["HAWSER_SOURCE"])
BUILD = pathlib.Path(os.environ["HAWSER_BUILD"])
KEYS = {"case", "who", "transport", "mode", "value", "unit", "spread", "runs", "ratio"}
CASES = {"rtt64": "us", "bulk64k": "GB/s", "bulk256k": "GB/s", "inflight64": "k req/s", "oneway64": "M msg/s"}


def bench(*arguments):
    """Run it where no peer's tool chain is to be found, so that the test needs none."""
    with tempfile.TemporaryDirectory() as empty:
        return subprocess.run([sys.executable, ROOT / "tools" / "bench", *arguments], env={**os.environ, "PATH": empty},
                              capture_output=True, text=True, check=False, timeout=240)


class Bench(unittest.TestCase):
    def test_rows_have_the_documented_shape(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "rows.json"
            ran = bench("--build", BUILD, "--rounds", "2", "--seconds", "0.02", "--json", file)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            rows = json.loads(file.read_text(encoding="utf-8"))
        self.assertEqual({(row["case"], row["unit"]) for row in rows}, set(CASES.items()))
        for case in CASES:
            self.assertEqual({row["who"] for row in rows if row["case"] == case}, {"raw", "hawser"})
        for row in rows:
            self.assertEqual(set(row), KEYS)
            self.assertEqual((row["transport"], row["runs"]), ("unix", 2))
            low, high = row["spread"]
            self.assertTrue(0 < low <= row["value"] <= high, row)
            self.assertTrue(row["who"] == "raw" or row["ratio"]["raw"] > 0, row)
        self.assertIn("yamux: left out: go is not installed", ran.stderr)
        self.assertEqual(ran.stdout.split()[:3], ["case", "who", "mode"])
        self.assertGreaterEqual(len(ran.stdout.splitlines()), 1 + len(rows))

    def test_an_unknown_case_is_refused_by_name(self):
        ran = bench("--only", "rtt64,nonsense")
        self.assertEqual(ran.returncode, 2)
        self.assertIn("nonsense", ran.stderr)

    def test_a_failing_program_is_named_and_fails_the_run(self):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "bin" / "bench_raw"
            program.parent.mkdir()
            program.write_text("#!/bin/sh\necho broken >&2\nexit 3\n", encoding="utf-8")
            program.chmod(0o700)
            ran = bench("--build", folder, "--only", "bulk64k", "--rounds", "1", "--seconds", "0.02")
        self.assertEqual(ran.returncode, 1)
        self.assertIn("bulk64k raw block: the server ended: broken", ran.stderr)

    def test_a_sender_that_stalls_past_the_window_is_still_measured_for_a_whole_one(self):
        seconds = 0.2
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/socket"
            with subprocess.Popen([BUILD / "bin" / "bench_raw", "server", "bulk64k", "block", f"unix://{path}",
                                   str(seconds)], stdout=subprocess.PIPE, text=True) as server:
                self.assertEqual(server.stdout.readline(), f"ready unix://{path}\n")
                with socket.socket(socket.AF_UNIX) as sender:
                    sender.connect(path)
                    sender.sendall(bytes(64))
                    time.sleep(3 * seconds)  # warm-up and window pass; sleeping longer does no harm
                    begin = time.monotonic()
                    sender.setblocking(False)
                    self.feed_until_enough(sender)
                    took = time.monotonic() - begin
                    sender.shutdown(socket.SHUT_WR)
                    figure = server.stdout.read()
                self.assertEqual(server.wait(), 0)
        self.assertGreaterEqual(took, seconds, figure)

    @staticmethod
    def feed_until_enough(sender):
        while True:
            readable, writable, _ = select.select([sender], [sender], [])
            if readable:
                return sender.recv(1)
            if writable:
                with contextlib.suppress(BlockingIOError):
                    sender.send(bytes(65536))


if __name__ == "__main__":
    unittest.main()
