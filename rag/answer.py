"""An answer, the events on the way to it, and its JSON form, which other programs rely on."""

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
"""The version of the JSON form. It rises when a field is removed or changes its meaning."""

Reason = Literal["not_in_sources", "no_documents", "llm_unavailable"]


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence with the numbers of its footnotes.

    `supported` is false for a sentence that the LLM wrote and that its quotes do not bear out. Such
    a sentence is kept for display only: it has no footnotes and is not part of the answer's text.
    """

    text: str
    citations: tuple[int, ...]
    supported: bool

    @property
    def is_item(self) -> bool:
        """Whether it is a list item, which gets a line of its own."""
        return bool(_ITEM.match(self.text))


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An answer or a refusal. Footnote n is `citations[n - 1]`."""

    question: str
    """As it was asked."""
    standalone_question: str
    """The question made to stand alone; equal to `question` if it did already."""
    sentences: tuple[AnswerSentence, ...]
    """What was written, in order, including sentences that the quotes do not bear out."""
    citations: tuple[Quote, ...]
    """The quotes that the footnotes show."""
    quotes: tuple[Quote, ...]
    """All quotes that were found for the question, best first."""
    reason: Reason | None
    """Why there is no answer, or why the language model did not write it; None if all went well."""
    models: dict[str, str | None]
    """The models by their roles: “embedding”, “reranker”, “llm” (None if none was asked)."""
    timings: dict[str, float | None] = field(compare=False)
    """Seconds since the question came, by step; None for a step that did not happen."""
    message: str | None = None
    """A message for the user: what did not work, or which part of the sources a list leaves out."""
    decision: Decision | None = None
    """Why the question was answered or refused, if evidence decided that."""
    nearest: Nearest | None = None
    """What comes nearest to an answer, for a refusal; None if nothing comes near."""
    borne_out: bool = True
    """Whether the quotes bear out any part of what the language model wrote, if it wrote."""
    llm_failed: bool = False
    """Whether a language model should have answered and failed, even if there is an answer."""
    searched: int = 0
    """How many passages the search returned."""
    route: Route | None = None
    """The kind of answer that the question wants; None if that is no longer known."""
    choices: tuple[str, ...] = ()
    """Suggested next questions: the possible meanings, if the answer asks back, or the one that
    asks for the rest of a shortened list."""
    way: str | None = None
    """The way that answered; None if none was tried. Evidence is the fallback of all others."""
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
        """Return one of the fixed phrases, in the language of the question."""
        return say(self.language, key)

    @property
    def lines(self) -> list[list[AnswerSentence]]:
        """The supported sentences, grouped into lines: each list item has a line of its own."""
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
        """Return why the question was answered or refused; None if evidence did not decide it."""
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
    """The ranked quotes, which can be shown while the answer is still being written."""

    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """What the LLM has written so far: `text` is not verified yet, and has no footnotes.

    Prose is proven sentence by sentence: `sentences` come before `text` and are final, and
    `citations` are the quotes of their footnotes.
    """

    text: str
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Quote, ...] = ()


Event = Searching | Found | Writing | Answer
"""What is yielded while a question is answered; the last event is the Answer."""
