"""Find the structure of a stored text: its lists, tables, quotations, emphasis and links.

The text itself is not changed. An element is a span, and so is each piece of markup in it (a list's
dash, a table's bars, the stars around a word), which need not be shown if the element is rendered.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal, get_args

from index.documents import Document, Style, StyleKind, stripped
from index.loading.readers.text import without_front_matter
from index.table_heads import BAR, is_figure

if TYPE_CHECKING:
    from markdown_it.token import Token

Place = tuple[int, int]
BlockKind = Literal["list", "item", "table", "row", "cell", "quotation", "code", "rule"]
Kind = Literal[BlockKind, "heading", "escaped", StyleKind]

BLOCKS: frozenset[str] = frozenset(get_args(BlockKind))
"""The block-level kinds; the others are inline."""


@dataclass(frozen=True, slots=True)
class Element:
    """The element at `text[start:end]`. Elements are nested or disjoint.

    `signs` are the spans of its own markup, outside any inner element. `label` is the marker of a
    list item if it is more than a bullet; `level` is a heading's, from 1.
    """

    start: int
    end: int
    kind: Kind
    signs: tuple[Place, ...] = ()
    label: str = ""
    level: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """The spans of a table's row and of its cells."""

    start: int
    end: int
    cells: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the heads of its columns, and the rows below them.

    If its first row contains figures, the table has no `heads`, and that row is one of the `rows`.
    """

    start: int
    end: int
    heads: tuple[str, ...]
    rows: tuple[Row, ...]

    def rows_in(self, place: Place) -> Sequence[Row]:
        """Return the rows that are completely inside a span."""
        first = bisect_left(self.rows, place[0], key=lambda row: row.start)
        return self.rows[first : bisect_right(self.rows, place[1], key=lambda row: row.end)]


@dataclass(frozen=True, slots=True)
class Cell:
    """A position in a table: the cells that name its row, and the head of its column."""

    row: str
    column: str


def structure(document: Document) -> tuple[Element, ...]:
    """Return a document's elements in text order, outer ones before inner ones."""
    return _structure(*_told(document))


def tables(document: Document) -> tuple[Table, ...]:
    """Return a document's tables in text order."""
    # Each question needs the tables of the documents it finds, and finding a structure is slow.
    return _tables_of(*_told(document)) if "|" in document.text else ()


def table_at(document: Document, place: Place) -> Table | None:
    """Return the table that contains a span, or None."""
    found = tables(document)
    at = bisect_right(found, place[0], key=lambda table: table.start) - 1
    return found[at] if at >= 0 and place[1] <= found[at].end else None


def cell_of(document: Document, place: Place) -> Cell | None:
    """Return a span's position in its table; None if it is not inside a single cell."""
    table = table_at(document, place)
    if table is None:
        return None
    at = bisect_right(table.rows, place[0], key=lambda row: row.start) - 1
    for column, (start, end) in enumerate(table.rows[at].cells if at >= 0 else ()):
        if start <= place[0] and place[1] <= end and column < len(table.heads):
            return Cell(_name_of(document.text, table, table.rows[at], column), table.heads[column])
    return None


MOST_NAMES = 3
"""The most cells that name a row."""


def _name_of(text: str, table: Table, row: Row, column: int) -> str:
    """Return cells that identify a row, not counting the one in a column: “Asia, 2021”.

    Cells are taken from the left; a cell that excludes no further row is skipped. If they do not
    identify the row, or the table has only one column, the first cell names it.
    """
    alike, names = table.rows, list[str]()
    for at, (start, end) in enumerate(row.cells):
        if len(alike) == 1 or len(names) == MOST_NAMES:
            break
        words = text[start:end]
        if at == column > 0 or not words:
            continue
        having = (each for each in alike if len(each.cells) > at)
        same = tuple(each for each in having if text[slice(*each.cells[at])] == words)
        if len(same) < len(alike):
            alike, names = same, [*names, words]
    first = text[slice(*row.cells[0])]
    return ", ".join(names) if names and len(alike) == 1 else first


