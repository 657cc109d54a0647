"""The days that a question about a time means.

Examples are "What happened on Sept. 9?", "Which events fell between Oct. 14 and 23?" and "What did
the two navies do after the summit?". What a question leaves out, usually the year, is taken from
the days that the library's entries cover, never from today's date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rag.asking.subject import subject
from rag.languages import Point, Relation, Time, Times, times

Period = tuple[date, date]
"""The first and the last day of a time, both included."""

FindEvent = Callable[[str, Sequence[Period]], Period | None]
"""Looks up the days of an event by its words, within the periods if any are given."""

DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Asked:
    """The time that a question asks about.

    There are several `periods` if the question names several, or if its month fits more than one
    year. `topic` is what else it says about the events, and may be empty. If not all entries can be
    listed, `latest_first` keeps the latest ones ("before …", "the last entry"). `count` is how many
    are wanted, or None for all. `event` holds the days of the event that the time is relative to,
    if there is one.
    """

    periods: tuple[Period, ...]
    topic: str = ""
    latest_first: bool = False
    count: int | None = None
    event: Period | None = None


def asked_time(question: str, covered: Period, find_event: FindEvent) -> Asked | None:
    """Return the time that a question asks about, or None if it names none.

    `covered` is the first and the last day of the library's dated entries. `find_event` is called
    only for a time that is relative to an event ("after the G20 meeting"). If it finds none, the
    result is None as well.
    """
    said = _said(question)
    if said.from_today or not (said.times or said.event or said.end):
        return None
    relations = {each.relation for each in said.times}
    periods = [(date.min, date.max) if said.times else covered]
    for time in said.times:
        periods = _common(periods, _periods(time, covered))
    event = None
    if said.event:
        relation, clause = said.event
        within = [period for time in clause.times for period in _periods(time, covered)]
        event = find_event(clause.left, within)
        if event is None:
            return None
        relations.add(relation)
        periods = _common(periods, [_related(relation, event)])
    if not periods:
        return None
    count, latest = said.end or (None, False)
    return Asked(
        tuple(sorted(periods)),
        "" if said.end else subject(said.left, "time"),
        latest_first=latest or not relations.isdisjoint(("before", "until")),
        count=count,
        event=event,
    )


def told_times(sentence: str, covered: Period) -> list[Period]:
    """Return the periods that a sentence names.

    If the year is left out, it is a year with entries.
    """
    said = (each for each in times(sentence).times if each.relation == "in")
    return [period for each in said for period in _periods(each, covered)]


def overlap(one: Period, other: Period) -> bool:
    """Whether two times share a day."""
    return one[0] <= other[1] and other[0] <= one[1]


def _said(question: str) -> Times:
    """Parse the last question, with what "And in November?" takes over from the one before."""
    *before, last = re.split(r"(?<=\?)\s+", " ".join(question.split()))
    said = times(last.rstrip(" ?.!"))
    if not before:
        return said
    if not said.times:
        return times(question.rstrip(" ?.!"))
    own = subject(said.left, "time")
    return said if own else replace(said, left=times(before[-1].rstrip(" ?")).left)


def _periods(time: Time, covered: Period) -> list[Period]:
    """Return the days that are meant. If the year is left out, it is a year with entries."""
    periods: list[Period] = []
    for first, last in time.ranges:
        # A winter or a range across New Year may begin in the year before.
        years = [last.year] if last.year else range(covered[0].year - 1, covered[1].year + 2)
        named = [each for year in years if (each := _range(first, last, year))]
        near = [each for each in named if each[0].year <= covered[1].year] or named
        known = [each for each in named if overlap(each, covered)] or near[-1:]
        # "After" a day that fits several years means after the latest.
        known = known if time.relation == "in" else known[-1:]
        periods += [_related(time.relation, each) for each in known]
    return periods


def _range(first: Point, last: Point, year: int) -> Period | None:
    end = _days(last, year)
    begin = _days(first, year) if end else None
    if end and begin and begin[0] > end[1] and (first.year is None or first.year == last.year):
        begin = _days(replace(first, year=None), (last.year or year) - 1)  # Across New Year.
    return (begin[0], end[1]) if begin and end and begin[0] <= end[1] else None


def _days(point: Point, year: int) -> Period | None:
    """Return the days of a point in a year, or None if that year has no such day."""
    year, month, months = point.year or year, point.month or 1, point.months
    at, of = point.part
    if months % of == 0:  # Of a year or a season: whole months.
        months //= of
        month, at, of = month + at * months, 0, 1
    try:
        if point.day:
            day = date(year, month, point.day)
            monday = day - day.weekday() * DAY
            return (monday, monday + 6 * DAY) if point.week else (day, day)
        first, end = _first_of(year, month), _first_of(year, month + months)
    except (ValueError, OverflowError):
        return None
    size = (end - first).days // of * DAY
    return first + at * size, (end if at == of - 1 else first + (at + 1) * size) - DAY


def _first_of(year: int, month: int) -> date:
    years, month = divmod(month - 1, 12)
    return date(year + years, month + 1, 1)


def _related(relation: Relation, period: Period) -> Period:
    """Return the time after, since, before or until a period; for "in", the period itself."""
    first, last = period
    match relation:
        case "after":
            return min(last, date.max - DAY) + DAY, date.max
        case "since":
            return first, date.max
        case "before":
            return date.min, max(first, date.min + DAY) - DAY
        case "until":
            return date.min, last
        case _:
            return period


def _common(some: Sequence[Period], others: Sequence[Period]) -> list[Period]:
    return [
        (max(one[0], other[0]), min(one[1], other[1]))
        for one in some
        for other in others
        if overlap(one, other)
    ]
