"""Which days a question means that asks what happened at a time.

Such are "What happened on Sept. 9?", "Which events fell between Oct. 14 and 23?" and "What did the
two navies do after the summit?". A question that wants one fact and names a date beside it ("Who
met the president on June 28?") is none. What a question leaves out, the year above all, is taken
from the days that the library's entries cover, never from today's date.

Dates are read by `dateparser`; the grammar around them (ranges, parts of a month, "since") is here.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from rag.asking.subject import subject
from rag.languages.english_facts import numbers
from rag.languages.english_words import MONTH

Period = tuple[date, date]
"""The first and the last day of a time, both included."""

FindEvent = Callable[[str, Sequence[Period]], Period | None]
"""Looks up the days of an event by its words, inside the periods where there are any."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The time that a question asks for.

    There are several `periods` where the question names several, or where its month fits more than
    one year. `topic` is what else it says of the events, empty for nothing. `latest_first` tells
    which entries to keep where not all can be listed ("before …", "the last entry"), and `count`
    how many are wanted, None for all. `event` holds the days of the event that the time is counted
    from, where it is counted from one.
    """

    periods: tuple[Period, ...]
    topic: str = ""
    latest_first: bool = False
    count: int | None = None
    event: Period | None = None


def asked_time(question: str, covered: Period, find_event: FindEvent) -> Asked | None:
    """Return the time whose events a question asks for, or None where it names none.

    `covered` is the first and the last day of the library's dated entries. `find_event` is called
    only for a time that is counted from an event ("after the G20 meeting"); when it finds none, the
    question is like any other.
    """
    text = _last_question(question)
    counted = _counted_from_event(text)
    times, left = _times(text[: counted.start()] if counted else text)
    end = None if times else _END.search(left)
    if not (times or counted or end) or _FROM_TODAY.search(left):
        return None
    topic = "" if end else subject(left, "time")
    periods = [covered] if not times else [(date.min, date.max)]
    for time in times:
        periods = _common(periods, time.periods(covered))
    event = None
    if counted:
        within, words = _times(text[counted.end() :])
        event = find_event(words, [each for time in within for each in time.periods(covered)])
        if event is None:
            return None
        times.append(_Time(counted[1].lower(), ()))
        periods = _common(periods, [_related(times[-1].relation, event)])
    latest = end is not None and end["end"].lower() not in _EARLIEST
    return Asked(
        tuple(sorted(periods)),
        topic,
        latest_first=latest or any(each.relation in _UP_TO for each in times),
        count=(int(numbers(end["count"])[0][0]) if end["count"] else 1) if end else None,
        event=event,
    )


def days_named(text: str, covered: Period) -> list[Period]:
    """Return the days, months and years that a text names, where need be in a year covered."""
    periods: list[Period] = []
    for match in _POINT.finditer(text):
        verb = match["month"] and match["month"].islower()  # "may", "march"
        point = None if verb or match["season"] or match["number"] else _point(match)
        if point is not None:
            periods += _Time("in", ((point, point),)).periods(covered)
    return periods


def overlap(one: Period, other: Period) -> bool:
    """Whether two times share a day."""
    return one[0] <= other[1] and other[0] <= one[1]


# --- what is said of a time beside its days

_FROM_EVENT = re.compile(
    r"\b(after|following|before|prior to|since|until)\s+"
    r"(?=(?:the|that|this|its|their|his|her)\b|(?-i:[A-Z\d]))",
    re.IGNORECASE,
)
_EARLIEST = ("first", "earliest", "oldest")
_END = re.compile(
    rf"\b(?P<end>last|latest|most recent(?:ly)?|newest|final|{'|'.join(_EARLIEST)})\b"
    r"(?:\s+(?P<count>two|three|four|five|six|seven|eight|nine|ten|[2-9]|10)\b)?",
    re.IGNORECASE,
)
_FROM_TODAY = re.compile(
    r"\b(?:today|yesterday|tomorrow|(?:last|next|this|past) (?:week|weekend|month|quarter|year"
    r"|decade)s?)\b",
    re.IGNORECASE,
)
"""The documents' days are not counted from today: such a time is not understood."""


def _counted_from_event(text: str) -> re.Match[str] | None:
    """Return the word before an event from which the time is counted, not the one before a date."""
    matches = _FROM_EVENT.finditer(text)
    return next((match for match in matches if not _ranges(text, match.end(), "in")), None)


def _last_question(question: str) -> str:
    """Return the last question, with what "And in November?" takes over from the one before."""
    whole = " ".join(question.split())
    *before, text = re.split(r"(?<=\?)\s+", whole)
    text = text.rstrip(" ?.!")
    times, left = _times(text)
    if before and times and not subject(left, "time"):
        _, asked = _times(before[-1].rstrip(" ?"))
        return f"{asked} {text}"
    return text if times else whole.rstrip(" ?.!")


# --- which days a time means

