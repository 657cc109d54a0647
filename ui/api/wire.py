"""The requests and responses of `/v1/`, from which pydantic makes OpenAPI's schemas.

Responses are not built from these models, which would only cost time; a test checks that they match
the models.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ui.api.functions import MOST_CHECKED, MOST_QUOTES
from ui.panels.events import MAX_QUESTION

MOST_TURNS = 100
MOST_SAID = 20_000

Question = Annotated[str, Field(min_length=1, max_length=MAX_QUESTION, pattern=r"\S")]

PageKind = Literal["page", "slide"]


class Sent(BaseModel):
    """What is sent: nothing in it is converted, and a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class Turn(Sent):
    """A turn of the conversation before a question."""

    role: Literal["user", "assistant"]
    content: Annotated[str, Field(max_length=MOST_SAID)]


class Ask(Sent):
    """A question."""

    question: Question
    history: Annotated[list[Turn], Field(max_length=MOST_TURNS)] = []
    without: Annotated[list[str], Field(max_length=10_000)] = []
    """Documents that are left aside, by id, file name or title."""
    tags: Annotated[list[str], Field(max_length=100)] = []
    """Only documents that have one of these tags are asked; all where none is given."""
    llm: bool = True
    """Whether the language model may write; without it, answers are words of the sources."""
    stream: bool = False
    """Whether each step is told as it comes, as server-sent events."""


class Search(Sent):
    """What is looked for."""

    question: Question
    limit: Annotated[int, Field(ge=1, le=MOST_QUOTES)] = 5


class Check(Sent):
    """A text whose sentences are checked."""

    text: Annotated[str, Field(min_length=1, max_length=MOST_CHECKED)]


class Translate(Sent):
    """A quote that is translated, by its place in a document."""

    document: Annotated[str, Field(min_length=1, max_length=2_000)]
    """The document's id, file name or title."""
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    language: Annotated[str, Field(min_length=1, max_length=50)]
    """The language that it is translated into, by its code or its name in English."""


class Text(Sent):
    """A document as text, or the address of one; exactly one of `text` and `url`."""

    text: Annotated[str, Field(min_length=1)] | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)] = "text.md"
    """What the text is called, with the ending that says how it is read."""
    url: Annotated[str, Field(max_length=2_000)] | None = None


class RunAsked(Sent):
    """A set that is to be run."""

    set: Annotated[str, Field(min_length=1, max_length=200)]
    llm: bool = True


class Came(BaseModel):
    """What comes back; more fields may come without a new version."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


class DocumentNamed(Came):
    """A document as it is cited."""

    id: str
    title: str
    source: str
    sha256: str
    language: str
    """The code of the language that it is in, such as “de”."""


class Scanned(Came):
    """How a page was read from its picture: the mean confidence of its words, from 0 to 1."""

    confidence: float
    uncertain: list[str]
    """Words of the quote that were hard to read: those that answer, where such are marked."""


class Quote(Came):
    """A verbatim quote, `start` and `end` in code points of the document's text."""

    document: DocumentNamed
    start: int
    end: int
    quote: str
    marks: list[list[int]]
    page: int | None
    page_kind: PageKind | None
    heading: str | None
    scan: Scanned | None
    """Only where its page was read from a picture."""
    score: float


class Citation(Quote):
    """The quote that a footnote shows."""

    number: int


class FoundQuote(Came):
    """A quote among those that were found, best first."""

    rank: int
    document_id: str
    start: int
    end: int
    quote: str
    score: float


class Sentence(Came):
    """A sentence with the numbers of its footnotes."""

    text: str
    citations: list[int]
    supported: bool


class Answer(Came):
    """What `footnoted ask --json` prints."""

    schema_: Annotated[int, Field(alias="schema")]
    question: str
    standalone_question: str
    answer: str
    refused: bool
    reason: Literal["not_in_sources", "no_documents", "llm_unavailable"] | None
    sentences: list[Sentence]
    citations: list[Citation]
    quotes: list[FoundQuote]
    choices: list[str]
    language: str
    models: dict[str, str | None]
    timings: dict[str, float | None]


class CheckedSentence(Came):
    """A sentence of a text with its verdict."""

    start: int
    end: int
    text: str
    verdict: str
    probability: float
    quotes: list[Quote]


class CheckedText(Came):
    """What `footnoted check --json` prints."""

    schema_: Annotated[int, Field(alias="schema")]
    counts: dict[str, int]
    left: int
    sentences: list[CheckedSentence]


class Translation(Came):
    """A quote, and what the language model has made of it in another language."""

    document: DocumentNamed
    start: int
    end: int
    quote: str
    """The words of the document: only they can be cited."""
    language: str
    """The code of the language that it was translated into."""
    translation: str
    """Plain text."""
    llm: str
    proven: Literal[False]
    """Nothing holds a translation to its quote."""


class Listed(Came):
    """A document of the library."""

    id: str
    title: str
    source: str
    sha256: str
    characters: int
    passages: int
    added: str
    tags: list[str]
    language: str
    """The code of the language that it is in, such as “de”."""


class Documents(Came):
    """The documents of the library."""

    documents: list[Listed]


class Added(Came):
    """What became of a document that was put in."""

    outcome: Literal["added", "replaced", "unchanged"]
    id: str
    title: str
    passages: int


class Removed(Came):
    """A document that was taken out."""

    id: str
    title: str
    outcome: Literal["removed"]


class Place(Came):
    """A place in a document, with what stands around it."""

    document: DocumentNamed
    start: int
    end: int
    before: str
    quote: str
    after: str
    page: int | None
    page_kind: PageKind | None


class Library(Came):
    """A library that is served here."""

    id: str
    documents: int
    models: dict[str, Any]


class Sets(Came):
    """The regression sets that can be run here."""

    sets: list[str]


class RunState(Came):
    """How far the run of a set is, or how it came out."""

    set: str
    state: Literal["running", "stopped", "failed", "done", "none"]
    done: int
    total: int
    message: str | None
    verdict: str | None
    """The verdict of the last run in a line, against the kept baseline if there is one."""
    run: dict[str, Any] | None
    """The last run, as `footnoted eval run --json` writes it, without what each case found."""


class Problem(Came):
    """What is wrong, and what to do, in a sentence."""

    detail: str
