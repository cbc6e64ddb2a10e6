# SPDX-License-Identifier: Apache-2.0
"""Compares what was found with a golden file. `--update` as the only argument of a test writes the file instead."""

import difflib
import sys

import headers


def difference(name, found):
    """A unified diff from abi/golden/NAME to found, empty if they are the same."""
    path = headers.ROOT / "abi/golden" / name
    if sys.argv[1:] == ["--update"]:
        path.write_text(found, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    return "".join(difflib.unified_diff(expected.splitlines(True), found.splitlines(True), f"golden/{name}", "found"))


def arguments():
    """What is left for unittest."""
    return [argument for argument in sys.argv if argument != "--update"]
