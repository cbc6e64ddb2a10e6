# SPDX-License-Identifier: Apache-2.0
#
# What peers can take of the tool: its log and its pumps (MUX-18, MUX-22).

import re
import time
import unittest

import yamux
from tool import ToolTest, until

REFUSED, PROTOCOL = 3, 5


class Log(ToolTest):
    def test_lines_that_a_peer_provokes(self):
        """A hundred at once and ten a second; how many were left out is said, and all are counted."""
        count = 1000
        began = time.monotonic()
        serving = self.serve("--mux", "native")
        peer = yamux.NativePeer(self.connect("mux"))
        for i in range(count):
            peer.open(1 + 2 * i, b"tcp://127.0.0.1:9/not/allowed")
            self.assertEqual(peer.until_end(1 + 2 * i), (b"", REFUSED))
        peer.connection.close()
        self.assertEqual(serving.stop(), 0)
        took = time.monotonic() - began
        self.assertEqual(serving.counters()["refused"], count)
        lines = [line for line in serving.errors().splitlines() if "is not allowed" in line]
        self.assertGreaterEqual(len(lines), 50)
        self.assertLessEqual(len(lines), 100 + 10 * took + 1)
        left_out = re.findall(r"\b(\d+) lines [a-z ]*left out", serving.errors())
        self.assertEqual(len(lines) + sum(int(number) for number in left_out), count)

    def test_what_a_terminal_obeys(self):
        """Not even where a name that is refused is what made the line."""
        serving = self.serve("--mux", "native")
        peer = yamux.NativePeer(self.connect("mux"))
        names = [b"x\x1b[31m", b"\x9b31m", b"\xc2\x9b31m", b"\xed\xa0\x80", "\u202egnp".encode(), "\u2028".encode()]
        for i, name in enumerate(names):
            peer.open(1 + 2 * i, name)
            self.assertEqual(peer.until_end(1 + 2 * i), (b"", PROTOCOL))
        peer.open(99, b"tcp://plain")
        self.assertEqual(peer.until_end(99), (b"", REFUSED))
        until(lambda: "tcp://plain" in serving.errors(), "the last line")
        self.assertTrue(all(character == "\n" or character.isprintable() for character in serving.errors()))
        self.assertEqual(serving.errors().count("not allowed"), 1)


class Shares(ToolTest):
    def echo(self, peer, stream):
        peer.open(stream)
        peer.data(stream, b"hello")

    def expect(self, peer, stream):
        self.assertEqual(peer.until_bytes(stream, 5), b"hello")

    def peer(self):
        return yamux.Peer(self.connect("mux"))

    def test_a_session_that_holds_all_pumps(self):
        """MUX-22: another one has its first stream at once, and the next as soon as as many are free as it has."""
        self.tool("echo", "--listen", self.url("mux"), "--max-streams", "4", "--mux", "yamux")
        first = self.peer()
        for stream in (1, 3, 5, 7, 9):
            self.echo(first, stream)
        for stream in (1, 3, 5, 7):
            self.expect(first, stream)
        second = self.peer()
        self.echo(second, 1)
        self.expect(second, 1)
        self.echo(second, 3)
        for stream in (1, 3):
            first.finish(stream)
            self.assertEqual(first.until_end(stream), (b"", None))
        self.expect(second, 3)
        third = self.peer()
        self.echo(third, 1)
        self.expect(third, 1)

    def test_a_session_that_is_left_alone(self):
        """It may have all of them again."""
        tool = self.tool("echo", "--listen", self.url("mux"), "--max-streams", "4", "--mux", "yamux")
        first, second = self.peer(), self.peer()
        self.echo(second, 1)
        self.expect(second, 1)
        for stream in (1, 3, 5, 7):
            self.echo(first, stream)
        self.expect(first, 1)
        self.expect(first, 3)
        second.connection.close()
        self.expect(first, 5)
        self.expect(first, 7)
        self.assertEqual(tool.stop(), 0)


if __name__ == "__main__":
    unittest.main()
