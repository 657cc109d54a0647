"""Measuring by turns, so that whatever else a machine does falls on both sides alike."""

from __future__ import annotations

import time
from collections.abc import Callable

from eval.lab.speed.kept import Pair

Side = Callable[[int], float]
"""Does the work once, and returns what is measured of it. It is given the number of its turn; turns
that do not count have negative numbers."""


def by_turns(ours: Side, against: Side, turns: int, warm: int = 1) -> Pair:
    """Let two sides take turns, each first as often; `warm` turns before are not counted."""
    sides = (ours, against)
    values: tuple[list[float], list[float]] = ([], [])
    for turn in range(-warm, turns):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            value = sides[side](turn)
            if turn >= 0:
                values[side].append(value)
    return Pair(tuple(values[0]), tuple(values[1]))


def seconds(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
