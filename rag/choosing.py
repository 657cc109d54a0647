"""Choosing: which sentences of the best passages answer together.

The reranker reads each sentence under its document's title. What comes near the best one answers
as well: that is one sentence for a look-up, and several for why, how, or what something is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.library import Hit
from rag.finding.quotes import sentence_quotes
from rag.finding.rerank import Reranker
from rag.quote import Quote

PASSAGES = 4
WITHIN = 2.0
"""Logits behind the best sentence: on 80 questions of CLAP NQ ROUGE-L .62, within 4 it is .60."""
MOST = 6
FEWEST_WORDS = 4
"""A shorter sentence is a heading or a label, seldom an answer."""


def choose(
    question: str, passages: Sequence[tuple[float, Hit]], answering: Quote, reranker: Reranker
) -> tuple[Quote, ...]:
    """Choose the sentences that answer together, from passages in their rank, best first.

    What of the quote `answering` holds the words that answer is among them. They come in the order
    in which they are read: the document of the best sentence first, and in each document as they
    stand there. None is chosen twice.
    """
    hits = [hit for _, hit in passages]
    held = [hit for hit in hits if hit.passage.span.covers(answering.span)][:1]
    told = {
        " ".join(quote.text.split()): quote
        for quote in reversed(
            sentence_quotes((hit.document, hit.passage) for hit in [*held, *hits[:PASSAGES]])
        )
        if len(quote.read.split()) >= FEWEST_WORDS
    }
    quotes = list(told.values())
    scores = reranker.score(question, [f"{quote.title}\n{quote.read}" for quote in quotes])
    ranked = sorted(
        (replace(quote, score=score) for quote, score in zip(quotes, scores, strict=True)),
        key=lambda quote: -quote.score,
    )
    places = answering.marks or ((answering.start, answering.end),)
    chosen = [quote for quote in ranked if _holds(quote, answering, places)]
    chosen += [
        quote
        for quote in ranked[:MOST]
        if quote not in chosen and quote.score >= ranked[0].score - WITHIN
    ]
    chosen = chosen[:MOST]
    documents = list(dict.fromkeys(quote.document.id for quote in ranked))
    return tuple(sorted(chosen, key=lambda each: (documents.index(each.document.id), each.start)))


def _holds(quote: Quote, answering: Quote, places: Sequence[tuple[int, int]]) -> bool:
    same = quote.document.id == answering.document.id
    return same and any(quote.start < end and start < quote.end for start, end in places)
