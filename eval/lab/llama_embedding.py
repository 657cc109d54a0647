"""An embedding model as LlamaIndex's `BaseEmbedding`, for LlamaIndex's own indexes.

Importing this module imports llama_index, which takes seconds: import it only where it is used.
(`llama-index-embeddings-huggingface` does the same for models of sentence-transformers, and imports
torch for all of them.)
"""

from __future__ import annotations

from llama_index.core.base.embeddings.base import BaseEmbedding
from pydantic import PrivateAttr

from index.weights.embedding import PromptedEmbedding


class LlamaEmbedding(BaseEmbedding):  # type: ignore[misc]
    """Embeds as the model that it wraps does."""

    _model: PromptedEmbedding = PrivateAttr()

    def __init__(self, model: PromptedEmbedding) -> None:
        super().__init__(model_name=model.model_name, embed_batch_size=16)
        self._model = model

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._model.get_query_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._model.get_text_embedding(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._model.get_text_embedding_batch(texts)
