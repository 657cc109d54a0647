"""Reading a quote a second time: does it state the answer, by what the language model makes of it?

The default model is given a quote and a question, and writes nothing. At the end of the prompt its
last layer knows what would be said, and a logistic regression over those 1,536 numbers tells it:
better than the model itself does when it is asked to write. Its weights are made by
`python -m eval.lab.training.second_reader` (index/reader_weights/README.md).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.weights.catalogue import ENGLISH_READER
from index.weights.download import model_folder
from rag.writing.prompts import on_one_line

LLM = "qwen2.5-coder-1.5b-instruct"
"""The model that the weights belong to, and the adapter of `rag/writing/standing_alone.py`."""

MOST_READ = {"title": 100, "quote": 620, "question": 200}
"""Bytes of each: a token is a byte at least, and a hundred take two seconds on two cores."""

FILE = "second_reader.npz"


class SecondReader:
    """A logistic regression over what the model has made of a prompt."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the weights that come with Footnoted, or a file of others."""
        data = (path or model_folder(ENGLISH_READER, Path()) / FILE).read_bytes()
        self.sha256 = hashlib.sha256(data).hexdigest()
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            self.weights: np.ndarray = held["weights"]
            self.intercept = float(held["intercept"])

    def log_odds(self, state: Sequence[float]) -> float:
        """Return the log-odds that the quote states the answer, from the model's last layer."""
        return float(self.weights @ np.asarray(state, dtype=np.float32)) + self.intercept


def prompt(title: str, quote: str, question: str) -> str:
    """Return what the model reads: a quote under its document's title, and a question.

    In small letters, as the questions are that the weights were made with.
    """
    asked = _cut(question.strip().rstrip("?").strip().lower(), "question")
    return (
        f"{_cut(title, 'title')}: {_cut(quote, 'quote')}\n\nQuestion: {asked}?\n"
        "Is the answer to this question stated above? Answer:"
    )


def _cut(text: str, what: str) -> str:
    line = on_one_line(text).encode(errors="replace")
    return line[: MOST_READ[what]].decode(errors="ignore")
