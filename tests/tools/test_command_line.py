# SPDX-License-Identifier: Apache-2.0
#
# The command line: help, the first line, and bad input, which ends with exit code 2 and one line that names it.

import subprocess
import unittest

from tool import HAWSER, LIMIT, SOURCE, ToolTest, run

COMMANDS = ("serve", "forward", "echo", "plugin")


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

    def test_help_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([HAWSER, "--help"], stdout=full, stderr=subprocess.PIPE, timeout=LIMIT, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output", done.stderr)

    def test_every_option_is_documented(self):
        manual = (SOURCE / "docs" / "tool.md").read_text()
        for command in COMMANDS:
            for word in run(command, "--help")[1].split():
                if word.startswith("--"):
                    self.assertIn(f"`{word}", manual)


class BadInput(unittest.TestCase):
    SERVE = ("serve", "--listen", "unix:@hawser-never", "--target")
    FORWARD = ("forward", "--via", "unix:@hawser-never", "-L")

    # arguments, and what the message must name
    CASES = (
        ((), "no command"),
        (("frobnicate",), "frobnicate"),
        (("-x",), "-x"),
        (("serve",), "--listen"),
        (("serve", "--listen", "unix:@hawser-never"), "--target"),
        (("serve", "--listen"), "--listen"),
        (("serve", "--listen", ""), "--listen"),
        (("serve", "--frob"), "--frob"),
        (("serve", "-q"), "-q"),
        (("serve", "--stats=yes"), "--stats=yes"),
        (("serve", "--via", "unix:@x"), "--via"),
        (("serve", "surplus"), "surplus"),
        (("serve", "--listen", "unix:@a", "--listen", "unix:@b"), "--listen"),
        ((*SERVE, "nonsense"), "nonsense"),
        ((*SERVE, ":nonsense"), ":nonsense"),
        ((*SERVE, "unix:/not-a-url"), "unix:/not-a-url"),
        ((*SERVE, "gopher://x"), "gopher"),
        ((*SERVE, "gopher+unix:///x"), "gopher"),
        (("serve", "--listen", "unix:@a"), "--allow"),
        (("serve", "--listen", "unix:@a", "--allow", "unix:@b", "--mux", "yamux"), "--target"),
        ((*SERVE, "unix:@a", "--allow", "unix:@a", "--allow", "gopher:x"), "gopher"),
        ((*SERVE, "unix:@a", "--mux", "smux"), "smux"),
        ((*SERVE, "unix:@a", "--max-streams", "0"), "--max-streams"),
        ((*SERVE, "unix:@a", "--max-streams", "-1"), "-1"),
        ((*SERVE, "unix:@a", "--max-streams", "12x"), "12x"),
        ((*SERVE, "unix:@a", "--max-streams", "99999999999999999999"), "99999999999999999999"),
        ((*SERVE, "unix:@a", "--drain", "soon"), "soon"),
        ((*SERVE, "unix:@a", "--plugin-dir", "/does/not/exist"), "/does/not/exist"),
        (("serve", "--listen", "gopher://x", "--target", "unix:@a"), "gopher"),
        (("serve", "--listen", "unix://", "--target", "unix:@a"), "unix://"),
        (("serve", "--listen", "unix:///tmp/" + "x" * 200, "--target", "unix:@a"), "xxx"),
        (("serve", "--listen", "unix:@hawser-never?frob=1", "--target", "unix:@a"), "frob"),
        (("forward",), "--via"),
        (("forward", "--via", "unix:@a"), "-L"),
        ((*FORWARD, "unix:@in"), "unix:@in"),
        ((*FORWARD, "=default"), "=default"),
        ((*FORWARD, "unix:@in="), "unix:@in="),
        ((*FORWARD, "unix:@in=unix:@out", "--mux", "yamux"), "default"),
        ((*FORWARD, "unix:@in=default", "-L", "unix:@in2=default"), "-L"),
        ((*FORWARD, "gopher://x=default"), "gopher"),
        ((*FORWARD, "unix:@in?frob=1=default"), "frob"),
        (("forward", "--via", "gopher://x", "-L", "unix:@in=default"), "gopher"),
        (("forward", "--via", "unix:@a?frob=1", "-L", "unix:@in=default"), "frob"),
        (("echo",), "--listen"),
        (("echo", "--listen", "gopher://x"), "gopher"),
        (("echo", "--target", "unix:@a"), "--target"),
        (("plugin",), "list or show"),
        (("plugin", "frob"), "frob"),
        (("plugin", "list", "surplus"), "surplus"),
        (("plugin", "show"), "NAME"),
        (("plugin", "show", "a", "b"), "b"),
        (("plugin", "--listen", "unix:@a", "list"), "--listen"),
    )

    def test_bad_input(self):
        for arguments, named in self.CASES:
            with self.subTest(arguments):
                code, out, err = run(*arguments)
                self.assertEqual((code, out), (2, ""), err)
                self.assertEqual(err.count("\n"), 1, err)
                self.assertTrue(err.startswith("hawser"), err)
                self.assertIn(named, err)

    def test_what_a_terminal_obeys_is_not_printed(self):
        code, _, err = run("serve", "--listen", "unix:@a", "--target", "x\x1b[31m")
        self.assertEqual(code, 2)
        self.assertNotIn("\x1b", err)


class FirstLine(ToolTest):
    def test_the_first_line_tells_where(self):
        echoing = self.tool("echo", "--listen", self.url("echo.sock"))
        self.assertEqual(echoing.first_line, f"listening {self.url('echo.sock')}\n")
        serving = self.serve("--mux", "yamux")
        self.assertEqual(serving.first_line, f"listening {self.url('mux.sock')}\n")
        forwarding = self.forward("--mux", "yamux")
        self.assertEqual(forwarding.first_line, f"listening {self.url('in.sock')}\n")
        for tool in (forwarding, serving, echoing):
            self.assertEqual(tool.stop(), 0)

    def test_an_address_in_use_is_a_failure_and_disturbs_nobody(self):
        self.tool("echo", "--listen", self.url("echo.sock"))
        code, out, err = run("echo", "--listen", self.url("echo.sock"))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("echo.sock", err)
        self.connect("echo.sock")

    def test_forward_without_a_far_side(self):
        code, out, err = run("forward", "--via", self.url("mux.sock"), "-L", self.url("in.sock") + "=default")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("mux.sock", err)
        self.assertFalse(self.path("in.sock").exists())

    def test_forward_does_not_take_a_socket_in_use(self):
        self.tool("echo", "--listen", self.url("mux.sock"))
        self.tool("echo", "--listen", self.url("in.sock"))
        code, out, err = run("forward", "--via", self.url("mux.sock"), "-L", self.url("in.sock") + "=default")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("in.sock", err)
        self.connect("in.sock")


if __name__ == "__main__":
    unittest.main()
