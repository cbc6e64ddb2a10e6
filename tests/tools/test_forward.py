# SPDX-License-Identifier: Apache-2.0
#
# forward and serve together, between plain sockets: what either end does is what the other end sees.

import hashlib
import random
import socket
import threading
import unittest

from tool import LIMIT, ToolTest, carrier, exactly, is_cut_off, read_all, until


def echo(connection):
    while piece := connection.recv(1 << 16):
        connection.sendall(piece)


class HalfClose(ToolTest):
    """MUX-13: half-close passes in both directions, in either order."""

    def test_the_client_ends_first(self):
        def answer_at_the_end(connection):
            request = read_all(connection)
            connection.sendall(b"answer to " + request)

        self.target(answer_at_the_end)
        self.chain()
        client = self.connect()
        client.sendall(b"request")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(client), b"answer to request")
        self.end_chain()

    def test_the_target_ends_first(self):
        received = []

        def speak_then_listen(connection):
            connection.sendall(b"greeting")
            connection.shutdown(socket.SHUT_WR)
            received.append(read_all(connection))

        target = self.target(speak_then_listen)
        self.chain()
        client = self.connect()
        self.assertEqual(read_all(client), b"greeting")
        client.sendall(b"late")
        client.sendall(b" words")
        client.shutdown(socket.SHUT_WR)
        until(lambda: received or target.failures, "the target's reading")
        self.assertEqual(received, [b"late words"])
        self.end_chain()

    def test_nothing_but_ends(self):
        ended = threading.Event()

        def read_the_end(connection):
            if read_all(connection) == b"":
                ended.set()

        self.target(read_the_end)
        self.chain()
        client = self.connect()
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(read_all(client), b"")
        self.assertTrue(ended.wait(LIMIT))
        self.end_chain()


class Refusal(ToolTest):
    """MUX-22: a target that cannot be reached ends that stream only."""

    def test_an_absent_target(self):
        serving, forwarding = self.chain()
        client = self.connect()
        self.assertTrue(is_cut_off(client))
        serving.until_said(self.carrier.shown("target"))
        self.assertEqual(len(serving.errors().splitlines()), 1)

        self.target(echo)
        client = self.connect()
        client.sendall(b"hello")
        self.assertEqual(client.recv(5), b"hello")
        client.close()
        self.end_chain()
        self.assertEqual(serving.counters()["refused"], 1)
        self.assertEqual(serving.counters()["connections"], 1)
        self.assertEqual(forwarding.counters()["streams"], 2)

    def test_the_allowed_target_works(self):
        self.target(echo)
        self.serving = self.serve("--allow", self.url("another"), "--allow", self.url("target"))
        self.forwarding = self.forward()
        client = self.connect()
        client.sendall(b"hello")
        self.assertEqual(client.recv(5), b"hello")
        client.close()
        self.end_chain()


class Names(ToolTest):
    """A stream names its target, where the wire carries names and the far side allows it (MUX-2, MUX-23)."""

    def named(self, target, *arguments):
        return self.tool("forward", "--via", self.url("mux"), "-L", f"{self.url('in')}?{carrier.PARAMETER}={target}",
                         "--stats", *arguments)

    def check(self, allowed, serving_mode, forwarding_mode):
        self.target(echo, "named")
        target = self.url("named")
        self.serving = self.tool("serve", "--listen", self.url("mux"), "--allow", target if allowed else self.url("no"),
                                 "--stats", "--mux", serving_mode)
        self.forwarding = self.named(target, "--mux", forwarding_mode)
        client = self.connect()
        if allowed:
            client.sendall(b"hello")
            self.assertEqual(client.recv(5), b"hello")
            client.close()
        else:
            self.assertTrue(is_cut_off(client))
            self.serving.until_said(f'the target "{target}" is not allowed')
        self.end_chain()

    def test_auto(self):
        self.check(True, "auto", "auto")

    def test_native(self):
        self.check(True, "native", "native")

    def test_a_server_that_sniffs(self):
        self.check(True, "auto", "native")

    def test_not_allowed(self):
        self.check(False, "auto", "auto")

    def test_a_plain_far_side_carries_no_names(self):
        self.serving = self.serve("--mux", "yamux")
        self.forwarding = self.named(self.url("somewhere"))
        self.assertTrue(is_cut_off(self.connect()))
        self.forwarding.until_said("plain yamux: no names")
        self.end_chain()

    def test_no_name_and_no_default(self):
        self.serving = self.tool("serve", "--listen", self.url("mux"), "--allow", self.url("no"), "--stats")
        self.forwarding = self.forward()
        self.assertTrue(is_cut_off(self.connect()))
        self.serving.until_said("there is no --target")
        self.end_chain()


class Modes(ToolTest):
    """Every mode of forward against a serve that sniffs, and equal modes."""

    def test_modes(self):
        self.target(echo)
        for serving, forwarding in (("auto", "auto"), ("auto", "native"), ("auto", "yamux"), ("native", "native"),
                                    ("yamux", "yamux"), ("yamux", "auto")):
            with self.subTest(serving=serving, forwarding=forwarding):
                self.serving = self.serve("--mux", serving)
                self.forwarding = self.forward("--mux", forwarding)
                client = self.connect()
                client.sendall(b"hello")
                self.assertEqual(client.recv(5), b"hello")
                client.close()
                self.end_chain()


