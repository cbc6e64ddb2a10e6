# SPDX-License-Identifier: Apache-2.0
"""What one op costs besides time: system calls, and instructions."""

import pathlib
import re
import shutil
import subprocess
import tempfile

from .cases import BYTES_PER_OP, GROUPS, Entry, Target
from .pair import Failure, measure
from .rounds import Row, add_ratios

ROLES = ("client", "server")
CALLS = "raw_syscalls:sys_enter"
SYSCALL_TARGET = 0.1
CALLGRIND_SECONDS = (0.3, 1.5)


def ops_of(case, figure):
    return max(1, figure.ops // BYTES_PER_OP.get(case, 1))


def counter():
    """(words before a command that count its system calls into a file, how to read that file), or None."""
    if shutil.which("perf"):
        probe = subprocess.run(["perf", "stat", "-e", CALLS, "true"], capture_output=True, check=False)
        if probe.returncode == 0:
            return (lambda path: ["perf", "stat", "-x,", "-e", CALLS, "-o", path, "--"],
                    lambda text: int(re.search(rf"^(\d+),.*{CALLS}", text, re.M).group(1)))
    if shutil.which("strace"):
        return (lambda path: ["strace", "-f", "-c", "-o", path],
                lambda text: int(re.search(r"^100\.00\s.*?(\d+)\s+(?:\d+\s+)?total$", text, re.M).group(1)))
    return None


def syscalls(programs, seconds, transport, say, case="inflight64"):
    """Rows of system calls a request, both ends together, start-up included."""
    count = counter()
    if not count:
        say("syscalls: left out: neither perf nor strace can count here")
        return {}
    before, read = count
    rows = {}
    for entry in next(group for group in GROUPS if group.case == case).entries:
        if entry.who not in programs:
            continue
        with tempfile.TemporaryDirectory(prefix="hawser-bench-") as folder:
            paths = {role: pathlib.Path(folder) / role for role in ROLES}
            try:
                figure = measure(programs[entry.who], case, entry.mode, seconds, transport,
                                 {role: before(str(path)) for role, path in paths.items()})
            except Failure as failure:
                say(f"syscalls {entry.who} {entry.mode}: {failure}")
                continue
            each = {role: read(path.read_text()) / ops_of(case, figure) for role, path in paths.items()}
        value = sum(each.values())
        say(f"syscalls {entry.who} {entry.mode}: " + ", ".join(f"{role} {each[role]:.4f}" for role in ROLES))
        targets = (Target("", "<=", SYSCALL_TARGET),) if entry.who == "hawser" else ()
        rows[Entry(entry.who, entry.mode, targets)] = Row("syscalls", entry.who, transport, f"{case},{entry.mode}",
                                                          value, "calls/req", [value, value], 1)
    add_ratios(rows)
    return rows


def callgrind(programs, case, transport, say):
    """Print the instructions in user space of one op, for each side. The difference of a short and a long run is
    taken, so that starting up does not count."""
    if not shutil.which("valgrind"):
        say("callgrind: valgrind is not installed")
        return False
    entries = [entry for group in GROUPS if group.case == case for entry in group.entries
               if entry.who == "hawser" and entry.who in programs]
    for entry in entries:
        for role in ROLES:
            runs = [instructions(programs[entry.who], case, entry.mode, seconds, transport, role)
                    for seconds in CALLGRIND_SECONDS]
            ops = runs[1][1] - runs[0][1]
            if ops <= 0:
                raise Failure("the longer run did not do more")
            print(f"{case} {entry.mode} {role}: {(runs[1][0] - runs[0][0]) / ops:.0f} instructions an op ({ops} ops)")
    return bool(entries)


def instructions(program, case, mode, seconds, transport, role):
    with tempfile.TemporaryDirectory(prefix="hawser-bench-") as folder:
        path = pathlib.Path(folder) / "out"
        wrap = {role: ["valgrind", "--log-file=/dev/null", "--tool=callgrind", f"--callgrind-out-file={path}"]}
        figure = measure(program, case, mode, seconds, transport, wrap)
        total = re.search(r"^(?:totals|summary): (\d+)", path.read_text(), re.M)
    if not total:
        raise Failure("callgrind wrote no totals")
    return int(total.group(1)), ops_of(case, figure)
