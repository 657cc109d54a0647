"""Answering questions about a figure or a table by its name: “What does Figure 2 show?”

There is no list of words for figures: the question is compared with the documents' own labels. A
question that names a figure but asks for more than it shows is left to the other ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from index.dated_entries import entry_dates
from index.documents import Document
from index.furniture.captions import Label, is_label, label_of, labels_in
from index.library import Hit
from index.split import blocks, sentence_spans
from rag.answer import Event
from rag.answering.context import Context, Listing
from rag.asking.query import Query
from rag.asking.route import request_words
from rag.asking.subject import named
from rag.languages import FUNCTION_WORDS, content_words, mentions
from rag.languages.english_words import DOCUMENT_WORDS
from rag.languages.phrases import say
from rag.quote import Quote

SEARCHED = 50
"""The most passages with a label's words that are examined."""

OTHERS = ("claim", "time")
"""Kinds of messages that never ask for a figure, whatever numbers they contain."""

LENGTH = 600
"""The most characters of a caption that are quoted, in whole sentences."""

Place = tuple[int, int]


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer with the captions that are named; nothing if there are none, or more is asked."""
    asked = [each for each in labels_in(query.text) if each[0].word not in FUNCTION_WORDS]
    if not asked or query.route.kind in OTHERS:
        return
    titles = named(query.text, context.titles)
    ids = {title.id for title in titles}
    quotes = [
        quote
        for label, _ in asked
        for quote in _called(label, context)
        if not ids or quote.document.id in ids
    ]
    said = " ".join([*(each.text for each in quotes), *(title.title for title in titles)])
    if not quotes or _asks_more(query.text, [place for _, place in asked], said):
        return
    shown = tuple(context.reranker.scored(query.text, quotes[: context.limit]))
    left = len(quotes) - len(shown)
    note = say(query.language, "left_captions", count=left) if left else None
    yield from context.listed(query, Listing(shown, note, named=True))


def captions_of(document: Document) -> Iterator[tuple[Label, Place]]:
    """Yield a document's captions with their labels.

    A caption is a block that the loader found to be one, or that opens like one.
    """
    text = document.text
    found = {(each.start, each.end) for each in document.styles if each.kind == "caption"}
    places = blocks(document)
    for at, (start, end) in enumerate(places):
        label = label_of(text[start:end], signed=(start, end) not in found)
        if label is None or entry_dates(text[start:end]):
            continue
        if is_label(text[start:end]) and (start, end) in found and places[at + 1 :]:
            end = places[at + 1][1]  # The caption is the block below its label.
        yield label, (start, _end(document, start, end))


def _end(document: Document, start: int, end: int) -> int:
    """Return the end of the last sentence that is quoted."""
    if end - start <= LENGTH:
        return end
    ends = [last for _, last in sentence_spans(document.text, start, end)]
    return max((each for each in ends if each - start <= LENGTH), default=ends[0] if ends else end)


def _called(label: Label, context: Context) -> list[Quote]:
    """Return the captions in all documents that have this label."""
    # Chinese has no blank between a label and the words before it.
    word = label.word if label.word[-1] < "\u2e80" else label.word[-1]
    hits = context.library.holding(f"{word} {label.number}", SEARCHED, context.exclude)
    return _among(hits, label, context) or _among(
        # The label may be abbreviated.
        context.library.search(f"{label.word} {label.number}", SEARCHED, context.exclude),
        label,
        context,
    )


def _among(hits: list[Hit], label: Label, context: Context) -> list[Quote]:
    found: list[Quote] = []
    # All of a document's paragraphs are examined only if a line found opens with the label.
    near = (hit for hit in hits if _opens(hit.text.splitlines(), label))
    for document in {hit.document.id: hit.document for hit in near}.values():
        passages = context.library.passages(document.id)
        for own, place in captions_of(document):
            if own.names(label):
                passage = next(each for each in passages if place[0] < each.span.end)
                found.append(Quote.of(document, passage, place))
    return found


def _opens(lines: Sequence[str], label: Label) -> bool:
    own = (label_of(line, signed=False) for line in lines)
    return any(each is not None and each.names(label) for each in own)


def _asks_more(question: str, labels: list[Place], said: str) -> bool:
    """Whether a question has a name, a number or a second word that the captions lack.

    One word may be what the figure does: “show”, “zeigt”.
    """
    for start, end in reversed(labels):
        question = f"{question[:start]} {question[end:]}"
    # Without a word before it, a capital at the beginning would pass for a name.
    question = f"and {question}"
    requests = request_words("overview") | request_words("document") | DOCUMENT_WORDS
    more = content_words(question) - content_words(f"{' '.join(requests)} {said}")
    facts = (each for each in mentions(question) if each.kind != "word")
    return len(more) > 1 or any(
        content_words(question[each.start : each.end]) & more for each in facts
    )
