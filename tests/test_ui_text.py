"""An answer as text for a terminal: what was weighed, and why."""

from __future__ import annotations

import io
from dataclasses import fields, replace

from rich.console import Console

from index.documents import Document
from rag.answer import Answer
from rag.answerability.gate import AnswerFeatures, Decision, Reading
from rag.asking.route import Route
from rag.quote import Quote
from ui.conversations.text import decision_text

DOCUMENT = Document.of("The strait is 20 kilometers wide.", title="Straits", source="/s.txt")
QUOTE = Quote(DOCUMENT, 0, len(DOCUMENT.text), 5.5, marks=((14, 27),))
REFUSED = Answer("Q?", "Q?", (), (), (QUOTE, QUOTE), "not_in_sources", {}, {})
SURE = AnswerFeatures(5.5, 9.0, 12.0, 4.0)


ANSWERED = replace(REFUSED, reason=None)


def shown(decision: Decision | None, answer: Answer = REFUSED) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(decision_text(replace(answer, decision=decision)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_quote_considered_is_shown_with_its_signals() -> None:
    text = shown(Decision((Reading(QUOTE, SURE),)), ANSWERED)
    for part in ("Why it was answered", "reranker +5.5", "reader +9.0", "“20 kilometers”"):
        assert part in text
    for signal in fields(AnswerFeatures):
        assert signal.metadata["title"] in text
    assert DOCUMENT.text in text
    assert "1 further quote was found and not weighed." in text


def test_a_signal_that_was_not_asked_for_is_not_shown() -> None:
    assert "language model" not in shown(Decision((Reading(QUOTE, replace(SURE, copied=None)),)))


def test_a_refusal_says_what_spoke_against_an_answer() -> None:
    text = shown(Decision((Reading(QUOTE, AnswerFeatures(-5.0, -9.0, -9.0)),)))
    assert "Why it was refused" in text
    assert "reader -9.0" in text


def test_what_is_not_borne_out_is_told() -> None:
    decision = Decision((Reading(QUOTE, SURE),))
    assert "do not bear out" in shown(decision, replace(REFUSED, borne_out=False))
    assert "do not bear out" not in shown(decision)


def test_an_answer_that_was_not_decided_by_evidence() -> None:
    assert "Nothing was weighed" in shown(None)


def test_what_it_was_taken_for_comes_first() -> None:
    answer = replace(ANSWERED, route=Route("overview", ("all", "topic"), 0.876), way="overview")
    assert shown(None, answer).split("\n")[1] == (
        "Taken for overview/all+topic (probability 0.88), answered by overview."
    )
    weighed = shown(Decision((Reading(QUOTE, SURE),)), replace(answer, way="evidence"))
    assert weighed.index("answered by evidence.") < weighed.index("Why it was answered")
    nobody = replace(answer, reason="no_documents", way=None)
    assert "(probability 0.88), not answered." in shown(None, nobody)


def test_an_answer_without_a_route_says_who_answered() -> None:
    text = shown(None, replace(ANSWERED, way="evidence"))
    assert "Taken for" not in text
    assert "answered by evidence." in text
