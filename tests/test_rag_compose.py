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


def test_each_sentence_gets_its_footnotes_in_the_order_of_citing(reader: Reader) -> None:
    written = "The Rowan Bridge is 300 metres long. The Alder Bridge was opened in May 1931."
    made = compose(written, QUOTES, "What is known of the bridges?", [ALDER], reader)
    assert [sentence.citations for sentence in made.sentences] == [(1,), (2,)]
    assert made.citations == [ROWAN, ALDER]
    assert all(sentence.supported for sentence in made.sentences)


def test_the_same_quote_has_one_number(reader: Reader) -> None:
    written = "The Alder Bridge is 410 metres long. The Alder Bridge was opened in May 1931."
    made = compose(written, QUOTES, "What of it?", [ALDER], reader)
    assert [sentence.citations for sentence in made.sentences] == [(1,), (1,)]
    assert made.citations == [ALDER]


def test_a_sentence_that_fails_is_kept_aside_and_the_quote_stands_in_its_place(
    reader: Reader,
) -> None:
    written = "The Alder Bridge is 999 metres long."
    [failed, instead] = compose(written, QUOTES, "How long is it?", [ALDER], reader).sentences
    assert (failed.supported, failed.citations) == (False, ())
    assert (instead.supported, instead.citations) == (True, (1,))
    assert instead.text == f"“{ALDER.text}”"


def test_a_sentence_that_lost_a_part_of_the_answer_gives_way_to_the_quote(reader: Reader) -> None:
    lost = "The Alder Bridge was opened in May."
    [failed, added] = compose(
        lost, QUOTES, "When was the Alder Bridge opened?", [marked(ALDER, "May 1931")], reader
    ).sentences
    assert not failed.supported
    assert added.text == f"“{ALDER.text}”"
    whole = compose(
        "The Alder Bridge was opened in May 1931.",
        QUOTES,
        "When was the Alder Bridge opened?",
        [marked(ALDER, "May 1931")],
        reader,
    )
    assert len(whole.sentences) == 1


def test_what_a_further_quote_answers_is_not_lost(reader: Reader) -> None:
    chosen = [marked(ALDER, "410 metres"), marked(ROWAN, "300 metres")]
    one = "The Alder Bridge is 410 metres long."
    made = compose(one, QUOTES, "How long are the bridges?", chosen, reader)
    assert [sentence.text for sentence in made.sentences] == [one, f"“{ROWAN.text}”"]
    both = f"{one} The Rowan Bridge is 300 metres long."
    assert len(compose(both, QUOTES, "How long are the bridges?", chosen, reader).sentences) == 2


def test_what_says_less_than_the_quote_that_is_added_gives_way_to_it(reader: Reader) -> None:
    chosen = [marked(ALDER, "The Alder Bridge"), marked(ROWAN, "300 metres")]
    written = "It is 410 metres long. The Rowan Bridge is 300 metres long."
    made = compose(written, QUOTES, "Which bridges are there, and how long?", chosen, reader)
    assert [sentence.text for sentence in made.sentences] == [
        f"“{ALDER.text}”",
        "The Rowan Bridge is 300 metres long.",
    ]
    assert [sentence.citations for sentence in made.sentences] == [(1,), (2,)]


def test_nothing_written_gives_the_best_quote(reader: Reader) -> None:
    made = compose("", QUOTES, "How long is it?", [HOLM], reader)
    assert [sentence.text for sentence in made.sentences] == [
        "“Mayor Lise Holm called it “a promise kept”.”"
    ]


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


def test_a_sentence_in_which_other_words_answer_gives_way_to_its_quote(reader: Reader) -> None:
    question = "How long is the Alder Bridge?"
    written = "The Alder Bridge, which is as long as the Rowan Bridge, is 300 metres long."
    chosen = [marked(ALDER, "410 metres")]
    made = compose(written, QUOTES, question, chosen, reader)
    assert not made.sentences[0].supported
    assert made.sentences[1].text == f"“{ALDER.text}”"
    told = compose("The Alder Bridge is 410 metres long.", QUOTES, question, chosen, reader)
    assert [each.supported for each in told.sentences] == [True]


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


def test_yes_and_no_are_left_out_where_the_rest_is_proven_without_them(reader: Reader) -> None:
    asked = "Is the Alder Bridge 300 metres long?"
    for particle in ("No", "Yes"):
        made = compose(
            f"{particle}, the Alder Bridge is 410 metres long.", QUOTES, asked, [ALDER], reader
        )
        assert [each.text for each in made.sentences] == ["The Alder Bridge is 410 metres long."]
    twice = "No, the Alder Bridge is 410 metres long. The Alder Bridge is 410 metres long."
    [made] = compose(twice, QUOTES, asked, [ALDER], reader).sentences
    assert made.text == "The Alder Bridge is 410 metres long."
    false = "No, the Alder Bridge is 999 metres long."
    [failed, instead] = compose(false, QUOTES, asked, [ALDER], reader).sentences
    assert (failed.text, failed.supported) == (false, False)
    assert instead.text == f"“{ALDER.text}”"


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


@pytest.mark.parametrize(
    ("written", "is_proven"),
    [
        ("The bridge has a length of 410 metres.", True),
        ("The Alder Bridge was made public in May 1931.", False),
    ],
)
def test_a_question_lends_a_sentence_one_word(
    reader: Reader, written: str, is_proven: bool
) -> None:
    question = "What is the length of the bridge, and when was it made public?"
    made = compose(written, QUOTES, question, [ALDER], reader)
    assert made.sentences[0].supported is is_proven
    assert made.citations == [ALDER]


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


def test_a_name_may_stand_in_the_title_and_a_capital_may_open_the_question() -> None:
    assert only_asked("The Bridges are in Tolm.", [ALDER], "Where?") == ["Tolm"]
    assert only_asked("Bridges are long.", [ALDER], "How long are Bridges?") == []
    assert only_asked("Prior to 1931 there was none.", [ALDER], "Prior to 1931, what was?") == []
    assert only_asked("It opened in 1932.", [ALDER], "What opened in 1932?") == ["1932"]
    either = "Which is longer, the Alder or the Sund Bridge?"
    assert only_asked("The Alder Bridge is longer than the Sund Bridge.", [ALDER], either) == []
