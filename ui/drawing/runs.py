"""Runs of regression sets as HTML: functions from values to strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.cases.cases import Case
from eval.comparing.baseline import Verdict
from eval.comparing.compare import Comparison, compare
from eval.running.record import Run
from ui.drawing.jinja import draw
from ui.reports.metric_text import GROUPS, NONE, figure, group_of, interval, label, meaning

HEAD = """<h2>Regression sets</h2>
<p class="lead">A set is questions with the answers that are right, and where your documents state
them. Run it before and after a change, of a document, a model or a setting: it shows what broke.
</p>"""

BEGIN = """<h3>Begin a set</h3>
<p class="lead">From the conversation: each answer as it is, but for those that you called bad. Or
from the documents that are ticked: the language model asks questions of their sentences, and of
what they do not say. Both are drafts, and count once you accept them.</p>"""

BEGIN_FROM_TALK = """<h3>Begin a set</h3>
<p class="lead">From the conversation: each answer as it is, but for those that you called bad.
These are drafts, and count once you accept them.</p>"""

NO_SET = """<p class="empty">No set is on the documents of this library yet. Begin one above, or
keep a case under an answer.</p>"""


def not_run(cases: Sequence[Case], *, shipped: bool = False) -> str:
    """Return what a set is that has no run to show yet; `shipped` came with Footnoted."""
    documents = dict.fromkeys(each.document for case in cases for each in case.evidence)
    drafts = sum(case.draft for case in cases)
    return draw("runs.html", "not_run", len(cases) - drafts, drafts, list(documents), shipped)


def drafts(name: str, cases: Sequence[Case], documents: Mapping[str, str]) -> str:
    """Return drafts of a set, to be accepted or rejected; `documents` are ids by text's hash."""
    return draw("runs.html", "drafts", name, cases, documents)


def running(name: str, done: int, total: int, *, stopping: bool, things: str = "cases") -> str:
    """Return how far a run is, or the making of other things."""
    words = f"{name}: {done} of {total} {things}" + (", stopping …" if stopping else "")
    return draw("runs.html", "running", words, done, total)


def report(last: Run, before: Run | None, verdict: Verdict | None, note: str) -> str:
    """Return a run: how many are right, what changed, each case; the metrics stand behind that.

    `before` is the baseline where there is a `verdict`, and else the run before this one, if any.
    Raises NotComparable where that was asked other things.
    """
    kept = {result.id: result for result in before.results} if before else {}
    errors = {each.id for each in last.errors}
    passed = {each.id for each in last.results if each.passed}
    failed = {each.id for each in last.results} - passed - errors
    against = verdict.comparison if verdict else compare(before, last) if before else None
    broken = {change.id for change in against.broken} if against else set()
    mended = {change.id for change in against.mended} if against else set()
    since = "Since the baseline" if verdict else "Since the run before"
    changed = f"{since} {len(broken)} broke and {len(mended)} were mended." if before else note
    chosen = (
        ("Could not be asked", errors),
        (f"{since} broken", broken),
        (f"{since} mended", mended),
        ("Wrong, as before" if before else "Wrong", failed - broken),
        ("Right", passed - mended),
    )
    groups = [
        (title, [each for each in last.results if each.id in ids]) for title, ids in chosen if ids
    ]
    asked = len(last.results) - len(errors)
    headline = f"{len(passed)} of {asked} right" if asked else "Nothing could be asked"
    table = _table(last, before if verdict else None, against)
    reasons = verdict.reasons if verdict else ()
    sides = ("Baseline" if verdict else "Before", "Now")
    return draw("runs.html", "report", headline, changed, note, reasons, table, groups, kept, sides)


@dataclass(frozen=True, slots=True)
class Line:
    """A metric: its name as files have it, the name for people, and its figures."""

    name: str
    label: str
    meaning: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table's heads, and its lines by what they tell of."""

    heads: list[str]
    groups: dict[str, list[Line]]


def _table(last: Run, before: Run | None, against: Comparison | None) -> Table:
    groups: dict[str, list[Line]] = {}
    for name, metric in last.metrics.items():
        was = before.metrics.get(name) if before else None
        if metric.value is None and (was is None or was.value is None):
            continue  # Nothing of the kind was asked.
        cells = [figure(name, metric.value), interval(metric), str(metric.n)]
        if before:
            change = against.differences.get(name) if against else None
            cells.append(figure(name, was.value if was else None))
            cells.append(figure(name, change.value, sign="+") if change else NONE)
        groups.setdefault(group_of(name), []).append(Line(name, label(name), meaning(name), cells))
    heads = ["metric", "value", "95% interval", "n"]
    order = [*GROUPS, "Judges", "Time"]
    sorted_groups = {group: groups[group] for group in order if group in groups}
    more = ["baseline", "difference"] if before else []
    return Table([*heads, *more, "what it means"], sorted_groups)
