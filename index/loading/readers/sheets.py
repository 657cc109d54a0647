"""Spreadsheets and separated values: each sheet is a table, each row a line of cells.

What is written in a cell is what people see there: dates, percentages and currencies, not the
numbers that a program keeps for them. What the file hides is not read.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

from index.documents import Properties
from index.english_months import MONTHS
from index.errors import DocumentError
from index.loading.readers.text import Block, Content, compose, plain_text, speaks_of

Cells = dict[int, str]
"""The cells of a row that hold something, by the number of their column."""


class Sheet(NamedTuple):
    """The rows of a sheet that hold something, by their number, without those that are hidden.

    `merged` are the rows in which one cell stands in the place of several.
    """

    rows: Mapping[int, Cells]
    merged: frozenset[int] = frozenset()


def table_blocks(sheet: Sheet) -> Iterator[Block]:
    """Yield the tables of a sheet, a row each block, and the lines that stand around them.

    Rows behind an empty one go on with the table above, unless the first of them is a head.
    """
    columns: list[int] = []
    for rows in _regions(sheet):
        used = sorted({column for row in rows for column in row})
        lines, body = list(rows), list[Cells]()
        if len(used) == 1:
            yield from (Block(text) for row in rows for text in row.values())
            columns = []
            continue
        after: list[Cells] = []
        while lines and len(lines[-1]) == 1:
            after.insert(0, lines.pop())
        while lines and len(lines[0]) == 1:
            body.append(lines.pop(0))
        yield from (Block(text) for row in body for text in row.values())
        goes_on = not body and set(used) <= set(columns) and not _is_head(lines)
        if lines and not goes_on:
            if columns:
                yield Block("")  # Tables with an empty line more between them are two.
            columns = sorted({column for row in lines for column in row})
        for row in lines:
            yield Block(" | ".join(row.get(column, "") for column in columns))
        yield from (Block(text) for row in after for text in row.values())


def _regions(sheet: Sheet) -> Iterator[list[Cells]]:
    """Yield the rows that stand together, without an empty one between them."""
    region: list[Cells] = []
    last = 0
    for number, cells in sheet.rows.items():
        if region and number > last + 1:
            yield region
            region = []
        last = number
        across = number in sheet.merged and len(set(cells.values())) == 1
        region.append(dict([next(iter(cells.items()))]) if across else cells)
    if region:
        yield region


_FIGURE = re.compile(r"(?!(?:1\d|20)\d\d$)\W*\d[\d.,:\s/-]*\W*(?:[a-zA-Z]{1,3})?")
"""A number, a day or an amount; years may be the heads of columns."""


def _is_head(rows: list[Cells]) -> bool:
    """Whether the first row names what is in the others."""
    figures = [any(map(_FIGURE.fullmatch, row.values())) for row in rows[:4]]
    return len(figures) > 1 and not figures[0] and any(figures[1:])


def cell_text(text: str) -> str:
    """Return the text of a cell on one line, without what would look like the end of the cell."""
    return " ".join(text.split()).replace(" | ", "|").strip("|") if text else ""


# --- separated values

_DELIMITERS = (",", ";", "\t", "|")
_NONE = "\x1f"
"""What no text has: each line is one cell."""

_SAMPLE = 200
"""Rows by which the delimiter is told."""


def read_csv(data: bytes, charset: str | None = None) -> Content:
    """Read comma-separated values; other delimiters are recognised."""
    text = plain_text(data, charset)
    named = re.match(r"sep=(.)\n", text)  # What Excel writes and reads.
    if named:
        return _separated(text[named.end() :], named[1])
    return _separated(text, _delimiter(text))


def read_tsv(data: bytes, charset: str | None = None) -> Content:
    """Read tab-separated values."""
    return _separated(plain_text(data, charset), "\t")


def _separated(text: str, delimiter: str) -> Content:
    rows = {
        number: cells
        for number, row in enumerate(_rows(text, delimiter))
        if (cells := {at: words for at, each in enumerate(row) if (words := cell_text(each))})
    }
    return replace(compose(table_blocks(Sheet(rows))), title=None)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(sys.maxsize)
    return iter(csv.reader(io.StringIO(text), delimiter=delimiter))


def _delimiter(text: str) -> str:
    """Return the sign that cuts most rows into the same number of cells, or else one of no text."""
    sample = "\n".join(text[:100_000].split("\n")[: _SAMPLE + 1])
    best, most = _NONE, (0.5, 1)
    for sign in _DELIMITERS:
        widths = Counter(len(row) for row in _rows(sample, sign) if any(row))
        for width, count in widths.most_common(1):
            share = (round(count / widths.total(), 2), width)
            if width > 1 and share > most:
                best, most = sign, share
    return best


# --- Excel

# What openpyxl 3.1 raises for parts that are missing, or are not what they are named.
_XLSX_ERRORS = (LookupError, ValueError, AttributeError, TypeError, OverflowError, OSError)
_XML_ERRORS = (ParseError, zipfile.BadZipFile)


def read_xlsx(data: bytes) -> Content:
    """Read a workbook's sheets in their order; charts, comments and pictures are left out."""
    import openpyxl
    from lxml import etree
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of what is not read here anyway.
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            shown = [each for each in book.worksheets if each.sheet_state == "visible"]
            content = compose(of_sheets((each.title, _sheet(book, each)) for each in shown))
            said = book.properties
            properties = Properties(
                said.creator, said.created and f"{said.created:%Y-%m-%d}", None, said.language
            )
            title = said.title
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        ParseError,
        etree.LxmlError,
        *_XLSX_ERRORS,
    ) as error:
        raise DocumentError("{name} is damaged and cannot be read as a workbook.") from error
    named = title if title and speaks_of(title, content.text) else None
    return replace(content, title=named, properties=properties)


