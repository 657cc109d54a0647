"""Deciding whether the sources answer a question at all: by evidence, not by mood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import chain

from rag.answer import Quote
from rag.answer_type import is_yes_no, type_matches
from rag.compose import place_of
from rag.facts import content_words, facts, missing_facts
from rag.llm import Copied

SAME_WORDS = 0.8
"""Copied words count as verbatim when a quote holds their facts and this share of their words: the
model writes "8" for "eight" and "20 km" for "20-km-wide"."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer in the sources; each signal grows with it.

    With a language model, `best` is the quote that holds the copied words, or else the first one.
    """

    quote: float
    """The reranker's logit of the best quote."""
    copied: float
    """1 minus the probability that the model gave to NONE."""
    verbatim: float
    """1 when the copied words stand in one of the quotes, or the question asks for yes or no."""
    on_topic: float
    """The share of the question's content words in the best quote and its heading."""
    facts: float
    """The share of the question's numbers, dates and names that stand there."""
    kind: float
    """1 when the copied words are of the kind that is asked for; a half when there are none."""


# Intercept, then one weight a signal in the order of Evidence's fields; fitted by eval/fit_gate.py.
WEIGHTS = (-3.0, 0.3, 1.5, 1.0, 1.0, 1.0, 1.0)
THRESHOLD = 0.5

# Without a language model: intercept, and the weight of the first quote's logit.
SCORE_WEIGHTS = (0.0, 0.5)
SCORE_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to answer, with what that was decided by."""

    signals: tuple[float, ...]
    probability: float
    threshold: float

    @property
    def answerable(self) -> bool:
        """Whether to answer."""
        return self.probability >= self.threshold


def decide(evidence: Evidence) -> Decision:
    """Weigh the evidence with a language model's copied words."""
    signals = astuple(evidence)
    return Decision(signals, logistic(WEIGHTS, signals), THRESHOLD)


def decide_by_score(quotes: Sequence[Quote]) -> Decision:
    """Decide by the reranker's score of the first quote alone."""
    signals = (quotes[0].score,)
    return Decision(signals, logistic(SCORE_WEIGHTS, signals), SCORE_THRESHOLD)


def logistic(weights: Sequence[float], signals: Sequence[float]) -> float:
    """Return the logistic function of a weighted sum; the first weight is the intercept."""
    total = weights[0] + sum(w * s for w, s in zip(weights[1:], signals, strict=True))
    return 1 / (1 + math.exp(-total))


def weigh(question: str, quotes: Sequence[Quote], copied: Copied) -> tuple[Evidence, int]:
    """Return the evidence, and the position of the best quote."""
    words = copied.words
    holding = [at for at, quote in enumerate(quotes) if words and holds(quote.text, words)]
    best = holding[0] if holding else 0
    quote = quotes[best]
    text = f"{quote.heading or ''} {quote.text}"
    asked = content_words(question)
    asserted = facts(question)
    count = len(tuple(chain(asserted.numbers, asserted.days, asserted.names)))
    return Evidence(
        quote=quote.score,
        copied=1 - copied.none_probability,
        verbatim=float(bool(holding) or (words is not None and is_yes_no(question))),
        on_topic=len(asked & content_words(text)) / len(asked) if asked else 1.0,
        facts=1 - len(missing_facts(question, [text])) / count if count else 1.0,
        kind=float(type_matches(question, words, quote.text)) if words else 0.5,
    ), best


def holds(text: str, words: str) -> bool:
    """Whether a quote holds the copied words, or their facts and nearly all of their words."""
    if place_of(words, text):
        return True
    own = content_words(words)
    return (
        bool(own)
        and not missing_facts(words, [text])
        and len(own & content_words(text)) >= SAME_WORDS * len(own)
    )
