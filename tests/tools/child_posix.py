# SPDX-License-Identifier: Apache-2.0
#
# The tool as a child process where it is a program of this system: it is ended by signals.

import os
import pathlib
import signal

PREFIX = ()
PROGRAM_SUFFIX = ""
PLUGINS = "lib/hawser/plugins"
LIBRARY = "lib/libhawser.so"
SUFFIX = ".so"
CARRIER = "unix"
TCP = "tcp_epoll"  # the plugin of tcp://
OPTIONS = {}
UNHANDLED = -signal.SIGTERM  # how a program ends that has no word in its end
LEASH = ()
GO = {}  # builds programs for this system
# ThreadSanitizer of gcc 12 loses one that comes while a thread is about to block for the first time.
MAY_LOSE_SIGNALS = pathlib.Path(os.environ["HAWSER_BUILD"]).name == "tsan"


def ask_to_end(child):
    child.send_signal(signal.SIGTERM)


def kill(child):
    child.kill()


discard = kill


def shown(path):
    """As the tool writes a path of this machine."""
    return str(path)
