"""The weights and versions that a run is made with, so that runs can be told apart."""

from __future__ import annotations

import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from index.documents import file_sha256, text_sha256
from index.weights.catalogue import CATALOGUE

PACKAGES = (
    "chromadb",
    "llama-index-core",
    "onnxruntime",
    "sentence-transformers",
    "sentencex",
    "tokenizers",
    "xllamacpp",
)
"""The packages that affect an answer, besides Footnoted's own code."""


def weights_hash(name: str) -> str | None:
    """Return the SHA-256 of a model's weights; None if they are not files on this machine.

    For a model of several files, it is the hash of their hashes.
    """
    if name in CATALOGUE:
        hashes = [file.sha256 for _, file in sorted(CATALOGUE[name].files.items())]
        return hashes[0] if len(hashes) == 1 else text_sha256("\n".join(hashes))
    path = Path(name).expanduser()
    return _file_hash(path, path.stat().st_mtime_ns) if path.is_file() else None


def versions() -> dict[str, str]:
    """Return the versions of Python, of Footnoted, and of the packages that affect answers."""
    known = {"python": platform.python_version(), "footnoted": _version("footnoted")}
    return known | {name: _version(name) for name in PACKAGES}


@lru_cache
def _file_hash(path: Path, _changed: int) -> str:
    return file_sha256(path)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
