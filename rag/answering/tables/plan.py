"""What a question asks to be computed from a table: of which column, and over which rows.

Each of its words has to be told by the table: as a word of a column's head, a value, a time, a
bound, or a word of what the table is called; or it is one that such questions have in common. Where
a word is left the question asks for more than the table has, and nothing is computed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, prod, sqrt

from rag.answering.tables.columns import YEARS, Column, Sheet, stem_of
from rag.asking.route import request_words, telling_words
from rag.asking.when import Period, asked_time, overlap
from rag.languages import (
    FUNCTION_WORDS,
    GROUPING,
    TIME_UNITS,
    Bound,
    bounds,
    degree,
    times,
)
from rag.languages.english_words import WORD_NUMBERS

Alike = Callable[[Sequence[str], Sequence[str]], Sequence[Sequence[float]]]
"""Tells how alike in meaning each of some texts is to each of others, from -1 to 1."""

SAME_MEANING = 0.7
"""From how alike a question's words and a head are that say the same in other words, by the default
embedding: “weigh” and “body mass” are .78, two words that have nothing in common about .55."""

SAME_THING = 0.8
"""The same of what is counted: “vehicles” and “cars” are .90, “lifeboats” and “titanic” .72."""

CLEARLY = 0.03
"""By how much the head that is meant has to be more alike than any other."""

CELL = "cell"
"""What is asked for where nothing is computed: the one cell of a row and a column."""

PLAIN = 0.5
"""The probability from which the router alone tells that something is to be computed."""

SURE = 0.9
"""The probability that what is computed needs, against all else that may be computed. Of 91
messages that were not learned from and have a word that tells it, 85 reach it, all rightly."""

SELDOM = 0.02
"""How often a superlative asks for anything but the end that it names."""

LEAST_SHARE = 0.3
"""The share of a head that has to be named, weighted by how few heads have its words."""

SHORT = 3
"""Letters of a head's word from which it may stand for a longer one: “temp”, “pop”, “max”. What
has fewer is a unit, “mm”. Letters behind a value, at most, that make another word of it:
“African”, “sunny”."""

KINDS = 50
"""Different values of a column, at most, that are kinds of things and not names of single ones."""

LONGEST_VALUE = 8
"""Words of a value that a question names, at most."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What the rows have in common that a question is about, and how that is said."""

    column: Column
    said: str
    rows: frozenset[int]
    partly: bool = False
    """Whether the question names only a part of the value."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be computed, or looked up: `how` of a column's values, over some rows of a sheet.

    Without a column the rows are counted. `told_by` is the column that names what is asked for.
    `explained` is how many of the question's words the sheet has.
    """

    sheet: Sheet
    how: str
    column: Column | None
    told_by: Column
    conditions: tuple[Condition, ...]
    rows: tuple[int, ...]
    explained: int


def plan(question: str, likely: Mapping[str, float], sheet: Sheet, alike: Alike) -> Plan | None:
    """Return what a question asks to be computed of a sheet; None where that is not sure.

    `likely` is how likely it is to be the highest, the lowest, how many, the sum or the mean.
    """
    asked = _Asked(question, sheet)
    limits = asked.take_bounds()
    conditions = [*asked.take_values(), *asked.take_times(), *asked.take_numbers()]
    how = asked.decide(likely, limits) or CELL
    asked.how = how
    used = [each.column for each in conditions] if how == CELL else None
    measure = asked.measure(alike, used) if limits or how != "count" else None
    if (measure is None) != (how == "count" and not limits) or (limits and how != "count"):
        return None
    if measure and limits:
        conditions.append(_within(measure, limits))
    told_by = asked.told_by(measure)
    if told_by and any(each.partly and each.column is told_by for each in conditions):
        conditions = [each for each in conditions if each.column is not told_by]
    if not asked.is_understood(measure, told_by, alike):
        return None
    column = told_by if how == "count" else measure
    if how == "count" and told_by and told_by.amounts:
        return None  # “How many inhabitants” is no number of rows.
    every = range(len(sheet.rows))
    rows = tuple(at for at in every if all(at in each.rows for each in conditions))
    if not rows or (how == CELL and len(rows) > 1):
        return None
    if len(rows) == 1 and how != "count":
        how = CELL  # Of one value nothing is computed.
    words = [each for each in asked.columns if not each.amounts]
    named = told_by or next(iter(words), sheet.columns[0])
    return Plan(sheet, how, column, named, tuple(conditions), rows, asked.explained)


