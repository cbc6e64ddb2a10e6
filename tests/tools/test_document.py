# SPDX-License-Identifier: Apache-2.0
#
# Is docs/wire.md enough to write a peer from? document.py was; here it talks to the tool, in both roles and every mode.

import random
import threading
import unittest

import document
from tool import LIMIT, ToolTest, is_cut_off, read_all

# What the peer speaks, to a tool of which mode, and whether they end up in native.
ENDS = (("yamux", "yamux", False), ("yamux", "auto", False), ("auto", "yamux", False), ("auto", "auto", True),
        ("native", "auto", True), ("native", "native", True))
REFUSED = 3


class Echo(ToolTest):
    def peers(self):
        for number, (peer, tool, native) in enumerate(ENDS):
            with self.subTest(peer=peer, tool=tool):
                name = f"echo{number}"
                echoing = self.tool("echo", "--listen", self.url(name), "--mux", tool, "--stats")
                yield document.Peer(self.connect(name), peer), echoing, native

    def test_bytes_come_back(self):
        """Many streams at once, more than a window each, in pieces of all sizes; ends in both orders."""
        dice = random.Random(4711)
        for peer, echoing, native in self.peers():
            self.assertEqual(peer.native, native)
            sent = {}
            for length in (0, 1, 65535, 65536, 65537, 700000):
                number = peer.open(payload=b"first" if length % 2 else b"", credit=0 if length % 2 else 1000)
                sent[number] = (b"first" if length % 2 else b"") + dice.randbytes(length)
            for number, data in sent.items():
                at = 5 if data[:5] == b"first" else 0
                peer.send(number, data[at:], most=dice.choice((1000, 65536)))
                peer.finish(number)
            for number, data in sent.items():
                stream = peer.streams[number]
                peer.until(lambda: stream.ended)
                self.assertEqual(stream.received, data)
            peer.ping(77)
            peer.ping(document.PAIR)
            peer.until(lambda: not peer.pings)
            peer.connection.close()
            self.assertEqual(echoing.stop(), 0, echoing.errors())
            self.assertEqual(echoing.counters()["streams"], len(sent))

    def test_resets_and_ends(self):
        for peer, echoing, native in self.peers():
            one, other = peer.open(), peer.open()
            peer.send(one, b"lost")
            peer.reset(one, 70000 if not native else 1 << 40)
            peer.send(other, b"kept")
            peer.until(lambda: peer.streams[other].received == b"kept")
            peer.finish(other)
            peer.until(lambda: peer.streams[other].ended)
            ending = threading.Thread(target=echoing.stop)
            ending.start()
            peer.until(lambda: peer.away is not None)
            self.assertEqual(peer.away, 0)
            peer.connection.close()
            ending.join()
            self.assertEqual(echoing.wait(), 0, echoing.errors())

    def test_messages_and_directions(self):
        """Native: messages of all sizes, empty ones too; an open that carries all it can; stops and aborts."""
        for peer, echoing, native in self.peers():
            if not native:
                continue
            number = peer.open(b"name", [(b"k", b"v"), (b"k", b"")], b"hi", 100000, eom=True)
            sent = [b"", b"x", b"y" * 65536, b"", b"z" * 200001]
            for message in sent:
                peer.send(number, message, eom=True)
            stream = peer.streams[number]
            peer.until(lambda: len(stream.messages) == 1 + len(sent))
            self.assertEqual(stream.messages, [b"hi"] + sent)
            peer.reset(number, 9, document.STOP, b"enough")
            peer.reset(number, 10, document.ABORT)
            number = peer.open(payload=b"and on")
            peer.finish(number)
            peer.until(lambda: peer.streams[number].ended)
            self.assertEqual(peer.streams[number].received, b"and on")
            peer.connection.close()
            self.assertEqual(echoing.stop(), 0, echoing.errors())


class Forward(ToolTest):
    """The peer is the server, and the tool opens streams."""

    def serve(self, listener, mode, heard):
        connection, _ = listener.accept()
        connection.settimeout(LIMIT)
        try:
            peer = document.Peer(connection, mode, client=False)
            peer.until(lambda: peer.opened)
            number = peer.opened[0]
            stream = peer.streams[number]
            peer.until(lambda: stream.ended)
            heard["name"], heard["data"] = stream.name, stream.received
            peer.send(number, b"answer to " + stream.received)
            peer.finish(number)
            peer.until(lambda: len(peer.opened) > 1)
            peer.reset(peer.opened[1], REFUSED, reason=b"no more")
            heard["native"] = peer.native
            peer.until(lambda: peer.away is not None)
            heard["away"] = peer.away
        except (document.Wrong, EOFError, OSError) as error:
            heard["error"] = error
        finally:
            connection.close()

    def test_the_tool_as_client(self):
        for number, (mode, tool, native) in enumerate(ENDS):
            if (mode, tool) == ("native", "auto"):
                continue  # who dials in auto does not sniff
            with self.subTest(peer=mode, tool=tool):
                heard = {}
                listener = self.carrier.listen(f"via{number}")
                self.addCleanup(listener.close)
                thread = threading.Thread(target=self.serve, args=(listener, mode, heard))
                thread.start()
                target = self.url("target") if native else "default"
                forwarding = self.tool("forward", "--via", self.url(f"via{number}"), "--mux", tool,
                                       "-L", f"{self.url(f'local{number}')}={target}")
                client = self.connect(f"local{number}")
                client.sendall(b"question")
                client.shutdown(1)
                self.assertEqual(read_all(client), b"answer to question")
                self.assertTrue(is_cut_off(self.connect(f"local{number}")))
                self.assertEqual(forwarding.stop(), 0, forwarding.errors())
                thread.join(LIMIT)
                wanted = {"name": target.encode() if native else b"", "data": b"question", "native": native, "away": 0}
                self.assertEqual(heard, wanted)


if __name__ == "__main__":
    unittest.main()
