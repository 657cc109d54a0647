"""What the reader of all languages learns from: pairs of texts, labelled by teachers.

The teachers are networks for English: the cross-encoder says how well a text goes with a question,
the English reader whether it answers, and its third head whether it bears a statement out. What
they say about a pair in English also holds for the same pair in two other languages.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from eval.lab.command import progress_bar
from eval.lab.training.examples import Example
from eval.lab.training.inputs import shipped_reader
from eval.lab.training.statements import LABELS, Label
from index.weights.catalogue import DEFAULT_RERANKER
from index.weights.embedding import load_scorer
from index.weights.reader import ReaderWeights

LABELLED = 0.5
"""The weight of a label in the target; the rest is the teacher's probability."""

Lesson = Literal["rank", "answers", "label", "bears_out"]
"""What a pair teaches: a teacher's output, or ("label") whether it answers by its label alone."""


@dataclass(frozen=True, slots=True)
class Untaught:
    """A question or a statement with a text; the same in English; and what the pair teaches.

    `label` says whether the text supports a statement, if people have judged that.
    """

    example: Example
    english: tuple[str, str]
    lessons: frozenset[Lesson]
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Taught:
    """A pair with its targets, which are None for what it does not teach.

    `rank` is the cross-encoder's logit, `answers` the probability that the text answers, with which
    its words are learned too, and `bears_out` the probabilities of the three labels of statements.
    """

    example: Example
    rank: float | None = None
    answers: float | None = None
    bears_out: tuple[float, ...] | None = None


class Teachers:
    """The networks for English, loaded."""

    def __init__(self, models: Path) -> None:
        """Open the weights. Raises ModelMissing if they are not in the folder for models."""
        self._scores = load_scorer(DEFAULT_RERANKER, models)
        self._reader = ReaderWeights(shipped_reader())

    def teach(self, pairs: Sequence[Untaught]) -> list[Taught]:
        """Return the pairs with their targets."""
        with ThreadPoolExecutor(os.cpu_count()) as pool, progress_bar() as progress:
            taught = pool.map(self._taught, pairs)
            return list(progress.track(taught, len(pairs), description="teachers"))

    def _taught(self, pair: Untaught) -> Taught:
        lessons, answers = pair.lessons, None
        if "answers" in lessons:
            answers = self._answers(pair)
        elif "label" in lessons:
            answers = float(pair.example.answerable)
        return Taught(
            pair.example,
            self._rank(pair) if "rank" in lessons else None,
            answers,
            self._bears_out(pair) if "bears_out" in lessons else None,
        )

    def _rank(self, pair: Untaught) -> float:
        return float(self._scores([pair.english])[0])

    def _answers(self, pair: Untaught) -> float:
        question, text = pair.english
        [read] = self._reader.read(question, [text])
        said = 1 / (1 + np.exp(-read.answers))
        return float(LABELLED * pair.example.answerable + (1 - LABELLED) * said)

    def _bears_out(self, pair: Untaught) -> tuple[float, ...]:
        if pair.label:
            return tuple(float(each == pair.label) for each in LABELS)
        statement, text = pair.english
        [logits] = self._reader.entails(statement, [text])
        raised = np.exp(logits - logits.max())
        return tuple(map(float, raised / raised.sum()))
