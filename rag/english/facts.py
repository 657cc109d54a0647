"""The facts of a sentence that can be checked to the letter: numbers, dates, proper names.

Pure functions from text to sets of normal forms, so that "October 14" and "Oct. 14", "5,500" and
"5500", "ten" and "10", "the U.S." and "US" are the same fact, and "Oct. 15" is another.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from index.split import sentence_spans

_MONTH_NAMES = (
    "january february march april may june july august september october november december".split()
)
_MONTH_WORDS = frozenset((*_MONTH_NAMES, "sept", *(name[:3] for name in _MONTH_NAMES)))
_MONTH_WORD = (
    r"\b(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_RANGE = r"(?:\s*(?:-|\u2010|\u2011|\u2012|\u2013|\u2014|to|and|through|until|,)\s*)"
_MONTH_DAYS = re.compile(rf"{_MONTH_WORD}\s+((?:\d{{1,2}}(?:st|nd|rd|th)?{_RANGE}?)+)(?!\d)", re.I)
# The last day stands right before its month: the 21 of "September 21 to October 4" is none of
# October's.
_DAYS_MONTH = re.compile(
    rf"\b((?:\d{{1,2}}(?:st|nd|rd|th)?{_RANGE})*\d{{1,2}}(?:st|nd|rd|th)?)\s+(?:of\s+)?{_MONTH_WORD}",
    re.I,
)

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()
_WORD_NUMBERS = (
    {word: value for value, word in enumerate(_UNITS)}
    | {word: value for value, word in enumerate(_ORDINALS)}
    | {word: 20 + 10 * at for at, word in enumerate(_TENS)}
    | {word[:-1] + "ieth": 20 + 10 * at for at, word in enumerate(_TENS)}
    | {"once": 1, "twice": 2, "dozen": 12, "hundred": 100}
)
# Words that are as often a pronoun or a rank as a number: they assert nothing that can be checked.
_NOT_ASSERTED = {"one", "first", "second", "zero", "once"}
_SCALES = {
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "bn": 10**9,
    "mn": 10**6,
}
_SCALE = r"(?:[\s-]*(hundred|thousand|million|billion|trillion|bn|mn)\b)?"
_DIGITS = re.compile(rf"(?<![\w.])(?:[A-Za-z]*-)?(\d+(?:[.,]\d+)*){_SCALE}", re.I)
_WORDS = re.compile(
    rf"\b({'|'.join(_TENS)})[\s-]({'|'.join(_UNITS[1:10] + _ORDINALS[1:10])})\b{_SCALE}"
    rf"|\b({'|'.join(sorted(_WORD_NUMBERS, key=len, reverse=True))})\b{_SCALE}",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text asserts that can be checked: each set holds normal forms."""

    numbers: frozenset[Decimal]
    days: frozenset[tuple[str, int]]
    months: frozenset[str]
    names: frozenset[str]

    def __bool__(self) -> bool:
        """Whether there is anything to check."""
        return bool(self.numbers or self.days or self.months or self.names)


@lru_cache(maxsize=256)
def facts(text: str) -> Facts:
    """Return the numbers, calendar days, months and proper names that a sentence asserts."""
    values = {value for value, word in numbers(text) if word not in _NOT_ASSERTED}
    days = _days(text)
    months = {month for month, _ in days} | _months(text)
    return Facts(
        frozenset(values - {Decimal(day) for _, day in days}),
        frozenset(days),
        frozenset(months),
        frozenset(_names(text)),
    )


def missing_facts(sentence: str, sources: list[str], question: str = "") -> list[str]:
    """Return the facts of a sentence that stand neither in the sources nor in the question.

    A day must stand there with its month, a number with its scale; a name counts as there in the
    form of its people ("Chinese" for "China"). The result is for people to read.
    """
    asserted = facts(sentence)
    held = [_held(text) for text in (*sources, question)]
    missing = [
        f"{value:f}" for value in asserted.numbers if not any(value in h.numbers for h in held)
    ]
    missing += [
        f"{day[0]} {day[1]}" for day in asserted.days if not any(day in h.days for h in held)
    ]
    missing += [month for month in asserted.months if not any(month in h.months for h in held)]
    return sorted([*missing, *missing_names(sentence, [*sources, question])])


