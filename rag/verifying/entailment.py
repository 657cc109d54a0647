"""Entailment: the probabilities that a text bears out a statement, or denies it.

The reader's third head judges the statement. The other features compare facts: whether the text has
the statement's numbers, days and names, and whether it states them differently. Their weights are
fitted on statements that the head was not trained on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rag.answerability.reader import Reader
from rag.languages import Mention, content_words, in_full, mentions, missing_names, worded_as
from rag.verifying.attribution import conflicts

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class EntailmentFeatures:
    """The features of a text and a statement. The weights have the names of these fields.

    `supported` and `refuted` are the head's log-odds against “neither”. `figures` is 1 if the text
    lacks any of the statement's numbers or days, `names` if it lacks any of its names, and
    `otherwise` if it states any of its facts differently; else they are 0. `words` is the share of
    the statement's content words that the text has.
    """

    supported: float
    refuted: float
    figures: float
    names: float
    otherwise: float
    words: float


Weights = Mapping[str, float]

# Fitted by python -m eval.lab.training.fit_claims FOLDER
SUPPORTED_WEIGHTS: Weights = {
    "intercept": -0.105,
    "supported": 0.870,
    "refuted": 0.267,
    "figures": -0.933,
    "names": -0.016,
    "otherwise": -3.248,
    "words": -0.021,
}
REFUTED_WEIGHTS: Weights = {
    "intercept": 0.046,
    "supported": 0.051,
    "refuted": 1.019,
    "figures": -0.022,
    "names": -0.522,
    "otherwise": 1.611,
    "words": -0.121,
}

SUPPORTED = 0.5
"""The probability from which a text bears out a statement."""


def is_entailed(
    sentence: str, quotes: Sequence[str], title: str, reader: Reader, least: float = SUPPORTED
) -> bool:
    """Whether quotes of a document with a title bear out a written sentence as surely as `least`.

    A sentence that they contain word for word is not given to the reader.
    """
    text = " ".join(" ".join(quotes).split())
    words = " ".join(sentence.split()).rstrip(".")
    if in_full(words) in in_full(text):
        return True
    return entails(sentence, f"{title}\n{text}", reader)[0] >= least


def entails(statement: str, text: str, reader: Reader) -> tuple[float, float]:
    """Return the probabilities that a text bears out a statement, and that it denies it."""
    return probabilities(entailment_features(statement, text, reader))


def entailment_features(statement: str, text: str, reader: Reader) -> EntailmentFeatures:
    """Return the features of a text and a statement.

    The statement's numbers are first written as in the text. The head took 33 of 35 true statements
    for false if “5,500” had lost its comma, and 9 of 12 with “340M” for “340 million”.
    """
    [logits] = reader.entails(worded_as(statement, text), [text])
    own = mentions(statement)
    return EntailmentFeatures(
        supported=logits[0] - logits[2],
        refuted=logits[1] - logits[2],
        figures=float(any(each.kind != "name" for each in missing(own, text))),
        names=float(bool(missing_names(statement, [text]))),
        otherwise=float(bool(conflicts(statement, [text], ""))),
        words=_held(statement, text),
    )


def probabilities(
    signals: DataclassInstance,
    weights: tuple[Weights, Weights] = (SUPPORTED_WEIGHTS, REFUTED_WEIGHTS),
) -> tuple[float, float]:
    """Return, from features, the probabilities that a text bears out a statement and denies it."""
    logits = [_sum(each, signals) for each in weights]
    raised = [math.exp(min(each, 50.0)) for each in (*logits, 0.0)]
    return raised[0] / math.fsum(raised), raised[1] / math.fsum(raised)


def _sum(weights: Weights, signals: DataclassInstance) -> float:
    features = asdict(signals)
    return weights["intercept"] + math.fsum(weights[name] * features[name] for name in features)


def missing(own: Sequence[Mention], text: str) -> list[Mention]:
    """Return the statement's facts (of `own`) that a text does not have."""
    there = mentions(text)
    return [each for each in own if each.asserts and not any(each.same(other) for other in there)]


def _held(statement: str, text: str) -> float:
    words = content_words(statement)
    return len(words & content_words(text)) / len(words) if words else 0.0
