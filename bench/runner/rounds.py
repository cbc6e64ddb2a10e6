# SPDX-License-Identifier: Apache-2.0
"""Short runs that take turns, and the rows that come of them."""

import statistics
from dataclasses import dataclass, field

from .cpus_linux import Others
from .pair import Failure, measure


@dataclass
class Row:
    case: str
    who: str
    transport: str
    mode: str
    value: float
    unit: str
    spread: list
    runs: int
    ratio: dict = field(default_factory=dict)


def run_group(group, programs, rounds, seconds, transport, budget, say):
    """Measure a group. Returns entries with their rows, less those that are missing or failed, how many failed, and
    the share of the CPUs that others took meanwhile."""
    others = Others()
    figures = {entry: [] for entry in group.entries if entry.who in programs}
    failed = set()
    budget.start()
    for _ in range(1 if group.once else rounds):
        if not budget.allows_round():
            break
        for entry in figures:
            if entry in failed:
                continue
            try:
                figures[entry].append(measure(programs[entry.who], group.case, entry.mode, seconds, transport))
            except Failure as failure:
                failed.add(entry)
                say(f"{group.case} {transport} {entry.who} {entry.mode}: {failure}")
    rows = {entry: summarize(group.case, entry, transport, taken)
            for entry, taken in figures.items() if entry not in failed}
    add_ratios(rows, group.peers())
    return rows, len(failed), others.share()


def summarize(case, entry, transport, figures):
    values = [figure.value for figure in figures]
    return Row(case, entry.who, transport, entry.mode, statistics.median(values), figures[0].unit,
               [min(values), max(values)], len(values))


def add_ratios(rows, peers):
    for peer in peers:
        reference = next((row for entry, row in rows.items() if entry.who == peer), None)
        for row in rows.values():
            if reference and row is not reference and reference.value > 0:
                row.ratio[peer] = row.value / reference.value
