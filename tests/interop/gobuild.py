# SPDX-License-Identifier: Apache-2.0
"""Builds gopeer, which holds both libraries in Go."""
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
    # Several tests share it and may run at once, so it comes whole.
    made = peer.with_name(f"{os.getpid()}-{peer.name}")
    subprocess.run([go, "build", "-o", made, "."], cwd=SOURCE / "tests/interop/gopeer", env=environment, check=True,
                   timeout=300)
    os.replace(made, peer)
    return [*program("tests/gopeer"), library]