@dataclass(slots=True)
class _Token:
    """A word of the question. It is `taken` once it is known what it stands for."""

    text: str
    stem: str
    start: int
    end: int
    taken: bool = False


class _Asked:
    """A question, read against a sheet: what is found in it takes its words away."""

    def __init__(self, question: str, sheet: Sheet) -> None:
        self.text = re.sub(r"['’]s\b", "  ", question)
        self.how, self.sheet = "", sheet
        found = re.finditer(r"[^\W_]+", self.text)
        self.tokens = [_Token(each[0], stem_of(each[0]), *each.span()) for each in found]
        numbers = [each for each in sheet.columns if each.numbers_rows]
        called = " ".join([sheet.title, *(each.head for each in numbers)])
        self.names = re.findall(r"\w+", _in_words(called))
        self.columns = [each for each in sheet.columns if not each.numbers_rows]
        self.title = frozenset(map(stem_of, self.names))
        self.explained = 0
        self.units: set[int] = set()
        heads = Counter(word for each in self.columns for word in set(each.words))
        self.weights = {word: log(1 + len(self.columns) / n) for word, n in heads.items()}

    def _take(self, places: Iterable[int]) -> None:
        for at in places:
            self.explained += not self.tokens[at].taken
            self.tokens[at].taken = True

    def _inside(self, start: int, end: int) -> list[int]:
        tokens = enumerate(self.tokens)
        return [at for at, each in tokens if start <= each.start and each.end <= end]

    # --- which rows

    def take_bounds(self) -> tuple[Bound, ...]:
        timed = any(each.periods for each in self.columns)
        found = tuple(each for each in bounds(self.text) if not (timed and self._is_years(each)))
        for each in found:
            inside = self._inside(each.start, each.end)
            self._take(inside)
            if inside and self.tokens[inside[-1]].text[0].isdigit():
                self.units.add(inside[-1] + 1)
        return found

    def _is_years(self, bound: Bound) -> bool:
        """Whether a bound is of two years: “between 2016 and 2018”."""
        years = [
            each
            for each in self._inside(bound.start, bound.end)
            if self.tokens[each].text.isdigit()
        ]
        return len(years) > 1 and all(
            YEARS[0] <= int(self.tokens[each].text) <= YEARS[1] for each in years
        )

    def take_values(self) -> list[Condition]:
        """Take the values that the question names, the longest ones first."""
        words = [each for each in self.columns if not each.amounts]
        found: dict[str, list[tuple[Column, tuple[str, ...], bool]]] = {}
        for size in range(min(LONGEST_VALUE, len(self.tokens)), 0, -1):
            for first in range(len(self.tokens) - size + 1):
                run = range(first, first + size)
                if any(self.tokens[at].taken for at in run) or self._says_nothing(run):
                    continue
                said = tuple(self.tokens[at].stem for at in run)
                holding = [each for each in words if said in each.rows_of]
                if len(holding) == 1 and not (size == 1 and holding[0].periods):
                    self._take_value(run, holding[0])
                    found.setdefault(holding[0].head, []).append((holding[0], said, False))
        for at, token in enumerate(self.tokens):
            known = self._says_nothing([at]) or self._heads_of(at) or token.stem in self.title
            if token.taken or known:
                continue
            part = [
                (column, value)
                for column in words
                if not column.periods
                for value in _values_like(column, token.stem, token.text.casefold())
            ]
            if len(part) == 1:
                self._take_value([at], part[0][0])
                whole = len(part[0][1]) == 1
                found.setdefault(part[0][0].head, []).append((*part[0], not whole))
        return [_is_one_of(each) for each in found.values()]

    def _take_value(self, run: Sequence[int], column: Column) -> None:
        """Take a value, and its column's head where that stands beside it: “Dream island”."""
        self._take(run)
        for at in (run[0] - 1, run[-1] + 1):
            beside = 0 <= at < len(self.tokens) and not self.tokens[at].taken
            if beside and column in self._heads_of(at):
                self._take([at])

    def _says_nothing(self, run: Iterable[int]) -> bool:
        """Whether words are of every question, and so no value of a column."""
        return all(
            self.tokens[at].text.casefold() in FUNCTION_WORDS
            or self.tokens[at].stem in _request_stems()
            for at in run
        )

    def take_times(self) -> list[Condition]:
        """Take the time that the question names, where one column has times."""
        columns = [each for each in self.columns if each.periods]
        rest = self.text
        for each in self.tokens:
            if each.taken:
                rest = rest[: each.start] + " " * (each.end - each.start) + rest[each.end :]
        days = [day for each in columns for day in each.periods if day]
        if len(columns) != 1 or not days or not times(rest).times:
            return []
        covered = (min(day[0] for day in days), max(day[1] for day in days))
        asked = asked_time(rest, covered, lambda *_: None)
        if asked is None or asked.count is not None:
            return []
        rows = _in_periods(columns[0].periods, asked.periods)
        if rows is None:
            return []
        left = Counter(re.findall(r"[^\W_]+", times(rest).left))
        for at in reversed(range(len(self.tokens))):
            token = self.tokens[at]
            if not token.taken and not left[token.text]:
                self._take([at])
            left[token.text] -= not token.taken
        said = " or ".join(map(_period_in_words, asked.periods))
        return [Condition(columns[0], f"“{columns[0].head}” is {said}", rows)]

    def take_numbers(self) -> list[Condition]:
        """Take numbers that stand beside the head of a column that has them: “8 cylinders”."""
        found = []
        for at, token in enumerate(self.tokens):
            if token.taken or not token.text.isdigit():
                continue
            near = [each for each in (at - 1, at + 1, at - 2) if 0 <= each < len(self.tokens)]
            beside = ((each, column) for each in near for column in self._heads_of(each))
            for each, column in beside:
                rows = _equal(column, token.text)
                if rows:
                    self._take([at, each])
                    found.append(Condition(column, f"“{column.head}” is {token.text}", rows))
                    break
        return found

    # --- what of them

    def decide(self, likely: Mapping[str, float], limits: Sequence[Bound]) -> str | None:
        """Return what is to be computed: by the router, and the words that tell it.

        A word of a column's head tells nothing: “the lowest maximum temperature”.
        """
        words = [
            token.text.casefold()
            for at, token in enumerate(self.tokens)
            if not token.taken and not self._heads_of(at)
        ]
        telling = [telling_words()[word] for word in words if word in telling_words()]
        degrees = {degree(word) for word in words} - {None} if not limits else set()
        if degrees:
            meant = {"highest" if each else "lowest" for each in degrees}
            telling.append({how: 1.0 if how in meant else SELDOM for how in likely})
        if not telling and sum(likely.values()) < PLAIN:
            return None
        # The network is surer than it is right, and the words count as much.
        if not likely:
            return None
        told = {how: sqrt(p) * prod(each[how] for each in telling) for how, p in likely.items()}
        best = max(told, key=lambda how: told[how])
        return best if told[best] >= SURE * sum(told.values()) else None

    # --- which columns

    def _named(self, column: Column) -> dict[str, list[int]]:
        """Return the words of a column's head that the question has, each with its places."""
        words = [word for word in column.words if _is_telling(word)] or list(column.words)
        found: dict[str, list[int]] = {}
        for word in words:
            for at, token in enumerate(self.tokens):
                joined = token.stem + "".join(each.stem for each in self.tokens[at + 1 : at + 2])
                if token.taken:
                    continue
                if _stands_for(word, token.stem, token.text.casefold()):
                    found.setdefault(word, []).append(at)
                elif len(word) > len(token.stem) and joined.startswith(word):
                    found.setdefault(word, []).extend((at, at + 1))
        return found

    def _heads_of(self, at: int) -> list[Column]:
        """Return the columns whose head has a word of the question."""
        token = self.tokens[at]
        return [
            column
            for column in self.columns
            if any(
                _stands_for(word, token.stem, token.text.casefold())
                for word in column.words
                if _is_telling(word)
            )
        ]

    def measure(self, alike: Alike, used: Sequence[Column] | None = None) -> Column | None:
        """Return the column of amounts that is meant, by its head's words or else their meaning.

        For a single cell it is any column but those that are `used` to find the row.
        """
        columns = [
            each
            for each in self.columns
            if (each.amounts if used is None else not any(each is other for other in used))
        ]
        shares = [self._share(each) for each in columns]
        best = max(shares, default=(0.0, 0.0))
        if best[1] >= LEAST_SHARE:
            columns = [each for each, share in zip(columns, shares, strict=True) if share == best]
        least = SAME_MEANING if best[1] < LEAST_SHARE else -1.0
        if len(columns) > 1 or least > 0:
            columns = self._alike(columns, alike, least)
        if len(columns) != 1:
            return None
        self._take(at for places in self._named(columns[0]).values() for at in places)
        return columns[0]

    def _share(self, column: Column) -> tuple[float, float]:
        """Return how much of a head is named: the weight of its words, and that as a share."""
        telling = [word for word in column.words if _is_telling(word)] or list(column.words)
        named = sum(self.weights[word] for word in self._named(column))
        return round(named, 6), round(named / (sum(self.weights[w] for w in telling) or 1), 6)

    def _alike(self, columns: Sequence[Column], alike: Alike, least: float) -> list[Column]:
        """Return the column whose head means what is left of the question, where that is clear."""
        left = [at for at, each in enumerate(self.tokens) if not each.taken]
        told = (self._says_nothing([at]) or self._names(at) or at in self.units for at in left)
        left = [at for at, known in zip(left, told, strict=True) if not known]
        words = " ".join(self.tokens[at].text for at in left)
        if not words or not columns:
            return []
        [found] = alike([words], [_in_words(each.head) for each in columns])
        first, *others = sorted(found, reverse=True)
        if first < least or (others and first - others[0] < CLEARLY):
            return []
        return [columns[list(found).index(first)]]

    def _names(self, at: int) -> bool:
        """Whether a word is of what the table, or a column without amounts, is called."""
        heads = self._heads_of(at)
        return self.tokens[at].stem in self.title or any(not each.amounts for each in heads)

    def told_by(self, measure: Column | None) -> Column | None:
        """Return the column that names what is asked for: the one whose head comes first."""
        places: dict[int, Column] = {}
        for column in self.columns:
            if column is not measure:
                for at in (at for each in self._named(column).values() for at in each):
                    if at not in self.units:
                        places.setdefault(at, column)
        timed = [each for each in self.columns if each.periods]
        for at, token in enumerate(self.tokens):
            asks = token.text.casefold() in TIME_UNITS and not token.taken
            if asks and len(timed) == 1 and at not in self.units:
                places.setdefault(at, timed[0])
        if not places:
            return None
        column = places[min(places)]
        self._take(at for at, each in places.items() if each is column)
        return column

    # --- is that all?

    def is_understood(self, measure: Column | None, told_by: Column | None, alike: Alike) -> bool:
        """Whether no word is left that might be another condition."""
        left = [at for at, each in enumerate(self.tokens) if not each.taken and self._tells(at)]
        in_title = [at for at in left if self.tokens[at].stem in self.title]
        self._take(in_title)
        left = [at for at in left if at not in in_title]
        if any(self._is_strict(at) for at in left):
            return False
        heads = [_in_words(each.head) for each in (measure, told_by) if each]
        close = alike([self.tokens[at].text for at in left], [*heads, *self.names]) if left else ()
        least = SAME_THING if self.how == "count" else SAME_MEANING
        return all(max(row) >= least for row in close)

    def _tells(self, at: int) -> bool:
        """Whether a word says something that not every such question says."""
        word = self.tokens[at].text.casefold()
        if at in self.units and not any(each.amounts for each in self._heads_of(at)):
            return False
        told = self._says_nothing([at]) or degree(word) is not None
        return word in GROUPING or bool(self._heads_of(at)) or not told

    def _is_strict(self, at: int) -> bool:
        """Whether a word has to be found as it is: a number, a name, another column's head."""
        text = self.tokens[at].text
        word = text.casefold()
        named = text[0].isupper() and at > 0
        number = text[0].isdigit() or word in WORD_NUMBERS
        return named or number or word in GROUPING or bool(self._heads_of(at))


