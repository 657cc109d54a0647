"""What an answer is made of, and its JSON form that other programs rely on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from index.language import ENGLISH
from index.printable import number_of, shortened
from rag.answerability.gate import Decision
from rag.answerability.nearest import Nearest
from rag.asking.route import Route
from rag.languages.phrases import say
from rag.quote import Quote, quotes_as_json

_ITEM = re.compile(r"(?:•|\d{1,3}[.)]) ")

SCHEMA = 1
"""Of the JSON form; it rises when a field changes its meaning or goes."""

Reason = Literal["not_in_sources", "no_documents", "llm_unavailable"]


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence with the numbers of its footnotes.

    `supported` is false for a sentence of the LLM that its quotes do not bear out: it is kept
    here to be seen, has no footnotes, and is not part of the answer's text.
    """

    text: str
    citations: tuple[int, ...]
    supported: bool

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a list, which stands on a line of its own."""
        return bool(_ITEM.match(self.text))


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An answer or a refusal. Footnote n is `citations[n - 1]`."""

    question: str
    """As it was asked."""
    standalone_question: str
    """As it is understood without the conversation; the same where it needs none."""
    sentences: tuple[AnswerSentence, ...]
    """What was written, in order, with what the quotes do not bear out."""
    citations: tuple[Quote, ...]
    """The quotes that the footnotes show."""
    quotes: tuple[Quote, ...]
    """All that were found for the question, best first."""
    reason: Reason | None
    """Why there is no answer, or none that the language model wrote; None where all went well."""
    models: dict[str, str | None]
    """Which model did what: “embedding”, “reranker”, “llm” (None where none was asked)."""
    timings: dict[str, float | None] = field(compare=False)
    """Seconds from the question on, by step; None for what did not happen."""
    message: str | None = None
    """For the user: what did not work, or what of the sources a list leaves out, where it does."""
    decision: Decision | None = None
    """Why it was answered or refused, where that was decided by evidence."""
    nearest: Nearest | None = None
    """What comes near where it is refused; None where it is not, and where nothing does."""
    borne_out: bool = True
    """Whether the quotes bear out anything of what the language model wrote, where it did."""
    llm_failed: bool = False
    """Whether a language model was to answer and did not, whatever became of the question."""
    searched: int = 0
    """How many passages the search brought for it."""
    route: Route | None = None
    """What kind of answer it was taken to want; None where that is not known any more."""
    choices: tuple[str, ...] = ()
    """Questions to go on with: those that it may have meant, where that is asked back, or the one
    for what a list has left out."""
    way: str | None = None
    """Which way it was answered; None where none was tried. It is evidence where no other did."""
    language: str = ENGLISH
    """The code of the language that it was asked in."""

    def __repr__(self) -> str:
        notes = number_of(len(self.citations), "footnote")
        return f"<Answer {shortened(self.text, 60)!r}, {notes}>"

    @property
    def refused(self) -> bool:
        """Whether the sources do not answer the question."""
        return self.reason in ("not_in_sources", "no_documents")

    @property
    def text(self) -> str:
        """The answer with its footnotes, without the sentences that are not supported."""
        if self.reason == "no_documents":
            return self.message or self.phrase("empty")
        if self.refused:
            return self.phrase("refusal")
        return "\n".join(
            " ".join(each.text + "".join(f"[{n}]" for n in each.citations) for each in line)
            for line in self.lines
        )

    def phrase(self, key: str) -> str:
        """Return what it says by itself, in the language of the question."""
        return say(self.language, key)

    @property
    def lines(self) -> list[list[AnswerSentence]]:
        """The supported sentences by the lines that they stand on: each item on one of its own."""
        made: list[list[AnswerSentence]] = []
        for each in self.sentences:
            if each.supported and made and not (each.is_item or made[-1][-1].is_item):
                made[-1].append(each)
            elif each.supported:
                made.append([each])
        return made

    def quotes_of(self, sentence: AnswerSentence) -> list[Quote]:
        """Return the quotes that a sentence's footnotes show."""
        return [self.citations[number - 1] for number in sentence.citations]

    def explanation(self) -> dict[str, Any] | None:
        """Return why it was answered or refused, where that was decided by evidence."""
        if self.decision is None:
            return None
        why = {"answerable": not self.refused, "borne_out": self.borne_out}
        return why | self.decision.as_json()

    def as_json(self) -> dict[str, Any]:
        """Return the object that `footnoted ask --json` prints."""
        return {
            "schema": SCHEMA,
            "question": self.question,
            "standalone_question": self.standalone_question,
            "answer": self.text,
            "refused": self.refused,
            "reason": self.reason,
            "route": self.route
            and {
                "kind": self.route.kind,
                "matters": list(self.route.matters),
                "probability": round(self.route.probability, 3),
                "answered_by": self.way,
            },
            "language": self.language,
            "nearest": self.nearest and self.nearest.as_json(),
            "choices": list(self.choices),
            "sentences": [
                {
                    "text": sentence.text,
                    "citations": list(sentence.citations),
                    "supported": sentence.supported,
                }
                for sentence in self.sentences
            ],
            "citations": [
                {"number": number} | quote.as_json()
                for number, quote in enumerate(self.citations, 1)
            ],
            "quotes": quotes_as_json(self.quotes),
            "models": self.models,
            "timings": {
                name: seconds if seconds is None else round(seconds, 3)
                for name, seconds in self.timings.items()
            },
        }


@dataclass(frozen=True, slots=True)
class Searching:
    """The question that is searched for, made to stand alone."""

    question: str


@dataclass(frozen=True, slots=True)
class Found:
    """The quotes, ranked: there to be shown while the answer is still being written."""

    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """What the LLM has written so far: `text` is not verified yet, and has no footnotes.

    `sentences` before it are as they will stand in the answer, their footnotes' quotes in
    `citations`: prose is proven sentence by sentence.
    """

    text: str
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Quote, ...] = ()


Event = Searching | Found | Writing | Answer
"""What is told while a question is answered; the last is the Answer."""
