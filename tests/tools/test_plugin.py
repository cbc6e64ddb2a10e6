# SPDX-License-Identifier: Apache-2.0
#
# hawser plugin: what is found, and why something is not (TRN-2, PLG-4).

import shutil
import unittest

from tool import BUILD, PLUGINS, ToolTest, child, run

NAME = child.TCP
FILE = NAME + child.SUFFIX


class PluginTest(ToolTest):
    def refuse(self, argument, *named):
        code, out, err = run("plugin", "show", str(argument))
        self.assertEqual((code, out), (2, ""), err)
        self.assertEqual(err.count("\n"), 1, err)
        for word in named:
            self.assertIn(word, err)


class Plugin(PluginTest):
    def test_list(self):
        code, out, err = run("plugin", "list")
        self.assertEqual((code, err), (0, ""))
        rows = [line.split() for line in out.splitlines()]
        self.assertEqual(rows[0], ["NAME", "VERSION", "SCHEMES", "FILE"])
        found = {row[0]: (row[2], row[-1]) for row in rows[1:]}
        self.assertEqual(found[NAME], ("tcp", child.shown(PLUGINS / FILE)))

    def test_show_by_name_and_by_path(self):
        by_name = run("plugin", "show", NAME)
        by_path = run("plugin", "show", child.shown(PLUGINS / FILE))
        self.assertEqual(by_name[0], 0, by_name[2])
        self.assertEqual(by_name, by_path)
        for word in (NAME, "tcp", child.shown(PLUGINS / FILE), "listen", "dial", "half-close", "1.0", "readiness  "):
            self.assertIn(word, by_name[1])

    def test_a_file_that_is_missing(self):
        self.refuse(self.path("missing" + child.SUFFIX), "missing" + child.SUFFIX, "No such file")
        self.refuse("missing", "missing")

    def test_a_file_that_is_no_plugin(self):
        text = self.path("text" + child.SUFFIX)
        text.write_text("not a library\n")
        text.chmod(0o644)
        self.refuse(text, text.name)
        library = BUILD / child.LIBRARY
        self.refuse(library, library.name, "hws_plugin_v1")

    def test_a_directory_of_ones_own(self):
        copy = self.path(FILE)
        shutil.copy(PLUGINS / FILE, copy)
        copy.chmod(0o755)
        code, out, err = run("plugin", "show", NAME, "--plugin-dir", str(self.folder))
        self.assertEqual(code, 0, err)
        self.assertIn(child.shown(copy), out)

    def test_a_refused_file_is_named_in_the_list(self):
        broken = self.path("broken" + child.SUFFIX)
        broken.write_text("not a library\n")
        code, out, err = run("plugin", "list", "--plugin-dir", str(self.folder))
        self.assertEqual(code, 0, err)
        self.assertIn(NAME, out)
        self.assertIn(broken.name, err)


if __name__ == "__main__":
    unittest.main()
