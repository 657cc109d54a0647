"""Regression sets: the case, and reading and writing files of cases."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import yaml
from filelock import FileLock
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from eval.cases.answers import normalise
from index.atomic import write_whole
from index.documents import Span
from index.errors import UserError
from index.printable import title_line
from rag.asking.route import KINDS

if TYPE_CHECKING:
    from rag.asking.rewrite import Turn

SETS = Path(__file__).parents[1] / "sets"
"""The folder of the sets that come with Footnoted."""

Verdict = Literal["supported", "contradicted", "in_part", "not_in_sources"]
AnswerType = Literal["text", "number", "date", "yesno", "list"]
WAYS = (*KINDS, "parts", "unclear")
"""The ways in which a question can be answered, as an answer's JSON names them."""
Words = Annotated[str, Field(pattern=r"\S")]
EvidenceSpans = tuple[tuple[Span, ...], ...]
"""For each fact that an answer needs, the places that state it: any one of them will do."""


@dataclass(frozen=True, slots=True)
class Area(Span):
    """A place that is found by any quote inside it; a quote need not cover it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place that states a fact: offsets, or a quote that occurs once, or both.

    Items with the same `fact` are alternatives; an answer needs every fact. A footnote has to cover
    the place. With `area`, it has to lie inside the place instead: use this for a section that an
    overview has to represent.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    document: Words
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    start: Annotated[int, Field(ge=0)] | None = None
    end: int | None = None
    quote: Words | None = None
    fact: int = 1
    area: bool = False

    def __post_init__(self) -> None:
        """Refuse a place that is incomplete or empty."""
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
    """A question with what is expected of its answer, or a claim with its verdict.

    See eval/README.md.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    id: Words
    question: str = ""
    answers: tuple[str, ...] = ()
    answer_type: AnswerType = "text"
    evidence: tuple[Evidence, ...] = ()
    unanswerable: bool = False
    must_pass: bool = False
    history: tuple[Message, ...] = ()
    after: str = ""
    """The id of the case that is asked right before this one in the same conversation."""
    way: str = ""
    """The way in which it has to be answered: the kind of a route, “parts”, or “unclear” if
    Footnoted has to ask back."""
    tags: tuple[Words, ...] = ()
    tolerance: Annotated[float, Field(ge=0)] | None = None
    """How far a number, in its unit, or a date, in days, may be from an accepted one."""
    draft: bool = False
    """Proposed by a program: it does not count until somebody has accepted it."""
    claim: str = ""
    """Instead of a question: a statement to be checked. `verdict` is the right verdict."""
    verdict: Verdict | None = None

    def __post_init__(self) -> None:
        """Refuse a case that contradicts itself, or that no answer could pass."""
        if bool(self.question.strip()) == bool(self.claim.strip()):
            raise ValueError("either a question or a claim must be given")
        if bool(self.claim) != (self.verdict is not None):
            raise ValueError("a claim has a verdict, and a question has none")
        if self.claim and (self.answers or self.unanswerable or self.history or self.after):
            raise ValueError("a claim has no answers, and is not asked in a conversation")
        if self.history and self.after:
            raise ValueError(
                "a case with “after” continues that case, and has no history of its own"
            )
        if self.way and self.way not in WAYS:
            raise ValueError(f"there is no way “{self.way}”: give one of {', '.join(WAYS)}")
        if self.way and (self.claim or self.unanswerable):
            raise ValueError("a claim or an unanswerable case cannot have a way")
        if self.verdict == "not_in_sources" and self.evidence:
            raise ValueError("a claim that is not in the sources has no evidence")
        if self.tolerance is not None and self.answer_type not in ("number", "date"):
            raise ValueError("only a number or a date has a tolerance")
        if self.unanswerable and (self.evidence or self.answers):
            raise ValueError("an unanswerable case has neither evidence nor answers")
        for answer in self.answers:
            parts = answer.split(";") if self.answer_type == "list" else [answer]
            if not all(normalise(part) for part in parts):
                raise ValueError(f"the answer “{answer}” has a part without words to look for")

    @property
    def asked(self) -> str:
        """The question, or the claim."""
        return self.question or self.claim

    @property
    def follows(self) -> bool:
        """Whether the case has a conversation before it."""
        return bool(self.history or self.after)

    @property
    def unsaid(self) -> bool:
        """Whether the sources lack the answer, or what is claimed."""
        return self.unanswerable or self.verdict == "not_in_sources"

    @property
    def written(self) -> list[Turn]:
        """The `history`, as `Assistant.ask` takes it."""
        return [(message.role, message.content) for message in self.history]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation as written in a file. Each turn is a case, asked after the turns before it.

    The program's own answers become the history of later turns. The id of a turn's case is the
    dialogue's id with the turn's number: “tickets/3”.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    id: Words
    turns: Annotated[list[dict[str, Any]], Field(min_length=1)]
    tags: tuple[Words, ...] = ()

    def cases(self) -> list[Case]:
        """Return the turns as cases.

        Raises ValueError for an invalid turn (pydantic's ValidationError is a ValueError).
        """
        made: list[Case] = []
        for number, turn in enumerate(self.turns, 1):
            if taken := {"id", "after", "history"} & turn.keys():
                raise ValueError(f"turn {number} of a dialogue has no {taken.pop()} of its own")
            own = {"id": f"{self.id}/{number}", "after": made[-1].id if made else ""}
            case = _CASE.validate_json(json.dumps(turn | own))
            made.append(replace(case, tags=(*case.tags, *self.tags)))
        return made


