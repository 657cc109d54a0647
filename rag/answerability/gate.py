"""Deciding whether the sources answer a question at all: by evidence, not by mood.

Each quote is judged by itself, since a single quote must hold both the answer and what the question
is about. The reranker says how well the quote matches the question. The reader says whether it
answers and with which words, alone and among the sentences around it. If these leave doubt, the
language model reads the quote as well. The default model reads it among the sentences around it,
and selects those that answer (`rag/writing/adapters/selection.py`); any other model copies the
words that answer, or says that there are none. The best quote decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rag.asking.query import Query
from rag.languages import content_words
from rag.languages.english_amounts import other_measure
from rag.quote import Quote

if TYPE_CHECKING:
    from index.weights.reader import Around, Read


def _named(title: str) -> Any:
    return field(metadata={"title": title})


@dataclass(frozen=True, slots=True)
class AnswerFeatures:
    """What is known of a quote. Each value is higher, the more it speaks for an answer.

    Signals are named only here: weights, JSON, `--explain` and the fitting go by these fields.
    """

    score: float = _named("reranker")
    """The reranker's logit."""
    answers: float = _named("reader")
    """The reader's logit that the quote answers."""
    words: float = _named("reader's words")
    """The reader's log-odds of the best answering words against none."""
    around: float | None = field(default=None, metadata={"title": "reader around the quote"})
    """The reader's logit that the quote and the sentences around it answer."""
    within: float | None = field(default=None, metadata={"title": "reader inside the quote"})
    """The log-odds of the quote's best words against the best of all these sentences: 0 if they are
    the same, otherwise less. It is 0 if several things are asked for."""
    copied: float | None = field(default=None, metadata={"title": "language model"})
    """The language model's log-odds against NONE, if it was asked to copy."""
    reread: float | None = field(default=None, metadata={"title": "second reading"})
    """The language model's log-odds that one of the sentences around the quote answers, if it has
    learned to select and was asked to."""


Weights = Mapping[str, float]

# For a quote that is read alone and among the sentences around it: fitted on quotes that were found
# for questions on whole documents (eval/lab/training/selection/documents.py), by
#   python -m eval.lab.bench.fit_gate FOLDER ...
READ_WEIGHTS: Weights = {
    "intercept": 0.511,
    "score": 0.15,
    "answers": 0.331,
    "around": 0.31,
    "within": 0.247,
}
# For a quote that is read alone. If the sentences around it are read too, the mean of both rows
# counts. It answers 735 of 997 questions from the right quote; the row above alone answers 744, and
# this one 723, but the mean keeps follow-ups that the row above alone lost (eval/lab/RECORDS.md).
# This row is fitted on the development halves of the shipped sets, and on near-misses and off-topic
# questions about articles that the reader was not trained on. So is the row for what another
# language model copied, but without the off-topic questions, and with as much of the reranker as
# costs no near-miss: fitted with them, it refuses 110 of the 176 unanswerable questions instead of
# 118. Its intercept was 0.817 at a threshold of 0.55, which comes to the same.
ALONE_WEIGHTS: Weights = {"intercept": 0.986, "score": 0.096, "answers": 0.245, "words": 0.211}
COPY_WEIGHTS: Weights = {
    "intercept": 1.022,
    "score": 0.01,
    "answers": 0.398,
    "words": 0.159,
    "copied": 0.489,
}
READ_SHARE, REREAD_SHARE = 0.5, 0.8
"""The weights of the reader's log-odds, and of the language model's for the sentences around the
quote. They were chosen on 60 doubtful development cases of `typed-railway` and `typed-heat-pumps`,
when quotes were read alone. A logistic regression on these, for a quote that holds the evidence,
has 0.21 and 0.69."""
THRESHOLD = 0.6
"""Refuse below this. It was 0.55 for the previous reader. On the development data, this reader at
0.6 refuses at least as many near-misses as that one, and fewer questions falsely
(eval/lab/RECORDS.md)."""

THRESHOLD_OF_ALL = 0.86
"""The same for the multilingual reader, which is easily sure of text in another language. Of 120
questions on 60 translated paragraphs each in Russian and Chinese, half of them in English, 4% are
refused falsely; of questions that the texts do not answer, 79% are refused. At 0.6 these are 1% and
50% (eval/lab/RECORDS.md)."""

