# SPDX-License-Identifier: Apache-2.0
"""How many rounds there is time for."""

import time


class Budget:
    """Shares a time among groups that come one after the other, by how much each has to run. Every group has at least
    one round."""

    def __init__(self, seconds, weights, now=time.monotonic):
        """seconds: None for as long as it takes. weights: what the groups have to run, in their order."""
        self.now = now
        self.end = None if seconds is None else now() + seconds
        self.left = list(weights)
        self.until = None
        self.began = None

    def start(self):
        """The next group begins; what those before it left over is shared by it and all that follow."""
        self.began = None
        if self.end is not None:
            share = self.left[0] / max(1, sum(self.left))
            self.until = self.now() + max(0, self.end - self.now()) * share
        self.left.pop(0)

    def allows_round(self):
        """Asked before each round: is there time for one that takes as long as the last did?"""
        now, before = self.now(), self.began
        self.began = now
        return self.until is None or before is None or now + (now - before) <= self.until
