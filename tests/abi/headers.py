# SPDX-License-Identifier: Apache-2.0
"""The two public headers as pycparser sees them: their enums, structs and functions.

The preprocessor does nothing but take the comments out (and, of the plugin header, the lines for other compilers); a
prelude stands in for <stdint.h>.
"""

import copy
import os
import subprocess
import tempfile
from pathlib import Path

from pycparser import c_ast, c_generator, c_parser

ROOT = Path(os.environ.get("HAWSER_SOURCE", Path(__file__).resolve().parents[2]))
DECL = ROOT / "abi/hawser_decl.h"
PLUGIN = ROOT / "plugins/hawser_plugin.h"

FIXED = {"int8_t": "signed char", "uint8_t": "unsigned char", "int16_t": "short", "uint16_t": "unsigned short",
         "int32_t": "int", "uint32_t": "unsigned int", "int64_t": "long long", "uint64_t": "unsigned long long"}
PRELUDE = "".join(f"typedef {base} {name};\n" for name, base in FIXED.items())


def compiler():
    return os.environ.get("HAWSER_CC", "cc")


def stripped(text):
    """The text without comments."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "stdint.h").touch()
        command = [compiler(), "-E", "-P", "-nostdinc", "-I", folder, "-U__GNUC__", "-xc", "-"]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


class Header:
    """What a header declares, in its order."""

    def __init__(self, text, name):
        tree = c_parser.CParser().parse(PRELUDE + stripped(text), name)
        self.declarations = [node for node in tree.ext if getattr(node, "name", None) not in FIXED]
        self.typedefs = {node.name: node.type for node in self.declarations if isinstance(node, c_ast.Typedef)}
        self.enums = {}
        self.structs = {}
        self.functions = {}
        for node in self.declarations:
            kind = getattr(node, "type", None)
            if isinstance(kind, c_ast.Enum):
                self.enums[kind.name or kind.values.enumerators[0].name] = self.enumerators(kind)
            elif isinstance(kind, c_ast.Struct):
                self.structs[kind.name] = kind.decls
            elif isinstance(kind, c_ast.FuncDecl):
                self.functions[node.name] = kind

    @staticmethod
    def enumerators(enum):
        """(name, value); a value is always written out."""
        values = []
        for item in enum.values.enumerators:
            if item.value is None:
                raise ValueError(f"{item.name} has no value of its own")
            values.append((item.name, int(c_generator.CGenerator().visit(item.value), 0)))
        return values


def decl(root=ROOT):
    return Header((root / "abi/hawser_decl.h").read_text(encoding="utf-8"), "hawser_decl.h")


def plugin(root=ROOT):
    return Header((root / "plugins/hawser_plugin.h").read_text(encoding="utf-8"), "hawser_plugin.h")


def parameters(function):
    """The parameters of a FuncDecl, none for (void)."""
    items = function.args.params if function.args else []
    if len(items) == 1 and isinstance(items[0], c_ast.Typename) and spelled(items[0].type) == "void":
        return []
    return items


def spelled(node):
    """A type as C, without the name that it declares."""

    class Nameless(c_ast.NodeVisitor):
        def visit_TypeDecl(self, item):
            item.declname = None

    bare = copy.deepcopy(node)
    Nameless().visit(bare)
    return " ".join(c_generator.CGenerator().visit(bare).split())
