"""Questions to begin with, made of what the documents hold: one for each way of asking."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from index.documents import Document
from index.library import Library
from rag.languages import mentions
from rag.languages.english_words import MONTHS

WORDS = range(2, 9)
"""Words of a heading that a question can be made of: one word is a label, nine are a sentence."""

LOOKED_AT = 5
"""Documents, the newest first, that the questions are made of."""

NAMED = 5
"""How often something is named in a document that a question is asked about it."""


def candidates(library: Library, ids: Sequence[str], *, names: bool = True) -> Iterator[str]:
    """Yield questions on documents, by their ids, the newest of them first.

    What they are about, what happened in the month with most entries, what they say of whom they
    name most, and what stands under their headings. Without `names` no text is read for them.
    """
    documents = [library.document(each) for each in reversed(ids[-LOOKED_AT:])]
    if documents:
        what = "is this document" if len(documents) == 1 else "are these documents"
        yield f"What {what} about?"
    yield from _of_months(library, documents)
    yield from _of_names(documents) if names else ()
    yield from _of_headings(documents)


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


def _of_headings(documents: list[Document]) -> Iterator[str]:
    for document in documents:
        for heading in document.headings:
            words = re.sub(r"\s+", " ", document.text[heading.start : heading.end]).strip("# .:")
            asks = words.endswith("?") or re.search(r"\d", words)
            if heading.level > 1 and len(words.split()) in WORDS and not asks:
                yield f"What does the section “{words}” say?"