def list_of(document: Document, start: int, end: int) -> tuple[Element, ...]:
    """Return the items of the innermost list that contains `text[start:end]`, if any."""
    elements = structure(document)
    around = [
        each for each in elements if each.kind == "list" and each.start <= start and end <= each.end
    ]
    if not around:
        return ()
    items = _of_kind(elements, "item", around[-1])
    inner = [each for each in _of_kind(elements, "list", around[-1]) if each is not around[-1]]
    return tuple(each for each in items if not any(e.start <= each.start < e.end for e in inner))


@dataclass(frozen=True, slots=True)
class Spelled:
    """Rows of a table as sentences: each cell behind the head of its column.

    `cells` holds, for each cell, its start and end in this text and its start in the document.
    """

    text: str
    cells: tuple[tuple[int, int, int], ...]

    def in_document(self, start: int, end: int) -> Place | None:
        """Map a span of this text to the document; None if it consists of heads only."""
        touched = [each for each in self.cells if each[0] < end and start < each[1]]
        if not touched:
            return None
        first, last = touched[0], touched[-1]
        begins = first[2] + max(start - first[0], 0)
        return begins, last[2] + min(end, last[1]) - last[0]


def spelled(document: Document, place: Place) -> Spelled | None:
    """Spell out the table rows that a span covers; None if it is not in a table with heads.

    "Tsugaru | 20 km" under "Strait | Width" becomes "Strait: Tsugaru; Width: 20 km."
    """
    if "|" not in document.text[slice(*place)]:
        return None
    table = table_at(document, place)
    if table is None or not table.heads:
        return None
    text, cells = "", []
    for row in table.rows_in(place):
        for head, cell in zip_longest(table.heads, row.cells[: len(table.heads)]):
            words = document.text[slice(*cell)] if cell else ""
            if words:
                text += f"{head.rstrip(' :')}: " if head else ""
                cells.append((len(text), len(text) + len(words), cell[0]))
                text += f"{words}; "
        text = f"{text.rstrip('; ')}. "
    return Spelled(text.rstrip(), tuple(cells)) if cells else None


def _of_kind(elements: Sequence[Element], kind: Kind, outer: Element) -> list[Element]:
    first = bisect_left(elements, outer.start, key=lambda each: each.start)
    last = bisect_right(elements, outer.end, key=lambda each: each.start)
    return [each for each in elements[first:last] if each.kind == kind and each.end <= outer.end]


Levels = tuple[tuple[int, int, int], ...]
"""The headings, as (start, end, level)."""


def _told(document: Document) -> tuple[str, str, Levels, tuple[Style, ...]]:
    """Return all that a document's structure depends on, as a cache key."""
    loader = document.loader.partition(" ")[0]
    levels = tuple((each.start, each.end, each.level) for each in document.headings)
    return document.text, loader, levels, document.styles


@lru_cache(maxsize=16)
def _tables_of(
    text: str, loader: str, levels: Levels, styles: tuple[Style, ...]
) -> tuple[Table, ...]:
    elements = _structure(text, loader, levels, styles)
    found = []
    for table in (each for each in elements if each.kind == "table"):
        rows = [
            # Stripped like quotes are: a row whose last cell is empty ends in blanks.
            Row(*stripped(text, row.start, row.end), _cells(elements, row))
            for row in _of_kind(elements, "row", table)
        ]
        heads = [text[slice(*place)] for place in rows[0].cells] if rows else []
        named = bool(heads) and not any(map(is_figure, heads))
        found.append(
            Table(table.start, table.end, tuple(heads if named else ()), tuple(rows[named:]))
        )
    return tuple(found)


def _cells(elements: Sequence[Element], row: Element) -> tuple[Place, ...]:
    return tuple((each.start, each.end) for each in _of_kind(elements, "cell", row))


