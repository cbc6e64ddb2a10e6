#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a test through the filter chaos, seed after seed.

usage: run.py NAME SEEDS LIMIT COMMAND...

The seeds are 1 to SEEDS, the same in every run; with HAWSER_CHAOS_SEEDS=N in the environment N others, from a random one
on; with HAWSER_CHAOS_SEED=S that one alone. Each run may take LIMIT seconds. The first that fails ends it, and prints the
line that replays it: NAME is that of the test in ctest.
"""
import os
import pathlib
import random
import subprocess
import sys
import time


def seeds(usual):
    one = os.environ.get("HAWSER_CHAOS_SEED")
    many = os.environ.get("HAWSER_CHAOS_SEEDS")
    if one is not None:
        return [int(one)]
    if many is not None:
        first = random.randrange(1, 2**31)
        return range(first, first + int(many))
    return range(1, usual + 1)


def run(command, seed, limit):
    """What went wrong, or None."""
    environment = dict(os.environ, HAWSER_CHAOS_SEED=str(seed))
    environment.pop("HAWSER_CHAOS_SEEDS", None)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                               errors="replace", start_new_session=True)
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        output, _ = process.communicate()
        return f"{output}no end after {limit} s"
    return output or "it said nothing" if process.returncode else None


def replay(name, seed):
    preset = pathlib.Path(os.environ.get("HAWSER_BUILD", "build/release")).name
    print(f"replay: HAWSER_CHAOS_SEED={seed} ctest --preset {preset} -R '^{name}$'", flush=True)


def main():
    name, usual, limit, command = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    begin = time.monotonic()
    count = 0
    for seed in seeds(usual):
        failure = run(command, seed, limit)
        if failure is not None:
            print(failure)
            replay(name, seed)
            return 1
        count += 1
    print(f"{name}: {count} seeds in {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
