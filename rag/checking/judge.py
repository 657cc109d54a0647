"""Judging one statement by quotes: borne out, spoken against, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.checking.verdict import Verdict
from rag.deciding.reader import Reader
from rag.english.mentions import mentions
from rag.quote import Quote
from rag.verifying.attribution import MAX_CITED, attribute, conflicts
from rag.verifying.bearing import missing, probabilities, weigh

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


def _lacking(statement: str, text: str) -> list[str]:
    """Return the facts of a statement that a text does not have, in the statement's words."""
    return [statement[each.start : each.end] for each in missing(mentions(statement), text)]


def otherwise(statement: str, text: str) -> list[str]:
    """Return what a text that speaks against a statement has otherwise, for people to read."""
    return _lacking(statement, text) or conflicts(statement, [text], "")


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
