"""Questions to begin with, made of what the documents hold: one for each way of asking."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from index.documents import Document
from index.language import ENGLISH
from index.language.words import pieces
from index.library import Library
from rag.answering.front.front_matter import front_matter
from rag.asking.subject import in_words
from rag.languages import mentions
from rag.languages.english_words import MONTHS
from rag.languages.phrases import say

WORDS = range(2, 9)
"""Words of a heading that a question can be made of: one word is a label, nine are a sentence."""

LOOKED_AT = 5
"""Documents, the newest first, that the questions are made of."""

SAYS = 2
"""Sentences under a heading that a question is asked of what it says."""

NAMED = 5
"""How often something is named in a document that a question is asked about it."""


def candidates(
    library: Library, ids: Sequence[str], *, names: bool = True, language: str = ENGLISH
) -> Iterator[str]:
    """Yield questions on documents in a language, by their ids, the newest of them first.

    What they are about, what happened in the month with most entries, what they say of whom they
    name most, and what stands under their headings. Without `names` no text is read for them.
    In other languages than English only the first is known to be understood.
    """
    documents = [library.document(each) for each in reversed(ids[-LOOKED_AT:])]
    if documents:
        yield say(language, "about_document" if len(documents) == 1 else "about_documents")
    if language != ENGLISH:
        return
    yield from _of_months(library, documents)
    yield from _of_names(documents) if names else ()
    for heading in _headings(library, documents):
        yield say(language, "says_section", heading=heading)


def _of_months(library: Library, documents: list[Document]) -> Iterator[str]:
    passages = (passage for document in documents for passage in library.passages(document.id))
    first_days = (passage.dates[0] for passage in passages if passage.dates)
    months = Counter((day.year, day.month) for day in first_days)
    for (year, month), _ in months.most_common(1):
        yield f"What happened in {MONTHS[month - 1]} {year}?"


def _of_names(documents: list[Document]) -> Iterator[str]:
    for document in documents:
        text = document.text
        found = (text[each.start : each.end] for each in mentions(text) if each.kind == "name")
        common = (name for name, count in Counter(found).most_common() if count >= NAMED)
        for name in common:
            if "\n" not in name:
                yield f"Tell me about {name}."
                break


def _headings(library: Library, documents: list[Document]) -> Iterator[str]:
    for document in documents:
        said = Counter[str]()
        for passage in library.passages(document.id):
            said[in_words(passage.heading or "")] += len(passage.sentences)
        front = [start for start, _ in front_matter(document, "author")]
        above = in_words(document.own_title)
        for heading in document.headings:
            text = document.text[heading.start : heading.end]
            words = re.sub(r"\s+", " ", text).strip("# .:")
            # The notes to a slide are headed by the words of the slide.
            repeats, above = bool(above) and above in in_words(words), in_words(words)
            asks = words.endswith("?") or re.search(r"\d", words)
            names = any(heading.start <= at < heading.end for at in front)
            says = said[in_words(text)] >= SAYS and not repeats and not names
            if says and len(pieces(words)) in WORDS and not asks:
                yield words
