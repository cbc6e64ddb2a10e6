# SPDX-License-Identifier: Apache-2.0
"""docs/matrix-of-ends.md is what tests/matrix/ends.txt makes; and the table's own checks find what is wrong with it."""

import os
import pathlib
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["HAWSER_SOURCE"])
sys.path.insert(0, str(SOURCE / "tests/matrix"))

from page import page  # noqa: E402
from table import FILE, Table, Wrong, cell  # noqa: E402


def changed(old, new):
    """The table with one thing changed in its file."""
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "ends.txt"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return Table(path)


class Document(unittest.TestCase):
    def test_page_is_what_the_table_makes(self):
        found = (SOURCE / "docs/matrix-of-ends.md").read_text(encoding="utf-8")
        self.assertEqual(found, page(Table()), "python3 tests/matrix/table.py document >docs/matrix-of-ends.md")

    def test_every_cell_is_said_once(self):
        table = Table()
        self.assertEqual(len(table.cells), len(table.ops) * len(table.ways) * len(table.classes))

    def test_a_cell_without_a_rule_is_found(self):
        with self.assertRaisesRegex(Wrong, "no rule for"):
            changed("drain | join | nested | CLOSED", "# drain | join | nested | CLOSED")

    def test_a_cell_with_two_rules_is_found(self):
        with self.assertRaisesRegex(Wrong, "has a rule in line"):
            changed("drain | join | nested |", "drain | join | mux |")

    def test_what_cannot_be_has_a_reason(self):
        with self.assertRaisesRegex(Wrong, "says why"):
            changed("There is no connection yet that could fail.", "")

    def test_unknown_words_are_found(self):
        with self.assertRaisesRegex(Wrong, "what is"):
            changed("EOF remote", "EOF remotely")
        with self.assertRaisesRegex(Wrong, "nothing is called"):
            changed("in | peer-end | mux", "inn | peer-end | mux")

    def test_a_rule_reaches_the_driver_whole(self):
        table = Table()
        key = ("close", "peer-session", "native")
        line = cell(key, table.cells[key])
        for part in ("HWS_E_CLOSED", "HWS_EVENT_REMOTE", "DATA_LOST", "AFTER_STALE", "PEER_CLOSED"):
            self.assertIn(part, line)


if __name__ == "__main__":
    unittest.main()
