"""Scoring texts against a question with a cross-encoder, which reads both at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.weights.embedding import load_cross_encoder
from rag.once import Once

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class Reranker:
    """A cross-encoder, loaded when it is first needed.

    Scores are raw logits: with the default weights about 8 for a text that answers the question,
    about -11 for one that has nothing to do with it.
    """

    def __init__(self, name: str, models: Path) -> None:
        """Name the model; `models` is the folder of the weights."""
        self.name = name
        self._model: Once[CrossEncoder] = Once(lambda: load_cross_encoder(name, models))

    def load(self) -> None:
        """Load the weights now rather than with the first question.

        Raises ModelMissing when they are not on this machine.
        """
        self._model()

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one score a text: how well it answers the question."""
        if not texts:
            return []
        scores = self._model().predict([(question, text) for text in texts], batch_size=16)
        return [float(score) for score in scores]
