"""Scoring texts against a question with a cross-encoder, which reads both at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from index.weights.embedding import Scores, load_scorer
from rag.lazy import Lazy
from rag.quote import Quote


class Reranker:
    """A cross-encoder, loaded when it is first needed.

    Scores are raw logits: with the default weights about 8 for a text that answers the question,
    about -11 for one that has nothing to do with it.
    """

    def __init__(self, name: str, models: Path) -> None:
        """Name the model; `models` is the folder of the weights."""
        self.name = name
        self._scores: Lazy[Scores] = Lazy(lambda: load_scorer(name, models))

    def load(self) -> None:
        """Load the weights now rather than with the first question.

        Raises ModelMissing when they are not on this machine.
        """
        self._scores()

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one score a text: how well it answers the question."""
        if not texts:
            return []
        return [float(score) for score in self._scores()([(question, text) for text in texts])]

    def scored(self, question: str, quotes: Sequence[Quote]) -> list[Quote]:
        """Return quotes with how well they answer the question."""
        scores = self.score(question, [quote.model_text for quote in quotes])
        return [replace(quote, score=score) for quote, score in zip(quotes, scores, strict=True)]