def missing_names(sentence: str, sources: Sequence[str]) -> list[str]:
    """Return the names of a sentence that none of the sources holds in any form."""
    held = [_held(text).names for text in sources]
    names = sorted(facts(sentence).names)
    return [name for name in names if not any(_name_forms(name) & each for each in held)]


@lru_cache(maxsize=256)
def _held(text: str) -> Facts:
    """Return what a source bears out: also what it says in passing, and names in any form."""
    days = _days(text)
    return Facts(
        frozenset(value for value, _ in numbers(text)),
        frozenset(days),
        frozenset({month for month, _ in days} | _months(text)),
        frozenset(form for word in tokens(text) for form in _name_forms(word)),
    )


_WORD = re.compile(r"(?:(?:[A-Za-z]\.){2,}|[^\W_]+(?:['’]\w+)?)")


def tokens(text: str) -> list[str]:
    """Return the words of a text: without possessives, dots of abbreviations and hyphens."""
    text = re.sub(r"\b(?:[A-Za-z]\.){2,}", lambda match: match[0].replace(".", ""), text)
    return [re.sub(r"['’](?:s|S)?$", "", word) for word in re.findall(r"[^\W_]+(?:['’]\w+)?", text)]


def content_words(text: str) -> set[str]:
    """Return the stems of the words that carry meaning, numbers included."""
    return {stem(word) for word in tokens(text) if word.casefold() not in FUNCTION_WORDS}


def stem(word: str) -> str:
    """Strip the commonest English endings, so that "conducted" meets "conduct"."""
    word = word.casefold()
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + instead
    return word


FUNCTION_WORDS = frozenset(
    "a about above according after again against all also although am among an and another any are "
    "around as at be because been before being below between both but by can could did do does "
    "doing during each either every few for from further had has have having he her here hers him "
    "his how however i if in into is it its itself just like many may me might more most much must "
    "my near neither no nor not of off on once only or other our out over own per rather same she "
    "should since so some such than that the their theirs them themselves then there these they "
    "this those though through thus to together too toward towards under until up upon us very via "
    "was we well were what when where whether which while who whom whose why will with within "
    "without would yes yet you your "
    "answer article document excerpt excerpts quote quotes source sources text passage".split()
) - {"us"}


def numbers(text: str) -> list[tuple[Decimal, str]]:
    """Return (value, the word or digits it was written with) of every number in a text."""
    found: list[tuple[Decimal, str]] = []
    for match in _DIGITS.finditer(text):
        value = Decimal(_plain(match[1]))
        found.append((value * _SCALES.get((match[2] or "").lower(), 1), match[1]))
    for match in _WORDS.finditer(text):
        tens, unit, scale, single, single_scale = match.groups()
        word = (single or f"{tens}-{unit}").lower()
        value = Decimal(
            _WORD_NUMBERS[single.lower()]
            if single
            else _WORD_NUMBERS[tens.lower()] + _WORD_NUMBERS[unit.lower()]
        )
        found.append((value * _SCALES.get((scale or single_scale or "").lower(), 1), word))
    return found


def _plain(digits: str) -> str:
    """Read "1,700" as 1700 and "2.5" as 2.5; "1.700.000" and "1,2" are read as thousands or not."""
    parts = re.split(r"[.,]", digits)
    thousands = len(parts) > 1 and all(len(part) == 3 for part in parts[1:]) and "," in digits
    if thousands or digits.count(".") > 1:
        return "".join(parts)
    if "," in digits and "." in digits:
        return digits.replace(",", "")
    return digits.replace(",", ".")


