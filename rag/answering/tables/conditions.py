"""Which rows of a table a question is about: those with values, times and amounts that it names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.answering.tables.cells import stems
from rag.answering.tables.columns import KINDS, YEARS, Column
from rag.answering.tables.question import SAME_MEANING, SHORT, UNITS, Asked, Token
from rag.asking.when import Period, asked_time, overlap
from rag.languages import FUNCTION_WORDS, TABLE_WORDS, Bound, bounds, times
from rag.languages.english_words import WORD_NUMBERS

LONGEST_VALUE = 8
"""The most words of a value that are matched in a question."""

NEAR = 3
"""How many words before a value may contain the one that negates it: “not from the north”."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What the rows that a question is about have in common, and how the answer says so.

    `at` is the position of its first word in the question. `parts` has the rows of each value, if
    values are named. `partly` means that the question has only a part of a value, and
    `tells_whether` that the column is a yes/no column.
    """

    column: Column
    said: str
    rows: frozenset[int]
    at: int
    parts: tuple[tuple[str, frozenset[int]], ...] = ()
    partly: bool = False
    tells_whether: bool = False
    is_time: bool = False
    is_bound: bool = False


def find_conditions(asked: Asked) -> list[Condition] | None:
    """Take all that the question says about the rows, except bounds.

    Returns None if it names several values of one column that are not joined, as by “and”.
    """
    values = _values(asked)
    if values is None:
        return None
    found = [*values, *_told_whether(asked), *_times(asked), *_numbers(asked)]
    return [_maybe_not(asked, each) for each in found]


# --- values


@dataclass(frozen=True, slots=True)
class _Value:
    column: Column
    words: tuple[str, ...]
    at: int
    partly: bool = False


def _values(asked: Asked) -> list[Condition] | None:
    """Take the values that the question names, the longest ones first."""
    tokens, words = asked.tokens, [each for each in asked.columns if not each.amounts]
    found: list[_Value] = []
    for size in range(min(LONGEST_VALUE, len(tokens)), 0, -1):
        for first in range(len(tokens) - size + 1):
            run = range(first, first + size)
            if any(tokens[at].taken for at in run) or asked.says_nothing(run):
                continue
            text = asked.text[tokens[first].start : tokens[first + size - 1].end]
            said = stems(text)
            holding = [each for each in words if said in each.rows_of and not each.whether]
            if len(holding) > 1:
                holding = _with_head_beside(asked, run, holding) or [
                    each for each in holding if text.casefold() in each.wordings
                ]
            if len(holding) == 1 and not (size == 1 and holding[0].periods):
                _take_value(asked, run, holding[0])
                found.append(_Value(holding[0], said, first))
    for at, token in enumerate(tokens):
        known = asked.says_nothing([at]) or asked.heads_of(at) or token.stem in asked.title
        if token.taken or known:
            continue
        part = [
            (column, value)
            for column in words
            if not column.periods and not column.whether
            for value in _values_like(column, token, named=at > 0 and token.text[0].isupper())
        ]
        if len(part) == 1:
            column, value = part[0]
            _take_value(asked, [at], column)
            found.append(_Value(column, value, at, partly=len(value) > 1))
    by_column: dict[int, list[_Value]] = {}
    for each in found:
        by_column.setdefault(asked.columns.index(each.column), []).append(each)
    named = [sorted(each, key=lambda value: value.at) for each in by_column.values()]
    if not all(_stand_together(asked, one, two) for each in named for one, two in pairwise(each)):
        return None
    return [_is_one_of(asked, each) for each in named]


def _stand_together(asked: Asked, one: _Value, other: _Value) -> bool:
    """Whether two values of a column are named together: “Asia and Africa”, “Asia, Africa”."""
    first, last = asked.tokens[one.at], asked.tokens[other.at]
    between = asked.tokens[one.at + 1 : other.at]
    joined = any(each.word in TABLE_WORDS.joints for each in between)
    return joined or "," in asked.text[first.end : last.start]


def _with_head_beside(asked: Asked, run: Sequence[int], columns: Sequence[Column]) -> list[Column]:
    """Return the columns whose head is next to a value."""
    beside = [at for at in (run[0] - 1, run[-1] + 1) if 0 <= at < len(asked.tokens)]
    heads = [column for at in beside for column in asked.heads_of(at)]
    return [each for each in columns if any(each is head for head in heads)]


def _take_value(asked: Asked, run: Sequence[int], column: Column) -> None:
    """Take a value, and its column's head if that is next to it: “Dream island”."""
    asked.take(run)
    for at in (run[0] - 1, run[-1] + 1):
        beside = 0 <= at < len(asked.tokens) and not asked.tokens[at].taken
        if beside and any(each is column for each in asked.heads_of(at)):
            asked.take([at])


