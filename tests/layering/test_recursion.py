# SPDX-License-Identifier: Apache-2.0
"""Nothing in the core calls upward by recursion: what goes up goes through the loop's run queue. So no function of it
reaches itself, by whatever way, save over the few calls below, each with what bounds how often."""

import re
import unittest
from pathlib import Path

import calls
import tree

# (caller, callee): why it ends.
BOUNDED = {
    ("loop_nudge", "loop_turn"): "who nudges takes the baton first, so never within another turn",
    ("core/mux/stream.c:stream_kick", "writer_kick"): "to the session below; they nest NEST_MAX deep",
    ("core/mux/way.c:way_of", "mux_stream_way"): "likewise",
    ("session_text", "core/mux/stream.c:stream_text"): "likewise",
    ("session_peer", "core/mux/stream.c:stream_peer"): "likewise",
    ("core/mux/stream.c:mux_stream_free", "object_unpin"): "of its session, likewise",
    ("core/mux/session.c:mux_free", "object_unpin"): "of the stream below, likewise",
    (calls.PLUGIN, "host_under_submit"): "to the endpoint below; a URL has few filters",
    (calls.PLUGIN, "host_under_cancel"): "likewise",
    ("core/op.c:op_free", "object_unpin"): "of what it pended on, which is no op",
    ("core/lease.c:lease_free", "object_unpin"): "of its stream, which is no lease",
    ("life_detach", "object_unpin"): "of a scope, which frees its parents in a loop",
    ("object_retire", "object_unpin"): "of the runtime, which stands on nothing",
    ("core/pool.c:run", "core/pool.c:run"): "no job is a thread's own function; both are fields named run",
}

# Functions whose address says where this library lies in memory.
PLACES = {"os_thread_abandon", "runtime_open"}


def services(top):
    """The fields by which plugins call the host."""
    text = calls.plain(tree.read(top, Path("plugins/hawser_plugin.h")))
    return re.findall(r"\(\*(\w+)\)\s*\(", text[text.index("struct hws_host {"):text.index("struct hws_vtable {")])


def cycles_without(found, bounded):
    graph = {caller: {callee for callee in callees if (caller, callee) not in bounded}
             for caller, callees in found.graph.items()}
    return calls.cycles(graph)


class Tree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.found = calls.Calls(tree.root(), {"core"}, services(tree.root()))

    def test_core_does_not_recurse(self):
        self.assertGreater(len(self.found.functions), 500)
        self.assertEqual(cycles_without(self.found, BOUNDED), [])

    def test_each_exception_is_needed(self):
        for call in BOUNDED:
            others = {other: why for other, why in BOUNDED.items() if other != call}
            self.assertNotEqual(cycles_without(self.found, others), [], call)

    def test_every_pointer_is_followed(self):
        self.assertEqual(set(self.found.orphans), PLACES)


class SelfTest(unittest.TestCase):
    def judge(self, text, more="", fields=()):
        with tree.Sample({"core/a.c": text, "core/b.c": more}) as top:
            found = calls.Calls(top, {"core"}, fields)
            return calls.cycles(found.graph), found.orphans

    def test_calls(self):
        self.assertEqual(self.judge("int f(int a) {\n  return a ? f(a - 1) : 0;\n}\n"), ([["f"]], []))
        self.assertEqual(self.judge("void f(void) {\n  g();\n}\n", "void g(void) {\n  f();\n}\n"), ([["f", "g"]], []))
        self.assertEqual(self.judge("void f(void) {\n  g();\n}\n", "static void g(void) {\n  f();\n}\n"), ([], []))
        self.assertEqual(self.judge('void f(void) {\n  puts("f()"); /* f() */\n}\n'), ([], []))

    def test_pointers(self):
        run = "void f(struct t *t) {\n  t->run(t);\n}\n"
        self.assertEqual(self.judge(run, "static const struct t t = {.run = f};\n"), ([["f"]], []))
        self.assertEqual(self.judge(run, "void g(struct t *t) {\n  t->run = f;\n}\n"), ([["f"]], []))
        self.assertEqual(self.judge(run, "void s(struct t *t, void (*r)(struct t *)) {\n  t->run = r;\n}\n"
                                         "void g(struct t *t) {\n  s(t, f);\n}\n"), ([["f"]], []))
        self.assertEqual(self.judge("void e(void (*r)(void)) {\n  r();\n}\nvoid f(void) {\n  e(f);\n}\n"),
                         ([["e", "f"]], []))
        self.assertEqual(self.judge("void f(struct t *t) {\n  void (*r)(struct t *) = t->run;\n  r(t);\n}\n",
                                    "static const struct t t = {.run = f};\n"), ([["f"]], []))

    def test_orphans(self):
        self.assertEqual(self.judge("void f(void) {\n}\nvoid *p[] = {f};\n")[1], ["f"])

    def test_plugins(self):
        self.assertEqual(self.judge("void f(struct e *e) {\n  e->vtable.submit(e);\n}\n",
                                    "static const struct hws_host h = {.post = f};\n", ["post"]),
                         ([[calls.PLUGIN, "f"]], []))


if __name__ == "__main__":
    unittest.main()
