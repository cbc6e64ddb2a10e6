#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libp2p/go-yamux as the peer, in both roles.

Shows MUX-1, MUX-12, MUX-13, MUX-15, MUX-16, MUX-21 on the wire of another implementation.
"""
import sys

import gobuild
import harness
import tool

PEER = harness.Peer(
    name="libp2p/go-yamux",
    build=lambda: gobuild.build("libp2p"),
    schemes=("unix", "tcp"),
    traits="codes empty refuse drain ping",
    commands=["open 1 67108864", "open 256 307200", "empty", "half-close 409600", "reset-open 10", "ping 20", "goaway-open",
              "break 50", "open 1 1000"],
)

if __name__ == "__main__":
    sys.exit(harness.main(PEER, tool.tool))
