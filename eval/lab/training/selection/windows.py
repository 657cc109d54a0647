"""Windows of whole documents, as the language model reads them, with questions on each.

For each question the quotes are found that the program would read, and the sentences around each.
What none of these sentences answers, though one of the quotes is among them, is what a selection
has to tell from the rest: it was found because it looks as if it answered.
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
"""How many of the documents are learned from: those of two writers of eight are held out."""
QUESTIONS, UNANSWERED = 7, 2
"""How many questions of a window are learned, and how many of them it does not answer, at least."""
APART = 0.5
"""The part of a window that it may share with another one."""
WITHIN = 0.9
"""The part of a quote that is within a window."""
HALF = 0.5
"""The part of a sentence, or of a place that answers, which both must have in common."""


class Window(NamedTuple):
    """Sentences of a document, and questions, each with the numbers of those that answer it."""

    title: str
    sentences: Sequence[str]
    asked: Sequence[tuple[str, tuple[int, ...]]]
    held_out: bool


def windows(folder: Path, rng: random.Random) -> Iterator[Window]:
    """Yield the windows of all documents, of which a library each is made in a folder."""
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
    """Return those windows that share little with the ones before."""
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
    """Return some questions that a window answers, and those that it most seems to."""
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
