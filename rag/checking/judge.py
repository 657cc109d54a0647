"""Judging one statement by quotes: borne out, spoken against, or neither.

The reader's third head says what a text makes of a statement. Beside it stand the facts: whether
the text has the numbers, days and names of the statement, and whether it has them otherwise. What
weighs how much is fitted on statements that the head was not trained on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from rag.checking.verdict import Verdict
from rag.deciding.reader import Reader
from rag.english.facts import content_words, missing_names
from rag.english.mentions import Mention, mentions
from rag.quote import Quote
from rag.verifying.attribution import MAX_CITED, attribute, conflicts

READ = 6
"""Quotes that are read with a statement, the best ranked."""

NEAR = 4.0
"""The reranker's logit from which a quote is about the same as a statement: only such a one can
speak against it. Of the claims for development of the set `claims` that are not in the sources two
in twenty have a quote above it, of the others all but one."""

SUPPORTED = 0.5
"""The probability from which a text bears a statement out."""

REFUTED = 0.3
"""The probability from which a near text speaks against one, where none bears it out as surely: a
text that is about the same seldom says neither. Chosen on the same claims."""

IN_PART = 0.2
"""The probability that a statement is borne out from which it may be so in part."""


def _named(title: str) -> Any:
    return field(metadata={"title": title})


@dataclass(frozen=True, slots=True)
class Signals:
    """What is weighed of a text with a statement. Weights take their names from these fields."""

    supported: float = _named("the head's log-odds of borne out against neither")
    refuted: float = _named("the head's log-odds of spoken against, against neither")
    figures: float = _named("numbers and days that the text does not have: 1 or 0")
    names: float = _named("names that the text does not have: 1 or 0")
    otherwise: float = _named("facts that the text has otherwise: 1 or 0")
    words: float = _named("the share of the statement's words that the text has")


Weights = Mapping[str, float]

# Fitted by python -m eval.training.fit_claims FOLDER
SUPPORTED_WEIGHTS: Weights = {
    "intercept": 0.714,
    "supported": 0.883,
    "refuted": 0.301,
    "figures": -0.793,
    "names": 0.314,
    "otherwise": -1.621,
    "words": -0.988,
}
REFUTED_WEIGHTS: Weights = {
    "intercept": -0.230,
    "supported": 0.101,
    "refuted": 1.013,
    "figures": 0.215,
    "names": -0.393,
    "otherwise": 0.286,
    "words": 0.498,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What quotes make of a statement, with the probabilities of the best of them."""

    verdict: Verdict
    quotes: tuple[Quote, ...]
    differs: tuple[str, ...]
    supported: float
    refuted: float


def judge(statement: str, quotes: Sequence[Quote], reader: Reader) -> Judged:
    """Judge a statement by the quotes that were found for it, best first."""
    read = quotes[:READ]
    if not read:
        return Judged("not_in_sources", (), (), 0.0, 0.0)
    texts = [quote.read for quote in read]
    judged = zip(texts, reader.bears_out(statement, texts), strict=True)
    alone = [probabilities(weigh(statement, text, logits)) for text, logits in judged]
    supported, at = _bearing(statement, texts, alone, reader)
    near = [n for n, quote in enumerate(read) if quote.score >= NEAR]
    against = max(near, key=lambda n: (alone[n][1], -n), default=None)
    refuted = alone[against][1] if against is not None else 0.0
    if supported >= max(SUPPORTED, refuted):
        return Judged("supported", marked(statement, read, at), (), supported, refuted)
    if against is not None and refuted >= REFUTED:
        differs = otherwise(statement, texts[against])
        shown = marked(statement, read, (against,))
        return Judged("contradicted", shown, tuple(differs), supported, refuted)
    cited = " ".join(texts[each] for each in at)
    lacking = _lacking(statement, cited)
    if lacking and supported >= IN_PART:
        shown = marked(statement, read, at)
        return Judged("in_part", shown, tuple(lacking), supported, refuted)
    return Judged("not_in_sources", tuple(read[:3]), tuple(lacking), supported, refuted)


def weigh(statement: str, text: str, logits: Sequence[float]) -> Signals:
    """Return the signals of a text with a statement; `logits` are the reader's."""
    own = mentions(statement)
    return Signals(
        supported=logits[0] - logits[2],
        refuted=logits[1] - logits[2],
        figures=float(any(each.kind != "name" for each in _missing(own, text))),
        names=float(bool(missing_names(statement, [text]))),
        otherwise=float(bool(conflicts(statement, [text], ""))),
        words=_held(statement, text),
    )


def probabilities(signals: Signals) -> tuple[float, float]:
    """Return how sure it is that a text bears a statement out, and that it speaks against it."""
    logits = [_sum(weights, signals) for weights in (SUPPORTED_WEIGHTS, REFUTED_WEIGHTS)]
    raised = [math.exp(min(each, 50.0)) for each in (*logits, 0.0)]
    return raised[0] / math.fsum(raised), raised[1] / math.fsum(raised)


def _sum(weights: Weights, signals: Signals) -> float:
    told = asdict(signals)
    return weights["intercept"] + math.fsum(weights[name] * told[name] for name in told)


def _bearing(
    statement: str, texts: Sequence[str], alone: Sequence[tuple[float, float]], reader: Reader
) -> tuple[float, tuple[int, ...]]:
    """Return how sure the fewest quotes bear a statement out, and which these are."""
    best = max(range(len(texts)), key=lambda n: (alone[n][0], -n))
    several = attribute(statement, texts, "").quotes[:MAX_CITED]
    if alone[best][0] < SUPPORTED and len(several) > 1:
        together = " ".join(texts[n] for n in several)
        [logits] = reader.bears_out(statement, [together])
        sure, _ = probabilities(weigh(statement, together, logits))
        if sure > alone[best][0]:
            return sure, tuple(several)
    return alone[best][0], (best,)


def _missing(own: Sequence[Mention], text: str) -> list[Mention]:
    there = mentions(text)
    return [each for each in own if each.asserts and not any(each.same(other) for other in there)]


def _lacking(statement: str, text: str) -> list[str]:
    """Return the facts of a statement that a text does not have, in the statement's words."""
    return [statement[each.start : each.end] for each in _missing(mentions(statement), text)]


def otherwise(statement: str, text: str) -> list[str]:
    """Return what a text that speaks against a statement has otherwise, for people to read."""
    return _lacking(statement, text) or conflicts(statement, [text], "")


def _held(statement: str, text: str) -> float:
    words = content_words(statement)
    return len(words & content_words(text)) / len(words) if words else 0.0


def marked(statement: str, quotes: Sequence[Quote], at: Sequence[int]) -> tuple[Quote, ...]:
    """Return some of the quotes with the words marked that the statement has as well."""
    own = mentions(statement)
    found = []
    for each in at:
        quote = quotes[each]
        places = [
            (quote.start + there.start, quote.start + there.end)
            for there in mentions(quote.text)
            if any(one.same(there) or not one.holds.isdisjoint(there.holds) for one in own)
        ]
        found.append(replace(quote, marks=tuple(_joined(quote.document.text, places))))
    return tuple(found)


def _joined(text: str, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join places with nothing but a few signs between them."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if joined and text[joined[-1][1] : start].strip(" ,-’'s") == "":
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
