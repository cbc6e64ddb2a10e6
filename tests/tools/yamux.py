# SPDX-License-Identifier: Apache-2.0
#
# Just enough of a yamux peer, plain or native, over a plain socket, to see on the wire what the tool does.

import struct

DATA, WINDOW, PING, GO_AWAY = range(4)
OPEN, RESET, SETTINGS, DRAIN = 0x10, 0x11, 0x14, 0x16
SYN, ACK, FIN, RST, EOM = 1, 2, 4, 8, 0x4000
HEADER = struct.Struct(">BBHII")
FIRST_WINDOW = 256 * 1024


class Peer:
    """A client that speaks plain yamux."""

    def __init__(self, connection):
        self.connection = connection
        self.bodies = {}
        self.ends = {}
        self.credit = {}
        self.gone_away = None

    def send(self, kind, flags, stream, length, body=b""):
        self.connection.sendall(HEADER.pack(0, kind, flags, stream, length) + body)

    def open(self, stream):
        self.credit[stream] = FIRST_WINDOW
        self.send(WINDOW, SYN, stream, 0)

    def data(self, stream, body):
        """Send once the window has room for it."""
        while self.credit[stream] < len(body):
            self.take_frame()
        self.credit[stream] -= len(body)
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

    def take_frame(self):
        """Take in one frame: bytes and ends go to their stream, bytes are credited, pings are answered."""
        _, kind, flags, stream, length = HEADER.unpack(self.exactly(HEADER.size))
        if kind == PING:
            if flags & SYN:
                self.send(PING, ACK, 0, length)
            return
        if kind == GO_AWAY:
            self.gone_away = length
            return
        if kind == DATA and length:
            self.bodies[stream] = self.bodies.get(stream, b"") + self.exactly(length)
            self.send(WINDOW, 0, stream, length)
        elif kind == WINDOW and not flags & RST:
            self.credit[stream] += length
        if flags & RST:
            self.ends[stream] = length if kind == WINDOW else 0
        elif flags & FIN:
            self.ends[stream] = None

    def until_bytes(self, stream, count):
        """The next bytes of a stream, at least that many of them."""
        while len(self.bodies.get(stream, b"")) < count:
            self.take_frame()
        return self.bodies.pop(stream)

    def until_end(self, stream):
        """The rest of a stream, and the code of its reset, or None after an orderly end."""
        while stream not in self.ends:
            self.take_frame()
        return self.bodies.pop(stream, b""), self.ends.pop(stream)


class NativePeer(Peer):
    """A client that speaks native at once, and keeps the messages of each stream apart."""

    PREFACE = bytes.fromhex("8e4841575345520a 0001 0001 00000001")

    def __init__(self, connection):
        super().__init__(connection)
        self.messages = {}
        self.drained_at = None
        connection.sendall(self.PREFACE)
        settings = b"".join(struct.pack(">HI", *setting) for setting in ((1, 65536), (2, 1024), (3, 1)))
        self.send(SETTINGS, 0, 0, len(settings), settings)
        assert self.exactly(len(self.PREFACE))[:8] == self.PREFACE[:8]

    def open(self, stream, name=b""):
        self.credit[stream] = 65536
        self.send(OPEN, SYN, stream, 8 + len(name), struct.pack(">IHH", 0, len(name), len(name)) + name)

    def message(self, stream, body):
        self.send(DATA, EOM, stream, len(body), body)

    def take_frame(self):
        _, kind, flags, stream, length = HEADER.unpack(self.exactly(HEADER.size))
        body = self.exactly(length) if kind == DATA or kind >= OPEN else b""
        if kind == PING and flags & SYN:
            self.send(PING, ACK, 0, length)
        if kind == GO_AWAY:
            self.gone_away = length
        if kind == DRAIN:
            (self.drained_at,) = struct.unpack(">I", body)
        if kind == DATA:
            self.bodies[stream] = self.bodies.get(stream, b"") + body
        if kind == DATA and flags & EOM:
            self.messages.setdefault(stream, []).append(self.bodies.pop(stream))
        if kind == WINDOW and not flags & RST:
            self.credit[stream] += length
        if kind == WINDOW and flags & RST:
            self.ends[stream] = length
        if kind == RESET:
            self.ends[stream] = struct.unpack(">Q", body[:8])[0]
        if kind in (DATA, WINDOW) and flags & FIN:
            self.ends[stream] = None
