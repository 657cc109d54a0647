"""The facts of a sentence that can be checked to the letter: numbers, dates, proper names.

Pure functions from text to sets of normal forms, so that "October 14" and "Oct. 14", "5,500" and
"5500", "ten" and "10", "the U.S." and "US" are the same fact, and "Oct. 15" is another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_MONTH_NAMES = (
    "january february march april may june july august september october november december".split()
)
_MONTH_WORDS = frozenset((*_MONTH_NAMES, "sept", *(name[:3] for name in _MONTH_NAMES)))
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)"
_MONTH_WORD = rf"\b{_MONTH}(?:[a-z]*)\.?"
_RANGE = r"(?:\s*(?:-|\u2010|\u2011|\u2012|\u2013|\u2014|to|and|through|until|,)\s*)"
_MONTH_DAYS = re.compile(rf"{_MONTH_WORD}\s+((?:\d{{1,2}}(?:st|nd|rd|th)?{_RANGE}?)+)(?!\d)", re.I)
_DAYS_MONTH = re.compile(
    rf"\b((?:\d{{1,2}}(?:st|nd|rd|th)?{_RANGE}?)+)\s+(?:of\s+)?{_MONTH_WORD}", re.I
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
    texts = [*sources, question]
    values = {value for text in texts for value, _ in numbers(text)}
    days = {day for text in texts for day in _days(text)}
    months = {month for month, _ in days} | {m for text in texts for m in _months(text)}
    words = {form for text in texts for word in tokens(text) for form in _name_forms(word)}
    missing = [f"{value:f}" for value in asserted.numbers - values]
    missing += [f"{month} {day}" for month, day in asserted.days - days]
    missing += list(asserted.months - months)
    missing += [name for name in asserted.names if not _name_forms(name) & words]
    return sorted(missing)


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
    for match in re.finditer(r"(?:(?:[A-Za-z]\.){2,}|[^\W_]+(?:['’]\w+)?)", text):
        [word] = tokens(match[0]) or [""]
        lower = word.casefold()
        if not word[:1].isupper() or len(word) < 2 or lower in FUNCTION_WORDS:
            continue
        if lower in _WORD_NUMBERS or lower in _SCALES or lower in _MONTH_WORDS:
            continue
        opens = not re.search(r"[^\W_]", text[: match.start()])
        if opens and (lower.endswith(("ly", "ing", "ed")) or lower in _OPENERS):
            continue
        names.add(word)
    return names


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
