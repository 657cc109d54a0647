"""Spreadsheets and separated values: each sheet is a table, each row a line of cells.

Cells are read as people see them: with dates, percentages and currencies, not the numbers that a
program stores for these. Hidden content is not read.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

from index.english import MONTHS
from index.errors import DocumentError
from index.loading.readers.text import Block, Content, compose, plain_text, with_core_properties

Cells = dict[int, str]
"""The non-empty cells of a row, by column number."""


class Sheet(NamedTuple):
    """The non-empty visible rows of a sheet, by number.

    `merged` are the numbers of rows with a cell merged across columns, `hidden` those of hidden
    rows.
    """

    rows: Mapping[int, Cells]
    merged: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()


def table_blocks(sheet: Sheet) -> Iterator[Block]:
    """Yield the tables of a sheet, one block per row, and the lines around them.

    Rows after an empty row continue the table above, unless the first of them is a head.
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
        while lines and _is_note(lines):
            after.insert(0, lines.pop())
        while lines and len(lines[0]) == 1:
            body.append(lines.pop(0))
        yield from (Block(text) for row in body for text in row.values())
        goes_on = not body and set(used) <= set(columns) and not _is_head(lines)
        if lines and not goes_on:
            if columns:
                yield Block("")  # An additional empty line separates two tables.
            columns = sorted({column for row in lines for column in row})
        for row in lines:
            yield Block(" | ".join(row.get(column, "") for column in columns))
        yield from (Block(text) for row in after for text in row.values())


def _regions(sheet: Sheet) -> Iterator[list[Cells]]:
    """Yield groups of rows with no empty row between them."""
    region: list[Cells] = []
    last = 0
    for number, cells in sheet.rows.items():
        if region and not sheet.hidden.issuperset(range(last + 1, number)):
            yield region
            region = []
        last = number
        across = number in sheet.merged and len(set(cells.values())) == 1
        region.append(dict([next(iter(cells.items()))]) if across else cells)
    if region:
        yield region


def _is_note(rows: Sequence[Cells]) -> bool:
    """Whether the last row is a single cell, with a longer text than any above it."""
    [(column, text), *others] = rows[-1].items()
    widest = max((len(row.get(column, "")) for row in rows[:-1] if len(row) > 1), default=0)
    return not others and len(text) > widest


_FIGURE = re.compile(r"(?!(?:1\d|20)\d\d$)\W*\d[\d.,:\s/-]*\W*(?:[a-zA-Z]{1,3})?")
"""A number, a date or an amount, but not a year, which may be the head of a column."""


def _is_head(rows: list[Cells]) -> bool:
    """Whether the first row names the columns: it has no figures, but the next rows do."""
    figures = [any(map(_FIGURE.fullmatch, row.values())) for row in rows[:4]]
    return len(figures) > 1 and not figures[0] and any(figures[1:])


def cell_text(text: str) -> str:
    """Return the text of a cell on one line, without bars that would look like its end."""
    return " ".join(text.split()).replace(" | ", "|").strip("|") if text else ""


# --- separated values

_DELIMITERS = (",", ";", "\t", "|")
_NONE = "\x1f"
"""A delimiter that no text contains, so that each line is one cell."""

_SAMPLE = 200
"""How many rows the delimiter is detected from."""


def read_csv(data: bytes, charset: str | None = None) -> Content:
    """Read comma-separated values; other delimiters are recognised."""
    text = plain_text(data, charset)
    if named := re.match(r"sep=(.)\n", text):  # What Excel writes and reads.
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
    """Return the delimiter that splits most rows into the same number of cells, or `_NONE`."""
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

# What openpyxl 3.1 raises for parts that are missing or malformed.
_XLSX_ERRORS = (
    *(LookupError, ValueError, AttributeError, TypeError, OverflowError, OSError),
    *(ParseError, zipfile.BadZipFile),
)


def read_xlsx(data: bytes) -> Content:
    """Read a workbook's sheets in their order; charts, comments and pictures are left out."""
    import openpyxl
    from lxml import etree
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # They concern parts that are not read here.
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            shown = [each for each in book.worksheets if each.sheet_state == "visible"]
            content = compose(of_sheets((each.title, _sheet(book, each)) for each in shown))
            said = book.properties
            return with_core_properties(replace(content, title=None), said, said.creator)
    except (InvalidFileException, etree.LxmlError, *_XLSX_ERRORS) as error:
        raise DocumentError("{name} is damaged and cannot be read as a workbook.") from error


UNCOMPUTED = (
    "The formulas in {name} are stored without their values. Open it in a spreadsheet program, save"
    " it there, and use that file."
)