class Reset(ToolTest):
    """MUX-7, CAN-4: what cuts off one end cuts off the other, and nobody else."""

    def bystander(self):
        client = self.connect()
        client.sendall(b"echo")
        self.assertEqual(client.recv(4), b"echo")
        return client

    def check_bystander(self, client):
        client.sendall(b"still there")
        self.assertEqual(client.recv(11), b"still there")
        client.close()

    def test_the_target_resets(self):
        def reset(connection):
            if connection.recv(4, socket.MSG_PEEK) == b"echo":
                echo(connection)  # else: closing with unread bytes resets

        self.target(reset)
        self.chain()
        bystander = self.bystander()
        client = self.connect()
        client.sendall(b"unread")
        self.assertTrue(is_cut_off(client))
        self.check_bystander(bystander)
        self.end_chain()

    def test_the_client_resets(self):
        cut_off = []

        def greet(connection):
            if connection.recv(4) == b"echo":
                connection.sendall(b"echo")
                echo(connection)
            else:
                connection.sendall(b"greeting")
                cut_off.append(is_cut_off(connection))

        target = self.target(greet)
        self.chain()
        bystander = self.bystander()
        client = self.connect()
        client.sendall(b"cut!")
        self.assertEqual(client.recv(1), b"g")
        client.close()
        until(lambda: cut_off or target.failures, "the target to be cut off")
        self.assertEqual(cut_off, [True])
        self.check_bystander(bystander)
        self.end_chain()

    def test_a_client_that_leaves_in_the_middle_of_a_download(self):
        cut_off = []

        def pour(connection):
            if connection.recv(4) == b"echo":
                connection.sendall(b"echo")
                echo(connection)
                return
            try:
                while True:
                    connection.sendall(bytes(1 << 16))
            except ConnectionError:
                cut_off.append(True)

        target = self.target(pour)
        self.chain()
        bystander = self.bystander()
        client = self.connect()
        client.sendall(b"pour")
        self.assertTrue(client.recv(1 << 16))
        client.close()
        until(lambda: cut_off or target.failures, "the target to be cut off")
        self.check_bystander(bystander)
        self.end_chain()

class Load(ToolTest):
    def test_64_connections_at_once(self):
        """MUX-1, over one connection."""
        self.target(echo)
        serving, forwarding = self.chain()
        clients = [self.connect() for _ in range(64)]
        for turn in range(3):
            for number, client in enumerate(clients):
                client.sendall(f"{turn}:{number:04}".encode())
            for number, client in enumerate(clients):
                self.assertEqual(exactly(client, 6), f"{turn}:{number:04}".encode())
        for client in clients:
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(read_all(client), b"")
        self.end_chain()
        self.assertEqual(serving.counters()["peak"], 64)
        self.assertEqual(serving.counters()["failed"], 0)
        self.assertEqual(serving.counters()["connections"], 1)
        self.assertEqual(forwarding.counters()["peak"], 64)

    def test_a_large_transfer_both_ways(self):
        self.target(echo)
        self.chain()
        client = self.connect()
        block = random.Random(7).randbytes(1 << 20)
        sent = hashlib.sha256()
        received = hashlib.sha256()

        def send():
            for _ in range(48):
                client.sendall(block)
                sent.update(block)
            client.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        while piece := client.recv(1 << 17):
            received.update(piece)
        sender.join(LIMIT)
        self.assertEqual(received.hexdigest(), sent.hexdigest())
        self.end_chain()

    def test_a_client_that_does_not_read_holds_nobody_back(self):
        """MUX-4"""
        def pour(connection):
            count = int(connection.recv(16).decode())
            try:
                connection.sendall(bytes(count))
            except ConnectionError:
                pass

        self.target(pour)
        self.chain()
        stalled = self.connect()
        stalled.sendall(b"67108864")
        self.assertTrue(stalled.recv(1))
        for _ in range(8):
            client = self.connect()
            client.sendall(b"1048576")
            self.assertEqual(len(read_all(client)), 1 << 20)
            client.close()
        stalled.close()
        self.end_chain()

    def test_many_short_connections_at_the_bound(self):
        """Streams come and go at the limit of both ends, and none is refused."""
        self.target(echo)
        self.serving = self.serve("--max-streams", "4")
        self.forwarding = self.forward("--max-streams", "4")
        failures = []

        def talk(number):
            try:
                for turn in range(16):
                    client = self.connect()
                    message = f"{number}:{turn}".encode()
                    client.sendall(message)
                    client.shutdown(socket.SHUT_WR)
                    if read_all(client) != message:
                        raise AssertionError(message)
                    client.close()
            except Exception as failure:
                failures.append(failure)

        threads = [threading.Thread(target=talk, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        self.assertEqual(failures, [])
        self.end_chain()
        self.assertEqual(self.serving.counters()["streams"], 256)
        self.assertEqual(self.serving.counters()["failed"], 0)
        self.assertEqual(self.forwarding.counters()["failed"], 0)

    def test_connections_beyond_the_bound_wait(self):
        self.target(echo)
        self.serving = self.serve()
        self.forwarding = self.forward("--max-streams", "1")
        first = self.connect()
        first.sendall(b"first")
        self.assertEqual(exactly(first, 5), b"first")
        second = self.connect()
        second.sendall(b"second")
        first.close()
        self.assertEqual(exactly(second, 6), b"second")
        second.close()
        self.end_chain()
        self.assertEqual(self.forwarding.counters()["peak"], 1)


if __name__ == "__main__":
    unittest.main()
