"""The inputs of training: its arguments, the files that it reads, the examples that it keeps."""

from __future__ import annotations

import argparse
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from eval.lab.command import arguments
from index.atomic import write_whole
from index.documents import file_sha256
from index.errors import UserError
from index.weights.download import model_folder
from rag.answerability.reader import READER
from rag.config import load_settings

T = TypeVar("T")


def parse(
    argv: Sequence[str],
    command: str,
    description: str | None,
    *needed: str,
    optional: Sequence[str] = (),
    several: Sequence[str] = (),
    epochs: float | None = None,
) -> argparse.Namespace:
    """Parse a command's arguments: its folder, which is made, its files, and its epochs."""
    parser = arguments(command, description, *(name.removeprefix("--") for name in needed))
    for name in optional:
        parser.add_argument(name, type=Path, metavar="FOLDER" if name == "--start" else "FILE")
    for name in several:
        parser.add_argument(name, type=Path, nargs="*", default=[], metavar="FILE")
    if epochs:
        parser.add_argument("--epochs", type=float, default=epochs)
    given = parser.parse_args(argv)
    given.folder.mkdir(parents=True, exist_ok=True)
    return given


def shipped_reader() -> Path:
    """Return the folder of the reader that comes with Footnoted."""
    return model_folder(READER, load_settings().models)


@contextmanager
def reading(path: Path, fault: str) -> Iterator[None]:
    """Turn errors with a file into a UserError that names its path and its fault."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} {fault}: {error!r}.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error


def read_records(path: Path) -> Any:
    """Return the JSON of a file, or the list of its lines' JSON if its name has ".jsonl".

    A file whose name ends in ".gz" is decompressed. Errors are for `reading` to catch.
    """
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    return list(map(json.loads, data.splitlines())) if ".jsonl" in path.name else json.loads(data)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file; raises UserError for one that cannot be read."""
    with reading(path, "cannot be read"):
        return file_sha256(path)


def keep(
    files: Sequence[Path],
    of: type[T],
    sources: Mapping[str, Any],
    make: Callable[[], Sequence[Sequence[T]]],
) -> list[list[T]]:
    """Return the examples that files hold; the first call makes them and writes them.

    `sources` say what they are made from. Raises UserError if the files were made from others.
    """
    made_of = files[0].with_name("made-of.json")
    if made_of.exists() and json.loads(made_of.read_text("utf-8")) != sources:
        raise UserError(
            f"{made_of.parent} holds what was made of other data, or mixed otherwise. "
            "Name a new folder."
        )
    if not all(file.exists() for file in (*files, made_of)):
        for file, examples in zip(files, make(), strict=True):
            lines = map(TypeAdapter(of).dump_json, examples)
            write_whole(file, b"".join(line + b"\n" for line in lines))
        write_whole(made_of, json.dumps(sources).encode())
    return [read_examples(file, of) for file in files]


def read_examples(file: Path, of: type[T]) -> list[T]:
    """Return the examples of a file of JSON Lines; raises UserError if it holds none."""
    adapter = TypeAdapter(of)
    with reading(file, "holds no examples that can be read"):
        return [adapter.validate_json(line) for line in file.read_bytes().splitlines()]
