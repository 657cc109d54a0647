"""Split a document into passages and sentences along the text's own structure.

A passage is a paragraph, a few short neighbours in one section, a part of a very long paragraph,
or one entry of a chronology. Headings are not passages: they are kept as the context of the
passages that follow. Nothing is copied: passages and sentences are spans. Text that cannot answer
anything is part of a passage, so that it can be found, but is not one of its sentences, so that it
is never quoted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise

from index.dated_entries import entry_date_length, entry_dates
from index.documents import Document, Heading, Passage, Span, stripped
from index.english import ENGLISH
from index.furniture.blocks import ENDS_SENTENCE, LIST_ITEM, cannot_answer
from index.language import in_its_language, language_of_text, may_be_foreign
from index.language.names import days_have_dots, month_names

MONTH_LETTERS = 20
"""The length of the longest month name."""

SPLITTER_VERSION = "4"
"""Part of a library's fingerprint: raise it with every change that moves the boundaries of passages
or changes their sentences."""

PASSAGE_TOKENS = 400
"""The longest passage. It fits the 512 tokens that the embedding model and the reranker read, with
room for a question, the heading and an error of `_tokens`."""

MERGE_TOKENS = 100
"""Short neighbours (lines of a dialogue, items of a list) are merged up to this size."""

SENTENCE_CHARACTERS = 1000
"""A longer "sentence" is a table, a log or a line without punctuation, and is split at a space."""

Offsets = tuple[int, int]


def split(document: Document) -> list[Passage]:
    """Split a document into passages, in text order.

    Passages do not overlap, and every letter and digit outside headings is in one. A passage's
    sentences are those that can answer, so it may have none. If nothing in the document can answer,
    all sentences are kept.
    """
    found = list(_blocks_with_context(document))
    passages = _passages(document, found)
    places = [(start, end) for start, end, _, _ in found]
    answers = [
        place for place, out in zip(places, cannot_answer(document, places), strict=True) if not out
    ]
    if not answers or len(answers) == len(places):
        return passages
    starts = [start for start, _ in answers]
    return [
        replace(
            passage,
            sentences=tuple(
                (start, end)
                for start, end in passage.sentences
                if (at := bisect_right(starts, start)) and end <= answers[at - 1][1]
            ),
        )
        for passage in passages
    ]


def in_its_languages(document: Document) -> Document:
    """Return a document with its language, and paragraphs in other languages, recorded.

    These languages decide how its sentences are split. If a user has set the language, paragraphs
    in the language detected for the whole text do not count as foreign.
    """
    document = in_its_language(document)
    places = blocks(document)
    foreign = _foreign(document, places)
    parts: list[tuple[int, int, str]] = []
    for at, code in foreign.items():
        start, end = places[at]
        if foreign.get(at - 1) == code:
            start, _, _ = parts.pop()
        parts.append((start, end, code))
    return replace(document, properties=replace(document.properties, other_parts=tuple(parts)))


def _foreign(document: Document, places: list[Offsets]) -> dict[int, str]:
    """Return the language codes, by index, of paragraphs surely not in the document's language."""
    asked = set(may_be_foreign(document, places))
    if not asked:
        return {}
    out = cannot_answer(document, places)
    own = (document.properties.written_in or ENGLISH, document.language)
    told = {
        at: language_of_text(document.text[place[0] : place[1]])
        for at, place in enumerate(places)
        if place in asked and not out[at]
    }
    return {at: code for at, code in told.items() if code and code not in own}


def blocks(document: Document) -> list[Offsets]:
    """Return the offsets of a document's paragraphs, or of lines that are paragraphs by themselves.

    Headings are not among them.
    """
    return [(start, end) for start, end, _, _ in _blocks_with_context(document)]


def split_whole(document: Document) -> list[Passage]:
    """Split a document into the same passages as `split`, but keep every sentence."""
    return _passages(document, list(_blocks_with_context(document)))


_Block = tuple[int, int, str | None, tuple[date, date] | None]


