"""The networks of the tests: a worker opens each once, and runs it once on the same text.

Each text runs alone (index/weights/onnx.py) and gives the same numbers each time. The tests that
show this call `forget` in between, so that the network runs again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest

import index.weights.multilingual
import index.weights.onnx

ROOM = 100_000_000
"""Bytes of results that are kept of a network, at most."""


class _Network:
    def __init__(self, path: str, *options: Any, **given: Any) -> None:
        self._session = onnxruntime.InferenceSession(path, *options, **given)
        self._results: dict[bytes, list[np.ndarray]] = {}
        self._bytes = 0

    def get_inputs(self) -> Any:
        return self._session.get_inputs()

    def run(
        self, outputs: Sequence[str] | None, given: Mapping[str, np.ndarray], options: Any = None
    ) -> list[np.ndarray]:
        told = [outputs, *((name, each.shape, each.tobytes()) for name, each in given.items())]
        key = blake2b(repr(told).encode()).digest()
        made = self._results.get(key)
        if made is None:
            made = self._session.run(outputs, given, options)
            if self._bytes > ROOM:
                self.forget()
            self._bytes += sum(each.nbytes for each in made)
            self._results[key] = made
        return [each.copy() for each in made]

    def forget(self) -> None:
        self._results.clear()
        self._bytes = 0


_opened: dict[tuple[str, int], _Network] = {}


def _open(path: str, *options: Any, **given: Any) -> _Network:
    key = path, Path(path).stat().st_mtime_ns
    if key not in _opened:
        _opened[key] = _Network(path, *options, **given)
    return _opened[key]


def open_once(patch: pytest.MonkeyPatch) -> None:
    """Have all that opens weights in this process share them; what reads scans has its own."""
    shared = SimpleNamespace(**{**vars(onnxruntime), "InferenceSession": _open})
    patch.setattr(index.weights.onnx, "onnxruntime", shared)
    patch.setattr(index.weights.multilingual, "_open", {})  # Its layers must stay with them.
    patch.setattr(index.weights.onnx, "load_tokenizer", cache(index.weights.onnx.load_tokenizer))


def forget() -> None:
    """Let each network run again on what it has run on."""
    for network in _opened.values():
        network.forget()