WITH_LISTS = frozenset(("html", "docx", "epub", "pptx", "odp", "odt", "eml"))
WITH_TABLES = WITH_LISTS | {"pdf", "image", "xlsx", "ods", "csv", "tsv", "rtf", "json", "xml"}
"""The loaders whose text may have lists, and those whose text may have tables."""


@lru_cache(maxsize=16)
def _structure(
    text: str, loader: str, headings: Levels, styles: tuple[Style, ...]
) -> tuple[Element, ...]:
    if loader == "markdown":
        found = _of_markdown(text)
    else:
        found = [Element(start, end, "heading", level=level) for start, end, level in headings]
        lines = [match.span() for match in re.finditer(r"[^\n]+", text)]
        found += _lists(text, lines) if loader in WITH_LISTS else ()
        found += _tables(text, lines) if loader in WITH_TABLES else ()
        found += _in_one(styles, found)
    return tuple(sorted(found, key=lambda each: (each.start, -each.end, each.kind not in BLOCKS)))


# --- texts composed by our own readers: one block per line, list items on successive lines

_ITEM = re.compile(r"(?:- |(\d+\.) )(?=.)")


def _lists(text: str, lines: Sequence[Place]) -> Iterator[Element]:
    for run in _runs(text, lines, 1, lambda line: _ITEM.match(line) is not None):
        yield from _list(text, run)


def _tables(text: str, lines: Sequence[Place]) -> Iterator[Element]:
    for run in _runs(text, lines, 2, lambda line: BAR in line):
        if len(run) > 1 and len({text.count(BAR, *line) for line in run}) == 1:
            yield from _table(text, run)


def _runs(
    text: str, lines: Sequence[Place], gap: int, wanted: Callable[[str], bool]
) -> Iterator[list[Place]]:
    """Yield runs of successive wanted lines, `gap` line breaks apart."""
    run: list[Place] = []
    for line in lines:
        fits = wanted(text[slice(*line)])
        if run and not (fits and line[0] - run[-1][1] == gap):
            yield run
            run = []
        if fits:
            run.append(line)
    if run:
        yield run


def _list(text: str, lines: Sequence[Place]) -> Iterator[Element]:
    items = []
    for start, end in lines:
        if match := _ITEM.match(text, start):
            items.append(Element(match.end(), end, "item", label=match[1] or ""))
    yield _with_gaps(Element(lines[0][0], lines[-1][1], "list"), items)
    yield from items


def _table(text: str, lines: Sequence[Place]) -> Iterator[Element]:
    rows = []
    for start, end in lines:
        bars = [match.span() for match in re.finditer(re.escape(BAR), text[start:end])]
        edges = [start, *(start + at for bar in bars for at in bar), end]
        cells = [Element(a, b, "cell") for a, b in zip(edges[::2], edges[1::2], strict=True)]
        rows.append(_with_gaps(Element(start, end, "row"), cells))
        yield from cells
    yield _with_gaps(Element(lines[0][0], lines[-1][1], "table"), rows)
    yield from rows


def _with_gaps(outer: Element, inner: Sequence[Element]) -> Element:
    """Return an element with everything outside its inner elements as its signs."""
    edges = [outer.start, *(at for each in inner for at in (each.start, each.end)), outer.end]
    gaps = tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b)
    return Element(outer.start, outer.end, outer.kind, gaps, outer.label)


def _in_one(styles: Sequence[Style], blocks: Sequence[Element]) -> Iterator[Element]:
    """Yield the styles that do not cross the boundary of a block."""
    edges = sorted({at for each in blocks for at in (each.start, each.end)})
    for each in styles:
        after = bisect_right(edges, each.start)
        if after == len(edges) or each.end <= edges[after]:
            yield Element(each.start, each.end, each.kind)


# --- Markdown

