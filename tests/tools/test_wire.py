# SPDX-License-Identifier: Apache-2.0
#
# echo and serve as a plain yamux peer sees them: the frames of refusals, resets and ends.

import socket
import threading
import time
import unittest

import yamux
from tool import LIMIT, ToolTest, is_cut_off, read_all, until

REFUSED = 3


class Echo(ToolTest):
    def setUp(self):
        super().setUp()
        self.echoing = self.tool("echo", "--listen", self.url("echo.sock"), "--stats")

    def peer(self):
        return yamux.Peer(self.connect("echo.sock"))

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
        until(lambda: self.echoing.ask_counters()["failed"] == 1, "the reset stream's end")

    def test_babble_ends_one_session(self):
        """MUX-7: what is no frame ends its connection; the others go on, and a line says why."""
        peer = self.peer()
        peer.open(1)
        babbler = self.connect("echo.sock")
        babbler.sendall(b"GET / HTTP/1.1\r\n\r\n")
        read_all(babbler)
        peer.data(1, b"still there")
        peer.finish(1)
        self.assertEqual(peer.until_end(1), (b"still there", None))
        until(lambda: self.echoing.ask_counters()["sessions"] == 1, "the babbler's end")
        self.assertIn("a connection ended", self.echoing.errors())


class Serve(ToolTest):
    def peer(self):
        return yamux.Peer(self.connect("mux.sock"))

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
        self.assertEqual(serving.stop(), 0, serving.errors())

    def test_a_reset_reaches_a_target_that_does_not_read(self):
        """CAN-10: the pump stands still in that direction, and must still see it."""
        was_reset = threading.Event()
        cut_off = threading.Event()

        def stand_still(connection):
            was_reset.wait(LIMIT)
            while not cut_off.wait(0.005):
                try:
                    connection.sendall(b".")
                except (BrokenPipeError, ConnectionResetError):
                    cut_off.set()

        self.target(stand_still)
        serving = self.serve()
        peer = self.peer()
        peer.open(1)
        for _ in range(4):
            peer.data(1, bytes(1 << 16))  # a window full, which is more than the target's socket holds
        carried = -1
        while carried < serving.ask_counters()["bytes"]:
            carried = serving.counters()["bytes"]
            time.sleep(0.1)
        peer.reset(1, 1)
        was_reset.set()
        self.assertTrue(cut_off.wait(LIMIT))

    def test_a_reset_of_the_target_reaches_the_peer(self):
        def reset(connection):
            connection.recv(1, socket.MSG_PEEK)

        self.target(reset)
        self.serve()
        peer = self.peer()
        peer.open(1)
        peer.data(1, b"unread")
        _, code = peer.until_end(1)
        self.assertIsNotNone(code)


if __name__ == "__main__":
    unittest.main()
