# SPDX-License-Identifier: Apache-2.0
#
# The README tells the truth: its C example compiles without a warning, by its own command, and does what it says; its
# commands work as they stand, but for the folder; its numbers are those of what it speaks of.

import http.client
import os
import pathlib
import re
import shlex
import socket
import subprocess
import unittest
import urllib.parse

from tool import BUILD, HAWSER, LIMIT, PLUGINS, SOURCE, ToolTest

README = (SOURCE / "README.md").read_text()


def sanitizer_flags():
    """A program must be linked with the sanitizer that its libraries were built with."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    sanitize = re.search(r"^HAWSER_SANITIZE:\w+=(.*)$", cache, re.MULTILINE)
    flags = {"address": ["-fsanitize=address,undefined"], "thread": ["-fsanitize=thread"]}
    return flags.get(sanitize.group(1) if sanitize else "", [])


def serve_http(connection):
    request = b""
    while b"\r\n\r\n" not in request:
        piece = connection.recv(4096)
        if not piece:
            return
        request += piece
    if request.startswith(b"GET / HTTP/1.1\r\n"):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nit works\n")


def get_page(path, url):
    """What curl does with that URL over that socket."""
    parts = urllib.parse.urlsplit(url)
    client = http.client.HTTPConnection(parts.hostname, timeout=LIMIT)
    client.sock = socket.socket(socket.AF_UNIX)
    client.sock.settimeout(LIMIT)
    client.sock.connect(str(path))
    client.request("GET", parts.path)
    answer = client.getresponse().read()
    client.close()
    return answer


class Example(ToolTest):
    def build(self):
        example = re.search(r"^```c\n(.*?)^```$", README, re.MULTILINE | re.DOTALL).group(1)
        command = re.search(r"^    cc file\.c (.*)$", README, re.MULTILINE).group(1)
        self.path("file.c").write_text(example)
        command = re.sub(r"(\$PWD/)?build/release", lambda _: str(BUILD), command)
        command = command.replace("-I abi", f"-I {SOURCE}/abi")
        strict = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", *sanitizer_flags()]
        compiler = os.environ.get("HAWSER_CC", "cc")
        subprocess.run([compiler, *strict, "file.c", *shlex.split(command)], cwd=self.folder, timeout=LIMIT, check=True)
        return self.path("a.out")

    def run_example(self, program, *arguments):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=LIMIT, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_the_example(self):
        program = self.build()
        # Its server, by its own command, and the URL that it is given there.
        server = re.search(r"`build/release/bin/hawser ([^`]*)`", README).group(1)
        dialled = re.search(r"^    ./a.out (.*)$", README, re.MULTILINE).group(1)
        self.assertEqual(server.split(), ["echo", "--listen", dialled])
        self.assertEqual(pathlib.PurePath(dialled).name, "echo.sock")
        echoing = self.tool("echo", "--listen", self.url("echo"))
        self.assertEqual(self.run_example(program, self.url("echo")), (0, "hello\n", ""))
        self.assertEqual(echoing.stop(), 0, echoing.errors())
        self.assertEqual(self.run_example(program, self.url("echo")), (1, "", ""))
        self.assertEqual(self.run_example(program), (1, "", ""))

    def test_the_example_is_short(self):
        example = re.search(r"^```c\n(.*?)^```$", README, re.MULTILINE | re.DOTALL).group(1)
        self.assertLessEqual(len(example.splitlines()), 20)

    def test_the_commands(self):
        block = re.search(r"^## On the command line\n\n((?:    .*\n)+)", README, re.MULTILINE).group(1)
        block = re.sub(r"unix:///(?:run|tmp)/(\w+)\.sock", lambda found: self.url(found.group(1)), block)
        lines = [shlex.split(line) for line in block.splitlines()]
        self.assertEqual([line[0] for line in lines], ["hawser", "hawser", "curl"])
        self.assertEqual(lines[2][1:3], ["--unix-socket", "/tmp/in.sock"])
        self.target(serve_http, "http")
        self.tool(*lines[0][1:])
        self.tool(*lines[1][1:])
        self.assertEqual(get_page(self.path("in.sock"), lines[2][3]), b"it works\n")

    def test_the_verbs(self):
        header = (SOURCE / "abi" / "hawser_decl.h").read_text()
        verbs = re.search(r"verbs: ([\w, ]+)\.", README.replace("\n", " ")).group(1).split(", ")
        self.assertEqual(len(verbs), 6)
        for verb in verbs:
            self.assertIn(f"hws_result hws_{verb}(", header)

    def test_what_it_says_of_itself(self):
        version = re.search(r"This is version (\d+\.\d+)\. ", README).group(1)
        printed = subprocess.run([HAWSER, "--version"], capture_output=True, text=True, check=True).stdout
        self.assertTrue(printed.startswith(f"hawser {version}."), printed)
        self.assertIn("Apache License", (SOURCE / "LICENSE").read_text())
        if "On Linux its transports are Unix sockets, and TCP" in README:
            plugins = {path.stem for path in PLUGINS.glob("*.so")}
            self.assertEqual(plugins - {"memory", "chaos"}, {"unix_epoll", "tcp_epoll"})

    def test_the_demo(self):
        demo = (SOURCE / "tools" / "demo").read_text()
        files = int(re.search(r"download 1 GiB in (\d+) files over one connection", README).group(1))
        made = [
            (int(count), int(size) << int(shift))
            for count, size, shift in re.findall(r"^  make_files (\d+) \$\(\((\d+) << (\d+)\)\)$", demo, re.MULTILINE)
        ]
        self.assertEqual(sum(count for count, _ in made), files)
        self.assertEqual(sum(count * size for count, size in made) >> 30, 1)

    def test_what_it_names_is_there(self):
        for path in re.findall(r"\]\(([\w./]+)\)", README):
            self.assertTrue((SOURCE / path).exists(), path)
        for path in re.findall(r"`((?:tools|abi|plugins|docs)/[\w./]*)`", README):
            self.assertTrue((SOURCE / path).exists(), path)
        for path in ("tools/demo", "tools/demo-windows", "tools/check", "tools/packages"):
            self.assertTrue(os.access(SOURCE / path, os.X_OK), path)


if __name__ == "__main__":
    unittest.main()
