"""The networks for documents in any language, on the word vectors of multilingual-e5-small.

The vectors stay in the file that was fetched (`packed.py`). The layers that search are out of it as
well: what Footnoted has of that network is only how its parts are joined. The layers that read are
Footnoted's own (`index/multilingual_weights/README.md` is their card).
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
"""What makes of its two logits the likeliest ones of the reader of English: a factor and a summand
each, on windows of what neither has learned from (`python -m eval.lab.training.multilingual`
prints them)."""

LIMIT = 63
"""The greatest absolute value of a weight in seven bits: see `eval/lab/training/export.py`."""

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
"""The names of the weights in BERT, and in the file."""


class Published:
    """The published weights, opened: word vectors, layers, and the tokenizer."""

    def __init__(self, folder: Path) -> None:
        """Open the weights of a folder."""
        self.packed = PackedWeights(folder / PACKED)
        self.tokenizer = load_tokenizer(folder)

    @cached_property
    def layers(self) -> dict[str, np.ndarray]:
        """The layers by their names; a network reads them where they lie, so they must stay."""
        return layers(self.packed)


_open: WeakValueDictionary[tuple[object, Path], Any] = WeakValueDictionary()
_lock = RLock()


def _shared(kind: Callable[[Path], T], path: Path) -> T:
    """Return what a path holds, opened once for all that have it open at the same time."""
    with _lock:
        found = _open.get((kind, path))
        if found is None:
            found = _open[kind, path] = kind(path)
        return found


class MultilingualNetwork(Network):
    """A network that reads word vectors; with `fill` its layers are the published ones."""

    def __init__(self, published: Path, network: Path, *, fill: bool = False) -> None:
        """Open the network, with the published weights of a folder."""
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
        """Return what the network reads of one text."""
        rows = features([encoded])
        vectors = word_vectors(self._published.packed, rows["input_ids"])
        return {"vectors": vectors, "attention_mask": rows["attention_mask"]}


def encoder(models: Path) -> Callable[[list[str]], np.ndarray]:
    """Return what turns texts into vectors of length one, shape (texts, width).

    Raises ModelMissing when the weights are not on this machine.
    """
    own = model_folder(READER_OF_ALL, models) / ENCODER
    return partial(embed, MultilingualNetwork(model_folder(MULTILINGUAL, models), own, fill=True))


def reading_network(models: Path) -> MultilingualNetwork:
    """Return the network that reads, and says how well a text goes with a question.

    Raises ModelMissing when the weights are not on this machine.
    """
    return _shared(_reading_network, models)


def _reading_network(models: Path) -> MultilingualNetwork:
    own = model_folder(READER_OF_ALL, models) / READER
    return MultilingualNetwork(model_folder(MULTILINGUAL, models), own)


def as_read(question: str) -> str:
    """Return a question as the reader has learned to read them: in small letters.

    A letter for each, so that places in it stay where they are.
    """
    lowered = question.lower()
    if len(lowered) == len(question):
        return lowered
    return "".join(low if len(low := each.lower()) == 1 else each for each in question)


class MultilingualReader(ReaderWeights):
    """The reader of all languages, with its logits on the scale of the reader of English."""

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
    """Return the vectors of tokens, by their numbers; shape (…, width)."""
    return packed.rows("emb.word", ids)


def embed(weights: MultilingualNetwork, texts: Sequence[str]) -> np.ndarray:
    """Return each text's vector, of length one; shape (texts, width)."""

    def vector(text: str) -> np.ndarray:
        [made] = weights.run(weights.encode(text), "vector")
        return np.asarray(made / np.linalg.norm(made))

    return np.stack(in_parallel(vector, texts))


def layers(packed: PackedWeights) -> dict[str, np.ndarray]:
    """Return the layers of a file by the names that the network has for them, in seven bits."""
    held: dict[str, np.ndarray] = {}
    for name, stored in TENSORS.items():
        values = packed.tensor(stored)
        if name.startswith("embeddings.") and name.endswith("embeddings.weight"):
            held[name] = values.reshape(-1, packed.width)
        elif name.endswith("weight") and "LayerNorm" not in name:
            matrix = values.reshape(len(packed.tensor(stored.replace(".w", ".b"))), -1)
            scale = np.abs(matrix).max(axis=1) / LIMIT  # A row for each number that comes out.
            rounded = np.rint(matrix / scale[:, None]).astype(np.int8)
            held[f"{name}_quantized"] = np.ascontiguousarray(rounded.T)
            held[f"{name}_scale"] = scale.astype(np.float32)
        else:
            held[name] = values
    return held
