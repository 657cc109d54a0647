"""Find the quotes that may answer a question: one or two sentences each, ranked."""

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
"""Passages that the search gives the reranker: with ten, the passage that holds the answer is among
the first three for 99.8% of XQuAD's questions, the same as with twenty."""

MORE_CANDIDATES = 40
NEAR = 0.0
"""If no quote reaches this logit, the text may use other words than the question, and more
candidates are ranked. On the article's development questions, the first five quotes then hold the
answer to 95.7% instead of 91.3%, and only one question in eleven takes the longer way."""

READ_PASSAGES = 6
LEAST_READ = 3
FAR = 6.0
"""The sentences of at most six passages are scored: of the best three, and of the others that are
less than `FAR` logits below the best. On 400 questions about articles of SQuAD's training set, this
scores 33 windows instead of 54, all first quotes are the same, and the first five hold as many
answers."""

PASSAGE_WEIGHT = 0.6
"""The weight of the passage's score in a quote's rank. A sentence alone can look like an answer
that its surroundings contradict, and the other way round. On XQuAD, a weight of 0.6 raises the
share of questions with the right quote in the first five from 97.1% to 98.5%, and 0.3 to 1 differ
by less than the noise."""

WINDOWS = (1, 2)
"""Sentences in a quote. A pair can hold what "it" and "the exercise" refer to: with pairs, the
first quote covers the answer for 90.5% of XQuAD's questions, without them for 81.7%."""


class Ranked(NamedTuple):
    """Quotes and passages that may answer, best first, and the size of the search."""

    quotes: tuple[Quote, ...]
    passages: tuple[Hit, ...]
    searched: int


def find_quotes(
    library: Library, reranker: Reranker, question: str, limit: int, exclude: Sequence[str] = ()
) -> Ranked:
    """Find the quotes of a library that are most likely to answer a question.

    The rows of long tables that have most of its words are ranked as well. Documents in `exclude`
    are not searched.
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
    """Select the quotes that are most likely to answer from the passages that a search found.

    No sentence is in two quotes. There are fewer than `limit` only if the passages have too few
    sentences. Passages without a sentence that can answer are ignored.
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
    if len(quotes) < limit:  # In a small library, pairs would use up the few sentences.
        alone = sentence_quotes((hit.document, hit.passage) for hit in hits)
        sentences = {quote.span for quote in alone}
        single = [quote for quote in candidates if quote.span in sentences]
        quotes = max(quotes, _without_overlaps(single, limit), key=len)
    return Ranked(tuple(quotes), tuple(hit for _, hit in scored), searched)


def sentence_quotes(passages: Iterable[tuple[Document, Passage]]) -> list[Quote]:
    """Return all sentences of passages as quotes, without scores."""
    return [
        Quote.of(document, passage, place)
        for document, passage in passages
        for place in passage.sentences
    ]


def sentences_around(quote: Quote, passages: Iterable[Hit], most: int, letters: int) -> list[Quote]:
    """Return the sentences of a quote with those around it in its passage, in the text's order.

    They are at most `most`. Sentences are added around the quote's own as long as all of them
    together have at most `letters` characters. A quote that is in none of the passages is returned
    alone.
    """
    hits = (hit for hit in passages if hit.passage.span.covers(quote.span))
    # A table's row may be both a hit of its own and part of the table's passage.
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
    """Yield the positions around a range, the nearest first: before it, after it, and so on."""
    for away in range(1, count):
        yield from (at for at in (first - away, last + away) if 0 <= at < count)


class _Window(NamedTuple):
    """A run of sentences that may answer: the text for the reranker, and the place to quote."""

    passage_score: float
    hit: Hit
    read: str
    quoted: tuple[int, int]


def _in_context(hit: Hit) -> str:
    return searchable_text(hit.document, hit.passage)


POINTS_BACK = re.compile(
    r"[\"“‘'(]*(?:it|its|they|their|them|he|his|she|her|this|these|those|such)\b", re.IGNORECASE
)
"""The opening of a sentence that refers to something in the sentence before it."""


def windows(
    text: str, sentences: Sequence[tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the runs of a passage's sentences that may answer, each with the place to quote.

    That is the run itself, except that a sentence that opens with "It" is quoted with the one
    before it. A pair that opens so would need a third sentence, and is left out. A run has nothing
    between its sentences but blanks and punctuation: other words there cannot answer.
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
