"""Answering a question about a time with the entries of the sources' chronologies.

Every entry of the time is listed, in date order and in its own words, together with what other
texts say about that time. Nothing is left to a language model, and a note says what is left out for
length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import TypeVar

from index.dated_entries import entry_date_length
from index.library import Hit
from index.printable import number_of
from rag.answer import Answer, Event
from rag.answering.context import Context, Listing
from rag.asking.query import Query
from rag.asking.when import Asked, Period, asked_time, overlap, told_times
from rag.languages import content_words, facts, missing_facts
from rag.languages.english_dates import days_in_words, month_in_words
from rag.quote import Quote

T = TypeVar("T")

MAX_READ = 50
"""The most entries of the time that are read, and scored if the question has a topic. Any others
are only counted, so that a chronology of any length costs the same."""

SEARCHED = 50
"""The most passages that are searched for the event from which a time is counted, or for what texts
say about a time."""

MONTH = timedelta(31)
"""A sentence about a time as long as this is not about an event on one of its days."""

MOST_MONTHS = 24
"""A time of more months is answered from the chronologies alone."""

LOOKED_THROUGH = "I looked through the dated entries and other sentences that mention a date."

SHORT = 50
"""A first sentence with fewer characters than this after its date is quoted with the next one."""

RELEVANT = -8.0
"""The reranker's logit from which an entry is relevant to the question's topic. For 22 questions on
the entries of a month, relevant entries are above -8, except for a few that contain its names, and
nearly all others are below. If no entry is relevant, all are below -10."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer with what the sources' chronologies have for the time that a question asks about.

    Yields nothing if the question names no time, if the library has no chronology, or if no entry
    of the time is relevant to the rest of the question.
    """
    library, limit = context.library, context.limit
    covered = _covered(context)
    asked = covered and asked_time(query.text, covered, partial(_event, context))
    if covered is None or asked is None:
        return
    periods = (library.dated(*each, context.exclude) for each in asked.periods)
    dated = list(dict.fromkeys(chain.from_iterable(periods)))
    read, unread = _cut(dated, MAX_READ, asked.latest_first)
    entries = [hit for hit in library.hits([key for key, _ in read]) if entry_date_length(hit.text)]
    if asked.topic and "topic" in query.route.matters:
        scores = context.reranker.score(query.text, [hit.text for hit in entries])
        scored = zip(entries, scores, strict=True)
        entries = [hit for hit, score in scored if _relevant(asked.topic, hit.text, score)]
        if not entries:
            return
    events = [
        (hit.passage.dates, Quote.of(hit.document, hit.passage, _beginning(hit)))
        for hit in entries
        if hit.passage.dates
    ]
    events += _from_text(asked, covered, context)
    events.sort(key=lambda each: each[0])
    listed, rest = _cut(events, min(asked.count or limit, limit), asked.latest_first)
    quotes = context.reranker.scored(query.text, [quote for _, quote in listed])
    enough = asked.count is not None and asked.count <= limit
    left = [] if enough else sorted([*(days for days, _ in rest), *(days for _, days in unread)])
    note = _note(asked, covered, quotes, left)
    further = () if asked.topic else tuple(_further(left))
    for event in context.listed(query, Listing(tuple(quotes), note)):
        yield replace(event, choices=further) if isinstance(event, Answer) else event


def _from_text(asked: Asked, covered: Period, context: Context) -> Iterator[tuple[Period, Quote]]:
    """Yield the sentences of other texts that are about the time, each with its days.

    They are found by the names of the months. There are none if entries are counted, if the time
    has no end, or if the question asks about a topic within the time: then only entries are meant.
    """
    months = sorted({each for period in asked.periods for each in _months(period)})
    if asked.count is not None or asked.topic or not 0 < len(months) <= MOST_MONTHS:
        return
    named = " ".join(month_in_words(month) for _, month in months)
    years = " ".join(str(year) for year in sorted({year for year, _ in months}))
    for hit in context.library.search(f"{named} {years}", SEARCHED, context.exclude):
        for place in hit.passage.sentences if not hit.passage.dates else ():
            quote = Quote.of(hit.document, hit.passage, place)
            days = told_times(quote.text, covered)
            short = (day for day in days if day[1] - day[0] < MONTH)
            within = (day for day in short if any(_inside(day, each) for each in asked.periods))
            if first := min(within, default=None):
                yield first, quote


def _months(period: Period) -> list[tuple[int, int]]:
    """Return the months of a time, each with its year: more than `MOST_MONTHS` if it has no end."""
    first, last = (each.year * 12 + each.month - 1 for each in period)
    numbers = range(first, min(last, first + MOST_MONTHS) + 1)
    return [(each // 12, each % 12 + 1) for each in numbers]


def _inside(one: Period, other: Period) -> bool:
    return other[0] <= one[0] and one[1] <= other[1]


def _further(left: Sequence[Period]) -> Iterator[str]:
    """Yield the question that asks for what was left out, if anything was."""
    if left:
        yield f"What happened from {days_in_words(left[0][0], max(last for _, last in left))}?"


def _covered(context: Context) -> Period | None:
    """Return the first and the last day that have entries."""
    dates = context.library.dates().items()
    days = [each for document, each in dates if document not in context.exclude]
    return (min(first for first, _ in days), max(last for _, last in days)) if days else None


def _cut(items: Sequence[T], limit: int, latest_first: bool) -> tuple[list[T], list[T]]:
    """Split items in date order into those that are kept and the rest."""
    if latest_first:
        return list(items[-limit:]), list(items[:-limit])
    return list(items[:limit]), list(items[limit:])


def _relevant(topic: str, text: str, score: float) -> bool:
    """Whether a text is relevant to a topic: by its score, or because it has the topic's names."""
    parts = [part for part in re.split(r",|\b(?:and|or)\b", topic) if facts(part).names]
    return score >= RELEVANT or any(not missing_facts(part, [text]) for part in parts)


