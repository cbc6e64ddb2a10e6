# SPDX-License-Identifier: Apache-2.0
"""The matrix of ends, as data: ends.txt read and checked, and what is made of it.

    table.py cells HEADER SOURCE   the cells for the driver, in C
    table.py document              the page docs/matrix-of-ends.md, to standard output
"""

import pathlib
import re
import sys

FILE = pathlib.Path(__file__).with_name("ends.txt")
COLUMNS = {
    "ops": ("name", "kind", "scope", "title", "scene"),
    "ways": ("name", "scope", "title", "does"),
    "classes": ("name", "group", "title"),
    "traits": ("name", "why"),
    "transports": ("name", "class", "traits"),
    "cells": ("ops", "ways", "classes", "ends", "object", "after", "peer", "needs", "why"),
}
FLAGS = {"op": "HWS_EVENT_OP", "remote": "HWS_EVENT_REMOTE"}
CODES = {"code": "MATRIX_CODE", "deadline": "HWS_CODE_DEADLINE", "shutting": "HWS_CODE_SHUTTING_DOWN"}
DATA = {"lost": "DATA_LOST", "address": "DATA_ANY"}
OBJECTS = ("it", "none")
AFTERS = ("again", "same", "stale", "done")
PEERS = ("-", "on", "eof", "reset", "reset-canceled", "reset-deadline", "end", "gone", "gone-canceled", "gone-either", "closed")


class Wrong(Exception):
    pass


def sections(path):
    found = {name: [] for name in COLUMNS}
    section = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[]")
            if section not in COLUMNS:
                raise Wrong(f"line {number}: no section is called {section}")
            continue
        fields = [field.strip() for field in line.split("|")]
        if len(fields) != len(COLUMNS[section]):
            raise Wrong(f"line {number}: {len(fields)} fields, wanted {len(COLUMNS[section])}: {COLUMNS[section]}")
        found[section].append(dict(zip(COLUMNS[section], fields), line=number))
    return found


class Table:
    """Every op by every way by every class: exactly one rule of the file says how it ends, or why it cannot be."""

    def __init__(self, path=FILE):
        found = sections(path)
        self.ops, self.ways = found["ops"], found["ways"]
        self.classes, self.traits, self.transports = found["classes"], found["traits"], found["transports"]
        self.rules = found["cells"]
        self.cells = {}
        for rule in self.rules:
            self.spread(rule)
        missing = [key for key in self.keys() if key not in self.cells]
        if missing:
            raise Wrong(f"no rule for {len(missing)} cells, first {missing[0]}")

    def keys(self):
        return [(op["name"], way["name"], kind["name"])
                for op in self.ops for way in self.ways for kind in self.classes]

    def named(self, what, text, rule):
        names = [item["name"] for item in what]
        groups = {}
        for item in what:
            for group in item.get("group", item.get("scope", "")).split():
                groups.setdefault(group, []).append(item["name"])
        chosen = []
        for word in text.split():
            if word == "*":
                chosen += names
            elif word in groups:
                chosen += groups[word]
            elif word.startswith("-"):
                gone = groups.get(word[1:], [word[1:]])
                chosen = [name for name in chosen if name not in gone]
            elif word in names:
                chosen.append(word)
            else:
                raise Wrong(f"line {rule['line']}: nothing is called {word}")
        return chosen

    def spread(self, rule):
        parse(rule)
        for word in needs_of(rule):
            if word not in [trait["name"] for trait in self.traits]:
                raise Wrong(f"line {rule['line']}: no trait is called {word}")
        for op in self.named(self.ops, rule["ops"], rule):
            for way in self.named(self.ways, rule["ways"], rule):
                for kind in self.named(self.classes, rule["classes"], rule):
                    key = (op, way, kind)
                    if key in self.cells:
                        raise Wrong(f"line {rule['line']}: {key} has a rule in line {self.cells[key]['line']}")
                    self.cells[key] = rule


def needs_of(rule):
    return [word for word in rule.get("needs", rule.get("traits")).split() if word != "-"]


def parse(rule):
    """ends: never, or STATUS with its flags, code and data. A status with ? behind it: where the transport has it."""
    words = rule["ends"].split()
    rule["never"] = words[0] == "never"
    if rule["never"]:
        if not re.search(r"\.$", rule["why"]):
            raise Wrong(f"line {rule['line']}: a cell that cannot be says why, in a sentence")
        return
    rule["maybe"] = words[0].endswith("?")
    rule["status"] = words[0].rstrip("?")
    rule["flags"] = [word for word in words[1:] if word in FLAGS]
    rule["code"] = [word for word in words[1:] if word in CODES]
    rule["data"] = [word for word in words[1:] if word in DATA]
    rule["already"] = "already" in words
    rule["or-ok"] = "or-ok" in words
    if 1 + sum(len(rule[part]) for part in ("flags", "code", "data")) + rule["already"] + rule["or-ok"] != len(words):
        raise Wrong(f"line {rule['line']}: what is '{rule['ends']}'?")
    for field, known in (("object", OBJECTS), ("after", AFTERS), ("peer", PEERS)):
        if rule[field] not in known:
            raise Wrong(f"line {rule['line']}: {field} is one of {known}")


