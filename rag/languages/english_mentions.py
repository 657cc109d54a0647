"""Facts at their places in an English text, among its other words.

The words around a number, a date or a name show whether another text says the same about it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rag.languages.english_tokens import (
    DAYS_MONTH,
    DIGITS,
    MONTH_DAYS,
    SPELLED,
    WORD,
    months_in,
    name_forms,
    names_in,
    number,
    only_opens,
    stem,
    tokens,
)
from rag.languages.english_words import NO_CONTENT, NOT_ASSERTED, UNITS_OF_MEASURE
from rag.languages.language import Facts, Kind, Mention, normal_form


@lru_cache(maxsize=256)
def mentions(text: str) -> tuple[Mention, ...]:
    """Return the facts and the other content words of a text, in its order."""
    found = _dates_at(text)
    found += [each for each in _numbers_at(text) if not _inside(each, found)]
    names = names_in(text)
    for match in WORD.finditer(text):
        [word] = tokens(match[0]) or [""]
        each = Mention("word", *match.span(), frozenset(), frozenset({stem(word), word.casefold()}))
        if word.casefold() in NO_CONTENT or _inside(each, found):
            continue
        opens = re.search(r"(?:^|[.!?][\"”’)]*\s|[“\"(])$", text[: match.start()])
        if word in names and not (opens and only_opens(word)):
            forms = name_forms(word)
            each = Mention("name", *match.span(), forms, forms, words=(forms,))
        found.append(each)
    return tuple(_whole_names(sorted(found, key=lambda each: each.start), text))


def facts(text: str) -> Facts:
    """Return the numbers, calendar days, months and proper names that a text asserts."""
    forms: dict[str, set[str]] = {"number": set(), "year": set(), "date": set(), "name": set()}
    for each in mentions(text):
        forms.get(each.kind, set()).update(each.asserts)
    return Facts(
        frozenset(forms["number"] | forms["year"]),
        frozenset(form for form in forms["date"] if " " in form),
        frozenset(form.split()[0] for form in forms["date"]),
        frozenset(forms["name"]),
    )


def missing_facts(sentence: str, sources: Sequence[str]) -> list[str]:
    """Return the facts of a sentence that none of the sources has, for people to read."""
    held = _held(sources)
    forms = {form for each in mentions(sentence) if each.kind != "name" for form in each.asserts}
    return sorted([*(forms - held), *missing_names(sentence, sources)])


def missing_names(sentence: str, sources: Sequence[str]) -> list[str]:
    """Return the words of a sentence's names that none of the sources has in any form."""
    held = _held(sources)
    return sorted(
        word
        for each in mentions(sentence)
        for word, forms in zip(tokens(sentence[each.start : each.end]), each.words, strict=False)
        if forms.isdisjoint(held)
    )


def _held(sources: Sequence[str]) -> frozenset[str]:
    return frozenset().union(*(each.holds for text in sources for each in mentions(text)))


def _dates_at(text: str) -> list[Mention]:
    found: list[Mention] = []
    for pattern, month_at, days_at in ((MONTH_DAYS, 1, 2), (DAYS_MONTH, 2, 1)):
        for match in pattern.finditer(text):
            month = match[month_at][:3].lower()
            days = [int(day) for day in re.findall(r"\d+", match[days_at])]
            forms = frozenset(f"{month} {day}" for day in days if 1 <= day <= 31)
            each = Mention("date", *match.span(), forms, forms | {month, *map(str, days)})
            if forms and not _inside(each, found):
                found.append(each)
    for match in re.finditer(r"\b[A-Z][a-z]+\b\.?", text):
        months = frozenset(months_in(match[0]))
        each = Mention("date", *match.span(), months, months)
        if months and not _inside(each, found):
            found.append(each)
    return found


_CLOCK = re.compile(r"(?<![\d:.,])(\d{1,2}):([0-5]\d)(?![\d:]|[.,]\d)")
"""A time of day, a score or a ratio, which is one fact: "7:45" does not assert the number 45."""


