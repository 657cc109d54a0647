"""Two sides measured by turns, so that what else a machine does falls on both, and their ratio."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from eval.measuring.statistics import Interval

SEED = 2021
RESAMPLES = 2_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair:
    """What was measured of Footnoted, and of what it is held against, in the same unit."""

    ours: tuple[float, ...]
    against: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Footnoted's median as a multiple of the other one."""
        return float(_ratio(self.ours, self.against))

    def interval(self) -> Interval | None:
        """Return the 95% interval of the ratio; None where a side was measured once or twice.

        A percentile bootstrap with a fixed seed (Efron, Annals of Statistics 1979). What was
        measured by turns is drawn by turns, since a slow minute of the machine slows both.
        """
        from scipy.stats import bootstrap

        if min(len(self.ours), len(self.against)) < 3:
            return None
        low, high = bootstrap(
            (self.ours, self.against),
            _ratio,
            n_resamples=RESAMPLES,
            paired=len(self.ours) == len(self.against),
            method="percentile",
            rng=SEED,
        ).confidence_interval
        return float(low), float(high)


def _ratio(ours: Sequence[float], against: Sequence[float], axis: int = -1) -> Any:
    return np.median(ours, axis=axis) / np.median(against, axis=axis)


def take_turns(
    ours: Callable[[int], T], against: Callable[[int], T], turns: int, warm: int = 1
) -> tuple[list[T], list[T]]:
    """Return what two sides measured by turns, each first as often.

    A side is given the number of its turn. `warm` turns before do not count: their numbers are
    negative, and what they measured is left out.
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
    """Return the pair of two sides that each measure one figure in a turn (`take_turns`)."""
    first, second = take_turns(ours, against, turns, warm)
    return Pair(tuple(first), tuple(second))


def seconds(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
