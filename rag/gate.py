"""Deciding whether the sources answer a question at all: by evidence, not by mood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer import Quote
from rag.answer_type import type_matches
from rag.compose import place_of
from rag.facts import content_words, facts, missing_facts
from rag.llm import Copied

SAME_WORDS = 0.8
"""Copied words count as held by a quote that has their facts and this share of their words: the
model writes "8" for "eight" and "20 km" for "20-km-wide"."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer in the sources.

    `quote` is the reranker's logit of the best quote: the one that holds the copied words, or else
    the first. `copied` is 1 minus the probability that the model gave to NONE. `facts` is the share
    of the question's numbers, dates and names that stand in the best quote or its heading. `kind`
    tells whether the copied words are of the kind that is asked for.
    """

    quote: float
    copied: float
    facts: float
    kind: bool

    @property
    def signals(self) -> tuple[float, float, float]:
        """The signals that are weighed, each growing with what speaks for an answer."""
        return self.quote, self.copied, self.facts


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to answer, with what that was decided by."""

    signals: tuple[float, ...]
    kind: bool
    probability: float
    threshold: float

    @property
    def answerable(self) -> bool:
        """Whether to answer: an answer of the wrong kind is none, however sure the model was."""
        return self.kind and self.probability >= self.threshold


# Intercept and weights, and the threshold that falsely refuses a tenth of the development cases:
#   python -m eval.fit_gate SIGNALS.jsonl eval/sets/briefing.jsonl=eval/sets/briefing.md \
#       eval/sets/article.jsonl=../shared/article/article.txt@40
# Whether the copied words stand in a quote, and the share of the question's words there, were
# tried as well and got no weight; the kind was wrong for none of 112 answerable cases.
WEIGHTS = (-7.185, 0.097, 7.114, 0.919)
THRESHOLD = 0.181

# Without a language model: the weight of the first quote's logit.
SCORE_WEIGHTS = (-0.931, 0.206)
SCORE_THRESHOLD = 0.28


def decide(evidence: Evidence) -> Decision:
    """Weigh the evidence with a language model's copied words."""
    signals = evidence.signals
    return Decision(signals, evidence.kind, logistic(WEIGHTS, signals), THRESHOLD)


def decide_by_score(question: str, quotes: Sequence[Quote]) -> Decision:
    """Decide without copied words: by the first quote, and whether it could be of the kind."""
    first = quotes[0]
    kind = type_matches(question, first.text, first.text)
    probability = logistic(SCORE_WEIGHTS, (first.score,))
    return Decision((first.score,), kind, probability, SCORE_THRESHOLD)


def logistic(weights: Sequence[float], signals: Sequence[float]) -> float:
    """Return the logistic function of a weighted sum; the first weight is the intercept."""
    total = weights[0] + sum(w * s for w, s in zip(weights[1:], signals, strict=True))
    return 1 / (1 + math.exp(-total))


def weigh(question: str, quotes: Sequence[Quote], copied: Copied) -> tuple[Evidence, int]:
    """Return the evidence, and the position of the best quote."""
    words = copied.words
    best = next((at for at, quote in enumerate(quotes) if words and holds(quote.text, words)), 0)
    quote = quotes[best]
    asserted = facts(question)
    count = len(asserted.numbers) + len(asserted.days) + len(asserted.names)
    lacking = missing_facts(question, [f"{quote.heading or ''} {quote.text}"])
    return Evidence(
        quote=quote.score,
        copied=1 - copied.none_probability,
        facts=max(0.0, 1 - len(lacking) / count) if count else 1.0,
        kind=words is None or type_matches(question, words, quote.text),
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
