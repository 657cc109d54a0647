"""Four-bit weights, in the format of the file of multilingual-e5-small.

Matrices are rows of blocks of 32 values: a float16 scale and sixteen bytes, whose low halves are
the first sixteen values and whose high halves the last sixteen, each minus eight (Q4_0 of ggml).
The file is memory-mapped, so of its 250,037 word vectors only those that a text needs are read.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
_HALVES = np.dtype([("scale", "<f2"), ("halves", "u1", (BLOCK // 2,))])
_HEADER = struct.Struct("<8s7ifi5iQ")
"""Magic; width, layers, heads, inner width, words, positions, types; the epsilon and the kind;
pieces, begin, end, padding, unknown; the bytes of the pieces' text."""
_TENSOR = struct.Struct("<BIQQ")
"""A tensor's entry, after its name: the type of its values, their number, offset, and bytes."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    count: int
    start: int
    size: int


class PackedWeights:
    """An opened file of four-bit weights."""

    def __init__(self, path: Path) -> None:
        """Map the file, and read its directory of tensors. Raises ValueError for another file."""
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            self._tensors = dict(self._directory())
        except (struct.error, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is no file of weights in four bits") from error

    def _directory(self) -> list[tuple[str, _Tensor]]:
        fields = _HEADER.unpack_from(self._data)
        self.width, self.layers, self.heads, pieces = fields[1], fields[2], fields[3], fields[10]
        at = _HEADER.size + 4 * (pieces + 1) + 4 * pieces + fields[-1]
        _, length = struct.unpack_from("<iI", self._data, at)  # The map for normalizing text.
        at += 8 + length
        [count] = struct.unpack_from("<i", self._data, at)
        at += 4
        found = []
        for _ in range(count):
            [length] = struct.unpack_from("<H", self._data, at)
            name = self._data[at + 2 : at + 2 + length].decode()
            _, values, start, size = _TENSOR.unpack_from(self._data, at + 2 + length)
            found.append((name, _Tensor(values, start, size)))
            at += 2 + length + _TENSOR.size
        return found

    def tensor(self, name: str, *shape: int) -> NDArray[np.float32]:
        """Return all values of a tensor, in the given shape; one axis may be -1."""
        held = self._tensors[name]
        if held.size == 4 * held.count:
            values = np.frombuffer(self._data, "<f4", held.count, held.start)
        else:
            values = _unpacked(np.frombuffer(self._data, _HALVES, held.count // BLOCK, held.start))
        return values.reshape(shape or (-1,)).astype(np.float32, copy=False)

    def rows(self, name: str, at: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return rows of a matrix of width `width`, by their indexes; shape (…, width)."""
        held, each = self._tensors[name], self.width // BLOCK
        blocks = np.frombuffer(self._data, _HALVES, held.count // BLOCK, held.start)
        some = blocks.reshape(-1, each)[at]
        return _unpacked(some.reshape(-1)).reshape(*at.shape, each * BLOCK)


def _unpacked(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    halves = blocks["halves"]
    values = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8
    return values * blocks["scale"].astype(np.float32)[..., None]
