"""What a run is, and its two files: the result, and what an interrupted run has done so far."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from eval.files import write_whole
from eval.metrics import Scores
from eval.summary import Metric
from index.errors import UserError

SCHEMA: Literal[1] = 1


@dataclass(frozen=True)
class SetRecord:
    """Which cases were asked."""

    name: str
    sha256: str
    cases: int
    must_pass: tuple[str, ...]


@dataclass(frozen=True)
class DocumentRecord:
    """A document of the library that was asked."""

    id: str
    title: str
    sha256: str


@dataclass(frozen=True)
class LibraryRecord:
    """What was in the library that was asked."""

    documents: tuple[DocumentRecord, ...]


@dataclass(frozen=True)
class Conditions:
    """What a run was made with. `models` also holds the settings and the code that matter."""

    schema: Literal[1]
    set: SetRecord
    library: LibraryRecord
    models: dict[str, str | int | None]


@dataclass(frozen=True)
class Result:
    """One case: its scores, the answer as `ask --json` prints it, and why it was given.

    `decision` is what `ask --explain` shows of the evidence; None where nothing was decided by it.
    """

    id: str
    scores: Scores
    answer: dict[str, Any]
    decision: dict[str, Any] | None = None

    @property
    def passed(self) -> bool:
        """Whether the answer is what the case expects."""
        return bool(self.scores["passed"])

    @property
    def shown(self) -> str:
        """The answer on one line."""
        return " ".join(str(self.answer["answer"]).split())


@dataclass(frozen=True)
class Run(Conditions):
    """A set, asked: the conditions and what came out."""

    metrics: dict[str, Metric]
    results: tuple[Result, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the object that `eval run --json` writes."""
        return asdict(self)


def write_run(path: Path, run: Run) -> None:
    """Write a run in one step: whoever reads finds the old file or the new one, whole."""
    text = json.dumps(run.as_json(), ensure_ascii=False, indent=1) + "\n"
    with _told(path):
        write_whole(path, text.encode())


def resume(path: Path, conditions: Conditions) -> list[Result]:
    """Return what an interrupted run has done; where there was none, begin its file.

    Raises UserError when the run was made under other conditions, or the file is damaged.
    """
    with _told(path):
        data = path.read_bytes() if path.exists() else b""
        whole, end, torn = data.rpartition(b"\n")
        if not whole:
            path.write_bytes(b"")
            append(path, conditions)
            return []
        if torn:
            os.truncate(path, len(whole) + len(end))
    try:
        first, *rest = whole.split(b"\n")
        before = TypeAdapter(Conditions).validate_json(first)
        done = [TypeAdapter(Result).validate_json(line) for line in rest]
    except ValidationError as error:
        raise UserError(f"{path} is damaged. Delete it to start anew.") from error
    if before != conditions:
        raise UserError(
            f"{path} is of another run: {_difference(before, conditions)}. "
            "Go on as before, or delete it to start anew."
        )
    return done


def append(path: Path, line: Conditions | Result) -> None:
    """Add a line to the file of an interrupted run, and wait until the disk has it."""
    with _told(path), path.open("ab") as file:
        file.write(json.dumps(asdict(line), ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _difference(before: Conditions, now: Conditions) -> str:
    found = []
    if before.set != now.set:
        found.append("the set differs")
    if before.library != now.library:
        found.append("the documents in the library differ")
    for name in sorted(before.models | now.models):
        was, value = before.models.get(name), now.models.get(name)
        if was != value:
            found.append(f"{name} was {was} and is {value}")
    return ", ".join(found)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error
