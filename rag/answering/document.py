"""Answering what a document itself is asked: who wrote it, when, how long it is.

What the text says is quoted. What only the file says of itself, in its properties, is told as such,
and so is what was counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from index.documents import Document
from index.printable import title_line
from rag.answer import Event
from rag.answering.context import Context, Listing
from rag.answering.front.front_matter import MATTERS, front_matter
from rag.asking.query import Query
from rag.asking.subject import in_words, spoken_of
from rag.languages.english_dates import days_in_words
from rag.languages.english_words import counted
from rag.quote import Quote

CALLED = {
    "author": "its author",
    "affiliation": "where its authors work",
    "title": "its title",
    "date": "its date",
    "publisher": "who published it",
    "sections": "its sections",
    "language": "its language",
    "abstract": "its abstract",
}
"""What may be missing in a document. Its length is counted, and where it is from is known."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer for the documents that are spoken of, or for all: at most as many as an answer lists.

    What stands nowhere is said to be missing.
    """
    titles = context.titles
    asked = spoken_of(query, titles) or titles
    quotes: list[Quote] = []
    remarks: list[str] = []
    missing: list[str] = []
    left = 0
    for title in asked[: context.limit]:
        document = context.library.document(title.id)
        for matter in query.route.matters:
            places = _places(document, matter)
            left += len(places[context.limit :])
            said_there = [Quote(document, *place, 0.0) for place in places[: context.limit]]
            quotes += context.reranker.scored(query.text, said_there)
            if said := None if places else _property(document, matter):
                remarks.append(said)
            elif not places:
                name = title_line(document.name)
                missing.append(f"Neither the text of {name} nor its file says {CALLED[matter]}.")
    notes = [] if quotes or remarks else missing
    remarks += missing if quotes or remarks else []
    notes += [f"{counted(left, 'further place')} left out for length."] if left else []
    if others := len(asked[context.limit :]):
        notes.append(f"{counted(others, 'further document')} left out: ask for one by its name.")
    yield from context.listed(
        query, Listing(tuple(quotes), " ".join(notes) or None, tuple(remarks))
    )


def _places(document: Document, matter: str) -> list[tuple[int, int]]:
    """Return where the text itself says it."""
    if matter == "sections":
        title = in_words(document.title)
        headings = [(each.start, each.end) for each in document.headings]
        return [at for at in headings if in_words(document.text[slice(*at)]) != title]
    return front_matter(document, matter) if matter in MATTERS else []


def _property(document: Document, matter: str) -> str | None:
    """Return what the file says of itself, or what was counted; None where neither helps."""
    name, known = title_line(document.name), document.properties
    if matter == "length":
        words = len(re.findall(r"\w+(?:['’]\w+)*", document.text))
        counts = {
            "word": words,
            "heading": len(document.headings),
            document.page_kind: len(document.pages),
        }
        parts = [counted(number, what) for what, number in counts.items() if number]
        return f"As counted, {name} has {', '.join(parts)}."
    if matter == "source":
        at = document.source if "://" in document.source else f"the file {name}"
        return f"It was read from {title_line(at)}."
    said = {
        "author": known.author and f"the author is {known.author}",
        "title": f"the title is “{title_line(document.title)}”",
        "date": known.published
        and f"it is of {days_in_words(date.fromisoformat(known.published))}",
        "publisher": known.publisher and f"the publisher is {known.publisher}",
        "language": known.language and f"the language is “{known.language}”",
    }.get(matter)
    return f"By the properties of {name}, {said}." if said else None
