# SPDX-License-Identifier: Apache-2.0
#
# hawser plugin: files that are refused by their permissions (PLG-4), and paths in the forms of this system.

import os
import shutil
import unittest

import test_plugin
from tool import PLUGINS, run


class Permissions(test_plugin.PluginTest):
    def test_a_file_that_anyone_may_change(self):
        copy = self.path(test_plugin.FILE)
        shutil.copy(PLUGINS / test_plugin.FILE, copy)
        copy.chmod(0o666)
        self.refuse(copy, test_plugin.FILE)

    def test_show_by_a_relative_path(self):
        by_name = run("plugin", "show", test_plugin.NAME)
        self.assertEqual(by_name, run("plugin", "show", os.path.relpath(PLUGINS / test_plugin.FILE)))
        self.assertEqual(by_name[0], 0, by_name[2])


if __name__ == "__main__":
    unittest.main()
