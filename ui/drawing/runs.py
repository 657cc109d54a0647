"""Runs of regression sets as HTML: pure functions from values to strings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.comparing.baseline import Verdict
from eval.comparing.compare import Comparison
from eval.comparing.explain import expected
from eval.measuring.stages import STAGES
from eval.running.record import Result, Run
from ui.drawing.html import as_text, attribute, document_link
from ui.drawing.render import notice
from ui.reports.figures import NONE, figure, interval

NOTHING = '<p class="empty">This set has not been run on this library yet.</p>'


def running(name: str, done: int, total: int, *, stopping: bool) -> str:
    """Return how far a run is."""
    words = f"{name}: {done} of {total} cases" + (", stopping …" if stopping else "")
    return (
        f'<p class="progress" role="status">{as_text(words)}</p>'
        f'<progress aria-label="{attribute(words)}" value="{done}" max="{total}"></progress>'
    )


def report(last: Run, before: Run | None, verdict: Verdict | None, note: str) -> str:
    """Return the metrics of a run against its baseline, and the cases: the broken ones first."""
    kept = {result.id: result for result in before.results} if before else {}
    against = verdict.comparison if verdict else None
    broken = {change.id for change in against.broken} if against else set()
    mended = {change.id for change in against.mended} if against else set()
    errors = {each.id for each in last.errors}
    failed = {each.id for each in last.results if not each.passed} - broken - errors
    groups = (
        ("Could not be asked", errors),
        ("Newly broken", broken),
        ("Newly mended", mended),
        ("Failed as before" if against else "Failed", failed),
    )
    parts = [f'<p class="verdict">{as_text(note)}</p>']
    reasons = verdict.reasons if verdict else ()
    parts += [notice(reason) for reason in reasons]
    parts.append(_table(last, before, against))
    for title, ids in groups:
        chosen = [each for each in last.results if each.id in ids]
        if chosen:
            items = "".join(_case(each, kept.get(each.id)) for each in chosen)
            parts.append(f"<h3>{title}: {len(chosen)}</h3>{items}")
    return "".join(parts)


def _table(last: Run, before: Run | None, against: Comparison | None) -> str:
    rows = []
    for name, metric in last.metrics.items():
        was = before.metrics.get(name) if before else None
        cells = [figure(name, metric.value), interval(metric), str(metric.n)]
        if before:
            change = against.differences.get(name) if against else None
            cells.append(figure(name, was.value if was else None))
            cells.append(figure(name, change.value, sign="+") if change else NONE)
        tail = "".join(f"<td>{as_text(cell)}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{as_text(name)}</th>{tail}</tr>')
    heads = [
        "metric",
        "value",
        "95% interval",
        "n",
        *(["baseline", "difference"] if before else []),
    ]
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _case(now: Result, before: Result | None) -> str:
    """Return a case that opens: what was expected, and the answers side by side with quotes."""
    sides = [("Baseline", before)] if before else []
    sides.append(("Now", now))
    columns = "".join(f"<section><h4>{name}</h4>{_answer(each)}</section>" for name, each in sides)
    stage = f'<p class="expected">Stage: {as_text(STAGES[now.stage])}</p>' if now.stage else ""
    return (
        f'<details class="case"><summary>{as_text(now.question)} '
        f'<span class="id">{as_text(now.id)}</span></summary>'
        f'<p class="expected">Expected: {as_text(expected(now.case))}</p>{stage}'
        f'<div class="sides">{columns}</div></details>'
    )


def _answer(result: Result) -> str:
    answer = result.answer or {"citations": [], "quotes": []}
    cited = answer["citations"] or answer["quotes"][:3]
    quotes = "".join(f"<li>{_link(each)}</li>" for each in cited)
    label = "Footnotes" if answer["citations"] else "Nearest passages"
    notes = f'<p class="label">{label}</p><ol>{quotes}</ol>' if quotes else ""
    return f"<p>{as_text(result.shown)}</p>{notes}"


def _link(quote: Mapping[str, Any]) -> str:
    span = f"{quote['start']}-{quote['end']}"
    words = as_text(quote["quote"])
    return document_link(_document(quote), words, f'class="place" data-span="{span}"', span)


def _document(quote: Mapping[str, Any]) -> str:
    return str(quote["document"]["id"] if "document" in quote else quote["document_id"])
