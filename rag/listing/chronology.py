"""Answering a question for a time with the entries of the sources' chronologies.

Every entry of the time is listed, in date order and in its own words: nothing is left to a language
model, and what is left out for length is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import TypeVar

from index.entries import entry_date_length
from index.library import Hit, Library
from rag.finding.rerank import Reranker
from rag.languages import content_words, facts, missing_facts
from rag.languages.english_words import SHORT_MONTHS
from rag.listing.when import Asked, Period, asked_time, asks_for_events, days_named, overlap
from rag.quote import Quote

T = TypeVar("T")

MAX_LISTED = 10
"""The most entries that an answer lists: more would be two screens of the window and longer."""

MAX_READ = 50
"""Entries of the time that are read, and scored where the question has a topic. Those beyond are
only counted, so that a chronology of any length costs the same."""

SEARCHED = 50
"""Passages among which the event is looked for that a time is counted from."""

SHORT = 50
"""A first sentence with fewer characters than these after its date takes the next one with it."""

RELEVANT = -8.0
"""The reranker's logit from which an entry has to do with the question's topic. For 22 questions on
the entries of a month, those that have to do with it are above -8 but for a few that hold its
names, and nearly all others are below: where nothing has to do with it, all are below -10."""


@dataclass(frozen=True, slots=True)
class Item:
    """One of what is listed, in the words of the first of the quotes that name it."""

    words: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The quotes that answer a question which asks for a list: none where there is nothing.

    `note` says what the quotes do not show: what they cover, what is left out for length. `told`
    are sentences that answer without a quote, and say so: of a file's properties, or counted.
    `items` are said instead of the quotes, where these name things.
    """

    quotes: tuple[Quote, ...]
    note: str | None = None
    told: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()


def list_entries(
    question: str,
    library: Library,
    reranker: Reranker,
    found: Callable[[], Sequence[Quote]],
    without: Sequence[str] = (),
    limit: int = MAX_LISTED,
) -> Listing | None:
    """Return what the sources' chronologies hold for the time that a question asks for.

    None where it asks for no time, where the library holds no chronology, or where no entry of the
    time has to do with the rest of the question: then it is answered like any other. `found`
    searches as for any other question: where no entry begins and ends in the time, the quotes that
    name it are listed as well. Documents `without` are not looked at. At most `limit` are listed.
    """
    covered = _covered(library, without) if asks_for_events(question) else None
    if covered is None:
        return None
    asked = asked_time(
        question, covered, lambda words, within: _event(library, words, within, without)
    )
    if asked is None:
        return None
    periods = (library.dated(*each, without) for each in asked.periods)
    dated = list(dict.fromkeys(chain.from_iterable(periods)))
    read, unread = _cut(dated, MAX_READ, asked.latest_first)
    hits = [hit for hit in library.hits([key for key, _ in read]) if entry_date_length(hit.text)]
    if asked.topic:
        scores = reranker.score(question, [hit.text for hit in hits])
        scored = zip(hits, scores, strict=True)
        hits = [hit for hit, score in scored if _relevant(asked.topic, hit.text, score)]
        if not hits:
            return None
    listed, rest = _cut(hits, min(asked.count or limit, limit), asked.latest_first)
    quotes = _quotes(question, listed, reranker)
    if not any(_inside(days, asked.periods) for days, _ in quotes):
        quotes = sorted([*quotes, *_naming(asked, covered, found())], key=lambda each: each[0])
    enough = asked.count is not None and asked.count <= limit
    left = [] if enough else sorted([*map(_days, rest), *(days for _, days in unread)])
    return Listing(tuple(quote for _, quote in quotes), _note(asked, covered, quotes, left))


def _covered(library: Library, without: Sequence[str]) -> Period | None:
    """Return the first and the last day that there are entries of."""
    days = [each for document, each in library.dates().items() if document not in without]
    return (min(first for first, _ in days), max(last for _, last in days)) if days else None


def _cut(items: Sequence[T], limit: int, latest_first: bool) -> tuple[list[T], list[T]]:
    """Return what is kept of items in date order, and the rest."""
    if latest_first:
        return list(items[-limit:]), list(items[:-limit])
    return list(items[:limit]), list(items[limit:])