def _numbers_at(text: str) -> list[Mention]:
    found: list[Mention] = []
    for match in _CLOCK.finditer(text):
        hour = str(int(match[1]))
        forms = frozenset({hour if match[2] == "00" else f"{hour}:{match[2]}"})
        found.append(Mention("number", *match.span(), forms, forms))
    for pattern in (DIGITS, SPELLED):
        for match in pattern.finditer(text):
            value, written = number(match)
            year = re.fullmatch(r"(?:1[5-9]|20)\d\d", written) and match[0] == written
            forms = frozenset({normal_form(value)})
            asserts = frozenset[str]() if written in NOT_ASSERTED else forms
            start = match.start("digits") if pattern is DIGITS else match.start()
            unit = _unit(text, start, match.end())
            kind: Kind = "year" if year and unit is None else "number"
            each = Mention(kind, *match.span(), asserts, forms, unit)
            if match[0][0].isupper() and match[0][-1].isdigit() and "-" in match[0]:
                name = frozenset({match[0].casefold()})  # "DF-17" is a name.
                words = (frozenset({match[0].split("-")[0].casefold()}), forms)
                each = Mention("name", *match.span(), name, name.union(*words), words=words)
            if not _inside(each, found):
                found.append(each)
    return found


def _inside(each: Mention, others: list[Mention]) -> bool:
    return any(each.start < other.end and other.start < each.end for other in others)


def _whole_names(found: list[Mention], text: str) -> list[Mention]:
    """Join the words of one name, so that "Wang Yi" and "Wang" can be the same name."""
    joined: list[Mention] = []
    for each in found:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.kind == each.kind == "name"
            and re.fullmatch(r"[.\s]{0,2}", text[last.end : each.start])
        ):
            forms = last.holds | each.holds
            words = (*last.words, *each.words)
            joined[-1] = Mention("name", last.start, each.end, forms, forms, words=words)
        else:
            joined.append(each)
    return joined


_UNIT_OF = {word: line.split()[0] for line in UNITS_OF_MEASURE for word in line.split()}
_OF_TWO_WORDS = sorted((each.replace("-", " ") for each in _UNIT_OF if "-" in each), reverse=True)
_SIGNS = [re.escape(each) for each in _UNIT_OF if not each[0].isalpha()]
_UNIT_AFTER = re.compile(rf"[\s-]?({'|'.join(_OF_TWO_WORDS)}|[^\W\d_]+|{'|'.join(_SIGNS)})", re.I)


def _unit(text: str, start: int, end: int) -> str | None:
    """Return the unit of measure before or after a number, if it has one."""
    before = text[max(start - 1, 0) : start]
    after = _UNIT_AFTER.match(text, end)
    return _UNIT_OF.get(before) or (
        _UNIT_OF.get(after[1].lower().replace(" ", "-")) if after else None
    )


def worded_as(statement: str, text: str) -> str:
    """Return a statement with its numbers in the form in which a text has them."""
    there = [each for each in mentions(text) if each.kind == "number"]
    worded = statement
    for mine in reversed(mentions(statement)):
        start, end = _measure(statement, mine)
        same = {text[slice(*_measure(text, each))] for each in there if _same_measure(mine, each)}
        if mine.kind == "number" and same and statement[start:end] not in same:
            worded = worded[:start] + min(same) + worded[end:]
    return worded


def _same_measure(one: Mention, other: Mention) -> bool:
    return one.same(other) and one.unit == other.unit


def _measure(text: str, number: Mention) -> tuple[int, int]:
    """Return the place of a number with its unit."""
    if number.unit is None:
        return number.start, number.end
    before = _UNIT_OF.get(text[number.start - 1 : number.start])
    after = None if before else _UNIT_AFTER.match(text, number.end)
    return number.start - bool(before), after.end() if after else number.end
