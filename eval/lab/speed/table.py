"""The table of targets: its rows, from rows.csv, and the measured value of each."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.lab.measure import Pair, reached
from eval.lab.speed.kept import Kept

COLUMNS = ("measure", "ours", "against", "ratio", "target", "met")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a pair of a part, its unit, and its target.

    `target` is "≥ 1.2" or "≤ 1/100", of Footnoted's median as a multiple of the other one.
    """

    part: str
    pair: str
    unit: str
    target: str
    measure: str
    against: str

    def line(self, pair: Pair | None) -> tuple[str, ...]:
        """Return the cells as they are printed (COLUMNS), with dashes if it was not measured."""
        if pair is None:
            return self.measure, "–", self.against, "–", self.target, "–"
        interval = pair.interval()
        spread = f" ({_short(interval[0])}–{_short(interval[1])})" if interval else ""
        return (
            self.measure,
            figure(pair.ours, self.unit),
            f"{figure(pair.against, self.unit)}: {self.against}",
            f"{_short(pair.ratio)}{spread}",
            self.target,
            "yes" if reached(self.target, pair.ratio) else "no",
        )


def _rows() -> Iterator[Row]:
    with Path(__file__).with_name("rows.csv").open(encoding="utf-8", newline="") as file:
        yield from (Row(**row) for row in csv.DictReader(file))


ROWS = tuple(_rows())


def lines(kept: dict[str, Kept]) -> Iterator[tuple[str, ...]]:
    """Yield the table's lines, one for each row."""
    for row in ROWS:
        yield row.line(kept[row.part].pairs.get(row.pair) if row.part in kept else None)


def figure(values: Sequence[float], unit: str) -> str:
    """Return a median with its unit, and the middle half of the values if there are several."""
    scale, shown = (1e6, "MB") if unit == "bytes" else (1.0, unit)
    low, middle, high = (_short(at / scale) for at in np.percentile(values, (25, 50, 75)))
    if len(values) < 3:
        return f"{middle} {shown}"
    return f"{middle} {shown} ({low}–{high}, n = {len(values)})"


def _short(value: float) -> str:
    """Return a figure with three significant digits."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
