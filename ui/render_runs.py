"""Runs of regression sets as HTML: pure functions from values to strings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.cases import Case
from eval.compare import Comparison
from eval.record import Result, Run
from eval.summary import Metric
from ui.html import as_text, attribute, document_link
from ui.render import notice

NOTHING = '<p class="empty">This set has not been run on this library yet.</p>'


def running(name: str, done: int, total: int, *, stopping: bool) -> str:
    """Return how far a run is."""
    words = f"{name}: {done} of {total} cases" + (", stopping …" if stopping else "")
    return (
        f'<p class="progress" role="status">{as_text(words)}</p>'
        f'<progress aria-label="{attribute(words)}" value="{done}" max="{total}"></progress>'
    )


def told(message: str) -> str:
    """Return a sentence on why there is nothing to show."""
    return notice(message)


def report(
    last: Run,
    before: Run | None,
    against: Comparison | None,
    note: str,
    cases: Mapping[str, Case],
) -> str:
    """Return the metrics of a run against its baseline, and the cases: the broken ones first."""
    kept = {result.id: result for result in before.results} if before else {}
    broken = {change.id for change in against.broken} if against else set()
    mended = {change.id for change in against.mended} if against else set()
    failed = {each.id for each in last.results if not each.passed} - broken
    groups = (
        ("Newly broken", broken),
        ("Newly mended", mended),
        ("Failed as before" if against else "Failed", failed),
    )
    parts = [f'<p class="verdict">{as_text(note)}</p>', _table(last, before)]
    for title, ids in groups:
        chosen = [each for each in last.results if each.id in ids]
        if chosen:
            items = "".join(_case(each, kept.get(each.id), cases.get(each.id)) for each in chosen)
            parts.append(f"<h3>{title}: {len(chosen)}</h3>{items}")
    return "".join(parts)


def _table(last: Run, before: Run | None) -> str:
    rows = []
    for name, metric in last.metrics.items():
        was = before.metrics.get(name) if before else None
        cells = [_figure(name, metric), _interval(metric), str(metric.n)]
        if before:
            cells += [_figure(name, was) if was else "–", _difference(name, metric, was)]
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


def _figure(name: str, metric: Metric) -> str:
    if metric.value is None:
        return "–"
    return f"{metric.value:.2f} s" if "_s_p" in name else f"{metric.value:.1%}"


def _interval(metric: Metric) -> str:
    return "–".join(f"{bound:.0%}" for bound in metric.interval) if metric.interval else "–"


def _difference(name: str, now: Metric, was: Metric | None) -> str:
    if was is None or was.value is None or now.value is None:
        return "–"
    difference = now.value - was.value
    return f"{difference:+.2f} s" if "_s_p" in name else f"{difference:+.1%}"


def _case(now: Result, before: Result | None, case: Case | None) -> str:
    """Return a case that opens: what was expected, and the answers side by side with quotes."""
    sides = [("Baseline", before.answer)] if before else []
    sides.append(("Now", now.answer))
    columns = "".join(f"<section><h4>{name}</h4>{_answer(each)}</section>" for name, each in sides)
    return (
        f'<details class="case"><summary>{as_text(now.answer["question"])} '
        f'<span class="id">{as_text(now.id)}</span></summary>'
        f'<p class="expected">Expected: {as_text(_expected(case))}</p>'
        f'<div class="sides">{columns}</div></details>'
    )


def _expected(case: Case | None) -> str:
    if case is None:
        return "the set holds this case no more"
    if case.unanswerable:
        return "a refusal"
    return " or ".join(f"“{each}”" for each in case.answers) or "any answer that cites the evidence"


def _answer(answer: Mapping[str, Any]) -> str:
    cited = answer["citations"] or answer["quotes"][:3]
    quotes = "".join(f"<li>{_link(each)}</li>" for each in cited)
    label = "Footnotes" if answer["citations"] else "Nearest passages"
    notes = f'<p class="label">{label}</p><ol>{quotes}</ol>' if quotes else ""
    return f"<p>{as_text(answer['answer'])}</p>{notes}"


def _link(quote: Mapping[str, Any]) -> str:
    span = f"{quote['start']}-{quote['end']}"
    words = as_text(quote["quote"])
    return document_link(_document(quote), words, f'class="place" data-span="{span}"', span)


def _document(quote: Mapping[str, Any]) -> str:
    return str(quote["document"]["id"] if "document" in quote else quote["document_id"])
