"""Cutting text: what holds for any text, and what a reader would expect of real ones."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.dated_entries import entry_date_length, entry_dates
from index.documents import Document, Heading, Passage
from index.loading.load import load_bytes
from index.split import (
    MERGE_TOKENS,
    PASSAGE_TOKENS,
    SENTENCE_CHARACTERS,
    sentence_spans,
    split,
    split_whole,
)

WRAPPED = (
    "The harbor master counted the boats every evening from the end of the\n"
    "long pier, and wrote their names into a book that nobody else had ever\n"
    "been allowed to open. When he retired, the book was found to be empty.\n"
)


ABBREVIATED = tuple("Jan. Feb. Mar. Apr. Aug. Sept. Oct. Nov. Dec. Gen. No. vs.".split())


def of(text: str, headings: tuple[Heading, ...] = ()) -> Document:
    return Document.of(text, title="t", source="/t.txt", headings=headings)


def markdown(text: str) -> Document:
    return load_bytes(text.encode(), "t.md")


def words(document: Document, passage: Passage) -> str:
    return document.text[passage.span.start : passage.span.end]


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, 0, len(text))]


# --- what holds for any text

MARKS = ("\n", "\n\n", "\f", " \n \n", "- ", "* ", "1. ", "***\n", "👩‍👩‍👧‍👦🇨🇳 ")
SAID = (
    *("Sept. 21-Oct. 4, 2021: The talks go on. ", "Feb. 31, 2021: ", "2021-09-03: "),
    *("Gen. Mark came on Dec. 15. It rained. ", "条约于1991年签署。双方表示满意。"),
    *("Встреча прошла 15 декабря. Стороны довольны. ", WRAPPED),
)
PIECES = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="ab. \n\f\r\t中文。йц😀\u0301\u2028\x85", max_size=80),
    st.sampled_from([*MARKS, *SAID, "word " * 300, "无" * 1500, "x" * 2500]),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any text, some of whose lines are headings."""
    text = draw(TEXTS)
    headings = []
    start = 0
    for line in text.split("\n"):
        bare = line.strip().strip("\f").strip()
        if bare and len(bare) < 200 and draw(st.integers(0, 3)) == 0:
            first = start + line.index(bare)
            headings.append(Heading(first, first + len(bare), draw(st.integers(1, 6))))
        start += len(line) + 1
    return of(text, tuple(headings))


@settings(max_examples=100, deadline=None)
@given(documents())
def test_any_text_is_cut_whole_and_in_order(document: Document) -> None:
    passages = split_whole(document)
    text = document.text
    spans = [(p.span.start, p.span.end) for p in passages]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    for passage in passages:
        inner = passage.sentences
        assert inner[0][0] == passage.span.start
        assert inner[-1][1] == passage.span.end
        assert all(end <= start for (_, end), (start, _) in pairwise(inner))
        for start, end in inner:
            sentence = text[start:end]
            assert sentence
            assert sentence == sentence.strip()
            assert any(character.isalnum() for character in sentence)
    covered = {at for start, end in spans for at in range(start, end)}
    covered |= {at for each in document.headings for at in range(each.start, each.end)}
    lost = [text[at] for at in range(len(text)) if text[at].isalnum() and at not in covered]
    assert not lost
    in_sentences = {at for p in passages for start, end in p.sentences for at in range(start, end)}
    assert all(
        at in in_sentences for start, end in spans for at in range(start, end) if text[at].isalnum()
    )
    answering = split(document)
    assert answering == split(document)
    assert [each.span for each in answering] == [each.span for each in passages]
    for some, every in zip(answering, passages, strict=True):
        left = [each for each in every.sentences if each in some.sentences]
        assert tuple(left) == some.sentences
        assert some.sentences or not some.dates
    assert any(each.sentences for each in answering) == bool(passages)


@settings(max_examples=50, deadline=None)
@given(TEXTS)
@example("x" * 5000)
@example("wort " * 5000)
@example("0. " + "word " * 199 + "word.")  # A number joins the sentence behind it.
def test_no_sentence_is_endless_and_no_passage_of_several_too_long(text: str) -> None:
    for passage in split(of(text)):
        dated = entry_date_length(words(of(text), passage)) if passage.dates else 0
        for start, end in passage.sentences:
            assert end - start <= SENTENCE_CHARACTERS + dated
        if len(passage.sentences) > 1 and words(of(text), passage).isascii():
            assert passage.span.end - passage.span.start <= 4 * PASSAGE_TOKENS


def test_a_line_of_a_hundred_thousand_characters_without_blanks() -> None:
    document = of("a" * 100_000)
    passages = split(document)
    assert "".join(words(document, each) for each in passages) == document.text
    assert max(each.span.end - each.span.start for each in passages) <= 4 * PASSAGE_TOKENS


