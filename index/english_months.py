"""The names of the months in English, for documents and questions."""

from __future__ import annotations

import re

MONTHS = tuple(
    "January February March April May June July August September October November December".split()
)

SHORT_MONTHS = tuple("Jan. Feb. March April May June July Aug. Sept. Oct. Nov. Dec.".split())
"""As newspapers write them beside a day."""

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
"""A regular expression for a month's name in lower case, whole or shortened, with its dot."""

_SHORTENED = re.compile(r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?:\.(?=\s)|(?=\s\d))")
_SHORT = [month[:3].lower() for month in MONTHS]


def months_in_full(text: str) -> str:
    """Return a text with its shortened months written out: "Sept. 3" is "September 3"."""
    return _SHORTENED.sub(lambda match: MONTHS[month_number(match[1]) - 1], text)


def month_number(name: str) -> int:
    """Return the number of a month, from 1, by its name, whole or shortened.

    Raises ValueError for a word that begins like no month.
    """
    return _SHORT.index(name[:3].lower()) + 1
