# SPDX-License-Identifier: Apache-2.0
"""The table of what is measured side by side, and of what it should come to."""

from dataclasses import dataclass

PEERS = ("raw", "yamux")


@dataclass(frozen=True)
class Target:
    """A bound for this row's value over that of a peer in the same group, or, without a peer, for the value itself."""

    peer: str
    sign: str
    bound: float

    def text(self):
        return f"{self.sign} {self.bound:g} {self.peer}".rstrip()

    def known(self, row):
        return not self.peer or self.peer in row.ratio

    def met(self, row):
        value = row.ratio[self.peer] if self.peer else row.value
        return value <= self.bound if self.sign == "<=" else value >= self.bound


@dataclass(frozen=True)
class Entry:
    who: str
    mode: str
    targets: tuple = ()


@dataclass(frozen=True)
class Group:
    """Entries that take turns, round after round. The first one of a peer is the one that ratios are taken to."""

    case: str
    entries: tuple


def at_most(**bounds):
    return tuple(Target(peer, "<=", bound) for peer, bound in bounds.items())


def at_least(**bounds):
    return tuple(Target(peer, ">=", bound) for peer, bound in bounds.items())


def rtt(think, caller):
    return Group("rtt64", (
        Entry("raw", f"epoll,think={think}"),
        Entry("hawser", f"caller,think={think}", at_most(raw=caller, yamux=0.6)),
        Entry("yamux", f"think={think}"),
        Entry("hawser", f"io,think={think}", at_most(raw=1.2)),
        Entry("raw", f"block,think={think}"),
    ))


def bulk(case, raw):
    return Group(case, (
        Entry("raw", "block"),
        Entry("hawser", "io,acquire", at_least(raw=raw, yamux=1.5)),
        Entry("yamux", "stream"),
        Entry("hawser", "io,recv", at_least(raw=raw, yamux=1.5)),
    ))


GROUPS = (
    rtt(think=0, caller=0.9),
    rtt(think=10, caller=1.0),
    bulk("bulk64k", raw=0.85),
    bulk("bulk256k", raw=0.92),
    Group("inflight64", (
        Entry("raw", "epoll"),
        Entry("hawser", "caller", at_least(raw=0.4, yamux=8)),
        Entry("yamux", "goroutines"),
        Entry("hawser", "io", at_least(raw=0.4, yamux=8)),
        Entry("raw", "block"),
    )),
    Group("oneway64", (
        Entry("raw", "block"),
        Entry("hawser", "io", at_least(yamux=30)),
        Entry("yamux", "stream"),
    )),
)

CASES = tuple(dict.fromkeys(group.case for group in GROUPS))

# Bytes in one op of the cases that count bytes; the others count ops.
BYTES_PER_OP = {"bulk64k": 64 << 10, "bulk256k": 256 << 10, "oneway64": 64}
