"""Questions that ask more than one thing: each part is answered or refused by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rag.asking.parts import parted
from rag.verifying.join import day_of, measured

from index.documents import Document
from index.library import Library
from index.loading.load import load_bytes
from rag.answer import Answer
from rag.asking.condense import Turn
from rag.assistant import Assistant
from rag.config import Settings
from rag.quote import Quote
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
        (
            "How much wider is the Osumi Strait than the Tsugaru Strait?",
            "How wide is the Osumi Strait?",
            "How wide is the Tsugaru Strait?",
        ),
        (
            "How many days lay between the launch of AUKUS and the video summit?",
            "When was the launch of AUKUS?",
            "When was the video summit?",
        ),
        (
            "What changed between September and December 2021?",
            "What happened in September 2021?",
            "What happened in December 2021?",
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
        "How much wider is it than that one?",
        "How long is the road between Tolm and Esker?",
        "What changed between the two world wars?",
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

Bishop Lund said that the Alder Bridge was too dear.

The Oak Bridge is 12 metres longer than the Fir Bridge.

The flood of Tolm was on 3 March 1931. The fair of Tolm opened on 2 April 1931.

The market of Esker was on Feb. 20. The feast of Esker was on March 5."""


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
def test_a_difference_is_computed(ask: Ask) -> None:
    longer = ask("How much longer is the Alder Bridge than the Rowan Bridge?")
    last = longer.sentences[-1]
    assert last.text.startswith("Computed: the difference is 110 metres, from 410 metres")
    assert sorted(last.citations) == [1, 2]


@pytest.mark.weights
def test_a_difference_that_is_stated_is_not_computed(ask: Ask) -> None:
    told = ask("How much longer is the Oak Bridge than the Fir Bridge?")
    assert "12 metres" in told.text
    assert "Computed" not in told.text


@pytest.mark.weights
def test_the_days_between_two_are_counted(ask: Ask) -> None:
    told = ask("How many days were between the flood of Tolm and the fair of Tolm?")
    assert told.sentences[-1].text.startswith("Computed: from ")
    assert told.sentences[-1].text.endswith("it is 30 days.")
    weeks = ask("How many weeks were between the flood of Tolm and the fair of Tolm?")
    assert weeks.sentences[-1].text.endswith("it is 30 days (4 weeks and 2 days).")


def test_what_day_words_name() -> None:
    assert day_of(quote_of("It was on 3 March 1931.", "3 March 1931")) == (1931, 3, 3)
    assert day_of(quote_of("It was on Feb. 20.", "Feb. 20")) == (None, 2, 20)
    assert day_of(quote_of("It was in March 1931.", "March 1931")) is None
    assert day_of(quote_of("It was from 3 to 5 March.", "from 3 to 5 March")) is None
    entry = replace(
        quote_of("Feb. 20: The market.", "Feb. 20"), dates=(date(1931, 2, 20), date(1931, 2, 20))
    )
    assert day_of(entry) == (1931, 2, 20)


@pytest.mark.weights
def test_two_months_share_the_entries_that_are_listed(
    settings: Settings, briefing_library: Library
) -> None:
    folder = {"library": briefing_library.folder}
    answer = Assistant(settings.model_copy(update=folder)).ask(
        "What changed between September and December 2021?"
    )
    months = [quote.dates[0].month for quote in answer.citations if quote.dates]
    assert months == [9] * 5 + [12] * 4
    assert answer.message == "1 further entry, of Sept. 21 to Oct. 4, 2021, is left out for length."


@pytest.mark.weights
def test_a_follow_up_behind_its_question_is_not_parted(
    settings: Settings, briefing_library: Library
) -> None:
    assistant = Assistant(settings.model_copy(update={"library": briefing_library.folder}))
    asked = "Which strait did the warships pass, and how wide is it?"
    history: list[Turn] = [("user", asked), ("assistant", "The Tsugaru Strait.")]
    answer = assistant.ask("And when was that?", history)
    assert answer.standalone_question == f"{asked} Tsugaru Strait And when was that?"
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
