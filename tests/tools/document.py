# SPDX-License-Identifier: Apache-2.0
"""A peer written from docs/wire.md and nothing else, for either role and every mode.

What it hears it holds against the rules of that page, and says so with Wrong. Its sockets block: one thread each.
"""

import struct

DATA, WINDOW, PING, GOAWAY = 0, 1, 2, 3
OPEN, RESET, SETTINGS, DRAIN = 0x10, 0x11, 0x14, 0x16
SYN, ACK, FIN, RST, EOM = 1, 2, 4, 8, 0x4000
STOP, ABORT, BOTH = 1, 2, 3
HEADER = struct.Struct(">BBHII")
PREFACE = struct.Struct(">8sHHI")
MAGIC = b"\x8eHAWSER\n"
PAIR = 0x48575330
BODY_MAX = 65536


class Wrong(Exception):
    """What was heard breaks a rule."""


def rule(holds, text, *about):
    if not holds:
        raise Wrong(text, *about)


class Stream:
    def __init__(self, first, ours):
        self.ours = ours
        self.acked = False
        self.may_send = self.window = first
        self.received = b""
        self.messages = []  # whole ones, as they ended
        self.name = b""
        self.pairs = []
        self.ended = False  # its FIN has come
        self.aborted = None  # (code, reason) of RESET, abort
        self.stopped = None  # the same of stop
        self.reset = None  # the same of both, or of RST


