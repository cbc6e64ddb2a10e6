# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy 14 over every file of a build: tidy.py BUILD [JOBS]. Minutes long, so tools/check runs it, not ctest.

Prints each finding once, however many files include the header that it stands in.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FINDING = re.compile(r"^(/.*?):\d+:\d+: (warning|error): .*")


def violations(build, jobs=2):
    """(findings, how many files were read). A file of several targets is read once: clang-tidy would take it as often as
    it is compiled, one time after the other, and imagine things from the second on."""
    commands = json.loads(Path(build, "compile_commands.json").read_text(encoding="utf-8"))
    once = {command["file"]: command for command in commands}
    count = len(once)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "compile_commands.json").write_text(json.dumps(list(once.values())), encoding="utf-8")
        done = subprocess.run(["run-clang-tidy-14", "-quiet", f"-j{jobs}", "-p", folder], stdin=subprocess.DEVNULL,
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