# ---- C ----


def word(prefix, name):
    return f"{prefix}_{name.upper().replace('-', '_').replace('?', '_MAYBE')}"


def enum(out, name, prefix, items, count):
    out.append(f"enum {name} {{")
    out += [f"  {word(prefix, item)}," for item in items]
    out += [f"  {count}", "};", ""]


def header(table):
    out = ["/* Made of tests/matrix/ends.txt by table.py. */", "#ifndef MATRIX_CELLS_H", "#define MATRIX_CELLS_H", ""]
    enum(out, "matrix_op", "OP", [op["name"] for op in table.ops], "OPS")
    enum(out, "matrix_way", "BY", [way["name"] for way in table.ways], "WAYS")
    enum(out, "matrix_class", "ON", [kind["name"] for kind in table.classes], "CLASSES")
    enum(out, "matrix_trait", "HAS", [trait["name"] for trait in table.traits], "TRAITS")
    enum(out, "matrix_after", "AFTER", AFTERS, "AFTERS")
    enum(out, "matrix_peer", "PEER", ["nothing" if peer == "-" else peer for peer in PEERS], "PEERS")
    return "\n".join(out + ["#endif", ""])


def mask(rule):
    return " | ".join(f"1U << {word('HAS', trait)}" for trait in needs_of(rule)) or "0"


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def cell(key, rule):
    op, way, kind = key
    place = f"{{{word('OP', op)}, {word('BY', way)}, {word('ON', kind)}}}"
    if rule["never"]:
        return f"    {{.at = {place}, .line = {rule['line']}, .never = {quoted(rule['why'])}}},"
    flags = " | ".join(FLAGS[flag] for flag in rule["flags"]) or "0"
    code = CODES[rule["code"][0]] if rule["code"] else "0"
    data = DATA[rule["data"][0]] if rule["data"] else "DATA_NONE"
    status = "HWS_OK" if rule["status"] == "OK" else f"HWS_E_{rule['status']}"
    peer = word("PEER", "nothing" if rule["peer"] == "-" else rule["peer"])
    return (f"    {{.at = {place}, .line = {rule['line']}, .status = {status}, .maybe = {str(rule['maybe']).lower()}, "
            f".already = {str(rule['already']).lower()}, .or_ok = {str(rule['or-ok']).lower()}, "
            f".flags = {flags}, .code = {code}, .data = {data}, .made = {str(rule['object'] == 'it').lower()}, "
            f".after = {word('AFTER', rule['after'])}, .peer = {peer}, .needs = {mask(rule)}}},")


def source(table):
    out = ["/* Made of tests/matrix/ends.txt by table.py. */", '#include "tests/matrix/cell.h"', ""]
    for name, items in (("op", table.ops), ("way", table.ways), ("class", table.classes)):
        out.append(f"const char *const {name}_names[] = {{" + ", ".join(quoted(item["name"]) for item in items) + "};")
    out.append("const char *const trait_reasons[] = {" + ", ".join(quoted(t["why"]) for t in table.traits) + "};")
    out.append("const uint16_t op_kinds[] = {" + ", ".join(f"HWS_KIND_{op['kind']}" for op in table.ops) + "};")
    scopes = {"stream": "WIDTH_STREAM", "session": "WIDTH_SESSION", "runtime": "WIDTH_RUNTIME"}
    for name, items in (("op", table.ops), ("way", table.ways)):
        out.append(f"const enum width {name}_widths[] = {{" +
                   ", ".join(scopes[item["scope"].split()[0]] for item in items) + "};")
    out.append("const struct transport transports[] = {")
    for item in table.transports:
        out.append(f"    {{{quoted(item['name'])}, {word('ON', item['class'])}, {mask(item)}}},")
    out += ["};", "const unsigned transport_count = sizeof transports / sizeof transports[0];", "",
            "const struct cell cells[] = {"]
    out += [cell(key, table.cells[key]) for key in table.keys()]
    out += ["};", "const unsigned cell_count = sizeof cells / sizeof cells[0];", ""]
    return "\n".join(out)


def main(arguments):
    table = Table()
    if arguments[0] == "cells":
        pathlib.Path(arguments[1]).write_text(header(table), encoding="utf-8")
        pathlib.Path(arguments[2]).write_text(source(table), encoding="utf-8")
    else:
        from page import page
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        sys.stdout.write(page(table))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Wrong as wrong:
        sys.exit(f"{FILE.name}: {wrong}")
