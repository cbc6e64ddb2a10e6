# SPDX-License-Identifier: Apache-2.0
"""Writes hawser_decl.h as three C tables, for a program that knows the library by them alone: test_libffi.c.

A type is one letter: i I 32 bits, l L 64, h H 16 (signed, unsigned), c char, p a pointer, v nothing.
"""

import sys

from pycparser import c_ast

import headers

LETTERS = {"int32_t": "i", "uint32_t": "I", "int64_t": "l", "uint64_t": "L", "int16_t": "h", "uint16_t": "H",
           "char": "c", "void": "v"}


def letter(node, typedefs):
    """(letter, how many)."""
    if isinstance(node, c_ast.PtrDecl):
        return "p", 1
    if isinstance(node, c_ast.ArrayDecl):
        kind, _ = letter(node.type, typedefs)
        return kind, int(node.dim.value, 0)
    name = node.type.names[0]
    if name in typedefs:
        return letter(typedefs[name], typedefs)
    return LETTERS[name], 1


def tables(header):
    kinds = header.typedefs
    yield "static const struct foreign_function functions[] = {"
    for name, function in header.functions.items():
        arguments = "".join(letter(item.type, kinds)[0] for item in headers.parameters(function))
        yield f"""    {{"{name}", '{letter(function.type, kinds)[0]}', "{arguments}"}},"""
    yield "};"
    yield "static const struct foreign_field fields[] = {"
    for name, members in header.structs.items():
        for item in members:
            kind, count = letter(item.type, kinds)
            yield f"""    {{"{name}", "{item.name}", '{kind}', {count}}},"""
    yield "};"
    yield "static const struct foreign_constant constants[] = {"
    for values in header.enums.values():
        for name, value in values:
            yield f'    {{"{name}", {value}}},'
    yield "};"


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("\n".join(tables(headers.decl())) + "\n")
