"""Load embedding models and rerankers.

The default weights are int8 ONNX files, which open at once (`onnx.py`). Any other model is loaded
with sentence-transformers, which takes seconds to import and is imported only then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index.errors import ModelMissing, UserError
from index.weights.catalogue import CATALOGUE, DEFAULT_EMBEDDING, MULTILINGUAL, READER_OF_ALL
from index.weights.download import model_folder

if TYPE_CHECKING:
    import numpy as np

QUERY_PROMPTS = {
    DEFAULT_EMBEDDING: "Represent this sentence for searching relevant passages: ",
    MULTILINGUAL: "query: ",
}
"""The prefix that the model's authors put before a question."""

PASSAGE_PROMPTS = {MULTILINGUAL: "passage: "}
"""The prefix that they put before a passage, if any (Wang and others, "Multilingual E5 Text
Embeddings", 2024)."""

Scores = Callable[[Sequence[tuple[str, str]]], "np.ndarray"]
"""Takes pairs of a question and a text; returns one score per pair, greater for better answers."""


class Embedding(Protocol):
    """An embedding model that returns unit vectors; LlamaIndex's `BaseEmbedding` fits as well."""

    def get_query_embedding(self, query: str) -> list[float]:
        """Return the vector of a question."""

    def get_text_embedding_batch(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of passages."""


class PromptedEmbedding:
    """Embeds passages and questions, each with the prompt that the model's authors use.

    The methods are named as in LlamaIndex, whose own class takes seconds to import.
    """

    def __init__(
        self,
        name: str,
        encode: Callable[[list[str]], np.ndarray],
        query_prompt: str,
        passage_prompt: str = "",
    ) -> None:
        """Wrap a function from texts to unit vectors of shape (texts, dimension)."""
        self.model_name = name
        self._encode = encode
        self._query_prompt = query_prompt
        self._passage_prompt = passage_prompt

    def get_query_embedding(self, query: str) -> list[float]:
        """Return the vector of a question."""
        [vector] = self._vectors([self._query_prompt + query])
        return vector

    def get_text_embedding(self, text: str) -> list[float]:
        """Return the vector of a passage."""
        return self.get_text_embedding_batch([text])[0]

    def get_text_embedding_batch(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of passages."""
        return self._vectors([self._passage_prompt + text for text in texts])

    def _vectors(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._encode(texts).tolist() if texts else []
        return vectors


def load_embedding(name: str, models: Path) -> PromptedEmbedding:
    """Load an embedding model: a name in the catalogue, a folder, or a name on the hub.

    It uses the prompts of the model's authors.

    Raises ModelMissing if a model's weights are not on this machine or cannot be loaded, and
    UserError if the catalogue's model has another role.
    """
    prompts = QUERY_PROMPTS.get(name, ""), PASSAGE_PROMPTS.get(name, "")
    return PromptedEmbedding(name, _load_encoder(name, models), *prompts)


def _load_encoder(name: str, models: Path) -> Callable[[list[str]], np.ndarray]:
    if name == MULTILINGUAL:
        from index.weights.multilingual import encoder

        return encoder(models)
    folder = _folder(name, "embedding", models) if name in CATALOGUE else None
    if folder and (folder / "model.onnx").exists():
        from index.weights.onnx import OnnxWeights, embed

        return partial(embed, OnnxWeights(folder))
    model = _load_foreign("SentenceTransformer", str(folder or name))
    return partial(model.encode, batch_size=16, normalize_embeddings=True, show_progress_bar=False)


def load_scorer(name: str, models: Path) -> Scores:
    """Load a reranker: a name in the catalogue, a folder, or a name on the hub.

    The scores are raw logits, even for a model that would turn them into probabilities.

    Raises as `load_embedding` does, and UserError for a model with several scores per pair.
    """
    if name == READER_OF_ALL:
        from index.weights.multilingual import reading_network
        from index.weights.onnx import scorer

        return scorer(reading_network(models), "ranks")
    if name in CATALOGUE:
        from index.weights.onnx import OnnxWeights, scorer

        return scorer(OnnxWeights(_folder(name, "rerank", models)))
    model = _load_foreign("CrossEncoder", name)
    if model.num_labels != 1:
        raise UserError(
            f"The model {name} is not a reranker: it gives {model.num_labels} scores, and one is "
            "needed. Set FOOTNOTED_RERANKER to another one."
        )
    return partial(model.predict, batch_size=16, activation_fn=lambda logits: logits)


def _folder(name: str, role: str, models: Path) -> Path:
    model = CATALOGUE[name]
    if model.role != role:
        raise UserError(f"{name} is a model for the role “{model.role}”, not for “{role}”.")
    return model_folder(name, models)


def _load_foreign(kind: str, name: str) -> Any:
    _quiet(hub=not Path(name).exists())
    import sentence_transformers

    try:
        return getattr(sentence_transformers, kind)(name, device="cpu")
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelMissing(
            f"The model {name} could not be loaded: {reason}. Give the name of a model on the hub, "
            "a folder that holds one, or one that `footnoted models list` shows."
        ) from error


def _quiet(*, hub: bool) -> None:
    """Turn off telemetry and progress bars, and the network, unless the user named a hub model."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if not hub:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
