"""Answering questions about a document itself: who wrote it, when, how long it is.

What the text says is quoted. If only the file's properties say it, or it was counted, the answer
says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from index.documents import Document
from index.language.words import has_blanks
from index.printable import title_line
from rag.answer import Event
from rag.answering.context import Context, Listing
from rag.answering.evidence import read_each
from rag.answering.front.front_matter import MATTERS, front_matter
from rag.asking.query import Query
from rag.asking.subject import in_words, spoken_of
from rag.languages.phrases import Value, say
from rag.quote import Quote

IN_TEXT = 0.95
"""How surely a sentence has to answer a question for it to be a fact that the text states: “who
paid for the study?” is meant so, and not as a question about the file."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer for the documents that the message is about, or for all, up to an answer's limit.

    What is found nowhere is reported as missing. Yields nothing if another sentence of the sources
    surely answers the question.
    """
    titles = context.titles
    asked = spoken_of(query, titles) or titles
    quotes: list[Quote] = []
    remarks: list[str] = []
    missing: list[str] = []
    left, language = 0, query.language
    for title in asked[: context.limit]:
        document = context.library.document(title.id)
        for matter in query.route.matters:
            places = _places(document, matter)
            left += len(places[context.limit :])
            said_there = [Quote(document, *place, 0.0) for place in places[: context.limit]]
            quotes += context.reranker.scored(query.text, said_there)
            if said := None if places else _property(document, matter, language):
                remarks.append(said)
            elif not places:
                name = title_line(document.name)
                missing.append(say(language, f"missing_{matter}", name=name))
    _, decision = read_each(query.as_evidence(), context)
    fact = decision.best.quote if decision.best and decision.probability >= IN_TEXT else None
    if fact and not any(map(fact.overlaps, quotes)):
        return
    notes = [] if quotes or remarks else missing
    remarks += missing if quotes or remarks else []
    notes += [say(language, "left_places", count=left)] if left else []
    if others := len(asked[context.limit :]):
        notes.append(say(language, "left_documents", count=others))
    yield from context.listed(
        query, Listing(tuple(quotes), " ".join(notes) or None, tuple(remarks))
    )


def _places(document: Document, matter: str) -> list[tuple[int, int]]:
    """Return the places where the text itself says it."""
    if matter == "sections":
        title = in_words(document.title)
        headings = [(each.start, each.end) for each in document.headings]
        return [at for at in headings if in_words(document.text[slice(*at)]) != title]
    return front_matter(document, matter) if matter in MATTERS else []


def _property(document: Document, matter: str, language: str) -> str | None:
    """Return what the file's properties or a count say, or None if neither helps."""
    name, known = title_line(document.name), document.properties
    if matter == "length":
        return say(language, "has_length", name=name, counts=_counts(document, language))
    if matter == "source":
        if "://" in document.source:
            return say(language, "source_address", address=title_line(document.source))
        return say(language, "source_file", name=name)
    said: dict[str, Value | None] = {
        "author": known.author,
        "title": title_line(document.title),
        "date": date.fromisoformat(known.published) if known.published else None,
        "publisher": known.publisher,
        "language": known.language,
    }
    value = said.get(matter)
    return say(language, f"property_{matter}", name=name, said=value) if value else None


def _counts(document: Document, language: str) -> list[str]:
    """Return the counts that tell a document's length: characters if its script has no blanks."""
    blanks = has_blanks(document.text)
    counted = {
        "words": len(re.findall(r"\w+(?:['’]\w+)*", document.text)) if blanks else 0,
        "characters": 0 if blanks else len(re.findall(r"\w", document.text)),
        "headings": len(document.headings),
        f"{document.page_kind}s": len(document.pages),
    }
    return [say(language, what, count=number) for what, number in counted.items() if number]
