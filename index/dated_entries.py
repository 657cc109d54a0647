"""The dates that the entries of a chronology begin with."""

from __future__ import annotations

import re
from datetime import date

from index.english import MONTH, month_number

_DASH = r"\s*[-\u2012-\u2015]\s*"
_MARKUP = r"(?:[-*+\u2022]\s+)?[*_]{0,3}"
_ENTRY = re.compile(
    rf"""{_MARKUP}(?:
      (?P<m1>{MONTH})\s(?P<d1>\d{{1,2}})(?:,?\s(?P<y1>\d{{4}}))?
        (?:{_DASH}(?:(?P<m2>{MONTH})\s)?(?P<d2>\d{{1,2}}))?(?:,?\s(?P<y2>\d{{4}}))
    | (?P<e1>\d{{1,2}})(?:\s(?P<n1>{MONTH})(?:\s(?P<z1>\d{{4}}))?)?
        (?:{_DASH}(?P<e2>\d{{1,2}}))?\s(?P<n2>{MONTH})\s(?P<z2>\d{{4}})
    | (?P<iso1>\d{{4}}-\d{{2}}-\d{{2}})
        (?:\s*(?:/|to|[\u2012-\u2015])\s*(?P<iso2>\d{{4}}-\d{{2}}-\d{{2}}))?
    )[*_]{{0,3}}\s*(?::|\s[-\u2012-\u2015])[*_]{{0,3}}\s""",
    re.IGNORECASE | re.VERBOSE,
)


def entry_dates(block: str) -> tuple[date, date] | None:
    """Return the first and last day of a block that starts with its date, else None.

    Recognized are "Sept. 3, 2021: …", "Oct. 14-17, 2021: …", "Sept. 21-Oct. 4, 2021: …",
    "Dec. 30, 2021-Jan. 2, 2022: …", "Dec. 30-Jan. 2, 2022: …", "3 September 2021: …" and
    "2021-09-03: …".
    """
    match = _ENTRY.match(block)
    if match is None:
        return None
    found = match.groupdict()
    try:
        if found["iso1"]:
            first = date.fromisoformat(found["iso1"])
            last = date.fromisoformat(found["iso2"]) if found["iso2"] else first
        elif found["m1"]:
            last = _date(found["y2"], found["m2"] or found["m1"], found["d2"] or found["d1"])
            first = _date(found["y1"] or found["y2"], found["m1"], found["d1"])
        else:
            last = _date(found["z2"], found["n2"], found["e2"] or found["e1"])
            first = _date(found["z1"] or found["z2"], found["n1"] or found["n2"], found["e1"])
        if first > last and not (found["y1"] or found["z1"]) and first.month > last.month + 6:
            first = first.replace(year=first.year - 1)  # "Dec. 30-Jan. 2, 2022": across New Year.
    except ValueError:  # "Feb. 31, 2021: …" is text, not a date.
        return None
    return (first, last) if first <= last else None


def entry_date_length(block: str) -> int:
    """Return the length of the date that opens a chronology's entry; 0 without one."""
    match = _ENTRY.match(block)
    return match.end() if match else 0


def _date(year: str, month: str, day: str) -> date:
    return date(int(year), month_number(month), int(day))
