"""A failed case in a few lines of text: what was asked, expected and got, and where it failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eval.measuring.stages import STAGES
from eval.running.record import Result
from index.printable import printable

QUOTES = 3


def expected(case: Mapping[str, Any]) -> str:
    """Say in words what a case expects. `case` is as a run stores it."""
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


def explain(
    result: Result,
    say: Callable[[str], str] = str,
    expects: Callable[[Mapping[str, Any]], str] = expected,
) -> str:
    """Return a case as lines: question, expected, got, stage, and the footnotes or first quotes.

    For another language, `say` translates the fixed words, and `expects` says what a case expects.
    """
    rows = [
        (say("question"), printable(result.question)),
        (say("expected"), printable(expects(result.case))),
        (say("got"), printable(result.shown)),
    ]
    if result.stage:
        rows.append((say("stage"), f"{result.stage}: {say(STAGES[result.stage])}"))
    if result.repeats:
        times = [bool(result.scores.get("passed")), *(each.passed for each in result.repeats)]
        words = say("passed %(passed)s of %(num)s times")
        rows.append((say("repeats"), words % {"passed": sum(times), "num": len(times)}))
    if result.answer:
        cited = result.answer.get("citations", [])
        shown = cited or result.answer.get("quotes", [])[:QUOTES]
        name = say("footnote %(number)s") if cited else say("quote %(number)s")
        for number, quote in enumerate(shown, 1):
            words = f"{quote['start']}-{quote['end']}: {printable(quote['quote'])}"
            rows.append((name % {"number": number}, words))
    return "\n".join(f"{name}:".ljust(9) + f" {words}" for name, words in rows)
