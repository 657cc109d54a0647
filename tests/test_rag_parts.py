"""Questions that ask more than one thing: each part is answered or refused by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from index.documents import Document
from index.library import Library
from index.loading.load import load_bytes
from rag.answer import Answer
from rag.asking.condense import Turn
from rag.asking.parts import parted
from rag.assistant import Assistant
from rag.config import Settings
from rag.quote import Quote
from rag.verifying.join import measured
from tests.conftest import OpenLibrary


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        (
            "Which strait is wider, Tsugaru or Osumi?",
            "How wide is the Tsugaru strait?",
            "How wide is the Osumi strait?",
        ),
        (
            "Which missile has the longer range, China’s DF-17 or Russia’s Tsirkon?",
            "What range does China’s DF-17 have?",
            "What range does Russia’s Tsirkon have?",
        ),
        (
            "What did Putin and Xi each say about Taiwan?",
            "What did Putin say about Taiwan?",
            "What did Xi say about Taiwan?",
        ),
        (
            "Compare the Tsugaru and Osumi straits.",
            "Tell me about the Tsugaru strait in 3 sentences.",
            "Tell me about Osumi strait in 3 sentences.",
        ),
        (
            "Who signed the pact? And when did they sign it?",
            "Who signed the pact?",
            "When did they sign it?",
        ),
    ],
)
def test_how_a_question_is_parted(question: str, first: str, second: str) -> None:
    parts = parted(question)
    assert parts is not None
    assert parts.questions == (first, second)


@pytest.mark.parametrize(
    "question",
    [
        "Which strait did the warships pass?",
        "Who introduced the formula, and when?",
        "Which are older, the patrols at sea or those in the air?",
        "How many video conferences did Xi and Putin have with each other in 2021?",
        "How much dust is blown and falls upon the sea each year?",
        "How does the pact compare to others?",
        "What is the difference between the two straits?",
    ],
)
def test_questions_that_ask_one_thing_are_left_whole(question: str) -> None:
    assert parted(question) is None


def quote_of(text: str, words: str) -> Quote:
    start = text.index(words)
    document = Document.of(text, title="x", source="/x")
    return Quote(document, 0, len(text), 5.0, marks=((start, start + len(words)),))


def test_what_is_measured() -> None:
    range_ = measured(quote_of("It has a range of 1,800 to 2,500 km.", "1,800 to 2,500 km"))
    assert range_ is not None
    assert (range_.least, range_.greatest, range_.unit) == (1800, 2500, "km")
    assert measured(quote_of("It is very wide.", "very wide")) is None


Ask = Callable[[str], Answer]

TEXT = b"""The Alder Bridge is 410 metres long. The Rowan Bridge is 300 metres long.

The Elm Bridge is 2 miles long. The Birch Bridge was opened in 1931.

Mayor Holm called the Alder Bridge a promise kept.

Bishop Lund said that the Alder Bridge was too dear."""


@pytest.fixture
def ask(tmp_path: Path, open_library: OpenLibrary, settings: Settings) -> Ask:
    open_library(tmp_path / "library").add(load_bytes(TEXT, "bridges.txt"))
    return Assistant(settings.model_copy(update={"library": tmp_path / "library"})).ask


@pytest.mark.weights
def test_two_numbers_are_compared_and_said_to_be_computed(ask: Ask) -> None:
    for question in (
        "Which is longer, the Alder Bridge or the Rowan Bridge?",
        "Which bridge is longer, the Rowan Bridge or the Alder Bridge?",
    ):
        answer = ask(question)
        last = answer.sentences[-1]
        assert last.text.startswith("Computed: the Alder Bridge is longer, 410 metres")
        assert sorted(last.citations) == [1, 2]
        assert len(answer.citations) == 2
    shorter = ask("Which is shorter, the Alder Bridge or the Rowan Bridge?")
    assert shorter.sentences[-1].text.startswith("Computed: the Rowan Bridge is shorter, 300")


@pytest.mark.weights
def test_a_follow_up_behind_its_question_is_not_parted(
    settings: Settings, briefing_library: Library
) -> None:
    assistant = Assistant(settings.model_copy(update={"library": briefing_library.folder}))
    asked = "Which strait did the warships pass, and how wide is it?"
    history: list[Turn] = [("user", asked), ("assistant", "The Tsugaru Strait.")]
    answer = assistant.ask("And when was that?", history)
    assert answer.standalone_question == f"{asked} And when was that?"
    assert "The sources do not say" not in answer.text
    assert len(answer.citations) <= 3


@pytest.mark.weights
def test_what_cannot_be_compared_is_not(ask: Ask) -> None:
    units = ask("Which is longer, the Alder Bridge or the Elm Bridge?")
    assert not any(each.text.startswith("Computed") for each in units.sentences)
    missing = ask("Which is longer, the Alder Bridge or the Birch Bridge?")
    assert not any(each.text.startswith("Computed") for each in missing.sentences)


@pytest.mark.weights
def test_a_part_that_the_sources_do_not_answer_is_refused_by_itself(ask: Ask) -> None:
    both = ask("What did Mayor Holm and Bishop Lund each say of the Alder Bridge?")
    assert "promise kept" in both.text
    assert "too dear" in both.text
    half = ask("How long is the Alder Bridge? Who painted the ceiling of the Sistine Chapel?")
    assert not half.refused
    assert "410" in half.text
    assert "“Who painted the ceiling of the Sistine Chapel?” The sources do not say." in half.text
    neither = ask("Who won the World Cup? Who painted the ceiling of the Sistine Chapel?")
    assert neither.refused
    assert len(neither.quotes) >= 5


@pytest.mark.weights
def test_the_quotes_of_all_parts_are_shown(settings: Settings, briefing_library: Library) -> None:
    folder = {"library": briefing_library.folder}
    answer = Assistant(settings.model_copy(update=folder)).ask(
        "Which strait is wider, Tsugaru or Osumi?"
    )
    assert "Osumi strait is wider" in answer.text
    spans = [quote.span for quote in answer.quotes]
    assert len(spans) == len(set(spans))
    assert {quote.span for quote in answer.citations} <= set(spans)
    assert answer == replace(answer, timings={})
