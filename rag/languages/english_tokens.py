"""English tokens and their normal forms: words, stems, numbers, months, names.

These are pure functions from text to normal forms, so that "October 14" and "Oct. 14", "5,500" and
"5500", "ten" and "10", "the U.S." and "US" are the same fact, and "Oct. 15" is another.
"""

from __future__ import annotations

import re
from decimal import Decimal

from index.english import MONTH, MONTHS
from rag.languages.english_words import (
    NO_CONTENT,
    OPENERS,
    ORDINALS,
    PEOPLE_ENDINGS,
    SCALES,
    SHORT_SCALES,
    TENS,
    UNITS,
    WORD_NUMBERS,
)

_MONTH_NAMES = frozenset(month.lower() for month in MONTHS)
_MONTH_WORDS = _MONTH_NAMES | {name[:3] for name in _MONTH_NAMES} | {"sept"}
_RANGE = r"(?:\s*(?:-|\u2010|\u2011|\u2012|\u2013|\u2014|to|and|through|until|,)\s*)"
# The 2021 of "October 14, 2021" is not a day.
_DAY = r"\d{1,2}(?:st|nd|rd|th)?(?!\d)"
MONTH_DAYS = re.compile(rf"\b({MONTH})\s+({_DAY}(?:{_RANGE}{_DAY})*)", re.I)
# The last day must be right before the month: the 21 of "September 21 to October 4" is not in
# October.
DAYS_MONTH = re.compile(
    rf"\b((?:\d{{1,2}}(?:st|nd|rd|th)?{_RANGE})*\d{{1,2}}(?:st|nd|rd|th)?)\s+(?:of\s+)?\b({MONTH})",
    re.I,
)

_DIGITS = r"\d+(?:[.,]\d+)*"
# A letter right after digits is a scale: "340M" and "$5m", although "5m" alone may be metres. In
# "F-16B" it is part of the name.
DIGITS = re.compile(
    rf"(?<![\w.])(?P<named>[A-Za-z]*-)?(?P<money>(?<=[$€£¥]))?(?P<digits>{_DIGITS})"
    rf"(?:[\s-]*(?P<scale>{'|'.join(SCALES)})\b"
    r"|(?(named)(?!)|(?-i:(?P<short>[kKMB]|(?(money)m|(?!)))\b)))?",
    re.I,
)
_BIG = rf"(?:{'|'.join(word for word, scale in SCALES.items() if scale > 100)})"
_SMALL = (
    rf"(?:(?:{'|'.join(TENS)})[\s-](?:{'|'.join(UNITS[1:10] + ORDINALS[1:10])})"
    rf"|(?:{'|'.join(sorted(WORD_NUMBERS, key=len, reverse=True))}))\b"
)
_MORE = r"[\s-]+(?:and\s+)?"
_HUNDREDS = rf"(?:(?:{_SMALL}[\s-]+)?hundred\b(?:{_MORE}{_SMALL})?|{_SMALL})"
SPELLED = re.compile(
    rf"\b(?:{_HUNDREDS}(?:[\s-]+{_BIG}\b(?:{_MORE}{_HUNDREDS}[\s-]+{_BIG}\b)*"
    rf"(?:{_MORE}{_HUNDREDS})?)?|(?:half[\s-])?an?[\s-]{_BIG}\b)",
    re.I,
)

WORD = re.compile(r"(?:(?:[A-Za-z]\.){2,}|[^\W_]+(?:['’]\w+)?)")


def tokens(text: str) -> list[str]:
    """Return the words of a text, without possessives, dots of abbreviations and hyphens."""
    text = re.sub(r"\b(?:[A-Za-z]\.){2,}", lambda match: match[0].replace(".", ""), text)
    return [re.sub(r"['’](?:s|S)?$", "", word) for word in re.findall(r"[^\W_]+(?:['’]\w+)?", text)]


def content_words(text: str) -> set[str]:
    """Return the stems of the words that carry meaning, numbers included."""
    return {stem(word) for word in tokens(text) if word.casefold() not in NO_CONTENT}


def stem(word: str) -> str:
    """Strip the commonest English endings, so that "conducted" matches "conduct"."""
    word = word.casefold()
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + instead
    return word


def numbers(text: str) -> list[tuple[Decimal, str]]:
    """Return the numbers in a text as (value, its words or digits)."""
    matches = [match for pattern in (DIGITS, SPELLED) for match in pattern.finditer(text)]
    return [number(match) for match in matches]


def number(match: re.Match[str]) -> tuple[Decimal, str]:
    """Return the value and the words or digits of a match of `DIGITS` or `SPELLED`."""
    if match.re is SPELLED:
        return _number_in_words(match[0].lower()), match[0].lower()
    scale = SCALES.get((match["scale"] or "").lower()) or SHORT_SCALES.get(match["short"], 1)
    return Decimal(_plain(match["digits"])) * scale, match["digits"]


def _number_in_words(words: str) -> Decimal:
    """Return the value of a number in words: "three hundred and forty million"."""
    whole = part = Decimal(0)
    for word in re.split(r"[\s-]+", words):
        if word == "hundred":
            part = max(part, Decimal(1)) * SCALES[word]
        elif word in SCALES:
            whole += (part or 1) * SCALES[word]
            part = Decimal(0)
        elif word == "half":
            part = Decimal("0.5")
        elif word not in ("a", "an", "and"):
            part += WORD_NUMBERS[word]
    return whole + part


def _plain(digits: str) -> str:
    """Read "1,700", "1.700.000" and "1,00,000" as whole numbers, "2.5" and "1,2" as fractions."""
    if "," in digits and digits.count(".") == 1:
        return digits.replace(",", "")
    parts = re.split(r"[.,]", digits)
    thousands = "," in digits and all(len(part) == 3 for part in parts[1:])
    return "".join(parts) if thousands or len(parts) > 2 else digits.replace(",", ".")


def months_in(text: str) -> set[str]:
    """Return the months that are written with a capital, in full or with a dot ("Oct.")."""
    found: set[str] = set()
    for word in re.findall(r"\b[A-Z][a-z]+\b\.?", text):
        name = word.rstrip(".").lower()
        whole = name in _MONTH_NAMES
        if whole or (name in _MONTH_WORDS and word.endswith(".")):
            found.add(name[:3])
    return found


def names_in(text: str) -> set[str]:
    """Return the words that are names: those with a capital, except one that opens a sentence."""
    names: set[str] = set()
    for match in WORD.finditer(text):
        [word] = tokens(match[0]) or [""]
        lower = word.casefold()
        if not word[:1].isupper() or len(word) < 2 or lower in NO_CONTENT:
            continue
        if lower in WORD_NUMBERS or lower in SCALES or lower in _MONTH_WORDS:
            continue
        opens = not re.search(r"[^\W_]", text[: match.start()])
        if not (opens and only_opens(word)):
            names.add(word)
    return names


def only_opens(word: str) -> bool:
    """Whether a word at the beginning of a sentence has its capital only from that."""
    return word.endswith(("ly", "ing", "ed")) or word.casefold() in OPENERS


def name_forms(word: str) -> frozenset[str]:
    """Return the forms in which a word counts as the same name: "Chinese" and "China" as "chin"."""
    lower = word.casefold()
    ended = [end for end in PEOPLE_ENDINGS if lower.endswith(end) and len(lower) - len(end) >= 4]
    return frozenset([lower, *(lower[: -len(end)] for end in ended)])
