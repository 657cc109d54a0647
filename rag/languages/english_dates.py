"""Times in English texts, and days in the form that English readers expect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from index.english import MONTH, MONTHS, SHORT_MONTHS
from rag.languages.english_tokens import numbers
from rag.languages.language import Point, Relation, Time, Times

_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?\b"
_YEAR = r"[12]\d{3}\b"
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""The seasons' first months: each has three calendar months, as meteorologists count them."""

_NTH = ("first", "second", "third", "fourth")
_PARTS = {
    **dict.fromkeys(("early", "beginning", "start"), (0, 3)),
    **dict.fromkeys(("mid", "middle"), (1, 3)),
    **dict.fromkeys(("late", "end"), (2, 3)),
    **{f"{nth} half": (at, 2) for at, nth in enumerate(_NTH[:2])},
    **{f"{nth} {name}": (at, 4) for name in ("quarter", "week") for at, nth in enumerate(_NTH)},
    **dict.fromkeys(("last quarter", "last week"), (3, 4)),
}
"""Parts of a time, as (index, count of equal parts): "early October" is its first third."""

_POINT = re.compile(
    rf"""\b(?:the\s+)?(?:(?P<part>{"|".join(_PARTS).replace(" ", chr(92) + "s")})
        (?:\s+(?:of|in))?[\s-]+(?:the\s+)?
        |(?P<week>week\s(?:of|starting|beginning|from)\s+))?
    (?:(?:(?P<named>\d{{4}}-\d\d-\d\d\b|{MONTH}\s*{_NUMBER}|{_NUMBER}(?:\s+of)?\s+{MONTH}|{MONTH})
        |(?P<season>{"|".join(_SEASONS)})\b|(?P<number>{_NUMBER}))
        (?:,?(?:\s+of)?\s+(?P<year>{_YEAR}))?
    |(?P<whole>{_YEAR}))(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
_RELATIONS: dict[str, Relation] = {
    **dict.fromkeys(("since", "from", "as of"), "since"),
    **dict.fromkeys(("after", "following"), "after"),
    **dict.fromkeys(("before", "prior to"), "before"),
    **dict.fromkeys(("until", "till", "up to", "through", "by"), "until"),
}
_RELATION = re.compile(
    rf"\b({'|'.join(_RELATIONS)}|between|in|on|of|for|during|within|throughout|over|at|around|about)"
    r"\s+$",
    re.IGNORECASE,
)
LONGEST_RELATION = 20
"""Characters before a time in which a relation is looked for."""

_TO = re.compile(r"\s*(?:[-\u2010-\u2015]|\b(?:to|through|until|till)\b)\s*", re.IGNORECASE)
_AND = re.compile(r"\s*(?:,\s*(?:and|or)?|\b(?:and|or)\b)\s*", re.IGNORECASE)
_VERBS = ("may", "march", "fall", "spring")
"""Words that are not a month or season if they are in lower case and more words follow."""

_MORE = re.compile(r"\s+[^\W\d]")
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


def times(text: str) -> Times:
    """Return the times that a text names, and the rest of its words."""
    dated = {at for group in _groups(text) for at in range(group[0].start(), group[-1].end())}
    event = next((e for e in _FROM_EVENT.finditer(text) if e.end() not in dated), None)
    if event is None:
        return _times(text)
    counted = _RELATIONS[event[1].lower()], _times(text[event.end() :])
    return replace(_times(text[: event.start()]), event=counted)


def _times(text: str) -> Times:
    found: list[Time] = []
    left, at = "", 0
    for group in _groups(text):
        if time := _time(text, group):
            relation = _relation(text, group[0].start())
            found.append(time)
            left += text[at : relation.start() if relation else group[0].start()]
            at = group[-1].end()
    left += text[at:]
    end = None if found else _END.search(left)
    count = int(numbers(end["count"])[0][0]) if end and end["count"] else 1
    return Times(
        tuple(found),
        left,
        end=(count, end["end"].lower() not in _EARLIEST) if end else None,
        from_today=_FROM_TODAY.search(left) is not None,
    )


def _relation(text: str, start: int) -> re.Match[str] | None:
    """Match the word right before a time that gives the relation to it."""
    return _RELATION.search(text, max(start - LONGEST_RELATION, 0), start)


def _groups(text: str) -> list[list[re.Match[str]]]:
    """Return runs of points that belong together: "Oct. 14-23", "Oct. 14 and 23"."""
    groups: list[list[re.Match[str]]] = []
    for match in _POINT.finditer(text):
        lone = match[0] in _VERBS and _MORE.match(text, match.end())
        if lone and not _relation(text, match.start()):
            continue
        between = text[groups[-1][-1].end() : match.start()] if groups else "."
        if _TO.fullmatch(between) or _AND.fullmatch(between):
            groups[-1].append(match)
        else:
            groups.append([match])
    return [each for each in groups if not all(match["number"] for match in each)]


def _time(text: str, group: Sequence[re.Match[str]]) -> Time | None:
    """Parse points that belong together; None if one of them is not a date: "Feb. 31"."""
    said = _relation(text, group[0].start())
    word = said[1].lower() if said else ""
    points = [_point(match) for match in group]
    if not all(points):
        return None
    whole = _completed([each for each in points if each])
    ranges = [(whole[0], whole[0])]
    relation = _RELATIONS.get(word, "in")
    for before, match, point in zip(group, group[1:], whole[1:], strict=False):
        if word == "between" or _TO.fullmatch(text[before.end() : match.start()]):
            ranges[-1] = (ranges[-1][0], point)
            relation = "in" if relation == "since" else relation
        else:
            ranges.append((point, point))
    return Time(relation, tuple(ranges))


def _point(match: re.Match[str]) -> Point | None:
    part = _PARTS.get(" ".join((match["part"] or "").lower().split()), (0, 1))
    year = int(match["year"]) if match["year"] else None
    if match["whole"]:
        return Point(int(match["whole"]), 1, months=12, part=part)
    if match["season"]:
        return Point(year, _SEASONS[match["season"].lower()], months=3, part=part)
    if match["number"]:
        return Point(year, None, int(re.sub(r"\D", "", match["number"])))
    read = _parser().get_date_data(match["named"])
    if read.date_obj is None:
        return None
    year = read.date_obj.year if match["named"][:4].isdigit() else year
    day = None if read.period == "month" else read.date_obj.day
    return Point(year, read.date_obj.month, day, part=part, week=bool(match["week"]))


def _completed(points: Sequence[Point]) -> list[Point]:
    """Give each point the year of a later one, and the month of a neighbour, if it has none."""
    whole: list[Point] = []
    for at, each in enumerate(points):
        months = (beside.month for beside in (each, *points[:at][::-1], *points[at:]))
        years = (beside.year for beside in points[at:])
        month, year = next(filter(None, months), 1), next(filter(None, years), None)
        whole.append(replace(each, year=year, month=month))
    return whole


@lru_cache(maxsize=1)
def _parser() -> Any:
    from dateparser.date import DateDataParser

    # "2 weeks ago" must not be parsed: the documents' days are not relative to today. The year that
    # is filled in is not used; it is a leap year so that Feb. 29 is accepted.
    base = {"RELATIVE_BASE": datetime(2000, 1, 1), "PARSERS": ["absolute-time"]}
    return DateDataParser(languages=["en"], settings=base)


def month_in_words(number: int) -> str:
    """Return the names of a month (from 1): the full one, and the short one used with a day."""
    return f"{MONTHS[number - 1]} {SHORT_MONTHS[number - 1]}"


def days_in_words(first: date, last: date | None = None) -> str:
    """Return days in readable form: "Oct. 14, 2021", "Sept. 21 to Oct. 4, 2021"."""
    last = last or first
    if first == last:
        return f"{_day(first)}, {first.year}"
    year = "" if first.year == last.year else f", {first.year}"
    return f"{_day(first)}{year} to {_day(last)}, {last.year}"


def _day(day: date) -> str:
    return f"{SHORT_MONTHS[day.month - 1]} {day.day}"
