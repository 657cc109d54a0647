"""A plan that a language model proposes: it holds only if the question grounds all of it.

The model tells which column or value is meant by words that the table does not have. What the
question says plainly has to be in the statement as it is said: numbers and bounds, times, what is
excluded, the places of an order, and what is to be computed. Each of the statement's columns and
values has to be named, or be what a word means; and no word may be left that means something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from rag.answering.tables.cells import period, stems
from rag.answering.tables.columns import KINDS, YEARS, Column, Sheet, in_year
from rag.answering.tables.conditions import (
    NEAR,
    Condition,
    maybe_not,
    take_bounds,
    take_times,
    within,
)
from rag.answering.tables.plan import Plan, common_rows, is_plain, names_of
from rag.answering.tables.question import CLEARLY, SAME_VALUE, Alike, Asked, in_words
from rag.answering.tables.statement import Clause, Item, Statement
from rag.answering.tables.task import (
    CELL,
    ORDERS,
    PLAIN,
    Group,
    Rank,
    Task,
    find_group,
    find_rank,
    find_task,
)
from rag.languages import TABLE_WORDS, Bound
from rag.languages.english_words import WORD_NUMBERS

STATISTICS = {"COUNT": "count", "SUM": "sum", "AVG": "mean", "MEDIAN": "median"}
ENDS = {"MAX": "highest", "MIN": "lowest"}
SIGNS = {">": "more", ">=": "least", "<": "less", "<=": "most"}

CLEARLY_VALUE = 0.1
"""By how much that value has to be more alike than any other: “women” and “Male” are .68."""

SAME_COLUMN = 0.7
"""From how alike a word and a head are that mean the same."""

SAME_AMOUNT = 0.79
"""The same of heads of amounts: “imports” and “exports” are .77, “weddings” and “marriages” .82."""

MOST_LEFT = 2
"""Words, at most, that say what the rows are and what is done with them, “people who work for us”:
the model has seen them, and made no condition of them."""

COMMON_START = 0.6
"""The share of the longer of two words from which they begin alike: “Japanese” and “Japan”."""


class _Shape(NamedTuple):
    """What a statement computes: of which column, for each of what, and what names it."""

    task: Task
    measure: Column | None = None
    group: Group | None = None
    told_by: Column | None = None


def proposed(
    statement: Statement, question: str, likely: Mapping[str, float], sheet: Sheet, alike: Alike
) -> Plan | None:
    """Return the plan that a statement is; None where the question does not ground all of it.

    `likely` is how likely each task is by the router.
    """
    shape = _shape(statement)
    if shape is None:
        return None
    task, measure, group, told_by = shape
    asked = Asked(question, sheet, alike)
    limits = take_bounds(asked)
    rank = find_rank(asked)
    each_of = find_group(asked)
    conditions = _conditions(asked, statement.where, limits)
    if conditions is None or (each_of and not _is_group(each_of, shape)):
        return None
    told = find_task(asked, likely, bounded=bool(limits), rank=rank)
    if told is None or not _agrees(told, shape, likely, rank):
        return None
    if group and not task.order and not each_of and not _take_each(asked):
        return None
    columns = [each.column for each in conditions]
    columns += [each for each in (measure, group and group.column, told_by) if each]
    named = [each for each in (measure, group and not each_of and group.column) if each]
    named += [each.column for each in conditions if each.is_bound]
    if task.statistic == "count" and told_by:
        named.append(told_by)
    if not all(_is_meant(asked, each, columns) for each in named):
        return None
    values = [str(each.column.texts[min(each.rows)]) for each in conditions if each.rows]
    if not _is_explained(asked, columns, values, rows_told=bool(conditions or group)):
        return None
    rows = common_rows(sheet, conditions)
    if not rows:
        return None
    return _fitting(asked, shape, conditions, rows)


# --- what is computed


def _shape(statement: Statement) -> _Shape | None:
    """Return what a statement computes; None where that is nothing that can be computed."""
    computed = [each for each in statement.select if each.function in STATISTICS | ENDS]
    plain = [each for each in statement.select if each not in computed]
    order, by = statement.order, None
    if order:
        by = ORDERS[0] if statement.descending else ORDERS[1]
    if len(plain) > 1 or len(computed) > 1:
        return None
    named = plain[0] if plain else None
    name = named.column if named else None
    if statement.group:
        return _of_groups(statement, statement.group, computed, by)
    if named and named.function:
        return None
    if order:
        if computed or order.column is None or not order.column.amounts or order.function:
            return None
        return _Shape(Task(None, by, most=statement.limit or 1), order.column, told_by=name)
    if not computed:
        return _Shape(Task(CELL), name) if name else None
    if named:
        return None
    [item] = computed
    if item.function in ENDS:
        return _Shape(Task(None, ENDS[item.function]), item.column)
    return _of(item)


def _of(item: Item) -> _Shape:
    if item.function == "COUNT":
        return _Shape(Task("count"), told_by=item.column)
    return _Shape(Task(STATISTICS[item.function]), item.column)


def _of_groups(
    statement: Statement, by: Item, computed: Sequence[Item], order: str | None
) -> _Shape | None:
    if by.column is None or by.function not in ("", "YEAR", "MONTH"):
        return None
    group = Group(by.column, by.function.lower() or None)
    item = statement.order or next(iter(computed), None)
    if item is None or item.function not in STATISTICS | ENDS:
        return None
    if item.function in ENDS:
        # Which group has the highest value is asked of rows; and both ends of it make no sense.
        if not order or ENDS[item.function] != order:
            return None
        return _Shape(Task(None, order, most=statement.limit or 1), item.column, None, by.column)
    whole = _of(item)
    task = Task(whole.task.statistic, order, most=statement.limit or 1 if order else 1)
    return _Shape(task, whole.measure, group, whole.told_by)


def _is_group(group: Group, shape: _Shape) -> bool:
    own = shape.group
    return own is not None and own.column is group.column and own.unit == group.unit


def _take_each(asked: Asked) -> bool:
    """Take the word that tells that something is asked for each of several things."""
    words = TABLE_WORDS.each | TABLE_WORDS.by
    at = next((at for at, t in enumerate(asked.tokens) if t.word in words and not t.taken), None)
    if at is not None:
        asked.take([at])
    return at is not None


def _agrees(told: Task, shape: _Shape, likely: Mapping[str, float], rank: Rank | None) -> bool:
    """Whether what the question's words tell, or else the router, is what a statement computes."""
    task = shape.task
    if (rank or Rank(1, 1)) != Rank(1, task.most) and task.order:
        return False
    if rank and not task.order:
        return False
    if told.statistic == CELL:
        how = task.statistic or task.order
        sure = likely and max(likely, key=lambda each: likely[each]) == how
        return how == CELL or (bool(sure) and likely[str(how)] >= PLAIN)
    if told.order != task.order:
        return False
    if told.statistic == task.statistic:
        return True
    if task.order:  # “Which team has the most goals?”
        return told.statistic is None and told.quantity and task.statistic in ("count", "sum")
    # “How many goals did they score?” is a sum, or stands in a cell.
    return told.statistic == "count" and task.statistic in ("sum", CELL)


