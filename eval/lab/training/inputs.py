"""What a training is given and keeps: its arguments, the files that it reads, its examples."""

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
    """Return the arguments of a command, whose folder is made: names of files, and its epochs."""
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
    """Turn what goes wrong with a file into a UserError: its path, and the fault it has."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} {fault}: {error!r}.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error


def read_records(path: Path) -> Any:
    """Return the JSON of a file, or a list of its lines' where its name has ".jsonl".

    What ends in ".gz" is decompressed. Faults are for `reading` to catch.
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

    `sources` say what they are made of. Raises UserError where the files were made of others.
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
    """Return the examples of a file of JSON Lines; raises UserError for another file."""
    adapter = TypeAdapter(of)
    with reading(file, "holds no examples that can be read"):
        return [adapter.validate_json(line) for line in file.read_bytes().splitlines()]
