# SPDX-License-Identifier: Apache-2.0
"""ABI-5: cffi in ABI mode. hawser_decl.h goes into cdef as it stands, and an echo goes over a session and back."""

import os
import tempfile
import unittest
from pathlib import Path

import cffi

BUILD = Path(os.environ["HAWSER_BUILD"])
DECL = Path(os.environ["HAWSER_SOURCE"], "abi/hawser_decl.h").read_text(encoding="utf-8")
LIMIT_NS = 20 * 10**9


class Echo(unittest.TestCase):
    def setUp(self):
        self.ffi = cffi.FFI()
        self.ffi.cdef(DECL)
        self.lib = self.ffi.dlopen(str(BUILD / "lib/libhawser.so"))

    def new(self, kind, **fields):
        """A struct led by its size."""
        return self.ffi.new(f"struct {kind} *", {"size": self.ffi.sizeof(f"struct {kind}"), **fields})

    def ok(self, result):
        self.assertGreaterEqual(result, 0, self.ffi.string(self.lib.hws_status_name(result)))
        return result

    def handle(self, function, *arguments):
        out = self.ffi.new("hws_handle *")
        self.ok(function(*arguments, out))
        return out[0]

    def submit(self, function, *arguments, result=True):
        """An op for the queue: the tag it will come back with, and the object that it makes."""
        self.tag += 1
        how = self.new("hws_how", queue=self.queue, tag=self.tag)
        made = self.ffi.new("hws_handle *")
        extra = [made] if result else []
        self.ok(function(*arguments, how, self.ffi.NULL, self.ffi.NULL, *extra))
        return self.tag, made[0]

    def wait(self, tag):
        """The event with that tag; others are kept."""
        events = self.ffi.new("struct hws_event[8]")
        end = self.lib.hws_now() + LIMIT_NS
        while tag not in self.events:
            self.assertLess(self.lib.hws_now(), end, f"no event {tag}")
            for i in range(self.ok(self.lib.hws_queue_wait(self.queue, events, 8, LIMIT_NS))):
                self.events[events[i].tag] = (events[i].status, events[i].bytes)
        status, count = self.events.pop(tag)
        self.ok(status)
        return count

    def do(self, function, *arguments):
        tag, _ = self.submit(function, *arguments, result=False)
        return self.wait(tag)

    def vector(self, memory):
        return self.ffi.new("struct hws_vec *", {"ptr": memory, "len": len(memory)})

    def echo(self, stream):
        """Receives what comes and sends it back."""
        memory = self.ffi.new("char[64]")
        count = self.do(self.lib.hws_recv, stream, self.vector(memory), 1)
        back = self.ffi.new("char[]", self.ffi.unpack(memory, count))
        vec = self.ffi.new("struct hws_vec *", {"ptr": back, "len": count})
        self.do(self.lib.hws_send, stream, vec, 1)

    def test_echo(self):
        self.tag = 0
        self.events = {}
        lib, null = self.lib, self.ffi.NULL
        folder = self.ffi.new("char[]", str(BUILD / "lib/hawser/plugins").encode())
        runtime = self.handle(lib.hws_runtime_open, self.new("hws_runtime_config", plugin_dir=folder))
        self.queue = self.handle(lib.hws_queue_open, runtime)
        tag, listener = self.submit(lib.hws_listen, runtime, b"mem://cffi", 0)
        self.wait(tag)
        accepting, below = self.submit(lib.hws_accept, listener, 0)
        dialling, above = self.submit(lib.hws_dial, runtime, b"mem://cffi", 0)
        self.wait(dialling)
        self.wait(accepting)
        server = self.handle(lib.hws_session, below, self.new("hws_session_config"))
        client = self.handle(lib.hws_session, above, self.new("hws_session_config"))
        accepting, remote = self.submit(lib.hws_accept, server, 0)
        opening, local = self.submit(lib.hws_open, client, null)
        self.wait(opening)
        message = self.ffi.new("char[]", b"hello from afar")
        vec = self.ffi.new("struct hws_vec *", {"ptr": message, "len": 15})
        self.do(lib.hws_send, local, vec, 1)
        self.wait(accepting)
        self.echo(remote)
        answer = self.ffi.new("char[64]")
        self.assertEqual(self.do(lib.hws_recv, local, self.vector(answer), 1), 15)
        self.assertEqual(self.ffi.string(answer), b"hello from afar")
        with tempfile.TemporaryFile() as file:
            file.write(b"from a file")
            file.flush()
            self.assertEqual(self.do(lib.hws_sendfile, local, file.fileno(), 5, 6), 6)
            self.assertEqual(self.do(lib.hws_recv, remote, self.vector(answer), 1), 6)
            self.assertEqual(self.ffi.unpack(answer, 6), b"a file")
        for item in (local, remote, client, server, listener):
            self.do(lib.hws_close, item)
        self.ok(lib.hws_close(self.queue, null, null, null))
        self.ok(lib.hws_runtime_join(runtime, LIMIT_NS))


if __name__ == "__main__":
    unittest.main()