@dataclass(frozen=True, slots=True)
class CaseSet:
    """The cases of a file, with the file's hash and the line of each case."""

    name: str
    path: Path
    sha256: str
    cases: tuple[Case, ...]
    lines: tuple[int, ...]
    drafts: int = 0
    """How many cases of the file were left out, because nobody has accepted them yet."""

    def before(self, case: Case) -> list[Case]:
        """Return the cases before one in its conversation, in the order in which they are asked."""
        by_id = {each.id: each for each in self.cases} if case.after else {}
        found: list[Case] = []
        while case.after:
            case = by_id[case.after]
            found.insert(0, case)
        return found

    def first(self, count: int | None) -> CaseSet:
        """Return the set with only its first `count` cases; with None, all of them."""
        return replace(self, cases=self.cases[:count], lines=self.lines[:count])


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a line of a set. The message says what to do about it, if that is known."""

    line: int
    message: str
    no_document: bool = False
    """Whether the cause is a document that the library does not have."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


def find_set(name: str) -> Path:
    """Return the path of a set. The name is a path, or the name of a set that Footnoted ships.

    Raises UserError when there is none.
    """
    path, shipped = Path(name), SETS / f"{name}.jsonl"
    with suppress(OSError):  # Raised for a name that no file can have.
        if path.is_file():
            return path
        if shipped.is_file():
            return shipped
    names = ", ".join(sorted(each.stem for each in SETS.glob("*.jsonl")))
    raise UserError(f"There is no set {name}. Give a JSON Lines or YAML file, or one of: {names}.")


def load_set(path: Path) -> CaseSet:
    """Read a set. Its file name decides between JSON Lines and YAML. Drafts are only counted.

    Raises UserError, with the line and what is wrong there, for a file that is not a set.
    """
    found, problems = read_set(path)
    if problems:
        more = len(problems) - 1
        rest = f" ({more} more: `footnoted eval check {path}` lists all.)" if more else ""
        raise UserError(f"{path.name}, {problems[0]}{rest}")
    if not found.cases:
        raise UserError(f"The set {path} holds no case.")
    drafts = {case.id for case in found.cases if case.draft}
    for case in found.cases:  # A case after a draft lacks its conversation.
        drafts |= {case.id} if case.after in drafts else set()
    kept = [n for n, case in enumerate(found.cases) if case.id not in drafts]
    if not kept:
        raise UserError(
            f"All {len(found.cases)} cases of {path.name} are drafts, which do not count until "
            f"somebody has accepted them: `footnoted eval accept {path}`."
        )
    return replace(
        found,
        cases=tuple(found.cases[n] for n in kept),
        lines=tuple(found.lines[n] for n in kept),
        drafts=len(found.cases) - len(kept),
    )