# --- sentences


@pytest.mark.parametrize(
    "text",
    [
        "The ferry left on Dec. 15 and came back on Jan. 3.|Nobody saw it.",
        "On Oct. 4, Feb. 2, Aug. 9, Sept. 7, Nov. 1, Apr. 6 and Mar. 8 it snowed.|Then it stopped.",
        "They dined with Gen. Mark Stone and Adm. Hill at noon.|Both smiled.",
        "Gov. Smith, Sen. Doe, Rep. Poe, Col. Roe, Capt. Coe and Maj. Joe sat down.|All ate.",
        "Dr. Brown and Mr. Green asked Prof. Lee and Lt. Gen. Roy.|Neither knew.",
        "The U.S. bakers and the U.K. cooks agreed.|It rained.",
        "The recipe came from the U.S.|It was a secret.",
        "See rule No. 5 of the club.|It is short.",
        "It was cats vs. dogs that day.|The dogs won.",
        "They met at 5 p.m. on Friday.|It cost $1.5 million, i.e. a lot.",
        "“Is it so?” he asked.|“Yes.”|She left.",
        "Так решили 15 декабря.|Все довольны.",
        "面包师今天没有来。|大家都很失望。",
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str) -> None:
    parts = text.split("|")
    joined = ("" if parts[0].endswith("。") else " ").join(parts)
    assert sentences(joined) == parts


_END = WRAPPED.index(" When")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WRAPPED, [WRAPPED[:_END], WRAPPED[_END:].strip()]),  # Over the ends of its lines.
        ("A page without a stop\fAnother page.", ["A page without a stop", "Another page."]),
        (
            "1. Fill in form 7. It lies at the office.\n2. Pay 80 crowns.\n",
            ["1. Fill in form 7.", "It lies at the office.", "2. Pay 80 crowns."],
        ),
    ],
)
def test_the_sentences_of_one_passage(text: str, told: list[str]) -> None:
    [passage] = split(of(text))
    assert [text[start:end] for start, end in passage.sentences] == told


# --- entries of a chronology

ENTRIES = {
    ("2021-09-03", "2021-09-03"): (
        *("Sept. 3, 2021:", "September 3, 2021:", "Sept 3 2021:", "3 September 2021:"),
        *("2021-09-03:", "Sept. 3, 2021 –", "**Sept. 3, 2021:**", "- Sept. 3, 2021:"),
        "* _3 September 2021_ –",
    ),
    ("2021-05-03", "2021-05-03"): ("May 3, 2021:",),
    ("2020-02-29", "2020-02-29"): ("Feb. 29, 2020:",),
    ("2021-10-14", "2021-10-17"): ("Oct. 14-17, 2021:", "Oct. 14–17, 2021:"),
    ("2021-09-21", "2021-10-04"): ("Sept. 21-Oct. 4, 2021:", "**Sept. 21-Oct. 4, 2021**:"),
    ("2021-12-30", "2022-01-02"): ("Dec. 30, 2021-Jan. 2, 2022:",),
    ("2021-09-03", "2021-09-05"): ("3-5 September 2021:", "2021-09-03/2021-09-05:"),
    ("2021-08-30", "2021-09-02"): ("30 Aug-2 Sept 2021:",),
    ("2021-12-28", "2022-01-03"): ("28 December 2021 – 3 January 2022:",),
    ("2021-12-31", "2022-01-02"): ("2021-12-31 to 2022-01-02:",),
}
"""How entries begin, by their first and last day."""


@pytest.mark.parametrize(
    ("days", "prefix"), [(days, prefix) for days in ENTRIES for prefix in ENTRIES[days]]
)
def test_a_dated_entry_has_its_first_and_last_day(days: tuple[str, str], prefix: str) -> None:
    entry = f"{prefix} The bakers meet. They agree on rye."
    dates = tuple(date.fromisoformat(day) for day in days)
    assert entry_dates(entry) == dates
    assert entry[: entry_date_length(entry)] == prefix + " "
    document = of(f"Something else.\n{entry}\nSept. 9, 2022: They part.")
    passage = split(document)[1]
    assert words(document, passage) == entry
    assert passage.dates == dates
    found = [document.text[start:end] for start, end in passage.sentences]
    assert found == [f"{prefix} The bakers meet.", "They agree on rye."]


