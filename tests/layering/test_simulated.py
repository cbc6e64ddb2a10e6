# SPDX-License-Identifier: Apache-2.0
"""The simulated system is no part of the library: no object of another build sees its files, and each is, to the byte,
what it would be without them."""

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import tree

SIMULATED = re.compile(r"_sim\.[ch]\b|atomics_sim")
# The ones in which most atomics stand.
SOURCES = ["core/op.c", "core/handle.c", "core/wait.c", "core/queue.c", "core/loop.c", "core/endpoint.c"]


def build():
    folder = Path(os.environ.get("HAWSER_BUILD", tree.root() / "build" / "release"))
    commands = folder / "compile_commands.json"
    return folder if commands.exists() else None


def command_of(folder, source):
    for entry in json.loads((folder / "compile_commands.json").read_text(encoding="utf-8")):
        if entry["file"] == str(tree.root() / source) and "hawser_objects" in entry["command"]:
            words = shlex.split(entry["command"])
            return words[next(i for i, word in enumerate(words) if not word.endswith("ccache")):]
    return None


def compile_in(top, source, words):
    """The object, with no number in it that is random, and what it includes."""
    words = [word.replace(str(tree.root()), str(top)) for word in words]
    made, depends = Path(top, "object.o"), Path(top, "object.d")
    words[words.index("-o") + 1] = str(made)
    subprocess.run([*words, "-frandom-seed=1", "-MD", "-MF", str(depends)], cwd=top, check=True)
    return source, made.read_bytes(), depends.read_text(encoding="utf-8")


def copy_tree(top):
    """Returns the copies of what is simulated."""
    simulated = []
    for path in tree.files(tree.root()):
        if path.parts[0] not in ("abi", "core", "plugins"):
            continue
        Path(top, path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree.root() / path, Path(top, path))
        if SIMULATED.search(path.as_posix()):
            simulated.append(Path(top, path))
    return simulated


class Simulated(unittest.TestCase):
    def test_objects_are_the_same_without_it(self):
        folder = build()
        self.assertIsNotNone(folder, "there is no build with compile_commands.json; set HAWSER_BUILD")
        if (folder / "bin" / "stories").exists():
            self.skipTest("this build is that of the simulated system")
        commands = {source: command_of(folder, source) for source in SOURCES}
        self.assertNotIn(None, commands.values(), "one is not compiled")
        with tempfile.TemporaryDirectory() as top:
            simulated = copy_tree(top)
            self.assertGreater(len(simulated), 20)
            before = [compile_in(top, *each) for each in commands.items()]
            for path in simulated:
                path.unlink()
            for source, made, depends in before:
                self.assertIsNone(SIMULATED.search(depends), f"{source} includes a file of the simulated system")
                _, again, _ = compile_in(top, source, commands[source])
                self.assertTrue(made == again, f"{source} is compiled to something else without the simulated files")

    def test_no_object_depends_on_it(self):
        folder = build()
        found = subprocess.run(["ninja", "-C", str(folder), "-t", "deps"], capture_output=True, text=True, check=False)
        objects, entry = 0, ""
        for line in found.stdout.splitlines():
            if line and not line.startswith(" "):
                entry = line.split(":")[0]
                objects += "hawser_objects" in entry
            elif "hawser_objects" in entry:
                self.assertIsNone(SIMULATED.search(line), f"{entry} depends on {line.strip()}")
        if not objects:
            self.skipTest("nothing is built here yet")


if __name__ == "__main__":
    unittest.main()