_DAY = r"\d{1,2}(?:st|nd|rd|th)?\b"
_YEAR = r"[12]\d{3}\b"
_POINT = re.compile(
    rf"""(?:the\s+)?
    (?:(?P<part>early|mid|late|(?:beginning|start|middle|end|(?:first|second)\shalf
        |(?:first|second|third|fourth|last)\s(?:week|quarter))\s(?:of|in)
        |week\s(?:of|starting|beginning|from))(?:\s+|-)(?:the\s+)?)?
    (?:(?P<iso>\d{{4}}-\d\d-\d\d)\b
    | (?P<day>{MONTH}\s*{_DAY}|{_DAY}(?:\s+of)?\s+{MONTH})(?:,?\s+(?P<y1>{_YEAR}))?
    | (?P<month>{MONTH})(?:,?(?:\s+of)?\s+(?P<y2>{_YEAR}))?
    | (?P<season>spring|summer|autumn|fall|winter)\b(?!\s+of\s+(?!{_YEAR}))
        (?:(?:\s+of)?\s+(?P<y3>{_YEAR}))?
    | (?P<year>{_YEAR})
    | (?P<number>{_DAY})(?:,?\s+(?P<y4>{_YEAR}))?
    )(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
_RELATION = re.compile(
    r"\b(between|from|since|after|following|before|prior to|until|till|up to|through|by|as of|in|on"
    r"|of|for|during|within|throughout|over|at|around|about)\s+",
    re.IGNORECASE,
)
_TO = re.compile(r"\s*(?:[-\u2010-\u2015]|\b(?:to|through|until|till)\b)\s*", re.IGNORECASE)
_AND = re.compile(r"\s*(?:,\s*(?:and|or)?|\b(?:and|or)\b)\s*", re.IGNORECASE)
_ONWARD = re.compile(r"\s+on(?:wards?)?\b", re.IGNORECASE)
_WORD = re.compile(r"\S+\s*|\s+")
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""Their first months: three calendar months each, as meteorologists count them."""

_CUTS = {
    **dict.fromkeys(("early", "beginning", "start"), (0, 3)),
    **dict.fromkeys(("mid", "middle"), (1, 3)),
    **dict.fromkeys(("late", "end"), (2, 3)),
    **{f"{nth} half": (at, 2) for at, nth in enumerate(("first", "second"))},
    **{f"{nth} quarter": (at, 4) for at, nth in enumerate(("first", "second", "third", "fourth"))},
    "last quarter": (3, 4),
}
"""Which part of how many equal ones a word means: "early October" is its first third."""

_WEEKS = {"first week": 0, "second week": 7, "third week": 14, "fourth week": 21}
_FROM_ON = {"since", "from", "after", "following", "as of"}
_UP_TO = {"before", "prior to", "until", "till", "up to", "through", "by"}


@dataclass(frozen=True, slots=True)
class _Point:
    """A day, or a run of whole months, or a part of them, as it was named.

    The year is None where none was named, and the month of "23" in "Oct. 14-23" is None until it
    is known.
    """

    year: int | None
    month: int | None
    day: int | None = None
    months: int = 1
    part: str = ""

    def in_year(self, year: int) -> Period | None:
        """Return its days in a year, or None where that year has no such day."""
        year, month, months = self.year or year, self.month or 1, self.months
        if self.day:
            try:
                return _cut((date(year, month, self.day),) * 2, self.part)
            except ValueError:
                return None
        at, of = _CUTS.get(self.part, (0, 1))
        if months % of == 0:  # Of a year or a season: whole months.
            months //= of
            return _months(year, month + at * months, months, "" if of > 1 else self.part)
        return _months(year, month, months, self.part)


def _months(year: int, month: int, months: int, part: str) -> Period:
    years, last = divmod(month + months - 2, 12)
    end = date(year + years, last + 1, monthrange(year + years, last + 1)[1])
    years, first = divmod(month - 1, 12)
    return _cut((date(year + years, first + 1, 1), end), part)


def _cut(period: Period, part: str) -> Period:
    """Return a part of a time, counted in days."""
    first, last = period
    if part.startswith("week"):  # "the week of Oct. 14" is a calendar week.
        start = first - timedelta(first.weekday()) if part == "week of" else first
        return start, start + timedelta(6)
    if part == "last week":
        return last - timedelta(6), last
    if part in _WEEKS:
        start = first + timedelta(_WEEKS[part])
        return start, min(last, start + timedelta(6))
    at, of = _CUTS.get(part, (0, 1))
    size = timedelta(((last - first).days + 1) // of)
    end = last if at == of - 1 else first + (at + 1) * size - timedelta(1)
    return first + at * size, end


@dataclass(frozen=True, slots=True)
class _Time:
    """Ranges between points (mostly of one point with itself), and how the time relates to them."""

    relation: str
    ranges: tuple[tuple[_Point, _Point], ...]

    def periods(self, covered: Period) -> list[Period]:
        """Return the days meant. A year that is left out is one that there are entries of."""
        return [each for first, last in self.ranges for each in self._of(first, last, covered)]

    def _of(self, first: _Point, last: _Point, covered: Period) -> list[Period]:
        # A winter or a range across New Year may begin in the year before.
        years = [last.year] if last.year else range(covered[0].year - 1, covered[1].year + 2)
        named = [each for year in years if (each := _range(first, last, year))]
        near = [each for each in named if each[0].year <= covered[1].year] or named
        known = [each for each in named if overlap(each, covered)] or near[-1:]
        if self.relation in _FROM_ON | _UP_TO:  # After one of several days is after the latest.
            known = known[-1:]
        return [_related(self.relation, each) for each in known]


def _range(first: _Point, last: _Point, year: int) -> Period | None:
    end = last.in_year(year)
    begin = first.in_year(year) if end else None
    if end and begin and begin[0] > end[1] and (first.year is None or first.year == last.year):
        begin = replace(first, year=None).in_year((last.year or year) - 1)  # Across New Year.
    return (begin[0], end[1]) if begin and end and begin[0] <= end[1] else None


def _related(relation: str, period: Period) -> Period:
    """Return the time that is after, since, before or until a period; else the period itself."""
    first, last = period
    if relation in _FROM_ON:
        return (last + timedelta(1) if relation in ("after", "following") else first), date.max
    if relation in _UP_TO:
        return date.min, first - timedelta(1) if relation in ("before", "prior to") else last
    return period


def _common(some: Sequence[Period], others: Sequence[Period]) -> list[Period]:
    return [
        (max(one[0], other[0]), min(one[1], other[1]))
        for one in some
        for other in others
        if overlap(one, other)
    ]


# --- reading a time


def _times(text: str) -> tuple[list[_Time], str]:
    """Return the times that a text names, and the rest of the text."""
    times: list[_Time] = []
    left: list[str] = []
    at = 0
    while at < len(text):
        relation = _RELATION.match(text, at)
        word = relation[1].lower() if relation else ""
        found = _ranges(text, relation.end() if relation else at, word)
        if found is None:
            [skipped] = [_WORD.match(text, at)]
            left.append(skipped[0] if skipped else "")
            at = skipped.end() if skipped else len(text)
            continue
        time, at = found
        times.append(time)
        if word in ("from", "since") and (onward := _ONWARD.match(text, at)):
            at = onward.end()
    return times, "".join(left)


def _ranges(text: str, at: int, relation: str) -> tuple[_Time, int] | None:
    """Read "Oct. 14", "Oct. 14-23", "Oct. 14 and 23": the time, and where it ends."""
    match = _POINT.match(text, at)
    if match is None or not (relation or match["iso"] or match["day"] or match["month"]):
        return None
    points, joints = [_point(match)], [""]
    while joint := _TO.match(text, match.end()) or _AND.match(text, match.end()):
        following = _POINT.match(text, joint.end())
        if following is None:
            break
        match = following
        points.append(_point(match))
        joints.append("to" if relation == "between" or _TO.fullmatch(joint[0]) else "and")
    whole = _completed(points)
    if whole is None:
        return None
    ranges: list[tuple[_Point, _Point]] = []
    for point, how in zip(whole, joints, strict=True):
        if how == "to":
            ranges[-1] = (ranges[-1][0], point)
        else:
            ranges.append((point, point))
    if "to" in joints and relation in ("from", "since"):
        relation = "in"
    return _Time(relation, tuple(ranges)), match.end()


def _point(match: re.Match[str]) -> _Point | None:
    """Return what was matched, or None where it is no date: "Feb. 31"."""
    found = match.groupdict()
    part = " ".join((found["part"] or "").lower().split())
    part = part if part.startswith("week") else re.sub(r" (?:of|in)$", "", part)
    year = next((int(found[each]) for each in ("y1", "y2", "y3", "y4") if found[each]), None)
    if found["season"]:
        return _Point(year, _SEASONS[found["season"].lower()], months=3, part=part)
    if found["year"]:
        return _Point(int(found["year"]), 1, months=12, part=part)
    if found["number"]:
        return _Point(year, None, int(re.sub(r"\D", "", found["number"])), part=part)
    named = found["iso"] or found["day"] or found["month"]
    read = _parser().get_date_data(named).date_obj
    if read is None:
        return None
    return _Point(
        read.year if found["iso"] else year,
        read.month,
        None if found["month"] else read.day,
        part=part,
    )


def _completed(points: Sequence[_Point | None]) -> list[_Point] | None:
    """Give each point the year of the one after it, and the month of the one beside it."""
    whole = [each for each in points if each]
    if len(whole) < len(points):
        return None
    for at in range(len(whole) - 2, -1, -1):
        whole[at] = replace(whole[at], year=whole[at].year or whole[at + 1].year)
    months = [each.month for each in whole]
    for at, each in enumerate(whole):
        beside = [m for m in (*months[:at][::-1], *months[at:]) if m]
        if each.month is None:
            if not beside:
                return None
            whole[at] = replace(each, month=beside[0])
    return whole


@lru_cache(maxsize=1)
def _parser() -> Any:
    from dateparser.date import DateDataParser

    # Of "2 weeks ago" nothing is read: the documents' days are not counted from today. The year
    # that is filled in is not used; it is a leap year so that Feb. 29 is read.
    base = {"RELATIVE_BASE": datetime(2000, 1, 1), "PARSERS": ["absolute-time"]}
    return DateDataParser(languages=["en"], settings=base)
