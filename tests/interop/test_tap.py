#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tap notices each rule being broken, and nothing where none is: a scripted pair speaks through it."""
import socket
import struct
import sys
import tempfile
import unittest

from harness import LIMIT, TAP, process

DATA, WINDOW, PING, GO_AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8
MAGIC = 0x48575330


def frame(kind, flags, stream, length, body=True):
    header = struct.pack(">BBHII", 0, kind, flags, stream, length)
    return header + bytes(length) if kind == DATA and body else header


def ours(*arguments):
    return "ours", frame(*arguments)


def theirs(*arguments):
    return "theirs", frame(*arguments)


def open_stream(stream):
    return ours(WINDOW, SYN, stream, 0)


def say(mode, script):
    """What the tap has to complain of when both say this in turn; each frame is let arrive before the next."""
    with tempfile.TemporaryDirectory(prefix="hawser-") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/theirs")
        listener.listen(1)
        tap = process([*TAP, "dials", mode, f"unix:{folder}/ours", f"unix:{folder}/theirs"], codes=(0, 1))
        with tap as (running, _), socket.socket(socket.AF_UNIX) as us:
            us.settimeout(LIMIT)
            us.connect(f"{folder}/ours")
            with listener.accept()[0] as them:
                them.settimeout(LIMIT)
                ends = {"ours": (us, them), "theirs": (them, us)}
                for who, data in script:
                    sender, receiver = ends[who]
                    sender.sendall(data)
                    while data:
                        data = data[len(receiver.recv(len(data))):]
    return [line.split(": ", 1)[1].split(" (")[0] for line in running.heard if line.startswith("against ")]


class Tap(unittest.TestCase):
    def test_says_nothing_of_what_is_right(self):
        script = [open_stream(1), ours(DATA, 0, 1, 1000), theirs(WINDOW, ACK, 1, 0), ours(PING, SYN, 0, 7),
                  theirs(PING, ACK, 0, 7), theirs(PING, SYN, 0, 9), ours(PING, ACK, 0, 9), theirs(DATA, FIN, 1, 5),
                  ours(WINDOW, FIN, 1, 0), theirs(WINDOW, SYN, 2, 0), ours(WINDOW, ACK, 2, 100), ours(WINDOW, RST, 2, 3),
                  ours(GO_AWAY, 0, 0, 0)]
        self.assertEqual(say("yamux", script), [])
        pair = [ours(PING, SYN, 0, MAGIC), ours(PING, SYN, 0, 1), theirs(PING, ACK, 0, MAGIC)]
        self.assertEqual(say("auto", pair + script), [])

    def test_notices(self):
        ended = [open_stream(1), ours(WINDOW, FIN, 1, 0)]
        for wanted, script in (
                ("we sent a FIN or RST on Data", [open_stream(1), ours(DATA, FIN, 1, 1)]),
                ("our FIN has a length", [open_stream(1), ours(WINDOW, FIN, 1, 1)]),
                ("we sent a second FIN", [*ended, ours(WINDOW, FIN, 1, 0)]),
                ("we sent data after a FIN", [*ended, ours(DATA, 0, 1, 1)]),
                ("we spoke on a stream that we had reset", [open_stream(1), ours(WINDOW, RST, 1, 1), ours(WINDOW, 0, 1, 1)]),
                ("we sent a large body", [open_stream(1), ours(DATA, 0, 1, 65537)]),
                ("we sent more than the credit of 65536", [open_stream(1), *[ours(DATA, 0, 1, 65536)] * 3,
                                                           ours(DATA, 0, 1, 65536), ours(DATA, 0, 1, 1)]),
                ("we spoke on a stream that was never opened", [ours(DATA, 0, 1, 1)]),
                ("we opened a stream with an id of theirs", [open_stream(2)]),
                ("our ids went back from 3", [open_stream(3), open_stream(1)]),
                ("our first frame on a stream of theirs has no ACK", [theirs(WINDOW, SYN, 2, 0), ours(DATA, 0, 2, 1)]),
                ("we sent an ACK too many", [theirs(WINDOW, SYN, 2, 0), ours(DATA, ACK, 2, 1), ours(DATA, ACK, 2, 1)]),
                ("we asked twice at once", [ours(PING, SYN, 0, 1), ours(PING, SYN, 0, 2)]),
                ("we answered what was not asked", [theirs(PING, SYN, 0, 1), ours(PING, ACK, 0, 2)]),
                ("our ping has odd flags", [ours(PING, 0, 0, 1)]),
                ("our id is of another kind of frame", [ours(PING, SYN, 1, 1)]),
                ("we spoke after our go-away", [ours(GO_AWAY, 0, 0, 0), ours(PING, SYN, 0, 1)]),
                ("257 opens of ours have no answer", [open_stream(2 * i + 1) for i in range(257)])):
            with self.subTest(wanted):
                said = say("yamux", script)
                self.assertTrue(said and wanted.split(" of 65536")[0] in said[0], said)

    def test_notices_who_speaks_first_in_auto(self):
        pair = [ours(PING, SYN, 0, MAGIC), ours(PING, SYN, 0, 1)]
        self.assertIn("we spoke before we had heard them", say("auto", [*pair, open_stream(1)]))
        self.assertIn("the first ping does not name the pair", say("auto", [ours(PING, SYN, 0, 1)]))
        self.assertIn("frame 1 is not of the pair", say("auto", [open_stream(1)]))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
