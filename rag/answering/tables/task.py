"""Which computation a question asks for: by the router, telltale words, and closed word classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod, sqrt

from rag.answering.tables.columns import Column
from rag.answering.tables.question import Asked, Token
from rag.asking.route import telling_words
from rag.languages import FUNCTION_WORDS, TABLE_WORDS, superlative
from rag.languages.english_words import ORDINALS, WORD_NUMBERS

CELL = "cell"
"""The task if nothing is computed: the question asks for the cell of one row and column."""

ORDERS = ("highest", "lowest")

OF_GROUPS = ("sum", "mean", "median", "count")
"""Statistics that can be computed for each of several groups, and by which groups are ranked."""

PLAIN = 0.5
"""The probability from which the router alone shows that something is to be computed."""

SURE = 0.9
"""The probability that a computation needs against all others that are possible."""

SELDOM = 0.02
"""How likely a superlative asks for anything but the extreme that it names."""

TELLING = 0.6
"""The share of a word's uses for one computation from which the word alone decides: “median”."""

MOST_RANKED = 30
"""The most rows that a question asks for by number: “the top 10”."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to compute.

    A `statistic` is "count", "sum", "mean", "median", "share", "difference", "range" or "cell". An
    `order` is "highest" or "lowest": it ranks values or, if there is a statistic, groups. `most`
    places are asked for, beginning with place `first`. `quantity` means that the question asks for
    the greatest number, “most”, and not for the greatest value. A difference may be one `of`
    statistics.
    """

    statistic: str | None
    order: str | None = None
    first: int = 1
    most: int = 1
    quantity: bool = False
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Rank:
    """The places of a ranking that are asked for: `most` places, beginning with `first`."""

    first: int
    most: int


@dataclass(frozen=True, slots=True)
class Group:
    """What a result is broken down by: each value of a column, or each year or month in it."""

    column: Column
    unit: str | None = None

    def rows(self, among: Sequence[int]) -> Mapping[str, tuple[int, ...]]:
        """Split rows by the group that they belong to."""
        if self.unit and self.column.periods:
            found: dict[str, list[int]] = {}
            for at in among:
                if day := self.column.periods[at]:
                    whole = day[0].isoformat()
                    found.setdefault(whole[: 4 if self.unit == "year" else 7], []).append(at)
            return {name: tuple(found[name]) for name in sorted(found)}
        some = set(among)
        parts = {name: tuple(sorted(rows & some)) for name, rows in self.column.groups.items()}
        return {name: rows for name, rows in parts.items() if rows}


def unit_of(token: Token) -> str | None:
    """Return the unit of time that a word asks for, if any."""
    in_years, in_months = token.word in TABLE_WORDS.years, token.word in TABLE_WORDS.months
    return "year" if in_years else "month" if in_months else None


def find_group(asked: Asked) -> Group | None:
    """Take what a result is asked for each of: “per species”, “by region”, “in every year”."""
    for at, token in enumerate(asked.tokens):
        if token.taken or token.word not in TABLE_WORDS.each | TABLE_WORDS.by:
            continue
        first = at + 1
        while first < len(asked.tokens) and asked.tokens[first].word in FUNCTION_WORDS:
            first += 1
        end = first
        while end < len(asked.tokens) and asked.tokens[end].word not in FUNCTION_WORDS:
            end += 1
        led = (each for each in range(at, first) if asked.tokens[each].word in TABLE_WORDS.each)
        run = range(first, end)
        columns, well = asked.best_named([each for each in asked.columns if each.groups], run)
        if well and len(columns) == 1:
            # What is counted may be described after it: “per island that lie in the north”.
            unit = next((u for each in run if (u := unit_of(asked.tokens[each]))), None)
            asked.take({at, *led})
            asked.take_head(columns[0], run)
            return Group(columns[0], unit if columns[0].periods else None)
        timed = [each for each in asked.columns if each.periods]
        if run and (unit := unit_of(asked.tokens[first])) and len(timed) == 1:
            asked.take({at, *led, first})
            return Group(timed[0], unit)
    return None


# --- which places


