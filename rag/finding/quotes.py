"""Choosing the quotes that may answer a question: one or two sentences each, ranked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from index.documents import Document, Passage
from index.library import Hit, Library
from index.storage.store import searchable_text
from rag.finding.rerank import Reranker
from rag.finding.rows import rows_near
from rag.quote import Quote

CANDIDATES = 10
"""Passages that the search brings to the reranker: with ten, the passage that holds the answer is
among the first three for 99.8% of XQuAD's questions, as with twenty."""

MORE_CANDIDATES = 40
NEAR = 0.0
"""Where no quote reaches this logit the question may be put in other words than the text: then more
candidates are ranked. Of the article's development questions the first five quotes hold the answer
to 95.7% instead of 91.3%, and only one question in eleven takes the longer way."""

READ_PASSAGES = 6
LEAST_READ = 3
FAR = 6.0
"""Sentences are scored of six passages at most: of the best three, and of the others that are not
so many logits behind the best. Of 400 questions on articles of SQuAD's training set this takes 33
windows instead of 54, and all first quotes are the same; the first five hold as many answers."""

PASSAGE_WEIGHT = 0.6
"""How much of its passage's score counts for a quote. A sentence alone can look like an answer
that its surroundings contradict, and the other way round: on XQuAD a weight of 0.6 takes the right
quote into the first five from 97.1% to 98.5%, and 0.3 to 1 differ by less than the noise."""

WINDOWS = (1, 2)
"""Sentences in a quote. Pairs hold what "it" and "the exercise" stand for: with them, the first
quote covers the answer for 90.5% of XQuAD's questions, without them for 81.7%."""


class Ranked(NamedTuple):
    """Quotes and passages that may answer, best first, and of how many passages they are."""

    quotes: tuple[Quote, ...]
    passages: tuple[Hit, ...]
    searched: int


def find_quotes(
    library: Library, reranker: Reranker, question: str, limit: int, exclude: Sequence[str] = ()
) -> Ranked:
    """Find the quotes most likely to answer a question in a library.

    Of long tables the rows with most of its words are ranked as well. Documents in `exclude` are
    not searched.
    """
    hits = library.search(question, CANDIDATES, exclude)
    hits += rows_near(question, hits)
    found = select_quotes(hits, reranker, question, limit)
    if found.quotes and found.quotes[0].score >= NEAR:
        return found
    more = library.search(question, MORE_CANDIDATES, exclude)
    more += rows_near(question, more)
    return select_quotes(more, reranker, question, limit, searched=MORE_CANDIDATES)


def select_quotes(
    hits: Sequence[Hit],
    reranker: Reranker,
    question: str,
    limit: int,
    *,
    searched: int = CANDIDATES,
) -> Ranked:
    """Select the quotes most likely to answer from the passages that a search found.

    No sentence is in two quotes. There are fewer than `limit` only where the library has fewer
    sentences near the question. Passages without a sentence that can answer are left aside.
    """
    hits = [hit for hit in hits if hit.passage.sentences]
    texts = [_in_context(hit) for hit in hits]
    scores = reranker.score(question, texts)
    scored = [(scores[at], hits[at]) for at in reranker.ranking(question, texts, scores)]
    found = [
        _Window(score, hit, Quote(hit.document, start, end, score).model_text, quoted)
        for at, (score, hit) in enumerate(scored[:READ_PASSAGES])
        if at < LEAST_READ or score > scored[0][0] - FAR
        for (start, end), quoted in windows(hit.document.text, hit.passage.sentences)
    ]
    scores = reranker.score(question, [each.read for each in found])
    ranked = sorted(
        zip(scores, found, strict=True),
        key=lambda pair: -(pair[0] + PASSAGE_WEIGHT * pair[1].passage_score),
    )
    candidates = [
        Quote.of(at.hit.document, at.hit.passage, at.quoted, score) for score, at in ranked
    ]
    quotes = _without_overlaps(candidates, limit)
    if len(quotes) < limit:  # A small library: pairs would use its few sentences up.
        alone = sentence_quotes((hit.document, hit.passage) for hit in hits)
        sentences = {quote.span for quote in alone}
        single = [quote for quote in candidates if quote.span in sentences]
        quotes = max(quotes, _without_overlaps(single, limit), key=len)
    return Ranked(tuple(quotes), tuple(hit for _, hit in scored), searched)


