"""An embedding model as LlamaIndex's `BaseEmbedding`.

Importing this module imports llama_index, which takes seconds: import it only where it is used.
(`llama-index-embeddings-huggingface` does the same for models of sentence-transformers, and imports
torch for all of them.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llama_index.core.base.embeddings.base import BaseEmbedding
from pydantic import PrivateAttr


class PromptedEmbedding(BaseEmbedding):  # type: ignore[misc]
    """Embeds passages as they are, and questions behind the model's query prompt."""

    _encode: Any = PrivateAttr()
    _query_prompt: str = PrivateAttr()

    def __init__(
        self, name: str, encode: Callable[[list[str]], np.ndarray], query_prompt: str
    ) -> None:
        """Wrap what turns texts into vectors of length one, shape (texts, dimension)."""
        super().__init__(model_name=name, embed_batch_size=16)
        self._encode = encode
        self._query_prompt = query_prompt

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(self._query_prompt + query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._encode(texts).tolist()
        return vectors
