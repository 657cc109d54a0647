"""Entailment across languages: does a text bear out a statement in another language, or deny it?

The entailment head of the reader for all languages judges the statement. The other signal is
whether the text lacks any of its numbers and days. Names are not compared, since they have other
letters or other forms in another language.
"""

from __future__ import annotations

from dataclasses import dataclass

from rag.answerability.reader import Reader
from rag.languages.across import KNOWN, lacking_figures
from rag.verifying.entailment import Weights, probabilities


@dataclass(frozen=True, slots=True)
class AcrossFeatures:
    """The features of a text and a statement: see `EntailmentFeatures`."""

    supported: float
    refuted: float
    figures: float


# Fitted by python -m eval.lab.training.fit_claims FOLDER --all-languages
SUPPORTED_WEIGHTS: Weights = {
    "intercept": -0.086,
    "supported": 0.716,
    "refuted": -0.019,
    "figures": -1.1,
}
REFUTED_WEIGHTS: Weights = {
    "intercept": -0.073,
    "supported": -0.023,
    "refuted": 0.806,
    "figures": -0.262,
}

COUNTED_IN_WORDS = frozenset(map(str, range(13))) | {"1000", "1000000", "1000000000"}
"""Numbers that are as often written in words, and not in all languages alike."""


def other_figures(said: str, language: str, text: str, written_in: str) -> list[str]:
    """Return the numbers and days in a translation that its original does not have.

    Only those in digits count: number words such as “second”, “both” and “millions” often have no
    counterpart in another language.
    """
    if not KNOWN.issuperset((language, written_in)) or not any(map(str.isdigit, said)):
        return []
    lacking = lacking_figures(said, language, text, written_in)
    return [each for each in lacking if each[0].isdigit() and each not in COUNTED_IN_WORDS]


@dataclass(frozen=True, slots=True)
class Entailed:
    """The probabilities that a text bears out a statement and denies it, and figures it lacks."""

    supported: float
    refuted: float
    lacking: tuple[str, ...]


def entails_across(
    statement: str, language: str, text: str, written_in: str, reader: Reader
) -> Entailed:
    """Judge a statement by a text; their languages are codes of `rag.languages.across.KNOWN`."""
    lacking = tuple(lacking_figures(statement, language, text, written_in))
    features = across_features(statement, text, reader, lacking)
    weights = (SUPPORTED_WEIGHTS, REFUTED_WEIGHTS)
    return Entailed(*probabilities(features, weights), lacking)


def across_features(
    statement: str, text: str, reader: Reader, lacking: tuple[str, ...]
) -> AcrossFeatures:
    """Return the features of a text and a statement; `lacking` are the figures it lacks."""
    [logits] = reader.entails_across(statement, [text])
    return AcrossFeatures(logits[0] - logits[2], logits[1] - logits[2], float(bool(lacking)))
