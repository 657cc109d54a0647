"""What a question asks to be computed from a table: of which column, and over which rows.

The table must account for every word of the question: as a word of a column's head, a value, a
time, a bound, or a part of the table's name. Words that all such questions have in common do not
count. If any other word is left, the question asks for more than the table has, and nothing is
computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from rag.answering.tables.columns import YEARS, Column, Sheet
from rag.answering.tables.conditions import Condition, bounded, find_conditions, take_bounds, within
from rag.answering.tables.question import SAME_MEANING, Alike, Asked
from rag.answering.tables.task import CELL, Group, Task, find_group, find_rank, find_task, unit_of
from rag.languages import TABLE_WORDS
from rag.languages.english_words import singular

Part = tuple[str, tuple[int, ...]]
"""Some of the rows, with the value or year that sets them apart from the others."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compute or look up: `task`, applied to a column's values, over rows of a sheet.

    Without a column, the rows are counted. `told_by` is the column that names the things asked for,
    and `group` is set if something is computed for each value of a column. For a share, `part`
    holds the conditions of the part, and `rows` are the whole. For a difference, `two` are the
    parts compared. `explained` is how many of the question's words the sheet accounts for.
    """

    sheet: Sheet
    task: Task
    column: Column | None
    told_by: Column
    conditions: tuple[Condition, ...]
    rows: tuple[int, ...]
    explained: int
    group: Group | None = None
    part: tuple[Condition, ...] = ()
    two: tuple[Part, ...] = ()


def plan(question: str, likely: Mapping[str, float], sheet: Sheet, alike: Alike) -> Plan | None:
    """Return what a question asks to be computed from a sheet, or None if that is uncertain.

    `likely` is the router's probability for each task.
    """
    asked = Asked(question, sheet, alike)
    limits = take_bounds(asked)
    rank = find_rank(asked)
    group = find_group(asked)
    conditions = find_conditions(asked)
    if conditions is None:
        return None
    task = find_task(asked, likely, bounded=bool(limits), rank=rank)
    if task is None:
        return None
    own = bounded(asked, limits)
    if (rank and not task.order) or (own is None and task.statistic != "count"):
        return None
    if own is None:  # “How many are older than 60?” names no head: the bounds are on the measure.
        measure = _measure(asked)
        if measure is None:
            return None
        own = [within(asked, measure, limits)]
    else:
        measure = None if task.statistic == "count" else _measure_of(asked, task, conditions)
    conditions += own
    told_by = _told_by(asked, measure)
    if task.order and not task.statistic and measure is None and task.quantity:
        task = replace(task, statistic="count")  # “Which island has the most birds?”
    if task.statistic == "difference":
        _take_than(asked, conditions)
    heads = [each.column for each in own] + [each for each in (measure,) if each]
    heads += [told_by.column] if told_by else []
    rows_told = bool(conditions or group) and (measure is None or task.statistic != CELL)
    if not asked.is_understood(heads, counts=measure is None, rows_told=rows_told):
        return None
    if told_by and not task.order and task.statistic not in ("count", CELL):
        # Its head belongs to a value that was not found: “in district nine”.
        known = [each.column for each in conditions]
        named = told_by.column.groups and not told_by.column.periods
        if named and not any(each is told_by.column for each in known):
            return None
    column = None if task.statistic == "count" else measure
    return _assembled(asked, task, column, told_by, conditions, group)


# --- which columns


def _measure_of(asked: Asked, task: Task, conditions: Sequence[Condition]) -> Column | None:
    """Return the column that a task is computed on.

    A share may be a share of rows, so a column of amounts has to be named. A cell may be in any
    column except those that identify the row.
    """
    if task.statistic != CELL:
        return _measure(asked, named_only=task.statistic == "share")
    used = [each.column for each in conditions]
    return _measure(asked, [c for c in asked.columns if not any(c is each for each in used)])


def _measure(
    asked: Asked, columns: Sequence[Column] | None = None, *, named_only: bool = False
) -> Column | None:
    """Return the column that is meant, by the words of its head or else by their meaning.

    Unless `columns` are given, only columns of amounts are considered.
    """
    some = [each for each in asked.columns if each.amounts] if columns is None else columns
    best, well = asked.best_named(some)
    if not well and named_only:
        return None
    if len(best) > 1 or not well:
        best = asked.meant(best, -1.0 if well else SAME_MEANING)
    if len(best) != 1 or asked.ranks_what_is_counted(best[0]):
        return None
    asked.take_head(best[0])
    return best[0]


def _told_by(asked: Asked, measure: Column | None) -> Group | None:
    """Return the column that names what is asked for: the one whose head comes first."""
    places: dict[int, Column] = {}
    for column in asked.columns:
        if column is not measure:
            for at in (at for each in asked.named(column).values() for at in each):
                if at not in asked.units:
                    places.setdefault(at, column)
    timed = [each for each in asked.columns if each.periods]
    units = []
    for at, token in enumerate(asked.tokens):
        asks = token.word in TABLE_WORDS.times and not token.taken
        if asks and len(timed) == 1 and at not in asked.units:
            places.setdefault(at, timed[0])
            units.append(unit_of(token))
    if not places:
        return None
    column = places[min(places)]
    asked.take(at for at, each in places.items() if each is column)
    return Group(column, next(iter(units), None) if column.periods else None)


def _take_than(asked: Asked, conditions: Sequence[Condition]) -> None:
    """Take “than”, if two values are compared."""
    if any(len(each.parts) == 2 for each in conditions):
        asked.take(at for at, each in enumerate(asked.tokens) if each.word in TABLE_WORDS.than)


# --- all together


def _assembled(
    asked: Asked,
    task: Task,
    measure: Column | None,
    told_by: Group | None,
    conditions: Sequence[Condition],
    group: Group | None,
) -> Plan | None:
    """Put the plan together from what was found, or return None if it does not fit together."""
    sheet = asked.sheet
    if told_by and not group and not task.order:
        # “How many African countries?”: a word in a few countries' names does not select these.
        conditions = [c for c in conditions if not (c.partly and c.column is told_by.column)]
    rows = _common(sheet, conditions)
    named = told_by.column if told_by else _names_of(asked, rows)
    found = Plan(sheet, task, measure, named, tuple(conditions), rows, asked.explained, group)
    if task.statistic == "share":
        return _share(asked, found)
    if not rows:
        return None
    if task.statistic == "difference":
        return _difference(asked, found)
    if task.order and task.statistic:
        return _of_ranked_groups(found, told_by)
    if group and task.statistic == "count":  # “How many countries in each continent?”
        return replace(found, column=told_by.column if told_by else None)
    if group:
        return found if task.statistic != CELL and measure else None
    if task.statistic == "count":
        if told_by is None or not told_by.column.amounts:
            return replace(found, column=told_by.column if told_by else None)
        # “How many inhabitants” asks for a cell, not for a number of rows.
        return replace(found, task=Task(CELL), column=told_by.column) if len(rows) == 1 else None
    if measure is None or (task.statistic == CELL and len(rows) > 1):
        return None
    if len(rows) == 1:  # One value is looked up.
        return replace(found, task=Task(CELL))
    if task.order and told_by and not _is_plain(found, told_by):
        return None
    return found


def _names_of(asked: Asked, rows: Sequence[int]) -> Column:
    """Return the first column of words that tells the rows apart, or else the first of words."""
    words = [each for each in asked.columns if not each.amounts]
    apart = (c for c in words if len({c.texts[at] for at in rows} - {None}) == len(rows))
    return next(apart, next(iter(words), asked.sheet.columns[0]))


def _common(sheet: Sheet, conditions: Sequence[Condition]) -> tuple[int, ...]:
    every = range(len(sheet.rows))
    return tuple(at for at in every if all(at in each.rows for each in conditions))


def _of_ranked_groups(found: Plan, told_by: Group | None) -> Plan | None:
    """Return the plan for the group with the highest mean, the fewest rows, and so on."""
    if found.group or told_by is None or len(told_by.rows(found.rows)) < 2:
        return None
    return replace(found, group=told_by)


def _is_plain(found: Plan, told_by: Group) -> bool:
    """Whether it is clear what ranks highest, though the things asked for have several rows each.

    “Which region had the most sales?” may mean the sum of its rows, and “the oldest” the mean. It
    is clear if these come to the same as the single values.
    """
    assert found.column  # noqa: S101  an order is of a column
    amounts = {at: v for at in found.rows if (v := found.column.amounts[at]) is not None}
    parts = told_by.rows(tuple(amounts))
    if not parts:  # No two rows have the same name.
        return True
    name_of = {at: name for name, rows in parts.items() for at in rows}
    first, most = found.task.first - 1, found.task.most

    def ends(value: Mapping[str, Decimal]) -> list[str]:
        ranked = sorted(value, key=lambda name: value[name], reverse=found.task.order == "highest")
        return ranked[first : first + most]

    pick = max if found.task.order == "highest" else min
    single = ends({name: pick(amounts[at] for at in rows) for name, rows in parts.items()})
    sums = {name: sum((amounts[at] for at in rows), Decimal(0)) for name, rows in parts.items()}
    means = {name: sums[name] / len(rows) for name, rows in parts.items()}
    ranked = sorted(amounts, key=lambda at: amounts[at], reverse=found.task.order == "highest")
    if [name_of.get(at) for at in ranked[first : first + most]] != single:
        return False
    return single == ends(sums) or (not found.task.quantity and single == ends(means))


def _share(asked: Asked, found: Plan) -> Plan | None:
    """Return the plan for a share: what the question singles out, among all that it is about.

    These are told apart by a verb between them, or else by a yes/no column or a bound.
    """
    things = [each.word for each in asked.tokens if each.stem in asked.title]
    if found.column is None and things and not any(singular(each) != each for each in things):
        return None  # A share of “the electricity” is not a share of the rows.
    fixed = [each for each in found.conditions if each.is_time]
    others = [each for each in found.conditions if not each.is_time]
    verbs = [at for at, each in enumerate(asked.tokens) if each.word in TABLE_WORDS.verbs]
    splits = {sum(each.at < verb for each in others) for verb in verbs} - {0, len(others)}
    others = sorted(others, key=lambda each: each.at)
    so = [each for each in others if each.tells_whether] or [c for c in others if c.is_bound]
    if len(others) <= 1:
        part = others
    elif len(splits) == 1:
        part = others[splits.pop() :]
    elif len(so) == 1 and not verbs:
        part = so
    else:
        return None
    base = [*fixed, *(each for each in others if not any(each is one for one in part))]
    rows = _common(found.sheet, base)
    if not rows or not (part or found.group):
        return None
    return replace(found, rows=rows, conditions=tuple(base), part=tuple(part))


def _difference(asked: Asked, found: Plan) -> Plan | None:
    """Return the plan for the difference between two values of a column, or between two years."""
    if found.group:
        return None
    parted = [each for each in found.conditions if len(each.parts) == 2]
    two = dict(parted[0].parts) if len(parted) == 1 else {}
    timed = [each for each in found.conditions if each.is_time]
    if not parted and len(timed) == 1:
        parted = timed
        years = {int(t.text) for t in asked.tokens if t.text.isdigit() and int(t.text) in YEARS}
        periods = timed[0].column.periods
        two = {
            str(year): frozenset(at for at, p in enumerate(periods) if p and p[0].year == year)
            for year in sorted(years)
        }
    if len(parted) != 1 or len(two) != 2:
        return None
    common = [each for each in found.conditions if each is not parted[0]]
    rows = _common(found.sheet, common)
    parts = tuple((name, tuple(at for at in rows if at in of)) for name, of in two.items())
    task = found.task
    if found.column is None:
        many = any(each.word in TABLE_WORDS.many for each in asked.tokens)
        if not many or task.of not in (None, "count"):
            return None
        task = replace(task, of="count")
    elif task.of is None and any(len(of) != 1 for _, of in parts):
        return None
    if not all(of for _, of in parts):
        return None
    every = tuple(sorted(at for _, of in parts for at in of))
    return replace(found, task=task, rows=every, conditions=tuple(common), two=parts)
