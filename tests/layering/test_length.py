# SPDX-License-Identifier: Apache-2.0
"""One idea a file: none is over 600 lines. Those over 250 are printed, to be looked at."""

import unittest

import tree

MOST = 600
MANY = 250
SOURCES = (".c", ".h", ".py", ".go", ".sh", ".cmake", "CMakeLists.txt", ".md", "check", "demo", "bench", "run")


def lengths(top):
    """(lines, path), longest first."""
    found = [(tree.read(top, path).count("\n"), path) for path in tree.files(top, SOURCES)]
    return sorted(found, key=lambda item: (-item[0], item[1]))


def violations(top):
    return [f"{path}: {lines} lines, more than {MOST}" for lines, path in lengths(top) if lines > MOST]


class Tree(unittest.TestCase):
    def test_no_file_is_too_long(self):
        for lines, path in lengths(tree.root()):
            if lines > MANY:
                print(f"{lines:5} {path}")
        self.assertEqual(violations(tree.root()), [])


class SelfTest(unittest.TestCase):
    def test_limit(self):
        with tree.Sample({"core/a.c": "\n" * MOST, "core/b.c": "\n" * (MOST + 1), "tools/check": "\n" * 700,
                          "build/dev/c.c": "\n" * 700}) as top:
            self.assertEqual(violations(top), ["tools/check: 700 lines, more than 600",
                                               "core/b.c: 601 lines, more than 600"])


if __name__ == "__main__":
    unittest.main()
