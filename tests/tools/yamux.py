# SPDX-License-Identifier: Apache-2.0
#
# Just enough of a yamux peer, over a plain socket, to see on the wire what the tool does.

import struct

DATA, WINDOW, PING, GO_AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8
HEADER = struct.Struct(">BBHII")


class Peer:
    """A client that speaks plain yamux."""

    def __init__(self, connection):
        self.connection = connection

    def send(self, kind, flags, stream, length, body=b""):
        self.connection.sendall(HEADER.pack(0, kind, flags, stream, length) + body)

    def open(self, stream):
        self.send(WINDOW, SYN, stream, 0)

    def data(self, stream, body):
        self.send(DATA, 0, stream, len(body), body)

    def finish(self, stream):
        self.send(WINDOW, FIN, stream, 0)

    def reset(self, stream, code):
        self.send(WINDOW, RST, stream, code)

    def exactly(self, count):
        pieces = b""
        while len(pieces) < count:
            piece = self.connection.recv(count - len(pieces))
            if not piece:
                raise EOFError
            pieces += piece
        return pieces

    def frame(self):
        """The next frame but pings, which are answered: kind, flags, stream, length, body."""
        while True:
            _, kind, flags, stream, length = HEADER.unpack(self.exactly(HEADER.size))
            if kind != PING:
                return kind, flags, stream, length, self.exactly(length) if kind == DATA else b""
            if flags & SYN:
                self.send(PING, ACK, 0, length)

    def until_end(self, stream):
        """Read one stream to its end: its bytes, and the code of its reset or None after an orderly end. Gives credit
        as it goes."""
        body = b""
        while True:
            kind, flags, of, length, piece = self.frame()
            if of != stream:
                continue
            body += piece
            if piece:
                self.send(WINDOW, 0, stream, len(piece))
            if flags & RST:
                return body, length if kind == WINDOW else 0
            if flags & FIN:
                return body, None
