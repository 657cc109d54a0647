"""Answering from lists of references: “Which papers by Holm are cited?”, “List the references.”

Their entries are never quoted otherwise. A question asks for them if it speaks of citing, or names
the heading above such a list. Everything else that it says must be in an entry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from index.documents import Document
from index.furniture.references import references
from index.split import blocks
from rag.answer import Event
from rag.answering.context import Context, Listing
from rag.asking.query import Query
from rag.asking.route import request_words
from rag.asking.subject import in_words, named
from rag.languages import content_words
from rag.languages.english_words import CITED, CITING, DOCUMENT_WORDS
from rag.languages.phrases import say
from rag.quote import Quote

SEARCHED = 50
"""The most passages with a word of the question whose documents are examined."""

LISTS = ("items", "document")
"""Kinds of messages that may ask for a list by its heading."""

DOCUMENTS = 20
"""The most documents that are examined if the question names none, and says nothing else."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer with the entries that a question asks for; yield nothing if it asks for none."""
    said = in_words(query.text)
    cites = bool(CITING & set(said.split()))
    if not cites and query.route.kind not in LISTS:
        return
    headings = {each for each in context.headings if each and f" {each} " in f" {said} "}
    if not cites and not headings:
        return
    titles = named(query.text, context.titles)
    requests = request_words("items") | request_words("document") | CITING | CITED | DOCUMENT_WORDS
    known = " ".join([*requests, *headings, *(each.title for each in titles)])
    words = content_words(query.text) - content_words(known)
    quotes = [
        quote
        for document in _documents([each.id for each in titles], words, headings, context)
        for quote in _entries(document, context)
        if words <= content_words(quote.text)
        and (cites or in_words(quote.heading or "") in headings)
    ]
    if not quotes:
        return
    shown = context.reranker.scored(query.text, quotes[: context.limit])
    left = len(quotes) - len(shown)
    note = say(query.language, "left_entries", count=left) if left else None
    count = f"That makes {len(quotes)}, counted from the lists of references."
    remarks = (count,) if "count" in query.route.matters else ()
    yield from context.listed(query, Listing(tuple(shown), note, remarks, named=True))


def _documents(
    named_ids: Sequence[str], words: Collection[str], headings: Collection[str], context: Context
) -> list[Document]:
    """Return the documents that may cite what is asked for, in the order they were added."""
    if named_ids:
        ids = set(named_ids)
    elif words:
        found = (context.library.holding(each, SEARCHED, context.exclude) for each in words)
        ids = set.intersection(*({hit.document.id for hit in hits} for hits in found))
    elif headings:
        under = context.library.under(lambda each: in_words(each) in headings, context.exclude)
        ids = {document.id for document, passage in under if not passage.sentences}
    else:
        ids = {title.id for title in context.titles[:DOCUMENTS]}
    return [context.library.document(each.id) for each in context.titles if each.id in ids]


def _entries(document: Document, context: Context) -> Iterator[Quote]:
    """Yield the entries of a document's lists of references."""
    places = blocks(document)
    found = references([document.text[start:end] for start, end in places])
    passages = context.library.passages(document.id) if any(found) else []
    for (start, end), is_entry in zip(places, found, strict=True):
        if is_entry:
            passage = next(each for each in passages if start < each.span.end)
            yield Quote.of(document, passage, (start, end))
