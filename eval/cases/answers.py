"""Compare an answer with the accepted ones by words, numbers or dates. Pure functions.

`contains_answer` accepts an answer; so does `value_match`, if the case allows a tolerance. Exact
match and token F1 are SQuAD's, and are only there for comparison with published figures.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TypeVar

from index.english import MONTH, month_number
from rag.languages.english_words import SCALES, TENS, UNITS

T = TypeVar("T")

_DASHES = re.compile(r"[-\u2010-\u2015\u2212]")
_PUNCTUATION = re.compile(
    rf"(?<!\d)\.|\.(?!\d)|[{re.escape(string.punctuation.replace('.', ''))}“”„‟‘’‚‛«»‹›…"
    "。，、；：？！،؛؟।]"
)
_SIGN = re.compile("([\u2e80-\u9fff\uf900-\ufaff])")
"""A Chinese or Japanese character. There are no spaces between words, so each counts as a word."""
_NOTES = re.compile(r"(?<=[^\W\d_]{3})[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+(?!\w)")
"""The superscript number of a note after a word. A unit such as "km\u00b2" has too few letters."""

_ARTICLES = {"a", "an", "the"}


def normalise(text: str) -> str:
    """Normalise a text for comparison: lower case, single spaces, no punctuation, no articles.

    SQuAD v1.1's `normalize_answer` (Rajpurkar et al., EMNLP 2016), except that dashes become
    spaces, a comma between digits is dropped ("1,700" is "1700"), a point between digits stays
    ("1.5" is not "15"), typographic quotation marks count as punctuation, and the numbers of notes
    are dropped.
    """
    text = _NOTES.sub("", re.sub(r"(?<=\d),(?=\d)", "", text.lower()))
    text = _SIGN.sub(r" \1 ", _PUNCTUATION.sub("", _DASHES.sub(" ", text)))
    return " ".join(word for word in text.split() if word not in _ARTICLES)


def contains_answer(text: str, answers: Sequence[str], answer_type: str = "text") -> bool:
    """Whether one of the accepted answers occurs in a text, in whole words.

    For a "list", all items (separated by ";") must occur. A "yesno" answer that begins with yes or
    no is judged by that word alone, if an accepted answer is yes or no.
    """
    words = normalise(text)
    if answer_type == "yesno":
        accepted = {"yes", "no"} & {normalise(answer) for answer in answers}
        opening = words.partition(" ")[0]
        if accepted and opening in ("yes", "no"):
            return opening in accepted
    parts = [answer.split(";") if answer_type == "list" else [answer] for answer in answers]
    return any(all(_has(words, part) for part in items) for items in parts)


def _has(words: str, answer: str) -> bool:
    wanted = normalise(answer)
    return bool(wanted) and f" {wanted} " in f" {words} "


# --- SQuAD's measures


def squad_words(text: str) -> list[str]:
    """Return the words of a text as SQuAD's evaluation script compares them.

    Lower case, without articles and ASCII punctuation, which is not replaced by a space.
    """
    text = "".join(each for each in text.lower() if each not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def exact_match(text: str, answers: Sequence[str]) -> bool:
    """Whether a text is one of the accepted answers, as SQuAD compares them (Rajpurkar 2016)."""
    return any(squad_words(text) == squad_words(answer) for answer in answers)


def token_f1(text: str, answers: Sequence[str]) -> float:
    """Return SQuAD's token F1 between a text and the accepted answer that fits best.

    2pr / (p + r), where p is the share of the text's words that are in the answer, and r the share
    of the answer's words that are in the text. 1 if neither has any words, 0 if only one has none,
    as in the script from v2.0 on.
    """
    return max((_f1(squad_words(text), squad_words(answer)) for answer in answers), default=0.0)


def _f1(given: list[str], wanted: list[str]) -> float:
    if not given or not wanted:
        return float(given == wanted)
    same = sum((Counter(given) & Counter(wanted)).values())
    return 2 * same / (len(given) + len(wanted))


# --- numbers and dates, with a tolerance


def value_match(text: str, answers: Sequence[str], answer_type: str, tolerance: float) -> bool:
    """Whether a text has all numbers, or all dates, of an accepted answer, within a tolerance.

    The tolerance is absolute: in its own unit for a "number", in days for a "date". A date without
    a year matches any year. An accepted answer without a number or a date never matches.
    """
    if answer_type == "number":
        return _each_near(numbers(text), answers, numbers, lambda a, b: abs(a - b) <= tolerance)
    return _each_near(dates(text), answers, dates, lambda a, b: _days(a, b) <= tolerance)


def _each_near(
    given: Sequence[T],
    answers: Sequence[str],
    read: Callable[[str], list[T]],
    near: Callable[[T, T], bool],
) -> bool:
    wanted = [read(answer) for answer in answers]
    return any(
        each and all(any(near(have, want) for have in given) for want in each) for each in wanted
    )


_SPELLED = {word: n for n, word in enumerate(UNITS)} | {
    word: 10 * n for n, word in enumerate(TENS, 2)
}
_WORDS = "|".join(sorted(UNITS, key=len, reverse=True))
# Digits are read as a whole ("15km" is 15). Version numbers ("1.2.3") do not count as numbers.
_NUMBER = re.compile(
    r"(?<![\w.])(?:(?P<digits>[-−]?\d[\d,]*+(?:\.\d++)?+)(?!\.\d)"
    rf"|(?:(?P<ten>{'|'.join(TENS)})(?:[- ](?P<unit>{'|'.join(UNITS[1:10])}))?"
    rf"|(?P<word>{_WORDS}))(?![a-z]))"
    rf"(?P<scales>(?:[- ](?:{'|'.join(SCALES)})s?(?![a-z]))*)",
    re.IGNORECASE,
)


def numbers(text: str) -> list[float]:
    """Return the numbers of a text: "1,700", "2.5 million", "twenty-two", "three hundred"."""
    found = []
    for match in _NUMBER.finditer(text):
        if match["digits"]:
            value = float(match["digits"].replace(",", "").replace("−", "-"))
        else:
            words = filter(None, (match["ten"], match["unit"], match["word"]))
            value = float(sum(_SPELLED[word.lower()] for word in words))
        for scale in re.findall(r"[a-z]+", match["scales"].lower()):
            value *= SCALES[scale.removesuffix("s")]
        found.append(value)
    return found


Day = tuple[int | None, int, int]
"""A year (None if the text gives none), a month and a day."""

_MONTH = rf"(?P<month>{MONTH})"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>\d{4}))?"
_DATES = [
    re.compile(rf"\b{_MONTH}\s+{_DAY}\b{_YEAR}", re.IGNORECASE),
    re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}", re.IGNORECASE),
    re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b"),
]


def dates(text: str) -> list[Day]:
    """Return the dates of a text: "Dec. 15, 2021", "15th of December", "2021-12-15"."""
    return [day for pattern in _DATES for match in pattern.finditer(text) for day in _day(match)]


def _day(match: re.Match[str]) -> Iterator[Day]:
    name = match["month"]
    month = int(name) if name.isdigit() else month_number(name)
    year, day = int(match["year"]) if match["year"] else None, int(match["day"])
    try:
        date(year or 2000, month, day)
    except ValueError:
        return  # "May 45" is not a date.
    yield year, month, day


def _days(one: Day, other: Day) -> int:
    """Return the days between two dates; if a year is missing, the shorter way round the year."""
    if one[0] and other[0]:
        return abs((date(*one) - date(*other)).days)  # type: ignore[arg-type]
    apart = abs((date(2000, *one[1:]) - date(2000, *other[1:])).days)
    return min(apart, 366 - apart)
