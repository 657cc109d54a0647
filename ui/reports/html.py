"""A run as one self-contained HTML file: figures, plots, and every case with its quotes.

The page may run its own script, which filters the cases, and nothing else: whatever the documents
or the language model wrote is only text.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval.comparing.baseline import Verdict
from eval.measuring.stages import STAGES
from eval.running.record import Result, Run
from eval.running.summary import MEANS, RATES, TIMINGS
from index.errors import UserError
from index.library import Library
from ui.reports import plots
from ui.reports.cases import expected
from ui.reports.metric_text import chance, figure, interval, percent_interval, told, uncompared
from ui.reports.plots import Figure
from ui.words.elsewhere import said
from ui.words.languages import spoken
from ui.words.words import _, forms, ngettext, noted

FOLDER = Path(__file__).parent

CONTEXT = 160
"""Characters of the document that are shown on either side of a quote."""

QUOTES = 5

TextOf = Callable[[str], str | None]
"""Returns a document's text by its SHA-256 or id, or None if it is not available."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A quote in its context, which is empty if the document is not available."""

    label: str
    before: str
    words: str
    after: str
    evidence: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A case as the page shows it."""

    result: Result
    before: Result | None
    change: str
    expected: str
    passages: list[Passage]
    passages_before: list[Passage]

    @property
    def state(self) -> str:
        """What the case is filtered by."""
        if self.result.error is not None:
            return noted("error")
        return noted("passed") if self.result.passed else noted("failed")


def html(run: Run, verdict: Verdict, baseline: Run | None, text_of: TextOf) -> str:
    """Return the page of a run, compared with its baseline if there is one."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=_whole,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"_": _, "ngettext": ngettext}
    against = verdict.comparison
    # As bytes: the page's policy lists their hashes.
    style, script = ((FOLDER / name).read_bytes() for name in ("report.css", "report.js"))
    return environment.get_template("report.html").render(
        run=run,
        baseline=baseline,
        verdict=verdict,
        against=against,
        figure=figure,
        chance=chance,
        interval=interval,
        percent_interval=percent_interval,
        told=told(verdict),
        differs=[*map(said, against.differs), *uncompared(against)] if against else (),
        language=spoken(),
        counted=forms("%(num)s case", "%(num)s cases"),
        stages=STAGES,
        plots=_plots(run, baseline),
        cases=_cases(run, baseline, verdict, text_of),
        style=Markup(style.decode()),  # noqa: S704  our own file
        script=Markup(script.decode()),  # noqa: S704  our own file
        allowed={"style": _digest(style), "script": _digest(script)},
    )


def _whole(value: object) -> object:
    """Replace NUL characters in values, which HTML would drop without a trace."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return value.replace("\0", "\ufffd")
    return value


def texts_of(library: Library) -> TextOf:
    """Return a function that finds the texts of a library's documents."""

    def text_of(name: str) -> str | None:
        try:
            return library.find(name).text
        except UserError:
            return None

    return lru_cache(text_of)


def _digest(data: bytes) -> str:
    # HTML parsers make every line end a line feed before they hash.
    return base64.b64encode(hashlib.sha256(data.replace(b"\r\n", b"\n")).digest()).decode()


def _plots(run: Run, baseline: Run | None) -> Mapping[str, Markup]:
    def was(name: str) -> float | None:
        metric = baseline.metrics.get(name) if baseline else None
        return metric.value if metric else None

    figures = [
        Figure(name, metric.value, metric.interval, was(name))
        for name, metric in run.metrics.items()
        if metric.value is not None and name in {"passed", *RATES, *MEANS, *_REFUSALS} - {"crag"}
    ]
    stages = [
        (
            name,
            sum(each.stage == name for each in run.results),
            sum(each.stage == name for each in baseline.results) if baseline else None,
        )
        for name in STAGES
    ]
    tags = sorted({tag for each in run.results for tag in each.tags})
    shares = [
        (tag, sum(each.passed for each in those), len(those))
        for tag in tags
        if (those := [each for each in run.results if tag in each.tags and each.error is None])
    ]
    drawn = {
        "metrics": plots.intervals(figures),
        "stages": plots.bars([each for each in stages if each[1] or each[2]]),
        "tags": plots.shares(shares) if shares else "",
        "decisions": _decisions(run),
        "times": plots.spreads(_times(run)),
    }
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704  made by ui.reports.plots


_REFUSALS = ("refusal_precision", "refusal_recall", "refusal_f1", "false_refusals")


def _decisions(run: Run) -> str:
    """Plot how sure the gate was of the answerable and of the unanswerable questions."""
    decided = [each for each in run.results if each.decision and each.case]
    if not decided:
        return ""
    sure = {
        name: [
            float(each.decision["probability"])
            for each in decided
            if each.decision and bool(each.case.get("unanswerable")) is unanswerable
        ]
        for name, unanswerable in ((_("answerable"), False), (_("unanswerable"), True))
    }
    first = decided[0].decision
    return plots.histogram(sure, float(first["threshold"]) if first else None)


def _times(run: Run) -> dict[str, list[float]]:
    live = [
        each.answer["timings"]
        for each in run.results
        if each.answer and each.error is None and not each.cached
    ]
    return {name: [each[name] for each in live if each.get(name) is not None] for name in TIMINGS}


def _cases(run: Run, baseline: Run | None, verdict: Verdict, text_of: TextOf) -> list[Shown]:
    """Return the cases: broken ones first, then mended, failed and passed ones."""
    kept = {each.id: each for each in baseline.results} if baseline else {}
    against = verdict.comparison
    changes = {each.id: each for each in (*against.broken, *against.mended)} if against else {}
    shown = []
    for each in run.results:
        change, was = changes.get(each.id), kept.get(each.id)
        word = "" if change is None else "broken" if change.broke else "mended"
        shown.append(
            Shown(
                each,
                was,
                word,
                expected(each.case),
                _passages(each, text_of),
                _passages(was, text_of) if was and word else [],
            )
        )
    order = ["broken", "mended", ""]
    return sorted(shown, key=lambda each: (order.index(each.change), each.result.passed))


def _passages(result: Result, text_of: TextOf) -> list[Passage]:
    answer = result.answer or {}
    places: list[tuple[str, str, dict[str, Any], bool]] = [
        (_("footnote %(number)s", number=each["number"]), each["document"]["sha256"], each, False)
        for each in answer.get("citations", ())
    ]
    if not places:
        places = [
            (_("quote %(number)s", number=each["rank"]), each["document_id"], each, False)
            for each in answer.get("quotes", ())[:QUOTES]
        ]
    if not result.passed:
        places += [
            (_("evidence"), place.document_id, {"start": place.start, "end": place.end}, True)
            for fact in result.evidence
            for place in fact[:1]
        ]
    found = (_passage(*place, text_of) for place in places)
    return [each for each in found if each]


def _passage(
    label: str, document: str, place: dict[str, Any], evidence: bool, text_of: TextOf
) -> Passage | None:
    start, end = place["start"], place["end"]
    text = text_of(document)
    words = place.get("quote")
    if text is None or (words is not None and text[start:end] != words):
        return Passage(label, "", words, "", evidence) if words else None
    before, after = text[max(start - CONTEXT, 0) : start], text[end : end + CONTEXT]
    return Passage(
        label,
        ("…" if start > CONTEXT else "") + before,
        text[start:end],
        after + ("…" if end + CONTEXT < len(text) else ""),
        evidence,
    )