def of_sheets(sheets: Iterable[tuple[str, Sheet]]) -> Iterator[Block]:
    """Yield the non-empty sheets, each below its name.

    Raises DocumentError if all are empty.
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
    """Stream a sheet's rows: holding all cells as objects would need ten times the memory.

    openpyxl's own streamed rows do not say what is hidden, merged, or was never computed. So the
    workbook, its texts and its styles come from openpyxl, and the sheet's XML is read here.
    """
    from lxml import etree
    from openpyxl.utils import range_boundaries

    values = _Values(book, sheet)
    rows: dict[int, Cells] = {}
    hidden: set[int] = set()
    ranges: list[tuple[int, int, int, int]] = []
    number = 0
    with sheet._get_source() as source:
        for _, element in etree.iterparse(
            source,
            tag=("{*}col", "{*}row", "{*}mergeCell"),
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
        ):
            if element.tag.endswith("}row"):
                number = int(element.get("r") or number + 1)
                if _is_hidden(element):
                    hidden.add(number)
                elif cells := values.cells(element):
                    rows[number] = cells
            elif element.tag.endswith("}mergeCell"):
                ranges.append(range_boundaries(element.get("ref")))
            elif _is_hidden(element):  # A range of columns; they come before the rows.
                last = min(int(element.get("max")), MOST_COLUMNS)
                values.hidden.update(range(int(element.get("min")), last + 1))
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    merged = _merge(rows, ranges)
    return Sheet(dict(sorted(rows.items())), frozenset(merged), frozenset(hidden))


MOST_COLUMNS = 16_384
"""The most columns that a sheet can have."""


def _is_hidden(element: Any) -> bool:
    return element.get("hidden") in ("1", "true")


def _merge(rows: dict[int, Cells], ranges: Iterable[tuple[int, int, int, int]]) -> set[int]:
    """Repeat a merged cell's text in all its places; return the rows merged across columns."""
    merged: set[int] = set()
    width = max((max(row) for row in rows.values()), default=0)
    last = max(rows, default=0)
    for left, top, right, bottom in ranges:
        text = rows.get(top, {}).get(left)
        if not text:
            continue
        for number in range(top, min(bottom, last) + 1):
            if row := rows.get(number):
                row |= dict.fromkeys(range(left, min(right, width) + 1), text)
                rows[number] = dict(sorted(row.items()))
                merged |= {number} if right > left else set()
    return merged


class _Values:
    """Reads the cells of a sheet's rows as people see them. `hidden` are hidden columns."""

    def __init__(self, book: Any, sheet: Any) -> None:
        from openpyxl.utils import column_index_from_string
        from openpyxl.utils.datetime import from_excel

        self.hidden: set[int] = set()
        self._column_of, self._moment = column_index_from_string, from_excel
        self._texts = [cell_text(str(each)) for each in sheet._shared_strings]
        self._book = book
        self._forms = list(_forms(book))
        self._columns: dict[str, int] = {}

    def cells(self, row: Any) -> Cells:
        """Return the non-empty cells of a row.

        Raises DocumentError for a formula whose value is not stored.
        """
        cells: Cells = {}
        column = 0
        for cell in row:
            column = self._column(cell.get("r"), column + 1)
            if column not in self.hidden and (text := self._text(cell)):
                cells[column] = text
        return cells

    def _column(self, place: str | None, following: int) -> int:
        letters = (place or "").rstrip("0123456789")
        if letters and letters not in self._columns:
            self._columns[letters] = self._column_of(letters)
        return self._columns[letters] if letters else following

    def _text(self, cell: Any) -> str:
        kind, value, is_formula = cell.get("t") or "n", "", False
        for child in cell:
            tag = child.tag
            if tag.endswith("}v"):
                value = child.text or ""
            elif tag.endswith("}f"):
                is_formula = True
            elif tag.endswith("}is"):
                value = "".join(
                    each.text or ""
                    for each in child.iter("{*}t")
                    if not each.getparent().tag.endswith("}rPh")  # Phonetic guides.
                )
        if not value:
            if is_formula and kind == "n":  # For a formula with an empty text, "t" is set.
                raise DocumentError(UNCOMPUTED)
            return ""
        if kind == "s":
            return self._texts[int(value)]
        if kind == "n":
            return self._number(value, int(cell.get("s") or 0))
        if kind == "b":
            return shown(value == "1", "")
        return cell_text(value.removesuffix("T00:00:00") if kind == "d" else value)

    def _number(self, value: str, style: int) -> str:
        number = float(value)
        form = self._forms[style] if style < len(self._forms) else "General"
        if style in self._book._date_formats:
            is_span = style in self._book._timedelta_formats
            try:
                return shown(self._moment(number, self._book.epoch, timedelta=is_span), form)
            except (OverflowError, ValueError):  # Not a valid date: programs show only "####".
                return cell_text(value)
        return value if form == "General" and value.isdecimal() else shown(number, form)


def _forms(book: Any) -> Iterator[str]:
    """Yield the number format of each style."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    own = book._number_formats
    for style in book._cell_styles:
        number = style.numFmtId
        custom = own[number - 164] if 164 <= number < 164 + len(own) else "General"
        yield BUILTIN_FORMATS.get(number, custom)


def shown(value: Any, form: str) -> str:
    """Return a cell's value as people see it."""
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
    """Write a day as YYYY-MM-DD for all locales; a month without a day is written by name."""
    signs = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", form[:_FORM_LENGTH]).lower()
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
    """A section of a number format, parsed."""

    before: str
    after: str
    least: int
    most: int
    grouped: bool
    percent: bool


_FORM_LENGTH = 255
"""The longest number format that spreadsheets keep."""

_PLAIN = re.compile(r"(?:[^#0?]*?)([#0?][#0?,]*)(?:\.([#0?]*))?([^#0?]*)")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|\[[^\]]*\]|[_*].')


@lru_cache(maxsize=512)
def _form(section: str) -> _Form | None:
    """Parse a section of a number format; None if only a spreadsheet program could apply it."""
    if len(section) > _FORM_LENGTH:
        return None
    literals: list[str] = []

    def put(match: re.Match[str]) -> str:
        literals.append(next(filter(None, match.groups()), ""))
        return chr(0xE000 + len(literals) - 1)

    bare = _LITERAL.sub(put, section)
    match = _PLAIN.fullmatch(bare)
    if match is None or re.search(r"[@/eE]|General", bare):
        return None
    whole, decimals, behind = match[1], match[2] or "", match[3]
    if whole.endswith(",") or behind.startswith(","):  # Scaled to thousands: not the real number.
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
