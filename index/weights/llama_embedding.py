"""A sentence-transformers model as LlamaIndex's `BaseEmbedding`.

Importing this module imports llama_index, which takes seconds: import it only where it is used.
(`llama-index-embeddings-huggingface` does the same for models it can load by name; ours is made of
modules and has no name on the hub.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from pydantic import PrivateAttr

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class SentenceTransformerEmbedding(BaseEmbedding):  # type: ignore[misc]
    """Embeds passages as they are and questions behind the model's query prompt, normalised."""

    _model: Any = PrivateAttr()
    _query_prompt: str = PrivateAttr()

    def __init__(self, model: SentenceTransformer, name: str, query_prompt: str) -> None:
        """Wrap a loaded model."""
        super().__init__(model_name=name, embed_batch_size=16)
        self._model = model
        self._query_prompt = query_prompt

    def _encode(self, texts: list[str], prompt: str) -> list[list[float]]:
        vectors = self._model.encode(
            texts,
            prompt=prompt or None,
            batch_size=self.embed_batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return [vector.tolist() for vector in vectors]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._encode([query], self._query_prompt)[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._encode([text], "")[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._encode(texts, "")
