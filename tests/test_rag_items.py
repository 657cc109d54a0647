"""Lists of all of a kind: each thing once, with a footnote for every sentence that names it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.loading.load import load_bytes
from rag.answer import Answer
from rag.answering.items import _items, asked_one
from rag.assistant import Assistant
from rag.languages.english_words import ordinal, without_article
from rag.quote import Quote
from tests.asking import Knowing


@pytest.mark.parametrize(
    ("message", "one"),
    [
        ("List the straits.", "Which strait?"),
        ("Which missiles are named?", "Which missile?"),
        ("Which military exercises are mentioned in the article?", "Which military exercise?"),
        ("Which ships are mentioned by name?", "Which ship?"),
        ("Please name all the ambassadors", "Which ambassador?"),
        ("List the treaties and agreements that are mentioned.", "Which treaty or agreement?"),
        ("List everyone who met Wang Yi.", "Who met Wang Yi?"),
        ("Everybody who spoke about Taiwan?", "Who spoke about Taiwan?"),
        ("Show me the exercises of the SCO.", "Which exercise of the SCO?"),
        ("List all the cities where talks took place.", "Which city where talks took place?"),
        ("List everybody who took part in the talks.", "Who took part in the talks?"),
        ("List the treaties that Putin named.", "Which treaty that Putin named?"),
        ("List the men.", "Which man?"),
        ("List every statement by Putin.", "Which statement by Putin?"),
        ("Name all the churches, crises and bases.", "Which church, crisis or base?"),
        ("How many straits are mentioned?", "Which strait?"),
        ("list", ""),
        ("", ""),
    ],
)
def test_what_is_asked_of_one_sentence(message: str, one: str) -> None:
    assert asked_one(message) == one


@pytest.mark.parametrize(
    ("name", "opens", "shown"),
    [
        ("the Elm Bridge", False, "Elm Bridge"),
        ("The Elm Bridge", True, "Elm Bridge"),
        ("The Hague", False, "The Hague"),
        ("an envoy", False, "envoy"),
        ("Thebes", True, "Thebes"),
        ("a", True, "a"),
    ],
)
def test_a_name_stands_without_its_article(name: str, opens: bool, shown: str) -> None:
    assert without_article(name, opens=opens) == shown


def test_only_the_first_of_several_names_opens_a_sentence() -> None:
    document = load_bytes(b"The Elm and The Hague are named.", "names.txt")
    quote = Quote(document, 0, len(document.text), 0.0, marks=((0, len("The Elm and The Hague")),))
    assert [each.words for each in _items([quote])] == ["Elm", "The Hague"]


TEXT = b"""The Alder Bridge was opened in 1901 by the mayor. It is painted green.

Bread was dear in Tolm that year, and wood was cheap. The Rowan Bridge is 300 metres long.

Nobody remembers who built the Elm Bridge. The fair was moved to June.

In 1950 the Alder Bridge was closed for repairs."""


Ask = Callable[[str], Answer]


@pytest.fixture
def ask(knowing: Knowing) -> Ask:
    return knowing(TEXT, "bridges.txt").ask


@pytest.mark.weights
def test_each_thing_is_listed_once_with_all_its_footnotes(ask: Ask) -> None:
    answer = ask("List the bridges.")
    assert answer.text == "Alder Bridge;[1][2] Rowan Bridge;[3] Elm Bridge.[4]"
    assert [quote.words for quote in answer.citations] == [
        "Alder Bridge",
        "Alder Bridge",
        "The Rowan Bridge",
        "the Elm Bridge",
    ]
    assert answer.message == "Found in 4 sentences."
    assert len(answer.quotes) >= 5
    assert (str(answer.route), answer.way) == ("items/list", "items")


@pytest.mark.weights
def test_their_number_is_counted_and_said_to_be(ask: Ask) -> None:
    answer = ask("How many bridges are mentioned?")
    assert answer.sentences[-1].text == "That makes 3, counted from these quotes."
    assert answer.sentences[-1].citations == ()
    assert str(answer.route) == "items/count"


@pytest.mark.weights
def test_what_there_is_none_of_is_refused(ask: Ask) -> None:
    answer = ask("List the submarines.")
    assert answer.refused
    assert len(answer.quotes) >= 5


@pytest.mark.weights
def test_what_is_left_out_for_length_is_told(briefed: Assistant) -> None:
    short = briefed.with_settings(briefed.settings.model_copy(update={"sentences": 2}))
    answer = short.ask("List the straits.")
    assert answer.text.startswith("Tsugaru Strait;[1]")
    assert len(answer.sentences) == 2
    assert answer.message is not None
    assert answer.message.endswith("1 more item was left out to keep this short.")


ENVOYS = b"""Special envoy Ann Lee and special envoy Bo Nye met in Tolm. The mayor, Cy Orr, came.

In June the special envoy of Esker, Di Poe, saw Ann Lee. The fair was moved.

The special envoy Ed Roe, sent by Norland, never met the mayor."""


@pytest.mark.weights
def test_names_that_stand_together_are_listed_apart(knowing: Knowing) -> None:
    text = "The ships Alder, Rowan and Elm sailed to Tolm. The ship Alder came back in June."
    answer = knowing(text, "ships.txt").ask("Which ships are named?")
    assert answer.text == "Alder;[1][2] Rowan;[1] Elm.[1]"


@pytest.mark.weights
def test_a_list_is_of_its_kind_and_of_the_names_in_the_question(knowing: Knowing) -> None:
    ask = knowing(ENVOYS, "envoys.txt").ask
    listed = ask("List the special envoys.")
    assert "Cy Orr" not in listed.text
    assert all("special envoy" in quote.text.lower() for quote in listed.citations)
    of_esker = ask("List the special envoys of Esker.")
    assert {quote.text[:7] for quote in of_esker.citations} == {"In June"}


def test_ordinals_in_digits() -> None:
    told = [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 112)]
    assert told == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]
