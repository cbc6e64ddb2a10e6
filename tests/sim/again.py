# SPDX-License-Identifier: Apache-2.0
"""again.py STORIES: a story is told in the same way first in a process, and behind five hundred others."""

import re
import subprocess
import sys

FROM, COUNT, TRIED = 700001, 501, 10

TRACE = re.compile(r"\d+ \d+ \d+ [0-9a-f]{16}$")


def run(*arguments):
    done = subprocess.run([sys.argv[1], *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout.splitlines()


def main():
    traces = [line.split() for line in run("--from", FROM, "--count", COUNT, "--traces") if TRACE.match(line)]
    assert len(traces) == 2 * COUNT, f"{len(traces)} traces for {COUNT} stories in two schedules each"
    assert len({trace for *_, trace in traces}) == 2 * COUNT, "two schedules are the same"
    for story, schedule, steps, trace in traces[-TRIED:]:
        alone = run("--story", story, "--schedule", schedule, "--steps", steps)[-1].split()[-1]
        assert alone == trace, f"story {story}, schedule {schedule}: {trace} behind others, {alone} alone"
    print(f"{TRIED} stories are told behind {COUNT - TRIED} others as they are alone")


main()
