"""Conversations as they are kept: questions with answers, to JSON and back, proven again.

The browser keeps conversations (`ui/panels/conversation.js`) and sends them back when one is
opened, so what arrives is untrusted: a quote counts only if its words are at its place in a
document of the library.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from index.documents import Passage, Span
from index.english import ENGLISH
from index.errors import UserError
from index.library import Library
from rag.answer import Answer, AnswerSentence, Reason
from rag.answerability.nearest import Nearest, nearest
from rag.asking.rewrite import Turn
from rag.asking.route import Kind, Route
from rag.log import Rating
from rag.quote import Quote, quotes_as_json
from ui.words.elsewhere import said
from ui.words.words import _

LONGEST = 500
"""The most exchanges of a conversation that are accepted from a browser."""

_ID = re.compile(r"[0-9a-f]{32}")


def unproven(answer: str) -> str:
    """Return the remark on an answer whose documents have left the library."""
    return _(
        "This was answered from a document that is not in the library any more, so its footnotes "
        "cannot be proven: %(answer)s",
        answer=answer,
    )


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question, and its answer or why there is none.

    `unproven` is the answer's JSON if its documents have left the library since: it is kept, and
    shown without footnotes, until they are there again. `found` are the quotes that were found
    before the question was stopped.
    """

    question: str
    answer: Answer | None = None
    message: str | None = None
    unproven: Mapping[str, Any] | None = None
    rating: Rating | None = None
    found: tuple[Quote, ...] = ()

    @property
    def remarks(self) -> list[str]:
        """What is said between a question and its answer, or in its place."""
        answer, lines = self.answer, []
        if answer and answer.standalone_question != answer.question:
            lines.append(_("Understood as: %(question)s", question=answer.standalone_question))
        message = answer.message if answer else self.message
        if message and not (answer and answer.text == message):
            lines.append(said(_(message)))
        if self.unproven:
            lines.append(unproven(str(self.unproven["answer"])))
        return lines

    def as_json(self) -> dict[str, Any]:
        """Return what a browser keeps and an export holds; `answer` as `footnoted ask --json`."""
        answer = self.answer.as_json() if self.answer else self.unproven
        message = self.answer.message if self.answer else self.message
        kept = {
            "question": self.question,
            "answer": answer,
            "message": message,
            "rating": self.rating,
        }
        return kept | ({"found": quotes_as_json(self.found)} if self.found else {})


