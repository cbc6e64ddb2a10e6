#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The yamux of js-libp2p as the peer, in both roles.

Shows MUX-1, MUX-12, MUX-13, MUX-16, MUX-21 on the wire of another implementation.
"""
import os
import shutil
import subprocess
import sys

import harness
import tool

SOURCE = harness.SOURCE / "tests" / "interop" / "jspeer"
FOLDER = harness.BUILD / "tests" / "jspeer"


def build():
    """Its files stand beside what they need, in the build folder."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise harness.Failed("node or npm is not installed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = (SOURCE / "package-lock.json").read_bytes()
    installed = FOLDER / "installed-lock.json"
    for path in SOURCE.iterdir():
        if path.is_file():
            shutil.copy(path, FOLDER)
    if not installed.exists() or installed.read_bytes() != lock:
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, timeout=300,
                       env=dict(os.environ, NO_UPDATE_NOTIFIER="1"))
        installed.write_bytes(lock)
    return [node, str(FOLDER / "main.js")]


PEER = harness.Peer(
    name="js-libp2p's yamux",
    build=build,
    traits="empty refuse ping close=abort mib=8 many=32",
    commands=["open 1 8388608", "open 256 32768", "empty", "half-close 409600", "reset-open 10", "ping 20", "break 50",
              "open 1 1000"],
)

if __name__ == "__main__":
    sys.exit(harness.main(PEER, tool.tool))
