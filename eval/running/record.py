"""What a run is, and its two files: the result, and what an interrupted run has done so far."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from eval.cases.cases import EvidenceSpans
from eval.measuring.metrics import Scores
from eval.measuring.stages import Stage
from eval.measuring.statistics import Metric
from index.atomic import write_whole
from index.errors import UserError

SCHEMA: Literal[1] = 1


@dataclass(frozen=True)
class SetRecord:
    """Which cases were asked."""

    name: str
    sha256: str
    cases: int
    must_pass: tuple[str, ...]
    drafts: int = 0
    """How many cases were left out, because nobody has accepted them yet."""
    moved: tuple[str, ...] = ()
    """Cases whose evidence was found again by its words, in a document that changed."""


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
    fingerprint: str = ""
    """How the library was cut and embedded."""


@dataclass(frozen=True)
class Conditions:
    """What a run was made with. `models` also holds the settings and the code that matter."""

    schema: Literal[1]
    set: SetRecord
    library: LibraryRecord
    models: dict[str, str | int | None]
    versions: dict[str, str] = field(default_factory=dict, kw_only=True)
    repeats: int = field(default=1, kw_only=True)


@dataclass(frozen=True)
class Repeat:
    """The outcome of asking a case once more."""

    passed: bool
    answer: str


@dataclass(frozen=True)
class Result:
    """One case: its scores, the answer as `ask --json` prints it, and why it was given.

    `decision` is what `ask --explain` shows of the evidence; None if the evidence did not decide.
    `error` is a sentence on why the case says nothing about the answers; it has no scores then.
    `case` is the case as in its set, `evidence` the places of each of its facts, `stage` the stage
    at which it failed, and `repeats` the outcomes of asking it again. `cached` says whether words
    of the language model were kept from an earlier run.
    """

    id: str
    scores: Scores
    answer: dict[str, Any] | None
    decision: dict[str, Any] | None = None
    stage: Stage | None = None
    error: str | None = None
    case: dict[str, Any] = field(default_factory=dict)
    evidence: EvidenceSpans = ()
    repeats: tuple[Repeat, ...] = ()
    cached: bool = False

    @property
    def passed(self) -> bool:
        """Whether the answer is what the case expects; with repeats, whether more than half are."""
        if self.error is not None:
            return False
        times = [bool(self.scores["passed"]), *(each.passed for each in self.repeats)]
        return 2 * sum(times) > len(times)

    @property
    def flaky(self) -> bool:
        """Whether the case passed only sometimes."""
        if not self.repeats:
            return False
        return len({bool(self.scores["passed"]), *(each.passed for each in self.repeats)}) > 1

    @property
    def question(self) -> str:
        """The question that was asked, or the claim that was checked."""
        return str((self.answer or self.case).get("question", self.case.get("claim", "")))

    @property
    def shown(self) -> str:
        """The answer on one line, or the error."""
        return " ".join(str(self.answer["answer"] if self.answer else self.error).split())

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the case."""
        return tuple(self.case.get("tags", ()))

    @property
    def cluster(self) -> str:
        """The cluster for statistics: the document of the evidence, or without one the case."""
        return self.evidence[0][0].document_id if self.evidence else self.id


@dataclass(frozen=True)
class Bounds:
    """The bounds of metrics, and how many more cases may break than are mended."""

    floors: dict[str, float] = field(default_factory=dict)
    ceilings: dict[str, float] = field(default_factory=dict)
    budget: int | None = None


@dataclass(frozen=True)
class Run(Conditions):
    """A set that was asked: the conditions and the results."""

    metrics: dict[str, Metric]
    results: tuple[Result, ...]
    gate: Bounds | None = field(default=None, kw_only=True)
    """What later runs are held to, if this run was kept as a baseline."""

    @property
    def errors(self) -> tuple[Result, ...]:
        """The cases that could not be asked."""
        return tuple(each for each in self.results if each.error is not None)

    def as_json(self) -> dict[str, Any]:
        """Return the object that `eval run --json` writes."""
        return asdict(self)


class OtherConditions(UserError):
    """The interrupted run was made under other conditions."""


def write_run(path: Path, run: Run) -> None:
    """Write a run atomically: a reader finds the complete old file or the complete new one."""
    text = json.dumps(run.as_json(), ensure_ascii=False, indent=1) + "\n"
    with _explained(path):
        write_whole(path, text.encode())


def resume(path: Path, conditions: Conditions) -> list[Result]:
    """Return the results of an interrupted run; if there was none, begin its file.

    Raises UserError when the run was made under other conditions, or the file is damaged.
    """
    with _explained(path):
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
        raise UserError(f"{path} is damaged. Delete it to start again.") from error
    if before != conditions:
        what = " ".join(differences(before, conditions))
        what = what or "The set differs in something other than its cases."
        raise OtherConditions(
            f"{path} belongs to another run. {what} Run it as before, or delete the file to start "
            "again."
        )
    return done


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Keep other processes from writing the same run.

    Raises UserError when one is writing it already.
    """
    path = Path(f"{out}.lock")
    with _explained(out):
        out.parent.stat()  # Fails if the folder is missing; FileLock would create it.
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise UserError(
                f"Another run is writing {out}. Wait for it, or name another file."
            ) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def append(path: Path, line: Conditions | Result) -> None:
    """Add a line to the file of an interrupted run, and wait until the disk has it."""
    with _explained(path), path.open("ab") as file:
        file.write(json.dumps(asdict(line), ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def differences(before: Conditions, now: Conditions) -> tuple[str, ...]:
    """Return a sentence for each condition in which two runs differ."""
    found = []
    if before.set.sha256 != now.set.sha256:
        found.append(f"The file of the set {now.set.name} differs.")
    if before.set.cases != now.set.cases:
        found.append(f"The cases were {before.set.cases} and are {now.set.cases}.")
    found += _of_documents(before.library.documents, now.library.documents)
    if before.library.fingerprint != now.library.fingerprint:
        found.append("The library was rebuilt with other settings.")
    earlier = {"repeats": before.repeats, **before.versions, **before.models}
    later = {"repeats": now.repeats, **now.versions, **now.models}
    if earlier.pop("code", None) != later.pop("code", None):
        found.append("The program's own code differs.")
    found += [
        f"{_NAMES.get(name, name)} was {_or_none(earlier.get(name))} and is "
        f"{_or_none(later.get(name))}."
        for name in sorted(earlier | later)
        if earlier.get(name) != later.get(name)
    ]
    return tuple(found)


_NAMES = {
    "llm": "The language model",
    "embedding": "The embedding model",
    "reranker": "The reranker",
    "quotes": "The setting FOOTNOTED_QUOTES",
    "sentences": "The setting FOOTNOTED_SENTENCES",
}


def _or_none(value: object) -> object:
    return "none" if value is None else value


def _of_documents(before: Sequence[DocumentRecord], now: Sequence[DocumentRecord]) -> Iterator[str]:
    """Compare documents by their texts. Two with the same title count as one that changed."""
    texts = {each.sha256 for each in before} & {each.sha256 for each in now}
    was, here = ({e.title for e in each if e.sha256 not in texts} for each in (before, now))
    for kind, titles in (
        ("Changed in the library", was & here),
        ("New in the library", here - was),
        ("No more in the library", was - here),
    ):
        if titles:
            yield f"{kind}: {', '.join(sorted(titles))}."


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error
