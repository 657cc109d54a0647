"""Transformer weights that run on `onnxruntime` and `tokenizers`, without torch.

`sentence-transformers[onnx]` would do the same, but pins versions of transformers and
huggingface-hub that current Gradio cannot live with, and importing it takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

MAX_TOKENS = 512
"""The longest text, or pair of texts together, in tokens; the end of a longer one is not read."""

BATCH = 16
"""How many texts run at once."""


class OnnxWeights:
    """Opened weights: `model.onnx` and `tokenizer.json` of a folder."""

    def __init__(self, folder: Path) -> None:
        """Open the weights."""
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {each.name for each in self._session.get_inputs()}
        self.tokenizer = load_tokenizer(folder)

    def run(self, encoded: Sequence[Encoding], *outputs: str) -> list[np.ndarray]:
        """Run texts as one batch; returns the outputs named, or all, each of shape (texts, …).

        In a batch one text changes what comes out for another by a little, since int8 weights round
        the numbers of all to one scale.
        """
        given = {name: rows for name, rows in features(encoded).items() if name in self._inputs}
        return [np.asarray(each) for each in self._session.run(outputs or None, given)]


def embed(weights: OnnxWeights, texts: Sequence[str]) -> np.ndarray:
    """Return each text's vector, of length one; shape (texts, dimension).

    It is what comes out for the first token, as bge was trained (Xiao and others, SIGIR 2024).
    """
    vectors = _in_batches(weights, "last_hidden_state", texts, [len(text) for text in texts])
    normed: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normed


def score(weights: OnnxWeights, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Return each pair's raw logit, on which thresholds and the gate are fitted; shape (pairs,)."""
    return _in_batches(weights, "logits", pairs, [len(one) + len(other) for one, other in pairs])


def _in_batches(
    weights: OnnxWeights, output: str, texts: Sequence[Any], lengths: Sequence[int]
) -> np.ndarray:
    """Return what comes out first for each text, in the order of the texts.

    The longest run first, together, so that little of a batch is padding.
    """
    order = np.argsort(-np.asarray(lengths), kind="stable")
    rows = [
        weights.run(weights.tokenizer.encode_batch([texts[at] for at in batch]), output)[0][:, 0]
        for batch in np.split(order, range(BATCH, len(order), BATCH))
    ]
    in_order: np.ndarray = np.concatenate(rows)[np.argsort(order)]
    return in_order


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer of a folder, cutting what is too long."""
    tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS, strategy="longest_first")
    tokenizer.no_padding()
    return tokenizer


def features(encoded: Sequence[Encoding]) -> dict[str, np.ndarray]:
    """Return the network's inputs, each of shape (texts, longest), padded with zeros."""
    longest = max(len(each.ids) for each in encoded)
    rows = {
        name: np.zeros((len(encoded), longest), dtype=np.int64)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    }
    for at, each in enumerate(encoded):
        rows["input_ids"][at, : len(each.ids)] = each.ids
        rows["attention_mask"][at, : len(each.ids)] = 1
        rows["token_type_ids"][at, : len(each.ids)] = each.type_ids
    return rows
