"""Regression sets: reading them, and finding their evidence in a library."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from filelock import FileLock
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from eval.files import write_whole
from eval.metrics import normalise
from index.documents import Document, Span
from index.errors import UserError

if TYPE_CHECKING:
    from index.library import Library
    from rag.condense import Turn

SETS = Path(__file__).parent / "sets"
"""Where the sets are that come with Footnoted."""

AnswerType = Literal["text", "number", "date", "yesno", "list"]
Words = Annotated[str, Field(pattern=r"\S")]
Facts = tuple[tuple[Span, ...], ...]
"""For each fact that an answer needs, the places that state it: any one of them will do."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place that states a fact: offsets, or a quote that occurs once, or both.

    Items with the same `fact` are alternatives; an answer needs every fact.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    document: Words
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    start: Annotated[int, Field(ge=0)] | None = None
    end: int | None = None
    quote: Words | None = None
    fact: int = 1

    def __post_init__(self) -> None:
        """Refuse a place that is none."""
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end must be given together")
        if self.start is None and self.quote is None:
            raise ValueError("start and end, or a quote, must be given")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"start ({self.start}) must be less than end ({self.end})")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation before the question."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what is expected of its answer. See eval/README.md."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    id: Words
    question: Words
    answers: tuple[str, ...] = ()
    answer_type: AnswerType = "text"
    evidence: tuple[Evidence, ...] = ()
    unanswerable: bool = False
    must_pass: bool = False
    history: tuple[Message, ...] = ()
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no answer could fulfil."""
        if self.unanswerable and (self.evidence or self.answers):
            raise ValueError("an unanswerable case has neither evidence nor answers")
        for answer in self.answers:
            parts = answer.split(";") if self.answer_type == "list" else [answer]
            if not all(normalise(part) for part in parts):
                raise ValueError(f"the answer “{answer}” has a part without words to look for")

    @property
    def turns(self) -> list[Turn]:
        """The conversation before the question, as `Assistant.ask` takes it."""
        return [(message.role, message.content) for message in self.history]


@dataclass(frozen=True, slots=True)
class CaseSet:
    """The cases of a file, with the file's hash and the line of each case."""

    name: str
    path: Path
    sha256: str
    cases: tuple[Case, ...]
    lines: tuple[int, ...]

    def first(self, count: int | None) -> CaseSet:
        """Return the set with its first cases only; with None, all of them."""
        return replace(self, cases=self.cases[:count], lines=self.lines[:count])


def find_set(name: str) -> Path:
    """Return the file that a name means: a path, or a set that comes with Footnoted.

    Raises UserError when there is none.
    """
    path, shipped = Path(name), SETS / f"{name}.jsonl"
    if path.is_file():
        return path
    if shipped.is_file():
        return shipped
    names = ", ".join(sorted(each.stem for each in SETS.glob("*.jsonl")))
    raise UserError(f"There is no set {name}. Give a JSON Lines file, or one of: {names}.")


def load_set(path: Path) -> CaseSet:
    """Read a set.

    Raises UserError, with the line and what is wrong there, for a file that is not a set.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"The set {path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"The set {path} is not UTF-8 text: {error}.") from error
    cases: dict[str, Case] = {}
    lines: list[int] = []
    # Not splitlines(): JSON strings may hold U+2028, which is a line end to Python but not to JSON.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        case = _case(line, f"{path.name}, line {number}")
        if case.id in cases:
            first = lines[list(cases).index(case.id)]
            raise UserError(
                f"{path.name}, line {number}: the id “{case.id}” is taken by line {first}."
            )
        cases[case.id] = case
        lines.append(number)
    if not cases:
        raise UserError(f"The set {path} holds no case.")
    digest = hashlib.sha256(data).hexdigest()
    return CaseSet(path.stem, path, digest, tuple(cases.values()), tuple(lines))


def add_case(path: Path, case: Case) -> None:
    """Add a case to the end of a set, which is made if there is none.

    Raises UserError when the id is taken, the file is not a set, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            before = path.read_bytes() if path.exists() else b""
            if before and case.id in {each.id for each in load_set(path).cases}:
                raise UserError(f"{path.name} has a case “{case.id}” already.")
            line = _CASE.dump_json(case, exclude_defaults=True)
            end = b"" if before[-1:] in (b"", b"\n") else b"\n"
            write_whole(path, before + end + line + b"\n")
    except OSError as error:
        raise UserError(f"The set {path} cannot be written: {error.strerror or error}.") from error


_CASE = TypeAdapter(Case)


def _case(line: str, where: str) -> Case:
    try:
        return _CASE.validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        what = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{where}: {f'{place}: ' if place else ''}{what}.") from error


def resolve(case_set: CaseSet, library: Library) -> dict[str, Facts]:
    """Return for each case (by id) the places of the evidence for each of its facts.

    Raises UserError when a document is not in the library, is not the text that the case was
    written for, or does not hold the evidence.
    """
    here = {entry.sha256 for entry in library.entries()}
    resolved = {}
    for case, line in zip(case_set.cases, case_set.lines, strict=True):
        where = f"{case_set.path.name}, line {line}"
        facts: dict[int, list[Span]] = {}
        for evidence in case.evidence:
            document = _document(evidence, library, here, where)
            facts.setdefault(evidence.fact, []).append(locate(evidence, document, where))
        resolved[case.id] = tuple(tuple(facts[fact]) for fact in sorted(facts))
    return resolved


def _document(evidence: Evidence, library: Library, here: set[str], where: str) -> Document:
    # The hash names the text whatever the file is called now.
    if evidence.sha256 in here:
        return library.find(evidence.sha256)
    try:
        document = library.find(evidence.document)
    except UserError as error:
        raise UserError(
            f"{where}: {error} Put in what is missing with "
            f"`footnoted add {evidence.document} --library {library.folder}`."
        ) from error
    if evidence.sha256 is not None:
        raise UserError(
            f"{where}: the document {evidence.document} changed; the evidence was written for "
            f"the text {evidence.sha256[:12]}…, and the library has {document.sha256[:12]}…"
        )
    return document


def locate(evidence: Evidence, document: Document, where: str) -> Span:
    """Return the place of the evidence in its document.

    Raises UserError when the place is outside the text, or the quote is not there exactly once.
    """
    text, quote = document.text, evidence.quote
    if evidence.start is not None and evidence.end is not None:
        if evidence.end > len(text):
            raise UserError(
                f"{where}: {evidence.start}-{evidence.end} is outside of {evidence.document}, "
                f"which has {len(text)} characters."
            )
        if quote is not None and text[evidence.start : evidence.end] != quote:
            raise UserError(
                f"{where}: {evidence.document} says “{text[evidence.start : evidence.end]}” at "
                f"{evidence.start}-{evidence.end}, not “{quote}”."
            )
        return Span(document.id, evidence.start, evidence.end)
    if quote is None:
        raise ValueError(evidence)
    start = text.find(quote)
    if start < 0:
        raise UserError(f"{where}: none of {evidence.document} reads “{quote}”.")
    if text.find(quote, start + 1) >= 0:
        raise UserError(
            f"{where}: more than one place in {evidence.document} reads “{quote}”: "
            "give start and end."
        )
    return Span(document.id, start, start + len(quote))
