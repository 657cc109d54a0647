"""Faults that are tried on purpose, counted: how many there were, and what came of them.

A test breaks something inside `with faults.trying(…)`, and asserts what must still be true. It goes
on after a fault that did harm, so that all of them are counted, and fails at its end. `--share`
says how many of a test's faults are tried: one in twenty, unless `make faults` asks for all.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, TypeVar

import pytest

T = TypeVar("T")

Harm = Literal["lost", "let in"]
OUTCOMES = ("tried", "survived", "lost", "let in")


class Faults:
    """The faults of one test."""

    def __init__(self, name: str, share: float, record: Callable[[str, object], None]) -> None:
        self.share = share
        self.random = random.Random(name)
        self.harm: list[str] = []
        self._record = record

    def some(self, faults: Sequence[T]) -> list[T]:
        """Return the share of the faults that is to be tried, in their order; at least one."""
        count = max(1, round(len(faults) * self.share))
        return [faults[at] for at in sorted(self.random.sample(range(len(faults)), count))]

    def tell(self, figures: str) -> None:
        """Have a line printed at the end, with what was measured."""
        self._record("figure", figures)

    @contextmanager
    def trying(self, kind: str, fault: str, harm: Harm = "lost") -> Iterator[None]:
        """Count a fault. What raises inside has done harm."""
        self._record("fault", (kind, "tried"))
        try:
            yield
        except Exception as error:  # noqa: BLE001  the test fails with it at its end
            self._record("fault", (kind, harm))
            self.harm.append(f"{kind}, {fault}: {type(error).__name__}: {error}")
        else:
            self._record("fault", (kind, "survived"))


def table(reports: Sequence[pytest.TestReport]) -> list[str]:
    """Return the lines of the table of what was tried in some tests."""
    counts: dict[str, Counter[str]] = {}
    for report in reports:
        for name, told in report.user_properties:
            if name == "fault":
                kind, outcome = told  # type: ignore[misc]
                counts.setdefault(kind, Counter())[outcome] += 1
    if not counts:
        return []
    wide = max(map(len, (*counts, "all")))
    whole = sum(counts.values(), Counter())
    rows = [(kind, counts[kind]) for kind in sorted(counts)] + [("all", whole)]
    head = f"{'faults':<{wide}}" + "".join(f"{name:>10}" for name in OUTCOMES)
    return [head] + [
        f"{kind:<{wide}}" + "".join(f"{count[name]:>10}" for name in OUTCOMES)
        for kind, count in rows
    ]


def figures(reports: Sequence[pytest.TestReport]) -> list[str]:
    """Return the lines that tests have told."""
    return [
        str(told) for report in reports for name, told in report.user_properties if name == "figure"
    ]


def minutes(test: pytest.Item) -> float:
    """Return how long a test takes about where all faults are tried: `faults(minutes=…)`."""
    marker = test.get_closest_marker("faults")
    return float(marker.kwargs.get("minutes", 0)) if marker else 0
