# SPDX-License-Identifier: Apache-2.0
#
# What the tests of the command line share: the tool as a child process (child_SYSTEM.py), plain targets and clients beside
# it, and where these meet (carrier_SCHEME.py).

import importlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BUILD = pathlib.Path(os.environ["HAWSER_BUILD"])
SOURCE = pathlib.Path(os.environ["HAWSER_SOURCE"])
child = importlib.import_module("child_" + os.environ.get("HAWSER_SYSTEM", "posix"))
carrier = importlib.import_module("carrier_" + os.environ.get("HAWSER_TEST_CARRIER", child.CARRIER))
HAWSER = BUILD / "bin" / f"hawser{child.PROGRAM_SUFFIX}"
PLUGINS = BUILD / child.PLUGINS
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
    done = subprocess.run([*child.PREFIX, HAWSER, *arguments], capture_output=True, text=True, timeout=LIMIT, check=False)
    return done.returncode, done.stdout, done.stderr


class Tool:
    """The tool while it runs. `killed`: it will be, by kill()."""

    def __init__(self, *arguments, announces=True, killed=False):
        # Read by its name: through the same descriptor, reading would move the place where the tool writes.
        errors, self.errors_path = tempfile.mkstemp(prefix="hawser-")
        leash = child.LEASH if killed else ()
        self.child = subprocess.Popen([*child.PREFIX, *leash, HAWSER, *arguments], stdout=subprocess.PIPE, stderr=errors,
                                      stdin=subprocess.PIPE if leash else None, text=True, **child.OPTIONS)
        os.close(errors)
        guard = threading.Timer(LIMIT, child.kill, (self.child,))
        guard.start()
        self.first_line = self.child.stdout.readline() if announces else ""
        guard.cancel()
        if announces and not self.first_line:
            failure = f"{arguments[0]} ended with {self.child.wait(LIMIT)}: {self.errors()}"
            self.discard()
            raise AssertionError(failure)

    def errors(self):
        return pathlib.Path(self.errors_path).read_text()

    def until_said(self, words):
        """What it says while it runs may pass through an emulator, and come a little later than what it does."""
        until(lambda: words in self.errors(), f"the tool to say {words!r}")

    def ask_to_end(self):
        """As an operator does: a first time to drain, a second time to abort."""
        child.ask_to_end(self.child)

    def kill(self):
        child.kill(self.child)
        self.child.wait(LIMIT)

    def wait(self):
        return self.child.wait(LIMIT)

    def stop(self):
        """Ask it to end; returns the exit code."""
        if self.child.poll() is None:
            self.ask_to_end()
        if child.MAY_LOSE_SIGNALS:
            try:
                self.child.wait(LIMIT / 5)
            except subprocess.TimeoutExpired:
                self.ask_to_end()
        return self.wait()

    def discard(self):
        if self.child.poll() is None:
            child.discard(self.child)
            self.child.wait(LIMIT)
        self.child.stdout.close()
        os.remove(self.errors_path)

    def counters(self):
        """The last counters it printed, by name."""
        counters = {}
        for word in self.errors().split():
            name, equals, value = word.partition("=")
            if equals and value.isdigit():
                counters[name] = int(value)
        return counters


class Target:
    """A plain server: one thread of `handler` for each connection to a listening socket, which is closed with it."""

    def __init__(self, listener, handler):
        self.failures = []
        self.listener = listener
        self.closing = False
        self.handler = handler
        self.threads = []
        self.acceptor = threading.Thread(target=self.accept)
        self.acceptor.start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            if self.closing:
                connection.close()
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
        self.closing = True
        with socket.socket(self.listener.family) as last:
            last.settimeout(LIMIT)
            last.connect(self.listener.getsockname())
            self.acceptor.join(LIMIT)
        self.listener.close()
        for thread in self.threads:
            thread.join(LIMIT)
            if thread.is_alive():
                self.failures.append(AssertionError("a handler of the target is stuck"))
        if self.failures:
            raise self.failures[0]


def exactly(connection, count):
    """So many bytes, or fewer if the end comes before. (MSG_WAITALL is not for sockets with a limit of time.)"""
    pieces = b""
    while len(pieces) < count and (piece := connection.recv(count - len(pieces))):
        pieces += piece
    return pieces


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
    except ConnectionError:
        pass
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        try:
            connection.send(b"x")
        except ConnectionError:
            return True
        time.sleep(0.005)
    return False


class ToolTest(unittest.TestCase):
    """A test with a folder of its own, whose tools and targets end with it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hawser-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.carrier = carrier.Carrier(self.folder)
        self.url = self.carrier.url

    def path(self, name):
        return self.folder / name

    def tool(self, *arguments, **options):
        tool = Tool(*arguments, **options)
        self.addCleanup(tool.discard)
        return tool

    def target(self, handler, name="target"):
        target = Target(self.carrier.listen(name), handler)
        self.addCleanup(target.close)
        return target

    def connect(self, name="in"):
        connection = self.carrier.dial(name)
        self.addCleanup(connection.close)
        connection.settimeout(LIMIT)
        return connection

    def until_gone(self, name):
        until(lambda: not self.carrier.is_there(name), f"the end of the listener {name}")

    def serve(self, *arguments, **options):
        return self.tool("serve", "--listen", self.url("mux"), "--target", self.url("target"), "--stats", *arguments,
                         **options)

    def forward(self, *arguments, **options):
        return self.tool("forward", "--via", self.url("mux"), "-L", self.url("in") + "=default", "--stats", *arguments,
                         **options)

    def chain(self):
        """client -> in -> forward -> mux -> serve -> target"""
        self.serving = self.serve()
        self.forwarding = self.forward()
        return self.serving, self.forwarding

    def end_chain(self):
        """Both ends end with exit code 0, and leave no listener and no socket file."""
        self.assertEqual(self.forwarding.stop(), 0, self.forwarding.errors())
        self.assertEqual(self.serving.stop(), 0, self.serving.errors())
        self.assertFalse(self.carrier.is_there("in"))
        self.assertFalse(self.carrier.is_there("mux"))