# --- which rows


def _conditions(
    asked: Asked, where: Sequence[Clause], limits: Sequence[Bound]
) -> list[Condition] | None:
    """Return the conditions that the clauses are; None where the question does not say one."""
    found: list[Condition] = []
    bounded: dict[int, list[Bound]] = {}
    left = list(limits)
    for clause in where:
        if clause.column.periods:
            continue
        if clause.column.amounts and clause.sign in SIGNS:
            said = (SIGNS[clause.sign], Decimal(clause.values[0]))
            bound = next((each for each in left if (each.sense, each.value) == said), None)
            if bound is None:
                return None
            left.remove(bound)
            bounded.setdefault(asked.columns.index(clause.column), []).append(bound)
            continue
        condition = _number(asked, clause) if clause.column.amounts else _one_of(asked, clause)
        if condition is None:
            return None
        found.append(condition)
    if left:
        return None
    found += [within(asked, asked.columns[at], some) for at, some in bounded.items()]
    times = take_times(asked)
    timed = [each for each in where if each.column.periods]
    if bool(times) != bool(timed):
        return None
    if times:
        rows = [_in_time(each) for each in timed]
        if any(each is None for each in rows):
            return None
        same = frozenset.intersection(*(each for each in rows if each is not None))
        if any(each.column is not times[0].column for each in timed) or same != times[0].rows:
            return None
    return found + times


