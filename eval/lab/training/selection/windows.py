"""Windows of whole documents, as the language model reads them, with questions on each.

For each question, the quotes that the program would read are found, with the sentences around each.
If none of these sentences answers a question although one of its quotes is among them, the question
is a hard one for the selection: the quote was found because it looks as if it answered.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from eval.lab.measure import filled
from eval.lab.training.examples import Span
from eval.lab.training.selection.documents import Asked, common, documents
from rag.answering.context import MIN_QUOTES, around
from rag.finding.quotes import find_quotes
from rag.quote import Quote

LEARNED = 48
"""How many of the documents are learned from; those of two of the eight writers are held out."""
QUESTIONS, UNANSWERED = 7, 2
"""How many questions on a window are learned, and how many of these, at least, it leaves open."""
APART = 0.5
"""The share of a window that it may have in common with another one."""
WITHIN = 0.9
"""The share of a quote that must be within a window."""
HALF = 0.5
"""The share of the shorter, a sentence or a place that answers, that both must have in common."""


class Window(NamedTuple):
    """Sentences of a document, and questions, each with the numbers of those that answer it."""

    title: str
    sentences: Sequence[str]
    asked: Sequence[tuple[str, tuple[int, ...]]]
    held_out: bool


def windows(folder: Path, rng: random.Random) -> Iterator[Window]:
    """Yield the windows of all documents; each document is made a library in the folder."""
    for number, (document, questions) in enumerate(documents(folder)):
        assistant = filled(folder / document.name.removesuffix(".md"), [document])
        found: dict[str, list[Quote]] = {}
        near: dict[tuple[Span, ...], list[Quote]] = {}
        counts = Counter[tuple[Span, ...]]()
        for name, each in questions.items():
            ranked = find_quotes(assistant.library, assistant.reranker, each.question, MIN_QUOTES)
            found[name] = list(ranked.quotes)
            for quote in ranked.quotes:
                sentences = around(quote, ranked.passages)
                key = tuple((some.start, some.end) for some in sentences)
                near[key], counts[key] = sentences, counts[key] + 1
        for key in _apart(sorted(counts, key=lambda key: (-counts[key], key))):
            if asked := _asked(key, questions, found, rng):
                texts = [each.model_text for each in near[key]]
                yield Window(document.title, texts, asked, number >= LEARNED)


def _apart(windows: Sequence[tuple[Span, ...]]) -> list[tuple[Span, ...]]:
    """Return the windows that share little with the ones before them."""
    chosen: list[tuple[Span, ...]] = []
    for key in windows:
        whole = _whole(key)
        most = APART * (whole[1] - whole[0])
        if all(common(whole, _whole(each)) < most for each in chosen):
            chosen.append(key)
    return chosen


def _asked(
    sentences: tuple[Span, ...],
    questions: Mapping[str, Asked],
    found: Mapping[str, Sequence[Quote]],
    rng: random.Random,
) -> list[tuple[str, tuple[int, ...]]]:
    """Return some questions that a window answers, and those that it most seems to but does not."""
    whole = _whole(sentences)
    answered, unanswered = list[tuple[str, tuple[int, ...]]](), list[tuple[int, str]]()
    for name, each in questions.items():
        ranks = (
            rank
            for rank, quote in enumerate(found[name])
            if common((quote.start, quote.end), whole) >= WITHIN * (quote.end - quote.start)
        )
        if numbers := tuple(at for at, own in enumerate(sentences) if _answers(own, each)):
            answered.append((each.question, numbers))
        elif (rank := next(ranks, None)) is not None:
            unanswered.append((rank, each.question))
    rng.shuffle(unanswered)
    unanswered.sort(key=lambda pair: pair[0])
    rng.shuffle(answered)
    asked = answered[: QUESTIONS - UNANSWERED]
    asked += [(question, ()) for _, question in unanswered[: QUESTIONS - len(asked)]]
    rng.shuffle(asked)
    return asked


def _answers(sentence: Span, asked: Asked) -> bool:
    return any(
        common(sentence, place) > HALF * min(sentence[1] - sentence[0], place[1] - place[0])
        for place in asked.sentences
    )


def _whole(sentences: tuple[Span, ...]) -> Span:
    return sentences[0][0], sentences[-1][1]
