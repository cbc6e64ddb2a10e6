# SPDX-License-Identifier: Apache-2.0
#
# What signals do: end the commands, ask for counters.

import signal
import unittest

from counters_posix import ask_counters
from test_lifetime import echo
from tool import ToolTest, exactly, until


class Signals(ToolTest):
    def test_idle_commands_end_at_once_and_leave_no_file(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            serving = self.serve("--drain", "3600")
            forwarding = self.forward("--drain", "3600")
            echoing = self.tool("echo", "--listen", self.url("echo"), "--drain", "3600")
            for tool in (forwarding, serving, echoing):
                tool.child.send_signal(number)
                self.assertEqual(tool.wait(), 0, tool.errors())
            self.assertEqual(list(self.folder.iterdir()), [])

    def test_counters_on_request(self):
        self.target(echo)
        self.chain()
        client = self.connect()
        client.sendall(b"hello")
        self.assertEqual(exactly(client, 5), b"hello")
        counters = ask_counters(self.serving)
        self.assertEqual((counters["streams"], counters["active"], counters["peak"]), (1, 1, 1))
        self.assertEqual((counters["connections"], counters["sessions"]), (1, 1))
        client.close()
        self.end_chain()
        self.assertEqual(self.serving.counters()["active"], 0)

    def test_sessions_are_counted(self):
        """MUX-21: a far side that is gone is no session any more."""
        serving, forwarding = self.chain()
        until(lambda: ask_counters(serving)["sessions"] == 1, "the session")
        forwarding.kill()
        until(lambda: ask_counters(serving)["sessions"] == 0, "the session's end")


if __name__ == "__main__":
    unittest.main()
