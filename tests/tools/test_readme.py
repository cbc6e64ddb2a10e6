# SPDX-License-Identifier: Apache-2.0
#
# The README tells the truth: its C example compiles without a warning, by its own command, and does what it says.

import os
import re
import shlex
import subprocess
import unittest

from tool import BUILD, LIMIT, SOURCE, ToolTest

README = (SOURCE / "README.md").read_text()


def sanitizer_flags():
    """A program must be linked with the sanitizer that its libraries were built with."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    sanitize = re.search(r"^HAWSER_SANITIZE:\w+=(.*)$", cache, re.MULTILINE)
    flags = {"address": ["-fsanitize=address,undefined"], "thread": ["-fsanitize=thread"]}
    return flags.get(sanitize.group(1) if sanitize else "", [])


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
        echoing = self.tool("echo", "--listen", self.url("echo.sock"))
        self.assertEqual(self.run_example(program, self.url("echo.sock")), (0, "hello\n", ""))
        self.assertEqual(echoing.stop(), 0, echoing.errors())
        self.assertEqual(self.run_example(program, self.url("echo.sock")), (1, "", ""))
        self.assertEqual(self.run_example(program), (1, "", ""))

    def test_the_example_is_short(self):
        example = re.search(r"^```c\n(.*?)^```$", README, re.MULTILINE | re.DOTALL).group(1)
        self.assertLessEqual(len(example.splitlines()), 20)

    def test_what_it_names_is_there(self):
        for path in re.findall(r"`((?:tools|abi|plugins|docs)/[\w./]*)`", README):
            self.assertTrue((SOURCE / path).exists(), path)
        for path in ("tools/demo", "tools/check"):
            self.assertTrue(os.access(SOURCE / path, os.X_OK), path)


if __name__ == "__main__":
    unittest.main()
