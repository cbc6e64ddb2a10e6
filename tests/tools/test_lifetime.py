# SPDX-License-Identifier: Apache-2.0
#
# How the commands end: by a signal, by the far side, and what becomes of what was running.

import signal
import socket
import unittest

from tool import ToolTest, is_cut_off, read_all, until


def echo(connection):
    while piece := connection.recv(1 << 16):
        connection.sendall(piece)


class Signals(ToolTest):
    def test_idle_commands_end_at_once_and_leave_no_file(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            serving = self.serve("--drain", "3600")
            forwarding = self.forward("--drain", "3600")
            echoing = self.tool("echo", "--listen", self.url("echo.sock"), "--drain", "3600")
            for tool in (forwarding, serving, echoing):
                tool.signal(number)
                self.assertEqual(tool.wait(), 0, tool.errors())
            self.assertEqual(list(self.folder.iterdir()), [])

    def test_what_runs_may_end(self):
        self.target(echo)
        serving = self.serve("--drain", "3600")
        forwarding = self.forward("--drain", "3600")
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(client.recv(6, socket.MSG_WAITALL), b"before")
        forwarding.signal(signal.SIGTERM)
        serving.signal(signal.SIGTERM)
        until(lambda: not self.path("in.sock").exists(), "the listener's end")
        until(lambda: not self.path("mux.sock").exists(), "the listener's end")
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
        self.assertEqual(client.recv(6, socket.MSG_WAITALL), b"before")
        self.assertEqual(forwarding.stop(), 0, forwarding.errors())
        self.assertTrue(is_cut_off(client))

    def test_a_second_signal_aborts(self):
        self.target(echo)
        serving = self.serve("--drain", "3600")
        self.forward()
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(client.recv(6, socket.MSG_WAITALL), b"before")
        serving.signal(signal.SIGTERM)
        until(lambda: not self.path("mux.sock").exists(), "the listener's end")
        serving.signal(signal.SIGTERM)
        self.assertEqual(serving.wait(), 0, serving.errors())
        self.assertTrue(is_cut_off(client))

    def test_a_draining_server_refuses_new_streams(self):
        self.target(echo)
        serving = self.serve("--drain", "3600")
        forwarding = self.forward()
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(client.recv(6, socket.MSG_WAITALL), b"before")
        serving.signal(signal.SIGTERM)
        until(lambda: not self.path("mux.sock").exists(), "the listener's end")
        self.assertTrue(is_cut_off(self.connect()))
        client.sendall(b"after")
        self.assertEqual(client.recv(5, socket.MSG_WAITALL), b"after")
        client.close()
        self.assertEqual(serving.wait(), 0, serving.errors())
        self.assertEqual(forwarding.wait(), 1, forwarding.errors())

    def test_counters_on_request(self):
        self.target(echo)
        self.chain()
        client = self.connect()
        client.sendall(b"hello")
        self.assertEqual(client.recv(5, socket.MSG_WAITALL), b"hello")
        counters = self.serving.ask_counters()
        self.assertEqual((counters["streams"], counters["active"], counters["peak"]), (1, 1, 1))
        self.assertEqual((counters["connections"], counters["sessions"]), (1, 1))
        client.close()
        self.end_chain()
        self.assertEqual(self.serving.counters()["active"], 0)


class FarSide(ToolTest):
    def test_the_end_of_serve_ends_forward(self):
        self.target(echo)
        serving, forwarding = self.chain()
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(client.recv(6, socket.MSG_WAITALL), b"before")
        serving.signal(signal.SIGKILL)
        serving.wait()
        self.assertTrue(is_cut_off(client))
        self.assertEqual(forwarding.wait(), 1)
        self.assertIn("far side", forwarding.errors())
        self.assertFalse(self.path("in.sock").exists())

    def test_the_end_of_forward_ends_its_session_only(self):
        """MUX-21: the target learns that its caller is gone."""
        cut_off = []

        def serve(connection):
            connection.sendall(connection.recv(6))
            cut_off.append(is_cut_off(connection))

        target = self.target(serve)
        serving, forwarding = self.chain()
        client = self.connect()
        client.sendall(b"before")
        self.assertEqual(client.recv(6, socket.MSG_WAITALL), b"before")
        forwarding.signal(signal.SIGKILL)
        forwarding.wait()
        until(lambda: cut_off or target.failures, "the target to be cut off")
        self.assertEqual(cut_off, [True])
        until(lambda: serving.ask_counters()["sessions"] == 0, "the session's end")
        self.path("in.sock").unlink(missing_ok=True)
        self.forwarding = self.forward()
        client = self.connect()
        client.sendall(b"after!")
        self.assertEqual(client.recv(6, socket.MSG_WAITALL), b"after!")
        client.close()
        self.end_chain()
        self.assertEqual(serving.counters()["connections"], 2)

    def test_a_far_side_that_is_no_session(self):
        def babble(connection):
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            read_all(connection)

        self.target(babble, "mux.sock")
        forwarding = self.forward(announces=False)
        self.assertEqual(forwarding.wait(), 1)
        self.assertIn("far side", forwarding.errors())
        self.assertFalse(self.path("in.sock").exists())


if __name__ == "__main__":
    unittest.main()
