"""Sentences, footnotes and marks: what is put together from the LLM's words and the quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from index.documents import Document
from rag.answerability.reader import Reader
from rag.asking.query import Query
from rag.quote import Quote
from rag.verifying import compose as composing
from rag.verifying.compose import (
    Composition,
    only_asked,
    quoted,
    right_particle,
    says_the_same,
    without_particle,
)

pytestmark = pytest.mark.weights

TEXT = (
    "The Alder Bridge, opened in May 1931, is 410 metres long. Mayor Lise Holm called it “a "
    "promise\nkept”. The Rowan Bridge is 300 metres long."
)
DOCUMENT = Document.of(TEXT, title="Bridges", source="/bridges.txt")


def quote(words: str, score: float = 5.0) -> Quote:
    start = TEXT.index(words)
    return Quote(DOCUMENT, start, start + len(words), score)


ALDER = quote("The Alder Bridge, opened in May 1931, is 410 metres long.")
HOLM = quote("Mayor Lise Holm called it “a promise\nkept”.", 4.0)
ROWAN = quote("The Rowan Bridge is 300 metres long.", -3.0)
QUOTES = (ALDER, HOLM, ROWAN)


def compose(
    written: str, quotes: Sequence[Quote], asked: str, chosen: Sequence[Quote], reader: Reader
) -> Composition:
    return composing.compose(written, quotes, Query.of(asked), chosen, reader)


def marked(quote: Quote, words: str) -> Quote:
    start = TEXT.index(words, quote.start)
    return replace(quote, marks=((start, start + len(words)),))


LONG = "The Alder Bridge is 410 metres long.", ALDER.text
OPENED = "The Alder Bridge was opened in May 1931.", ALDER.text
OTHER = "The Rowan Bridge is 300 metres long.", ROWAN.text
QUOTED = f"“{ALDER.text}”", ALDER.text
ASIDE = ("what was written is kept aside",)
AS_LONG = "The Alder Bridge, which is as long as the Rowan Bridge, is 300 metres long."
OF_HOLM = "“Mayor Lise Holm called it “a promise kept”.”", HOLM.text
LEND = "The bridge has a length of 410 metres.", ALDER.text
IN_MAY = [marked(ALDER, "May 1931")]
LENGTHS = [marked(ALDER, "410 metres"), marked(ROWAN, "300 metres")]
BRIDGES = [marked(ALDER, "The Alder Bridge"), LENGTHS[1]]
WHEN, HOW_LONG = "When was the Alder Bridge opened?", "How long is the Alder Bridge?"
WHETHER, OF_ALL = "Is the Alder Bridge 300 metres long?", "How long are the bridges?"
WHICH = "Which bridges are there, and how long?"
LENT = "What is the length of the bridge, and when was it made public?"


@pytest.mark.parametrize(
    ("asked", "chosen", "written", "told"),
    [
        ("What is known of the bridges?", [ALDER], f"{OTHER[0]} {OPENED[0]}", [OTHER, OPENED]),
        ("What of it?", [ALDER], f"{LONG[0]} {OPENED[0]}", [LONG, OPENED]),
        ("How long is it?", [ALDER], "The Alder Bridge is 999 metres long.", [ASIDE, QUOTED]),
        ("How long is it?", [HOLM], "", [OF_HOLM]),
        (WHEN, IN_MAY, "The Alder Bridge was opened in May.", [ASIDE, QUOTED]),
        (WHEN, IN_MAY, OPENED[0], [OPENED]),
        # What a further quote answers is not lost.
        (OF_ALL, LENGTHS, LONG[0], [LONG, (f"“{ROWAN.text}”", ROWAN.text)]),
        (OF_ALL, LENGTHS, f"{LONG[0]} {OTHER[0]}", [LONG, OTHER]),
        # What says less than the quote that is added gives way to it.
        (WHICH, BRIDGES, f"It is 410 metres long. {OTHER[0]}", [QUOTED, OTHER]),
        (HOW_LONG, LENGTHS[:1], AS_LONG, [ASIDE, QUOTED]),
        (HOW_LONG, LENGTHS[:1], LONG[0], [LONG]),
        # Yes and no are left out where the rest is proven without them.
        (WHETHER, [ALDER], f"No, t{LONG[0][1:]}", [LONG]),
        (WHETHER, [ALDER], f"Yes, t{LONG[0][1:]}", [LONG]),
        (WHETHER, [ALDER], f"No, t{LONG[0][1:]} {LONG[0]}", [LONG]),
        (WHETHER, [ALDER], "No, the Alder Bridge is 999 metres long.", [ASIDE, QUOTED]),
        # A question lends a sentence one word.
        (LENT, [ALDER], LEND[0], [LEND]),
        (LENT, [ALDER], "The Alder Bridge was made public in May 1931.", [ASIDE, QUOTED]),
    ],
)
def test_what_is_made_of_words_and_quotes(
    asked: str, chosen: list[Quote], written: str, told: list[tuple[object, ...]], reader: Reader
) -> None:
    """Each sentence cites in the order of citing; a quote takes the place of one that fails."""
    made = compose(written, QUOTES, asked, chosen, reader)
    numbers = [number for each in made.sentences for number in each.citations]
    assert [*dict.fromkeys(numbers)] == [*range(1, len(made.citations) + 1)]
    assert told == [
        (each.text, *(made.citations[number - 1].text for number in each.citations))
        if each.supported
        else (each.text == written and ASIDE)
        for each in made.sentences
    ]
    assert not any(each.citations for each in made.sentences if not each.supported)
    as_chosen = {each.text: each for each in (*QUOTES, *chosen)}
    assert made.citations == [as_chosen[each.text] for each in made.citations]


def test_an_answer_of_quotes_is_the_words_that_answer_and_their_quotes() -> None:
    made = quoted([marked(ALDER, "410 metres"), HOLM], sure=True)
    assert [each.text for each in made.sentences] == [
        f"410 metres: “{ALDER.text}”",
        "“Mayor Lise Holm called it “a promise kept”.”",
    ]
    assert [each.citations for each in made.sentences] == [(1,), (2,)]
    [sentence] = quoted([marked(ALDER, "410 metres")], sure=False).sentences
    assert sentence.text == f"“{ALDER.text}”"


def test_many_words_are_not_said_twice() -> None:
    text = "It may keep what is due for rent, damage, and cleaning if the flat is not clean."
    words = "damage, and cleaning if the flat is not clean"
    whole = Quote(Document.of(text, title="Lease", source="/lease.txt"), 0, len(text), 5.0)
    marks = ((text.index(words), text.index(words) + len(words)),)
    [sentence] = quoted([replace(whole, marks=marks)], sure=True).sentences
    assert sentence.text == f"“{text}”"


@pytest.mark.parametrize(
    ("said", "meant", "same"),
    [
        ("410 metres", "410 metres long", True),
        ("20 km", "about 20 km wide", True),
        ("about 20 km", "20 kilometers wide", True),
        ("on May 3, 1931", "May 3, a Sunday with rain", True),
        ("Oct. 18, 2021", "Oct. 18", True),
        ("May 1931", "June 1931", False),
        ("Karl Nye in 1931", "Lise Holm in 1931", False),
        ("410 metres", "the crew", False),
        ("", "Lise Holm", False),
        ("300 metres", "410 metres", False),
        ("in May 1931", "May 1931", True),
        ("Mayor Lise Holm", "Lise Holm", True),
        ("Karl Nye", "Lise Holm", False),
        ("a promise kept", "“a promise kept”", True),
        ("the crew", "a promise kept", False),
        ("", "410 metres", False),
        ("anything", "", True),
    ],
)
def test_whether_the_same_words_answer(said: str, meant: str, same: bool) -> None:
    assert says_the_same(said, meant) is same


def test_a_quote_outside_its_document_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="not a place"):
        Quote(DOCUMENT, 10, len(TEXT) + 1, 0.0)
    with pytest.raises(ValueError, match="not a place"):
        Quote(DOCUMENT, 10, 10, 0.0)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Yes, the bridge was not repaired in 1960.", "No, the bridge was not repaired in 1960."),
        ("Yes, it was repaired, but not painted.", "Yes, it was repaired, but not painted."),
        ("Yesterday it was not repaired.", "Yesterday it was not repaired."),
        ("No, it was not repaired.", "No, it was not repaired."),
    ],
)
def test_a_yes_that_is_taken_back_is_a_no(sentence: str, said: str) -> None:
    assert right_particle(sentence, "Was the bridge repaired in 1960?") == said


@pytest.mark.parametrize(
    ("sentence", "bare"),
    [
        ("No, nobody was hurt.", "Nobody was hurt."),
        ("yes, it was.", "It was."),
        ("No bridge was closed.", "No bridge was closed."),
        ("Yes.", "Yes."),
        ("Noon, they say, is early.", "Noon, they say, is early."),
        ("iPhones were sold.", "iPhones were sold."),
    ],
)
def test_a_particle_is_what_stands_before_a_sentence(sentence: str, bare: str) -> None:
    assert without_particle(sentence) == bare


def test_a_question_that_denies_is_left_alone() -> None:
    sentence = "Yes, it was not repaired."
    assert right_particle(sentence, "Was it not repaired?") == sentence


@pytest.mark.parametrize(
    ("written", "borne_out"),
    [
        ("The Alder Bridge is 410 metres long.", True),
        ("The Alder Bridge is 999 metres long.", False),
        ("It is 999 metres long. The Alder Bridge was opened in May 1931.", True),
        ("Yes.", True),
    ],
)
def test_whether_anything_that_was_written_is_borne_out(
    written: str, borne_out: bool, reader: Reader
) -> None:
    made = compose(written, QUOTES, "Is the Alder Bridge long?", [ALDER], reader)
    assert made.borne_out is borne_out


def test_a_name_that_only_the_question_has_fails_the_sentence(reader: Reader) -> None:
    question = "Who called the Sund Tunnel a promise kept?"
    written = "Mayor Lise Holm called the Sund Tunnel a promise kept."
    made = compose(written, QUOTES, question, [marked(HOLM, "Mayor Lise Holm")], reader)
    assert [each.supported for each in made.sentences] == [False, True]
    assert made.sentences[1].text == "“Mayor Lise Holm called it “a promise kept”.”"
    # It may be another name for the same, so this alone is no refusal.
    assert made.borne_out
    # What "it" stands for is named in the sentence before.
    asked = question.replace("Sund Tunnel", "Alder Bridge")
    made = compose(written.replace("Sund Tunnel", "Alder Bridge"), QUOTES, asked, [HOLM], reader)
    assert made.sentences[0].supported


PACT = (
    "On Sept. 15, Norland, Sundmark and Tolm unveiled a security pact under which Norland is to "
    "acquire eight nuclear submarines."
)
DEATHS = (
    "Seven workers lost their lives, four of them in a rockfall above the bridge in September 1889."
)


@pytest.mark.parametrize(
    ("text", "asked", "right", "wrong"),
    [
        (
            PACT,
            "how many submarines does Norland get and when are they delivered",
            "Norland gets eight nuclear submarines.",
            "They are delivered on Sept. 15.",
        ),
        (
            DEATHS,
            "how many people worked on it and how many of them died",
            "Seven workers lost their lives.",
            "Seven workers worked on it.",
        ),
    ],
)
def test_what_is_known_of_one_part_is_not_said_of_another(
    text: str, asked: str, right: str, wrong: str, reader: Reader
) -> None:
    document = Document.of(text, title="News", source="/news.txt")
    found = [Quote(document, 0, len(text), 5.0)]
    made = compose(f"{right} {wrong}", found, asked, found, reader)
    assert [(each.text, each.supported) for each in made.sentences[:2]] == [
        (right, True),
        (wrong, False),
    ]


def test_a_name_may_stand_in_the_title_and_a_capital_may_open_the_question() -> None:
    assert only_asked("The Bridges are in Tolm.", [ALDER], "Where?") == ["Tolm"]
    assert only_asked("Bridges are long.", [ALDER], "How long are Bridges?") == []
    assert only_asked("Prior to 1931 there was none.", [ALDER], "Prior to 1931, what was?") == []
    assert only_asked("It opened in 1932.", [ALDER], "What opened in 1932?") == ["1932"]
    either = "Which is longer, the Alder or the Sund Bridge?"
    assert only_asked("The Alder Bridge is longer.", [ALDER], either) == []
    assert only_asked("The Alder Bridge is longer than the Sund Bridge.", [ALDER], either) == [
        "Sund"
    ]
