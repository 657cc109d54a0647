"""Deciding whether the sources answer a question at all: by evidence, not by mood."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rag.answer import Quote
from rag.facts import content_words


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against an answer in the sources, each a number that grows with "for".

    `passage` and `quote` are the reranker's best logits. The others come from the LLM's copying,
    and are None without it: `copied` is 1 minus the probability of NONE, `verbatim` whether the
    copied words stand in one quote, `on_topic` the share of the question's content words in that
    quote and its heading.
    """

    passage: float
    quote: float
    copied: float | None = None
    verbatim: float | None = None
    on_topic: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision, with what it was made from, so that it can be explained."""

    evidence: Evidence
    probability: float
    threshold: float

    @property
    def answerable(self) -> bool:
        """Whether to answer."""
        return self.probability >= self.threshold


# Intercept, then one weight a signal in the order of Evidence's fields.
WITH_LLM = (-1.0, 0.2, 0.2, 1.5, 1.0, 1.0)
WITHOUT_LLM = (0.0, 0.3, 0.3)
THRESHOLD = 0.5


def decide(evidence: Evidence) -> Decision:
    """Weigh the evidence: the logistic function of a weighted sum, against a threshold."""
    signals = [evidence.passage, evidence.quote]
    weights: tuple[float, ...] = WITHOUT_LLM
    if evidence.copied is not None:
        signals += [evidence.copied, evidence.verbatim or 0.0, evidence.on_topic or 0.0]
        weights = WITH_LLM
    total = weights[0] + sum(w * s for w, s in zip(weights[1:], signals, strict=True))
    return Decision(evidence, 1 / (1 + math.exp(-total)), THRESHOLD)


def on_topic(question: str, quote: Quote) -> float:
    """Return the share of the question's content words that the quote and its heading hold."""
    asked = content_words(question)
    held = content_words(f"{quote.heading or ''} {quote.text}")
    return len(asked & held) / len(asked) if asked else 1.0
