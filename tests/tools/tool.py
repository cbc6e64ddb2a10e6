# SPDX-License-Identifier: Apache-2.0
#
# What the tests of the command line share: the tool as a child process, and plain sockets beside it.

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BUILD = pathlib.Path(os.environ["HAWSER_BUILD"])
SOURCE = pathlib.Path(os.environ["HAWSER_SOURCE"])
HAWSER = BUILD / "bin" / "hawser"
PLUGINS = BUILD / "lib" / "hawser" / "plugins"
LIMIT = 50  # seconds that anything may take before it counts as stuck


def until(condition, what):
    """Wait until condition() is true; fail after a generous limit."""
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {LIMIT} s in vain for {what}")
        time.sleep(0.005)


def run(*arguments):
    """Run the tool to its end: exit code, standard output, standard error."""
    done = subprocess.run([HAWSER, *arguments], capture_output=True, text=True, timeout=LIMIT, check=False)
    return done.returncode, done.stdout, done.stderr


class Tool:
    """The tool while it runs."""

    def __init__(self, *arguments, announces=True):
        # Read by its name: through the same descriptor, reading would move the place where the tool writes.
        self.errors_file = tempfile.NamedTemporaryFile()
        self.child = subprocess.Popen(
            [HAWSER, *arguments], stdout=subprocess.PIPE, stderr=self.errors_file, text=True)
        self.first_line = self.child.stdout.readline() if announces else ""
        if announces and not self.first_line:
            failure = f"{arguments[0]} ended with {self.child.wait(LIMIT)}: {self.errors()}"
            self.discard()
            raise AssertionError(failure)

    def errors(self):
        return pathlib.Path(self.errors_file.name).read_text()

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self):
        return self.child.wait(LIMIT)

    def stop(self):
        """End it as an operator does; returns the exit code."""
        if self.child.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait()

    def discard(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self.child.stdout.close()
        self.errors_file.close()

    def counters(self):
        """The last counters it printed, by name."""
        counters = {}
        for word in self.errors().split():
            name, equals, value = word.partition("=")
            if equals and value.isdigit():
                counters[name] = int(value)
        return counters

    def ask_counters(self):
        lines = self.errors().count(" active=")
        self.signal(signal.SIGUSR1)
        until(lambda: self.errors().count(" active=") > lines, "counters")
        return self.counters()


class Target:
    """A plain server at a Unix socket: one thread of `handler` for each connection."""

    def __init__(self, path, handler):
        self.failures = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(128)
        self.handler = handler
        self.threads = []
        self.acceptor = threading.Thread(target=self.accept)
        self.acceptor.start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.handle, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def handle(self, connection):
        connection.settimeout(LIMIT)
        try:
            with connection:
                self.handler(connection)
        except Exception as failure:  # reported by close(), in the test's own thread
            self.failures.append(failure)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.acceptor.join(LIMIT)
        self.listener.close()
        for thread in self.threads:
            thread.join(LIMIT)
            if thread.is_alive():
                self.failures.append(AssertionError("a handler of the target is stuck"))
        if self.failures:
            raise self.failures[0]


def read_all(connection):
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def is_cut_off(connection):
    """Whether the far end is gone in both directions: neither reads nor writes go on."""
    try:
        if connection.recv(1):
            return False
    except ConnectionResetError:
        pass
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        try:
            connection.send(b"x")
        except (BrokenPipeError, ConnectionResetError):
            return True
        time.sleep(0.005)
    return False


class ToolTest(unittest.TestCase):
    """A test with a folder of its own, whose tools and targets end with it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hawser-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return self.folder / name

    def url(self, name):
        return f"unix://{self.folder / name}"

    def tool(self, *arguments, **options):
        tool = Tool(*arguments, **options)
        self.addCleanup(tool.discard)
        return tool

    def target(self, handler, name="target.sock"):
        target = Target(self.path(name), handler)
        self.addCleanup(target.close)
        return target

    def connect(self, name="in.sock"):
        connection = socket.socket(socket.AF_UNIX)
        self.addCleanup(connection.close)
        connection.settimeout(LIMIT)
        connection.connect(str(self.path(name)))
        return connection

    def serve(self, *arguments):
        return self.tool("serve", "--listen", self.url("mux.sock"), "--target", self.url("target.sock"), "--stats",
                         *arguments)

    def forward(self, *arguments, **options):
        return self.tool("forward", "--via", self.url("mux.sock"), "-L", self.url("in.sock") + "=default", "--stats",
                         *arguments, **options)

    def chain(self):
        """client -> in.sock -> forward -> mux.sock -> serve -> target.sock"""
        self.serving = self.serve()
        self.forwarding = self.forward()
        return self.serving, self.forwarding

    def end_chain(self):
        """Both ends end with exit code 0, leave no socket file, and say nothing but counters."""
        self.assertEqual(self.forwarding.stop(), 0, self.forwarding.errors())
        self.assertEqual(self.serving.stop(), 0, self.serving.errors())
        self.assertFalse(self.path("in.sock").exists())
        self.assertFalse(self.path("mux.sock").exists())
