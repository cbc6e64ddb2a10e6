# SPDX-License-Identifier: Apache-2.0
"""What one op costs besides time: system calls, and instructions."""

import pathlib
import re
import shutil
import subprocess
import tempfile

from .cases import BYTES_PER_OP, COUNTED, COUNTED_OF, COUNTED_TARGETS, GROUPS, Entry, in_mode
from .pair import Failure, measure
from .rounds import Row, add_ratios

ROLES = ("client", "server")
CALLS = "raw_syscalls:sys_enter"
CALLGRIND_SECONDS = (0.3, 1.5)
COUNTED_SECONDS = (0.05, 0.25)


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


def count_calls(counting, program, case, mode, transport):
    """System calls of one op, of each side. The difference of a short and a long run is taken, so that starting up does
    not count."""
    before, read = counting
    taken = []
    for seconds in COUNTED_SECONDS:
        with tempfile.TemporaryDirectory(prefix="hawser-bench-") as folder:
            paths = {role: pathlib.Path(folder) / role for role in ROLES}
            figure = measure(program, case, mode, seconds, transport,
                             {role: before(str(path)) for role, path in paths.items()})
            taken.append((ops_of(case, figure), {role: read(path.read_text()) for role, path in paths.items()}))
    (few, short), (many, long) = taken
    if many <= few:
        raise Failure("the longer run did not do more")
    return {role: max(0, long[role] - short[role]) / (many - few) for role in ROLES}


def syscalls_of(case, counting, programs, transport, mode, say):
    rows, failures = {}, 0
    group = in_mode(next(group for group in GROUPS if group.case == case), mode)
    for entry in group.entries:
        if entry.who not in programs or entry.who not in COUNTED_OF:
            continue
        try:
            each = count_calls(counting, programs[entry.who], case, entry.mode, transport)
        except Failure as failure:
            say(f"syscalls {case} {transport} {entry.who} {entry.mode}: {failure}")
            failures += 1
            continue
        value = sum(each.values())
        say(f"syscalls {case} {transport} {entry.who} {entry.mode}: " +
            ", ".join(f"{role} {each[role]:.4f}" for role in ROLES))
        targets = COUNTED_TARGETS.get(case, ()) if entry.who == "hawser" else ()
        rows[Entry(entry.who, f"{case},{entry.mode}", targets)] = Row(
            "syscalls", entry.who, transport, f"{case},{entry.mode}", value, "calls/op", [value, value], 1)
    add_ratios(rows, ("raw",))
    return rows, failures


def syscalls(programs, transport, mode, say):
    """Rows of system calls an op, both ends together, and how many could not be had."""
    counting = counter()
    if not counting:
        say("syscalls: left out: neither perf nor strace can count here")
        return {}, 0
    rows, failures = {}, 0
    for case in COUNTED:
        more, failed = syscalls_of(case, counting, programs, transport, mode, say)
        rows.update(more)
        failures += failed
    return rows, failures


def callgrind(programs, case, transport, mode, say):
    """Print the instructions in user space of one op, for each side. The difference of a short and a long run is
    taken, so that starting up does not count."""
    if not shutil.which("valgrind"):
        say("callgrind: valgrind is not installed")
        return False
    entries = [entry for group in GROUPS if group.case == case for entry in in_mode(group, mode).entries
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