def _beginning(hit: Hit) -> tuple[int, int]:
    """Return the span of the entry's first sentence, with its second if the first is short."""
    (start, end), *more = hit.passage.sentences
    short = end - start - entry_date_length(hit.text) < SHORT
    return start, more[0][1] if short and more else end


def _event(context: Context, words: str, within: Sequence[Period]) -> Period | None:
    """Return the days of the entry about an event: the best one found that has all its words."""
    own = content_words(words)
    named = own - _KINDS or own
    hits = context.library.search(words, SEARCHED, context.exclude)
    said = [(content_words(hit.text), hit.passage.dates) for hit in hits if hit.passage.dates]
    ranked = sorted(said, key=lambda each: -len(own & each[0]))
    fit = (days for words, days in ranked if named and named <= words)
    return next((d for d in fit if not within or any(overlap(d, each) for each in within)), None)


_KINDS = content_words(
    "meeting summit talks conference session exercise drill maneuver visit trip call interview "
    "event incident statement first second third last"
)
"""Words for kinds of events: an entry may use a different one than the question."""


def _note(
    asked: Asked, covered: Period, quotes: Sequence[object], left: Sequence[Period]
) -> str | None:
    notes: list[str] = []
    if asked.event:
        notes.append(f"I counted from the entry for {days_in_words(*asked.event)}.")
    if not quotes:
        notes.append(f"The dated entries run from {days_in_words(*covered)}.")
    if quotes and asked.count is None and not asked.topic:
        notes.append(LOOKED_THROUGH)
    if left:
        more = number_of(len(left), "earlier entry" if asked.latest_first else "more entry")
        days = days_in_words(left[0][0], max(last for _, last in left))
        were = "was" if len(left) == 1 else "were"
        notes.append(f"{more} ({days}) {were} left out to keep this short.")
    return " ".join(notes) or None