def _values_like(column: Column, token: Token, *, named: bool) -> set[tuple[str, ...]]:
    """Return the values, in columns of kinds, that a word is part of or derived from (“sunny”).

    A name may match any part of a value, any other word only the first: “companies” does not mean
    “oil companies”.
    """
    text = token.word
    if len(token.stem) < SHORT or text in FUNCTION_WORDS or text.isdigit():
        return set()
    found = set(column.values_with.get(token.stem, ()))
    few = len(column.rows_of) <= KINDS
    found = {each for each in found if few or len(each) <= 2}
    found = {each for each in found if named or each[0] == token.stem}
    for value in column.rows_of if few and not found else ():
        [whole, *more] = value
        made = text.startswith(whole) and len(text) - len(whole) <= SHORT
        if not more and len(whole) >= SHORT and made:
            found.add(value)
    return found


def _is_one_of(asked: Asked, values: Sequence[_Value]) -> Condition:
    """Return the condition that a column has one of these values."""
    column = values[0].column
    parts = {
        str(column.texts[min(rows)]): rows
        for rows in (column.rows_of[each.words] for each in values)
    }
    between = range(values[0].at, values[-1].at)  # “Asia or Africa” means both.
    asked.take(at for at in between if asked.tokens[at].word in TABLE_WORDS.restricting)
    return Condition(
        column,
        f"“{column.head}” is {' or '.join(f'“{each}”' for each in parts)}",
        frozenset().union(*parts.values()),
        values[0].at,
        tuple(parts.items()),
        partly=any(each.partly for each in values),
    )


# --- yes or no, and negation


def _told_whether(asked: Asked) -> list[Condition]:
    """Take the heads of yes/no columns: “paid”, “survived”."""
    found = []
    for column in asked.columns:
        named = asked.named(column)
        if column.whether and set(named) == set(column.words):
            asked.take_head(column)
            at = min(at for places in named.values() for at in places)
            value = str(column.texts[min(column.whether)])
            said = f"“{column.head}” is “{value}”"
            found.append(Condition(column, said, column.whether, at, tells_whether=True))
    return found


def _maybe_not(asked: Asked, condition: Condition) -> Condition:
    """Return the condition, or its negation if a word before it negates it.

    It is never negated if some rows have no value: these meet neither.
    """
    column, before = condition.column, range(max(condition.at - NEAR, 0), condition.at)
    denied = [at for at in before if asked.tokens[at].word in TABLE_WORDS.negations]
    between = range(denied[-1] + 1, condition.at) if denied else ()
    skipped = all(asked.tokens[at].word in FUNCTION_WORDS for at in between)
    if not denied or not skipped or None in column.texts:
        return condition
    asked.take(denied[-1:])
    rows = frozenset(range(len(column.texts))) - condition.rows
    said = condition.said.replace("” is ", "” is not ", 1)
    return replace(condition, said=said, rows=rows, parts=())


# --- times and numbers


def _times(asked: Asked) -> list[Condition]:
    """Take the time that the question names, if exactly one column has times."""
    columns = [each for each in asked.columns if each.periods]
    rest = asked.text
    for each in asked.tokens:
        if each.taken:
            rest = rest[: each.start] + " " * (each.end - each.start) + rest[each.end :]
    days = [day for each in columns for day in each.periods if day]
    if len(columns) != 1 or not days or not times(rest).times:
        return []
    covered = (min(day[0] for day in days), max(day[1] for day in days))
    wanted = asked_time(rest, covered, lambda *_: None)
    if wanted is None or wanted.count is not None:
        return []
    rows = _in_periods(columns[0].periods, wanted.periods)
    if rows is None:
        return []
    left, taken = Counter(re.findall(r"[^\W_]+", times(rest).left)), []
    for at in reversed(range(len(asked.tokens))):
        token = asked.tokens[at]
        if not token.taken and not left[token.text]:
            taken.append(at)
        left[token.text] -= not token.taken
    asked.take(taken)
    said = " or ".join(map(_period_in_words, wanted.periods))
    at = min(taken, default=0)
    return [Condition(columns[0], f"“{columns[0].head}” is {said}", rows, at, is_time=True)]


def _numbers(asked: Asked) -> list[Condition]:
    """Take numbers next to the head of a column that has them: “8 cylinders”."""
    found = []
    for at, token in enumerate(asked.tokens):
        number = token.text if token.text.isdigit() else str(WORD_NUMBERS.get(token.word, ""))
        if token.taken or not number:
            continue
        near = [each for each in (at - 1, at + 1, at - 2) if 0 <= each < len(asked.tokens)]
        beside = ((each, column) for each in near for column in asked.heads_of(each))
        for each, column in beside:
            if rows := _equal(column, number):
                asked.take([at, each])
                found.append(Condition(column, f"“{column.head}” is {number}", rows, at))
                break
    return found


