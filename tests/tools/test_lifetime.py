# SPDX-License-Identifier: Apache-2.0
#
# How the commands end: when they are asked to, by the far side, and what becomes of what was running.

import contextlib
import socket
import unittest

from tool import ToolTest, exactly, is_cut_off, read_all, until


def echo(connection):
    with contextlib.suppress(ConnectionError):  # what is aborted here is a reset there
        while piece := connection.recv(1 << 16):
            connection.sendall(piece)


class Requests(ToolTest):
    def test_idle_commands_end_at_once(self):
        serving = self.serve("--drain", "3600")
        forwarding = self.forward("--drain", "3600")
        echoing = self.tool("echo", "--listen", self.url("echo"), "--drain", "3600")
        for tool, name in ((forwarding, "in"), (serving, "mux"), (echoing, "echo")):
            self.assertEqual(tool.stop(), 0, tool.errors())
            self.assertFalse(self.carrier.is_there(name))

    def test_what_runs_may_end(self):
        self.target(echo)
        serving = self.serve("--drain", "3600")
        forwarding = self.forward("--drain", "3600")
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(exactly(client, 6), b"before")
        forwarding.ask_to_end()
        serving.ask_to_end()
        self.until_gone("in")
        self.until_gone("mux")
        client.sendall(b"after")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(client), b"after")
        self.assertEqual(forwarding.wait(), 0, forwarding.errors())
        self.assertEqual(serving.wait(), 0, serving.errors())
        self.assertEqual(serving.counters()["failed"], 0)

    def test_a_drain_has_its_time(self):
        self.target(echo)
        self.serve()
        forwarding = self.forward("--drain", "0")
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(exactly(client, 6), b"before")
        self.assertEqual(forwarding.stop(), 0, forwarding.errors())
        self.assertTrue(is_cut_off(client))

    def test_a_second_request_aborts(self):
        self.target(echo)
        serving = self.serve("--drain", "3600")
        self.forward()
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(exactly(client, 6), b"before")
        serving.ask_to_end()
        self.until_gone("mux")
        serving.ask_to_end()
        self.assertEqual(serving.wait(), 0, serving.errors())
        self.assertTrue(is_cut_off(client))

    def test_a_draining_server_refuses_new_streams(self):
        self.target(echo)
        serving = self.serve("--drain", "3600")
        forwarding = self.forward()
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(exactly(client, 6), b"before")
        serving.ask_to_end()
        self.until_gone("mux")
        self.assertTrue(is_cut_off(self.connect()))
        client.sendall(b"after")
        self.assertEqual(exactly(client, 5), b"after")
        client.close()
        self.assertEqual(serving.wait(), 0, serving.errors())
        self.assertEqual(forwarding.wait(), 1, forwarding.errors())


class FarSide(ToolTest):
    def test_the_end_of_serve_ends_forward(self):
        self.target(echo)
        serving = self.serve(killed=True)
        forwarding = self.forward()
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(exactly(client, 6), b"before")
        serving.kill()
        self.assertTrue(is_cut_off(client))
        self.assertEqual(forwarding.wait(), 1)
        self.assertIn("far side", forwarding.errors())
        self.assertFalse(self.carrier.is_there("in"))

    def test_the_end_of_forward_ends_its_session_only(self):
        """MUX-21: the target learns that its caller is gone."""
        cut_off = []

        def serve(connection):
            connection.sendall(connection.recv(6))
            cut_off.append(is_cut_off(connection))

        target = self.target(serve)
        serving = self.serving = self.serve()
        forwarding = self.forward(killed=True)
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(exactly(client, 6), b"before")
        forwarding.kill()
        until(lambda: cut_off or target.failures, "the target to be cut off")
        self.assertEqual(cut_off, [True])
        self.carrier.remove("in")
        self.forwarding = self.forward()
        client = self.connect()
        client.sendall(b"after!")
        self.assertEqual(exactly(client, 6), b"after!")
        client.close()
        self.end_chain()
        self.assertEqual(serving.counters()["connections"], 2)

    def test_a_far_side_that_is_no_session(self):
        def babble(connection):
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            read_all(connection)

        self.target(babble, "mux")
        forwarding = self.forward(announces=False)
        self.assertEqual(forwarding.wait(), 1)
        self.assertIn("far side", forwarding.errors())
        self.assertFalse(self.carrier.is_there("in"))


if __name__ == "__main__":
    unittest.main()