_INLINE: dict[str, Kind] = {"strong": "strong", "em": "emphasis", "s": "struck", "link": "link"}
_LINK_ENDS = re.compile(r"\](?:\((?:[^()\\\n]|\\.|\([^()\n]*\))*\)|\[[^\]\n]*\])?|>")

PARAGRAPH, BRACKETS = 20_000, 500
"""The limits, in characters and opening brackets, for paragraphs in which emphasis and links are
looked for. Nobody writes longer ones, and parsing them would take hours."""


def _of_markdown(text: str) -> list[Element]:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parser.core.ruler.enableOnly(["normalize", "block"])
    known: dict[str, Any] = {}
    tokens = parser.parse(without_front_matter(text), known)
    for token in tokens:
        content = token.content
        if token.type == "inline":
            token.children = []
            if len(content) <= PARAGRAPH and content.count("[") <= BRACKETS:
                parser.inline.parse(content, parser, known, token.children)
    return _Markdown(text).read(tokens)


class _Unplaced(Exception):
    """A token of the parser that could not be located in the text."""


class _Markdown:
    """Locates the tokens of markdown-it in the text: it reports lines, but no offsets in them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
        self.found: list[Element] = []

    def read(self, tokens: Sequence[Token]) -> list[Element]:
        """Return the elements of a parsed text."""
        at = 0
        while at < len(tokens):
            token = tokens[at]
            end = _closing(tokens, at)
            if token.type in ("bullet_list_open", "ordered_list_open"):
                self._list(tokens[at : end + 1])
            elif token.type == "table_open":
                self._table(tokens[at : end + 1])
                at = end  # `_table` has read its cells.
            elif token.type == "blockquote_open":
                self._quotation(token)
            elif token.type in ("fence", "code_block", "hr"):
                self._verbatim(token)
            elif token.type == "heading_open":
                self._heading(token)
            elif token.type == "inline":
                start, stop = self._place(token)
                self._in_line(token.children or [], start, stop)
            at += 1
        return self.found

    def _place(self, token: Token) -> Place:
        """Return the span of a block, without the white space around it."""
        first, last = token.map or (0, 0)
        end = self.lines[min(last, len(self.lines) - 1)]
        return stripped(self.text, self.lines[first], end)

    def _list(self, tokens: Sequence[Token]) -> None:
        start, end = self._place(tokens[0])
        items = []
        for token in tokens:
            if token.type == "list_item_open" and token.level == tokens[0].level + 1:
                at, stop = self._place(token)
                marker = re.compile(r"(?:[-*+]|(\d+[.)]))(?:[ \t]+(?:\[[ xX]\][ \t]+)?|$)")
                match = marker.match(self.text, at)
                if match is None or match.end() >= stop:
                    return
                indents = tuple(
                    (indent.start() + 1, indent.end())
                    for indent in re.compile(r"\n[ \t]+(?=\S)").finditer(self.text, at, stop)
                )
                items.append(Element(match.end(), stop, "item", indents, match[1] or ""))
        self.found += [_with_gaps(Element(start, end, "list"), items), *items]

    def _table(self, tokens: Sequence[Token]) -> None:
        start, end = self._place(tokens[0])
        rows, cells = [], []
        for at, token in enumerate(tokens):
            if token.type != "tr_open":
                continue
            row_start, row_end = self._place(token)
            cursor, own = row_start, []
            for inner in tokens[at : _closing(tokens, at)]:
                if inner.type != "inline":
                    continue
                found = self.text.find(inner.content or "|", cursor, row_end)
                if found < 0:
                    return
                found += not inner.content  # An empty cell is placed behind its bar.
                cursor = found + len(inner.content)
                own.append((Element(found, cursor, "cell"), inner.children or []))
            rows.append(_with_gaps(Element(row_start, row_end, "row"), [cell for cell, _ in own]))
            cells += own
        self.found += [_with_gaps(Element(start, end, "table"), rows), *rows]
        for cell, children in cells:
            self.found.append(cell)
            self._in_line(children, cell.start, cell.end)

    def _quotation(self, token: Token) -> None:
        start, end = self._place(token)
        signs = re.compile(r"(?:(?<=\n)|\A)[ \t]*>[ \t]?").finditer(self.text, start, end)
        self.found.append(Element(start, end, "quotation", tuple(each.span() for each in signs)))

    def _verbatim(self, token: Token) -> None:
        start, end = self._place(token)
        if token.type == "hr":
            self.found.append(Element(start, end, "rule", ((start, end),)))
        elif token.type == "code_block":
            self.found.append(Element(start, end, "code"))
        else:
            lines = self.text[start:end].split("\n")
            closed = len(lines) > 1 and lines[-1].strip().startswith(token.markup)
            signs = [(start, start + len(lines[0]) + 1)] if len(lines) > 1 else [(start, end)]
            signs += [(end - len(lines[-1]) - 1, end)] if closed and len(lines) > 2 else []
            self.found.append(Element(start, end, "code", tuple(signs)))

    def _heading(self, token: Token) -> None:
        start, end = self._place(token)
        inner = self.text[start:end]
        match = re.match(r"(#{1,6}[ \t]+).*?((?:[ \t]+#+)?)$", inner) or re.match(
            r"()[^\n]*(?:\n[^\n]*)*?(\n[ \t]*[=-]+)$", inner
        )
        if match:
            level = int(token.tag[1])
            signs = ((start, start + match.end(1)), (start + match.start(2), end))
            places = tuple(place for place in signs if place[0] < place[1])
            self.found.append(Element(start, end, "heading", places, level=level))

    def _in_line(self, children: Sequence[Token], start: int, end: int) -> None:
        """Locate emphasis, code and links; if one is not found, its paragraph gets none."""
        with suppress(_Unplaced):
            self.found += self._placed(children, start, end)

    def _placed(self, children: Sequence[Token], start: int, end: int) -> list[Element]:
        cursor, found = start, []
        opened: list[Place] = []

        def take(words: str) -> Place:
            nonlocal cursor
            at = self.text.find(words, cursor, end)
            if at < 0:
                raise _Unplaced
            cursor = at + len(words)
            return at, cursor

        for token in children:
            kind = _INLINE.get(token.type.partition("_")[0])
            if token.type in ("text", "html_inline"):
                take(token.content)
            elif token.type in ("softbreak", "hardbreak"):
                take("\n")
            elif token.type == "text_special":
                at, stop = take(token.markup)
                if token.info == "escape":
                    found.append(Element(at, stop, "escaped", ((at, at + 1),)))
            elif token.type == "code_inline":
                before = take(token.markup)
                take(token.content.strip())
                after = take(token.markup)
                found.append(Element(before[0], after[1], "monospace", (before, after)))
            elif token.type == "image":
                opening = take("![")
                if token.content:
                    take(token.content)
                closing = self._link_end(cursor, end)
                cursor = closing[1]
                found.append(Element(opening[0], cursor, "emphasis", (opening, closing)))
            elif kind and token.nesting == 1:
                opened.append(take("<" if token.markup == "autolink" else token.markup or "["))
            elif kind and token.nesting == -1:
                opening = opened.pop()
                closing = self._link_end(cursor, end) if kind == "link" else take(token.markup)
                cursor = closing[1]
                found.append(Element(opening[0], cursor, kind, (opening, closing)))
            else:
                raise _Unplaced
        return found

    def _link_end(self, cursor: int, end: int) -> Place:
        match = _LINK_ENDS.match(self.text, cursor, end)
        if match is None:
            raise _Unplaced
        return match.span()


def _closing(tokens: Sequence[Token], at: int) -> int:
    """Return the index of the token that closes the one at an index; that index if none does."""
    if tokens[at].nesting != 1:
        return at
    level = tokens[at].level
    later = range(at + 1, len(tokens))
    return next(each for each in later if tokens[each].level == level and tokens[each].nesting < 0)
