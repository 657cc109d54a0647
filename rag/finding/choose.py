"""Choose the sentences of the best passages that answer together.

The reranker scores each sentence under its document's title, and sentences that score near the best
one are chosen as well: usually one for a look-up, and several for why, how, or what something is.
If the language model has selected sentences, those are used instead.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from index.documents import Span
from index.library import Hit
from index.structure import Element, list_of
from rag.finding.quotes import POINTS_BACK, sentence_quotes
from rag.finding.rerank import Reranker
from rag.quote import Quote

PASSAGES = 4
WITHIN = 2.0
"""Logits below the best sentence: on 80 questions of CLAP NQ, ROUGE-L is .62, and .60 with 4."""
MOST = 6
MOST_ITEMS = 10
MOST_LETTERS = 2000
"""A list with more items or characters than this is not completed: it keeps the chosen items."""


class Together(NamedTuple):
    """Sentences that answer together, and the ones that they were chosen from, in reading order.

    A list is complete in `chosen`, unless it is too long, and no sentence is twice in `read`. The
    document of the best sentence comes first, and each document's sentences are in its order.
    """

    chosen: tuple[Quote, ...]
    read: tuple[Quote, ...]


def choose(
    question: str,
    passages: Sequence[Hit],
    answering: Quote,
    reranker: Reranker,
    selected: Sequence[Quote] = (),
) -> Together:
    """Choose the sentences that answer together, from ranked passages, best first.

    They are the `selected` sentences that are in the passages read here. If there are none, they
    are the sentences of the quote `answering` that hold the words that answer, and the sentences
    that score near the best one. None is chosen twice. A sentence that opens with "It" comes with
    the one before it. Lists are completed.
    """
    held = [hit for hit in passages if hit.passage.span.covers(answering.span)][:1]
    read = [*held, *passages[:PASSAGES]]
    sentences = sentence_quotes((hit.document, hit.passage) for hit in read)
    unique = {_words(quote): quote for quote in reversed(sentences)}
    quotes = list(unique.values())
    scores = reranker.score(question, [f"{quote.title}\n{quote.model_text}" for quote in quotes])
    ranked = sorted(
        (replace(quote, score=score) for quote, score in zip(quotes, scores, strict=True)),
        key=lambda quote: -quote.score,
    )
    holding = [_marked(quote, answering) for quote in ranked if _holds_answer(quote, answering)]
    near = [quote for quote in ranked if quote.score >= ranked[0].score - WITHIN]
    named = set(map(_words, selected))
    if picked := [quote for quote in ranked if _words(quote) in named]:
        holding, near = [quote for quote in holding if _words(quote) in named], picked
    sure = {quote.span: quote for quote in holding}
    both = sure | {quote.span: quote for quote in near} | sure
    chosen = dict(list(both.items())[:MOST])
    complete = {
        span: _with_what_it_names(quote, chosen, sentences) for span, quote in chosen.items()
    }
    documents = list(dict.fromkeys(quote.document.id for quote in ranked))
    ranked.sort(key=lambda each: (documents.index(each.document.id), each.start))
    return Together(
        _with_whole_lists([complete[each.span] for each in ranked if each.span in complete]),
        tuple(
            complete.get(each.span, each)
            for each in ranked
            if each.span in complete or not any(q.span.covers(each.span) for q in complete.values())
        ),
    )


def _words(quote: Quote) -> str:
    """Return a sentence on one line, as the key by which duplicates are dropped."""
    return " ".join(quote.text.split())


def _with_whole_lists(chosen: Sequence[Quote]) -> tuple[Quote, ...]:
    """Complete a list if several of its items are chosen, or the sentence that leads to it ("…:").

    An item is quoted without its marker.
    """
    lists = [list_of(each.document, each.start, each.end) for each in chosen]
    led_to = [_led_to(each) for each in chosen]
    made: dict[Span, Quote] = {}
    for quote, items, next_items in zip(chosen, lists, led_to, strict=True):
        same = [each for each in chosen if each.document.id == quote.document.id]
        touched = sum(any(_overlap(item, each) for each in same) for item in items)
        whole = _short(items) if touched > 1 or items in led_to else ()
        if not whole:
            own = without_sign(quote)
            made.setdefault(own.span, own)
        for item in (*whole, *next_items):
            listed = replace(quote, start=item.start, end=item.end, marks=())
            marks = [mark for each in same for mark in _marked(listed, each).marks]
            made.setdefault(listed.span, replace(listed, marks=tuple(marks)))
    return tuple(made.values())


def without_sign(quote: Quote) -> Quote:
    """Return a quote without the marker of the list item that it begins with."""
    items = list_of(quote.document, quote.start, quote.end)
    starts = (item.start for item in items if quote.start < item.start < quote.end)
    return replace(quote, start=next(starts, quote.start))


def _overlap(item: Element, quote: Quote) -> bool:
    return item.start < quote.end and quote.start < item.end


def _short(items: Sequence[Element]) -> Sequence[Element]:
    """Return the items of a list, or none if it is too long to be quoted whole."""
    letters = sum(each.end - each.start for each in items)
    return items if len(items) <= MOST_ITEMS and letters <= MOST_LETTERS else ()


def _led_to(quote: Quote) -> Sequence[Element]:
    """Return the items of the list that a quote leads to, with a colon at its end."""
    text = quote.document.text
    after = len(text) - len(text[quote.end :].lstrip())
    leads = quote.text.endswith((":", "：")) and after < len(text)
    return _short(list_of(quote.document, after, after + 1)) if leads else ()


def _holds_answer(quote: Quote, answering: Quote) -> bool:
    """Whether a sentence overlaps the words that answer, or the whole quote if none are marked."""
    places = answering.marks or ((answering.start, answering.end),)
    same = quote.document.id == answering.document.id
    return same and any(quote.start < end and start < quote.end for start, end in places)


def _marked(quote: Quote, answering: Quote) -> Quote:
    """Return a sentence with those of the words that answer marked that it holds."""
    held = [(max(start, quote.start), min(end, quote.end)) for start, end in answering.marks]
    return replace(quote, marks=tuple((start, end) for start, end in held if start < end))


def _with_what_it_names(
    quote: Quote, chosen: Collection[Span], sentences: Sequence[Quote]
) -> Quote:
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
    apart = before and before[0].span not in chosen
    return replace(quote, start=before[0].start) if apart else quote