@pytest.mark.parametrize(
    "text",
    [
        "Feb. 31, 2021: A day that never was.",
        "Feb. 29, 2021: No leap year.",
        "2021-13-01: No such month.",
        "Oct. 17-14, 2021: Backwards.",
        "Sept. 3, 0000: No such year.",
        "Sept. 3, 2021 was a Friday.",
        "On Sept. 3, 2021: so it was written.",
        "Mayor 3, 2021: Not a month.",
        "Sept. 3: No year.",
    ],
)
def test_what_only_looks_like_a_dated_entry_is_text(text: str) -> None:
    assert entry_dates(text) is None
    document = of(text)
    assert [(words(document, each), each.dates) for each in split(document)] == [(text, None)]


def test_entries_stay_apart_though_they_are_short_and_together_though_they_are_wrapped() -> None:
    entries = [
        *("Sept. 3, 2021: One.", "Sept. 4, 2021: Two.", "Sept. 4, 2021: Three."),
        "Sept. 3, 2021: The harbor master counted the boats every evening from\n"
        "the end of the long pier, and wrote down their names.",
        "Sept. 21-Oct. 4, 2021: He was away, and nobody counted any boats from\nthe pier.",
    ]
    document = of("\n".join(entries) + "\n")
    passages = split(document)
    assert [words(document, each) for each in passages] == entries
    last = [each.dates and each.dates[1].isoformat() for each in passages]
    assert last == ["2021-09-03", "2021-09-04", "2021-09-04", "2021-09-03", "2021-10-04"]


# --- paragraphs and headings


def test_wrapped_lines_are_one_paragraph_and_unwrapped_lines_are_one_each() -> None:
    long = "This paragraph stands on one line and says several things. " * 8
    wrapped = of(WRAPPED + "\n" + WRAPPED.replace("harbor", "station"))
    assert [len(each.sentences) for each in split(wrapped)] == [2, 2]
    lines = of("\n".join(long.strip() for _ in range(3)))
    assert [words(lines, each) for each in split(lines)] == [long.strip()] * 3


def test_short_neighbours_of_one_section_are_merged_up_to_a_size() -> None:
    items = [f"- item number {number} of the long list" for number in range(40)]
    document = of("\n".join(items))
    passages = split(document)
    assert 1 < len(passages) < 10
    for passage in passages:
        assert passage.span.end - passage.span.start <= 4 * MERGE_TOKENS
        assert len(passage.sentences) == words(document, passage).count("\n") + 1
    assert sum(len(each.sentences) for each in passages) == len(items)


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        (  # Nothing is merged over a heading.
            "# One\n\nFirst.\n\n## Two\nSecond.\n\n## Two\n\nThird.\n",
            {"First.": "One", "Second.": "Two", "Third.": "Two"},
        ),
        (  # An underlined heading of two lines is no passage.
            "A heading that is\nset on two lines\n===\n\nThe text.\n",
            {"The text.": "A heading that is\nset on two lines"},
        ),
        (
            "# Bread\n\nOn bread.\n\nSept. 3, 2021: One.\nSept. 4, 2021: Two.\n",
            {"On bread.": "Bread", "Sept. 3, 2021: One.": None, "Sept. 4, 2021: Two.": None},
        ),
        (  # A chronology has only a heading of its own.
            "# Bread\n\nOn bread.\n\n## Days\n\nSept. 3, 2021: One.\n\n# End\n\nBye.\n",
            {"On bread.": "Bread", "Sept. 3, 2021: One.": "Days", "Bye.": "End"},
        ),
    ],
)
def test_a_passage_stands_under_its_heading(text: str, passages: dict[str, str | None]) -> None:
    document = markdown(text)
    found = [(words(document, each), each.heading) for each in split(document)]
    assert found == list(passages.items())


def test_the_text_under_a_long_heading_is_not_taken_for_its_second_line() -> None:
    heading = "The harbor master who counted the boats every evening of his life"
    document = markdown(f"# {heading}\n{WRAPPED}\nMore.\n")
    [passage] = split(document)
    assert passage.heading == heading
    assert words(document, passage).startswith("The harbor master counted")


def test_a_text_of_headings_only_is_found_all_the_same() -> None:
    document = markdown("# Bread\n\n## Rye\n\n## Wheat\n")
    assert {words(document, each) for each in split(document)} == {"# Bread\n\n## Rye\n\n## Wheat"}


# --- the briefing


def test_the_briefing_is_cut_into_whole_sentences_and_a_chronology(briefing: Document) -> None:
    passages = split(briefing)
    ends = [briefing.text[:end] for each in passages for _, end in each.sentences]
    assert not [each[-40:] for each in ends if each.endswith(ABBREVIATED)]
    assert len(ends) >= 100
    entries = [each for each in passages if each.dates]
    assert len(entries) == 29
    assert {each.heading for each in entries} == {"Chronology"}
