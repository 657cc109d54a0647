"""What is said to Footnoted itself: answered without searching, quotes or footnotes."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.documents import Document
from index.loading.load import load_bytes
from rag.answer import Answer
from rag.answering.conversation import TITLES
from rag.assistant import Assistant
from rag.config import load_settings
from tests.asking import AssistantOf, answered
from tests.conftest import LibraryOf

LINE = b"""# The railway

## Building the line

It took two years and three hundred workers to build the line.

## Closure and rescue

The line was closed in 1969, and a society bought it for one crown.
"""
TITLE = "“China and Russia in Late 2021: A Briefing”"


def said(assistant: Assistant, matters: str) -> Answer:
    answer = answered(assistant, "(said)", f"conversation/{matters}")
    assert answer is not None
    assert (answer.refused, answer.reason, answer.citations, answer.quotes) == (False, None, (), ())
    assert all(each.supported and not each.citations for each in answer.sentences)
    return answer


@pytest.mark.weights
@pytest.mark.parametrize(
    ("matters", "told"),
    [
        ("greeting", ["Hello.", TITLE, "You could ask, for example: “"]),
        ("thanks", ["You’re welcome."]),
        ("farewell", ["Goodbye."]),
        ("thanks+farewell", ["You’re welcome. Goodbye."]),
        ("documents", [f"I have 1 document: {TITLE}."]),
        ("help", ["a summary", "“shorter”", TITLE, "for example"]),
        ("identity", ["I am Footnoted", "If they do not say, I tell you so."]),
        ("chat", ["I can only talk about your documents.", TITLE]),
        ("nothing", ["There are no words in that.", "for example"]),
    ],
)
def test_what_is_said_is_answered(briefed: Assistant, matters: str, told: list[str]) -> None:
    text = said(briefed, matters).text
    assert all(each in text for each in told), text


@pytest.mark.weights
def test_a_remark_in_the_middle_of_a_conversation_is_told_no_examples(briefed: Assistant) -> None:
    before = [("user", "When did it last?"), ("assistant", "It lasted 1.5 hours. [1]")]
    answer = answered(briefed, "My aunt keeps penguins.", "conversation/chat", history=before)
    assert answer
    assert answer.text == "I can only talk about your documents."


@pytest.mark.weights
def test_what_two_matters_have_in_common_is_said_once(briefed: Assistant) -> None:
    assert said(briefed, "greeting+help").text.count(TITLE) == 1


@pytest.mark.weights
def test_what_it_offers_to_be_asked_it_answers(briefed: Assistant) -> None:
    *_, examples = said(briefed, "greeting").sentences
    asked = examples.text.partition("“")[2].removesuffix("”").split("” “")
    assert len(asked) == 3
    for question in asked:
        assert not briefed.ask(question).refused, question


@pytest.mark.weights
@pytest.mark.parametrize("typed", ["Hello!", "Thanks!", "Goodbye", "Who are you?", "?!"])
def test_it_is_typed_like_any_message(briefed: Assistant, typed: str) -> None:
    answer = briefed.ask(typed, [("user", "What is AUKUS?"), ("assistant", "A pact.[1]")])
    assert (answer.way, answer.standalone_question) == ("conversation", typed)
    assert (answer.refused, answer.citations, answer.quotes) == (False, (), ())
    assert answer.searched == 0


@pytest.mark.weights
@pytest.mark.parametrize("typed", ["closure and rescue", "Building the line"])
def test_a_phrase_of_a_document_asks_what_it_says_there(
    library_of: LibraryOf, assistant_of: AssistantOf, typed: str
) -> None:
    assistant = assistant_of(library_of(load_bytes(LINE, "line.md")))
    assert assistant.router(typed).kind == "command"
    answer = assistant.ask(typed)
    assert answer.route is not None
    assert answer.route.kind == "evidence"


@pytest.mark.weights
def test_a_greeting_before_a_question_is_left_aside(briefed: Assistant) -> None:
    answer = briefed.ask("Hello, how wide is the Tsugaru Strait?")
    assert "20 kilometers" in answer.text


@pytest.mark.weights
@pytest.mark.parametrize("typed", ["Hello!", "Which documents do you have?", "?!"])
def test_an_empty_library_is_talked_to(
    assistant_of: AssistantOf, library_of: LibraryOf, typed: str
) -> None:
    assistant = assistant_of(library_of())
    answer = assistant.ask(typed)
    assert (answer.refused, answer.way) == (False, "conversation")
    assert answer.sentences
    assert "for example" not in answer.text
    told = "I have no documents to answer from yet: please add one first."
    assert typed == "?!" or told in answer.text
    assert assistant.ask("How wide is the strait?").reason == "no_documents"


@pytest.mark.weights
def test_of_many_documents_some_are_named(assistant_of: AssistantOf, library_of: LibraryOf) -> None:
    documents = [
        Document.of(
            f"The bridge number {at} is long.", title=f"Bridge\u202e {at}\n", source=f"/{at}"
        )
        for at in range(TITLES + 2)
    ]
    library = library_of(*documents)
    text = said(assistant_of(library), "documents").text
    assert text.startswith(f"I have {TITLES + 2} documents: “Bridge 0”, ")
    assert text.endswith(", and 2 more.")
    assert "\u202e" not in text
    aside = [each.id for each in library.entries()[1:]]
    left = answered(assistant_of(library), "?", "conversation/documents", exclude=aside)
    assert left is not None
    assert left.text == "I have 1 document: “Bridge 0”."


@pytest.mark.weights
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"llm": "none"}, "No language model writes for me: I only quote."),
        ({"llm": "some-model"}, "written by some-model, on this machine."),
        (
            {"llm": "some-model", "llm_url": "https://example.org/v1"},
            "written by some-model, at the address given in the settings.",
        ),
    ],
)
def test_what_writes_for_it_is_told(briefed: Assistant, changed: dict[str, str], told: str) -> None:
    own = briefed.with_settings(briefed.settings.model_copy(update=changed))
    assert told in said(own, "identity").text


def test_who_only_greets_needs_no_weights_for_searching(tmp_path: Path) -> None:
    settings = load_settings(library=tmp_path / "library", models=tmp_path / "none", llm="none")
    answer = Assistant(settings).ask("Hello!")
    assert answer.text.startswith("Hello.")


@pytest.mark.weights
def test_what_the_documents_speak_of_is_no_small_talk(briefed: Assistant) -> None:
    answer = briefed.ask("aukus", use_llm=False)
    assert (answer.route and answer.route.kind) == "evidence"
    assert answer.quotes
