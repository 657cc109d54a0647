"""What leaves open which thing it means is asked back, where the documents speak of several."""

from __future__ import annotations

import json

import pytest

from rag.answering.subquestions import answer_parts
from rag.assistant import Assistant
from rag.languages import SubQuestions
from tests.asking import Knowing, context_of
from tests.test_rag_command import WIDTHS
from ui.conversations.exchange import Exchange, exchanges_from_json
from ui.drawing import render

pytestmark = pytest.mark.weights

TEXT = b"""The two straits of Norland lie far from each other.

The Alder Strait in the north is 9 kilometres wide. Pilots are asked for there in winter.

Ferries leave the harbour of Tolm at noon, and the crossing takes an hour.

The Rowan Strait in the south is 20 kilometres wide. Its tides are known for their force.
"""
ASKED = "how wide is the strait"
ASKS = "Which one do you mean?"


@pytest.fixture
def straits(knowing: Knowing) -> Assistant:
    return knowing(TEXT, "straits.md")


def test_it_is_asked_back_with_a_quote_for_each(straits: Assistant) -> None:
    answer = straits.ask(ASKED)
    assert answer.way == "unclear"
    assert not answer.refused
    assert answer.text.startswith(f"{ASKS}\n• ")
    assert [text for text in answer.choices if "Alder" in text or "Rowan" in text]
    assert len(answer.choices) == len(answer.citations) == 2
    assert {quote.words for quote in answer.citations} == {
        "9 kilometres wide",
        "20 kilometres wide",
    }
    assert answer.as_json()["choices"] == list(answer.choices)


def test_a_choice_is_a_question_that_is_answered(straits: Assistant) -> None:
    for choice, quote in zip(straits.ask(ASKED).choices, straits.ask(ASKED).citations, strict=True):
        answer = straits.ask(choice, [("user", ASKED), ("assistant", ASKS)])
        assert not answer.choices
        assert answer.citations[0].words == quote.words


@pytest.mark.parametrize("question", ["How wide is the Alder Strait?", "when do ferries leave"])
def test_what_means_one_thing_is_answered(straits: Assistant, question: str) -> None:
    answer = straits.ask(question)
    assert (answer.choices, answer.refused) == ((), False)


def test_a_phrase_of_a_document_leaves_nothing_open(knowing: Knowing) -> None:
    widths = knowing(WIDTHS, "widths.md")
    assert widths.ask("how wide is the strait").choices
    answer = widths.ask("strait width")
    assert (answer.choices, answer.refused) == ((), False)


def test_behind_other_turns_nothing_is_asked_back(straits: Assistant) -> None:
    history = [("user", "Where do ferries leave?"), ("assistant", "From Tolm.[1]")]
    assert not straits.ask(ASKED, history).choices  # type: ignore[arg-type]


def test_a_part_of_a_question_is_not_asked_back(straits: Assistant) -> None:
    context = context_of(straits)
    parts = SubQuestions((ASKED, "when do ferries leave"))
    *_, answer = answer_parts(context.understand(ASKED), context, parts)
    assert ASKS not in answer.text  # type: ignore[union-attr]


def test_what_was_asked_back_is_kept_and_shown(straits: Assistant) -> None:
    answer = straits.ask(ASKED)
    [kept] = exchanges_from_json(
        json.loads(json.dumps([Exchange(ASKED, answer).as_json()])), straits.library
    )
    assert kept.answer is not None
    assert (kept.answer.choices, kept.answer.way) == (answer.choices, "unclear")
    shown = render.exchange(kept, "1")
    for choice in answer.choices:
        assert f'data-example="{choice}"' in shown
    old = Exchange(ASKED, answer).as_json()
    del old["answer"]["choices"]
    [before] = exchanges_from_json([old], straits.library)
    assert before.answer is not None
    assert before.answer.choices == ()
