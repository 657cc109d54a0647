"""Runs of regression sets as HTML: functions from values to strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from eval.cases.cases import Case
from eval.comparing.baseline import Verdict
from eval.comparing.compare import Comparison, compare
from eval.running.record import Run
from ui.conversations.text import LISTED
from ui.drawing.jinja import draw
from ui.reports.metric_text import (
    GROUPS,
    NONE,
    figure,
    group_of,
    interval,
    label,
    meaning,
    percent_interval,
)
from ui.words.words import _, ngettext


def no_set() -> str:
    """Return the message that no set fits the library."""
    return draw("window.html", "no_set")


def not_run(cases: Sequence[Case], *, shipped: bool = False) -> str:
    """Describe a set that has no run to show yet; a `shipped` one comes with Footnoted."""
    documents = dict.fromkeys(each.document for case in cases for each in case.evidence)
    drafts = sum(case.draft for case in cases)
    what = _what(len(cases) - drafts, drafts, len(documents), shipped=shipped)
    return draw("runs.html", "not_run", what, list(documents)[:LISTED])


def _what(cases: int, drafts: int, documents: int, *, shipped: bool) -> str:
    """Describe the contents of a set, with a gap for the names of its documents."""
    what = ngettext("%(num)s case", "%(num)s cases", cases)
    if drafts:
        also = ngettext("%(num)s draft", "%(num)s drafts", drafts)
        what = _("%(cases)s, and %(drafts)s", cases=what, drafts=also)
    if shipped:
        what = _("A set that comes with Footnoted: %(cases)s", cases=what)
    # The gap is filled with itself, so that it stays.
    gap, more = "%(documents)s", documents - LISTED
    if more > 0:
        return ngettext(
            "%(cases)s on %(documents)s and %(num)s other.",
            "%(cases)s on %(documents)s and %(num)s others.",
            more,
            cases=what,
            documents=gap,
        )
    if documents:
        return _("%(cases)s on %(documents)s.", cases=what, documents=gap)
    return _("%(cases)s.", cases=what)


def drafts(name: str, cases: Sequence[Case], documents: Mapping[str, str]) -> str:
    """Return drafts of a set, to be accepted or rejected; `documents` are ids by text's hash."""
    return draw("runs.html", "drafts", name, cases, documents)


def running(
    name: str,
    done: int,
    total: int,
    *,
    stopping: bool,
    things: Literal["cases", "drafts"] = "cases",
) -> str:
    """Return the progress of a run, or of drafts that are being made."""
    gaps = {"name": name, "done": done, "total": total}
    words = {
        ("cases", False): _("%(name)s: %(done)s of %(total)s cases", **gaps),
        ("cases", True): _("%(name)s: %(done)s of %(total)s cases, stopping …", **gaps),
        ("drafts", False): _("%(name)s: %(done)s of %(total)s drafts", **gaps),
        ("drafts", True): _("%(name)s: %(done)s of %(total)s drafts, stopping …", **gaps),
    }[things, stopping]
    return draw("runs.html", "running", words, done, total)


def report(last: Run, before: Run | None, verdict: Verdict | None, note: str) -> str:
    """Return a run: how many cases are right, what changed, each case, and then the metrics.

    `before` is the baseline if there is a `verdict`, and else the run before this one, if any.
    Raises NotComparable if `before` was asked other things.
    """
    kept = {result.id: result for result in before.results} if before else {}
    errors = {each.id for each in last.errors}
    passed = {each.id for each in last.results if each.passed}
    failed = {each.id for each in last.results} - passed - errors
    against = verdict.comparison if verdict else compare(before, last) if before else None
    broken = {change.id for change in against.broken} if against else set()
    mended = {change.id for change in against.mended} if against else set()
    changed = _changed(len(broken), len(mended), baseline=bool(verdict)) if before else note
    chosen = (
        (_("Could not be asked"), errors, True),
        (
            _("Broken since the baseline") if verdict else _("Broken since the previous run"),
            broken,
            True,
        ),
        (
            _("Mended since the baseline") if verdict else _("Mended since the previous run"),
            mended,
            True,
        ),
        (_("Still wrong") if before else _("Wrong"), failed - broken, True),
        (_("Right"), passed - mended, False),
    )
    groups = [
        (title, [each for each in last.results if each.id in ids], is_open)
        for title, ids, is_open in chosen
        if ids
    ]
    asked = len(last.results) - len(errors)
    headline = _("%(right)s of %(all)s right", right=len(passed), all=asked)
    headline = headline if asked else _("Nothing could be asked")
    table = _table(last, before if verdict else None, against)
    reasons = verdict.reasons if verdict else ()
    sides = (_("Baseline") if verdict else _("Before"), _("Now"))
    return draw("runs.html", "report", headline, changed, note, reasons, table, groups, kept, sides)


def _changed(broken: int, mended: int, *, baseline: bool) -> str:
    """Return how many cases broke and were mended, since the baseline or the run before."""
    if baseline:
        words = _("Since the baseline %(broken)s broke and %(mended)s were mended.")
    else:
        words = _("Since the previous run %(broken)s broke and %(mended)s were mended.")
    return words % {"broken": broken, "mended": mended}


@dataclass(frozen=True, slots=True)
class Line:
    """A metric: its name in files, its name and meaning for people, and its figures."""

    name: str
    label: str
    meaning: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The column heads of a table, and its lines by group."""

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
        line = Line(name, label(name), meaning(name), cells)
        groups.setdefault(group_of(name), []).append(line)
    heads = [_("metric"), _("value"), percent_interval(), "n"]
    order = [*GROUPS, "Judges", "Time"]
    sorted_groups = {group: groups[group] for group in order if group in groups}
    more = [_("baseline"), _("difference")] if before else []
    return Table([*heads, *more, _("what it means")], sorted_groups)