def sentence_quotes(passages: Iterable[tuple[Document, Passage]]) -> list[Quote]:
    """Return all sentences of passages as quotes, not scored."""
    return [
        Quote.of(document, passage, place)
        for document, passage in passages
        for place in passage.sentences
    ]


def sentences_around(quote: Quote, passages: Iterable[Hit], most: int, letters: int) -> list[Quote]:
    """Return the sentences of a quote with those around it, as they stand in its passage.

    They are at most so many, and where others stand beside the quote's own, they have together no
    more than so many letters. A quote that is of none of the passages stands alone.
    """
    hits = (hit for hit in passages if hit.passage.span.covers(quote.span))
    # A row of a table is a passage by itself where it was found as a row, and one of the table's.
    hit = max(hits, key=lambda hit: len(hit.passage.sentences), default=None)
    if hit is None:
        return [quote]
    all_of_it = sentence_quotes([(hit.document, hit.passage)])
    own = [at for at, each in enumerate(all_of_it) if each.overlaps(quote)]
    if not own:
        return [quote]
    own = own[:most]
    first, last = own[0], own[-1]
    room = letters - sum(len(all_of_it[at].model_text) for at in own)
    for at in list(_around(first, last, len(all_of_it)))[: most - len(own)]:
        room -= len(all_of_it[at].model_text)
        if room < 0:
            break
        first, last = min(first, at), max(last, at)
    return all_of_it[first : last + 1]


def _around(first: int, last: int, count: int) -> Iterator[int]:
    """Yield the numbers around some, the nearest first: one before them, one behind, and so on."""
    for away in range(1, count):
        yield from (at for at in (first - away, last + away) if 0 <= at < count)


class _Window(NamedTuple):
    """A run of sentences that may answer: what is read of it, and where what is quoted stands."""

    passage_score: float
    hit: Hit
    read: str
    quoted: tuple[int, int]


def _in_context(hit: Hit) -> str:
    return searchable_text(hit.document, hit.passage)


POINTS_BACK = re.compile(
    r"[\"“‘'(]*(?:it|its|they|their|them|he|his|she|her|this|these|those|such)\b", re.IGNORECASE
)
"""A sentence that opens so speaks of what the one before it names."""


def windows(
    text: str, sentences: Sequence[tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the runs of a passage's sentences that may answer, and for each what is quoted then.

    That is the same, but for a sentence that opens with "It": it is quoted with the one before, and
    two such sentences, which would need a third, are no quote. Sentences with something between
    them that cannot answer are no run.
    """
    for run in _unbroken(text, sentences):
        for size in WINDOWS:
            for first in range(len(run) - size + 1):
                start, end = run[first][0], run[first + size - 1][1]
                if first == 0 or not POINTS_BACK.match(text, start):
                    yield (start, end), (start, end)
                elif size < max(WINDOWS):
                    yield (start, end), (run[first - 1][0], end)


def _unbroken(
    text: str, sentences: Sequence[tuple[int, int]]
) -> Iterator[Sequence[tuple[int, int]]]:
    begun = 0
    for at in range(1, len(sentences)):
        if any(map(str.isalnum, text[sentences[at - 1][1] : sentences[at][0]])):
            yield sentences[begun:at]
            begun = at
    yield sentences[begun:]


def _without_overlaps(ranked: Sequence[Quote], limit: int) -> list[Quote]:
    kept: list[Quote] = []
    for quote in ranked:
        if len(kept) < limit and not any(quote.overlaps(other) for other in kept):
            kept.append(quote)
    return kept
