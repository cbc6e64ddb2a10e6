# SPDX-License-Identifier: Apache-2.0
"""ABI-2, ABI-3: sizes, offsets, numbers and signatures are those of abi/golden/layout.txt.

A C program, generated from the headers, asks the compiler. A change of the golden file is a change of the ABI.
"""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import golden
import headers


def program(parsed):
    """A C program that prints the layout of each struct and the value of each enumerator."""
    lines = ["#include <stddef.h>", "#include <stdio.h>", '#include "abi/hawser.h"',
             '#include "plugins/hawser_plugin.h"', "int main(void) {"]
    for header in parsed:
        for name, members in header.structs.items():
            if members is None:
                continue
            lines.append(f'printf("struct {name} size %zu\\n", sizeof(struct {name}));')
            for item in members:
                lines.append(f'printf("  {item.name} at %zu size %zu: {headers.spelled(item.type)}\\n", '
                             f"offsetof(struct {name}, {item.name}), sizeof(((struct {name} *)0)->{item.name}));")
        for name, values in header.enums.items():
            lines.append(f'puts("enum {name}");')
            lines += [f'printf("  {item} = %d\\n", (int){item});' for item, _ in values]
    return "\n".join([*lines, "return 0; }", ""])


def run(source, root):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "layout.c")
        path.write_text(source, encoding="utf-8")
        subprocess.run([headers.compiler(), "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I", str(root),
                        "-o", str(path.with_suffix("")), str(path)], check=True)
        return subprocess.run([str(path.with_suffix(""))], capture_output=True, text=True, check=True).stdout


def signatures(header):
    lines = []
    for name, function in header.functions.items():
        arguments = ", ".join(headers.spelled(item.type) for item in headers.parameters(function)) or "void"
        lines.append(f"{headers.spelled(function.type)} {name}({arguments})\n")
    return "".join(lines)


def layout(root=headers.ROOT):
    parsed = [headers.decl(root), headers.plugin(root)]
    return run(program(parsed), root) + "".join(signatures(header) for header in parsed)


class Layout(unittest.TestCase):
    def test_golden(self):
        """ABI-3"""
        self.assertEqual(golden.difference("layout.txt", layout()), "")

    def test_both_languages(self):
        """The headers are C++ too, and need nothing before them."""
        for path in ("abi/hawser.h", "plugins/hawser_plugin.h"):
            for command in (["gcc", "-xc", "-std=c11"], ["clang-14", "-xc++", "-std=c++11"]):
                subprocess.run([*command, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-"],
                               input=f'#include "{headers.ROOT / path}"\n', text=True, check=True)


class SelfTest(unittest.TestCase):
    """What a caller built before would notice, the golden file notices."""

    CHANGES = (("abi/hawser_decl.h", "  uint64_t deadline_ns; /*", "  uint64_t more;\n  uint64_t deadline_ns; /*"),
               ("abi/hawser_decl.h", "HWS_E_RESET = -8,", "HWS_E_RESET = -80,"),
               ("abi/hawser_decl.h", "hws_result hws_flush(hws_handle ", "hws_result hws_flush(uint32_t "),
               ("plugins/hawser_plugin.h", "  void (*on_timer)(void *ep);\n", ""),
               ("plugins/hawser_plugin.h", "(*destroy)(void *ep, uint32_t abort)", "(*destroy)(void *ep)"))

    def test_sees_changes(self):
        known = layout()
        for name, old, new in self.CHANGES:
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder)
                for part in ("abi", "plugins"):
                    shutil.copytree(headers.ROOT / part, root / part, ignore=lambda *_: {"golden", "check", "template"})
                before = (root / name).read_text(encoding="utf-8")
                self.assertEqual(before.count(old), 1, old)
                (root / name).write_text(before.replace(old, new), encoding="utf-8")
                self.assertNotEqual(layout(root), known, old)


if __name__ == "__main__":
    unittest.main(argv=golden.arguments())