def _equal(column: Column, digits: str) -> frozenset[int]:
    if column.amounts:
        return frozenset(at for at, each in enumerate(column.amounts) if each == int(digits))
    return column.rows_of.get((digits,), frozenset())


def _in_periods(found: Sequence[Period | None], asked: Sequence[Period]) -> frozenset[int] | None:
    """Return the rows whose time lies within a period; None if one lies only partly within."""
    rows = set()
    for at, own in enumerate(found):
        for each in asked if own else ():
            if own and each[0] <= own[0] and own[1] <= each[1]:
                rows.add(at)
            elif own and overlap(own, each):
                return None
    return frozenset(rows)


def _period_in_words(period: Period) -> str:
    first, last = period
    if first.year == last.year and (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return f"in {first.year}"
    if first == last:
        return f"{first}"
    if first.year == 1:
        return f"{last} or earlier"
    return f"{first} or later" if last.year == 9999 else f"from {first} to {last}"


# --- bounds


def take_bounds(asked: Asked) -> tuple[Bound, ...]:
    """Take the bounds that the question sets on amounts."""
    timed = any(each.periods for each in asked.columns)
    found = tuple(each for each in bounds(asked.text) if not (timed and _is_years(asked, each)))
    for each in found:
        inside = asked.inside(each.start, each.end)
        asked.take(inside)
        if inside and asked.tokens[inside[-1]].text[0].isdigit():
            asked.units.add(inside[-1] + 1)
    return found


def _is_years(asked: Asked, bound: Bound) -> bool:
    """Whether a bound is a span of years: “between 2016 and 2018”."""
    texts = [asked.tokens[each].text for each in asked.inside(bound.start, bound.end)]
    years = [text for text in texts if text.isdigit()]
    return len(years) > 1 and all(int(year) in YEARS for year in years)


def bounded(asked: Asked, limits: Sequence[Bound]) -> list[Condition] | None:
    """Return the conditions that bounds set, each on the column whose head is next to the bound.

    Returns None if a bound has no head next to it: then all are on the one column that the question
    is about.
    """
    by_column: dict[int, list[Bound]] = {}
    taken: list[tuple[Column, range, bool]] = []
    for limit in limits:
        inside = asked.inside(limit.start, limit.end)
        columns = [each for each in asked.columns if each.amounts]
        behind = _run(asked, inside[-1] + 1, 1)
        unit = {asked.tokens[at].word for at in behind[:1]}
        measured = [each for each in columns if unit & set(each.words)]
        if len(measured) == 1:  # “More than 5 kg” is on the only column in “kg”.
            taken.append((measured[0], behind[:1], True))
            by_column.setdefault(asked.columns.index(measured[0]), []).append(limit)
            continue
        # “More than 20 windows” is a bound on what follows, not on what comes before.
        runs = [behind] if behind and not unit & UNITS else [behind, _run(asked, inside[0] - 1, -1)]
        for run in runs:
            best, well = asked.best_named(columns, run)
            if well and len(best) > 1:  # “20 years since the degree”
                run = range(run.start, min(run.stop + NEAR, len(asked.tokens)))
                best, well = asked.best_named(best, run)
            best = best if well else asked.meant(columns, SAME_MEANING, run)
            if len(best) == 1:
                taken.append((best[0], run, well))
                by_column.setdefault(asked.columns.index(best[0]), []).append(limit)
                break
        else:
            return None
    for column, run, well in taken:
        if well:
            asked.take_head(column, run)
        else:
            asked.take(run)
    return [within(asked, asked.columns[at], each) for at, each in by_column.items()]


def _run(asked: Asked, first: int, step: int) -> range:
    """Return the run of words from a place to the next function word or word already taken.

    Backwards from a bound, function words are skipped first: “flippers that are longer than 200”.
    """
    tokens, at = asked.tokens, first
    while 0 <= at < len(tokens) and step < 0 and tokens[at].word in FUNCTION_WORDS:
        at += step
    end = at
    while 0 <= end < len(tokens) and not (tokens[end].word in FUNCTION_WORDS or tokens[end].taken):
        end += step
    return range(at, end) if step > 0 else range(end + 1, at + 1)


_SIGNS: Mapping[str, str] = {
    "more": "more than",
    "least": "at least",
    "less": "less than",
    "most": "at most",
}


def within(asked: Asked, column: Column, limits: Sequence[Bound]) -> Condition:
    """Return the condition that a column's amounts are within bounds."""
    rows = frozenset(
        at
        for at, each in enumerate(column.amounts)
        if each is not None and all(limit.holds(each) for limit in limits)
    )
    said = " and ".join(f"{_SIGNS[each.sense]} {each.value:,f}" for each in limits)
    at = min((at for each in limits for at in asked.inside(each.start, each.end)), default=0)
    return Condition(column, f"“{column.head}” is {said}", rows, at, is_bound=True)
