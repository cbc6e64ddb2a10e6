# SPDX-License-Identifier: Apache-2.0
"""docs/stats.md lists every counter and docs/settings.md every setting, with its default and limits, and no others."""

import os
import pathlib
import re
import unittest

SOURCE = pathlib.Path(os.environ["HAWSER_SOURCE"])
BYTES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def read(path):
    return (SOURCE / path).read_text(encoding="utf-8")


def rows(path):
    """Cells of every table row, by the word in backquotes that the first one holds."""
    found = {}
    for line in read(path).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name = re.fullmatch(r"`(\w+)`", cells[0])
        if line.startswith("|") and name:
            found.setdefault(name.group(1), []).append(cells[1:])
    return found


def value_of(text):
    number, unit = re.fullmatch(r"(\d+)(|k|m|g|s|ms)", text).groups()
    if unit in ("s", "ms"):
        return int(number) * (10**9 if unit == "s" else 10**6)
    return int(number) * BYTES.get(unit, 1)


def constant(text):
    """A limit as settings.c writes it."""
    text = re.sub(r"MIB\(([^)]*)\)", r"((\1) << 20)", text)
    text = re.sub(r"SECONDS\(([^)]*)\)", r"((\1) * 10**9)", text).replace("WINDOW_NATIVE", "65536")
    if not re.fullmatch(r"[\d\s()*/<]+", text):
        raise ValueError(text)
    return int(eval(text))  # pylint: disable=eval-used; digits and operators only


class Documents(unittest.TestCase):
    def test_counters(self):
        names = re.findall(r'^\s+\[\w+\] = "(\w+)",$', read("core/stats.c"), re.M)
        names += re.search(r'listener_names\[\] = \{"(\w+)"\}', read("core/stats.c")).groups()
        self.assertGreater(len(names), 20)
        self.assertEqual(sorted(names), sorted(rows("docs/stats.md")))

    def test_settings(self):
        tables = read("core/mux/settings.c") + read("core/runtime.c")
        table = re.findall(r'\[SET_\w+\] = \{\s*"(\w+)",\s*(.*?),\s*SETTING_\w+,', tables, re.S)
        described = rows("docs/settings.md")
        self.assertGreater(len(table), 10)
        self.assertEqual(sorted(name for name, _ in table), sorted(described))
        for name, limits in table:
            least, most, initial = (constant(part) for part in limits.split(","))
            for cells in described[name]:
                self.assertEqual([value_of(cell) for cell in cells[:3]], [initial, least, most], name)


if __name__ == "__main__":
    unittest.main()
