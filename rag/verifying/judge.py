"""Judging one statement by quotes: borne out, spoken against, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, NamedTuple

from index.language import ENGLISH
from rag.answerability.reader import Reader
from rag.languages import language_of, mentions
from rag.languages.across import KNOWN
from rag.quote import Quote
from rag.verifying.across import entails_across
from rag.verifying.attribution import attribute, conflicts
from rag.verifying.entailment import SUPPORTED, entails, missing

Verdict = Literal[
    "supported",
    "contradicted",
    "in_part",
    "unsure",
    "not_in_sources",
    "not_checkable",
    "nothing_to_check",
]

READ = 6
"""Quotes that are read with a statement, the best ranked."""

NEAREST = 3
"""Quotes that are shown where none says it."""

NEAR = 4.0
"""The reranker's logit from which a quote is about the same as a statement: only such a one can
speak against it. Of the claims for development of the set `claims` that are not in the sources two
in twenty have a quote above it, of the others all but one."""

SURE = 0.9
"""The probability from which a text that is not near bears a statement out."""

REFUTED = 0.3
"""The probability from which a near text speaks against one so far that it is in doubt: a text that
is about the same seldom says neither. Chosen on the same claims."""

SURELY = 0.8
"""The probability from which a text speaks against a statement though no two facts are known to
differ; from `REFUTED` on it leaves the statement in doubt. Of FEVER's true claims 2 to 5% are
called contradicted so, and 7 to 9% where `REFUTED` was enough."""

FARTHER = 2.0
"""How much further off, by the reranker's logit, a text may be that speaks against a statement that
another one bears out: what is further off speaks of another event."""

IN_PART = 0.2
"""The probability that a statement is borne out from which it may be so in part."""

EXCHANGES = 8
"""Facts of one quote that are tried in the place of a statement's, at most."""

SUPPORTED_ACROSS = 0.7
"""The probability from which a text bears out a statement where one of them is not in English; from
`SUPPORTED` on it is unsure. The head is weak there: of 351 false statements on held-out paragraphs
3% reach it, where 21% reach `SUPPORTED` (eval/lab/RECORDS.md)."""

LONG = 8
"""Words in small letters from which a statement tells its language by itself. Of English sentences
0.4% are taken for another language's, and 5% of German ones for English (SQuAD, XQuAD)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What quotes make of a statement, and how sure it is that they bear it out."""

    verdict: Verdict
    quotes: tuple[Quote, ...]
    differs: tuple[str, ...]
    supported: float


def judge(
    statement: str, quotes: Sequence[Quote], reader: Reader, language: str = ENGLISH
) -> Judged:
    """Judge a statement in a language by the quotes that were found for it, best first."""
    read = quotes[:READ]
    if not read:
        return Judged("not_in_sources", (), (), 0.0)
    written = [quote.document.language_at(quote.start) for quote in read]
    if reader.reads_all and {language, *written} != {ENGLISH}:
        return _judge_across(statement, language, read, written, reader)
    texts = [quote.model_text for quote in read]
    known = language_of(statement, *texts) and language_of(statement, least=LONG)
    if language != ENGLISH or not known:
        return Judged("not_checkable", tuple(read[:NEAREST]), (), 0.0)
    alone = [entails(statement, text, reader) for text in texts]
    best, supported, against, refuted, near = _weighed(alone, read)
    cited: tuple[int, ...] = (best,)
    if supported < SUPPORTED and refuted < REFUTED:
        supported, cited = max((supported, cited), _together(statement, texts, reader))
    least = read[best].score - FARTHER
    denied = max((alone[at][1] for at in near if read[at].score >= least), default=0.0)
    if supported >= max(SUPPORTED, denied) and denied < SURELY:
        return Judged("supported", marked(statement, read, cited), (), supported)
    if supported < SUPPORTED and (exchanged := _exchanged(statement, texts, near, reader)):
        at, read_as, differs = exchanged
        shown = marked(read_as, read, (at,))
        return Judged("contradicted", shown, (differs,), supported)
    if supported < SUPPORTED and against is not None and refuted >= SURELY:
        shown = marked(statement, read, (against,))
        differences = tuple(otherwise(statement, texts[against]))
        return Judged("contradicted", shown, differences, supported)
    lacking = tuple(_lacking(statement, " ".join(texts[each] for each in cited)))
    if lacking and IN_PART <= supported < SUPPORTED and refuted < REFUTED:
        return Judged("in_part", marked(statement, read, cited), lacking, supported)
    if supported >= SUPPORTED or refuted >= REFUTED:
        both = dict.fromkeys((*cited, *([] if against is None else [against])))
        return Judged("unsure", marked(statement, read, tuple(both)[:NEAREST]), (), supported)
    return Judged("not_in_sources", tuple(read[:NEAREST]), lacking, supported)