def _passages(document: Document, blocks: list[_Block]) -> list[Passage]:
    passages: list[Passage] = []
    for start, end, heading, dates in blocks:
        prefix = entry_date_length(document.text[start:end]) if dates else 0
        language = document.language_at(start)
        sentences = sentence_spans(document.text, start, end, prefix, language)
        for part in _pack(document.text, sentences):
            passage = Passage(
                Span(document.id, part[0][0], part[-1][1]), tuple(part), heading, dates
            )
            if passages and _mergeable(document.text, passages[-1], passage):
                passage = _merged(passages.pop(), passage)
            passages.append(passage)
    return passages


def sentence_spans(
    text: str, start: int, end: int, prefix: int = 0, language: str = ENGLISH
) -> list[Offsets]:
    """Return the sentences of `text[start:end]` as offsets into the text, without outer blanks.

    The first `prefix` characters (the date of a chronology's entry) stay with the first sentence.
    Sentences come from `sentencex`: of the splitters tried, only it keeps "Dec. 15" and "Gen. Mark"
    whole and is still fast enough.
    """
    import sentencex

    # A line break inside a paragraph comes from typesetting, not from the author.
    flat = text[start + prefix : end].replace("\n", " ")
    sentences: list[Offsets] = []
    for boundary in sentencex.get_sentence_boundaries(language, flat):
        first = start + prefix + boundary["start_index"]
        last = start + prefix + boundary["end_index"]
        if sentences and _goes_on(text, sentences[-1], first, language):
            first, _ = sentences.pop()
        sentences.append(stripped(text, first, last))
    if not prefix and len(sentences) > 1 and _SIGN.fullmatch(text, *sentences[0]):
        # "1.", the number of a list item.
        sentences = [(sentences[0][0], sentences[1][1]), *sentences[2:]]
    spans = [part for sentence in sentences for part in _short_enough(text, *sentence)]
    if prefix:
        spans = [(start, spans[0][1]), *spans[1:]] if spans else [(start, end)]
    return _with_letters(text, spans)


def _blocks_with_context(document: Document) -> Iterator[_Block]:
    """Yield each block with its heading and, for a chronology's entry, its dates.

    A run of dated entries that follows running text without a heading of its own does not belong
    to that text's section, so it gets no heading.
    """
    headings = {heading.start: heading for heading in document.headings}
    blocks = list(_blocks(document.text, headings))
    if not any(_heading_in(headings, *block) is None for block in blocks):
        headings = {}  # If there are only headings, treat them as the text.
    heading: str | None = None
    in_entries = under_heading = False
    for start, end in blocks:
        found = _heading_in(headings, start, end)
        if found is not None:
            heading = document.text[found : headings[found].end]
            in_entries, under_heading = False, True
            continue
        dates = entry_dates(document.text[start:end])
        if dates and not in_entries and not under_heading:
            heading = None
        in_entries, under_heading = dates is not None, False
        yield start, end, heading, dates


def _heading_in(headings: Mapping[int, Heading], start: int, end: int) -> int | None:
    return next((at for at in range(start, min(end, start + 8)) if at in headings), None)


_SIGN = re.compile(r"\W{0,2}\d{1,3}[.)]{1,2}")
_LINE = re.compile(r"[^\n\f]+")


def _blocks(text: str, headings: Mapping[int, Heading]) -> Iterator[Offsets]:
    """Yield headings, and paragraphs: lines between blank ones, joined where hard-wrapped."""
    chunk: list[Offsets] = []
    heading_end = 0
    for match in _LINE.finditer(text):
        line = stripped(text, *match.span())
        found = _heading_in(headings, *line)
        if found is not None:
            heading_end = headings[found].end
        in_heading = line[0] < heading_end
        blank_before = bool(chunk) and _blank_between(text, chunk[-1][1], line[0])
        if in_heading or blank_before or line[0] == line[1]:
            yield from _with_letters(text, _unwrapped(text, chunk))
            chunk = []
        if found is not None:
            yield line[0], max(line[1], heading_end)
        elif line[0] < line[1] and not in_heading:
            chunk.append(line)
    yield from _with_letters(text, _unwrapped(text, chunk))


def _blank_between(text: str, end: int, start: int) -> bool:
    gap = text[end:start]
    return gap.count("\n") > 1 or "\f" in gap


