# SPDX-License-Identifier: Apache-2.0
"""The table of what is measured side by side, and of what it should come to."""

from dataclasses import dataclass

# Whom ratios are taken to. "hawser" counts where hawser is compared with itself: a group whose targets say so.
PEERS = ("raw", "hawser", "yamux", "smux", "zmq", "nng", "grpc++")


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
    once: bool = False  # one run says it all

    def peers(self):
        """Whom ratios of this group are taken to."""
        of_itself = any(target.peer == "hawser" for entry in self.entries for target in entry.targets)
        return [peer for peer in PEERS if peer != "hawser" or of_itself]


def at_most(**bounds):
    return tuple(Target(peer, "<=", bound) for peer, bound in bounds.items())


def at_least(**bounds):
    return tuple(Target(peer, ">=", bound) for peer, bound in bounds.items())


def value_at_most(bound):
    return (Target("", "<=", bound),)


GRPC = "grpc++"


def rtt(think, caller, peers=()):
    bounds = {"yamux": 0.6, "zmq": 0.45, "nng": 0.3, GRPC: 0.35}
    against = {who: bound for who, bound in bounds.items() if who in ("yamux", *peers)}
    return Group("rtt64", (
        Entry("raw", f"epoll,think={think}"),
        Entry("hawser", f"caller,think={think}", at_most(raw=caller, **against)),
        Entry("yamux", f"think={think}"),
        Entry("hawser", f"io,think={think}", at_most(raw=1.2)),
        Entry("raw", f"block,think={think}"),
        *(Entry(who, f"think={think}") for who in peers),
    ))


def bulk(case, raw, peers=()):
    return Group(case, (
        Entry("raw", "block"),
        Entry("hawser", "io,acquire", at_least(raw=raw, yamux=1.5)),
        Entry("yamux", "stream"),
        Entry("hawser", "io,recv", at_least(raw=raw, yamux=1.5)),
        *(Entry(who, "stream") for who in peers),
    ))


def idle(side):
    few, many, most = (f"streams={count}" for count in (1000, 10000, 100000))
    return Group("idle_memory", (
        Entry("hawser", f"io,{side},{many}", value_at_most(400)),
        Entry("hawser", f"io,{side},{most}", value_at_most(400)),
        Entry("yamux", f"{side},{many}"),
        Entry("smux", f"{side},{many}"),
        Entry(GRPC, f"{side},{few}"),
    ), once=True)


GROUPS = (
    rtt(think=0, caller=0.9, peers=("smux", "zmq", "nng", GRPC)),
    rtt(think=10, caller=1.0),
    bulk("bulk64k", raw=0.85, peers=("smux", "zmq", "nng", GRPC)),
    bulk("bulk256k", raw=0.92),
    Group("bulk1000", (
        Entry("hawser", "io,streams=1"),
        Entry("hawser", "io,streams=100", at_least(hawser=0.8)),
        Entry("hawser", "io,streams=1000", at_least(hawser=0.7)),
        Entry("yamux", "streams=1000"),
        Entry("smux", "streams=1000"),
    )),
    Group("inflight64", (
        Entry("raw", "epoll"),
        Entry("hawser", "caller", at_least(raw=0.4, yamux=8, zmq=2)),
        Entry("yamux", "goroutines"),
        Entry("hawser", "io", at_least(raw=0.4, yamux=8, zmq=2)),
        Entry("raw", "block"),
        Entry("smux", "goroutines"),
        Entry("zmq", "pair"),
        Entry("nng", "pair"),
        Entry(GRPC, "streams"),
    )),
    Group("oneway64", (
        Entry("raw", "block"),
        Entry("hawser", "io", at_least(zmq=1.5, yamux=30, nng=30)),
        Entry("yamux", "stream"),
        Entry("smux", "stream"),
        Entry("zmq", "pair"),
        Entry("nng", "pair"),
        Entry(GRPC, "stream"),
    )),
    Group("oneway64_batch", (
        Entry("raw", "block"),
        Entry("hawser", "io,vector", at_least(raw=0.5)),
        Entry("hawser", "io,more", at_least(raw=0.5)),
    )),
    Group("openclose", (
        Entry("raw", "block"),
        Entry("hawser", "caller", at_least(yamux=2.5)),
        Entry("hawser", "io", at_least(yamux=2.5)),
        Entry("yamux", "stream"),
        Entry("smux", "stream"),
        Entry(GRPC, "call"),
    )),
    idle("client"),
    idle("server"),
    Group("victim", (
        Entry("hawser", "io,alone"),
        Entry("hawser", "io,stalled", at_most(hawser=2)),
        Entry("hawser", "io,transfer", at_most(hawser=2)),
        Entry("hawser", "io,hostile", at_most(hawser=2)),
    )),
    Group("cancel", (
        Entry("hawser", "io,recv", value_at_most(50)),
        Entry("hawser", "io,send", value_at_most(50)),
        Entry("hawser", "io,life", value_at_most(50)),
    )),
)

CASES = tuple(dict.fromkeys(group.case for group in GROUPS))

# Whose calls the case `syscalls` counts, and where; of inflight64 there is a target.
COUNTED = ("inflight64", "rtt64", "oneway64", "bulk64k", "openclose")
COUNTED_OF = ("raw", "hawser")
COUNTED_TARGETS = {"inflight64": value_at_most(0.1)}

# Bytes in one op of the cases that count bytes; the others count ops.
BYTES_PER_OP = {"bulk64k": 64 << 10, "bulk256k": 256 << 10, "bulk1000": 64 << 10, "oneway64": 64, "oneway64_batch": 64}


def in_mode(group, mode):
    """The same group with hawser's sessions in a mode of the wire."""
    if mode == "yamux":
        return group
    return Group(group.case, tuple(
        Entry(entry.who, f"{entry.mode},{mode}" if entry.who == "hawser" else entry.mode, entry.targets)
        for entry in group.entries), group.once)
