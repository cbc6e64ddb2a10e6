# SPDX-License-Identifier: Apache-2.0
"""Building the measuring programs, and finding those that can be had."""

import os
import shutil
import subprocess
import sys

# In C and C++, by the name of the program; and the Debian packages that a peer needs beside hawser's own.
BUILT = {"raw": "bench_raw", "hawser": "bench_hawser", "zmq": "bench_zmq", "nng": "bench_nng", "grpc++": "bench_grpc"}
PACKAGES = {"zmq": ["libzmq3-dev"], "nng": ["libnng-dev"], "grpc++": ["g++", "pkg-config", "libgrpc++-dev"]}
GO = ("yamux", "smux")
WHO = ("raw", "hawser", "yamux", "smux", "zmq", "nng", "grpc++")


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


def install(root):
    """Install what the peers need, from Debian. Go is left to its user: any one that can build the peers will do."""
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    names = sorted({name for names in PACKAGES.values() for name in names})
    run([*sudo, "apt-get", "update"], root)
    run([*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends", *names],
        root)


def build(root, preset="release"):
    """Bring the programs up to date; returns the build's folder. Peers may have been installed since the last time, so
    it is configured anew."""
    folder = root / "build" / preset
    run(["cmake", "--preset", preset, "--log-level=WARNING"], root)
    run(["cmake", "--build", str(folder), "--target", "bench"], root)
    return folder


def build_go(root, folder, say):
    """The peers in Go; one that cannot be built is named, and no old one is left of it."""
    for who in GO:
        path = folder / "bin" / f"bench_{who}"
        path.unlink(missing_ok=True)
        try:
            if not shutil.which("go"):
                raise BuildError("go is not installed")
            run(["go", "build", "-buildvcs=false", "-trimpath", "-o", str(path), f"./{who}"], root / "bench" / "gomux")
        except BuildError as error:
            say(f"{who}: {error}")


def reason(who, path):
    if who in PACKAGES:
        return f"install {', '.join(PACKAGES[who])} (or: tools/bench --install)"
    return "see above" if who in GO else f"{path} was not built"


def find(folder, wanted, say):
    """{who: path} of every program there is; the others are said to be missing, with the reason."""
    programs = {}
    for who in WHO:
        path = folder / "bin" / BUILT.get(who, f"bench_{who}")
        if who not in wanted:
            continue
        if os.access(path, os.X_OK):
            programs[who] = str(path)
        else:
            say(f"{who}: left out: {reason(who, path)}")
    return programs


def over(programs, folder, transport, say):
    """Those that can be measured over a transport: hawser needs a plugin for it."""
    plugin = folder / "lib" / "hawser" / "plugins" / f"{transport}_epoll.so"
    if "hawser" not in programs or plugin.exists():
        return programs
    say(f"hawser: left out over {transport}: the plugin {plugin.name} is missing")
    return {who: path for who, path in programs.items() if who != "hawser"}