def _days(text: str) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for match in _MONTH_DAYS.finditer(text):
        found |= {(match[1][:3].lower(), int(day)) for day in re.findall(r"\d+", match[2])}
    for match in _DAYS_MONTH.finditer(text):
        found |= {(match[2][:3].lower(), int(day)) for day in re.findall(r"\d+", match[1])}
    return {(month, day) for month, day in found if 1 <= day <= 31}


def _months(text: str) -> set[str]:
    """Return months named in full or with a dot; "may" and "march" are verbs."""
    found: set[str] = set()
    for word in re.findall(r"\b[A-Z][a-z]+\b\.?", text):
        name = word.rstrip(".").lower()
        whole = name in _MONTH_NAMES
        if whole or (name in _MONTH_WORDS and word.endswith(".")):
            found.add(name[:3])
    return found


def _names(text: str) -> set[str]:
    """Return the words written as names: with a capital that does not come from the sentence."""
    names: set[str] = set()
    for match in _WORD.finditer(text):
        [word] = tokens(match[0]) or [""]
        lower = word.casefold()
        if not word[:1].isupper() or len(word) < 2 or lower in FUNCTION_WORDS:
            continue
        if lower in _WORD_NUMBERS or lower in _SCALES or lower in _MONTH_WORDS:
            continue
        opens = not re.search(r"[^\W_]", text[: match.start()])
        if opens and _only_opens(word):
            continue
        names.add(word)
    return names


def _only_opens(word: str) -> bool:
    """Whether a word has its capital from the sentence that it begins."""
    return word.endswith(("ly", "ing", "ed")) or word.casefold() in _OPENERS


_OPENERS = frozenset(
    "additionally also approximately besides currently despite due earlier finally given later "
    "meanwhile moreover nevertheless one overall shortly there today two unlike".split()
)

_SAME_NAME = (
    {"china", "chinese"},
    {"uk", "united kingdom", "british", "britain"},
    {"us", "usa", "america", "american", "americans"},
    {"eu", "european"},
    {"france", "french"},
    {"germany", "german"},
    {"spain", "spanish"},
    {"japan", "japanese"},
    {"netherlands", "dutch"},
)
_PEOPLE_ENDINGS = ("ians", "ian", "ans", "an", "ns", "n", "ese", "ish", "is", "i", "s")


def _name_forms(word: str) -> frozenset[str]:
    """Return the forms in which a name counts as the same: of a country, its people's name too."""
    lower = word.casefold()
    forms = {lower}
    for ending in _PEOPLE_ENDINGS:
        if lower.endswith(ending) and len(lower) - len(ending) >= 4:
            forms.add(lower[: -len(ending)])
    for group in _SAME_NAME:
        if lower in group:
            forms |= group
    return frozenset(forms)


# --- facts at their places

Kind = Literal["number", "year", "date", "name", "word"]

REACH = 4
"""How many words on each side, function words aside, a fact is read with."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A fact, or a plain word, at its place in a text.

    Two mentions are of the same fact when what the one `asserts` is among what the other `holds`:
    "Oct. 14-17" holds October, and asserts its days. A plain word asserts nothing.
    """

    kind: Kind
    start: int
    end: int
    asserts: frozenset[str]
    holds: frozenset[str]
    unit: str | None = None
    words: tuple[frozenset[str], ...] = ()
    clause: int = 0

    def same(self, other: Mention) -> bool:
        """Whether the other one bears this one out."""
        # A word that only opens a sentence looks like a name, and is found as a plain word.
        if self.kind == "date" == other.kind:
            return bool(self.asserts) and self.asserts <= other.holds
        alike = other.kind in (self.kind, "word")
        return alike and not self.asserts.isdisjoint(other.holds)


