"""What a plan comes to: the numbers, and the sentences that say how they were computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from statistics import median

from index.printable import number_of
from rag.answering.tables.columns import MOST_GROUPS, Column
from rag.answering.tables.plan import Plan
from rag.answering.tables.task import CELL, Task
from rag.languages.english_words import ordinal

MOST_TIED = 5
"""The most rows or groups with the same highest or lowest value that are named."""

MORE_DIGITS = 2
"""Decimal places that a mean has beyond those of the values, and that a percentage has."""

MOST_LISTED = 10
"""The most things that get a sentence each, with footnotes of their own; more share one
sentence."""

Said = tuple[str, Sequence[int]]
"""A sentence, and the rows that it is computed from."""


def results(found: Plan) -> list[Said]:
    """Return what is computed, in sentences; none if there is nothing to compute from."""
    task = found.task
    if task.statistic == CELL:
        texts = found.column.texts if found.column else ()
        return [("", [at for at in found.rows if texts[at] is not None])]
    if task.statistic == "share":
        return _share(found)
    if task.statistic == "difference":
        return _difference(found)
    if found.group:
        return _of_groups(found)
    if task.statistic == "count":
        return [(f"Computed: {_count(found)}", found.rows)]
    amounts = _amounts(found, found.rows)
    if not amounts or found.column is None:
        return []
    if task.order:
        return _ranked_rows(found, amounts)
    value = _statistic(str(task.statistic), list(amounts.values()))
    of = f"the {task.statistic}"
    if task.statistic == "range":
        low, high = (_written(pick(amounts.values()), found.column) for pick in (min, max))
        of = f"the difference between the lowest value, {low}, and the highest, {high},"
    of = f"{of} of the column “{found.column.head}” over {_over(found)}{_left_out(found, amounts)}"
    text = f"Computed: {_written(value, found.column)}, {of}."
    return [(text, list(amounts))]


# --- of rows


def _count(found: Plan) -> str:
    """Say how many rows there are, or how many different things a column names in them."""
    if found.column is None:
        return f"there {_are(len(found.rows), 'row')}{_where(found)}."
    different = len({found.column.texts[at] for at in found.rows} - {None})
    values = _are(different, "value" if different == 1 else "different value")
    return f"there {values} in the column “{found.column.head}”, across {_over(found)}."


def _are(count: int, thing: str) -> str:
    return f"{'is' if count == 1 else 'are'} {number_of(count, thing)}"


def _ranked_rows(found: Plan, amounts: Mapping[int, Decimal]) -> list[Said]:
    """Say which rows have the highest or the lowest values."""
    column, task = found.column, found.task
    assert column  # noqa: S101  an order is of a column
    ranked = sorted(amounts, key=lambda at: amounts[at], reverse=task.order == "highest")
    if task.most == 1:
        values = sorted(set(amounts.values()), reverse=task.order == "highest")
        if len(values) < task.first:
            return []
        value = values[task.first - 1]
        rows = [at for at in ranked if amounts[at] == value]
        names = dict.fromkeys(_name(found, at) for at in rows)
        who = " and ".join(islice(names, MOST_TIED))
        more = f" and {len(names) - MOST_TIED} more" if len(names) > MOST_TIED else ""
        told = f"{who}{more}, with {_written(value, column)} in the column “{column.head}”"
        of = f"the {_order(task)} of {_over(found)}{_left_out(found, amounts)}"
        return [(f"Computed: {told}, {of}.", rows)]
    rows = ranked[: task.most]
    last = amounts[rows[-1]]
    tied = sum(value == last for value in amounts.values()) - sum(
        amounts[at] == last for at in rows
    )
    more = f"{number_of(tied, 'more row')} with {_written(last, column)}"
    head = (
        f"Computed: the {len(rows)} {task.order} values of the column “{column.head}”, out of "
        f"{_over(found)}{_left_out(found, amounts)}{f' (not listed: {more})' if tied else ''}: "
    )
    items = [(f"{_name(found, at)}, {_written(amounts[at], column)}", [at]) for at in rows]
    return _listed(head, items)


def _order(task: Task) -> str:
    """Return the place that is asked for, in words: “highest”, “2nd highest”."""
    if task.first == 1:
        return str(task.order)
    return f"{ordinal(task.first)} {task.order}"


def _name(found: Plan, at: int) -> str:
    return str(found.told_by.texts[at] or "–")


# --- of groups


def _of_groups(found: Plan) -> list[Said]:
    """Say what is computed for each group, or which groups rank highest or lowest by it."""
    task, column, group = found.task, found.column, found.group
    assert group  # noqa: S101  this is of groups
    how = str(task.statistic or task.order)
    counts = how == "count"
    amounts = dict.fromkeys(found.rows, Decimal(1)) if counts else _amounts(found, found.rows)
    parts = group.rows([at for at in found.rows if at in amounts])
    values = {name: _statistic(how, [amounts[at] for at in rows]) for name, rows in parts.items()}
    of = f"the {how} of the column “{column.head}”" if column else "the number of rows"
    if counts and column:
        of = f"the number of different values of the column “{column.head}”"
        texts = {name: {column.texts[at] for at in rows} - {None} for name, rows in parts.items()}
        values = {name: Decimal(len(some)) for name, some in texts.items()}
    names = f"{group.unit} of “{group.column.head}”" if group.unit else f"“{group.column.head}”"
    each = f"{of} for each {names}, over {_over(found)}{_left_out(found, amounts)}"
    if not (task.order and task.statistic):
        if not 1 < len(values) <= MOST_GROUPS:
            return []
        items = [(f"{name}: {_written(values[name], column)}", parts[name]) for name in values]
        return _listed(f"Computed: {each}: ", items)
    ranked = sorted(values, key=lambda name: values[name], reverse=task.order == "highest")
    ranked = ranked[task.first - 1 :]
    if not ranked:
        return []
    most = [name for name in ranked if values[name] == values[ranked[0]]] if task.most == 1 else []
    items = [
        (f"{name}, with {_written(values[name], column)}", parts[name])
        for name in (most[:MOST_TIED] or ranked[: task.most])
    ]
    several = f"{len(items)} " if task.most > 1 else ""
    return _listed(f"Computed: {each}; the {several}{_order(task)}: ", items)


def _listed(head: str, items: Sequence[Said]) -> list[Said]:
    """Return a sentence for each item, or a single sentence if there are many."""
    if len(items) > MOST_LISTED:
        rows = [at for _, some in items for at in some]
        return [(f"{head}{'; '.join(text for text, _ in items)}.", rows)]
    last = len(items) - 1
    return [
        (f"{'' if at else head}{text}{'.' if at == last else ';'}", rows)
        for at, (text, rows) in enumerate(items)
    ]


# --- of parts


def _share(found: Plan) -> list[Said]:
    """Say what share the part has of the rows, or of the sum of a column."""
    amounts = _amounts(found, found.rows) if found.column else dict.fromkeys(found.rows, Decimal(1))
    if any(value < 0 for value in amounts.values()):
        return []
    part = [at for at in amounts if all(at in each.rows for each in found.part)]
    parts = found.group.rows(part) if found.group else {"": tuple(part)}
    whole = found.group.rows(list(amounts)) if found.group and found.part else {}
    items = []
    for name, rows in (parts if not whole else dict.fromkeys(whole, ())).items():
        rows = parts.get(name, ()) if whole else rows
        of = sum((amounts[at] for at in whole.get(name, amounts)), Decimal(0))
        some = sum((amounts[at] for at in rows), Decimal(0))
        if not of:
            return []
        share = _rounded(100 * some / of, MORE_DIGITS)
        said = f"{share:f}%, {_written(some, found.column)} of {_written(of, found.column)}"
        items.append((f"{name}: {said}" if name else said, rows or found.rows[:1]))
    column = f"the column “{found.column.head}”" if found.column else ""
    those = " and ".join(each.said for each in found.part)
    those = f", {'in rows' if column else 'those'} where {those}" if those else ""
    among = f", out of {_over(found)}{_left_out(found, amounts)}"
    if not found.group:
        [(said, rows)] = items
        unit = f"in {column}" if column else "rows"
        return [(f"Computed: {said} {unit}{those}{among}.", rows)]
    if not 1 < len(items) <= MOST_GROUPS:
        return []
    each = f"the share of {column or 'rows'} for each “{found.group.column.head}”"
    return _listed(f"Computed: {each}{those}{among}: ", items)


def _difference(found: Plan) -> list[Said]:
    """Say by how much two values differ, or the same statistic of two groups of rows."""
    how, values, told = found.task.of, [], []
    for name, rows in found.two:
        amounts = _amounts(found, rows) if found.column else dict.fromkeys(rows, Decimal(1))
        if not amounts:
            return []
        value = _statistic(how or "sum", list(amounts.values()))
        over = f" over {number_of(len(amounts), 'row')}" if how and found.column else ""
        values.append(value)
        told.append(f"{_written(value, found.column)} for “{name}”{over}")
    first, second = values
    of = f"the {how} of the column" if how else "the column"
    column = f"{of} “{found.column.head}”" if found.column else "the number of rows"
    where = _where(found)
    text = (
        f"Computed: {_written(abs(first - second), found.column)}, the difference in {column} "
        f"between {told[0]} and {told[1]}{f', in rows{where}' if where else ''}."
    )
    return [(text, found.rows)]


# --- numbers


def _amounts(found: Plan, rows: Sequence[int]) -> dict[int, Decimal]:
    if found.column is None:
        return {}
    return {at: value for at in rows if (value := found.column.amounts[at]) is not None}


def _statistic(how: str, values: Sequence[Decimal]) -> Decimal:
    """Return the sum, the mean, and so on, of at least one value."""
    digits = max(max(-int(each.as_tuple().exponent) for each in values), 0)
    match how:
        case "mean":
            return _rounded(sum(values, Decimal(0)) / len(values), digits + MORE_DIGITS)
        case "median":
            return median(values)
        case "highest":
            return max(values)
        case "lowest":
            return min(values)
        case "range":
            return max(values) - min(values)
        case "count":
            return Decimal(len(values))
        case _:
            return sum(values, Decimal(0))


def _rounded(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _written(value: Decimal, column: Column | None) -> str:
    """Write an amount with its unit, without trailing zeros."""
    unit, text = column.unit if column else "", f"{value:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if unit in ("$", "€", "£", "¥"):
        return text.replace("-", f"-{unit}") if value < 0 else f"{unit}{text}"
    return f"{text}{'' if unit in ('', '%') else ' '}{unit}"


# --- what it is computed from, in words


def _over(found: Plan) -> str:
    count = number_of(len(found.rows), "row")
    return f"the {count}{_where(found)}" if found.conditions else f"all {count}"


def _where(found: Plan) -> str:
    said = " and ".join(each.said for each in found.conditions)
    return f" where {said}" if said else ""


def _left_out(found: Plan, amounts: Mapping[int, Decimal]) -> str:
    missing = len(found.rows) - len(amounts)
    return f", leaving out {number_of(missing, 'row')} without a value" if missing else ""