def _number(asked: Asked, clause: Clause) -> Condition | None:
    """Return the condition that a number is equal to one that the question has."""
    value = Decimal(clause.values[0])
    if clause.sign != "=" or len(clause.values) > 1:
        return None
    for at, token in enumerate(asked.tokens):
        number = token.text if token.text.isdigit() else WORD_NUMBERS.get(token.word)
        if not token.taken and number is not None and Decimal(number) == value:
            asked.take([at])
            rows = frozenset(i for i, each in enumerate(clause.column.amounts) if each == value)
            said = f"“{clause.column.head}” is {clause.values[0]}"
            return Condition(clause.column, said, rows, at, is_bound=True)
    return None


def _in_time(clause: Clause) -> frozenset[int] | None:
    """Return the rows whose time is as a clause says; None where it names no time."""
    text = clause.values[0]
    said = in_year(int(text)) if text.isdigit() and int(text) in YEARS else period(text)
    if said is None:
        return None
    first, last = said
    return frozenset(
        at
        for at, each in enumerate(clause.column.periods)
        if each
        and {
            "=": first <= each[0] and each[1] <= last,
            ">": each[0] > last,
            ">=": each[0] >= first,
            "<": each[1] < first,
            "<=": each[1] <= last,
        }[clause.sign]
    )


def _one_of(asked: Asked, clause: Clause) -> Condition | None:
    """Return the condition that a column has one of some values, or none of them."""
    column = clause.column
    parts: dict[str, frozenset[int]] = {}
    first = len(asked.tokens)
    for value in clause.values:
        rows = column.rows_of.get(stems(value))
        at = _ground(asked, column, value) if rows else None
        if rows is None or at is None:
            return None
        parts[str(column.texts[min(rows)])] = rows
        first = min(first, at)
    said = f"“{column.head}” is {' or '.join(f'“{each}”' for each in parts)}"
    found = Condition(column, said, frozenset().union(*parts.values()), first, tuple(parts.items()))
    if clause.sign == "=":
        return found
    denied = maybe_not(asked, found)
    return denied if denied is not found else None


def _ground(asked: Asked, column: Column, value: str) -> int | None:
    """Take the words that a value is named by; return the first of them, or None.

    They are words of it and of no other value of the column, or begin like it, or mean it.
    """
    if column.whether:
        return _ground_whether(asked, column, value)
    words, others = stems(value), [each for each in column.rows_of if each != stems(value)]
    free = [at for at, each in enumerate(asked.tokens) if not each.taken]
    named = [at for at in free if asked.tokens[at].stem in words and not asked.says_nothing([at])]
    held = {asked.tokens[at].stem for at in named}
    if named and (held == set(words) or not any(held <= set(each) for each in others)):
        asked.take(named)
        return named[0]
    free = [at for at in free if asked.tells(at)]
    for at in free:
        token = asked.tokens[at].stem
        if _begins_like(token, words) and not any(_begins_like(token, each) for each in others):
            asked.take([at])
            return at
    kinds = [min(rows) for rows in column.rows_of.values()]
    if not free or len(kinds) > KINDS:
        return None
    texts = [str(column.texts[at]) for at in kinds]
    own = list(column.rows_of).index(words)
    close = asked.alike([asked.tokens[at].text for at in free], texts)
    for at, row in zip(free, close, strict=True):
        rest = [each for where, each in enumerate(row) if where != own]
        if row[own] >= SAME_VALUE and row[own] - max(rest, default=0.0) >= CLEARLY_VALUE:
            asked.take([at])
            return at
    return None


