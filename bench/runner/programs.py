# SPDX-License-Identifier: Apache-2.0
"""Building the measuring programs, and finding those that can be had."""

import os
import shutil
import subprocess
import sys


class BuildError(Exception):
    pass


def run(command, folder):
    """Run a build step; its output goes to stderr, so that stdout holds the table alone."""
    try:
        code = subprocess.run(command, cwd=folder, stdout=sys.stderr, check=False).returncode
    except FileNotFoundError as missing:
        raise BuildError(f"{command[0]} is not installed") from missing
    if code != 0:
        raise BuildError(f"`{' '.join(map(str, command))}` failed")


def build(root, preset="release"):
    """Bring the programs in C up to date; returns the build's folder."""
    folder = root / "build" / preset
    if not (folder / "build.ninja").exists():
        run(["cmake", "--preset", preset], root)
    run(["cmake", "--build", str(folder), "--target", "bench"], root)
    return folder


def find(root, folder, say):
    """{who: path} of every program there is; the others are said to be missing, with the reason."""
    programs = {}
    for who in ("raw", "hawser"):
        path = folder / "bin" / f"bench_{who}"
        if os.access(path, os.X_OK):
            programs[who] = str(path)
        else:
            say(f"{who}: left out: {path} was not built")
    if not shutil.which("go"):
        say("yamux: left out: go is not installed")
        return programs
    path = folder / "bin" / "bench_yamux"
    try:
        run(["go", "build", "-buildvcs=false", "-trimpath", "-o", str(path), "."], root / "bench" / "yamux")
        programs["yamux"] = str(path)
    except BuildError as error:
        say(f"yamux: left out: {error}")
    return programs
