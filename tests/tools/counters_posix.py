# SPDX-License-Identifier: Apache-2.0
#
# The counters of a tool that goes on: SIGUSR1 asks for them.

import signal

from tool import until


def ask_counters(tool):
    lines = tool.errors().count(" active=")
    tool.child.send_signal(signal.SIGUSR1)
    until(lambda: tool.errors().count(" active=") > lines, "counters")
    return tool.counters()
