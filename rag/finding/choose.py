"""Choosing: which sentences of the best passages answer together.

The reranker reads each sentence under its document's title. What comes near the best one answers
as well: that is one sentence for a look-up, and several for why, how, or what something is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.library import Hit
from rag.finding.quotes import POINTS_BACK, sentence_quotes
from rag.finding.rerank import Reranker
from rag.quote import Quote

PASSAGES = 4
WITHIN = 2.0
"""Logits behind the best sentence: on 80 questions of CLAP NQ ROUGE-L .62, within 4 it is .60."""
MOST = 6


def choose(
    question: str, passages: Sequence[Hit], answering: Quote, reranker: Reranker
) -> tuple[Quote, ...]:
    """Choose the sentences that answer together, from passages in their rank, best first.

    What of the quote `answering` holds the words that answer is among them. They come in the order
    in which they are read: the document of the best sentence first, and in each document as they
    stand there. None is chosen twice. One that opens with "It" comes with the sentence before it.
    """
    held = [hit for hit in passages if hit.passage.span.covers(answering.span)][:1]
    read = [*held, *passages[:PASSAGES]]
    sentences = sentence_quotes((hit.document, hit.passage) for hit in read)
    told = {" ".join(quote.text.split()): quote for quote in reversed(sentences)}
    quotes = list(told.values())
    scores = reranker.score(question, [f"{quote.title}\n{quote.read}" for quote in quotes])
    ranked = sorted(
        (replace(quote, score=score) for quote, score in zip(quotes, scores, strict=True)),
        key=lambda quote: -quote.score,
    )
    sure = {quote.span: quote for quote in ranked if _holds_answer(quote, answering)}
    near = {quote.span: quote for quote in ranked if quote.score >= ranked[0].score - WITHIN}
    marked = {span: _marked(quote, answering) for span, quote in sure.items()}
    chosen = list((sure | near | marked).values())[:MOST]
    documents = list(dict.fromkeys(quote.document.id for quote in ranked))
    chosen.sort(key=lambda each: (documents.index(each.document.id), each.start))
    return tuple(_with_what_it_names(quote, chosen, sentences) for quote in chosen)


def _holds_answer(quote: Quote, answering: Quote) -> bool:
    """Whether a sentence holds words that answer, or is of a quote that has none marked."""
    places = answering.marks or ((answering.start, answering.end),)
    same = quote.document.id == answering.document.id
    return same and any(quote.start < end and start < quote.end for start, end in places)


def _marked(quote: Quote, answering: Quote) -> Quote:
    """Return a sentence with the words that answer marked, as far as it holds them."""
    held = [(max(start, quote.start), min(end, quote.end)) for start, end in answering.marks]
    return replace(quote, marks=tuple((start, end) for start, end in held if start < end))


def _with_what_it_names(quote: Quote, chosen: Sequence[Quote], sentences: Sequence[Quote]) -> Quote:
    """Return a sentence that opens with "It" with the one before, unless that is chosen as well."""
    if not POINTS_BACK.match(quote.text):
        return quote
    before = [
        each
        for each in sentences
        if each.document.id == quote.document.id
        and each.end <= quote.start
        and not quote.document.text[each.end : quote.start].strip()
    ]
    said = {each.span for each in chosen}
    return replace(quote, start=before[0].start) if before and before[0].span not in said else quote