def _unwrapped(text: str, lines: list[Offsets]) -> list[Offsets]:
    """Join the lines of one chunk into paragraphs if they look hard-wrapped."""
    if not _looks_wrapped(text, lines):
        return lines
    blocks = [lines[0]]
    for start, end in lines[1:]:
        line = text[start:end]
        if LIST_ITEM.match(line) or entry_dates(line):
            blocks.append((start, end))
        else:
            blocks[-1] = (blocks[-1][0], end)
    return blocks


def _looks_wrapped(text: str, lines: list[Offsets]) -> bool:
    """Whether lines are hard-wrapped: of even length, and broken inside sentences."""
    if len(lines) < 2:
        return False
    widest = max(end - start for start, end in lines)
    if not 40 <= widest <= 130:
        return False
    inner = [
        (start, end)
        for (start, end), (after, stop) in pairwise(lines)
        if not LIST_ITEM.match(text[after:stop]) and not entry_dates(text[after:stop])
    ]
    if not inner:
        return False
    full = sum(end - start >= 0.7 * widest for start, end in inner)
    broken = sum(not ENDS_SENTENCE.search(text[start:end]) for start, end in inner)
    return full >= 0.6 * len(inner) and broken >= 0.5 * len(inner)


_DAY = re.compile(r"(?:^|\D)\d{1,2}\.$")
_NUMBER = re.compile(r"(?:^|[,(]\s*|(?<!\w)(?P<word>[^\W\d_]+)\s+)\d{1,2}\.$")
_INITIAL = re.compile(r"(?:^|[^\w.])[^\W\d_]\.$")


def _goes_on(text: str, before: Offsets, start: int, language: str) -> bool:
    """Whether a presumed sentence end is not one: “zum 72. Jahrestag”, “M. Dupont”.

    `sentencex` handles this for English. In languages that write days with a dot, other ordinal
    numbers have one too, and a sentence rarely ends with a number, except after a name: “Haus
    Nummer 15.” A month always continues the sentence, even then: “Mittwoch 15. Dezember”.
    """
    word = re.match(r"[^\W\d_]+", text[start : start + MONTH_LETTERS])
    if language == ENGLISH or word is None:
        return False
    if initial := _INITIAL.search(text, *before):
        return initial[0][-2].isupper()
    if _DAY.search(text, *before) and word[0].casefold() in month_names(language):
        return True
    number = _NUMBER.search(text, *before) if days_have_dots(language) else None
    return number is not None and (number["word"] is None or number["word"].islower())


def _with_letters(text: str, spans: list[Offsets]) -> list[Offsets]:
    """Leave out spans without a letter or digit: rules, rows of stars, table borders."""
    return [span for span in spans if any(c.isalnum() for c in text[span[0] : span[1]])]


def _short_enough(text: str, start: int, end: int) -> Iterator[Offsets]:
    while end - start > SENTENCE_CHARACTERS:
        cut = text.rfind(" ", start + SENTENCE_CHARACTERS // 2, start + SENTENCE_CHARACTERS)
        cut = cut if cut > 0 else start + SENTENCE_CHARACTERS
        yield stripped(text, start, cut)
        start = stripped(text, cut, end)[0]
    if start < end:
        yield start, end


def _tokens(text: str) -> float:
    """Estimate a text's length in tokens: four ASCII characters, or one other, per token."""
    ascii_characters = len(text.encode("ascii", "ignore"))
    return ascii_characters / 4 + len(text) - ascii_characters


def _pack(text: str, sentences: list[Offsets]) -> Iterator[list[Offsets]]:
    """Group a block's sentences into passages of up to PASSAGE_TOKENS."""
    part: list[Offsets] = []
    for sentence in sentences:
        if part and _tokens(text[part[0][0] : sentence[1]]) > PASSAGE_TOKENS:
            yield part
            part = []
        part.append(sentence)
    if part:
        yield part


def _mergeable(text: str, before: Passage, after: Passage) -> bool:
    return (
        before.dates is None
        and after.dates is None
        and before.heading == after.heading
        and not text[before.span.end : after.span.start].strip()
        and _tokens(text[before.span.start : after.span.end]) <= MERGE_TOKENS
    )


def _merged(before: Passage, after: Passage) -> Passage:
    span = Span(before.span.document_id, before.span.start, after.span.end)
    return Passage(span, before.sentences + after.sentences, before.heading)