DOUBT = (0.3, 0.8)
"""Between these a language model is asked to copy."""

REREAD_DOUBT = (0.15, 0.9)
"""Between these the language model selects among the sentences around a quote. With an upper bound
of 0.8, two thirds as many questions wait for it, and nine more of 64 are answered with a wrong
quote. With a lower bound of 0.3, three more of 136 with the right quote are refused
(eval/lab/RECORDS.md)."""

SURE = 0.8
"""From this probability on, there is an answer even if nothing written from the quote is borne
out."""

SURE_WORDS = 6.5
"""The reader's log-odds of its words from which an answer is written around them. The first bound
was 5, chosen by reading answers about XQuAD's articles: 7 of 22 below it were false, and none of 42
above it. The log-odds of later readers have a wider range: each bound is where its reader is sure
of about half of its answers (eval/lab/RECORDS.md)."""

SURE_WORDS_OF_ALL = 6.0
"""The same for the multilingual reader, whose odds are as they were."""

MAX_LOG_ODDS = 7.0
"""A probability of 0 or 1 (all that some providers report) counts as this, not as infinity."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a single quote says for an answer. The words that answer are the quote's marks.

    `fits` is False if they give another measure than the one asked for: that is not an answer,
    however sure the models were. `selected` are the sentences around the quote that the language
    model has selected.
    """

    quote: Quote
    signals: AnswerFeatures
    fits: bool = True
    selected: tuple[Quote, ...] = ()

    @property
    def probability(self) -> float:
        """How sure it is, from 0 to 1, that the quote states the answer."""
        if not self.fits:
            return 0.0
        return 1 / (1 + math.exp(-self._log_odds))

    @property
    def _log_odds(self) -> float:
        signals = self.signals
        if signals.copied is not None:
            return logit(COPY_WEIGHTS, signals)
        read = logit(ALONE_WEIGHTS, signals)
        if signals.around is not None:
            read = (read + logit(READ_WEIGHTS, signals)) / 2
        return read if signals.reread is None else READ_SHARE * read + REREAD_SHARE * signals.reread

    @property
    def asked(self) -> bool:
        """Whether a language model has read the quote as well."""
        return self.signals.copied is not None or self.signals.reread is not None

    def copied(self, none_probability: float) -> Reading:
        """Return the reading with the verdict of a language model that was asked to copy."""
        return replace(self, signals=replace(self.signals, copied=-log_odds(none_probability)))

    def reread(self, none_probability: float, selected: Sequence[Quote] = ()) -> Reading:
        """Return the reading with how likely none of the sentences around the quote answers.

        `selected` are those that do.
        """
        signals = replace(self.signals, reread=-log_odds(none_probability))
        return replace(self, signals=signals, selected=tuple(selected))


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to answer, with what that was decided by; `readings` are in rank order."""

    readings: tuple[Reading, ...]
    threshold: float = field(default_factory=lambda: THRESHOLD)
    share: float = 1.0
    """How likely the message is meant in the interpretation that was read."""
    others: tuple[tuple[float, float], ...] = ()
    """How likely each other interpretation is meant, and how sure it is that it is answered
    then."""
    sure_words: float = SURE_WORDS
    """The log-odds from which the reader is sure of its words."""
    by_answers: bool = False
    """Whether an interpretation is likelier meant the more surely it is answered. “Any deaths?” is
    about all documents if they report deaths and what was spoken of before does not."""

    @property
    def best(self) -> Reading | None:
        """The reading that speaks most for an answer; the first one if several are equal."""
        return max(self.readings, key=lambda reading: reading.probability, default=None)

    @property
    def probability(self) -> float:
        """How sure it is that the sources answer: the best reading's probability."""
        return self.best.probability if self.best else 0.0

    @property
    def expected(self) -> float:
        """How sure it is that the message is answered, over all its interpretations."""
        ways = ((self.share, self.probability), *self.others)
        weights = [share * (found if self.by_answers else 1.0) for share, found in ways]
        sums = sum(weight * found for weight, (_, found) in zip(weights, ways, strict=True))
        return sums / (sum(weights) or 1.0)

    def doubtful(self, bounds: tuple[float, float]) -> Reading | None:
        """Return what the language model should read as well, if the decision is doubtful.

        That is the best reading between the bounds that it has not seen.
        """
        low, high = bounds
        if self.probability >= high:
            return None
        unseen = [each for each in self.readings if not each.asked and low <= each.probability]
        return max(unseen, key=lambda reading: reading.probability, default=None)

    def exchanged(self, reading: Reading, said: Reading) -> Decision:
        """Return the decision with `said` in place of a reading.

        If `said` is of another quote, other readings that overlap it are dropped.
        """
        moved = said.quote.span != reading.quote.span
        readings = tuple(
            said if each is reading else each
            for each in self.readings
            if each is reading or not (moved and each.quote.overlaps(said.quote))
        )
        return replace(self, readings=readings)

    @property
    def answerable(self) -> bool:
        """Whether the sources answer the question.

        Over all interpretations, `THRESHOLD`, which is that for English, is enough: a higher
        threshold was measured on questions that mean one thing.
        """
        expected = self.expected >= min(self.threshold, THRESHOLD)
        return self.probability >= self.threshold and expected

    @property
    def sure_from(self) -> float:
        """The probability from which it is sure: `SURE`, or halfway from a high threshold to 1."""
        return max(SURE, (1 + self.threshold) / 2)

    @property
    def sure(self) -> bool:
        """Whether a quote answers so surely that nothing written needs to bear it out."""
        return self.probability >= self.sure_from

    @property
    def words_are_sure(self) -> bool:
        """Whether the reader is sure which words answer; if not, the whole quote is the answer."""
        return self.best is not None and self.best.signals.words >= self.sure_words

    @property
    def selected(self) -> tuple[Quote, ...]:
        """The sentences that the language model has selected around quotes that would do alone.

        Empty if it has selected none around the best of them.
        """
        accepted = self.accepted
        if not accepted or not accepted[0].selected:
            return ()
        return tuple(quote for each in accepted for quote in each.selected)

    @property
    def accepted(self) -> tuple[Reading, ...]:
        """The readings that would do alone, best first."""
        ranked = sorted(self.readings, key=lambda each: -each.probability)
        return tuple(each for each in ranked if each.probability >= self.threshold)

    def as_json(self) -> dict[str, Any]:
        """Return what was weighed, for `footnoted ask --explain`."""
        return {
            "probability": round(self.probability, 3),
            "threshold": self.threshold,
            "readings": [
                {
                    "document_id": each.quote.document.id,
                    "start": each.quote.start,
                    "end": each.quote.end,
                    "read": each.quote.words,
                    "signals": {
                        name: value if value is None else round(value, 3)
                        for name, value in asdict(each.signals).items()
                    },
                    "probability": round(each.probability, 3),
                }
                for each in self.readings
            ],
        }


