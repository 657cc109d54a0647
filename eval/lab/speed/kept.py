"""What a part of the benchmark has measured, and the file that it is kept in.

A file is written whole, so that a bench that is stopped goes on with the parts that have none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eval.measuring.statistics import Interval
from index.atomic import write_whole
from index.errors import UserError

SEED = 2021
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Pair:
    """What was measured of Footnoted, and of what it is held against, in the same unit."""

    ours: tuple[float, ...]
    against: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Footnoted's median as a multiple of the other one."""
        return median(self.ours) / median(self.against)

    def interval(self) -> Interval | None:
        """Return the 95% interval of the ratio; None where a side was measured once or twice.

        A percentile bootstrap with a fixed seed (Efron, Annals of Statistics 1979). What was
        measured by turns is drawn by turns, since a slow minute of the machine slows both.
        """
        import numpy

        if min(len(self.ours), len(self.against)) < 3:
            return None
        rng = numpy.random.default_rng(SEED)
        sides = [numpy.array(side, dtype=float) for side in (self.ours, self.against)]
        drawn = [rng.integers(0, len(side), (RESAMPLES, len(side))) for side in sides]
        if len(self.ours) == len(self.against):
            drawn[1] = drawn[0]
        ours, against = (
            numpy.median(side[at], axis=1) for side, at in zip(sides, drawn, strict=True)
        )
        low, high = numpy.percentile(ours / against, (2.5, 97.5))
        return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Kept:
    """A part as it was measured: its pairs, by what was measured, and what else is known.

    `told` are figures and words beside the rows. `machine` is what it was measured on, `started`
    when, and `seconds` how long the part took.
    """

    part: str
    pairs: dict[str, Pair]
    told: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return quantile(values, 50)


def quantile(values: Sequence[float], percent: float) -> float:
    """Return a percentile, linear between two values, unrounded."""
    import numpy

    return float(numpy.percentile(values, percent))


def file_of(folder: Path, part: str) -> Path:
    """Return where a part is kept."""
    return folder / f"{part}.json"


def write(folder: Path, kept: Kept) -> None:
    """Write a part's file whole."""
    write_json(file_of(folder, kept.part), asdict(kept))


def write_json(path: Path, told: Any) -> None:
    """Write JSON whole, for people to read as well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode())


def read(folder: Path, part: str) -> Kept | None:
    """Read a part's file; None where there is none.

    Raises UserError for a file that is something else.
    """
    path = file_of(folder, part)
    if not path.exists():
        return None
    try:
        told = json.loads(path.read_text("utf-8"))
        pairs = {
            name: Pair(tuple(map(float, pair["ours"])), tuple(map(float, pair["against"])))
            for name, pair in told.pop("pairs").items()
        }
        return Kept(pairs=pairs, **told)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is no part of this benchmark ({error!r}): delete it to measure it again."
        ) from error
