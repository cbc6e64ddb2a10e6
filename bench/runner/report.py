# SPDX-License-Identifier: Apache-2.0
"""Rows as a table, as JSON and as plots."""

import dataclasses
import json

from .cases import PEERS

# More of the CPUs than this in other hands, and no ratio of the case can be relied on.
BUSY = 0.05

def number(value):
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def verdict(entry, row, busy):
    """The targets of a row that its figures can answer, and whether each was met; doubtful if the machine was busy."""
    known = [target for target in entry.targets if target.known(row)]
    text = ", ".join(target.text() for target in known)
    met = ", ".join(("yes" if target.met(row) else "NO") + ("?" if busy else "") for target in known)
    return text, met


def cells(entry, row, peers, busy):
    return (row.case, row.transport, row.who, row.mode, number(row.value), row.unit, "-".join(map(number, row.spread)),
            *(number(row.ratio[peer]) if peer in row.ratio else "" for peer in peers), *verdict(entry, row, busy))


def print_table(pairs, shares):
    """shares: {(case, transport): the largest share of the CPUs that other processes took while it was measured}."""
    peers = [peer for peer in PEERS if any(peer in row.ratio for _, row in pairs)]
    head = ("case", "over", "who", "mode", "value", "unit", "spread", *(f"/ {peer}" for peer in peers), "target", "met")
    lines = [head, *(cells(entry, row, peers, shares[row.case, row.transport] > BUSY) for entry, row in pairs)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    busy = [f"{case} {transport} {share:.0%}" for (case, transport), share in shares.items() if share > BUSY]
    if busy:
        print(f"? The machine was busy with other work, and ratios do not count, in: {', '.join(busy)}")


def as_json(row):
    """A row as JSON has it: figures to six digits, ratios to four."""
    plain = dataclasses.asdict(row)
    plain["value"] = float(f"{row.value:.6g}")
    plain["spread"] = [float(f"{value:.6g}") for value in row.spread]
    plain["ratio"] = {peer: float(f"{ratio:.4g}") for peer, ratio in row.ratio.items()}
    return plain


def write_json(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        json.dump([as_json(row) for row in rows], file, indent=1)
        file.write("\n")


def plot(rows, folder, say):
    """One picture for each case and transport, with a bar for each row and its spread as a whisker."""
    try:
        import matplotlib
    except ImportError:
        say("no plots: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    for case, transport in dict.fromkeys((row.case, row.transport) for row in rows):
        shown = [row for row in rows if (row.case, row.transport) == (case, transport)]
        figure, axes = pyplot.subplots(figsize=(7, 1 + 0.4 * len(shown)))
        values = [row.value for row in shown]
        below = [row.value - row.spread[0] for row in shown]
        above = [row.spread[1] - row.value for row in shown]
        colors = ["tab:blue" if row.who == "hawser" else "tab:gray" for row in shown]
        axes.barh([f"{row.who} {row.mode}" for row in shown], values, xerr=[below, above], color=colors)
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.set_xlabel(shown[0].unit)
        axes.set_title(f"{case}, {transport}")
        figure.tight_layout()
        figure.savefig(folder / f"{case}-{transport}.png")
        pyplot.close(figure)
    say(f"plots are in {folder}")
