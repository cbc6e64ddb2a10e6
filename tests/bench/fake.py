# SPDX-License-Identifier: Apache-2.0
"""A build folder whose measuring programs are shell scripts that know their figures already."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ["HAWSER_SOURCE"])

# $1 role, $2 case, $3 mode, $4 URL, $5 seconds
SERVER = 'if [ $1 = server ]; then echo "ready $4"; exit; fi\n'


def bench(*arguments):
    """Run it where no tool chain, perf or strace is to be found, so that a test needs none."""
    with tempfile.TemporaryDirectory() as empty:
        return subprocess.run([sys.executable, ROOT / "tools" / "bench", *arguments], env={**os.environ, "PATH": empty},
                              capture_output=True, text=True, check=False, timeout=170)


@contextlib.contextmanager
def build(scripts, plugins=()):
    """scripts: {name of a program: what its client does}."""
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        (top / "bin").mkdir()
        for name, text in scripts.items():
            program = top / "bin" / name
            program.write_text("#!/bin/sh\n" + text, encoding="utf-8")
            program.chmod(0o700)
        (top / "lib/hawser/plugins").mkdir(parents=True)
        for name in plugins:
            (top / "lib/hawser/plugins" / f"{name}.so").touch()
        yield top
