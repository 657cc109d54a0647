"""The networks for documents in any language, on the word vectors of multilingual-e5-small.

The word vectors stay in the file that was fetched (`packed.py`). The layers of the encoder, which
searches, are in that file too: of this network, Footnoted ships only the graph without weights. The
layers of the reader are Footnoted's own (`index/multilingual_weights/README.md` is their card).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding

from index.weights.catalogue import MULTILINGUAL, READER_OF_ALL
from index.weights.download import model_folder
from index.weights.onnx import Network, Tokens, features, in_parallel, load_tokenizer
from index.weights.packed import PackedWeights
from index.weights.reader import Read, ReaderWeights

PACKED = "e5-small-q4.bin"
T = TypeVar("T")

ENCODER, READER = "encoder.onnx", "reader.onnx"

ANSWERS, WORDS = (1.331, 1.100), (1.200, 3.267)
"""A factor and a summand for each of this reader's two logits, which map it to the scale of the
English reader. They are fitted on windows that neither reader was trained on (`python -m
eval.lab.training.multilingual` prints them)."""

LIMIT = 63
"""The greatest absolute value of a seven-bit weight: see `eval/lab/training/export.py`."""

_LAYER = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}

TENSORS = {
    "embeddings.position_embeddings.weight": "emb.pos",
    "embeddings.token_type_embeddings.weight": "emb.type",
    "embeddings.LayerNorm.weight": "emb.ln.w",
    "embeddings.LayerNorm.bias": "emb.ln.b",
} | {
    f"encoder.layer.{at}.{name}.{kind}": f"l{at}.{short}.{kind[0]}"
    for at in range(12)
    for name, short in _LAYER.items()
    for kind in ("weight", "bias")
}
"""The names of the weights in BERT, and their names in the file."""


class Published:
    """The published weights, opened: word vectors, layers, and the tokenizer."""

    def __init__(self, folder: Path) -> None:
        """Open the weights of a folder."""
        self.packed = PackedWeights(folder / PACKED)
        self.tokenizer = load_tokenizer(folder)

    @cached_property
    def layers(self) -> dict[str, np.ndarray]:
        """The layers by name. Networks use this memory directly, so it must stay alive."""
        return layers(self.packed)


_open: WeakValueDictionary[tuple[object, Path], Any] = WeakValueDictionary()
_lock = RLock()


def _shared(kind: Callable[[Path], T], path: Path) -> T:
    """Return the object for a path, opened only once among all that use it at the same time."""
    with _lock:
        found = _open.get((kind, path))
        if found is None:
            found = _open[kind, path] = kind(path)
        return found


class MultilingualNetwork(Network):
    """A network whose inputs are word vectors; with `fill`, its layers are the published ones."""

    def __init__(self, published: Path, network: Path, *, fill: bool = False) -> None:
        """Open the network, with the published weights in a folder."""
        self._published = _shared(Published, published)
        options = onnxruntime.SessionOptions()
        held = self._published.layers if fill else {}
        given = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in held.values()]
        options.add_external_initializers(list(held), given)
        super().__init__(network, self._published.tokenizer, options)

    def encode(self, text: str, with_text: str | None = None) -> Encoding:
        """Return the tokens of a text, or of a question and a text."""
        return super().encode(text if with_text is None else as_read(text), with_text)

    def inputs(self, encoded: Tokens) -> dict[str, np.ndarray]:
        """Return the network's inputs for one text."""
        rows = features([encoded])
        vectors = word_vectors(self._published.packed, rows["input_ids"])
        return {"vectors": vectors, "attention_mask": rows["attention_mask"]}


def encoder(models: Path) -> Callable[[list[str]], np.ndarray]:
    """Return a function from texts to unit vectors of shape (texts, width).

    Raises ModelMissing when the weights are not on this machine.
    """
    own = model_folder(READER_OF_ALL, models) / ENCODER
    return partial(embed, MultilingualNetwork(model_folder(MULTILINGUAL, models), own, fill=True))


def reading_network(models: Path) -> MultilingualNetwork:
    """Return the network of the reader, which is also the reranker.

    Raises ModelMissing when the weights are not on this machine.
    """
    return _shared(_reading_network, models)


def _reading_network(models: Path) -> MultilingualNetwork:
    own = model_folder(READER_OF_ALL, models) / READER
    return MultilingualNetwork(model_folder(MULTILINGUAL, models), own)


def as_read(question: str) -> str:
    """Return a question in lower case, as the reader was trained on.

    Each letter becomes exactly one, so that offsets stay valid.
    """
    lowered = question.lower()
    if len(lowered) == len(question):
        return lowered
    return "".join(low if len(low := each.lower()) == 1 else each for each in question)


class MultilingualReader(ReaderWeights):
    """The reader for all languages, with its logits on the scale of the English reader."""

    def __init__(self, models: Path) -> None:
        """Open the weights. Raises ModelMissing when they are not on this machine."""
        super().__init__(reading_network(models))

    def read(self, question: str, texts: Sequence[str], titles: Sequence[str] = ()) -> list[Read]:
        """Read each text with the question, as `ReaderWeights.read` does."""
        (a, b), (c, d) = ANSWERS, WORDS
        return [
            replace(each, answers=a * each.answers + b, words=c * each.words + d)
            for each in super().read(question, texts, titles)
        ]


def word_vectors(packed: PackedWeights, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the vectors of tokens by their ids; shape (…, width)."""
    return packed.rows("emb.word", ids)


def embed(weights: MultilingualNetwork, texts: Sequence[str]) -> np.ndarray:
    """Return each text's unit vector; shape (texts, width)."""

    def vector(text: str) -> np.ndarray:
        [made] = weights.run(weights.encode(text), "vector")
        return np.asarray(made / np.linalg.norm(made))

    return np.stack(in_parallel(vector, texts))


def layers(packed: PackedWeights) -> dict[str, np.ndarray]:
    """Return the layers in a file by their names in the network, with matrices in seven bits."""
    held: dict[str, np.ndarray] = {}
    for name, stored in TENSORS.items():
        values = packed.tensor(stored)
        if name.startswith("embeddings.") and name.endswith("embeddings.weight"):
            held[name] = values.reshape(-1, packed.width)
        elif name.endswith("weight") and "LayerNorm" not in name:
            matrix = values.reshape(len(packed.tensor(stored.replace(".w", ".b"))), -1)
            scale = np.abs(matrix).max(axis=1) / LIMIT  # One row per output.
            rounded = np.rint(matrix / scale[:, None]).astype(np.int8)
            held[f"{name}_quantized"] = np.ascontiguousarray(rounded.T)
            held[f"{name}_scale"] = scale.astype(np.float32)
        else:
            held[name] = values
    return held
