# SPDX-License-Identifier: Apache-2.0
"""Who calls whom in C sources laid out as this tree's are, calls by pointer included.

A pointer is told by the name of the field that it is called by: whatever is stored into a field of that name anywhere may
be called there. A function that is handed on as an argument is stored where its receiver stores that parameter, or
called where it calls it. A function whose name is used in any other way is an orphan: nobody could tell who calls it."""

import re

import tree

WORDS = re.compile(r"[A-Za-z_]\w*")
KEYWORDS = {"if", "while", "for", "switch", "return", "sizeof", "do", "else", "_Alignof", "_Static_assert"}
HEAD = re.compile(r"^(?!typedef|struct \w+ \{|enum|union|#)(?P<head>[A-Za-z_][^;{}=\n]*(?:\n[^;{}=\n]+)*?)\{$", re.M)
NAME = re.compile(r"(\w+)\s*\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)\s*$")
STORE = re.compile(r"(?:\.|->)(\w+)\s*=\s*&?(\w+)\s*(?=[,;}\)])")
POINTER = re.compile(r"\(\*(\w+)\)\s*\(")
ALIAS = re.compile(r"\(\*(\w+)\)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*=\s*[^;]*?(?:->|\.)(\w+)\s*;")
CHOICE = re.compile(r"\([^()?;]*\?\s*(\w+)\s*:\s*(\w+)\)\s*\(")
VTABLE = re.compile(r"\bvtable(\.|->)\w+")
PLUGIN = "(a plugin)"
DESIGNATED = re.compile(r"\.(\w+)\s*=\s*(\w+)\b(?!\s*[\(.\-\[])")


