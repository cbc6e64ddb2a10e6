# SPDX-License-Identifier: Apache-2.0
"""The page docs/matrix-of-ends.md, made of the table."""

AFTER = {
    "again": "the same op, submitted again, goes well",
    "same": "the same op, submitted again, ends at once in the same way",
    "stale": "the handle is stale",
    "done": None,
}
PEER = {
    "-": None,
    "on": "the peer sees nothing: the stream goes on",
    "eof": "the peer sees what was taken, then the end",
    "reset": "the peer sees a reset, with the code as far as the transport has one",
    "reset-canceled": "the peer sees a reset with `HWS_CODE_CANCELED`",
    "reset-deadline": "the peer sees a reset with `HWS_CODE_DEADLINE`, as far as the transport has one",
    "end": "the peer sees a reset or an end, as the transport has it",
    "gone": "the peer's acceptor sees `HWS_E_CANCELED` with `HWS_EVENT_REMOTE`",
    "gone-canceled": "the peer's acceptor sees `HWS_E_CANCELED` with `HWS_EVENT_REMOTE`, and `HWS_CODE_CANCELED` of the "
                     "stream that carries the session",
    "gone-either": "the peer's acceptor sees `HWS_E_CANCELED` with `HWS_EVENT_REMOTE`, maybe with `HWS_CODE_CANCELED`",
    "closed": "the peer's streams say `HWS_E_CLOSED`, as it closed the session itself",
}
CODE = {
    "code": "its code is that of the reset or cancel",
    "deadline": "its code is `HWS_CODE_DEADLINE`",
    "shutting": "its code is `HWS_CODE_SHUTTING_DOWN`",
}
DATA = {
    "lost": "`data` says how many bytes are lost",
    "address": "`data` is where the bytes are",
}
GROUPS = (("mux", "A stream of a session"), ("raw", "A connection"))

INTRO = """# The matrix of ends

Every op by every way to end it: with what status its event comes, and what is left then. [ends.md](ends.md) has the rules by
their causes; this page is the same by what a program waits for. The build makes it of `tests/matrix/ends.txt`, from which the tests
are made too, so what stands here has been played ([testing.md](testing.md#the-matrix-of-ends)).

In all cells: exactly one event comes, with the op's tag and on its queue; `bytes` counts what was taken of a send and is 0 for
all else that did not go well; and no other stream is disturbed, not of the same session where the session lives, nor of the runtime where that
does. Both progress modes end alike.

A status stands without its `HWS_E_`. *op* is `HWS_EVENT_OP`: the op alone was given up. *remote* is `HWS_EVENT_REMOTE`: the peer
brought it about. `?`: where the transport has a reset; else the end of a peer that is gone, `EOF` for what receives and `CLOSED`
for the rest. `unix` has none: where "the peer sees a reset or an end" it sees an end there, unless something that it sent was unread, also
where the close lost something. *made*: the event names the object that was to be made, and it is to be closed; *none*: there is none. A dash: that
cannot be, and the note says why. A number in parentheses is that of a note at the end of the page.
"""


def sentence(parts):
    parts = [part for part in parts if part]
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "." if text and not text.startswith("`") else text + "." if text else ""


def note_of(rule):
    if rule["never"]:
        return rule["why"]
    return sentence([CODE[code] for code in rule["code"]] + [DATA[data] for data in rule["data"]] +
                    [AFTER[rule["after"]], PEER[rule["peer"]]])


def word_of(rule, makes):
    if rule["never"]:
        return "–"
    text = f"`{rule['status']}`" + ("?" if rule["maybe"] else "")
    for flag in rule["flags"]:
        text += f" *{flag}*"
    text += " or `OK`" if rule["or-ok"] else ""
    if makes and rule["status"] != "OK":
        text += " *made*" if rule["object"] == "it" else " *none*"
    return text


class Notes:
    def __init__(self):
        self.numbers = {}

    def mark(self, text):
        if not text:
            return ""
        return f" ({self.numbers.setdefault(text, len(self.numbers) + 1)})"


def same(table, kinds, one, other, places):
    """Are two ops, or two ways, alike in all of those places?"""
    def shown(rule, op):
        return word_of(rule, "make" in op["scope"].split()), note_of(rule)
    return all(shown(table.cells[(a["name"], b["name"], kind)], a) == shown(table.cells[(c["name"], d["name"], kind)], c)
               for kind in kinds for (a, b), (c, d) in places(one, other))


