"""The catalogue's ONNX weights as sentence-transformers models, for programs built on it.

`SentenceTransformer(folder, backend="onnx")` needs optimum-onnx, which supports no version of
transformers that sentence-transformers 6 supports. It also needs files that these folders lack:
`modules.json`, which says that the first token is the text's vector, and the reranker's
`config.json`. So the network runs in a module defined here; everything else is
sentence-transformers' own.

With these files added, the backend of sentence-transformers 5.2 was tried: one text at a time, it
gives the same vectors and logits. In batches, the rounding of the int8 weights lowers the cosine to
0.995 to 0.998.

Importing this module imports torch, which takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.base.modules import InputModule, Normalize
from sentence_transformers.sentence_transformer.modules import Pooling
from transformers import AutoTokenizer

from index.weights.download import model_folder
from index.weights.embedding import QUERY_PROMPTS
from index.weights.onnx import MAX_TOKENS, OnnxWeights, in_parallel


def sentence_transformer(name: str, models: Path) -> SentenceTransformer:
    """Load an embedding model from the catalogue, with its query prompt (`encode_query`).

    Raises ModelMissing when its weights are not in the folder `models`.
    """
    network = OnnxNetwork(model_folder(name, models), "last_hidden_state", "token_embeddings")
    pooling = Pooling(network.dimension, "cls")
    prompts = {"query": QUERY_PROMPTS.get(name, ""), "document": ""}
    return SentenceTransformer(modules=[network, pooling, Normalize()], prompts=prompts)


def cross_encoder(name: str, models: Path) -> CrossEncoder:
    """Load a reranker from the catalogue; its scores are raw logits.

    Raises ModelMissing when its weights are not in the folder `models`.
    """
    network = OnnxNetwork(model_folder(name, models), "logits", "scores")
    return CrossEncoder(modules=[network], activation_fn=torch.nn.Identity())


class OnnxNetwork(InputModule):  # type: ignore[misc]
    """The tokenizer and the network in a folder. Each text is run alone, as in `onnx.Network`."""

    def __init__(self, folder: Path, output: str, feature: str) -> None:
        """Open the folder; the network's `output` becomes a `feature` of the model."""
        super().__init__()
        self.tokenizer = AutoTokenizer.from_pretrained(folder, model_max_length=MAX_TOKENS)
        self._weights = OnnxWeights(folder)
        self._output, self._feature = output, feature

    @property
    def dimension(self) -> int:
        """The dimension of the network's output for a token."""
        made = self._weights.run(self._weights.encode(""), self._output)[0]
        return int(made.shape[-1])

    def preprocess(
        self, inputs: Sequence[Any], prompt: str | None = None, **_: Any
    ) -> dict[str, torch.Tensor]:
        """Return the tokens of texts, or of pairs of texts, each of shape (texts, longest)."""
        texts = [(prompt or "") + each if isinstance(each, str) else tuple(each) for each in inputs]
        return dict(self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt"))

    def forward(self, features: dict[str, torch.Tensor], **_: Any) -> dict[str, torch.Tensor]:
        """Add the network's output for the tokens."""
        made = in_parallel(self._run, _rows(features))
        features[self._feature] = torch.nn.utils.rnn.pad_sequence(made, batch_first=True)
        return features

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """Refuse: the weights are in the models directory already."""
        raise NotImplementedError(f"The weights are files already: copy them to {output_path}.")

    def _run(self, row: _Row) -> torch.Tensor:
        return torch.from_numpy(self._weights.run(row, self._output)[0])


class _Row(NamedTuple):
    """The tokens of one text, without padding."""

    ids: list[int]
    type_ids: list[int]


def _rows(features: dict[str, torch.Tensor]) -> list[_Row]:
    return [
        _Row(ids[:length].tolist(), types[:length].tolist())
        for ids, types, length in zip(
            features["input_ids"],
            features["token_type_ids"],
            features["attention_mask"].sum(dim=1).tolist(),
            strict=True,
        )
    ]
