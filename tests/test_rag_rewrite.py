"""A follow-up gets the words that it needs, and no others; all that it gets was said before."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from rag.answerability.reader import Reader
from rag.asking.rewrite import (
    AGAIN,
    ANSWERS,
    BARE,
    CONTEXT,
    HOWS,
    INSERTED,
    NEEDED,
    Put,
    Rewriting,
    Turn,
    context_of,
    edited,
    linked,
    places,
    rewriter,
    rewritten,
)
from rag.languages.english_words import LINKS

HISTORY: list[Turn] = [
    ("user", "When did the fleets pass the Alder Strait?"),
    ("assistant", "On Oct. 18.[1]"),
]


def test_the_latest_turns_are_read_first_without_footnotes() -> None:
    history = [*HISTORY, ("user", "Who saw\nthem?"), ("assistant", "Ida Holm.[1][2]")]
    assert context_of(history) == (
        "> Who saw them?\n= Ida Holm.\n> When did the fleets pass the Alder Strait?\n= On Oct. 18."
    )


def test_what_is_read_of_a_conversation_has_bounds() -> None:
    turn: list[Turn] = [("user", "What is it?"), ("assistant", "word " * 500)]
    read = context_of(turn * 50)
    assert len(read) <= CONTEXT
    answers = [line for line in read.split("\n") if line.startswith("= ")]
    assert len(answers) == len(ANSWERS)
    for each, most in zip(answers, ANSWERS, strict=True):
        assert most - len("word ") <= len(each) - len("= ") <= most
        assert each.endswith("word …")
    assert context_of([]) == ""


def test_the_end_of_a_turn_that_is_cut_off_is_marked() -> None:
    """The head would take the last words before the cut for what is meant."""
    said = "The ferry carried 42 horses and a Bechstein grand. " * 12
    read = context_of([("user", "When did it leave?"), ("assistant", said)])
    assert read.endswith(" …")
    assert said.startswith(read.split("= ")[1].removesuffix(" …") + " ")


def put(message: str, word: str, how: Any, words: str = "") -> Put:
    start = message.index(word) if word else len(message)
    return Put(start, start + len(word), how, words)


@pytest.mark.parametrize(
    ("message", "word", "how", "words", "made"),
    [
        ("How wide is it?", "it", "replace", "the strait", "How wide is the strait?"),
        ("How wide?", "?", "insert", "is it", "How wide is it?"),
        ("why", "", "insert", "did it sink", "why did it sink"),
        ("Was it his boat?", "his", "replace", "Nye's", "Was it Nye's boat?"),
        ("And before?", "And", "replace", "who led it", "Who led it before?"),
        ("and before?", "and", "replace", "Who led it", "Who led it before?"),
        ("How wide is it?", "it", "drop", "", "How wide is it?"),
    ],
)
def test_words_are_put_where_they_are_needed(
    message: str, word: str, how: Any, words: str, made: str
) -> None:
    assert edited(message, [put(message, word, how, words)]) == made


def test_what_only_connects_is_dropped_where_something_is_put_in() -> None:
    message = "Ok, and how wide is it?"
    puts = [put(message, "Ok", "drop"), put(message, "and", "drop")]
    assert edited(message, puts) == message
    puts.append(put(message, "it", "replace", "the strait"))
    assert edited(message, puts) == "How wide is the strait?"


def test_a_link_does_not_say_the_twice() -> None:
    assert linked("the", "Alder Strait", "") == "the Alder Strait"
    assert linked("the", "the Alder Strait", "'s") == "the Alder Strait's"
    assert linked("", "Nye", "") == "Nye"
    assert linked("of", "The last train", "") == "of the last train"


class Scripted:
    """Reads what it is told to: at each place of a message what is done, and which words."""

    def __init__(self, need: float, *told: tuple[int, str, str]) -> None:
        self.need = need
        self.told = {place: (how, words) for place, how, words in told}

    def __call__(
        self, message: str, places: Sequence[tuple[int, int]], context: str
    ) -> tuple[float, list[Any]]:
        edits = []
        for place in range(len(places)):
            how, words = self.told.get(place, ("keep", ""))
            logits = [5.0 * (how == each) for each in HOWS] + [1.0, *[0.0] * len(LINKS), 0.0]
            start = context.index(words)
            likely = [(start, start + len(words), 0.9), (2, 5, 0.1)]
            edits.append(SimpleNamespace(logits=logits, words=likely))
        return self.need, edits


def test_the_same_words_are_put_in_once() -> None:
    said = (3, "replace", "the Alder Strait"), (6, "replace", "the Alder Strait")
    made = rewritten("How wide is it where it bends?", HISTORY, Scripted(0.9, *said))
    (first, share), *_ = made.texts
    assert first == "How wide is the Alder Strait where it bends?"
    assert share > 0.5
    assert made.need == pytest.approx(0.75)


def test_where_no_word_stands_for_what_is_missing_it_is_never_sure_that_anything_is() -> None:
    message = "Any deaths there?"
    inserted, replaced = (
        rewritten(message, HISTORY, Scripted(0.9999, (2, how, "the Alder Strait")))
        for how in ("insert", "replace")
    )
    assert replaced.need > 0.95
    assert inserted.need == INSERTED
    assert replaced.first_of_all(message) == "Any deaths the Alder Strait?"
    assert inserted.first_of_all(message) == "Any deaths the Alder Strait there?"


def test_several_things_may_be_meant_each_with_its_share() -> None:
    class Doubtful(Scripted):
        def __call__(self, *given: Any) -> tuple[float, list[Any]]:
            need, edits = super().__call__(*given)
            edits[-1].logits[: len(HOWS)] = [3.0, 0.0, 0.0, 2.0]
            context = context_of(HISTORY)
            things = ("the Alder Strait", "Alder", "the fleets", "the", "18")
            places = [(context.index(each), context.index(each) + len(each)) for each in things]
            shares = (0.6, 0.2, 0.1, 0.09, 0.01)
            edits[-1].words = [(*at, share) for at, share in zip(places, shares, strict=True)]
            return need, edits

    made = rewritten("Deaths", HISTORY, Doubtful(0.3))
    assert [text for text, _ in made.texts] == [
        "Deaths the Alder Strait",
        "Deaths the fleets",
        "Deaths 18",
    ]
    shares = [share for _, share in made.texts]
    assert sum(shares) == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)
    assert made.first_of_all("Deaths") == "Deaths"


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("Why?", "Why did the fleets pass the Alder Strait?"),
        ("and with whom", "and with whom did the fleets pass the Alder Strait?"),
    ],
)
def test_question_words_alone_ask_what_was_asked_before(message: str, asked: str) -> None:
    at = len(places(message)) - 1
    made = rewritten(message, HISTORY, Scripted(0.1, (at, "insert", "the Alder Strait")))
    assert made.need == BARE
    assert made.texts[0] == (asked, AGAIN)
    assert sum(share for _, share in made.texts) == pytest.approx(1.0)


def test_a_question_that_is_asked_again_is_made_whole_by_what_was_said_before_it() -> None:
    class InTurn(Scripted):
        def __call__(self, message: str, *given: Any) -> tuple[float, list[Any]]:
            bare = Scripted(0.9, (1, "insert", "the fleets"))
            whole = Scripted(0.99, (5, "replace", "the fleets"))
            return (bare if message == "Why?" else whole)(message, *given)

    asked: Turn = ("user", "When did they return to them?")
    made = rewritten("Why?", [*HISTORY, asked, ("assistant", "In May.")], InTurn(0.0))
    assert made.texts[0][0] == "Why did they return to the fleets?"


def test_what_is_not_touched_stays_as_it_was_typed() -> None:
    message = "-40 degrees,  about .5 mm of it !"
    made = edited(message, [put(message, "it", "replace", "the ice")])
    assert made == "-40 degrees,  about .5 mm of the ice!"


@pytest.mark.weights
def test_a_message_that_is_too_long_to_be_read_whole_is_left_as_it_is(reader: Reader) -> None:
    message = "and how wide is it " * 200
    assert rewritten(message, HISTORY, reader.edits) == Rewriting()


@pytest.mark.parametrize(
    "message",
    ["", " ", "?!", "…", "Wie lang ist die Brücke und wer hat sie gebaut?", "它有多长？"],
)
def test_what_has_no_word_or_is_in_a_language_that_is_not_known_is_left_as_it_is(
    message: str,
) -> None:
    assert rewritten(message, HISTORY, Scripted(1.0)) == Rewriting()


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("How wide's it? ", ["How", "wide's", "it", "?", ""]),
        ("São Tomé e 3.5%", ["São", "Tomé", "e", "3.5", "%", ""]),
        ("它有多长？", ["它", "有", "多", "长", "？", ""]),
        ("वह कितना लंबा है?", ["वह", "कितना", "लंबा", "है", "?", ""]),
        ("كم طوله؟", ["كم", "طوله", "؟", ""]),
    ],
)
def test_places_are_the_words_and_the_end(message: str, words: list[str]) -> None:
    assert [message[start:end] for start, end in places(message)] == words


# --- in other languages

GERMAN: list[Turn] = [
    ("user", "Wie lang ist die Tolmer Brücke?"),
    ("assistant", "300 Meter.[1]"),
]


@pytest.mark.parametrize(
    ("message", "told", "made"),
    [
        ("Und wer hat sie gebaut?", [(3, "replace")], "Und wer hat sie (Brücke) gebaut?"),
        ("Seit wann?", [(2, "insert")], "Seit wann (Brücke)?"),
        ("warum", [(1, "insert")], "warum (Brücke)"),
        ("Was kostet diese da?", [(2, "replace"), (3, "drop")], "Was kostet diese da (Brücke)?"),
        ("它有多长？", [(0, "replace")], "它（Brücke）有多长？"),
        ("wie lang?", [(0, "insert")], "(Brücke) wie lang?"),
        ("die „alte“?", [(0, "replace")], "die (Brücke) „alte“?"),
    ],
)
def test_elsewhere_what_is_meant_stands_in_brackets(
    message: str, told: list[tuple[int, str]], made: str
) -> None:
    read = Scripted(0.99, *((place, how, "Brücke") for place, how in told))
    assert rewritten(message, GERMAN, read, english=False).first_of_all(message) == made


@pytest.mark.parametrize(
    ("language", "history", "by"),
    [
        ("en", HISTORY, "english"),
        ("de", GERMAN, "across"),
        ("en", GERMAN, "across"),
        ("de", HISTORY, "across"),
    ],
)
def test_what_is_not_all_in_english_is_read_by_the_reader_of_all_languages(
    language: str, history: list[Turn], by: str
) -> None:
    asked = []

    def read(name: str) -> Any:
        return lambda *_: (asked.append(name), [])

    rewriter(read("english"), read("across"))("Wie viel kostet das?", history, language)
    rewriter(read("english"), read("across"))("How much is it?", history, language)
    assert set(asked) == {by}
    asked.clear()
    rewriter(read("english"), None)("How much is it?", history, language)
    assert asked == (["english"] if language == "en" else [])


# --- with the weights


@pytest.mark.weights
@pytest.mark.parametrize(
    ("answered", "typed", "asked"),
    [
        ("It was Ida Holm.[1]", "When did she retire?", "When did Ida Holm retire?"),
        ("It was Ida Holm.[1]", "who succeeded her", "who succeeded Ida Holm"),
        ("The Alder Bridge.[1]", "How long is it?", "How long is the Alder Bridge?"),
    ],
)
def test_a_pronoun_becomes_what_it_stands_for(
    reader: Reader, answered: str, typed: str, asked: str
) -> None:
    history: list[Turn] = [("user", "What was named in the letter?"), ("assistant", answered)]
    made = rewritten(typed, history, reader.edits)
    assert made.first_of_all(typed).casefold() == asked.casefold()


@pytest.mark.weights
@pytest.mark.parametrize(
    "message",
    [
        "who is the harbour master of Esker",
        "What are glide missiles?",
        "thanks a lot!",
        "are you sure?",
        "shorter please",
        "What is this document about?",
        "Which countries signed the fishing treaty of Tolm?",
    ],
)
def test_what_stands_alone_needs_nothing(reader: Reader, message: str) -> None:
    assert rewritten(message, HISTORY, reader.edits).need < NEEDED
