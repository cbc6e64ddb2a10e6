# SPDX-License-Identifier: Apache-2.0
"""Every C file is as clang-format 14 writes it."""

import subprocess
import unittest

import tree


def violations(top):
    """The warnings of clang-format, or nothing."""
    paths = [str(path) for path in tree.files(top)]
    if not paths:
        return ["no file was found"]
    done = subprocess.run(["clang-format-14", "--style=file", "--fallback-style=none", "--dry-run", "-Werror", *paths],
                          cwd=top, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    wrong = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "clang-format" in line})
    if done.returncode != 0 and not wrong:
        return [done.stderr]
    return wrong


class Tree(unittest.TestCase):
    def test_files_are_formatted(self):
        self.assertEqual(violations(tree.root()), [])


class SelfTest(unittest.TestCase):
    def test_sees_a_file_that_is_not(self):
        style = tree.read(tree.root(), ".clang-format")
        with tree.Sample({".clang-format": style, "core/good.c": "int x;\n", "core/bad.c": "int  *x ;\n"}) as top:
            self.assertEqual(violations(top), ["core/bad.c"])

    def test_sees_that_there_is_nothing(self):
        with tree.Sample({}) as top:
            self.assertEqual(violations(top), ["no file was found"])


if __name__ == "__main__":
    unittest.main()