def _relevant(topic: str, text: str, score: float) -> bool:
    """Whether a text has to do with a topic, by its score or since it holds the names in it."""
    parts = [part for part in re.split(r",|\b(?:and|or)\b", topic) if facts(part).names]
    return score >= RELEVANT or any(not missing_facts(part, [text]) for part in parts)


def _quotes(question: str, hits: Sequence[Hit], reranker: Reranker) -> list[tuple[Period, Quote]]:
    """Return the beginning of each entry, with its days."""
    places = [(hit.passage.span.start, _beginning(hit)) for hit in hits]
    texts = [hit.document.text[a:b] for hit, (a, b) in zip(hits, places, strict=True)]
    scores = reranker.score(question, texts)
    return [
        (
            _days(hit),
            Quote(hit.document, start, end, score, hit.passage.heading, dates=hit.passage.dates),
        )
        for hit, (start, end), score in zip(hits, places, scores, strict=True)
    ]


def _beginning(hit: Hit) -> int:
    """Return where the entry's first sentence ends, or its second where the first is short."""
    (start, end), *more = hit.passage.sentences
    short = end - start - entry_date_length(hit.text) < SHORT
    return more[0][1] if short and more else end


def _naming(
    asked: Asked, covered: Period, found: Sequence[Quote]
) -> Iterator[tuple[Period, Quote]]:
    """Yield the quotes that name a day in the time asked for, with that day."""
    for quote in found:
        named = (days for days in days_named(quote.text, covered) if _inside(days, asked.periods))
        days = next(named, None)
        if days and (not asked.topic or _relevant(asked.topic, quote.text, quote.score)):
            yield days, quote


def _inside(days: Period, periods: Sequence[Period]) -> bool:
    return any(first <= days[0] and days[1] <= last for first, last in periods)


def _event(
    library: Library, words: str, within: Sequence[Period], without: Sequence[str]
) -> Period | None:
    """Return the days of the entry that tells of an event: the best found with all its words."""
    own = content_words(words)
    named = own - _KINDS or own
    entries = [hit for hit in library.search(words, SEARCHED, without) if hit.passage.dates]
    told = [
        _days(hit)
        for hit in sorted(entries, key=lambda hit: -len(own & content_words(hit.text)))
        if named and named <= content_words(hit.text)
    ]
    return next(
        (days for days in told if not within or any(overlap(days, each) for each in within)), None
    )


_KINDS = content_words(
    "meeting summit talks conference session exercise drill maneuver visit trip call interview "
    "event incident statement first second third last"
)
"""Words for kinds of events, of which an entry may use another one than the question."""


def _days(hit: Hit) -> Period:
    if hit.passage.dates is None:
        raise ValueError(f"{hit.passage.span} is no entry of a chronology.")
    return hit.passage.dates


def _note(
    asked: Asked, covered: Period, quotes: Sequence[object], left: Sequence[Period]
) -> str | None:
    notes: list[str] = []
    if asked.event:
        notes.append(f"Counted from the entry of {in_words(asked.event)}.")
    if not quotes:
        notes.append(f"The dated entries run from {_from_to(*covered)}.")
    if left:
        further = "earlier" if asked.latest_first else "further"
        days = _from_to(left[0][0], max(last for _, last in left))
        notes.append(
            f"1 {further} entry, of {in_words(left[0])}, is left out for length."
            if len(left) == 1
            else f"{len(left)} {further} entries from {days} are left out for length."
        )
    return " ".join(notes) or None


def in_words(days: Period) -> str:
    """Return days as a reader writes them: "Oct. 14, 2021", "Sept. 21 to Oct. 4, 2021"."""
    return _from_to(*days) if days[0] != days[1] else f"{_day(days[0])}, {days[0].year}"


def _from_to(first: date, last: date) -> str:
    year = "" if first.year == last.year else f", {first.year}"
    return f"{_day(first)}{year} to {_day(last)}, {last.year}"


def _day(day: date) -> str:
    return f"{SHORT_MONTHS[day.month - 1]} {day.day}"
