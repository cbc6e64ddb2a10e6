# SPDX-License-Identifier: Apache-2.0
#
# echo and serve as a plain yamux peer sees them: the frames of refusals, resets and ends.

import threading
import unittest

import yamux
from tool import LIMIT, ToolTest, read_all

REFUSED = 3


class Echo(ToolTest):
    def setUp(self):
        super().setUp()
        self.echoing = self.tool("echo", "--listen", self.url("echo"), "--stats")

    def peer(self):
        return yamux.Peer(self.connect("echo"))

    def test_streams_are_echoed_with_their_ends(self):
        peer = self.peer()
        for stream in (1, 3, 5):
            peer.open(stream)
            peer.data(stream, f"stream {stream}".encode())
        for stream in (5, 1, 3):
            peer.finish(stream)
            self.assertEqual(peer.until_end(stream), (f"stream {stream}".encode(), None))
        peer.connection.close()
        self.assertEqual(self.echoing.stop(), 0, self.echoing.errors())
        self.assertEqual(self.echoing.counters()["streams"], 3)
        self.assertEqual(self.echoing.counters()["failed"], 0)

    def test_messages_keep_their_ends(self):
        """What is echoed is what came: as many messages, empty ones too."""
        peer = yamux.NativePeer(self.connect("echo"))
        sent = [b"one", b"", b"", b"x" * 50000, b"", b"last"]
        peer.open(1)
        for body in sent:
            peer.message(1, body)
        peer.data(1, b"no message")
        peer.finish(1)
        rest, code = peer.until_end(1)
        self.assertEqual(peer.messages[1], sent)
        self.assertEqual((rest, code), (b"no message", None))
        peer.connection.close()
        self.assertEqual(self.echoing.stop(), 0, self.echoing.errors())
        self.assertEqual(self.echoing.counters()["failed"], 0)

    def test_a_drain_is_told_and_serves_what_had_come(self):
        """MUX-15, MUX-26: streams that wait for their turn are served; the last word is heard, and then the end."""
        self.assertEqual(self.echoing.stop(), 0, self.echoing.errors())
        echoing = self.tool("echo", "--listen", self.url("drain"), "--stats", "--max-streams", "1", "--drain", "3600")
        peer = yamux.NativePeer(self.connect("drain"))
        for stream in (1, 3):
            peer.open(stream)
            peer.data(stream, b"before")
        self.assertEqual(peer.until_bytes(1, 6), b"before")
        echoing.ask_to_end()
        while peer.drained_at is None:
            peer.take_frame()
        self.assertEqual(peer.drained_at, 3)
        for stream in (1, 3):
            peer.data(stream, b"after")
            peer.finish(stream)
        self.assertEqual(peer.until_end(1), (b"after", None))
        self.assertEqual(peer.until_end(3), (b"beforeafter", None))
        while peer.gone_away is None:
            peer.take_frame()
        with self.assertRaises(EOFError):
            peer.take_frame()
        peer.connection.close()
        self.assertEqual(echoing.wait(), 0, echoing.errors())
        self.assertEqual(echoing.counters()["failed"], 0)

    def test_unknown_flags_are_ignored(self):
        """Plain peers ignore bits that they do not know; a later version of them may set some."""
        peer = self.peer()
        peer.credit[1] = yamux.FIRST_WINDOW
        peer.send(yamux.WINDOW, yamux.SYN | 0x4000, 1, 0)
        peer.send(yamux.DATA, 0x8010, 1, 5, b"hello")
        peer.send(yamux.WINDOW, yamux.FIN | 0x0020, 1, 0)
        self.assertEqual(peer.until_end(1), (b"hello", None))
        peer.connection.close()
        self.assertEqual(self.echoing.stop(), 0, self.echoing.errors())

    def test_a_reset_ends_one_stream(self):
        """CAN-1"""
        peer = self.peer()
        for stream in (1, 3):
            peer.open(stream)
            peer.data(stream, b"x")
            self.assertEqual(peer.until_bytes(stream, 1), b"x")
        peer.reset(1, 70000)
        peer.data(3, b"other")
        peer.finish(3)
        self.assertEqual(peer.until_end(3), (b"other", None))
        peer.connection.close()
        self.assertEqual(self.echoing.stop(), 0, self.echoing.errors())
        self.assertEqual(self.echoing.counters()["failed"], 1)

    def test_babble_ends_one_session(self):
        """MUX-7: what is no frame ends its connection; the others go on, and a line says why."""
        peer = self.peer()
        peer.open(1)
        babbler = self.connect("echo")
        babbler.sendall(b"GET / HTTP/1.1\r\n\r\n")
        read_all(babbler)
        peer.data(1, b"still there")
        peer.finish(1)
        self.assertEqual(peer.until_end(1), (b"still there", None))
        self.echoing.until_said("a connection ended")


class Serve(ToolTest):
    def peer(self):
        return yamux.Peer(self.connect("mux"))

    def test_a_refusal_is_a_reset_with_its_code(self):
        self.serve()
        peer = self.peer()
        peer.open(1)
        self.assertEqual(peer.until_end(1), (b"", REFUSED))

    def test_the_target_is_dialled_before_any_byte(self):
        greeted = threading.Event()

        def greet(connection):
            connection.sendall(b"who is there")
            read_all(connection)
            greeted.set()

        self.target(greet)
        serving = self.serve()
        peer = self.peer()
        peer.open(1)
        peer.finish(1)
        self.assertEqual(peer.until_end(1), (b"who is there", None))
        self.assertTrue(greeted.wait(LIMIT))
        peer.connection.close()
        self.assertEqual(serving.stop(), 0, serving.errors())


if __name__ == "__main__":
    unittest.main()
