"""The reranker: a cross-encoder that scores texts against a question, reading both together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from index.weights.embedding import Scores, load_scorer
from index.weights.foreign import Order, load_order
from rag.config import Settings
from rag.lazy import Lazy
from rag.quote import Quote


class Reranker:
    """A cross-encoder, loaded when it is first needed.

    Scores are raw logits: with the default weights, about 8 for a text that answers the question,
    and about -11 for one that has nothing to do with it.
    """

    def __init__(self, name: str, models: Path, order: Callable[[], Order] | None = None) -> None:
        """Name the model; `models` is the folder of the weights.

        `order` loads a reranker of the user's own. It only orders the passages: all decisions still
        use this model's scores.
        """
        self.name = name
        self._scores: Lazy[Scores] = Lazy(lambda: load_scorer(name, models))
        self._order = Lazy(order) if order else None

    def load(self) -> None:
        """Load the weights now rather than with the first question.

        Raises ModelMissing when they are not on this machine.
        """
        self._scores()
        if self._order:
            self._order()

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return a score for each text: how well it answers the question."""
        if not texts:
            return []
        return [float(score) for score in self._scores()([(question, text) for text in texts])]

    def ranking(self, question: str, texts: Sequence[str], scores: Sequence[float]) -> list[int]:
        """Return the indices of scored texts, best first.

        If the user has a reranker, the texts that it returns come first, in its order.
        """
        ranked = sorted(range(len(texts)), key=lambda at: -scores[at])
        first = self._order()(question, texts, scores) if self._order and texts else []
        return list(dict.fromkeys([*first, *ranked]))

    def scored(self, question: str, quotes: Sequence[Quote]) -> list[Quote]:
        """Return quotes with their scores for the question."""
        scores = self.score(question, [quote.model_text for quote in quotes])
        return [replace(quote, score=score) for quote, score in zip(quotes, scores, strict=True)]


def reranker_of(settings: Settings) -> Reranker:
    """Return the reranker that the settings name; it is loaded when it is first needed.

    A factory's reranker orders the passages, but the default cross-encoder scores what is read,
    since the gate and all thresholds are fitted to its logits.
    """
    factory = settings.factory("reranker")
    order = partial(load_order, factory) if factory else None
    return Reranker(settings.cross_encoder, settings.models, order)