def _ground_whether(asked: Asked, column: Column, value: str) -> int | None:
    """Take the words that name a column that tells whether something is so; they have to say so."""
    if value.casefold() not in TABLE_WORDS.yes:
        return None
    free = [at for at, each in enumerate(asked.tokens) if not each.taken]
    before = set(free)
    if not _is_meant(asked, column, [column]):
        return None
    return min((at for at in before if asked.tokens[at].taken), default=None)


def _begins_like(word: str, value: Sequence[str]) -> bool:
    """Whether a word and the first of a value begin alike: “Japanese”, “Japan”."""
    first = value[0]
    same = 0
    while same < min(len(first), len(word)) and first[same] == word[same]:
        same += 1
    return same > NEAR and same >= COMMON_START * max(len(first), len(word))


# --- which columns, and is that all?


def _is_meant(asked: Asked, column: Column, used: Sequence[Column]) -> bool:
    """Whether the question means a column, and none that the statement leaves out.

    Its head's words are taken, or the word that means it.
    """
    kind = [each for each in asked.columns if bool(each.amounts) == bool(column.amounts)]
    others = [each for each in kind if not any(each is one for one in used)]
    best, well = asked.best_named([column, *others])
    if well and len(best) == 1 and best[0] is column:
        asked.take_head(column)
        return True
    if any(each is not column for each in best) and well:
        return False
    if column.amounts and len(kind) == 1:
        return True
    free = [at for at, each in enumerate(asked.tokens) if not each.taken and _means(asked, at)]
    heads = [in_words(each.head) for each in (column, *others)]
    if not free:
        return False
    close = asked.alike([asked.tokens[at].text for at in free], heads)
    for at, row in zip(free, close, strict=True):
        least = SAME_AMOUNT if column.amounts and not asked.compares(at) else SAME_COLUMN
        if row[0] >= least and row[0] - max(row[1:], default=0.0) >= CLEARLY:
            asked.take([at])
            return True
    return False


def _means(asked: Asked, at: int) -> bool:
    return not asked.says_nothing([at]) and at not in asked.units


def _is_explained(
    asked: Asked, columns: Sequence[Column], values: Sequence[str], *, rows_told: bool
) -> bool:
    """Whether no word is left that means what the statement leaves out."""
    left = [at for at, each in enumerate(asked.tokens) if not each.taken and asked.tells(at)]
    titled = [at for at in left if asked.tokens[at].stem in asked.title]
    left = [at for at in left if at not in titled]
    if any(asked.is_strict(at) for at in left):
        return False
    used = [in_words(each.head) for each in columns] + list(values)
    others = [each for each in asked.columns if not any(each is one for one in columns)]
    texts = [*used, *asked.names, *(in_words(each.head) for each in others)]
    known = len(used) + len(asked.names)
    other = []
    for at in left:
        [row] = asked.alike([asked.tokens[at].text], texts)
        best, left_out = max(row[:known], default=0.0), max(row[known:], default=0.0)
        if left_out >= max(best, SAME_COLUMN):
            return False
        if best < SAME_COLUMN:
            other.append(asked.tokens[at].text)
    few = len(other) <= MOST_LEFT and rows_told and not titled
    return not other or (few and not asked.means_value(other))


def _fitting(
    asked: Asked, shape: _Shape, conditions: Sequence[Condition], rows: tuple[int, ...]
) -> Plan | None:
    """Return the plan for some rows; None where what it comes to may be meant otherwise."""
    task, measure, group, told_by = shape
    column = told_by if task.statistic == "count" else measure
    named = told_by or (group.column if group else names_of(asked, rows))
    found = Plan(asked.sheet, task, column, named, tuple(conditions), rows, asked.explained, group)
    if task.order and task.statistic:
        return found if group and len(group.rows(rows)) > 1 else None
    if group:
        return found
    if task.statistic == "count":
        return found
    if len(rows) == 1:
        return Plan(
            asked.sheet, Task(CELL), column, named, tuple(conditions), rows, asked.explained
        )
    if task.statistic == CELL or (task.order and told_by and not is_plain(found, Group(told_by))):
        return None
    return found
