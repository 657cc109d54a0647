"""A text that is to be checked: its sentences, and which of them state anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.documents import Document
from index.split import sentence_spans, split
from rag.english.facts import content_words
from rag.english.mentions import mentions

LEAST_WORDS = 2
"""Content words from which a sentence may state something that sources can bear out."""

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a draft.

    `text` is what is checked: the sentence's own words, with the name that "it" or "he" stands for
    in its place where that is plain. `states` is whether there is anything to check in it.
    """

    start: int
    end: int
    text: str
    states: bool


def statements(draft: Document) -> list[Statement]:
    """Return the sentences of a draft in its order, its headings among them."""
    headings = {(each.start, each.end) for each in draft.headings}
    places = [place for passage in split(draft) for place in passage.sentences]
    found: list[Statement] = []
    before = ""
    for start, end in sorted({*headings, *_sentences(draft, places)}):
        own = " ".join(draft.text[start:end].split())
        states = (start, end) not in headings and _states(own)
        text = with_name(own, before) if states else own
        found.append(Statement(start, end, text, states))
        before = text if states else ""
    return found


def _sentences(draft: Document, places: list[Place]) -> Iterator[Place]:
    """Yield sentences; a line of bare text that no passage holds is one as well."""
    if places:
        yield from places
    elif draft.text.strip() and not draft.headings:
        yield from sentence_spans(draft.text, 0, len(draft.text))


_OPINION = re.compile(
    r"\b(?:I|we) (?:think|believe|feel|hope|suggest|recommend|suppose|guess|doubt|wish)\b"
    r"|\bin my (?:view|opinion)\b|\bto my mind\b|\bhopefully\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:dear|hi|hello|thanks|thank you|(?:kind|best|warm) regards|yours|sincerely|cheers"
    r"|good (?:morning|afternoon|evening)|please|see you)\b",
    re.IGNORECASE,
)


def _states(sentence: str) -> bool:
    """Whether a sentence states something: no question, greeting, request or opinion does."""
    return (
        not sentence.endswith("?")
        and not _GREETING.match(sentence)
        and not _OPINION.search(sentence)
        and len(content_words(sentence)) >= LEAST_WORDS
    )


_POINTS = re.compile(
    r"^(?P<possessive>his|her|its|their)\b(?= \w)|^(?:he|she|it|they)\b"
    r"|(?<=, )(?:he|she|it|they)\b",
    re.IGNORECASE,
)


def with_name(sentence: str, before: str) -> str:
    """Put the name that the sentence before begins with in the place of a pronoun that opens."""
    pronoun = _POINTS.match(sentence)
    named = [each for each in mentions(f"and {before}") if each.kind == "name"] if pronoun else []
    if pronoun is None or not named:
        return sentence
    first = named[0]
    name = f"and {before}"[first.start : first.end]
    name += "’s" if pronoun["possessive"] else ""
    return f"{name}{sentence[pronoun.end() :]}"
