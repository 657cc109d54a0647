"""Questions to begin with: what it is about, and others of its dates and headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from index.documents import Document
from index.library import Library
from index.months import MONTHS

QUESTIONS = 3

WORDS = range(2, 9)
"""Words of a heading that a question can be made of: one word is a label, nine are a sentence."""

LOOKED_AT = 5
"""Documents, the newest first, that the questions are made of."""


def example_questions(library: Library) -> list[str]:
    """Return up to three questions: what it is about, on the month with most entries, on headings.

    Raises UserError when the library cannot be read.
    """
    documents = [library.document(entry.id) for entry in reversed(library.entries()[-LOOKED_AT:])]
    questions = [*_about(documents), *_months(library, documents), *_headings(documents)]
    return list(islice(dict.fromkeys(questions), QUESTIONS))


def _about(documents: list[Document]) -> Iterator[str]:
    """Yield the question that everybody has first."""
    if documents:
        what = "is this document" if len(documents) == 1 else "are these documents"
        yield f"What {what} about?"


def _months(library: Library, documents: list[Document]) -> Iterator[str]:
    """Yield a question on the month that most entries of the chronologies fall into."""
    months = Counter(
        (passage.dates[0].year, passage.dates[0].month)
        for document in documents
        for passage in library.passages(document.id)
        if passage.dates
    )
    for (year, month), _ in months.most_common(1):
        yield f"What happened in {MONTHS[month - 1]} {year}?"


def _headings(documents: list[Document]) -> Iterator[str]:
    """Yield questions on the headings below the title, in turns over the documents."""
    for document in documents:
        for heading in document.headings:
            words = re.sub(r"\s+", " ", document.text[heading.start : heading.end]).strip("# .:")
            if heading.level > 1 and len(words.split()) in WORDS and not _asks(words):
                yield f"What does the section “{words}” say?"


def _asks(words: str) -> bool:
    return words.endswith("?") or any(sign.isdigit() for sign in words)
