"""Transformer weights that run on `onnxruntime` and `tokenizers`, without torch.

`sentence-transformers[onnx]` would do the same, but pins versions of transformers and
huggingface-hub that are incompatible with current Gradio, and importing it takes seconds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeVar

# Read when onnxruntime is loaded: from 1.32 on, it would report the machine and each session to
# its makers, and keep a record of that in the user's cache.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

MAX_TOKENS = 512
"""The longest text, or pair of texts together, in tokens; the end of a longer one is cut off."""

REMEMBERED = 1024
"""The number of results that are cached: a question is often searched for again, with more
candidates, as a part, or as the standalone form of a follow-up."""

T = TypeVar("T")
Result = TypeVar("Result")


class Tokens(Protocol):
    """The tokens of a text, or of a pair of texts, which `type_ids` tells apart."""

    @property
    def ids(self) -> list[int]:
        """Their ids in the vocabulary."""

    @property
    def type_ids(self) -> list[int]:
        """The text that each belongs to, 0 or 1."""


_pool = ThreadPoolExecutor(os.cpu_count(), "onnx")


class Network:
    """An opened network, with its tokenizer.

    Each text is run alone, on one processor. So a result does not depend on other texts (int8
    weights round all numbers of a batch to one scale), nothing is wasted on padding, and programs
    that run at the same time do not wait for each other.
    """

    def __init__(
        self, network: Path, tokenizer: Tokenizer, options: onnxruntime.SessionOptions | None = None
    ) -> None:
        """Open a network with its tokenizer."""
        options = options or onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(network), options, providers=["CPUExecutionProvider"]
        )
        self._options = onnxruntime.RunOptions()
        self._options.only_execute_path_to_fetches = True  # Other heads would double the time.
        self._inputs = {each.name for each in self._session.get_inputs()}
        self._tokenizer = tokenizer

    def encode(self, text: str, with_text: str | None = None) -> Encoding:
        """Return the tokens of a text, or of a pair of texts."""
        return self._tokenizer.encode(text, with_text)

    def run(self, encoded: Tokens, *outputs: str) -> list[np.ndarray]:
        """Return the named outputs, or all of them, for one text, without the batch dimension."""
        made = self._session.run(outputs or None, self.inputs(encoded), self._options)
        return [np.asarray(each)[0] for each in made]

    def inputs(self, encoded: Tokens) -> dict[str, np.ndarray]:
        """Return the network's inputs for one text."""
        return {name: row for name, row in features([encoded]).items() if name in self._inputs}


class OnnxWeights(Network):
    """Opened weights: `model.onnx` and `tokenizer.json` in a folder."""

    def __init__(self, folder: Path, name: str = "model.onnx") -> None:
        """Open the weights in a folder, from the file `name`."""
        super().__init__(folder / name, load_tokenizer(folder))


def embed(weights: Network, texts: Sequence[str]) -> np.ndarray:
    """Return each text's unit vector; shape (texts, dimension).

    It is the output for the first token, as bge was trained (Xiao and others, SIGIR 2024).
    """

    def vector(text: str) -> np.ndarray:
        first = weights.run(weights.encode(text), "last_hidden_state")[0][0]
        return np.asarray(first / np.linalg.norm(first))

    return np.stack(in_parallel(vector, texts))


def scorer(
    weights: Network, output: str = "logits"
) -> Callable[[Sequence[tuple[str, str]]], np.ndarray]:
    """Return a function from pairs to raw logits, shape (pairs,); the gate is fitted on these."""

    @lru_cache(maxsize=REMEMBERED)
    def logit(pair: tuple[str, str]) -> float:
        return float(np.ravel(weights.run(weights.encode(*pair), output)[0])[0])

    return lambda pairs: np.array(in_parallel(logit, pairs))


def in_parallel(function: Callable[[T], Result], items: Iterable[T]) -> list[Result]:
    """Return the function's results in the order of the items, computed on all processors."""
    return list(_pool.map(function, items))


def load_tokenizer(folder: Path) -> Tokenizer:
    """Load the tokenizer in a folder, with truncation to MAX_TOKENS and no padding."""
    tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS, strategy="longest_first")
    tokenizer.no_padding()
    return tokenizer


def features(encoded: Sequence[Tokens]) -> dict[str, np.ndarray]:
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
