"""An answer as text for a terminal: what was weighed, and why."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from index.documents import Document
from rag.answer import Answer, Quote
from rag.gate import Decision, Reading, decide
from rag.llm import Copied
from ui.text import decision_text

DOCUMENT = Document.of("The strait is 20 kilometers wide.", title="Straits", source="/s.txt")
QUOTE = Quote(DOCUMENT, 0, len(DOCUMENT.text), 5.5)
REFUSED = Answer("Q?", "Q?", (), (), (QUOTE, QUOTE), "not_in_sources", {}, {})


def shown(decision: Decision | None) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(decision_text(replace(REFUSED, decision=decision)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_quote_considered_is_shown_with_its_signals() -> None:
    text = shown(decide([Reading(QUOTE, Copied("20 kilometers", 0.25), kind=True)]))
    for part in ("Why it was answered", "reranker +5.5", "NONE 0.25", "“20 kilometers”"):
        assert part in text
    assert DOCUMENT.text in text
    assert "1 further quote was found and not weighed." in text


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (Reading(QUOTE, Copied(None, 0.99), kind=True), "copied nothing"),
        (Reading(QUOTE, Copied("20", 0.01), kind=False), "not the kind of answer"),
    ],
)
def test_a_refusal_says_what_spoke_against_an_answer(reading: Reading, reason: str) -> None:
    text = shown(decide([reading]))
    assert "Why it was refused" in text
    assert reason in text


def test_what_is_not_borne_out_is_told() -> None:
    decision = decide([Reading(QUOTE, Copied("20 kilometers", 0.3), kind=True)])
    assert "do not bear out" in shown(replace(decision, borne_out=False))
    assert "do not bear out" not in shown(decision)


def test_quotes_on_something_else_are_not_read() -> None:
    assert "No quote was read" in shown(decide([]))


def test_an_answer_that_was_not_decided_by_evidence() -> None:
    assert "Nothing was weighed" in shown(None)