def gathered(table, kinds, items, places):
    """Items that are alike stand together, where the first of them does."""
    groups = []
    for item in items:
        found = next((group for group in groups if same(table, kinds, group[0], item, places)), None)
        if found:
            found.append(item)
        else:
            groups.append([item])
    return groups


def cell_of(table, notes, op, way, kinds):
    rules = [table.cells[(op["name"], way["name"], kind)] for kind in kinds]
    makes = "make" in op["scope"].split()
    texts = {}
    for kind, rule in zip(kinds, rules):
        texts.setdefault(word_of(rule, makes) + notes.mark(note_of(rule)), []).append(kind)
    first, *others = texts
    return first + "".join(f"; *{', '.join(texts[text])}*: {text}" for text in others)


def grid(table, notes, group, title):
    kinds = [kind["name"] for kind in table.classes if kind["group"] == group]
    ops = [op for op in table.ops if not all(
        table.cells[(op["name"], way["name"], kind)]["never"] for way in table.ways for kind in kinds)]
    about = "; ".join(f"*{kind['name']}* is {kind['title']}" for kind in table.classes if kind["group"] == group)
    lines = [f"## {title}", "", about[:1].upper() + about[1:] + ".", ""]
    columns = gathered(table, kinds, ops, lambda a, b: [((a, way), (b, way)) for way in table.ways])
    for part in (columns[:4], columns[4:]):
        chosen = [op for column in part for op in column]
        rows = gathered(table, kinds, table.ways, lambda a, b: [((op, a), (op, b)) for op in chosen])
        lines.append("| ended by | " + " | ".join(", ".join(op["title"] for op in column) for column in part) + " |")
        lines.append("| --- |" + " --- |" * len(part))
        for row in rows:
            lines.append("| " + "; ".join(way["title"] for way in row) + " | " +
                         " | ".join(cell_of(table, notes, column[0], row[0], kinds) for column in part) + " |")
        lines.append("")
    return lines


def scenes(table):
    lines = ["## What is done", "", "| op | it pends, as |", "| --- | --- |"]
    lines += [f"| {op['title']} | {op['scene']} |" for op in table.ops]
    lines += ["", "| way | what happens |", "| --- | --- |"]
    return lines + [f"| {way['title']} | {way['does']} |" for way in table.ways] + [""]


def played_on(table, transport):
    """How many cells of a transport are played in one progress mode, and how many each trait that it lacks costs."""
    has, raw = transport["traits"].split(), {"ready", "packet"} - {transport["class"]}
    played, missing = 0, {}
    for (_, way, kind), rule in table.cells.items():
        if kind in raw or rule["never"]:
            continue
        lacks = [trait for trait in rule["needs"].split() + (["signals"] if way == "signal" else [])
                 if trait != "-" and trait not in has]
        if lacks:
            missing[lacks[0]] = missing.get(lacks[0], 0) + 1
        else:
            played += 1
    return played, missing


def counts(table):
    lines = ["## What is played where", "",
             f"{len(table.cells)} cells are {len(table.ops)} ops by {len(table.ways)} ways by {len(table.classes)} classes, "
             f"of which {sum(rule['never'] for rule in table.cells.values())} cannot be. Each transport plays those of its class of "
             "connections, of filters and of sessions, in both progress modes.", "",
             "| transport | cells | not there, as it lacks |", "| --- | --- | --- |"]
    for transport in table.transports:
        played, missing = played_on(table, transport)
        lacks = ", ".join(f"{name} ({count})" for name, count in sorted(missing.items())) or "nothing"
        lines.append(f"| `{transport['name']}` | {played} | {lacks} |")
    lines += ["", "What a transport can lack:", ""]
    return lines + [f"- *{trait['name']}*: {trait['why']}" for trait in table.traits] + [""]


def page(table):
    notes = Notes()
    lines = [INTRO]
    for group, title in GROUPS:
        lines += grid(table, notes, group, title)
    lines += ["## Notes", ""] + [f"{number}. {text}" for text, number in notes.numbers.items()] + [""]
    return "\n".join(lines + scenes(table) + counts(table)).rstrip() + "\n"