UNCOMPUTED = (
    "The formulas in {name} are stored without their values. Open it in a spreadsheet program, save"
    " it there, and give that."
)


def of_sheets(sheets: Iterable[tuple[str, Sheet]]) -> Iterator[Block]:
    """Yield the sheets that hold something, each below its name.

    Raises DocumentError where none does.
    """
    empty = True
    for name, sheet in sheets:
        if sheet.rows:
            empty = False
            yield Block(cell_text(name) or "Sheet", 1)
            yield from table_blocks(sheet)
    if empty:
        raise DocumentError("There is no text in {name}: its sheets are empty, or are hidden.")


def _sheet(book: Any, sheet: Any) -> Sheet:
    """Read a sheet as it goes by, since all its cells as objects would need ten times the memory.

    openpyxl's own rows do not tell what is hidden, merged, or was never computed; its parser does.
    lxml hands it the elements: Python's own parser needs three times as long.
    """
    from lxml import etree
    from openpyxl.worksheet import _reader as openpyxl

    class Parser(openpyxl.WorkSheetParser):  # type: ignore[misc]
        def parse(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
            tags = (openpyxl.COL_TAG, openpyxl.ROW_TAG, openpyxl.MERGE_TAG)
            for _, element in etree.iterparse(
                self.source, tag=tags, resolve_entities=False, no_network=True, huge_tree=True
            ):
                if element.tag == openpyxl.ROW_TAG:
                    yield self.parse_row(element)
                elif element.tag == openpyxl.COL_TAG:
                    self.parse_column_dimensions(element)
                else:
                    self.merged_cells = openpyxl.MergeCells.from_tree(element)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]

        def parse_cell(self, element: Any) -> dict[str, Any]:
            cell: dict[str, Any] = super().parse_cell(element)
            # Where a formula's value is a string without signs, its type says so.
            if cell["value"] is None and cell["data_type"] in ("n", "f"):
                cell["uncomputed"] = element.find(openpyxl.FORMULA_TAG) is not None
            return cell

    rows: dict[int, Cells] = {}
    numbers: dict[int, int] = {}
    hidden = 0
    with sheet._get_source() as source:
        parser = Parser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        shown = _formatter(book)
        out: frozenset[int] | None = None
        for number, cells in parser.parse():
            if _is_set(parser.row_dimensions.pop(str(number), {}).get("hidden")):
                hidden += 1
                continue
            out = _hidden_columns(parser) if out is None else out  # They come before the rows.
            visible = [cell for cell in cells if cell["column"] not in out]
            if any(cell.get("uncomputed") for cell in visible):
                raise DocumentError(UNCOMPUTED)
            texts = {cell["column"]: shown(cell["value"], cell["style_id"]) for cell in visible}
            numbers[number] = number - hidden
            if kept := {column: text for column, text in texts.items() if text}:
                rows[number] = kept
    merged = _merge(rows, parser.merged_cells.mergeCell if parser.merged_cells else ())
    return Sheet(
        {numbers.get(number, number): rows[number] for number in sorted(rows)},
        frozenset(numbers.get(number, number) for number in merged),
    )


def _is_set(attribute: str | None) -> bool:
    return attribute in ("1", "true")


def _hidden_columns(parser: Any) -> frozenset[int]:
    return frozenset(
        column
        for each in parser.column_dimensions.values()
        if _is_set(each.get("hidden"))
        for column in range(int(each["min"]), min(int(each["max"]), _COLUMNS) + 1)
    )


