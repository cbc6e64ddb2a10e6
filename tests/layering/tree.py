# SPDX-License-Identifier: Apache-2.0
"""The files of the tree as the checks of this folder see them: which there are, and their text without comments."""

import os
import re
import tempfile
from pathlib import Path

# Folders that hold nothing written by hand.
GENERATED = {".git", "build", "out", "__pycache__", "corpus", "golden"}


def root():
    """The repository, from the environment that ctest sets or from where this file lies."""
    return Path(os.environ.get("HAWSER_SOURCE", Path(__file__).resolve().parents[2]))


def files(top, suffixes=(".c", ".h")):
    """Paths relative to top, sorted."""
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in GENERATED)
        found += [Path(folder, name).relative_to(top) for name in sorted(names) if name.endswith(suffixes)]
    return found


def read(top, path):
    return Path(top, path).read_text(encoding="utf-8")


def without_comments(text):
    """C without comments, each replaced by what keeps line numbers; literals stay."""
    token = re.compile(r'/\*.*?\*/|//(?:\\\n|[^\n])*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)

    def replace(match):
        found = match.group()
        return " " + "\n" * found.count("\n") if found.startswith("/") else found

    return token.sub(replace, text)


def directives(text):
    """(line number, directive) of each preprocessor line, continuation lines joined, comments gone."""
    lines = without_comments(text).split("\n")
    number = 0
    while number < len(lines):
        start = number
        line = lines[number]
        while line.endswith("\\") and number + 1 < len(lines):
            number += 1
            line = line[:-1] + " " + lines[number]
        if line.lstrip().startswith("#"):
            yield start + 1, line.strip()
        number += 1


class Sample:
    """A small tree in a temporary folder, for showing a check something wrong."""

    def __init__(self, contents):
        self.contents = contents
        self.folder = tempfile.TemporaryDirectory()

    def __enter__(self):
        for name, text in self.contents.items():
            path = Path(self.folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Path(self.folder.name)

    def __exit__(self, *_):
        self.folder.cleanup()