def find_rank(asked: Asked) -> Rank | None:
    """Take the number that goes with an order: “the top 3”, “the second highest”."""
    orders = [at for at in range(len(asked.tokens)) if _order(asked, at)]
    for at, token in enumerate(asked.tokens):
        if token.taken:
            continue
        behind = [each for each in orders if each > at]
        place = _place(token)
        if place and at + 1 in orders:
            asked.take([at])
            return Rank(place, 1)
        number = int(token.text) if token.text.isdigit() else WORD_NUMBERS.get(token.word, 0)
        if place or not 1 < number <= MOST_RANKED:
            continue
        following = asked.heads_of(at + 1) if at + 1 < len(asked.tokens) else []
        of = any(each.word == "of" for each in asked.tokens[max(at - 2, 0) : at])
        leads = behind and not of and not any(each.amounts for each in following)
        if {at - 1, at + 1} & set(orders) or leads:
            asked.take([at])
            return Rank(1, number)
    return None


def _place(token: Token) -> int | None:
    """Return the place that an ordinal names: “second”, “3rd”."""
    if token.word in ORDINALS:
        return WORD_NUMBERS[token.word]
    digits = token.word[:-2]
    return int(digits) if digits.isdigit() and token.word[-2:].isalpha() else None


def _order(asked: Asked, at: int) -> str | None:
    """Return the extreme that a word names: “oldest”, “least”, “top”."""
    token = asked.tokens[at]
    if token.taken:
        return None
    if token.word in TABLE_WORDS.most or token.word in TABLE_WORDS.least:
        return "highest" if token.word in TABLE_WORDS.most else "lowest"
    if (degree := superlative(token.word)) is not None:
        return "highest" if degree else "lowest"
    told = _told(token)
    return told if told in ORDERS else None


def _told(token: Token) -> str | None:
    """Return the computation that a word names all by itself, if any."""
    if token.word in TABLE_WORDS.many:
        return "count"
    shares = telling_words().get(token.word)
    if shares is None or token.word in FUNCTION_WORDS:
        return None
    best = max(shares, key=lambda how: shares[how])
    return best if shares[best] >= TELLING * sum(shares.values()) else None


# --- what


def find_task(
    asked: Asked, likely: Mapping[str, float], *, bounded: bool, rank: Rank | None
) -> Task | None:
    """Return what is to be computed, or that a cell is asked for; None if that is uncertain.

    Words of a column's head do not count: “the lowest maximum temperature”.
    """
    free = [
        at for at, token in enumerate(asked.tokens) if not token.taken and not asked.heads_of(at)
    ]
    # Even if the network expects no computation, words may ask for one.
    likely = likely or dict.fromkeys((*ORDERS, *OF_GROUPS, "share", "difference"), 0.01)
    words = [asked.tokens[at].word for at in free]
    telling = [telling_words()[word] for word in words if word in telling_words()]
    orders = {order for at in free if (order := _order(asked, at))}
    if len(orders) == 1 and not bounded:
        telling.append({how: 1.0 if how in orders else SELDOM for how in likely})
    by_word = {how for at in free if (how := _told(asked.tokens[at]))} | orders
    if not by_word and any(word in TABLE_WORDS.number for word in words):
        by_word = {"count"}
    unsure = None if by_word else Task(CELL)
    if not telling and not by_word and sum(likely.values()) < PLAIN:
        return unsure
    # The network is overconfident: its probability is damped, and the words count as much.
    told = {how: sqrt(p) * prod(each[how] for each in telling) for how, p in likely.items()}
    best = max(told, key=lambda how: told[how])
    sure = {best} if told[best] >= SURE * sum(told.values()) else set()
    if orders:  # A head's word is not a task: “the highest total sleep”.
        sure -= set(OF_GROUPS)
    ways = by_word | sure
    if not ways:
        return unsure
    quantity = any(word in TABLE_WORDS.most | TABLE_WORDS.least for word in words)
    return _joined(ways, rank or Rank(1, 1), quantity=quantity)


def _joined(ways: set[str], rank: Rank, *, quantity: bool) -> Task | None:
    """Return the task that several words name together: the highest mean, the difference of sums.

    Returns None if they do not go together.
    """
    orders, others = ways & set(ORDERS), ways - set(ORDERS)
    if "difference" in others and orders == set(ORDERS) and len(others) == 1:
        return Task("range")
    if "difference" in others and not orders and len(others) <= 2:
        of = next(iter(others - {"difference"}), None)
        return Task("difference", of=of) if of in (None, *OF_GROUPS) else None
    if "share" in others and not orders and others <= {"share", "sum", "count"}:
        return Task("share")
    if len(orders) > 1 or len(others) > 1 or (orders and not others <= set(OF_GROUPS)):
        return None
    order = next(iter(orders), None)
    return Task(next(iter(others), None), order, rank.first, rank.most, quantity)