def _is_telling(word: str) -> bool:
    return word.isdigit() or (len(word) >= SHORT and word not in FUNCTION_WORDS)


def _stands_for(word: str, stemmed: str, text: str) -> bool:
    """Whether a head's word is a word of the question, one of them shortened or not."""
    if word in (stemmed, text):
        return True
    if text in FUNCTION_WORDS or word.isdigit() or text.isdigit():
        return False
    short, long = sorted((word, stemmed), key=len)
    return len(short) >= SHORT + (short is stemmed) and long.startswith(short)


def _values_like(column: Column, stemmed: str, text: str) -> set[tuple[str, ...]]:
    """Return the values of kinds that a word is a part of, or that it is made of (“sunny”)."""
    if len(stemmed) < SHORT or text in FUNCTION_WORDS or text.isdigit():
        return set()
    found = set(column.values_with.get(stemmed, ()))
    few = len(column.rows_of) <= KINDS
    found = {each for each in found if few or len(each) <= 2}
    for value in column.rows_of if few and not found else ():
        [whole, *more] = value
        made = text.startswith(whole) and len(text) - len(whole) <= SHORT
        if not more and len(whole) >= SHORT and made:
            found.add(value)
    return found


def _is_one_of(values: Sequence[tuple[Column, tuple[str, ...], bool]]) -> Condition:
    """Return the condition that a column has one of some values."""
    column = values[0][0]
    rows = [column.rows_of[value] for _, value, _ in values]
    said = [f"“{column.texts[min(each)]}”" for each in rows]
    partly = any(each for _, _, each in values)
    told = f"“{column.head}” is {' or '.join(dict.fromkeys(said))}"
    return Condition(column, told, frozenset().union(*rows), partly)


