"""LlamaIndex embeddings and rerankers, made by the user's own factory.

LlamaIndex is imported when one of them is loaded; the factory imports it anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from index.errors import UserError, foreign_reason
from index.weights.factory import Factory

if TYPE_CHECKING:
    import numpy as np

Order = Callable[[str, Sequence[str], Sequence[float]], list[int]]
"""Takes a question, texts and their scores; returns the indexes of the texts, best first."""


class ForeignEmbedding:
    """A LlamaIndex embedding. Its vectors are scaled to length one, as libraries require."""

    def __init__(self, factory: Factory) -> None:
        """Make the embedding.

        Raises UserError if the factory fails.
        """
        from llama_index.core.base.embeddings.base import BaseEmbedding

        self._factory = factory
        self._model = factory.make(BaseEmbedding, "LlamaIndex embedding")

    def get_query_embedding(self, query: str) -> list[float]:
        """Return the vector of a question."""
        return self._scaled(lambda: [self._model.get_query_embedding(query)], 1)[0]

    def get_text_embedding_batch(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of passages."""
        if not texts:
            return []
        return self._scaled(lambda: self._model.get_text_embedding_batch(texts), len(texts))

    def _scaled(self, embed: Callable[[], list[list[float]]], count: int) -> list[list[float]]:
        """Return unit vectors.

        Raises UserError if the embedding fails, or does not return a nonzero vector for each text.
        """
        import numpy as np

        try:
            rows = np.asarray(embed(), np.float32)
        except Exception as error:
            raise UserError(
                f"The embedding {self._factory.name} fails: {foreign_reason(error)}. Correct that, "
                f"or change {self._factory.setting}."
            ) from error
        if rows.ndim != 2 or len(rows) != count or not _have_length(rows):
            raise UserError(
                f"The embedding {self._factory.name} does not return a vector of non-zero length "
                f"for each text. Correct that, or change {self._factory.setting}."
            )
        scaled: list[list[float]] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).tolist()
        return scaled


def _have_length(rows: np.ndarray) -> bool:
    import numpy as np

    return bool(np.isfinite(rows).all() and np.linalg.norm(rows, axis=1).all())


def load_order(factory: Factory) -> Order:
    """Load a LlamaIndex reranker (a node postprocessor) to order passages.

    Its scores are not used: no two rerankers have the same scale, and the decision whether to
    answer is fitted on the logits of the default cross-encoder. The nodes have these logits as
    their scores. Texts that the reranker drops are left out of the order.

    Raises UserError if the factory cannot make it; the returned function does if the reranker
    fails.
    """
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

    reranker = factory.make(BaseNodePostprocessor, "LlamaIndex reranker")

    def order(question: str, texts: Sequence[str], scores: Sequence[float]) -> list[int]:
        nodes = [
            NodeWithScore(node=TextNode(id_=str(number), text=text), score=score)
            for number, (text, score) in enumerate(zip(texts, scores, strict=True))
        ]
        numbers = {each.node.node_id: number for number, each in enumerate(nodes)}
        try:
            found = reranker.postprocess_nodes(nodes, query_bundle=QueryBundle(question))
            return [numbers[each.node.node_id] for each in found]
        except Exception as error:
            raise UserError(
                f"The reranker {factory.name} fails: {foreign_reason(error)}. Correct that, or "
                f"change {factory.setting}."
            ) from error

    return order
