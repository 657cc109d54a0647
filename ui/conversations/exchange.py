"""A conversation as it is kept: questions with their answers, and back from JSON, proven again.

The browser keeps conversations (`ui/panels/conversation.js`) and sends them back when one is
opened, so what arrives may come from anybody: a quote counts only when its words stand at its place
in a document of the library.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from index.documents import Passage, Span
from index.errors import UserError
from index.library import Library
from rag.answer import Answer, AnswerSentence
from rag.asking.condense import Turn
from rag.log import Rating
from rag.quote import Quote

LONGEST = 500
"""Exchanges of a conversation that are taken back from a browser."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question, and its answer or why there is none.

    `unproven` is the answer's JSON where its documents have left the library since: it is kept, and
    shown without footnotes, until they are there again.
    """

    question: str
    answer: Answer | None = None
    message: str | None = None
    unproven: Mapping[str, Any] | None = None
    rating: Rating | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what a browser keeps and an export holds; `answer` as `footnoted ask --json`."""
        answer = self.answer.as_json() if self.answer else self.unproven
        message = self.answer.message if self.answer else self.message
        return {
            "question": self.question,
            "answer": answer,
            "message": message,
            "rating": self.rating,
        }


@dataclass(frozen=True, slots=True)
class Conversation:
    """Exchanges in their order, under an id that the browser keeps them by."""

    exchanges: tuple[Exchange, ...] = ()
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def until(self, number: int) -> Conversation:
        """Return the conversation before an exchange, as a new one: the old one stays."""
        return Conversation(self.exchanges[:number])

    def history(self) -> list[Turn]:
        """Return what was said, for questions that point back."""
        turns: list[Turn] = []
        for each in self.exchanges:
            if each.answer:
                turns += [("user", each.question), ("assistant", each.answer.text)]
        return turns


def exchanges_from_json(data: Any, library: Library) -> tuple[Exchange, ...]:
    """Return the exchanges of a conversation that was kept, each quote proven again.

    Raises UserError when it is not what `Exchange.as_json` makes.
    """
    if not isinstance(data, list) or len(data) > LONGEST:
        raise UserError("This is not a conversation that Footnoted has kept.")
    try:
        return tuple(_exchange(each, library) for each in data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError("This is not a conversation that Footnoted has kept.") from error


def _exchange(data: Mapping[str, Any], library: Library) -> Exchange:
    question, message, kept = data["question"], data["message"], data["answer"]
    rating = data["rating"]
    _strings(question, message or "")
    if rating not in (None, "up", "down"):
        raise ValueError(rating)
    if kept is None:
        return Exchange(question, message=message)
    _strings(kept["answer"])
    try:
        return Exchange(question, _answer(kept, message, library), rating=rating)
    except UserError:  # A document is not in the library any more.
        return Exchange(question, message=message, unproven=kept, rating=rating)


def _answer(data: Mapping[str, Any], message: str | None, library: Library) -> Answer:
    passages: dict[str, list[Passage]] = {}

    def proven(document_id: str, each: Mapping[str, Any]) -> Quote:
        document = library.document(document_id)
        if document_id not in passages:
            passages[document_id] = library.passages(document_id)
        span = Span(document_id, int(each["start"]), int(each["end"]))
        within = next((p for p in passages[document_id] if p.span.covers(span)), None)
        marks = tuple((int(start), int(end)) for start, end in each.get("marks", ()))
        quote = Quote(
            document,
            span.start,
            span.end,
            float(each["score"]),
            within.heading if within else None,
            marks,
            within.dates if within else None,
        )
        if quote.text != each["quote"]:
            raise ValueError(f"{span} holds other words.")
        return quote

    citations = tuple(proven(each["document"]["id"], each) for each in data["citations"])
    # The words that answer are kept with what is cited.
    cited = {quote.span: quote for quote in citations}
    found = [proven(each["document_id"], each) for each in data["quotes"]]
    sentences = tuple(
        AnswerSentence(each["text"], tuple(each["citations"]), bool(each["supported"]))
        for each in data["sentences"]
    )
    _strings(data["question"], data["standalone_question"])
    _strings(*(each.text for each in sentences))
    for sentence in sentences:
        if not all(1 <= number <= len(citations) for number in sentence.citations):
            raise ValueError("A footnote has no quote.")
    if data["reason"] not in (None, "not_in_sources", "no_documents", "llm_unavailable"):
        raise ValueError(data["reason"])
    return Answer(
        question=data["question"],
        standalone_question=data["standalone_question"],
        sentences=sentences,
        citations=citations,
        quotes=tuple(cited.get(each.span, each) for each in found),
        reason=data["reason"],
        models=dict(data["models"]),
        timings=dict(data["timings"]),
        message=message,
    )


def _strings(*values: object) -> None:
    for each in values:
        if not isinstance(each, str):
            raise TypeError(each)
