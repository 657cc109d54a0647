"""Days as an English reader writes them."""

from __future__ import annotations

from datetime import date

from index.months import SHORT_MONTHS


def days_in_words(first: date, last: date | None = None) -> str:
    """Return days as a reader writes them: "Oct. 14, 2021", "Sept. 21 to Oct. 4, 2021"."""
    last = last or first
    if first == last:
        return f"{_day(first)}, {first.year}"
    year = "" if first.year == last.year else f", {first.year}"
    return f"{_day(first)}{year} to {_day(last)}, {last.year}"


def _day(day: date) -> str:
    return f"{SHORT_MONTHS[day.month - 1]} {day.day}"