@lru_cache(maxsize=256)
def mentions(text: str) -> tuple[Mention, ...]:
    """Return the facts and the other content words of a text, in its order."""
    found = _dates_at(text)
    found += [each for each in _numbers_at(text) if not _inside(each, found)]
    names = _names(text)
    for match in _WORD.finditer(text):
        [word] = tokens(match[0]) or [""]
        each = Mention("word", *match.span(), frozenset(), frozenset({stem(word), word.casefold()}))
        if word.casefold() in FUNCTION_WORDS or _inside(each, found):
            continue
        opens = re.search(r"(?:^|[.!?][\"”’)]*\s|[“\"(])$", text[: match.start()])
        if word in names and not (opens and _only_opens(word)):
            forms = _name_forms(word) | _name_forms(_SEAT_OF.get(word.casefold(), word))
            each = Mention("name", *match.span(), forms, forms, words=(forms,))
        found.append(each)
    whole = _whole_names(sorted(found, key=lambda each: each.start), text)
    ends = sorted(
        [start for start, _ in sentence_spans(text, 0, len(text))]
        + [match.end() for match in _CLAUSE_END.finditer(text)]
    )
    return tuple(replace(each, clause=bisect(ends, each.start)) for each in whole)


_CLAUSE_END = re.compile(r";\s|,\s(?=(?:and|but|while|which|who|where|although)\s)|\s(?=while\s)")


def around(at: int, all_of: tuple[Mention, ...]) -> tuple[Mention, ...]:
    """Return the mentions within reach of one of them, on both sides of it in its clause."""
    near = all_of[max(at - REACH, 0) : at] + all_of[at + 1 : at + 1 + REACH]
    return tuple(each for each in near if each.clause == all_of[at].clause)


def shared(these: tuple[Mention, ...], those: tuple[Mention, ...]) -> int:
    """Count the mentions that have one of the others in common."""
    held = frozenset().union(*(each.holds for each in those))
    return sum(not each.holds.isdisjoint(held) for each in these)


def _dates_at(text: str) -> list[Mention]:
    found: list[Mention] = []
    for pattern, month_at, days_at in ((_MONTH_DAYS, 1, 2), (_DAYS_MONTH, 2, 1)):
        for match in pattern.finditer(text):
            month = match[month_at][:3].lower()
            days = [int(day) for day in re.findall(r"\d+", match[days_at])]
            forms = frozenset(f"{month} {day}" for day in days if 1 <= day <= 31)
            each = Mention("date", *match.span(), forms, forms | {month})
            if forms and not _inside(each, found):
                found.append(each)
    for match in re.finditer(r"\b[A-Z][a-z]+\b\.?", text):
        months = frozenset(_months(match[0]))
        each = Mention("date", *match.span(), months, months)
        if months and not _inside(each, found):
            found.append(each)
    return found


def _numbers_at(text: str) -> list[Mention]:
    found: list[Mention] = []
    for pattern in (_DIGITS, _WORDS):
        for match in pattern.finditer(text):
            value, written = numbers(match[0])[0]
            year = re.fullmatch(r"(?:1[5-9]|20)\d\d", written) and match[0] == written
            forms = frozenset({f"{value:f}"})
            asserts = frozenset[str]() if written in _NOT_ASSERTED else forms
            unit = _unit(text, match.start(1) if match[1] else match.start(), match.end())
            kind: Kind = "year" if year and unit is None else "number"
            each = Mention(kind, *match.span(), asserts, forms, unit)
            if match[0][0].isalpha() and match[0][-1].isdigit() and "-" in match[0]:
                forms = frozenset({match[0].casefold()})  # "DF-17" is a name.
                each = Mention("name", *match.span(), forms, forms)
            if not _inside(each, found):
                found.append(each)
    return found


def _inside(each: Mention, others: list[Mention]) -> bool:
    return any(each.start < other.end and other.start < each.end for other in others)


