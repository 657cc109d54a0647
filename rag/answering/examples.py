"""Example questions, made from what the documents contain: one for each way of asking."""

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
"""How many words a heading has that a question can be made of: one word is a label, nine are a
sentence."""

LOOKED_AT = 5
"""How many documents the questions are made from, the newest first."""

SAYS = 2
"""The fewest sentences under a heading for a question about what it says."""

NAMED = 5
"""How often a document must name something for a question about it."""


def candidates(
    library: Library, ids: Sequence[str], *, names: bool = True, language: str = ENGLISH
) -> Iterator[str]:
    """Yield questions in a language about documents, given by their ids, the newest first.

    They ask what the documents are about, what happened in the month with the most entries, about
    the name that each document has most often, and what its sections say. Without `names`, no text
    is searched for names. In languages other than English, only the first question is known to be
    understood.
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
