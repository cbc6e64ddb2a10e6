# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy 14 over every file of a build: tidy.py BUILD [JOBS]. Minutes long, so tools/check runs it, not ctest.

Prints each finding once, however many files include the header that it stands in.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FINDING = re.compile(r"^(/.*?):\d+:\d+: (warning|error): .*")


def violations(build, jobs=2):
    """(findings, how many files were read)."""
    commands = json.loads(Path(build, "compile_commands.json").read_text(encoding="utf-8"))
    count = len({command["file"] for command in commands})
    done = subprocess.run(["run-clang-tidy-14", "-quiet", f"-j{jobs}", "-p", str(build)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    lines = COLOUR.sub("", done.stdout).splitlines()
    findings = sorted({line for line in lines if FINDING.match(line)})
    if done.returncode != 0 and not findings:
        findings = [done.stdout + done.stderr]
    return findings, count


def main():
    findings, count = violations(sys.argv[1], *sys.argv[2:3])
    print("\n".join([*findings, f"tidy: {count} files, {len(findings)} findings"]))
    return 1 if findings or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
