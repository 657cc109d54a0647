"""Find tables between ruled lines on a page, and the text in them.

A table has rules of the same width, one below the other, with text in columns between them: above
the head, below it, and below the last row; or around each cell. In doubtful cases the text stays as
it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from index.furniture.captions import label_of
from index.loading.readers.pdf.between_rules.grid import Grid, Words, grid_of, pieces_of
from index.loading.readers.pdf.between_rules.rules import Rule, Rules
from index.loading.readers.pdf.lines import Line
from index.table_heads import BAR

SAME = 5.0
"""How far apart the ends of one table's rules may be, in points."""

NARROWEST = 40.0
"""The smallest width of a table, in points."""

MOST_PARTIAL = 2
"""The most shorter rules for each full-width rule of a table; drawn figures have more."""

CAPTION = 30
"""Text shorter than this that begins like a caption may be a cell: “IN 832”."""

TRIED = 8
"""How many rules ahead a table's last one is looked for, if it is not the last of that width."""

SHORTEST = 3
"""The fewest lines of text in a table: a head and two rows."""

OVER = 4.0
"""How far a table's text may extend beyond its rules, in points."""


def with_ruled_tables(lines: list[Line], rules: Rules) -> list[Line]:
    """Return a page's lines, with those between a table's rules as its rows."""
    for group in _groups(rules.across):
        at = 0
        while at + 1 < len(group):
            # The largest table that begins with this rule. Trying all ends would take too long.
            nearest = range(min(at + TRIED, len(group) - 2), at, -1)
            ends = [len(group) - 1, *nearest]
            found = ((end, _table(lines, group[at : end + 1], rules)) for end in ends)
            end, table = next(((end, each) for end, each in found if each), (at + 1, None))
            lines = table or lines
            at = end if table is None else end + 1
    return lines


def _groups(across: Sequence[Rule]) -> list[list[Rule]]:
    """Group rules of the same width and horizontal position, from top to bottom."""
    groups: list[list[Rule]] = []
    for rule in sorted(across, key=lambda rule: -rule.at):
        if rule.end - rule.start < NARROWEST:
            continue
        for group in groups:
            if all(
                abs(a - b) <= SAME
                for a, b in ((rule.start, group[0].start), (rule.end, group[0].end))
            ):
                group.append(rule)
                break
        else:
            groups.append([rule])
    return [group for group in groups if len(group) > 1]


def _table(lines: list[Line], group: Sequence[Rule], rules: Rules) -> list[Line] | None:
    """Return the lines with the table between the rules as rows; None if there is no table."""
    left, right = group[0].start, group[0].end
    top, bottom = group[0].at, group[-1].at
    inside: list[Line] = []
    for line in lines:
        if (
            not bottom - 1 < line.base < top
            or line.turned
            or line.right < left
            or line.left > right
        ):
            continue
        if line.left < left - OVER or line.right > right + OVER or line.is_row or not line.pieces:
            return None
        inside.append(line)
    if len(inside) < SHORTEST:
        return None
    long = (line.text for line in inside if len(line.text) >= CAPTION and line.text[0].isalpha())
    if any(map(label_of, long)):
        return None  # Rules around a caption frame a figure, or the page.
    down = [
        rule
        for rule in rules.down
        if left - SAME <= rule.at <= right + SAME and rule.start < top and bottom < rule.end
    ]
    partial = _partial(rules, group)
    if len(partial) > MOST_PARTIAL * len(group):
        return None
    given = (left, right), down, partial
    bands = list(_bands(inside, group))
    above = _above(lines, group[0])
    grid = grid_of([[_words(above)], *bands], *given) if above else None
    # The head may be above the first rule, if it has words for all columns but the first.
    if above and grid and len(pieces_of(_words(above))) >= len(grid.rows[0][1]) - 1:
        inside, bands = [above, *inside], [[_words(above)], *bands]
    else:
        grid = grid_of(bands, *given)
    if grid is None:
        return None
    # The last row may have no rule below it.
    if below := _below(lines, group):
        longer = grid_of([*bands, [_words(below)]], *given)
        if longer and len(longer.rows) == len(grid.rows) + 1:
            grid, inside = longer, [*inside, below]
    first = lines.index(inside[0])
    kept = [line for line in lines if line not in inside]
    return [*kept[:first], *_rows(grid, inside), *kept[first:]]


def _above(lines: Sequence[Line], rule: Rule) -> Line | None:
    """Return the line right above a rule, if it may be a head."""
    near = _only([line for line in lines if rule.at < line.base < rule.at + line.size], rule)
    return near if near and len(near.pieces) > 1 else None


def _below(lines: Sequence[Line], group: Sequence[Rule]) -> Line | None:
    """Return the line right below the last rule, if it has several cells."""
    rule, height = group[-1], group[-2].at - group[-1].at
    near = _only([line for line in lines if rule.at - height < line.base < rule.at], rule)
    return near if near and len(near.cells) > 1 else None


def _only(near: Sequence[Line], rule: Rule) -> Line | None:
    """Return the only line near a rule, if it fits the rule's width and is not a row already."""
    near = [line for line in near if not line.turned]
    if len(near) != 1 or near[0].is_row:
        return None
    fits = rule.start - OVER <= near[0].left and near[0].right <= rule.end + OVER
    return near[0] if fits else None


def _words(line: Line) -> Words:
    return Words(line.base, line.size, line.pieces)


def _bands(inside: Sequence[Line], group: Sequence[Rule]) -> Iterator[list[Words]]:
    """Yield the lines of words between successive rules, merging those at the same height."""
    for above, below in pairwise(group):
        band: list[Words] = []
        held = (line for line in inside if below.at - 1 < line.base <= above.at - 1)
        for line in sorted(held, key=lambda line: -line.base):
            if band and band[-1].base - line.base < 0.45 * max(line.size, band[-1].size):
                size = max(band[-1].size, line.size)
                cells = sorted((*band[-1].cells, *line.pieces), key=lambda cell: cell.left)
                band[-1] = Words(band[-1].base, size, tuple(cells))
            else:
                band.append(_words(line))
        if band:
            yield band


def _partial(rules: Rules, group: Sequence[Rule]) -> list[Rule]:
    """Return the shorter rules within a table: they are below heads that span columns."""
    left, right = group[0].start - SAME, group[0].end + SAME
    return [
        rule
        for rule in rules.across
        if group[-1].at < rule.at < group[0].at
        and left <= rule.start
        and rule.end <= right
        and rule not in group
    ]


def _rows(grid: Grid, inside: Sequence[Line]) -> Iterator[Line]:
    """Yield a table's rows as lines of the text."""
    left, right = min(line.left for line in inside), max(line.right for line in inside)
    for number, (base, cells) in enumerate(grid.rows):
        yield replace(
            inside[0],
            text=BAR.join(cell.replace(BAR, "|") for cell in cells),
            left=left,
            right=right,
            base=base,
            hyphen=False,
            cells=(),
            pieces=(),
            is_row=True,
            is_head=grid.has_head and number == 0,
        )