def read_set(path: Path) -> tuple[CaseSet, list[Problem]]:
    """Return all valid cases of a set, drafts included, and a list of all mistakes in it.

    Raises UserError for a file that cannot be read at all.
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
    problems: list[Problem] = []
    for number, read in _items(path, text):
        made: list[Case] = []
        try:
            made = read()
        except ValidationError as error:
            problems.append(Problem(number, f"{why_invalid(error)}."))
        except ValueError as error:
            problems.append(Problem(number, f"{error}."))
        except yaml.YAMLError as error:
            problems.append(Problem(number, f"not YAML: {title_line(str(error))}."))
        for case in made:
            if case.id in cases:
                first = lines[list(cases).index(case.id)]
                problems.append(Problem(number, f"the id “{case.id}” is taken by line {first}."))
            elif case.after and not (case.after in cases and cases[case.after].question):
                what = f"its “after” names “{case.after}”, and no such question comes before it."
                problems.append(Problem(number, what))
            else:
                cases[case.id] = case
                lines.append(number)
    digest = hashlib.sha256(data).hexdigest()
    return CaseSet(path.stem, path, digest, tuple(cases.values()), tuple(lines)), problems


_CASE = TypeAdapter(Case)
_DIALOGUE = TypeAdapter(Dialogue)

Item = tuple[int, Callable[[], list[Case]]]
"""The line number of a case or a dialogue, and a function that reads it."""


def _read(line: str) -> list[Case]:
    """Return the case in a line, or all cases of the dialogue in it."""
    try:
        data = from_json(line)
    except ValueError:  # The validation below says what is wrong.
        data = None
    if isinstance(data, dict) and "turns" in data:
        return _DIALOGUE.validate_json(line).cases()
    return [_CASE.validate_json(line)]


def _items(path: Path, text: str) -> Iterator[Item]:
    if _is_yaml(path):
        yield from _yaml_items(text)
        return
    # Not splitlines(): JSON strings may hold U+2028, which is a line end to Python but not to JSON.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, partial(_read, line)


def _is_yaml(path: Path) -> bool:
    return path.suffix.lower() in (".yaml", ".yml")


class _Loader(yaml.SafeLoader):
    """Reads plain words as YAML 1.2 does: "no" and "2021-12-15" stay strings."""


_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "null")}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag in _PLAIN]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), ["t", "f"])


def _yaml_items(text: str) -> Iterator[Item]:
    """Yield the items of a YAML list, converted to JSON so that they are validated as strictly."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            return
        if not isinstance(root, yaml.SequenceNode):
            raise yaml.YAMLError("a set is a list of cases, each beginning with “- id:”")
        for node in root.value:
            value = loader.construct_object(node, deep=True)
            line = json.dumps(value, ensure_ascii=False, default=str)
            yield node.start_mark.line + 1, partial(_read, line)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        yield (mark.line + 1 if mark else 1), partial(_raise, error)


def _raise(error: Exception) -> list[Case]:
    raise error


def why_invalid(error: ValidationError) -> str:
    """Return the first invalid field of a case, and why it is invalid."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    what = first["msg"].removeprefix("Value error, ")
    return f"{place}: {what}" if place else what


def case_fields(case: Case) -> dict[str, Any]:
    """Return a case's fields as sets and runs store them: without those that have their default."""
    kept: dict[str, Any] = _CASE.dump_python(case, mode="json", exclude_defaults=True)
    return kept


def as_line(case: Case) -> bytes:
    """Return a case as a line of a set."""
    return json.dumps(case_fields(case), ensure_ascii=False).encode() + b"\n"


def change_set(path: Path, change: Callable[[tuple[Case, ...]], Iterable[Case]]) -> None:
    """Replace a set's cases, drafts included, by what `change` makes of them. Locks the set.

    Raises UserError when the file is not a set, or cannot be written.
    """
    check_writable(path)
    with FileLock(path.with_name(f".{path.name}.lock")):
        found, problems = read_set(path)
        if problems:
            raise UserError(f"{path.name}, {problems[0]}")
        write_set(path, change(found.cases))


def check_writable(path: Path) -> None:
    """Raise UserError for a YAML set: sets are only written as JSON Lines."""
    if _is_yaml(path):
        raise UserError(f"Sets are written as JSON Lines: name a .jsonl file, not {path.name}.")


def write_set(path: Path, cases: Iterable[Case]) -> None:
    """Write a set as JSON Lines, completely or not at all.

    Raises UserError when it cannot be written.
    """
    check_writable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, b"".join(map(as_line, cases)))
    except OSError as error:
        raise UserError(f"The set {path} cannot be written: {error.strerror or error}.") from error


def add_case(path: Path, case: Case) -> None:
    """Append a case to a set, which is created if there is none.

    Raises UserError when the id is taken, the file is not a set, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            before = path.read_bytes() if path.exists() else b""
            if before:
                found, problems = read_set(path)
                if problems:
                    raise UserError(f"{path.name}, {problems[0]}")
                if case.id in {each.id for each in found.cases}:
                    raise UserError(f"{path.name} has a case “{case.id}” already.")
            end = b"" if before[-1:] in (b"", b"\n") else b"\n"
            write_whole(path, before + end + as_line(case))
    except OSError as error:
        raise UserError(f"The set {path} cannot be written: {error.strerror or error}.") from error