def weigh(question: Query, quote: Quote, read: Read, around: Around | None = None) -> Reading:
    """Judge a quote by what the reader found in it, and mark the words that answer.

    `around` is what the reader found among the sentences around it. If several things are asked
    for, likelier words elsewhere do not count against the quote.
    """
    text = quote.model_text
    words = text[read.start : read.end]
    place = quote.place_of(read.start, read.end)
    marked = replace(quote, marks=(place,) if place and _tells(question, words) else ())
    fits = not other_measure(question.text, words, text)
    signals = AnswerFeatures(quote.score, read.answers, read.words)
    if around:
        within = 0.0 if question.form.several else around.within
        signals = replace(signals, around=around.answers, within=within)
    return Reading(marked, signals, fits)


def _tells(question: Query, words: str) -> bool:
    """Whether words can be shown as an answer: not for a yes/no question, and not an echo of it."""
    return not question.form.yes_or_no and not content_words(words) <= question.words


def logit(weights: Weights, signals: AnswerFeatures) -> float:
    """Return the weighted sum of the signals that have a weight: log-odds."""
    values = asdict(signals) | {"intercept": 1.0}
    return math.fsum(weight * values[name] for name, weight in weights.items())


def log_odds(probability: float) -> float:
    """Return log(p / (1 - p)), at most MAX_LOG_ODDS away from 0."""
    if probability <= 0 or probability >= 1:
        return math.copysign(MAX_LOG_ODDS, probability - 0.5)
    return max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, math.log(probability / (1 - probability))))
