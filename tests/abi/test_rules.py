# SPDX-License-Identifier: Apache-2.0
"""ABI-1 and ABI-6, on the syntax tree of both public headers."""

import re
import unittest

from pycparser import c_ast

import headers

# Structs of a size that never changes, and the plugin's manifest, whose magic stands before its size.
FIXED_STRUCTS = {"hws_event", "hws_vec", "hws_pair", "hws_iov", "hws_packet"}
LED_BY_MAGIC = {"hws_plugin"}
SCALARS = set(headers.FIXED) | {"char", "void"}


class Rules(c_ast.NodeVisitor):
    """Collects what breaks a rule."""

    def __init__(self, header):
        self.wrong = []
        self.scalars = SCALARS | set(header.typedefs)
        for node in header.declarations:
            self.visit(node)
        for name, members in header.structs.items():
            self.judge_start(name, members)
        for name, values in header.enums.items():
            self.wrong += [f"{name}: {item} does not fit an int" for item, value in values
                           if not -2**31 <= value < 2**31]
            self.wrong += [f"{item} does not begin with HWS_" for item, _ in values if not item.startswith("HWS_")]

    def judge_start(self, name, members):
        if members is None or name in FIXED_STRUCTS:
            return
        first = [(item.name, headers.spelled(item.type)) for item in members[:2]]
        magic = [("magic", "uint32_t")] if name in LED_BY_MAGIC else []
        if first[: len(magic) + 1] != magic + [("size", "uint32_t")]:
            self.wrong.append(f"struct {name} is not led by its size")

    def visit_Union(self, node):
        self.wrong.append(f"union {node.name}")

    def visit_EllipsisParam(self, _):
        self.wrong.append("a variadic function")

    def visit_FuncDef(self, node):
        self.wrong.append(f"{node.decl.name} has a body")

    def visit_Decl(self, node):
        if node.bitsize is not None:
            self.wrong.append(f"{node.name} is a bit-field")
        if node.funcspec or node.storage:
            self.wrong.append(f"{node.name} is {' '.join(node.funcspec + node.storage)}")
        if isinstance(node.type, c_ast.FuncDecl) and not node.name.startswith("hws_"):
            self.wrong.append(f"{node.name} does not begin with hws_")
        if isinstance(node.type, (c_ast.TypeDecl, c_ast.PtrDecl, c_ast.ArrayDecl)) and node.name is None:
            self.wrong.append("a declaration without a name")
        self.generic_visit(node)

    def visit_TypeDecl(self, node):
        kind = node.type
        if isinstance(kind, c_ast.IdentifierType):
            if " ".join(kind.names) not in self.scalars:
                self.wrong.append(f"{node.declname} is of type {' '.join(kind.names)}")
        elif isinstance(kind, c_ast.Enum):
            self.wrong.append(f"{node.declname} is of an enum's type")
        elif isinstance(kind, c_ast.Struct) and kind.decls is not None:
            self.wrong.append(f"{node.declname} declares a struct inside")
        self.generic_visit(node)

    def visit_Struct(self, node):
        if node.name is None or not node.name.startswith("hws_"):
            self.wrong.append(f"struct {node.name} does not begin with hws_")
        for member in node.decls or []:
            # A struct inside another could never grow.
            if isinstance(member.type, c_ast.TypeDecl) and isinstance(member.type.type, c_ast.Struct):
                self.wrong.append(f"{node.name}.{member.name} is a struct by value")
        self.generic_visit(node)

    def visit_FuncDecl(self, node):
        for item in headers.parameters(node):
            if getattr(item, "name", None) is None and not isinstance(item, c_ast.EllipsisParam):
                self.wrong.append("a parameter has no name")
            if isinstance(getattr(item, "type", None), c_ast.ArrayDecl):
                self.wrong.append(f"{item.name} is an array that becomes a pointer")
            if isinstance(item, c_ast.Decl) and isinstance(item.type, c_ast.TypeDecl) and isinstance(
                    item.type.type, c_ast.Struct):
                self.wrong.append(f"{item.name} is a struct by value")
        self.generic_visit(node)


def violations(text):
    return Rules(headers.Header(text, "sample")).wrong


