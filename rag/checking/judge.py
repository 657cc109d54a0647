"""Judging one statement by quotes: borne out, spoken against, or neither."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.checking.verdict import Verdict
from rag.deciding.reader import Reader
from rag.english.facts import missing_facts
from rag.english.mentions import mentions
from rag.quote import Quote
from rag.verifying.attribution import MAX_CITED, attribute, conflicts

READ = 6
"""Quotes that are read with a statement, the best ranked."""

SUPPORTED = 0.5
"""The probability that a text bears a statement out from which it does."""

REFUTED = 0.5
"""The probability that a text speaks against a statement from which it does."""

NEAR = 0.0
"""The reranker's logit from which a quote is about the same as a statement."""


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
    alone = [_probabilities(each) for each in reader.bears_out(statement, texts)]
    chosen = _bearing(statement, texts, alone, reader)
    supported, at = chosen
    cited = [texts[each] for each in at]
    missing = missing_facts(statement, cited)
    against = conflicts(statement, cited, "")
    refuted, refuting = max(
        (each[1] if read[at].score >= NEAR else 0.0, -at) for at, each in enumerate(alone)
    )
    quote_against = read[-refuting]
    if supported >= SUPPORTED and not missing and not against:
        return Judged("supported", _marked(statement, read, at), (), supported, refuted)
    if refuted >= REFUTED:
        differs = conflicts(statement, [quote_against.read], "") or missing_facts(
            statement, [quote_against.read]
        )
        return Judged("contradicted", (quote_against,), tuple(differs), supported, refuted)
    if supported >= SUPPORTED:
        return Judged(
            "in_part", _marked(statement, read, at), (*missing, *against), supported, refuted
        )
    return Judged("not_in_sources", tuple(read[:3]), tuple(missing), supported, refuted)


def _bearing(
    statement: str,
    texts: Sequence[str],
    alone: Sequence[tuple[float, float, float]],
    reader: Reader,
) -> tuple[float, tuple[int, ...]]:
    """Return how sure the fewest quotes bear a statement out, and which these are."""
    best = max(range(len(texts)), key=lambda at: (alone[at][0], -at))
    if not missing_facts(statement, [texts[best]]) and alone[best][0] >= SUPPORTED:
        return alone[best][0], (best,)
    several = attribute(statement, texts, "").quotes[:MAX_CITED]
    if len(several) > 1:
        together = " ".join(texts[at] for at in several)
        [logits] = reader.bears_out(statement, [together])
        if (sure := _probabilities(logits)[0]) > alone[best][0]:
            return sure, tuple(several)
    return alone[best][0], (best,)


def _probabilities(logits: Sequence[float]) -> tuple[float, float, float]:
    """Return the probabilities of supported, refuted and not enough."""
    most = max(logits)
    raised = [math.exp(each - most) for each in logits]
    total = math.fsum(raised)
    supported, refuted, neither = (each / total for each in raised)
    return supported, refuted, neither


def _marked(statement: str, quotes: Sequence[Quote], at: Sequence[int]) -> tuple[Quote, ...]:
    """Return quotes with the words marked that the statement has as well."""
    own = mentions(statement)
    marked = []
    for each in at:
        quote = quotes[each]
        places = [
            (quote.start + found.start, quote.start + found.end)
            for found in mentions(quote.text)
            if any(one.same(found) or not one.holds.isdisjoint(found.holds) for one in own)
        ]
        marked.append(replace(quote, marks=tuple(_joined(quote.document.text, places))))
    return tuple(marked)


def _joined(text: str, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join places with nothing but a few signs between them."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if joined and text[joined[-1][1] : start].strip(" ,-’'s") == "":
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
