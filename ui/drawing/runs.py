"""Runs of regression sets as HTML: functions from values to strings."""

from __future__ import annotations

from dataclasses import dataclass

from eval.comparing.baseline import Verdict
from eval.comparing.compare import Comparison
from eval.running.record import Run
from ui.drawing.jinja import draw
from ui.reports.figures import NONE, figure, interval

NOTHING = '<p class="empty">This set has not been run on this library yet.</p>'


def running(name: str, done: int, total: int, *, stopping: bool) -> str:
    """Return how far a run is."""
    words = f"{name}: {done} of {total} cases" + (", stopping …" if stopping else "")
    return draw("runs.html", "running", words, done, total)


def report(last: Run, before: Run | None, verdict: Verdict | None, note: str) -> str:
    """Return the metrics of a run against its baseline, and the cases: the broken ones first."""
    kept = {result.id: result for result in before.results} if before else {}
    against = verdict.comparison if verdict else None
    broken = {change.id for change in against.broken} if against else set()
    mended = {change.id for change in against.mended} if against else set()
    errors = {each.id for each in last.errors}
    failed = {each.id for each in last.results if not each.passed} - broken - errors
    chosen = (
        ("Could not be asked", errors),
        ("Newly broken", broken),
        ("Newly mended", mended),
        ("Failed as before" if against else "Failed", failed),
    )
    groups = [
        (title, [each for each in last.results if each.id in ids]) for title, ids in chosen if ids
    ]
    reasons = verdict.reasons if verdict else ()
    table = _table(last, before, against)
    return draw("runs.html", "report", note, reasons, table, groups, kept)


@dataclass(frozen=True, slots=True)
class Table:
    """A table's heads, and its rows, each with its name."""

    heads: list[str]
    rows: list[tuple[str, list[str]]]


def _table(last: Run, before: Run | None, against: Comparison | None) -> Table:
    rows = []
    for name, metric in last.metrics.items():
        cells = [figure(name, metric.value), interval(metric), str(metric.n)]
        if before:
            was = before.metrics.get(name)
            change = against.differences.get(name) if against else None
            cells.append(figure(name, was.value if was else None))
            cells.append(figure(name, change.value, sign="+") if change else NONE)
        rows.append((name, cells))
    heads = ["metric", "value", "95% interval", "n"]
    return Table([*heads, *(["baseline", "difference"] if before else [])], rows)
