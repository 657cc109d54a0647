"""Metrics of quotes and footnotes by their places. Pure functions.

A quote finds a place of the evidence if it covers all of it, and an area if it lies inside it. The
facts of a case have to be found; the places that state the same fact are alternatives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from eval.cases.cases import Area
from index.documents import Span

if TYPE_CHECKING:
    from eval.cases.cases import EvidenceSpans


def finds(quote: Span, place: Span) -> bool:
    """Whether a quote finds a place of the evidence."""
    return place.covers(quote) if isinstance(place, Area) else quote.covers(place)


def quote_hit(quotes: Sequence[Span], facts: EvidenceSpans, k: int) -> bool | None:
    """Whether one of the first k quotes covers a place of the evidence: hit@k."""
    if not facts:
        return None
    return any(finds(quote, place) for quote in quotes[:k] for fact in facts for place in fact)


def recall_at(quotes: Sequence[Span], facts: EvidenceSpans, k: int) -> float | None:
    """Return the share of facts that one of the first k quotes covers: recall@k."""
    return citation_recall(quotes[:k], facts)


def found_facts(quotes: Sequence[Span], facts: EvidenceSpans) -> list[int | None]:
    """Return for each quote the index of the fact that it counts for, or None.

    A quote counts for only one fact, and a fact for only one quote, so that a ranking has no more
    hits than there are facts, as ranking metrics expect. Quotes are matched in order, each if no
    earlier quote loses its match by that (Kuhn's augmenting paths). So the order of the facts does
    not matter, and a quote that covers two facts does not lower the result.
    """
    covered = [
        [n for n, fact in enumerate(facts) if any(finds(quote, place) for place in fact)]
        for quote in quotes
    ]
    holder: dict[int, int] = {}

    def match(quote: int, tried: set[int]) -> bool:
        for fact in covered[quote]:
            if fact not in tried:
                tried.add(fact)
                if fact not in holder or match(holder[fact], tried):
                    holder[fact] = quote
                    return True
        return False

    for quote in range(len(quotes)):
        match(quote, set())
    found = {quote: fact for fact, quote in holder.items()}
    return [found.get(quote) for quote in range(len(quotes))]


def reciprocal_rank(quotes: Sequence[Span], facts: EvidenceSpans) -> float | None:
    """Return 1 / the rank of the first quote that covers a fact, or 0; its mean is the MRR.

    Voorhees, "The TREC-8 Question Answering Track Report", 1999.
    """
    if not facts:
        return None
    ranks = (n for n, fact in enumerate(found_facts(quotes, facts), 1) if fact is not None)
    first = next(ranks, None)
    return 1 / first if first else 0.0


def ndcg(quotes: Sequence[Span], facts: EvidenceSpans, k: int) -> float | None:
    """Return nDCG@k: the sum of 1 / log2(rank + 1) over quotes that cover a new fact, divided by
    the best possible sum for that many facts.

    Jarvelin and Kekalainen, ACM Transactions on Information Systems 2002, with gains of 0 and 1.
    """
    if not facts:
        return None
    found = found_facts(quotes[:k], facts)
    gain = sum(1 / math.log2(rank + 1) for rank, fact in enumerate(found, 1) if fact is not None)
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(facts)) + 1))
    return gain / best


def citation_precision(cited: Sequence[Span], facts: EvidenceSpans) -> float | None:
    """Return the share of footnotes that cover a place of the evidence or lie inside one."""
    if not facts or not cited:
        return None
    places = [place for fact in facts for place in fact]
    right = [any(each.covers(at) or at.covers(each) for at in places) for each in cited]
    return sum(right) / len(right)


def citation_recall(cited: Sequence[Span], facts: EvidenceSpans) -> float | None:
    """Return the share of facts that a footnote covers at one of their places."""
    if not facts:
        return None
    found = [any(finds(each, place) for each in cited for place in fact) for fact in facts]
    return sum(found) / len(found)


def harmonic(precision: float | None, recall: float | None) -> float | None:
    """Return F1, 2pr / (p + r): 0 if nothing was cited, None if the case has no evidence."""
    if recall is None:
        return None
    if not precision or not recall:
        return 0.0
    return 2 * precision * recall / (precision + recall)


def characters(cited: Sequence[Span], facts: EvidenceSpans) -> tuple[float, float, float] | None:
    """Return precision, recall and IoU of the cited characters against those of the evidence.

    Precision is |C & E| / |C|, recall |C & E| / |E|, IoU (Jaccard's index) |C & E| / |C | E|. For
    each fact, the place counts that is cited most; in a tie, the first.
    """
    if not facts:
        return None
    given = set(_characters(cited))
    wanted: set[tuple[str, int]] = set()
    for fact in facts:
        wanted |= max((set(_characters([at])) for at in fact), key=lambda at: len(at & given))
    both = len(given & wanted)
    return (both / len(given) if given else 0.0, both / len(wanted), both / len(given | wanted))


def _characters(spans: Sequence[Span]) -> Iterator[tuple[str, int]]:
    for span in spans:
        for at in range(span.start, span.end):
            yield span.document_id, at
