"""What is stated and not asked is checked, and the answer begins with what the sources say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answer import Answer
from rag.answering import WAYS
from rag.asking.query import Query
from rag.assistant import Assistant
from rag.languages import stated
from tests.asking import answered, context_of, route

pytestmark = pytest.mark.weights


def told(assistant: Assistant, claim: str) -> Answer | None:
    return answered(assistant, claim, "claim/stated")


@pytest.mark.parametrize(
    "claim",
    [
        "so the Tsugaru Strait is 20 kilometers wide, right?",
        "The summit lasted 90 minutes, i guess",
    ],
)
def test_what_the_sources_bear_out_begins_with_yes(briefed: Assistant, claim: str) -> None:
    answer = told(briefed, claim)
    assert answer is not None
    assert answer.text.startswith("Yes, the sources say so: “")
    assert len(answer.citations) >= 1
    assert answer.message is None


def test_what_the_sources_have_otherwise_begins_with_no(briefed: Assistant) -> None:
    answer = told(briefed, "The Tsugaru Strait is 35 kilometers wide, right?")
    assert answer is not None
    assert answer.text.startswith("No, the sources say otherwise: “")
    assert "20 kilometers" in answer.text
    assert (answer.message or "").startswith("What differs: the source has “20")
    assert "not “35" in (answer.message or "")


def test_what_is_not_surely_borne_out_is_asked_as_a_question(briefed: Assistant) -> None:
    assert told(briefed, "so the strait was closed to warships from the start") is None


def test_a_claim_is_borne_out_as_one_of_the_ways_to_read_it(briefed: Assistant) -> None:
    claim = "so the Tsugaru Strait is 20 kilometers wide, right?"
    wrongly = Query.of(f"{claim} the pendulum", claim, route("claim/stated"))
    ways = replace(wrongly, share=0.7, others=(replace(Query.of(claim), share=0.3),))
    *_, answer = WAYS["claim"](ways, context_of(briefed))
    assert isinstance(answer, Answer)
    assert answer.text.startswith("Yes, the sources say so: “")
    assert answer.standalone_question == claim


@pytest.mark.parametrize("claim", ["Peru has a coast, right?", "the admiral was tired, i suppose"])
def test_what_they_do_not_speak_of_is_asked_as_a_question(briefed: Assistant, claim: str) -> None:
    assert told(briefed, claim) is None


def test_a_claim_is_told_from_a_question(briefed: Assistant) -> None:
    answer = briefed.ask("so the Tsugaru Strait is 20 kilometers wide, right?")
    assert answer.way == "claim"
    assert briefed.ask("How wide is the Tsugaru Strait?").way == "evidence"


@pytest.mark.parametrize(
    "claim",
    [
        "so he was rich, right?",
        "He was rich, wasn't he?",
        "then he was rich i guess",
        "but he was rich, no?",
        "no, he was rich",
        "No he was rich",
        "he was rich",
    ],
)
def test_what_asks_is_no_part_of_a_claim(claim: str) -> None:
    assert stated(claim).casefold() == "he was rich"


@pytest.mark.parametrize(
    "claim", ["they closed it in winter", "that was the one they had", "no taxes were due"]
)
def test_a_claim_that_asks_with_no_words_is_stated_whole(claim: str) -> None:
    assert stated(f"{claim}?") == claim
