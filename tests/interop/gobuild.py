# SPDX-License-Identifier: Apache-2.0
"""Builds gopeer, which holds both libraries in Go."""
import fcntl
import os
import shutil
import subprocess

from harness import BUILD, SOURCE, Failed, child, program


def build(library):
    go = shutil.which("go")
    if go is None:
        raise Failed("go is not installed")
    peer = BUILD / "tests" / f"gopeer{child.PROGRAM_SUFFIX}"
    environment = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=readonly -buildvcs=false", CGO_ENABLED="0",
                       **child.GO)
    # Two tests share it and may run at once.
    with open(BUILD / "tests" / "gopeer.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([go, "build", "-o", peer, "."], cwd=SOURCE / "tests/interop/gopeer", env=environment, check=True,
                       timeout=300)
    return [*program("tests/gopeer"), library]
