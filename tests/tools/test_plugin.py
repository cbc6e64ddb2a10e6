# SPDX-License-Identifier: Apache-2.0
#
# hawser plugin: what is found, and why something is not (TRN-2, PLG-4).

import os
import shutil
import unittest

from tool import PLUGINS, ToolTest, run


class Plugin(ToolTest):
    def test_list(self):
        code, out, err = run("plugin", "list")
        self.assertEqual((code, err), (0, ""))
        rows = [line.split() for line in out.splitlines()]
        self.assertEqual(rows[0], ["NAME", "VERSION", "SCHEMES", "FILE"])
        found = {row[0]: (row[2], row[-1]) for row in rows[1:]}
        self.assertEqual(found["unix_epoll"], ("unix", str(PLUGINS / "unix_epoll.so")))

    def test_show_by_name_and_by_path(self):
        by_name = run("plugin", "show", "unix_epoll")
        by_path = run("plugin", "show", str(PLUGINS / "unix_epoll.so"))
        by_relative_path = run("plugin", "show", os.path.relpath(PLUGINS / "unix_epoll.so"))
        self.assertEqual(by_name[0], 0, by_name[2])
        self.assertEqual(by_name, by_path)
        self.assertEqual(by_name, by_relative_path)
        for word in ("unix_epoll", "unix", str(PLUGINS / "unix_epoll.so"), "listen", "dial", "half-close", "1.0",
                     "readiness     by epoll"):
            self.assertIn(word, by_name[1])

    def refuse(self, argument, *named):
        code, out, err = run("plugin", "show", str(argument))
        self.assertEqual((code, out), (2, ""), err)
        self.assertEqual(err.count("\n"), 1, err)
        for word in named:
            self.assertIn(word, err)

    def test_a_file_that_is_missing(self):
        self.refuse(self.path("missing.so"), "missing.so", "No such file")
        self.refuse("missing", "missing")

    def test_a_file_that_is_no_plugin(self):
        text = self.path("text.so")
        text.write_text("not a library\n")
        text.chmod(0o644)
        self.refuse(text, "text.so")
        self.refuse(PLUGINS.parents[1] / "libhawser.so", "libhawser.so", "hws_plugin_v1")

    def test_a_file_that_anyone_may_change(self):
        copy = self.path("unix_epoll.so")
        shutil.copy(PLUGINS / "unix_epoll.so", copy)
        copy.chmod(0o666)
        self.refuse(copy, "unix_epoll.so")

    def test_a_directory_of_ones_own(self):
        copy = self.path("unix_epoll.so")
        shutil.copy(PLUGINS / "unix_epoll.so", copy)
        copy.chmod(0o755)
        code, out, err = run("plugin", "show", "unix_epoll", "--plugin-dir", str(self.folder))
        self.assertEqual(code, 0, err)
        self.assertIn(str(copy), out)

    def test_a_refused_file_is_named_in_the_list(self):
        self.path("broken.so").write_text("not a library\n")
        code, out, err = run("plugin", "list", "--plugin-dir", str(self.folder))
        self.assertEqual(code, 0, err)
        self.assertIn("unix_epoll", out)
        self.assertIn("broken.so", err)


if __name__ == "__main__":
    unittest.main()
