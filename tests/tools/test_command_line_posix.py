# SPDX-License-Identifier: Apache-2.0
#
# The command line: bad URLs of Unix sockets, and output that cannot be written.

import subprocess
import unittest

from test_command_line import check_bad_input
from tool import HAWSER, LIMIT


class Help(unittest.TestCase):
    def test_help_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([HAWSER, "--help"], stdout=full, stderr=subprocess.PIPE, timeout=LIMIT, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output", done.stderr)


class BadInput(unittest.TestCase):
    SERVE = ("serve", "--listen", "unix:@hawser-never", "--target")

    # arguments, and what the message must name
    CASES = (
        ((*SERVE, "unix:/not-a-url"), "unix:/not-a-url"),
        ((*SERVE, "gopher+unix:///x"), "gopher"),
        (("serve", "--listen", "unix://", "--target", "unix:@a"), "unix://"),
        (("serve", "--listen", "unix:///tmp/" + "x" * 200, "--target", "unix:@a"), "xxx"),
        (("serve", "--listen", "unix:@hawser-never?frob=1", "--target", "unix:@a"), "frob"),
        (("forward", "--via", "unix:@a", "-L", "unix:@in?frob=1=default"), "frob"),
        (("forward", "--via", "unix:@a?frob=1", "-L", "unix:@in=default"), "frob"),
    )

    def test_bad_input(self):
        check_bad_input(self, self.CASES)


if __name__ == "__main__":
    unittest.main()
