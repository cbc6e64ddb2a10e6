# SPDX-License-Identifier: Apache-2.0
#
# What a plain yamux peer sees of serve, where it takes a socket that holds little, and a signal that asks for counters.

import threading
import time
import unittest

import yamux
from counters_posix import ask_counters
from tool import LIMIT, ToolTest


class Serve(ToolTest):
    def test_a_reset_reaches_a_target_that_does_not_read(self):
        """CAN-10: the pump stands still in that direction, and must still see it."""
        was_reset = threading.Event()
        cut_off = threading.Event()

        def stand_still(connection):
            was_reset.wait(LIMIT)
            while not cut_off.wait(0.005):
                try:
                    connection.sendall(b".")
                except ConnectionError:
                    cut_off.set()

        self.target(stand_still)
        serving = self.serve()
        peer = yamux.Peer(self.connect("mux"))
        peer.open(1)
        for _ in range(4):
            peer.data(1, bytes(1 << 16))  # a window full, which is more than the target's socket holds
        carried = -1
        while carried < ask_counters(serving)["bytes"]:
            carried = serving.counters()["bytes"]
            time.sleep(0.1)
        peer.reset(1, 1)
        was_reset.set()
        self.assertTrue(cut_off.wait(LIMIT))


if __name__ == "__main__":
    unittest.main()
