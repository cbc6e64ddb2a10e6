# SPDX-License-Identifier: Apache-2.0
#
# UNX-4: the command line over TCP: the announced port, the short forms of -L, HTTP-like transfers, resets, bad input.

import hashlib
import os
import re
import socket
import unittest

from tool import LIMIT, Target, ToolTest, child, read_all, run


def port_of(target):
    return target.listener.getsockname()[1]


def announced(tool):
    """What the tool's first line says: URL, host, port."""
    match = re.fullmatch(r"listening (tcp://(\[::1\]|127\.0\.0\.1|\[::\]|0\.0\.0\.0):(\d+))\n", tool.first_line)
    if not match:
        raise AssertionError(tool.first_line)
    return match[1], match[2].strip("[]"), int(match[3])


class TcpTest(ToolTest):
    def serve_at(self, handler, address="127.0.0.1", family=socket.AF_INET):
        target = Target(socket.create_server((address, 0), family=family, backlog=128), handler)
        self.addCleanup(target.close)
        return target

    def chain(self, listen, forward, target_url):
        self.serving = self.tool("serve", "--listen", listen, "--target", target_url, "--stats")
        via = announced(self.serving)[0]
        self.forwarding = self.tool("forward", "--via", via, "-L", forward + "=default", "--stats")
        return announced(self.forwarding)

    def end_chain(self):
        self.assertEqual(self.forwarding.stop(), 0, self.forwarding.errors())
        self.assertEqual(self.serving.stop(), 0, self.serving.errors())

    def dial(self, host, port):
        # A limit of time from here on only: with one, a reset that follows at once is told as the connect's own failure.
        client = socket.create_connection((host, port))
        client.settimeout(LIMIT)
        self.addCleanup(client.close)
        return client


class Tcp(TcpTest):
    def test_a_download_both_ways(self):
        body = os.urandom(1 << 22)

        def answer(connection):
            with_end = read_all(connection)
            connection.sendall(hashlib.sha256(with_end).digest() + body)

        for family, address, url in ((socket.AF_INET, "127.0.0.1", "tcp://127.0.0.1"), (socket.AF_INET6, "::1", "tcp://[::1]")):
            with self.subTest(url):
                target = self.serve_at(answer, address, family)
                _, host, port = self.chain(url + ":0", url + ":0", f"{url}:{port_of(target)}")
                self.assertEqual(host, address)
                client = self.dial(host, port)
                client.sendall(body)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(read_all(client), hashlib.sha256(body).digest() + body)
                self.end_chain()

    def test_a_name_as_target(self):
        target = self.serve_at(lambda connection: connection.sendall(b"hello"))
        _, host, port = self.chain("tcp://localhost:0", "127.0.0.1:0", f"tcp://localhost:{port_of(target)}")
        with self.dial(host, port) as client:
            self.assertEqual(read_all(client), b"hello")
        self.end_chain()

    def test_short_forms_listen_here_only(self):
        target = self.serve_at(lambda connection: connection.sendall(b"hello"))
        for form, host in (("0", "127.0.0.1"), ("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"), ("0?backlog=5", "127.0.0.1"),
                           ("0.0.0.0:0", "0.0.0.0")):
            with self.subTest(form):
                _, found, port = self.chain("tcp://127.0.0.1:0", form, f"tcp://127.0.0.1:{port_of(target)}")
                self.assertEqual(found, host)
                with self.dial("::1" if found == "::1" else "127.0.0.1", port) as client:
                    self.assertEqual(read_all(client), b"hello")
                self.end_chain()

    def test_a_target_that_is_not_there(self):
        absent = socket.socket()
        self.addCleanup(absent.close)
        absent.bind(("127.0.0.1", 0))
        port = absent.getsockname()[1]
        _, host, listening = self.chain("tcp://127.0.0.1:0", "0", f"tcp://127.0.0.1:{port}")
        client = self.dial(host, listening)
        with self.assertRaises(ConnectionError):
            read_all(client)
        self.end_chain()
        self.assertIn(f"{child.TCP}: 127.0.0.1:{port}: nobody listens there", self.serving.errors())
        self.assertEqual(self.serving.counters()["refused"], 1)

    def test_echo(self):
        tool = self.tool("echo", "--listen", "tcp://[::1]:0")
        self.assertEqual(announced(tool)[1], "::1")
        self.assertEqual(tool.stop(), 0)


class BadInput(unittest.TestCase):
    CASES = (
        (("echo", "--listen", "tcp://127.0.0.1"), "HOST:PORT"),
        (("echo", "--listen", "tcp://:80"), "0.0.0.0 or [::]"),
        (("echo", "--listen", "tcp://127.0.0.1:0?frob=1"), "frob"),
        (("echo", "--listen", "tcp://127.0.0.1:0?ipv6only=1"), "ipv6only"),
        (("echo", "--listen", "tcp://127.0.0.1:port-number-too-long"), "port-number-too-long"),
        (("echo", "--listen", "tcp://no-such-host.invalid:80"), "no-such-host.invalid"),
        (("echo", "--listen", "tcp://192.0.2.1:0"), "this machine does not have that address"),
        (("forward", "--via", "tcp://127.0.0.1:1", "-L", "99999=default"), "99999"),
        (("forward", "--via", "tcp://127.0.0.1:1", "-L", "::1:80=default"), "brackets"),
        (("forward", "--via", "tcp://127.0.0.1:0", "-L", "0=default"), "port 0 cannot be dialled"),
        (("forward", "--via", "tcp://127.0.0.1:1", "-L", "localhost=default"), "localhost"),
    )

    def test_is_named(self):
        for arguments, named in self.CASES:
            with self.subTest(arguments):
                code, out, err = run(*arguments)
                self.assertEqual((code, out), (2, ""), err)
                self.assertEqual(len(err.splitlines()), 1)
                self.assertIn(named, err)

    def test_nobody_listens(self):
        code, out, err = run("forward", "--via", "tcp://127.0.0.1:1", "-L", "0=default")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("nobody listens there", err)


if __name__ == "__main__":
    unittest.main()
