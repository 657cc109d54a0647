"""What an answer is made of, and its JSON form that other programs rely on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from index.documents import Document, Span

if TYPE_CHECKING:
    from rag.gate import Decision

SCHEMA = 1

BEFORE = 400
"""Characters before a quote in which "he" may have been named."""

Reason = Literal["not_in_sources", "no_documents", "llm_unavailable"]


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim piece of a document, one or two sentences, that may answer the question.

    `score` is the reranker's logit. `marks` are the exact words inside the quote that answer the
    question, as spans of the document. `dates` are the days of the chronology's entry it stands in.
    """

    document: Document
    start: int
    end: int
    score: float
    heading: str | None = None
    marks: tuple[tuple[int, int], ...] = ()
    dates: tuple[date, date] | None = None

    def __post_init__(self) -> None:
        """Prove the quote when it is made: its place lies in the document and is not empty."""
        if not 0 <= self.start < self.end <= len(self.document.text):
            raise ValueError(
                f"{self.start}-{self.end} is not a place in document {self.document.id}."
            )

    @property
    def text(self) -> str:
        """The quote's words, read from the document at its place."""
        return self.document.text[self.start : self.end]

    @property
    def words(self) -> str:
        """The marked words: those that answer the question. Empty where none are marked."""
        return " … ".join(self.document.text[start:end] for start, end in self.marks)

    @property
    def before(self) -> str:
        """The words before the quote, at most BEFORE characters of them."""
        return self.document.text[max(self.start - BEFORE, 0) : self.start]

    @property
    def span(self) -> Span:
        """The quote's place."""
        return Span(self.document.id, self.start, self.end)

    @property
    def page(self) -> int | None:
        """The page that the quote begins on, for documents with pages."""
        return self.document.page_at(self.start)


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence with the numbers of its footnotes.

    `supported` is false for a sentence of the LLM that its quotes do not bear out: it is kept
    here to be seen, has no footnotes, and is not part of the answer's text.
    """

    text: str
    citations: tuple[int, ...]
    supported: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer or a refusal. Footnote n is `citations[n - 1]`."""

    question: str
    standalone_question: str
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Quote, ...]
    quotes: tuple[Quote, ...]
    reason: Reason | None
    models: dict[str, str | None]
    timings: dict[str, float | None] = field(compare=False)
    message: str | None = None
    """For the user: what did not work, or what of the sources a list leaves out, where it does."""
    decision: Decision | None = None
    """Why it was answered or refused, where that was decided by evidence."""
    llm_failed: bool = False
    """Whether a language model was to answer and did not, whatever became of the question."""
    searched: int = 0
    """How many passages the search brought for it."""

    @property
    def refused(self) -> bool:
        """Whether the sources do not answer the question."""
        return self.reason in ("not_in_sources", "no_documents")

    @property
    def text(self) -> str:
        """The answer with its footnotes, without the sentences that are not supported."""
        if self.reason == "no_documents":
            return "There is no document to answer from yet."
        if self.refused:
            return "The sources do not say."
        return " ".join(
            sentence.text + "".join(f"[{number}]" for number in sentence.citations)
            for sentence in self.sentences
            if sentence.supported
        )

    def as_json(self) -> dict[str, Any]:
        """Return the object that `footnoted ask --json` prints."""
        return {
            "schema": SCHEMA,
            "question": self.question,
            "standalone_question": self.standalone_question,
            "answer": self.text,
            "refused": self.refused,
            "reason": self.reason,
            "sentences": [
                {
                    "text": sentence.text,
                    "citations": list(sentence.citations),
                    "supported": sentence.supported,
                }
                for sentence in self.sentences
            ],
            "citations": [
                {
                    "number": number,
                    "document": {
                        "id": quote.document.id,
                        "title": quote.document.title,
                        "source": quote.document.source,
                        "sha256": quote.document.sha256,
                    },
                    "start": quote.start,
                    "end": quote.end,
                    "quote": quote.text,
                    "marks": [list(mark) for mark in quote.marks],
                    "page": quote.page,
                    "heading": quote.heading,
                    "score": round(quote.score, 3),
                }
                for number, quote in enumerate(self.citations, 1)
            ],
            "quotes": quotes_as_json(self.quotes),
            "models": self.models,
            "timings": {
                name: seconds if seconds is None else round(seconds, 3)
                for name, seconds in self.timings.items()
            },
        }


def quotes_as_json(quotes: Sequence[Quote]) -> list[dict[str, Any]]:
    """Return quotes in their order as `footnoted ask --json` prints them."""
    return [
        {
            "rank": rank,
            "document_id": quote.document.id,
            "start": quote.start,
            "end": quote.end,
            "quote": quote.text,
            "score": round(quote.score, 3),
        }
        for rank, quote in enumerate(quotes, 1)
    ]
