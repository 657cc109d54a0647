"""How many cells of tables in PDFs are read into the right row and column.

FOLDER holds the PDFs of `pdf_tables.jsonl`, which names the packages that have them. The cells in
that file were written down from pictures of the pages. It has only some rows of long tables, and of
a long cell only the beginning and the end, with … between them. Prints the share of right cells for
the tables that the reading was developed on (`develop`), and for those that were only measured.
--shown prints a line for each table as well.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from eval.lab.command import run_command
from eval.lab.measure import arguments, figure, interval, share, show
from eval.lab.training.inputs import read_records
from index.documents import file_sha256
from index.errors import UserError
from index.loading.load import load
from index.structure import Table, tables

TABLES = Path(__file__).with_name("pdf_tables.jsonl")

Cells = Sequence[Sequence[str]]
"""The cells of a table, row by row."""


def main(given: Sequence[str]) -> int:
    """Read the PDFs, and print how many cells are right."""
    parser = arguments("eval.lab.bench.tables.pdf", __doc__)
    parser.add_argument("--shown", action="store_true")
    asked = parser.parse_args(given)
    wanted = read_records(TABLES)
    files = {file_sha256(each): each for each in sorted(asked.folder.rglob("*.pdf"))}
    absent = (each for each in wanted if each["sha256"] not in files)
    if missing := {f"{each['file']} of {each['package']}" for each in absent}:
        raise UserError(f"Put these into {asked.folder}: {'; '.join(sorted(missing))}.")
    found = [(each, right(_plain(each["rows"]), _read(files[each["sha256"]]))) for each in wanted]
    for each, cells in found if asked.shown else ():
        where = f"{each['part']} {each['file']}, page {each['pages'][0]}"
        sys.stdout.write(f"{sum(cells)} of {len(cells)}: {where}\n")
    rows: list[tuple[Any, ...]] = []
    for part in ("develop", "measure"):
        of = [cells for each, cells in found if each["part"] == part]
        told = share(cell for cells in of for cell in cells)
        whole = sum(map(all, of))
        rows.append((part, len(of), told.n, figure(told.value), interval(told), whole))
    show(("part", "tables", "cells", "right", "95% interval", "tables without a fault"), rows)
    return 0


@cache
def _read(file: Path) -> list[Cells]:
    document = load(file)

    def cells(table: Table) -> Cells:
        rows = [[document.text[slice(*cell)] for cell in row.cells] for row in table.rows]
        return _plain([table.heads, *rows] if table.heads else rows)

    return [cells(each) for each in tables(document)]


def _plain(cells: Cells) -> Cells:
    return [[*map(_letters, row)] for row in cells]


def right(wanted: Cells, read: Sequence[Cells]) -> list[bool]:
    """Return, for each non-empty cell that is wanted, whether the best-fitting table has it."""
    of_tables = [_right_in(wanted, each) for each in read]
    best = max(of_tables, key=sum, default=None)
    return best or [False for row in wanted for cell in row if cell]


def _right_in(wanted: Cells, table: Cells) -> list[bool]:
    """Align the rows of both, keeping their order, so that as many cells as possible are right."""
    # best[n] is what is right in the rows so far, if they end before the table's row n.
    best: list[list[bool]] = [[] for _ in range(len(table) + 1)]
    for row in wanted:
        missed = [False for cell in row if cell]
        now = [best[0] + missed]
        for at, other in enumerate(table):
            fits = [_same(*pair) for pair in zip_longest(row, other, fillvalue="") if pair[0]]
            now.append(max(best[at] + fits, best[at + 1] + missed, now[-1], key=sum))
        best = now
    return best[-1]


def _same(wanted: str, read: str) -> bool:
    first, *last = wanted.split("…")
    return read.startswith(first) and read.endswith(last[0]) if last else read == first


def _letters(text: str) -> str:
    """Return a cell without whitespace, and without hyphens in words, which line breaks change."""
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", re.sub(r"\s", "", text))
    return re.sub(r"(?<=[a-z])-(?=[a-z])", "", text).translate(_SIGNS)


_SIGNS = str.maketrans("‘’“”", "''\"\"")


if __name__ == "__main__":
    run_command(main)
