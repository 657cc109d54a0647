"""Judge one statement by quotes: supported, contradicted, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, NamedTuple

from index.language import ENGLISH
from rag.answerability.reader import Reader
from rag.languages import language_of, mentions
from rag.languages.across import KNOWN
from rag.quote import Quote
from rag.verifying.across import entails_across
from rag.verifying.attribution import Difference, attribute, conflicts
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
"""The best ranked quotes, which are read with a statement."""

NEAREST = 3
"""Quotes that are shown if none supports or contradicts the statement."""

NEAR = 4.0
"""The reranker's logit from which a quote is near: about the same thing as a statement. Only near
quotes can contradict it. Of the development claims in the set `claims`, two in twenty of those that
are not in the sources have a quote above it, and all but one of the others."""

SURE = 0.9
"""The probability from which a text that is not near supports a statement."""

REFUTED = 0.3
"""The probability of a denial from which a near text makes a statement unsure: a text about the
same thing seldom says neither. Chosen on the same claims."""

SURELY = 0.8
"""The probability of a denial from which a text contradicts a statement even if no two facts are
known to differ; from `REFUTED` to here the statement is unsure. With this threshold, 2 to 5% of
FEVER's true claims are called contradicted; with `REFUTED` alone it was 7 to 9%."""

FARTHER = 2.0
"""How many logits of the reranker below the best supporting text a text may be to deny the
statement. Texts further below speak of another event."""

IN_PART = 0.2
"""The probability of support from which a statement may be supported in part."""

EXCHANGES = 8
"""The most facts of one quote that are tried in place of a statement's."""

SUPPORTED_ACROSS = 0.7
"""The probability from which a text supports a statement if either is not in English; from
`SUPPORTED` to here it is unsure. The head is weak there: of 351 false statements on held-out
paragraphs, 3% reach it, and 21% reach `SUPPORTED` (eval/lab/RECORDS.md)."""

LONG = 8
"""Lowercase words from which a statement's language can be told from it alone: 0.4% of English
sentences are taken for another language, and 5% of German ones for English (SQuAD, XQuAD)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on a statement by quotes, and the probability that they support it."""

    verdict: Verdict
    quotes: tuple[Quote, ...]
    differs: tuple[Difference, ...]
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
    lacking = _named(_lacking(statement, " ".join(texts[each] for each in cited)))
    if lacking and IN_PART <= supported < SUPPORTED and refuted < REFUTED:
        return Judged("in_part", marked(statement, read, cited), lacking, supported)
    if supported >= SUPPORTED or refuted >= REFUTED:
        both = dict.fromkeys((*cited, *([] if against is None else [against])))
        return Judged("unsure", marked(statement, read, tuple(both)[:NEAREST]), (), supported)
    return Judged("not_in_sources", tuple(read[:NEAREST]), lacking, supported)


def _judge_across(
    statement: str, language: str, read: Sequence[Quote], written: Sequence[str], reader: Reader
) -> Judged:
    """Judge a statement if it or a quote is not in English.

    Only figures can be compared across languages, so contradictions are the head's alone.
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
        return Judged("contradicted", (read[against],), _named(judged[against].lacking), supported)
    if supported >= SUPPORTED or refuted >= REFUTED:
        both = dict.fromkeys((best, *([] if against is None else [against])))
        return Judged("unsure", tuple(read[at] for at in both), (), supported)
    return Judged("not_in_sources", tuple(read[:NEAREST]), (), supported)


class _Weighed(NamedTuple):
    """The quotes that most support and most deny a statement, how surely, and the near quotes."""

    best: int
    supported: float
    against: int | None
    refuted: float
    near: Sequence[int]


def _weighed(alone: Sequence[tuple[float, float]], read: Sequence[Quote]) -> _Weighed:
    """Weigh quotes by the probabilities that each alone supports a statement, and denies it."""
    near = [at for at, quote in enumerate(read) if quote.score >= NEAR]
    entailed = [sure if at in near or sure >= SURE else 0.0 for at, (sure, _) in enumerate(alone)]
    best = max(range(len(read)), key=lambda at: (entailed[at], -at))
    against = max(near, key=lambda at: (alone[at][1], -at), default=None)
    refuted = alone[against][1] if against is not None else 0.0
    return _Weighed(best, entailed[best], against, refuted, near)


def _together(
    statement: str, texts: Sequence[str], reader: Reader
) -> tuple[float, tuple[int, ...]]:
    """Return how surely the fewest quotes that hold a statement's facts support it together.

    The probability is 0 if a single quote holds them.
    """
    several = attribute(statement, texts, "").quotes
    if len(several) < 2:
        return 0.0, ()
    sure, _ = entails(statement, " ".join(texts[at] for at in several), reader)
    return sure, several


def _exchanged(
    statement: str, texts: Sequence[str], near: Sequence[int], reader: Reader
) -> tuple[int, str, Difference] | None:
    """Find the text that contradicts a statement in one fact, if there is one.

    Such a text supports the statement once the fact is exchanged for the text's own. Returns the
    text's position, the statement with the text's fact, and the difference.
    """
    found = []
    for at in near[:NEAREST]:
        for exchanged, difference in islice(exchanges(statement, texts[at]), EXCHANGES):
            sure, _ = entails(exchanged, texts[at], reader)
            found.append((sure, -at, exchanged, difference))
    best = max(found, key=lambda each: each[:2], default=None)
    return (-best[1], *best[2:]) if best and best[0] >= SUPPORTED else None


def exchanges(statement: str, text: str) -> Iterator[tuple[str, Difference]]:
    """Yield a statement with a fact that a text lacks exchanged for one of the text's facts.

    Each comes with the difference. Facts are exchanged for facts of the same kind, and measures for
    measures in the same unit.
    """
    own, there = mentions(statement), mentions(text)
    for mine in missing(own, text):
        for theirs in there:
            alike = mine.kind == theirs.kind and mine.unit == theirs.unit
            if alike and theirs.asserts and not any(each.same(theirs) for each in own):
                fact = text[theirs.start : theirs.end]
                changed = statement[: mine.start] + fact + statement[mine.end :]
                lacking = statement[mine.start : mine.end].strip(" ,")
                told = f"the source has “{fact.strip(' ,')}”, not “{lacking}”"
                yield changed, Difference(told, lacking)


def _lacking(statement: str, text: str) -> list[str]:
    """Return the facts of a statement that a text does not have, in the statement's words."""
    return [statement[each.start : each.end] for each in missing(mentions(statement), text)]


def _named(facts: Iterable[str]) -> tuple[Difference, ...]:
    return tuple(Difference(fact, fact) for fact in facts)


def otherwise(statement: str, text: str) -> list[Difference]:
    """Return how a text that denies a statement differs from it."""
    return conflicts(statement, [text], "") or _denials(statement, text)


_DENIAL = re.compile(
    r"\b(?:not|never|no|none|neither|nor|nobody|nothing|cannot|without)\b|\w+n[’']t\b",
    re.IGNORECASE,
)


def _denials(statement: str, text: str) -> list[Difference]:
    """Return a difference if only one of the two has a negation."""
    mine, theirs = _DENIAL.search(statement), _DENIAL.search(text)
    if mine and not theirs:
        return [Difference(f"the source does not say “{mine[0]}”", mine[0])]
    if theirs and not mine:
        return [Difference(f"the source says “{theirs[0]}”")]
    return []


def marked(statement: str, quotes: Sequence[Quote], at: Sequence[int]) -> tuple[Quote, ...]:
    """Return the quotes at some positions, with the words marked that the statement also has."""
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
