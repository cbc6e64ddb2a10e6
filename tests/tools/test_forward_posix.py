# SPDX-License-Identifier: Apache-2.0
#
# forward and serve together, where it takes a Unix socket, which tells a writer that its reader has stopped, or a signal,
# which asks for counters.

import socket
import threading
import unittest

from counters_posix import ask_counters
from test_forward import echo
from tool import LIMIT, ToolTest, exactly, read_all, until


class Forward(ToolTest):
    def test_a_late_answer_is_delivered(self):
        """The target stops listening while the client still sends, and answers after that."""
        sent = threading.Event()

        def answer_unheard(connection):
            connection.recv(1)
            connection.shutdown(socket.SHUT_RD)
            sent.wait(LIMIT)
            connection.sendall(b"too large")
            read_all(connection)  # to close with unread bytes would be a reset

        self.target(answer_unheard)
        self.serving = self.serve("--drain", "0")
        self.forwarding = self.forward("--drain", "0")
        client = self.connect()
        try:
            client.settimeout(0.2)
            while True:
                client.send(bytes(1 << 16))
        except TimeoutError:
            pass  # no more fits: nobody listens
        client.settimeout(LIMIT)
        sent.set()
        self.assertEqual(exactly(client, 9), b"too large")
        client.close()
        self.end_chain()

    def test_streams_beyond_the_bound_wait(self):
        """MUX-22: two at once; the third has its turn when one of them ends."""
        reached = []

        def count(connection):
            reached.append(connection)
            echo(connection)

        self.target(count)
        self.serving = self.serve("--max-streams", "2")
        self.forwarding = self.forward()
        clients = [self.connect() for _ in range(3)]
        for client in clients:
            client.sendall(b"hello")
        for client in clients[:2]:
            self.assertEqual(exactly(client, 5), b"hello")
        until(lambda: ask_counters(self.forwarding)["active"] == 3, "three streams")
        self.assertEqual(len(reached), 2)
        clients[0].shutdown(socket.SHUT_WR)
        self.assertEqual(exactly(clients[2], 5), b"hello")
        for client in clients:
            client.close()
        self.end_chain()
        self.assertEqual(self.serving.counters()["peak"], 2)


if __name__ == "__main__":
    unittest.main()
