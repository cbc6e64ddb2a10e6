# SPDX-License-Identifier: Apache-2.0
"""The machine's CPUs: who runs on which, and how much of them others took."""

import os
import time


def split_cpus():
    """The CPUs of client and server: the first two that this process may use, or twice the only one."""
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[0], cpus[min(1, len(cpus) - 1)]


def pin(cpu):
    os.sched_setaffinity(0, {cpu})


class Others:
    """How much of those CPUs went to other processes (and to other guests of a hypervisor) since this was made."""

    def __init__(self):
        self.cpus = sorted(set(split_cpus()))
        self.start = self.now()

    def now(self):
        """(wall seconds, busy seconds of the CPUs, seconds of this process and of its children that have ended)"""
        busy = 0
        with open("/proc/stat", encoding="ascii") as file:
            for line in file:
                name, *ticks = line.split()
                if name in [f"cpu{cpu}" for cpu in self.cpus]:
                    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, ticks[:8])
                    busy += user + nice + system + irq + softirq + steal
        ours = os.times()
        return (time.monotonic(), busy / os.sysconf("SC_CLK_TCK"),
                ours.user + ours.system + ours.children_user + ours.children_system)

    def share(self):
        """Between 0 and 1."""
        wall, busy, ours = (end - begin for begin, end in zip(self.start, self.now()))
        return min(1.0, max(0.0, (busy - ours) / (wall * len(self.cpus))))