def _whole_names(found: list[Mention], text: str) -> list[Mention]:
    """Join the words of one name, so that "Wang Yi" and "Wang" are the same and a rank is none."""
    joined: list[Mention] = []
    for each in found:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.kind == each.kind == "name"
            and re.fullmatch(r"[.\s]{0,2}", text[last.end : each.start])
        ):
            whole = " ".join(text[last.start : each.end].casefold().split())
            forms = (last.asserts | each.asserts) - _COMMON_IN_NAMES or each.asserts
            forms = _WHOLE_NAMES.get(whole, forms)
            words = (*last.words, *each.words) if whole not in _WHOLE_NAMES else (forms,)
            joined[-1] = Mention("name", last.start, each.end, forms, forms, words=words)
        else:
            joined.append(each)
    return joined


# What a text calls a country by, besides the names that count as its own.
_SEAT_OF = {
    "washington": "us",
    "moscow": "russia",
    "kremlin": "russia",
    "beijing": "china",
    "prc": "china",
    "sino": "china",
    "tokyo": "japan",
    "taipei": "taiwan",
    "seoul": "korea",
    "pyongyang": "korea",
    "delhi": "india",
    "islamabad": "pakistan",
    "kabul": "afghanistan",
    "tehran": "iran",
    "ankara": "turkey",
    "kyiv": "ukraine",
    "kiev": "ukraine",
    "canberra": "australia",
    "ottawa": "canada",
    "rome": "italy",
    "madrid": "spain",
    "london": "uk",
    "paris": "france",
    "berlin": "germany",
    "brussels": "eu",
}
_WHOLE_NAMES = {
    "united states": _name_forms("us"),
    "united kingdom": _name_forms("uk"),
    "people’s republic": _name_forms("china"),
    "people's republic": _name_forms("china"),
    "white house": _name_forms("us"),
}

# Words that many names have in common, and that therefore tell none from another.
_COMMON_IN_NAMES = frozenset(
    "act adm admiral agency ambassador army bay bridge canal chairman chief city college "
    "committee company conference council court defence defense department deputy director dr "
    "east eastern exercise foreign games gen general government gulf house institute island "
    "islands king lake law minister ministry mission mount mountain mr mrs ms nation national "
    "navy north northern ocean office olympic olympics organisation organization party peace "
    "premier president prime prince princess professor province queen region republic river sea "
    "secretary senator south southern state states strait street summer summit treaty university "
    "vice west western winter world".split()
)

_UNITS_OF_MEASURE = (
    "km kms kilometre kilometres kilometer kilometers",
    "metre metres meter meters",
    "mile miles",
    "nautical-mile nautical-miles",
    "foot feet",
    "kg kilogram kilograms kilo kilos",
    "ton tons tonne tonnes",
    "pound pounds",
    "second seconds",
    "minute minutes",
    "hour hours",
    "day days",
    "week weeks",
    "month months",
    "year years",
    "decade decades",
    "century centuries",
    "percent % per-cent",
    "per-mille ‰",
    "$ dollar dollars",
    "€ euro euros",
    "£",
    "¥ yen yuan",
)
_UNIT_OF = {word: line.split()[0] for line in _UNITS_OF_MEASURE for word in line.split()}
_UNIT_AFTER = re.compile(r"[\s-]?(nautical miles?|per (?:cent|mille)|[^\W\d_]+|[%‰€£$¥])", re.I)


def _unit(text: str, start: int, end: int) -> str | None:
    """Return what a number counts, of the units in which things are measured."""
    before = text[max(start - 1, 0) : start]
    after = _UNIT_AFTER.match(text, end)
    return _UNIT_OF.get(before) or (
        _UNIT_OF.get(after[1].lower().replace(" ", "-")) if after else None
    )


def mixed_scripts(text: str) -> set[str]:
    """Return the words that mix Latin letters with Cyrillic or Greek ones, which look alike."""
    return {
        word
        for word in re.findall(r"[^\W\d_]+", text)
        if not word.isascii() and len(_scripts(word)) > 1
    }


def _scripts(word: str) -> set[str]:
    names = (unicodedata.name(letter, "").split(" ")[0] for letter in word)
    return {"LATIN", "CYRILLIC", "GREEK"} & set(names)