_COLUMNS = 16_384
"""Those that a sheet can have."""


def _merge(rows: dict[int, Cells], ranges: Iterable[Any]) -> set[int]:
    """Repeat what stands in a merged cell in all its places; return the rows that have some."""
    merged: set[int] = set()
    width = max((max(row) for row in rows.values()), default=0)
    last = max(rows, default=0)
    for each in ranges:
        left, top, right, bottom = each.bounds
        text = rows.get(top, {}).get(left)
        if not text:
            continue
        for number in range(top, min(bottom, last) + 1):
            if row := rows.get(number):
                row |= dict.fromkeys(range(left, min(right, width) + 1), text)
                rows[number] = dict(sorted(row.items()))
                merged |= {number} if right > left else set()
    return merged


def _formatter(book: Any) -> Callable[[Any, int], str]:
    """Return what writes a value as its cell's style shows it."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    own = book._number_formats
    formats = []
    for style in book._cell_styles:
        number = style.numFmtId
        custom = own[number - 164] if 164 <= number < 164 + len(own) else "General"
        formats.append(BUILTIN_FORMATS.get(number, custom))
    return lambda value, style: shown(value, formats[style] if style < len(formats) else "General")


def shown(value: Any, form: str) -> str:
    """Return a cell's value as people see it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return cell_text(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, date | time):
        return _moment(value, form)
    return _number(value, form)


def _duration(value: timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def _moment(value: date | time, form: str) -> str:
    """Write a day as YYYY-MM-DD whatever the country; a month alone is named."""
    signs = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", form).lower()
    if isinstance(value, datetime) and not set(signs) & set("dy") and "mmm" not in signs:
        value = value.time()
    if isinstance(value, time):
        return _duration(timedelta(hours=value.hour, minutes=value.minute, seconds=value.second))
    if "d" in signs or "h" in signs:
        day = f"{value:%Y-%m-%d}"
        return f"{day} {value:%H:%M}" if "h" in signs and isinstance(value, datetime) else day
    month = MONTHS[value.month - 1] if "m" in signs else ""
    return f"{month} {value.year}".strip() if "y" in signs else month


class _Form(NamedTuple):
    """What a section of a number format asks for."""

    before: str
    after: str
    least: int
    most: int
    grouped: bool
    percent: bool


_PLAIN = re.compile(r"(?:[^#0?]*?)([#0?][#0?,]*)(?:\.([#0?]*))?([^#0?]*)")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|\[[^\]]*\]|[_*].')


@lru_cache(maxsize=512)
def _form(section: str) -> _Form | None:
    """Read a section of a number format; None for one that only a spreadsheet can follow."""
    literals: list[str] = []

    def put(match: re.Match[str]) -> str:
        literals.append(next(filter(None, match.groups()), ""))
        return chr(0xE000 + len(literals) - 1)

    bare = _LITERAL.sub(put, section)
    match = _PLAIN.fullmatch(bare)
    if match is None or re.search(r"[@/eE]|General", bare):
        return None
    whole, decimals, behind = match[1], match[2] or "", match[3]
    if whole.endswith(",") or behind.startswith(","):  # In thousands: what is seen is no number.
        return None

    def spelled(signs: str) -> str:
        words = (literals[ord(s) - 0xE000] if 0xE000 <= ord(s) < 0xF8FF else s for s in signs)
        return "".join(words)

    return _Form(
        spelled(bare[: match.start(1)]).lstrip(),
        spelled(behind).rstrip(),
        decimals.count("0"),
        len(decimals),
        "," in whole,
        "%" in bare,
    )


def _number(value: float, form: str) -> str:
    """Write a number with the decimals, thousands, percent and currency of its format."""
    sections = form.split(";")
    negative = value < 0 and len(sections) > 1
    found = _form(sections[1 if negative else 0])
    try:
        exact = Decimal(repr(value))
        if found is None or not exact.is_finite():
            return _general(value)
        if found.percent:
            exact *= 100
        rounded = exact.quantize(Decimal(1).scaleb(-found.most), ROUND_HALF_UP)
    except InvalidOperation:
        return _general(value)
    text = f"{abs(rounded):,f}" if found.grouped else f"{abs(rounded):f}"
    if found.most > found.least:
        digits, _, decimals = text.partition(".")
        kept = decimals[: found.least] + decimals[found.least :].rstrip("0")
        text = f"{digits}.{kept}" if kept else digits
    minus = "-" if rounded < 0 and not negative else ""
    return f"{minus}{found.before}{text}{found.after}"


def _general(value: float) -> str:
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.15g}"
