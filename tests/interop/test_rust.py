#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rust-yamux as the peer, in both roles.

Shows MUX-1, MUX-12, MUX-13, MUX-16, MUX-21 on the wire of another implementation.
"""
import shutil
import subprocess
import sys

import harness
import tool

SOURCE = harness.SOURCE / "tests" / "interop" / "rustpeer"
FOLDER = harness.BUILD / "tests" / "rustpeer"


def build():
    cargo = shutil.which("cargo")
    if cargo is None:
        raise harness.Failed("cargo is not installed")
    subprocess.run([cargo, "build", "--release", "--locked", "--quiet", "--target-dir", FOLDER], cwd=SOURCE, check=True,
                   timeout=300)
    return [str(FOLDER / "release" / "rustpeer")]


# It has no ping to ask for, no go-away but with its end, ends the session instead of refusing, and does not open a stream
# that ends without a byte.
PEER = harness.Peer(
    name="rust-yamux",
    build=build,
    traits="",
    commands=["open 1 67108864", "open 256 307200", "half-close 409600", "reset-open 10", "break 50", "open 1 1000"],
)

if __name__ == "__main__":
    sys.exit(harness.main(PEER, tool.tool))
