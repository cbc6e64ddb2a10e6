# SPDX-License-Identifier: Apache-2.0
#
# The tool as a child process where it is a program of Windows: it is ended by a console event. Here Ctrl+Break, as one
# process group cannot be sent Ctrl+C alone; under Wine, Ctrl+C, which cmake/wine-run makes of SIGTERM.

import os
import pathlib
import shlex
import signal
import subprocess

PREFIX = tuple(shlex.split(os.environ.get("HAWSER_EMULATOR", "")))
DRIVE = "Z:" if PREFIX else ""
PROGRAM_SUFFIX = ".exe"
PLUGINS = "bin/hawser/plugins"
LIBRARY = "bin/hawser.dll"
SUFFIX = ".dll"
CARRIER = "tcp"
TCP = "tcp_iocp"
OPTIONS = {"start_new_session": True} if PREFIX else {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
UNHANDLED = 0 if PREFIX else 0xC000013A  # how a program ends that has no word in its end
# Where a program that is to be killed stands behind this one, it is ended by the closing of its input.
LEASH = (pathlib.Path(os.environ["HAWSER_BUILD"]) / "tests" / "leash.exe",) if PREFIX else ()
GO = {"GOOS": "windows", "GOARCH": "amd64"}  # builds programs for this system
MAY_LOSE_SIGNALS = False
ENDS_WITHIN = 10  # seconds


def ask_to_end(child):
    child.send_signal(signal.SIGTERM if PREFIX else signal.CTRL_BREAK_EVENT)


def kill(child):
    if child.stdin:
        child.stdin.close()
    elif PREFIX:
        os.killpg(child.pid, signal.SIGKILL)  # with the program, which is a child of the emulator's script
    else:
        child.kill()


def discard(child):
    """As kill, but Wine's server may not survive that a program vanishes whose sockets are in use (docs/windows.md)."""
    if child.stdin or not PREFIX:
        kill(child)
        return
    for _ in "drain", "abort":
        ask_to_end(child)
        try:
            child.wait(ENDS_WITHIN)
            return
        except subprocess.TimeoutExpired:
            pass
    kill(child)


def shown(path):
    """As the tool writes a path of this machine, whose root Wine shows as a drive."""
    return str(pathlib.PureWindowsPath(DRIVE + str(path)))
