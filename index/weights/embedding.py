"""Turning text into vectors, with weights that run on an ordinary processor.

The default weights are int8 ONNX files. They run inside sentence-transformers' own classes, by a
small input module, so that everything else stays a `SentenceTransformer` and a `CrossEncoder`, and
any other model loads the ordinary way. (`sentence-transformers[onnx]` would do the same, but pins
versions of transformers and huggingface-hub that current Gradio cannot live with.)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import ModelMissing, UserError
from index.weights.catalogue import CATALOGUE
from index.weights.download import model_folder

if TYPE_CHECKING:
    from llama_index.core.embeddings import BaseEmbedding
    from sentence_transformers import CrossEncoder, SentenceTransformer

QUERY_PROMPTS = {
    "bge-small-en-v1.5-int8": "Represent this sentence for searching relevant passages: ",
}
"""What the model's authors put before a question, and not before a passage."""

MAX_TOKENS = 512


def load_sentence_transformer(name: str, models: Path) -> SentenceTransformer:
    """Load an embedding model: a name of the catalogue, a folder, or a name on the hub.

    Raises ModelMissing when the weights of a catalogue's model are not on this machine, and
    UserError when a model that the user named cannot be loaded.
    """
    if name not in CATALOGUE:
        return _load_foreign("SentenceTransformer", name)
    folder = _folder(name, "embedding", models)
    if not (folder / "model.onnx").exists():
        return _load_foreign("SentenceTransformer", str(folder))
    _quiet()
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

    from index.weights.onnx import OnnxTransformer

    onnx = OnnxTransformer(folder, MAX_TOKENS)
    pooling = Pooling(onnx.dimension, pooling_mode="cls")
    return SentenceTransformer(modules=[onnx, pooling, Normalize()], device="cpu")


def load_cross_encoder(name: str, models: Path) -> CrossEncoder:
    """Load a reranker: a name of the catalogue, a folder, or a name on the hub.

    Raises as `load_sentence_transformer` does.
    """
    if name not in CATALOGUE:
        return _load_foreign("CrossEncoder", name)
    folder = _folder(name, "rerank", models)
    _quiet()
    import torch
    from sentence_transformers import CrossEncoder

    from index.weights.onnx import OnnxScorer

    # The raw logit is kept: thresholds and the gate are fitted on it.
    modules = [OnnxScorer(folder, MAX_TOKENS)]
    return CrossEncoder(modules=modules, device="cpu", activation_fn=torch.nn.Identity())


def load_embedding(name: str, models: Path) -> BaseEmbedding:
    """Return a LlamaIndex embedding over the named model, with its query prompt."""
    from index.weights.llama_embedding import SentenceTransformerEmbedding

    return SentenceTransformerEmbedding(
        load_sentence_transformer(name, models), name, QUERY_PROMPTS.get(name, "")
    )


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


def _quiet(*, hub: bool = False) -> None:
    """No telemetry and no progress bars; no network either, unless the user named a hub model."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if not hub:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
