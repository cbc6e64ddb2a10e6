# SPDX-License-Identifier: Apache-2.0
"""Who may include whom. Layers look down only, and by path from the root; nobody includes tests."""

import re
import unittest
from pathlib import Path

import tree

# For each layer: what its files may include between quotes, beside files of the same layer.
ALLOWED = {
    "abi": {"core/core.h"},
    "core": {"plugins/hawser_plugin.h", "plugins/registry.h", "abi/hawser.h"},
    "plugins": set(),
    "transports": {"plugins/hawser_plugin.h"},
    "tools": {"abi/hawser.h"},
    "bench": {"abi/hawser.h"},
    "bindings": {"abi/hawser_decl.h"},
    "cmake": {"abi/hawser.h", "plugins/hawser_plugin.h"},
}
ANYTHING = {"tests"}
# Built outside this tree too, where only the installed headers exist.
INSTALLED = {"abi/hawser.h": "hawser_decl.h"}
OUTSIDE = ("plugins/template/", "tests/install/")
PUBLIC = {"hawser.h", "hawser_plugin.h"}
# Layers that are users of the public interface and may name it as they would from outside.
USERS = {"tools", "bench", "tests"}

INCLUDE = re.compile(r'#\s*include(?:_next)?\s*(?:"([^"]*)"|<([^>]*)>|(.*))')


def judge(top, path, quoted, angled):
    """What is wrong with one include, or None."""
    layer = path.parts[0]
    name = path.as_posix()
    if name == "abi/hawser_decl.h":
        return "has a preprocessor line"
    if quoted is None and angled is None:
        return "includes by a macro"
    if angled is not None:
        if angled in PUBLIC and (layer in USERS or name.startswith(OUTSIDE)):
            return None
        if angled in PUBLIC or Path(top, angled).exists():
            return f"includes <{angled}>, a file of this tree, as if it were the system's"
        return None
    if INSTALLED.get(name) == quoted:
        return None
    if name.startswith(OUTSIDE):
        return None if Path(top, path.parent, quoted).exists() else f"includes {quoted}, which is not beside it"
    if layer == "tests" and quoted.endswith(".inc"):
        return None  # made in the build folder
    target = Path(quoted)
    if ".." in target.parts or not Path(top, quoted).is_file():
        return f"includes {quoted}, which is no path from the root"
    if layer in ANYTHING:
        return None
    if layer not in ALLOWED:
        return "is in a folder that is no layer"
    # A program's files are its own: bench and the tools do not reach into each other.
    if target.parts[0] == layer or quoted in ALLOWED[layer]:
        return None
    return f"includes {quoted}; {layer} may include {', '.join(sorted({layer} | ALLOWED[layer]))}"


def violations(top):
    found = []
    for path in tree.files(top):
        for number, line in tree.directives(tree.read(top, path)):
            match = INCLUDE.match(line)
            if path.as_posix() == "abi/hawser_decl.h":
                found.append(f"{path}:{number}: has a preprocessor line")
            elif match:
                wrong = judge(top, path, match.group(1), match.group(2))
                if wrong:
                    found.append(f"{path}:{number}: {wrong}")
    return found


class Tree(unittest.TestCase):
    def test_layers_look_down_only(self):
        self.assertEqual(violations(tree.root()), [])


class SelfTest(unittest.TestCase):
    """The check sees each kind of wrong include."""

    HEADERS = {name: "" for name in ("abi/hawser.h", "core/core.h", "core/op.h", "plugins/hawser_plugin.h",
                                     "plugins/registry.h", "transports/unix_epoll/unix.h", "tests/help.h",
                                     "bench/clock.h")}

    def judge(self, path, text):
        with tree.Sample({**self.HEADERS, path: text}) as top:
            return violations(top)

    def assert_red(self, path, text, part):
        found = self.judge(path, text)
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_allowed(self):
        for path, text in (("abi/api.c", '#include "core/core.h"\n#include <stdint.h>\n'),
                           ("core/op.c", '#include "core/op.h"\n#include "plugins/registry.h"\n'),
                           ("transports/x/x.c", '#include "plugins/hawser_plugin.h"\n'),
                           ("tools/hawser/main.c", '#include <hawser.h>\n#include "abi/hawser.h"\n'),
                           ("core/x.c", '/*\n#include "tests/help.h"\n*/\n// #include "abi/nothing.h"\n'),
                           ("tests/core/test_op.c", '#include "core/op.h"\n#include "tests/help.h"\n')):
            self.assertEqual(self.judge(path, text), [])

    def test_upwards(self):
        self.assert_red("core/x.c", '#include "core/op.h"\n#include "transports/unix_epoll/unix.h"\n', "core/x.c:2")
        self.assert_red("plugins/registry.c", '#include "core/op.h"\n', "includes core/op.h")
        self.assert_red("transports/x/x.c", '#include "plugins/registry.h"\n', "includes plugins/registry.h")

    def test_past_the_next_layer(self):
        self.assert_red("abi/api.c", '#include "core/op.h"\n', "includes core/op.h")
        self.assert_red("abi/api.c", '#include "plugins/registry.h"\n', "includes plugins/registry.h")
        self.assert_red("tools/hawser/main.c", '#  include "core/core.h"\n', "includes core/core.h")
        self.assert_red("tools/hawser/main.c", '#include "bench/clock.h"\n', "includes bench/clock.h")

    def test_nobody_includes_tests(self):
        for layer in ALLOWED:
            self.assert_red(f"{layer}/x.c", '#include "tests/help.h"\n', "includes tests/help.h")

    def test_paths_from_the_root(self):
        self.assert_red("core/x.c", '#include "op.h"\n', "no path from the root")
        self.assert_red("core/x.c", '#include "core/../abi/hawser.h"\n', "no path from the root")
        self.assert_red("core/x.c", "#include <core/op.h>\n", "as if it were the system's")
        self.assert_red("core/x.c", "#include <hawser.h>\n", "as if it were the system's")
        self.assert_red("core/x.c", "#define H <stdio.h>\n#include H\n", "by a macro")
        self.assert_red("core/x.c", '#include \\\n  "op.h"\n', "core/x.c:1")

    def test_declarations_only(self):
        self.assert_red("abi/hawser_decl.h", "#define HWS_X 1\n", "preprocessor line")

    def test_unknown_layer(self):
        self.assert_red("misc/x.c", '#include "abi/hawser.h"\n', "no layer")


if __name__ == "__main__":
    unittest.main()
