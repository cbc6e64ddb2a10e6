# SPDX-License-Identifier: Apache-2.0
"""ABI-3, PLG-1: what the shared objects export and need."""

import os
import re
import subprocess
import unittest
from pathlib import Path

import golden
import headers

BUILD = Path(os.environ["HAWSER_BUILD"])
LIBRARY = BUILD / "lib/libhawser.so"
PLUGINS = sorted((BUILD / "lib/hawser/plugins").glob("*.so"))
NODE = "HAWSER_0"


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


def exported(path):
    """Names with their versions, as the dynamic linker sees them, sorted."""
    lines = run("nm", "-D", "--defined-only", "--with-symbol-versions", path).splitlines()
    return sorted(line.split()[-1] for line in lines)


def dynamic(path, tag):
    return re.findall(rf"\({tag}\).*\[(.*)\]", run("readelf", "-dW", path))


def foreign_exports(symbols):
    """Those that are no versioned hws_ function, nor the version node itself."""
    return [name for name in symbols if not re.fullmatch(rf"hws_\w+@@{NODE}|{NODE}(@@{NODE})?", name)]


class Library(unittest.TestCase):
    def test_golden_symbols(self):
        self.assertEqual(golden.difference("symbols.txt", "\n".join(exported(LIBRARY)) + "\n"), "")

    def test_only_versioned_functions_of_ours(self):
        self.assertEqual(foreign_exports(exported(LIBRARY)), [])

    def test_exports_what_the_header_declares(self):
        functions = {name.split("@")[0] for name in exported(LIBRARY) if name.startswith("hws_")}
        self.assertEqual(functions, set(headers.decl().functions))

    def test_windows_exports_the_same(self):
        lines = (headers.ROOT / "abi/exports_win32.def").read_text(encoding="utf-8").splitlines()
        names = [line.strip() for line in lines[lines.index("EXPORTS") + 1:]]
        self.assertEqual(names, sorted(headers.decl().functions))

    def test_soname(self):
        self.assertEqual(dynamic(LIBRARY, "SONAME"), ["libhawser.so.0"])
        self.assertTrue((BUILD / "lib/libhawser.so.0").exists())

    def test_needs_only_libc(self):
        self.assertLessEqual(set(dynamic(LIBRARY, "NEEDED")), {"libc.so.6", "ld-linux-x86-64.so.2"})


class Plugins(unittest.TestCase):
    def test_there_are_some(self):
        self.assertLessEqual({"memory.so", "unix_epoll.so"}, {path.name for path in PLUGINS})

    def test_export_one_symbol_and_need_only_libc(self):
        for path in PLUGINS:
            self.assertEqual(exported(path), ["hws_plugin_v1"], path)
            self.assertLessEqual(set(dynamic(path, "NEEDED")), {"libc.so.6"}, path)
            self.assertNotIn("hws_", run("nm", "-D", "--undefined-only", path), path)


class SelfTest(unittest.TestCase):
    def test_sees_other_symbols(self):
        self.assertEqual(foreign_exports(["HAWSER_0", "HAWSER_0@@HAWSER_0", "hws_now@@HAWSER_0", "hws_now",
                                          "op_end@@HAWSER_0", "hws_x@HAWSER_0", "hws_x@@OTHER"]),
                         ["hws_now", "op_end@@HAWSER_0", "hws_x@HAWSER_0", "hws_x@@OTHER"])


if __name__ == "__main__":
    unittest.main(argv=golden.arguments())