class Peer:
    """mode: "yamux", "auto" or "native"; what is spoken is known once `start` is over."""

    def __init__(self, connection, mode, client=True):
        self.connection = connection
        self.mode = mode
        self.client = client
        self.native = False
        self.streams = {}
        self.next_id = 1 if client else 2
        self.opened = []  # by the other side, in order
        self.highest = 0
        self.pings = []  # ours, without an answer
        self.asked = 0  # of the other side's, until we answer: at once
        self.away = None  # the code of its GoAway
        self.drained = None
        self.settings = None
        self.start()

    # ---- bytes ----

    def exactly(self, count):
        got = b""
        while len(got) < count:
            piece = self.connection.recv(count - len(got))
            if not piece:
                raise EOFError
            got += piece
        return got

    def say(self, kind, flags, stream, length, body=b""):
        self.connection.sendall(HEADER.pack(0, kind, flags, stream, length) + body)

    def say_body(self, kind, flags, stream, body):
        self.say(kind, flags, stream, len(body), body)

    # ---- modes ----

    def start(self):
        if self.mode == "native":
            self.connection.sendall(PREFACE.pack(MAGIC, 1, 1, 1))
            self.say_settings()
            magic, version, lowest, capabilities = PREFACE.unpack(self.exactly(PREFACE.size))
            rule(magic == MAGIC and version >= 1 and lowest <= 1 and capabilities & 1, "the preface")
            self.native = True
        elif self.mode == "auto":
            self.say(PING, SYN, 0, PAIR)
            self.say(PING, SYN, 0, 1)
            first = self.header()
            if first == (PING, SYN, 0, PAIR):
                kind, flags, _, capabilities = self.header()
                rule((kind, flags) == (PING, SYN), "the second of a pair")
                self.native = bool(capabilities & 1)
                if self.native:
                    self.say_settings()
            else:
                self.pings = [PAIR, 1]
                self.take(*first)
        if self.native:
            self.hear()
            rule(self.settings is not None, "SETTINGS is the first native frame")

    def say_settings(self):
        entries = ((1, BODY_MAX), (2, 1024), (3, 1), (77, 5))
        self.say_body(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *entry) for entry in entries))

    # ---- saying ----

    @property
    def first_window(self):
        return 65536 if self.native else 262144

    def open(self, name=b"", pairs=(), payload=b"", credit=0, eom=False):
        number = self.next_id
        self.next_id += 2
        stream = self.streams[number] = Stream(self.first_window, True)
        if not self.native:
            self.say_body(DATA, SYN, number, payload) if payload else self.say(WINDOW, SYN, number, credit)
        else:
            head = name + b"".join(struct.pack(">HH", len(k), len(v)) + k + v for k, v in pairs)
            self.say_body(OPEN, SYN | (EOM if eom else 0), number,
                          struct.pack(">IHH", credit, len(head), len(name)) + head + payload)
        stream.window += credit
        stream.may_send -= len(payload) + (1 if eom else 0)
        return number

    def send(self, number, data, eom=False, most=BODY_MAX):
        """All of it, as credit allows; the end of a message has its price."""
        stream = self.streams[number]
        while data or eom:
            while stream.may_send == 0:
                self.hear()
            part = data[:min(most, stream.may_send)]
            data = data[len(part):]
            last = eom and not data and stream.may_send > len(part)
            self.say_body(DATA, EOM if last else 0, number, part)
            stream.may_send -= len(part) + (1 if last else 0)
            eom = eom and not last

    def finish(self, number):
        self.say(WINDOW, FIN, number, 0)

    def reset(self, number, code, direction=BOTH, reason=b""):
        if self.native:
            self.say_body(RESET, 0, number, struct.pack(">QB", code, direction) + reason)
        else:
            self.say(WINDOW, RST, number, code)

    def ping(self, opaque):
        self.pings.append(opaque)
        self.say(PING, SYN, 0, opaque)

    # ---- hearing ----

    def header(self):
        version, kind, flags, stream, length = HEADER.unpack(self.exactly(HEADER.size))
        rule(version == 0, "the version is 0", version)
        rule(self.away is None, "GoAway is the last frame")
        return kind, flags, stream, length

    def hear(self):
        self.take(*self.header())

    def until(self, condition):
        while not condition():
            self.hear()

    def take(self, kind, flags, number, length):
        body = self.exactly(length) if kind == DATA or kind >= OPEN else b""
        rule(len(body) <= BODY_MAX, "bodies have at most 64 KiB", len(body))
        rule(not self.native or self.settings is not None or kind in (SETTINGS, GOAWAY), "SETTINGS come first", kind)
        rule(kind <= GOAWAY or self.native, "a native frame in plain yamux", kind)
        if kind in (PING, GOAWAY, SETTINGS, DRAIN):
            rule(number == 0, "frames of the session have stream 0", kind)
            {PING: self.on_ping, GOAWAY: self.on_goaway, SETTINGS: self.on_settings, DRAIN: self.on_drain}[kind](
                flags, length, body)
            return
        rule(number != 0, "frames of streams have one", kind)
        if flags & SYN:
            self.on_open(kind, flags, number, length, body)
            return
        rule(number in self.streams, "a stream that nobody opened", number)
        stream = self.streams[number]
        rule(not stream.reset, "nothing follows a reset", number)
        stream.acked = True
        if kind == RESET:
            self.on_reset(stream, flags, body)
        elif kind == DATA:
            self.on_data(number, stream, flags, body)
        else:
            rule(kind == WINDOW, "a type that is known", kind)
            self.on_window(stream, flags, length)

    def on_ping(self, flags, length, _):
        rule(flags in (SYN, ACK), "a ping is a question or an answer", flags)
        if flags == SYN:
            self.say(PING, ACK, 0, length)
        else:
            rule(length in self.pings, "a pong that was not asked for", length)
            self.pings.remove(length)

    def on_goaway(self, flags, length, _):
        rule(flags == 0, "GoAway has no flags", flags)
        self.away = length

    def on_settings(self, flags, length, body):
        rule(flags == 0 and length % 6 == 0 and self.settings is None, "SETTINGS come once, in entries of 6 bytes")
        self.settings = dict(struct.iter_unpack(">HI", body))
        rule(self.settings.get(1, 65536) >= 65536, "the largest body is 64 KiB at least", self.settings)

    def on_drain(self, flags, length, body):
        rule(flags == 0 and length == 4 and self.drained is None, "DRAIN comes once, with four bytes")
        self.drained = struct.unpack(">I", body)[0]

    def on_open(self, kind, flags, number, length, body):
        rule(number % 2 == (0 if self.client else 1), "an id of the other side", number)
        rule(number > self.highest, "ids go up", number)
        self.highest = number
        stream = self.streams[number] = Stream(self.first_window, False)
        self.opened.append(number)
        if kind == OPEN:
            rule(flags in (SYN, SYN | EOM), "OPEN has SYN, and maybe EOM", flags)
            credit, head, name = struct.unpack_from(">IHH", body)
            rule(8 + head <= length and name <= head <= 16384, "the lengths of OPEN", head, name, length)
            stream.name, rest, payload = body[8:8 + name], body[8 + name:8 + head], body[8 + head:]
            rule(0 not in stream.name, "a name without zeros")
            while rest:
                key, value = struct.unpack_from(">HH", rest)
                rule(key and len(rest) >= 4 + key + value, "metadata")
                stream.pairs.append((rest[4:4 + key], rest[4 + key:4 + key + value]))
                rest = rest[4 + key + value:]
            stream.may_send += credit
            self.on_data(number, stream, flags & EOM, payload)
            return
        rule(kind in (DATA, WINDOW) and not self.native, "opens of a native session are OPEN", kind)
        if kind == DATA:
            self.on_data(number, stream, flags & ~SYN, body)
        else:
            stream.may_send += length
        self.say(WINDOW, ACK, number, 0)

    def on_reset(self, stream, flags, body):
        rule(flags == 0 and 9 <= len(body) <= 1033, "RESET has 9 to 1033 bytes, no flags")
        code, direction = struct.unpack_from(">QB", body)
        why = (code, body[9:].decode())
        rule(direction in (STOP, ABORT, BOTH), "the direction of RESET", direction)
        if direction == BOTH:
            stream.reset = why
        elif direction == STOP:
            rule(stream.stopped is None, "a stop comes once")
            stream.stopped = why
        else:
            rule(stream.aborted is None, "an abort comes once")
            stream.aborted = why

    def on_data(self, number, stream, flags, body):
        cost = len(body) + (1 if flags & EOM else 0)
        rule(not flags & (FIN | RST), "FIN and RST are never on Data", flags)
        rule(not stream.ended and not stream.aborted, "no Data behind an end", number)
        rule(cost <= stream.window, "no more than the credit", number, cost, stream.window)
        stream.window -= cost
        stream.received += body
        if flags & EOM:
            stream.messages.append(stream.received)
            stream.received = b""
        if cost and stream.window <= self.first_window // 2:
            grant = self.first_window - stream.window
            stream.window += grant
            self.say(WINDOW, 0, number, grant)

    def on_window(self, stream, flags, length):
        rule(not flags & ~(ACK | FIN | RST), "flags of WindowUpdate", flags)
        if flags & RST:
            rule(flags == RST, "RST stands alone", flags)
            stream.reset = (length, "")
            return
        rule(not stream.stopped or flags & FIN, "no credit behind a stop")
        if flags & FIN:
            rule(length == 0 and not stream.ended and not stream.aborted, "FIN comes once, without credit")
            stream.ended = True
        rule(not (flags & ACK and self.native) or length, "a native ACK brings credit")
        stream.may_send += length
