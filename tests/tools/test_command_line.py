# SPDX-License-Identifier: Apache-2.0
#
# The command line: help, the first line, and bad input, which ends with exit code 2 and one line that names it.

import concurrent.futures
import unittest

from tool import SOURCE, ToolTest, run

COMMANDS = ("serve", "forward", "echo", "plugin")
# Where nobody listens, nor shall.
A = "tcp://127.0.0.1:1"
B = "tcp://127.0.0.1:2"


class Help(unittest.TestCase):
    def test_every_command_has_help(self):
        for command in COMMANDS:
            with self.subTest(command):
                code, out, err = run(command, "--help")
                self.assertEqual((code, err), (0, ""))
                self.assertTrue(out.startswith(f"usage: hawser {command} "), out)
                self.assertIn("--mux MODE", out)
                self.assertIn("--plugin-dir DIR", out)
                self.assertTrue(all(len(line) <= 120 for line in out.splitlines()))

    def test_the_tool_has_help(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        for command in COMMANDS:
            self.assertIn(f"hawser {command} ", out)

    def test_version(self):
        code, out, _ = run("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^hawser \d+\.\d+\.\d+ \(ABI \d+\.\d+\)\n$")

    def test_every_option_is_documented(self):
        manual = (SOURCE / "docs" / "tool.md").read_text()
        for command in COMMANDS:
            for word in run(command, "--help")[1].split():
                if word.startswith("--"):
                    self.assertIn(f"`{word}", manual)


def check_bad_input(test, cases):
    # Several at once, as there are many, and a process takes long to begin on some systems.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda case: run(*case[0]), cases))
    for (arguments, named), (code, out, err) in zip(cases, results):
        with test.subTest(arguments):
            test.assertEqual((code, out), (2, ""), err)
            test.assertEqual(err.count("\n"), 1, err)
            test.assertTrue(err.startswith("hawser"), err)
            test.assertIn(named, err)


class BadInput(unittest.TestCase):
    SERVE = ("serve", "--listen", A, "--target")
    FORWARD = ("forward", "--via", A, "-L")

    # arguments, and what the message must name
    CASES = (
        ((), "no command"),
        (("frobnicate",), "frobnicate"),
        (("-x",), "-x"),
        (("serve",), "--listen"),
        (("serve", "--listen", A), "--target"),
        (("serve", "--listen"), "--listen"),
        (("serve", "--listen", ""), "--listen"),
        (("serve", "--frob"), "--frob"),
        (("serve", "-q"), "-q"),
        (("serve", "--stats=yes"), "--stats=yes"),
        (("serve", "--via", A), "--via"),
        (("serve", "surplus"), "surplus"),
        (("serve", "--listen", A, "--listen", B), "--listen"),
        ((*SERVE, "nonsense"), "nonsense"),
        ((*SERVE, ":nonsense"), ":nonsense"),
        ((*SERVE, "tcp:/not-a-url"), "tcp:/not-a-url"),
        ((*SERVE, "gopher://x"), "gopher"),
        ((*SERVE, "gopher+tcp://127.0.0.1:1"), "gopher"),
        (("serve", "--listen", A), "--allow"),
        (("serve", "--listen", A, "--allow", B, "--mux", "yamux"), "--target"),
        ((*SERVE, A, "--allow", B, "--allow", "gopher:x"), "gopher"),
        ((*SERVE, B, "--mux", "smux"), "smux"),
        ((*SERVE, B, "--max-streams", "0"), "--max-streams"),
        ((*SERVE, B, "--max-streams", "-1"), "-1"),
        ((*SERVE, B, "--max-streams", "12x"), "12x"),
        ((*SERVE, B, "--max-streams", "99999999999999999999"), "99999999999999999999"),
        ((*SERVE, B, "--drain", "soon"), "soon"),
        ((*SERVE, B, "--plugin-dir", "/does/not/exist"), "/does/not/exist"),
        (("serve", "--listen", "gopher://x", "--target", B), "gopher"),
        (("forward",), "--via"),
        (("forward", "--via", A), "-L"),
        ((*FORWARD, B), B),
        ((*FORWARD, "=default"), "=default"),
        ((*FORWARD, f"{B}="), f"{B}="),
        ((*FORWARD, f"{B}={A}", "--mux", "yamux"), "default"),
        ((*FORWARD, f"{B}=default", "-L", f"{A}=default"), "-L"),
        ((*FORWARD, "gopher://x=default"), "gopher"),
        ((*FORWARD, f"{B}?frob=1=default"), "frob"),
        (("forward", "--via", "gopher://x", "-L", f"{B}=default"), "gopher"),
        (("forward", "--via", f"{A}?frob=1", "-L", f"{B}=default"), "frob"),
        (("echo",), "--listen"),
        (("echo", "--listen", "gopher://x"), "gopher"),
        (("echo", "--target", A), "--target"),
        (("plugin",), "list or show"),
        (("plugin", "frob"), "frob"),
        (("plugin", "list", "surplus"), "surplus"),
        (("plugin", "show"), "NAME"),
        (("plugin", "show", "a", "b"), "b"),
        (("plugin", "--listen", A, "list"), "--listen"),
    )

    def test_bad_input(self):
        check_bad_input(self, self.CASES)

    def test_what_a_terminal_obeys_is_not_printed(self):
        code, _, err = run("serve", "--listen", A, "--target", "x\x1b[31m")
        self.assertEqual(code, 2)
        self.assertNotIn("\x1b", err)


class FirstLine(ToolTest):
    def test_the_first_line_tells_where(self):
        echoing = self.tool("echo", "--listen", self.url("echo"))
        self.assertEqual(echoing.first_line, f"listening {self.url('echo')}\n")
        serving = self.serve("--mux", "yamux")
        self.assertEqual(serving.first_line, f"listening {self.url('mux')}\n")
        forwarding = self.forward("--mux", "yamux")
        self.assertEqual(forwarding.first_line, f"listening {self.url('in')}\n")
        for tool in (forwarding, serving, echoing):
            self.assertEqual(tool.stop(), 0)

    def test_an_address_in_use_is_a_failure_and_disturbs_nobody(self):
        self.tool("echo", "--listen", self.url("echo"))
        code, out, err = run("echo", "--listen", self.url("echo"))
        self.assertEqual((code, out), (1, ""))
        self.assertIn(self.carrier.shown("echo"), err)
        self.connect("echo")

    def test_forward_without_a_far_side(self):
        code, out, err = run("forward", "--via", self.url("mux"), "-L", self.url("in") + "=default")
        self.assertEqual((code, out), (1, ""))
        self.assertIn(self.carrier.shown("mux"), err)
        self.assertFalse(self.carrier.is_there("in"))

    def test_forward_does_not_take_a_socket_in_use(self):
        self.tool("echo", "--listen", self.url("mux"))
        self.tool("echo", "--listen", self.url("in"))
        code, out, err = run("forward", "--via", self.url("mux"), "-L", self.url("in") + "=default")
        self.assertEqual((code, out), (1, ""))
        self.assertIn(self.carrier.shown("in"), err)
        self.connect("in")


if __name__ == "__main__":
    unittest.main()
