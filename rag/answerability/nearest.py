"""What comes nearest to answering a question that is refused: a quote, and what it leaves open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.language import ENGLISH
from rag.answerability.gate import Decision
from rag.languages import content_words, language_of
from rag.languages.phrases import quoted, say
from rag.quote import Quote

NEAR = -4.0
"""The reranker's logit from which a quote is near what is asked although it does not answer it."""
LIKELY = 0.3
"""The gate's probability from which a quote is near whatever the reranker says. By one or the
other, a nearest quote is found for all 5 questions that were falsely refused on the shipped sets'
development halves, for 15 of 19 that these do not answer, and for 2 of 102 that were asked of
another document."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """A quote that comes near, and the words of the question that it and its headings lack.

    `language` is the code of the language that the question is in.
    """

    quote: Quote
    open: tuple[str, ...] = ()
    language: str = ENGLISH

    @property
    def left_open(self) -> str:
        """What the quote leaves open, as a sentence; empty if that cannot be told."""
        named = [quoted(self.language, words) for words in self.open]
        return say(self.language, "left_open", words=named) if named else ""

    def as_json(self) -> dict[str, Any]:
        """Return it for other programs: the quote's place and words, and what it leaves open."""
        return {**self.quote.found_as_json(), "open": list(self.open)}


def nearest(
    question: str, quotes: Sequence[Quote], decision: Decision | None, language: str = ENGLISH
) -> Nearest | None:
    """Return the quote that comes nearest to answering, or None if none comes near.

    That is the quote that the reader found likeliest to answer, or else the reranker's first. None
    of its words are marked, since they do not answer.
    """
    best = decision.best if decision else None
    quote = max(quotes, key=lambda each: each.score, default=None)
    if best and best.probability >= LIKELY:
        quote = best.quote
    elif quote is None or quote.score < NEAR:
        return None
    return Nearest(replace(quote, marks=()), tuple(_left_open(question, quote)), language)


def _left_open(question: str, quote: Quote) -> list[str]:
    """Return the content words of a question that are neither in a quote nor around it."""
    if language_of(question, quote.text) is None:
        return []
    known = content_words(
        "\n".join([quote.title, quote.heading or "", quote.before, quote.model_text])
    )
    runs: list[list[str]] = [[]]
    for word in re.findall(r"[^\W_](?:[\w'’.,-]*[^\W_])?", question):
        if content_words(word) - known:
            runs[-1].append(word)
        else:
            runs.append([])
    return [" ".join(run) for run in runs if run]