def plain(text):
    """Without comments, and with nothing in literals."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', '""', tree.without_comments(text))


def arguments(text, at):
    """The arguments of the call whose parenthesis opens at `at`, and where it ends."""
    depth, start, found = 0, at + 1, []
    for i in range(at, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                found.append(text[start:i].strip())
                return found, i
        elif text[i] == "," and depth == 1:
            found.append(text[start:i].strip())
            start = i + 1
    return found, len(text)


def parameters(text):
    """Names in their order; those of pointers to functions too."""
    found, depth, start = [], 0, 0
    for i, c in enumerate(text + ","):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            one = text[start:i].strip()
            pointer = POINTER.search(one)
            words = WORDS.findall(re.sub(r"\[.*?\]", "", one))
            found.append(pointer.group(1) if pointer else words[-1] if words else "")
            start = i + 1
    return found


class Function:
    def __init__(self, path, name, static, params, body):
        self.path, self.name, self.static, self.params, self.body = path, name, static, params, body
        self.key = f"{path.as_posix()}:{name}" if static else name


class Calls:
    """graph: caller -> set of callees, by key (a static function's has its file before it); orphans: as above."""

    def __init__(self, top, folders, services=()):
        """services: fields by which plugins call back. A plugin may call any of them from within any of its own calls."""
        self.forwards, self.twins = set(), []
        # A simulated system is no part of the library: its scheduler runs threads, which is no call.
        texts = {path: plain(tree.read(top, path)) for path in tree.files(top)
                 if path.parts[0] in folders and not path.stem.endswith("_sim") and "atomics_sim" not in path.parts}
        self.functions, self.globals, self.statics = {}, {}, {}
        rest = {path: self.define(path, text) for path, text in texts.items()}
        self.known = {function.name for function in self.functions.values()}
        self.stores = {}   # field -> keys
        self.passed = {}   # (key of the receiver, place) -> keys
        self.param_fields = {}
        self.graph = {key: set() for key in self.functions}
        self.uses = []
        for path, text in rest.items():
            self.read_stores(path, text, None)
            self.leftovers(path, text, None)
        for function in self.functions.values():
            self.read_body(function)
        self.link()
        for key, twin in self.twins:
            self.graph[key].add(twin)
        self.graph[PLUGIN] = set().union(*(self.stores.get(field, set()) for field in services))
        for function in self.functions.values():
            if VTABLE.search(function.body):
                self.graph[function.key].add(PLUGIN)

    def define(self, path, text):
        rest = text
        for match in HEAD.finditer(text):
            head = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", match.group("head"), flags=re.S).strip()
            signature = NAME.search(head)
            if not signature:
                continue
            end = text.index("\n}", match.end()) + 2
            function = Function(path, signature.group(1), "static" in head.split(), parameters(signature.group(2)),
                                text[match.end():end])
            if function.key in self.functions: # one of the same name for another system
                self.twins.append((function.key, f"{path.as_posix()}:{function.name}"))
                function.key = self.twins[-1][1]
                self.functions[function.key] = function
                rest = self.without(rest, text[match.start():end])
                continue
            self.functions[function.key] = function
            (self.statics.setdefault(path, {}) if function.static else self.globals)[function.name] = function.key
            if function.static and path.suffix == ".h":
                self.globals[function.name] = function.key
            rest = self.without(rest, text[match.start():end])
        return rest

    @staticmethod
    def without(text, part):
        return text.replace(part, "\n" * part.count("\n"), 1)

    def resolve(self, path, name):
        return self.statics.get(path, {}).get(name) or self.globals.get(name)

    def read_stores(self, path, text, function):
        for pattern in (STORE, DESIGNATED):
            for field, value in pattern.findall(text):
                if function and value in function.params:
                    self.param_fields.setdefault((function.key, function.params.index(value)), set()).add(field)
                    continue
                key = self.resolve(path, value)
                if key:
                    self.stores.setdefault(field, set()).add(key)

    def read_body(self, function):
        body, path = function.body, function.path
        aliases = dict(ALIAS.findall(body))
        self.read_stores(path, body, function)
        for match in re.finditer(r"(->|\.)?\s*\b([A-Za-z_]\w*)\s*(\()", body):
            by_field, name = match.group(1), match.group(2)
            if name in KEYWORDS:
                continue
            given, _ = arguments(body, match.start(3))
            if by_field:
                self.uses.append((function, "field", name, given))
            elif name in aliases:
                self.uses.append((function, "field", aliases[name], given))
            elif name in function.params:
                self.uses.append((function, "param", function.params.index(name), given))
            elif self.resolve(path, name):
                self.uses.append((function, "call", self.resolve(path, name), given))
            else:
                self.uses.append((function, "system", name, given))
        for either in CHOICE.findall(body):
            self.uses += [(function, "call", self.resolve(path, name), []) for name in either if self.resolve(path, name)]
        self.leftovers(path, body, function)

    def leftovers(self, path, text, function):
        """Names of functions that stand for their address, in none of the ways that are followed."""
        for match in WORDS.finditer(text):
            key = self.resolve(path, match.group())
            after = text[match.end():].lstrip()
            before = text[:match.start()].rstrip()
            if not key or after.startswith("(") or before.endswith((".", "->", "struct", "enum")):
                continue
            if function and match.group() in function.params:
                continue
            if re.search(r"\b(struct|enum)\s+\w+\s*\**$|[\w\*]\s+\**$", text[:match.start()][-60:]) and not before.endswith("return"):
                continue # a declaration of something with that name
            self.uses.append((function, "value", key, (before[-40:], after[:40])))

    def link(self):
        values = [use for use in self.uses if use[1] == "value"]
        handled = set()
        for function, how, target, given in self.uses:
            if how == "value":
                continue
            for place, argument in enumerate(given):
                key = self.resolve(function.path, argument.lstrip("&")) if re.fullmatch(r"&?\w+", argument) else None
                if key and how == "system": # it runs it on a thread of its own
                    handled.add((function.key, key))
                elif key and how == "call" and argument not in function.params:
                    self.passed.setdefault((target, place), set()).add(key)
                    handled.add((function.key, key))
                elif argument in function.params and how == "call":
                    self.forward(function, argument, target, place)
        self.spread()
        for (receiver, place), keys in self.passed.items():
            for field in self.param_fields.get((receiver, place), ()):
                self.stores.setdefault(field, set()).update(keys)
        stored = set().union(*self.stores.values()) if self.stores else set()
        for function, how, target, _ in self.uses:
            if how == "call":
                self.graph[function.key].add(target)
            elif how == "field":
                self.graph[function.key] |= self.stores.get(target, set())
            elif how == "param":
                self.graph[function.key] |= self.passed.get((function.key, target), set())
        called = {(function.key, target) for function, how, target, _ in self.uses if how == "call"}
        self.orphans = sorted({key for function, _, key, _ in values if key not in stored and
                               (function is None or (function.key, key) not in handled | called)})

    def forward(self, function, argument, target, place):
        self.forwards.add(((function.key, function.params.index(argument)), (target, place)))

    def spread(self):
        """What is handed to a parameter goes where that parameter is handed on to."""
        changed = True
        while changed:
            changed = False
            for source, target in self.forwards:
                more = self.passed.get(source, set()) - self.passed.get(target, set())
                if more:
                    self.passed.setdefault(target, set()).update(more)
                    changed = True


def cycles(graph):
    """The sets of functions that reach each other, each sorted (Tarjan); functions that call themselves too."""
    index, low, stack, on, found = {}, {}, [], set(), []
    for root in sorted(graph):
        if root in index:
            continue
        work = [(root, iter(sorted(graph[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            node, after = work[-1]
            for child in after:
                if child not in graph:
                    continue
                if child not in index:
                    index[child] = low[child] = len(index)
                    stack.append(child)
                    on.add(child)
                    work.append((child, iter(sorted(graph[child]))))
                    break
                if child in on:
                    low[node] = min(low[node], index[child])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = []
                    while not group or group[-1] != node:
                        group.append(stack.pop())
                        on.discard(group[-1])
                    if len(group) > 1 or node in graph[node]:
                        found.append(sorted(group))
    return sorted(found)
