"""A failed case in a few lines of text: what was asked, expected and got, and where it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.measuring.stages import STAGES
from eval.running.record import Result
from index.printable import printable

QUOTES = 3


def expected(case: Mapping[str, Any]) -> str:
    """Return in words what a case, as a run keeps it, expects."""
    if not case:
        return "not kept with this run"
    if case.get("unanswerable"):
        return "a refusal"
    if case.get("verdict"):
        return f"the verdict “{case['verdict']}”"
    accepted = " or ".join(f"“{each}”" for each in case.get("answers", ()))
    if way := case.get("way"):
        return " ".join(filter(None, (accepted, f"an answer in the way “{way}”")))
    return accepted or "any answer that cites the evidence"


def explain(result: Result) -> str:
    """Return a case as lines: question, expected, got, stage, and the footnotes or first quotes."""
    lines = [
        f"question: {printable(result.question)}",
        f"expected: {printable(expected(result.case))}",
        f"got:      {printable(result.shown)}",
    ]
    if result.stage:
        lines.append(f"stage:    {result.stage}: {STAGES[result.stage]}")
    if result.repeats:
        times = [bool(result.scores.get("passed")), *(each.passed for each in result.repeats)]
        lines.append(f"repeats:  passed {sum(times)} of {len(times)} times")
    if result.answer:
        cited = result.answer.get("citations", [])
        shown = cited or result.answer.get("quotes", [])[:QUOTES]
        name = "footnote" if cited else "quote"
        for number, quote in enumerate(shown, 1):
            words = printable(quote["quote"])
            lines.append(f"{name} {number}: {quote['start']}-{quote['end']}: {words}")
    return "\n".join(lines)
