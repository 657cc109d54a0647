"""Choosing: which sentences of the best passages answer together.

The reranker reads each sentence under its document's title. What comes near the best one answers
as well: that is one sentence for a look-up, and several for why, how, or what something is. Where
the language model has selected sentences, those are taken instead.
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
"""Logits behind the best sentence: on 80 questions of CLAP NQ ROUGE-L .62, within 4 it is .60."""
MOST = 6
MOST_ITEMS = 10
MOST_LETTERS = 2000
"""A list of more items, or of longer ones, is told by the sentences that were chosen alone."""


class Together(NamedTuple):
    """Sentences that answer together, and all that they were chosen from, in reading order.

    Of a list all items are among the `chosen`, and no sentence stands twice among the `read`. The
    document of the best sentence comes first, and in each document they come as they stand.
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
    """Choose the sentences that answer together, from passages in their rank, best first.

    These are those that are `selected`, as far as they stand in the passages that are read. Where
    none do, they are what of the quote `answering` holds the words that answer, and what comes near
    the best. None is chosen twice. One that opens with "It" comes with the sentence before it. A
    list is told whole.
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
    """Return a sentence's words on one line: those that stand twice are read and told once."""
    return " ".join(quote.text.split())


def _with_whole_lists(chosen: Sequence[Quote]) -> tuple[Quote, ...]:
    """Tell lists whole: where several items of one are chosen, and behind what leads to it ("…:").

    An item is quoted without its sign.
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
    """Return a quote without the sign of the item of a list that it begins with."""
    items = list_of(quote.document, quote.start, quote.end)
    starts = (item.start for item in items if quote.start < item.start < quote.end)
    return replace(quote, start=next(starts, quote.start))


def _overlap(item: Element, quote: Quote) -> bool:
    return item.start < quote.end and quote.start < item.end


def _short(items: Sequence[Element]) -> Sequence[Element]:
    """Return items if they can be told whole, and else none."""
    letters = sum(each.end - each.start for each in items)
    return items if len(items) <= MOST_ITEMS and letters <= MOST_LETTERS else ()


def _led_to(quote: Quote) -> Sequence[Element]:
    """Return the items of the list that a quote leads to, which ends with a colon right before."""
    text = quote.document.text
    after = len(text) - len(text[quote.end :].lstrip())
    leads = quote.text.endswith((":", "：")) and after < len(text)
    return _short(list_of(quote.document, after, after + 1)) if leads else ()


def _holds_answer(quote: Quote, answering: Quote) -> bool:
    """Whether a sentence holds words that answer, or is of a quote that has none marked."""
    places = answering.marks or ((answering.start, answering.end),)
    same = quote.document.id == answering.document.id
    return same and any(quote.start < end and start < quote.end for start, end in places)


def _marked(quote: Quote, answering: Quote) -> Quote:
    """Return a sentence with the words that answer marked, as far as it holds them."""
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
