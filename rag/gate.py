"""Deciding whether the sources answer a question at all: by evidence, not by mood.

Each quote is judged alone, since one quote must hold the answer and what the question is about: how
well the reranker likes it, and how sure the language model is that it states the answer. The best
quote decides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag.answer import Quote
from rag.answer_type import adds_nothing, type_matches, whole_name
from rag.facts import content_words, numbers
from rag.llm import Copied

# Intercept, weight of the reranker's logit, weight of the log-odds against NONE. Fitted on the
# development halves of the shipped sets and on questions of XQuAD whose evidence was taken away:
#   python -m eval.fit_gate RUN.json [RUN.json ...]
# Tried as well, without a gain over these two: the share of the question's facts or words that
# stand in the quote or its passage, whether the copied words are verbatim, their mean probability,
# how far the reranker's score falls when they are taken out of the quote.
WEIGHTS = (-3.40, 0.371, 1.20)
THRESHOLD = 0.25
"""Refuse below."""

SURE = 0.70
"""No further quote is read when one reaches this, and it is an answer even when nothing that was
written from it is borne out: a near-miss hardly ever does."""

MAX_LOG_ODDS = 7.0
"""A probability of 0 or 1 (all that some providers tell) counts as this, not as infinity."""

HOPELESS = -5.0
"""Quotes with a lower logit are not read: a model would have to be surer than it ever was."""

# Without a language model: the weight of the first quote's logit.
SCORE_WEIGHTS = (-0.931, 0.206)
SCORE_THRESHOLD = 0.28


@dataclass(frozen=True, slots=True)
class Reading:
    """What one quote says for an answer.

    `kind` tells whether the copied words (without a language model, the quote) are of the kind that
    is asked for: an answer of the wrong kind is none, however sure the model was.
    """

    quote: Quote
    copied: Copied | None
    kind: bool

    @property
    def signals(self) -> tuple[float, ...]:
        """What is weighed, each growing with what speaks for an answer."""
        if self.copied is None:
            return (self.quote.score,)
        return self.quote.score, -log_odds(self.copied.none_probability)

    @property
    def probability(self) -> float:
        """How sure it is, from 0 to 1, that the quote states the answer."""
        if not self.kind:
            return 0.0
        return logistic(SCORE_WEIGHTS if self.copied is None else WEIGHTS, self.signals)

    @property
    def words(self) -> str | None:
        """The words copied from the quote."""
        return self.copied.words if self.copied else None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to answer, with what it was decided by; `readings` is in rank order.

    `borne_out` is whether the quotes bear out what was written from them, as far as it is known.
    """

    readings: tuple[Reading, ...]
    threshold: float
    borne_out: bool = True

    @property
    def best(self) -> Reading | None:
        """The reading that speaks most for an answer; the first of equals."""
        return max(self.readings, key=lambda reading: reading.probability, default=None)

    @property
    def probability(self) -> float:
        """How sure it is that the sources answer: the best reading's probability."""
        return self.best.probability if self.best else 0.0

    @property
    def answerable(self) -> bool:
        """Whether to answer: what is not borne out needs a quote that surely answers by itself."""
        return self.probability >= (self.threshold if self.borne_out else SURE)

    @property
    def accepted(self) -> tuple[Reading, ...]:
        """The readings that would do alone, best first; those without copied words come last."""
        ranked = sorted(self.readings, key=lambda each: (each.words is None, -each.probability))
        return tuple(each for each in ranked if each.probability >= self.threshold)

    def as_json(self) -> dict[str, Any]:
        """Return what `footnoted ask --explain` shows."""
        return {
            "answerable": self.answerable,
            "probability": round(self.probability, 3),
            "threshold": self.threshold,
            "borne_out": self.borne_out,
            "readings": [
                {
                    "document_id": each.quote.document.id,
                    "start": each.quote.start,
                    "end": each.quote.end,
                    "score": round(each.quote.score, 3),
                    "copied": each.words,
                    "none_probability": round(each.copied.none_probability, 4)
                    if each.copied
                    else None,
                    "kind": each.kind,
                    "probability": round(each.probability, 3),
                }
                for each in self.readings
            ],
        }


def read(question: str, quote: Quote, copied: Copied) -> Reading:
    """Judge a quote by the words that the language model copied from it, or else by its own.

    Words that only repeat the question are not kept, nor are words of which the quote has none; a
    name is taken as a whole.
    """
    if words := copied.words:
        useless = adds_nothing(question, words) or _of_elsewhere(words, quote.text)
        told = None if useless else whole_name(question, words, quote.text)
        copied = replace(copied, words=told)
    return Reading(quote, copied, _kind(question, copied.words or quote.text, quote))


def read_alone(question: str, quote: Quote) -> Reading:
    """Judge a quote without a language model: by its score, and whether it could be of the kind."""
    return Reading(quote, None, _kind(question, quote.text, quote))


def _of_elsewhere(words: str, quote: str) -> bool:
    """Whether a quote has none of the words: a model may copy from an example or from memory.

    Numbers may be put another way ("2" for "two"), and are verified in the answer.
    """
    return not numbers(words) and not content_words(words) & content_words(quote)


def _kind(question: str, words: str, quote: Quote) -> bool:
    return type_matches(question, words, quote.text, quote.before)


def decide(readings: Sequence[Reading]) -> Decision:
    """Weigh the quotes that a language model has read."""
    return Decision(tuple(readings), THRESHOLD)


def decide_by_score(question: str, quotes: Sequence[Quote]) -> Decision:
    """Decide without a language model, by the first quote."""
    return Decision(tuple(read_alone(question, quote) for quote in quotes[:1]), SCORE_THRESHOLD)


def logistic(weights: Sequence[float], signals: Sequence[float]) -> float:
    """Return the logistic function of a weighted sum; the first weight is the intercept."""
    total = weights[0] + sum(w * s for w, s in zip(weights[1:], signals, strict=True))
    return 1 / (1 + math.exp(-total))


def log_odds(probability: float) -> float:
    """Return log(p / (1 - p)), at most MAX_LOG_ODDS away from 0."""
    if probability <= 0 or probability >= 1:
        return math.copysign(MAX_LOG_ODDS, probability - 0.5)
    return max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, math.log(probability / (1 - probability))))
