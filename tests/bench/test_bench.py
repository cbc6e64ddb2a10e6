# SPDX-License-Identifier: Apache-2.0
"""tools/bench measures a build: every case gives rows of the documented shape. Figures are not judged here."""

import contextlib
import json
import os
import pathlib
import select
import socket
import subprocess
import tempfile
import time
import unittest

import fake

BUILD = pathlib.Path(os.environ["HAWSER_BUILD"])
KEYS = {"case", "who", "transport", "mode", "value", "unit", "spread", "runs", "ratio"}
RAW = {"rtt64": "us", "bulk64k": "GB/s", "bulk256k": "GB/s", "inflight64": "k req/s", "oneway64": "M msg/s",
       "oneway64_batch": "M msg/s", "openclose": "k/s"}
CASES = {**RAW, "bulk1000": "GB/s", "victim": "us", "cancel": "us"}


class Bench(unittest.TestCase):
    def measure(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "rows.json"
            ran = fake.bench("--build", BUILD, "--seconds", "0.02", "--json", file, *arguments)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            rows = json.loads(file.read_text(encoding="utf-8"))
        self.assertEqual(ran.stdout.split()[:4], ["case", "over", "who", "mode"])
        self.assertGreaterEqual(len(ran.stdout.splitlines()), 1 + len(rows))
        for row in rows:
            self.assertEqual(set(row), KEYS)
            low, high = row["spread"]
            self.assertTrue(0 < low <= row["value"] <= high, row)
        return rows

    def test_rows_have_the_documented_shape(self):
        rows = self.measure("--rounds", "2", "--who", "raw,hawser", "--transport", "unix", "--only", ",".join(CASES))
        self.assertEqual({(row["case"], row["unit"]) for row in rows}, set(CASES.items()))
        for case in CASES:
            self.assertEqual({row["who"] for row in rows if row["case"] == case}, {"raw", "hawser"} if case in RAW else
                             {"hawser"})
        for row in rows:
            self.assertEqual((row["transport"], row["runs"]), ("unix", 2))
            self.assertTrue(row["who"] == "raw" or row["case"] not in RAW or row["ratio"]["raw"] > 0, row)

    def test_plain_sockets_are_measured_over_tcp_too(self):
        rows = self.measure("--rounds", "1", "--who", "raw", "--transport", "tcp", "--only", ",".join(RAW))
        self.assertEqual({(row["case"], row["unit"]) for row in rows}, set(RAW.items()))
        self.assertEqual({row["transport"] for row in rows}, {"tcp"})

    def test_memory_of_idle_streams_is_told_by_either_side(self):
        for role in ("client", "server"):
            with tempfile.TemporaryDirectory() as folder:
                words = ["idle_memory", f"io,{role},streams=1200"]
                with subprocess.Popen([BUILD / "bin/bench_hawser", "server", *words, f"unix://{folder}/s", "0.02"],
                                      stdout=subprocess.PIPE, text=True) as server:
                    url = server.stdout.readline().split()[1]
                    client = subprocess.run([BUILD / "bin/bench_hawser", "client", *words, url, "0.02"],
                                            capture_output=True, text=True, check=True, timeout=60)
                    said = {"client": client.stdout, "server": server.stdout.read()}
                self.assertEqual(server.returncode, 0)
            value, unit, ops = said.pop(role).split()
            self.assertEqual((unit, ops), ("B/stream", "1200"))
            self.assertGreater(float(value), 0)
            self.assertEqual(list(said.values()), [""])

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