@dataclass(frozen=True, slots=True)
class Conversation:
    """Exchanges in order, under the id that the browser has made and keeps them by.

    A program that sends what the page would send may give no id; then one is made here. `library`
    is the name of the conversation's library, as in the page's address.
    """

    exchanges: tuple[Exchange, ...] = ()
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    library: str = ""

    @classmethod
    def under(cls, given: object, exchanges: tuple[Exchange, ...] = (), library: str = "") -> Self:
        """Return a conversation under the id from a browser, or a new id if that is invalid."""
        if isinstance(given, str) and _ID.fullmatch(given):
            return cls(exchanges, given, library)
        return cls(exchanges, library=library)

    def with_exchanges(self, exchanges: Sequence[Exchange]) -> Self:
        """Return the same conversation with other exchanges."""
        return replace(self, exchanges=tuple(exchanges))

    def history(self) -> list[Turn]:
        """Return the turns so far, for follow-up questions."""
        turns: list[Turn] = []
        for each in self.exchanges:
            if each.answer:
                turns += [("user", each.question), ("assistant", each.answer.text)]
        return turns


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as it leaves the window: exchanges under a title."""

    title: str
    exchanges: tuple[Exchange, ...]


class _Kept(BaseModel):
    """Data that a browser has kept: nothing is converted, and unknown fields are dropped."""

    model_config = ConfigDict(strict=True)


class _Document(_Kept):
    id: str


class _Sentence(_Kept):
    text: str
    citations: list[int]
    supported: bool


class _Place(_Kept):
    start: int
    end: int
    quote: str
    score: float


class _Cited(_Place):
    document: _Document
    marks: list[Annotated[list[int], Field(min_length=2, max_length=2)]]


class _Found(_Place):
    document_id: str


class _Nearest(_Found):
    open: list[str]


class _Route(_Kept):
    kind: Kind
    matters: list[str]
    probability: float
    answered_by: str | None


class _Answer(_Kept):
    question: str
    standalone_question: str
    answer: str
    sentences: list[_Sentence]
    citations: list[_Cited]
    quotes: list[_Found]
    reason: Reason | None
    models: dict[str, str | None]
    timings: dict[str, float | None]
    route: _Route | None = None
    """Answers that were kept before there were routes have none."""
    nearest: _Nearest | None = None
    choices: list[str] = []
    language: str = ENGLISH

    @model_validator(mode="after")
    def _footnotes_have_quotes(self) -> Self:
        numbers = (number for sentence in self.sentences for number in sentence.citations)
        if not all(1 <= number <= len(self.citations) for number in numbers):
            raise ValueError("A footnote has no quote.")
        return self


class _Exchange(_Kept):
    question: str
    answer: _Answer | None
    message: str | None
    rating: Rating | None
    found: list[_Found] = []
    """A question that was stopped before this was kept has none."""


_CONVERSATION: TypeAdapter[list[_Exchange]] = TypeAdapter(
    Annotated[list[_Exchange], Field(max_length=LONGEST)]
)


def exchanges_from_json(data: Any, library: Library) -> tuple[Exchange, ...]:
    """Return the exchanges of a conversation that was kept, each quote proven again.

    Raises UserError when it is not what `Exchange.as_json` makes.
    """
    try:
        kept = _CONVERSATION.validate_python(data)
        return tuple(_exchange(*each, library) for each in zip(kept, data, strict=True))
    except ValueError as error:  # Pydantic's error is one as well.
        raise UserError("This is not a conversation that Footnoted has kept.") from error


def _exchange(kept: _Exchange, given: Mapping[str, Any], library: Library) -> Exchange:
    if kept.answer is None:
        found = _still_there(kept.found, library)
        return Exchange(kept.question, message=kept.message, found=found)
    try:
        answer = _answer(kept.answer, kept.message, library)
    except UserError:  # A document is not in the library any more.
        return Exchange(
            kept.question, message=kept.message, unproven=given["answer"], rating=kept.rating
        )
    return Exchange(kept.question, answer, rating=kept.rating)


def _still_there(found: Sequence[_Found], library: Library) -> tuple[Quote, ...]:
    """Return the quotes whose documents are in the library, each proven again."""
    prover, quotes = _Prover(library), []
    for each in found:
        with suppress(UserError):
            quotes.append(prover.quote(each.document_id, each))
    return tuple(quotes)


def _answer(kept: _Answer, message: str | None, library: Library) -> Answer:
    prover = _Prover(library)
    citations = tuple(prover.quote(each.document.id, each, each.marks) for each in kept.citations)
    # Only citations are kept with their marks.
    cited = {quote.span: quote for quote in citations}
    found = [prover.quote(each.document_id, each) for each in kept.quotes]
    if kept.nearest:
        place = prover.quote(kept.nearest.document_id, kept.nearest)
        near: Nearest | None = Nearest(place, tuple(kept.nearest.open))
    else:  # Refusals that older versions kept have none.
        old = kept.reason == "not_in_sources" and "nearest" not in kept.model_fields_set
        near = nearest(kept.standalone_question, found, None) if old else None
    route = kept.route
    return Answer(
        question=kept.question,
        standalone_question=kept.standalone_question,
        sentences=tuple(
            AnswerSentence(each.text, tuple(each.citations), each.supported)
            for each in kept.sentences
        ),
        citations=citations,
        quotes=tuple(cited.get(each.span, each) for each in found),
        reason=kept.reason,
        models=kept.models,
        timings=kept.timings,
        message=message,
        nearest=near,
        choices=tuple(kept.choices),
        route=Route(route.kind, tuple(route.matters), route.probability) if route else None,
        way=route.answered_by if route else None,
        language=kept.language,
    )


class _Prover:
    """Makes quotes of untrusted places, if the words are there."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._passages: dict[str, list[Passage]] = {}

    def quote(self, document_id: str, place: _Place, marks: Sequence[Sequence[int]] = ()) -> Quote:
        """Return the quote at a place, with what the library knows of it.

        Raises UserError if the document is not there, ValueError if other words are at the place.
        """
        document = self._library.document(document_id)
        if document_id not in self._passages:
            self._passages[document_id] = self._library.passages(document_id)
        span = Span(document_id, place.start, place.end)
        within = next((p for p in self._passages[document_id] if p.span.begins(span)), None)
        quote = Quote(
            document,
            span.start,
            span.end,
            place.score,
            within.heading if within else None,
            tuple((start, end) for start, end in marks),
            within.dates if within else None,
        )
        if quote.text != place.quote:
            raise ValueError(f"{span} holds other words.")
        return quote