def _equal(column: Column, digits: str) -> frozenset[int]:
    if column.amounts:
        return frozenset(at for at, each in enumerate(column.amounts) if each == int(digits))
    return column.rows_of.get((digits,), frozenset())


_SIGNS: Mapping[str, str] = {
    "more": "more than",
    "least": "at least",
    "less": "less than",
    "most": "at most",
}


def _within(column: Column, limits: Sequence[Bound]) -> Condition:
    rows = frozenset(
        at
        for at, each in enumerate(column.amounts)
        if each is not None and all(limit.holds(each) for limit in limits)
    )
    said = " and ".join(f"{_SIGNS[each.sense]} {each.value:,f}" for each in limits)
    return Condition(column, f"“{column.head}” is {said}", rows)


def _in_periods(found: Sequence[Period | None], asked: Sequence[Period]) -> frozenset[int] | None:
    """Return the rows whose time lies in one of some times; None where one lies in it by half."""
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
        return f"until {last}"
    return f"from {first} on" if last.year == 9999 else f"from {first} to {last}"


def _in_words(head: str) -> str:
    """Return a head as people would say it: “life Exp” for “lifeExp”."""
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", head)).strip()


@lru_cache(maxsize=1)
def _request_stems() -> frozenset[str]:
    return frozenset(map(stem_of, request_words("compute")))