def undocumented(text):
    """Functions in a paragraph without a comment."""
    return [name for paragraph in re.split(r"\n\s*\n", text) if not paragraph.lstrip().startswith("/*")
            for name in re.findall(r"^\w[\w *]*?\b(hws_\w+)\(", paragraph, re.MULTILINE)]


class PublicHeader(unittest.TestCase):
    def setUp(self):
        self.text = headers.DECL.read_text(encoding="utf-8")

    def test_rules(self):
        """ABI-1"""
        self.assertEqual(violations(self.text), [])

    def test_is_no_business_of_the_preprocessor(self):
        """ABI-1: what cffi and cgo are given has no directive at all."""
        self.assertEqual(re.findall(r"^\s*#.*", self.text, re.MULTILINE), [])

    def test_declares_what_it_is_about(self):
        header = headers.decl()
        self.assertGreater(len(header.functions), 30)
        self.assertGreater(len(header.structs), 8)
        self.assertIn("hws_status", header.enums)

    def test_every_function_has_a_contract(self):
        """ABI-6"""
        self.assertEqual(undocumented(self.text), [])


class PluginHeader(unittest.TestCase):
    def test_rules(self):
        self.assertEqual(violations(headers.PLUGIN.read_text(encoding="utf-8")), [])

    def test_speaks_the_numbers_of_the_public_header(self):
        """A plugin's results are statuses: they reach the user as they are."""
        public = dict(item for values in headers.decl().enums.values() for item in values)
        own = dict(headers.plugin().enums["hws_io_status"])
        other_names = {"HWS_IO_OK": "HWS_OK", "HWS_IO_FAULT": "HWS_E_PLUGIN", "HWS_IO_FAILED": "HWS_E_IO"}
        for name, value in own.items():
            self.assertEqual(value, public[other_names.get(name, name.replace("HWS_IO_", "HWS_E_"))], name)


class SelfTest(unittest.TestCase):
    """Each rule turns red."""

    WRONG = {
        "struct hws_x { uint32_t size; uint32_t a : 3; };": "bit-field",
        "struct hws_x { uint32_t size; union { uint32_t a; } u; };": "union",
        "int32_t hws_f(const char *x, ...);": "variadic",
        "static inline int32_t hws_f(void) { return 1; }": "has a body",
        "inline int32_t hws_f(void);": "is inline",
        "extern int32_t hws_f(void);": "is extern",
        "int hws_f(void);": "type int",
        "uint32_t hws_f(unsigned long x);": "type unsigned long",
        "uint32_t hws_f(uint32_t);": "no name",
        "uint32_t hws_f(uint32_t x[2]);": "becomes a pointer",
        "struct hws_x { uint32_t size; double d; };": "type double",
        "struct hws_x { uint32_t size; long *d; };": "type long",
        "struct hws_x { uint64_t a; uint32_t size; };": "not led by its size",
        "struct hws_x { uint64_t size; };": "not led by its size",
        "struct hws_plugin { uint32_t size; uint32_t magic; };": "not led by its size",
        "struct hws_x { uint32_t size; uint32_t b; }; void hws_f(struct hws_x x);": "by value",
        "struct hws_x { uint32_t size; void (*f)(int x); };": "type int",
        "enum hws_e { HWS_A = 0 }; void hws_f(enum hws_e e);": "enum's type",
        "enum hws_e { A = 0 };": "does not begin with HWS_",
        "enum hws_e { HWS_A = 0x80000000 };": "does not fit",
        "int32_t other(void);": "does not begin with hws_",
        "struct other { uint32_t size; };": "does not begin with hws_",
    }

    def test_wrong(self):
        for text, part in self.WRONG.items():
            self.assertIn(part, "; ".join(violations(text)), text)

    def test_right(self):
        self.assertEqual(violations("""
            typedef int32_t hws_result;
            struct hws_event { uint64_t tag; };
            struct hws_opaque;
            struct hws_x { uint32_t size; char text[8]; const char *const *s; void (*f)(struct hws_opaque *o); };
            enum hws_e { HWS_A = -1, HWS_B = 0x10 };
            hws_result hws_f(const struct hws_x *x, uint64_t *y);
            const char *hws_g(void);"""), [])

    def test_contract(self):
        self.assertEqual(undocumented("/* one */\nvoid hws_a(void);\nvoid hws_b(void);\n\nconst char *hws_c(void);\n"),
                         ["hws_c"])


if __name__ == "__main__":
    unittest.main()
