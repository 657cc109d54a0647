"""How sure it is that a text bears a statement out, or speaks against it.

The reader's third head says what a text makes of a statement. Beside it stand the facts: whether
the text has the numbers, days and names of the statement, and whether it has them otherwise. What
weighs how much is fitted on statements that the head was not trained on.
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
    """What is weighed of a text with a statement. Weights take their names from these fields.

    `supported` and `refuted` are the head's log-odds of borne out and of spoken against, against
    neither. 1 or 0 are `figures` (numbers and days that the text does not have), `names` (such
    names), and `otherwise` (facts that it has otherwise). `words` is the share of the statement's
    words that the text has.
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
"""The probability from which a text bears a statement out."""


def is_entailed(sentence: str, quotes: Sequence[str], title: str, reader: Reader) -> bool:
    """Whether quotes of a document of some title bear a written sentence out.

    What they hold word for word needs no reading.
    """
    text = " ".join(" ".join(quotes).split())
    words = " ".join(sentence.split()).rstrip(".")
    if in_full(words) in in_full(text):
        return True
    return entails(sentence, f"{title}\n{text}", reader)[0] >= SUPPORTED


def entails(statement: str, text: str, reader: Reader) -> tuple[float, float]:
    """Return how sure it is that a text bears a statement out, and that it speaks against it."""
    return probabilities(entailment_features(statement, text, reader))


def entailment_features(statement: str, text: str, reader: Reader) -> EntailmentFeatures:
    """Return the signals of a text with a statement.

    The head reads numbers in the text's own form: of 35 true statements it took 33 for false where
    “5,500” had lost its comma, and of 12 with “340M” for “340 million” 9.
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
    """Return, by signals, how sure it is that a text bears a statement out, and denies it."""
    logits = [_sum(each, signals) for each in weights]
    raised = [math.exp(min(each, 50.0)) for each in (*logits, 0.0)]
    return raised[0] / math.fsum(raised), raised[1] / math.fsum(raised)


def _sum(weights: Weights, signals: DataclassInstance) -> float:
    features = asdict(signals)
    return weights["intercept"] + math.fsum(weights[name] * features[name] for name in features)


def missing(own: Sequence[Mention], text: str) -> list[Mention]:
    """Return the facts, of a statement's, that a text does not have."""
    there = mentions(text)
    return [each for each in own if each.asserts and not any(each.same(other) for other in there)]


def _held(statement: str, text: str) -> float:
    words = content_words(statement)
    return len(words & content_words(text)) / len(words) if words else 0.0
