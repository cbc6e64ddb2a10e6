# SPDX-License-Identifier: Apache-2.0
#
# What a target resets is a reset for its client, over TCP and on the wire of a plain yamux peer.

import socket
import struct
import unittest

import yamux
from test_tcp import TcpTest, port_of
from tool import ToolTest, read_all


class Tcp(TcpTest):
    def test_a_client(self):
        def reset(connection):
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        target = self.serve_at(reset)
        _, host, port = self.chain("tcp://127.0.0.1:0", "0", f"tcp://127.0.0.1:{port_of(target)}")
        client = self.dial(host, port)
        client.sendall(b"x")
        with self.assertRaises(ConnectionError):
            read_all(client)
        self.end_chain()


class Wire(ToolTest):
    def test_a_yamux_peer(self):
        def reset(connection):
            connection.recv(1, socket.MSG_PEEK)

        self.target(reset)
        self.serve()
        peer = yamux.Peer(self.connect("mux"))
        peer.open(1)
        peer.data(1, b"unread")
        _, code = peer.until_end(1)
        self.assertIsNotNone(code)


if __name__ == "__main__":
    unittest.main()
