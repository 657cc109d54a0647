"""Sentences, footnotes and marks: what is put together from the LLM's words and the quotes."""

from __future__ import annotations

import pytest

from index.documents import Document
from rag.answer import Quote
from rag.compose import compose, mark, only_asked, place_of, quoted, right_particle
from rag.gate import Reading
from rag.llm import Copied

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


def reading(quote: Quote, words: str | None = None) -> Reading:
    return Reading(quote, Copied(words, 0.1), kind=True)


def test_each_sentence_gets_its_footnotes_in_the_order_of_citing() -> None:
    written = "The Rowan Bridge is 300 metres long. The Alder Bridge was opened in May 1931."
    made = compose(written, QUOTES, "What is known of the bridges?", [reading(ALDER)])
    assert [sentence.citations for sentence in made.sentences] == [(1,), (2,)]
    assert made.citations == [ROWAN, ALDER]
    assert all(sentence.supported for sentence in made.sentences)


def test_the_same_quote_has_one_number() -> None:
    written = "The Alder Bridge is 410 metres long. The Alder Bridge was opened in May 1931."
    made = compose(written, QUOTES, "What of it?", [reading(ALDER)])
    assert [sentence.citations for sentence in made.sentences] == [(1,), (1,)]
    assert made.citations == [ALDER]


def test_a_sentence_that_fails_is_kept_aside_and_the_quote_stands_in_its_place() -> None:
    written = "The Alder Bridge is 999 metres long."
    [failed, instead] = compose(written, QUOTES, "How long is it?", [reading(ALDER)]).sentences
    assert (failed.supported, failed.citations) == (False, ())
    assert (instead.supported, instead.citations) == (True, (1,))
    assert instead.text == f"“{ALDER.text}”"


def test_a_sentence_that_lost_the_copied_fact_is_followed_by_the_quote() -> None:
    lost = "The Alder Bridge was opened in May."
    [kept, added] = compose(lost, QUOTES, "When?", [reading(ALDER, "May 1931")]).sentences
    assert kept.supported
    assert added.text == f"“{ALDER.text}”"
    whole = compose(
        "The Alder Bridge was opened in May 1931.", QUOTES, "When?", [reading(ALDER, "May 1931")]
    )
    assert len(whole.sentences) == 1


def test_what_a_further_quote_answers_is_not_lost() -> None:
    chosen = [reading(ALDER, "410 metres"), reading(ROWAN, "300 metres")]
    one = "The Alder Bridge is 410 metres long."
    made = compose(one, QUOTES, "How long are the bridges?", chosen)
    assert [sentence.text for sentence in made.sentences] == [one, f"“{ROWAN.text}”"]
    both = f"{one} The Rowan Bridge is 300 metres long."
    assert len(compose(both, QUOTES, "How long are the bridges?", chosen).sentences) == 2


def test_nothing_written_gives_the_best_quote() -> None:
    made = compose("", QUOTES, "How long is it?", [reading(HOLM)])
    assert [sentence.text for sentence in made.sentences] == [
        "“Mayor Lise Holm called it “a promise kept”.”"
    ]


def test_an_answer_of_quotes_takes_those_near_the_best() -> None:
    assert quoted(QUOTES).citations == [ALDER, HOLM]


def test_marks_are_offsets_into_the_document() -> None:
    [(start, end)] = mark(HOLM, "A promise kept").marks
    assert TEXT[start:end] == "a promise\nkept"


@pytest.mark.parametrize("words", ["promises kept", "mise kept", "", "…", "410 metres wide"])
def test_words_that_are_not_there_are_not_marked(words: str) -> None:
    assert mark(HOLM, words).marks == ()


def test_whole_words_only() -> None:
    assert place_of("41", "It is 410 metres.") is None
    assert place_of("410", "It is 410 metres.") == (6, 9)
    assert place_of("津轻海峡", "the strait (津轻海峡) is") == (12, 16)


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
def test_whether_anything_that_was_written_is_borne_out(written: str, borne_out: bool) -> None:
    made = compose(written, QUOTES, "Is the Alder Bridge long?", [reading(ALDER)])
    assert made.borne_out is borne_out


def test_a_name_that_only_the_question_has_fails_the_sentence() -> None:
    question = "Who called the Sund Tunnel a promise kept?"
    written = "Mayor Lise Holm called the Sund Tunnel a promise kept."
    made = compose(written, QUOTES, question, [reading(HOLM, "Mayor Lise Holm")])
    assert [each.supported for each in made.sentences] == [False, True]
    assert made.sentences[1].text == "“Mayor Lise Holm called it “a promise kept”.”"
    # It may be another name for the same, so this alone is no refusal.
    assert made.borne_out
    # What "it" stands for is named in the sentence before.
    asked = question.replace("Sund Tunnel", "Alder Bridge")
    made = compose(written.replace("Sund Tunnel", "Alder Bridge"), QUOTES, asked, [reading(HOLM)])
    assert made.sentences[0].supported


def test_a_name_may_stand_in_the_title_and_a_capital_may_open_the_question() -> None:
    assert only_asked("The Bridges are in Tolm.", [ALDER], "Where?") == ["Tolm"]
    assert only_asked("Bridges are long.", [ALDER], "How long are Bridges?") == []
    assert only_asked("Prior to 1931 there was none.", [ALDER], "Prior to 1931, what was?") == []
    either = "Which is longer, the Alder or the Sund Bridge?"
    assert only_asked("The Alder Bridge is longer than the Sund Bridge.", [ALDER], either) == []
