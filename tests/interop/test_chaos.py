#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hashicorp/yamux as the peer, in both roles, with our end behind the filter chaos: whatever happens to the bytes of a
stream on their way, the peer finds nothing wrong with them, and we with its own.

The seeds are those of tests/chaos/run.py, one by default.
"""
import os
import pathlib
import sys

import gobuild
import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))
import run  # noqa: E402

PEER = harness.Peer(
    name="hashicorp/yamux",
    build=lambda: gobuild.build("hashicorp"),
    traits="empty refuse drain ping mib=4 many=20",
    commands=[],
)


def main():
    for seed in run.seeds(1):
        os.environ["HAWSER_CHAOS_SEED"] = str(seed)
        if harness.main(PEER) != 0:
            run.replay("interop.chaos", seed)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
