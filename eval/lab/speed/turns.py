"""Two sides measured in turns, so that any other load on the machine falls on both."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from eval.lab.measure import Pair

T = TypeVar("T")


def take_turns(
    ours: Callable[[int], T], against: Callable[[int], T], turns: int, warm: int = 1
) -> tuple[list[T], list[T]]:
    """Return what two sides measured in turns, each going first equally often.

    A side is given the number of its turn. The `warm` turns at the start have negative numbers, and
    their measurements are left out.
    """
    sides = (ours, against)
    found: tuple[list[T], list[T]] = ([], [])
    for turn in range(-warm, turns):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            value = sides[side](turn)
            if turn >= 0:
                found[side].append(value)
    return found


def by_turns(
    ours: Callable[[int], float], against: Callable[[int], float], turns: int, warm: int = 1
) -> Pair:
    """Return the pair of two sides that each measure one figure per turn (`take_turns`)."""
    first, second = take_turns(ours, against, turns, warm)
    return Pair(tuple(first), tuple(second))


def seconds(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