def _judge_across(
    statement: str, language: str, read: Sequence[Quote], written: Sequence[str], reader: Reader
) -> Judged:
    """Judge a statement where it or a quote is in another language than English.

    Of two facts nothing is known there but whether figures are the same, so a contradiction is the
    head's alone.
    """
    if not KNOWN.issuperset({language, *written}):
        return Judged("not_checkable", tuple(read[:NEAREST]), (), 0.0)
    judged = [
        entails_across(statement, language, quote.model_text, code, reader)
        for quote, code in zip(read, written, strict=True)
    ]
    alone = [(each.supported, each.refuted) for each in judged]
    best, supported, against, refuted, _ = _weighed(alone, read)
    if supported >= SUPPORTED_ACROSS and refuted < SURELY and not judged[best].lacking:
        return Judged("supported", (read[best],), (), supported)
    if supported < SUPPORTED and against is not None and refuted >= SURELY:
        return Judged("contradicted", (read[against],), judged[against].lacking, supported)
    if supported >= SUPPORTED or refuted >= REFUTED:
        both = dict.fromkeys((best, *([] if against is None else [against])))
        return Judged("unsure", tuple(read[at] for at in both), (), supported)
    return Judged("not_in_sources", tuple(read[:NEAREST]), (), supported)


class _Weighed(NamedTuple):
    """Which quotes bear a statement out and deny it most, how surely, and which are near."""

    best: int
    supported: float
    against: int | None
    refuted: float
    near: Sequence[int]


def _weighed(alone: Sequence[tuple[float, float]], read: Sequence[Quote]) -> _Weighed:
    """Weigh quotes by how sure it is that each alone bears a statement out, and denies it."""
    near = [at for at, quote in enumerate(read) if quote.score >= NEAR]
    entailed = [sure if at in near or sure >= SURE else 0.0 for at, (sure, _) in enumerate(alone)]
    best = max(range(len(read)), key=lambda at: (entailed[at], -at))
    against = max(near, key=lambda at: (alone[at][1], -at), default=None)
    refuted = alone[against][1] if against is not None else 0.0
    return _Weighed(best, entailed[best], against, refuted, near)


def _together(
    statement: str, texts: Sequence[str], reader: Reader
) -> tuple[float, tuple[int, ...]]:
    """Return how sure the fewest quotes bear a statement out that hold its facts, if several."""
    several = attribute(statement, texts, "").quotes
    if len(several) < 2:
        return 0.0, ()
    sure, _ = entails(statement, " ".join(texts[at] for at in several), reader)
    return sure, several


def _exchanged(
    statement: str, texts: Sequence[str], near: Sequence[int], reader: Reader
) -> tuple[int, str, str] | None:
    """Return which text has a fact of a statement otherwise, and how.

    With its position come the statement with the text's fact, and what differs, for people to read.
    That is one that bears the statement out as soon as the fact is the text's own.
    """
    found = []
    for at in near[:NEAREST]:
        for exchanged, difference in islice(exchanges(statement, texts[at]), EXCHANGES):
            sure, _ = entails(exchanged, texts[at], reader)
            found.append((sure, -at, exchanged, difference))
    sure, at, exchanged, difference = max(
        found, key=lambda each: each[:2], default=(0.0, 0, "", "")
    )
    return (-at, exchanged, difference) if sure >= SUPPORTED else None


def exchanges(statement: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield a statement with a fact of a text in the place of one that the text does not have.

    And what it has in its place, for people to read. A fact is exchanged for one of its kind, and a
    measure for one in the same unit.
    """
    own, there = mentions(statement), mentions(text)
    for mine in missing(own, text):
        for theirs in there:
            alike = mine.kind == theirs.kind and mine.unit == theirs.unit
            if alike and theirs.asserts and not any(each.same(theirs) for each in own):
                fact = text[theirs.start : theirs.end]
                changed = statement[: mine.start] + fact + statement[mine.end :]
                lacking = statement[mine.start : mine.end].strip(" ,")
                yield changed, f"{lacking}: the source has “{fact.strip(' ,')}”"


def _lacking(statement: str, text: str) -> list[str]:
    """Return the facts of a statement that a text does not have, in the statement's words."""
    return [statement[each.start : each.end] for each in missing(mentions(statement), text)]


def otherwise(statement: str, text: str) -> list[str]:
    """Return what a text that speaks against a statement has otherwise, for people to read."""
    return conflicts(statement, [text], "") or _denials(statement, text)


_DENIAL = re.compile(
    r"\b(?:not|never|no|none|neither|nor|nobody|nothing|cannot|without)\b|\w+n[’']t\b",
    re.IGNORECASE,
)


def _denials(statement: str, text: str) -> list[str]:
    """Return which of the two denies, where only one does."""
    mine, theirs = _DENIAL.search(statement), _DENIAL.search(text)
    if mine and not theirs:
        return [f"{mine[0]}: the source does not deny it"]
    if theirs and not mine:
        return [f"the source says “{theirs[0]}”"]
    return []


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
