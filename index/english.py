"""What loading and searching know about English: the months, and the function words."""

from __future__ import annotations

import re

MONTHS = tuple(
    "January February March April May June July August September October November December".split()
)

SHORT_MONTHS = tuple("Jan. Feb. March April May June July Aug. Sept. Oct. Nov. Dec.".split())
"""As newspapers write them next to a day."""

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
"""A regular expression for a month's name in lower case, in full or abbreviated, with its dot."""

ENGLISH = "en"
"""The language code."""

_SHORTENED = re.compile(r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?:\.(?=\s)|(?=\s\d))")
_SHORT = [month[:3].lower() for month in MONTHS]


def months_in_full(text: str) -> str:
    """Return a text with abbreviated months written out: "Sept. 3" becomes "September 3"."""
    return _SHORTENED.sub(lambda match: MONTHS[month_number(match[1]) - 1], text)


def month_number(name: str) -> int:
    """Return the number of a month, from 1, by its name in full or abbreviated.

    Raises ValueError for a word that does not begin like a month.
    """
    return _SHORT.index(name[:3].lower()) + 1


FUNCTION_WORDS = frozenset(
    "a about above according after again against all also although am among an and another any are "
    "around as at be because been before being below between both but by can could did do does "
    "doing during each either every few for from further had has have having he her here hers him "
    "his how however i if in into is it its itself just like many may me might more most much must "
    "my near neither no nor not of off on once only or other our out over own per rather same she "
    "should since so some such than that the their theirs them themselves then there these they "
    "this those though through thus to together too toward towards under until up upon us very via "
    "was we well were what when where whether which while who whom whose why will with within "
    "without would yes yet you your".split()
) - {"us"}
"""Without “us”: in lower-cased text it may be the country."""
