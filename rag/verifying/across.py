"""How sure it is that a text bears a statement in another language out, or speaks against it.

The head of the reader of all languages says what a text makes of a statement. Beside it stand the
numbers and days that the text does not have. Names are not compared: they have other letters, or
other forms, in another language.
"""

from __future__ import annotations

from dataclasses import dataclass

from rag.answerability.reader import Reader
from rag.languages.across import KNOWN, lacking_figures
from rag.verifying.entailment import Weights, probabilities


@dataclass(frozen=True, slots=True)
class AcrossFeatures:
    """What is weighed of a text with a statement: see `EntailmentFeatures`."""

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
"""Numbers that are as often said in words, in which languages differ."""


def other_figures(said: str, language: str, text: str, written_in: str) -> list[str]:
    """Return the numbers and days of a translation in digits that its text does not have.

    In words one language counts where another does not: “second”, “both”, “millions”.
    """
    if not KNOWN.issuperset((language, written_in)) or not any(map(str.isdigit, said)):
        return []
    lacking = lacking_figures(said, language, text, written_in)
    return [each for each in lacking if each[0].isdigit() and each not in COUNTED_IN_WORDS]


@dataclass(frozen=True, slots=True)
class Entailed:
    """How sure it is that a text bears a statement out and denies it, and what figures it lacks."""

    supported: float
    refuted: float
    lacking: tuple[str, ...]


def entails_across(
    statement: str, language: str, text: str, written_in: str, reader: Reader
) -> Entailed:
    """Judge a statement in a language by a text in one: codes of `rag.languages.across.KNOWN`."""
    lacking = tuple(lacking_figures(statement, language, text, written_in))
    features = across_features(statement, text, reader, lacking)
    weights = (SUPPORTED_WEIGHTS, REFUTED_WEIGHTS)
    return Entailed(*probabilities(features, weights), lacking)


def across_features(
    statement: str, text: str, reader: Reader, lacking: tuple[str, ...]
) -> AcrossFeatures:
    """Return the signals of a text with a statement, of whose figures some may be lacking."""
    [logits] = reader.entails_across(statement, [text])
    return AcrossFeatures(logits[0] - logits[2], logits[1] - logits[2], float(bool(lacking)))
