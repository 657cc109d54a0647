"""What a word means in a table: the head of a column, or a value, by how alike vectors are.

A word means what is most alike only where that is clear of all else that it may mean.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence

from rag.answering.tables.cells import stems
from rag.answering.tables.columns import Column
from rag.languages.english_amounts import dimension

Alike = Callable[[Sequence[str], Sequence[str]], Sequence[Sequence[float]]]
"""Tells how alike in meaning each of some texts is to each of others, from -1 to 1."""

SAME_MEANING = 0.7
"""From how alike a question's words and a head are that say the same in other words, by the default
embedding: “weigh” and “body mass” are .78, two words that have nothing in common about .55."""

SAME_MEASURE = 0.8
"""The same of nouns and verbs: “rain” and “precipitation” are .86, “weight” and “height” .78."""

NEAR_MEASURE = 0.75
"""The same where no other head is nearly as alike: “hp” and “horsepower” are .79, all else .6."""

SAME_VALUE = 0.8
"""From how alike a word and a value are that mean the same: “women” and “Female” are .85, “Korean”
and “Japan” .67."""

CLEARLY = 0.03
"""By how much the head that is meant has to be more alike than any other."""

BY_FAR = 0.1
"""By how much a value, or a head that is only near, has to be: “meals” is as much “Lunch” as
“Dinner”, and “unmarried” as much “Married” as “Single”."""

MOST_VALUES = 100
"""Values of a table that a word is compared with, at most."""

CALENDAR = tuple(name.casefold() for name in (*calendar.day_name, *calendar.month_name) if name)
"""The names of days and months. Each is as like the next one as its own abbreviation."""


def in_words(head: str) -> str:
    """Return a head as people would say it: “life Exp” for “lifeExp”."""
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", head)).strip()


def head_meant(
    words: str, columns: Sequence[Column], alike: Alike, least: float = NEAR_MEASURE
) -> Column | None:
    """Return the column whose head some words mean, where that is clear of all other heads.

    It is alike by `least` where no other is nearly as alike.
    """
    if not columns or not words:
        return None
    [row] = alike([words], [in_words(each.head) for each in columns])
    at = max(range(len(columns)), key=lambda each: row[each])
    clear = row[at] - max((*row[:at], *row[at + 1 :]), default=row[at])
    same = row[at] >= SAME_MEASURE and (clear >= CLEARLY or len(columns) == 1)
    near = row[at] >= least and clear >= BY_FAR
    return columns[at] if (same or near) and may_measure(words, columns[at]) else None


def may_measure(words: str, column: Column) -> bool:
    """Whether words and a head do not name two measures: “width” is no “height”."""
    said = {dimension(each) for each in words.split()} - {None}
    return not said or {dimension(each) for each in in_words(column.head).split()} - {None} <= said


def value_meant(
    word: str, columns: Sequence[Column], alike: Alike
) -> tuple[Column, tuple[str, ...]] | None:
    """Return the column and the stems of its value that a word means: “women” is “Female”.

    Not where the word as well means the head of another column: then it may speak of that.
    """
    kinds = [each for each in columns if each.has_kinds]
    values = [(each, text) for each in kinds for text in each.groups if len(text) > 1]
    named = word.isdigit() or word.casefold().removesuffix("s") in CALENDAR
    if named or not 0 < len(values) <= MOST_VALUES:
        return None
    [row] = alike([word], [text for _, text in values])
    at = max(range(len(values)), key=lambda each: row[each])
    column, text = values[at]
    others = [near for near, (_, other) in zip(row, values, strict=True) if other != text]
    heads = [in_words(each.head) for each in columns if each is not column]
    other = max(alike([word], heads)[0], default=0.0) if heads else 0.0
    clear = row[at] - max(others, default=0.0) >= BY_FAR and other < SAME_MEANING
    return (column, stems(text)) if row[at] >= SAME_VALUE and clear else None


def abbreviated(word: str, column: Column) -> tuple[str, ...] | None:
    """Return the stems of the value that shortens the name of a day or a month: “Sun”."""
    name = word.casefold().removesuffix("s")
    if name not in CALENDAR or not column.has_kinds:
        return None
    short = (each for each in column.rows_of if len(each) == 1 and len(each[0]) > 2)
    return next((each for each in short if name.startswith(each[0])), None)
