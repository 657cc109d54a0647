"""How the laboratory measures: ask a sample, keep the results, print a table.

A command reads its arguments with `arguments`, fills a library with `filled`, asks with `kept`,
which resumes where it was stopped, and prints with `show`.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from eval.cases.cases import CaseSet
from eval.lab.command import arguments as arguments
from eval.lab.command import progress_bar
from eval.measuring.statistics import Interval, Metric
from eval.measuring.statistics import share as share
from eval.running.record import Run
from eval.running.replies import Replies
from eval.running.runner import run
from index.atomic import write_whole
from index.documents import Document
from index.errors import UserError
from rag.assistant import Assistant
from rag.config import load_settings
from rag.program import code_hash

SEED = 2021
"""The seed for all samples of questions."""

T = TypeVar("T")


def seeded(seed: int = SEED) -> random.Random:
    """Return a random generator that draws the same in every run."""
    return random.Random(seed)  # noqa: S311  reproducible


def filled(library: Path | str, documents: Iterable[Document], **settings: Any) -> Assistant:
    """Return an assistant on a library that holds the documents."""
    assistant = Assistant(load_settings(library=library, **settings))
    for document in documents:
        assistant.library.add(document)
    return assistant


def ask_all(
    case_set: CaseSet,
    documents: Iterable[Document],
    library: Path,
    *,
    out: Path | None = None,
    llm: bool = False,
    replies: Replies | None = None,
    **settings: Any,
) -> Run:
    """Ask a library that holds the documents the cases of a set; the run is kept in `out`.

    Raises UserError if a case could not be asked.
    """
    assistant = filled(library, documents, **settings)
    with progress_bar() as bar:
        task = bar.add_task(case_set.name, total=len(case_set.cases))
        made = run(
            case_set,
            assistant,
            use_llm=llm,
            out=out,
            progress=lambda done, _: bar.update(task, completed=done),
            replies=replies,
        )
    if made.errors:
        raise UserError(f"{len(made.errors)} cases of {case_set.name}: {made.errors[0].error}")
    return made


def kept(
    file: Path, asked: Mapping[str, T], ask: Callable[[T], Any], conditions: str | None = None
) -> dict[str, Any]:
    """Ask what the file has no answer to yet, and return all answers by name, as read from JSON.

    The file is written whole after each answer. `conditions` are what the answers depend on (by
    default, the program's code): answers that were given under other conditions are not used.
    """
    if conditions is None:
        conditions = code_hash("index", "rag")
    read = json.loads(file.read_text("utf-8")) if file.exists() else {}
    told = read.get("told", read) if read.get("program", "") == conditions else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    missing = [name for name in asked if name not in told]
    with progress_bar() as bar:
        for name in bar.track(missing, description=file.stem):
            told[name] = ask(asked[name])
            write_whole(file, json.dumps({"program": conditions, "told": told}).encode())
    return {name: json.loads(json.dumps(told[name])) for name in asked}


# --- figures and tables


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: a measure, its value, and its target, such as "≥ 0.9", if it has one."""

    measure: str
    metric: Metric
    target: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None if there is no target or no figure."""
        if not self.target or self.metric.value is None:
            return None
        return reached(self.target, self.metric.value)


def reached(target: str, value: float) -> bool:
    """Whether a value meets a target, such as "≥ 0.9" or "≤ 1/100"."""
    sign, bound = target.split()
    limit = float(Fraction(bound))
    return value >= limit if sign == "≥" else value <= limit


@dataclass(frozen=True, slots=True)
class Pair:
    """Measurements of Footnoted, and of what it is compared with, in the same unit."""

    ours: tuple[float, ...]
    against: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Footnoted's median as a multiple of the other one."""
        return float(_ratio(self.ours, self.against))

    def interval(self) -> Interval | None:
        """Return the 95% interval of the ratio; None if a side was measured only once or twice.

        A percentile bootstrap with a fixed seed (Efron, Annals of Statistics 1979). Sides that were
        measured in turns are resampled in pairs, since a slow minute of the machine slows both.
        """
        from scipy.stats import bootstrap

        if min(len(self.ours), len(self.against)) < 3:
            return None
        low, high = bootstrap(
            (self.ours, self.against),
            _ratio,
            n_resamples=2_000,
            paired=len(self.ours) == len(self.against),
            method="percentile",
            rng=SEED,
        ).confidence_interval
        return float(low), float(high)


def _ratio(ours: Sequence[float], against: Sequence[float], axis: int = -1) -> Any:
    return np.median(ours, axis=axis) / np.median(against, axis=axis)


def figure(value: float | None, digits: int = 3) -> str:
    """Return a figure as it is printed; large ones have no decimals."""
    return "–" if value is None else f"{value:.{digits if abs(value) < 10 else 0}f}"


def interval(metric: Metric, digits: int = 3) -> str:
    """Return the bounds of a figure's 95% interval as they are printed."""
    if metric.interval is None:
        return "–"
    low, high = metric.interval
    return f"{low:.{digits}f}–{high:.{digits}f}"


def markdown(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown, in the style of `eval/lab/RECORDS.md`."""
    table = Table(*headings, box=box.MARKDOWN)
    for row in rows:
        table.add_row(*map(str, row))
    # Wide enough that no line wraps.
    console = Console(width=400, color_system=None, markup=False, emoji=False)
    with console.capture() as printed:
        console.print(table)
    return "".join(f"{line}\n" for line in printed.get().splitlines() if line.strip())


def show(headings: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table, below its title if it has one."""
    head = f"{title}\n\n" if title else ""
    sys.stdout.write(f"{head}{markdown(headings, rows)}\n")


def show_rows(rows: Iterable[Row], title: str = "") -> None:
    """Print measures with their intervals and, if there are targets, whether they are reached."""
    measured = list(rows)
    headings = ["measure", "value", "95% interval", "n"]
    lines = [[each.measure, *_cells(each.metric)] for each in measured]
    if any(each.target for each in measured):
        headings += ["target", "reached"]
        said = {None: "–", True: "yes", False: "no"}
        for each, line in zip(measured, lines, strict=True):
            line += [each.target, said[each.reached]]
    show(headings, lines, title)


def _cells(metric: Metric) -> tuple[str, ...]:
    return figure(metric.value), interval(metric), str(metric.n)
