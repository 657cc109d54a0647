"""Answering what a document itself is asked: who wrote it, when, how long it is.

What the text says is quoted. What only the file says of itself, in its properties, is told as such,
and so is what was counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from index.documents import Document
from index.library import Library
from index.printable import title_line
from rag.asking.about import Matter, asked_about_document
from rag.asking.scope import in_words
from rag.finding.rerank import Reranker
from rag.languages.english_words import MONTH, MONTHS, SHORT_MONTHS
from rag.listing.chronology import MAX_LISTED, Listing
from rag.quote import Quote

HEAD = 1500
"""Characters at the beginning of a text, among which who wrote it, and when, are looked for."""

LINE = 120
"""The longest line, in characters, that does nothing but name the author or the day."""

Place = tuple[int, int]


def list_about(
    question: str,
    library: Library,
    reranker: Reranker,
    without: Sequence[str] = (),
    limit: int = MAX_LISTED,
) -> Listing | None:
    """Return what is asked about the documents themselves, of at most `limit` of them.

    It is empty where nothing says it. None where the question is not about a document, or where its
    text may say it in a sentence: then it is answered like any other. Documents `without` are not
    looked at.
    """
    asked = asked_about_document(question)
    if asked is None:
        return None
    titles = library.titles(without)
    named = [each for each in titles if asked.scope.is_plainly_document(each)]
    if not named and not asked.scope.is_whole:
        return None
    documents = [library.document(each.id) for each in named or titles]
    quotes: list[Quote] = []
    told: list[str] = []
    left = 0
    for document in documents[:limit]:
        places = list(_places(document, asked.matter))
        places, left = places[:limit], left + len(places[limit:])
        texts = [document.text[start:end] for start, end in places]
        scores = reranker.score(question, texts)
        quotes += [Quote(document, *at, score) for at, score in zip(places, scores, strict=True)]
        if not places and (said := _told(document, asked.matter)):
            told.append(said)
    note = f"{left} further {asked.matter} left out for length." if left else None
    if not quotes and not told and _is_spoken_of(asked.matter, documents):
        return None
    return Listing(tuple(quotes), note, tuple(told))


def _is_spoken_of(matter: Matter, documents: Sequence[Document]) -> bool:
    """Whether a text may say it in a sentence: "This report was written by the ministry"."""
    words = (
        r"\b(?:authors?|written by|wrote th(?:is|e))\b"
        if matter == "author"
        else r"\b(?:publish(?:ed|es) (?:by|this)|publishers?|(?:was|is|first) published)\b"
    )
    return any(re.search(words, each.text, re.IGNORECASE) for each in documents)


def _places(document: Document, matter: Matter) -> Iterator[Place]:
    """Yield where the text says it."""
    known = document.properties
    if matter == "title":
        same = in_words(document.title)
        headings = [(each.start, each.end) for each in document.headings]
        yield from [at for at in headings if in_words(document.text[slice(*at)]) == same][:1]
    elif matter == "sections":
        title = in_words(document.title)
        for heading in document.headings:
            if in_words(document.text[heading.start : heading.end]) != title:
                yield heading.start, heading.end
    elif matter == "author":
        found = _BYLINE.search(document.text, 0, HEAD)
        place = found.span("name") if found else _found(document, [known.author or ""])
        yield from [place] if place else []
    elif matter == "published":
        line = _DATELINE.search(document.text, 0, HEAD)
        day = _found(document, _ways_to_write(known.published)) if known.published else None
        place = day or (line.span("day") if line else None)
        yield from [place] if place else []


_BYLINE = re.compile(
    rf"^(?=.{{,{LINE}}}$)[ \t*_]*(?i:written by|by|authors?:)[ \t]+"
    r"(?P<name>[^\W\d_a-z][^\n|]*?)[ \t*_.]*$",
    re.MULTILINE,
)
_DATELINE = re.compile(
    rf"^(?=.{{,{LINE}}}$)[ \t*_]*(?:(?:published|posted|updated|date)\b:?(?: on)?[ \t]*)?"
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?[ \t]+)?"
    rf"(?P<day>{MONTH}[ \t]+\d{{1,2}},?[ \t]+\d{{4}}|\d{{1,2}}\.?[ \t]+{MONTH},?[ \t]+\d{{4}}"
    r"|\d{4}-\d{2}-\d{2})[ \t*_.]*$",
    re.MULTILINE | re.IGNORECASE,
)


def _found(document: Document, ways: Sequence[str]) -> Place | None:
    """Return the first place at the head of a text where one of some words stands."""
    head = document.text[:HEAD]
    starts = [(head.find(way), way) for way in ways if way and way in head]
    start, way = min(starts, default=(0, ""))
    return (start, start + len(way)) if way else None


def _ways_to_write(day: str) -> list[str]:
    at = date.fromisoformat(day)
    names = (MONTHS[at.month - 1], SHORT_MONTHS[at.month - 1])
    written = [f"{month} {at.day}, {at.year}" for month in names]
    return [day, *written, *(f"{at.day} {month} {at.year}" for month in names)]


def _told(document: Document, matter: Matter) -> str | None:
    """Return what the file says of itself, or what was counted; None where neither helps."""
    name, known = title_line(document.name), document.properties
    if matter == "length":
        words = len(re.findall(r"\w+(?:['’]\w+)*", document.text))
        counts = {"word": words, "heading": len(document.headings), "page": len(document.pages)}
        told = [f"{n:,} {what}{'s' if n > 1 else ''}" for what, n in counts.items() if n]
        return f"As counted, {name} has {', '.join(told)}."
    if matter == "source":
        at = document.source if "://" in document.source else f"the file {name}"
        return f"It was read from {title_line(at)}."
    said = {
        "author": known.author and f"the author is {known.author}",
        "title": f"the title is “{title_line(document.title)}”",
        "published": known.published and f"it is of {_in_words(known.published)}",
        "publisher": known.publisher and f"the publisher is {known.publisher}",
        "language": known.language and f"the language is “{known.language}”",
    }.get(matter)
    return f"By the properties of {name}, {said}." if said else None


def _in_words(day: str) -> str:
    at = date.fromisoformat(day)
    return f"{SHORT_MONTHS[at.month - 1]} {at.day}, {at.year}"
