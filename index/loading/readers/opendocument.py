"""OpenDocument: texts, presentations and spreadsheets, read from the document's XML.

As with Word documents, the XML is read here. Sheets are streamed row by row, since a tree of all
cells would need gigabytes, and entities are not resolved.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from index.documents import Properties
from index.errors import DocumentError
from index.loading.readers.html import xml_of
from index.loading.readers.sheets import (
    MOST_COLUMNS,
    UNCOMPUTED,
    Cells,
    Sheet,
    cell_text,
    of_sheets,
    table_blocks,
)
from index.loading.readers.slides import Slide, of_slides
from index.loading.readers.text import DAY, Block, Content, compose, with_properties

# Most prefixes are the names in their namespaces; these are shorter.
_SHORTER = {"drawing": "draw", "svg-compatible": "svg"}
_PREFIXES = {
    f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0": _SHORTER.get(name, name)
    for name in "office text table drawing presentation style svg-compatible meta manifest".split()
} | {"http://purl.org/dc/elements/1.1/": "dc"}
_NAMES = {prefix: f"{{{uri}}}" for uri, prefix in _PREFIXES.items()}

# What lxml and zipfile raise for parts that are missing or malformed.
_ERRORS = (LookupError, ValueError, AttributeError, TypeError, zipfile.BadZipFile)


def read_odt(data: bytes) -> Content:
    """Read a text document's body; notes, comments and tables of contents are left out."""

    def read(archive: zipfile.ZipFile) -> Content:
        root = xml_of(archive, "content.xml")
        return compose(_Body(_styles(archive, root)).blocks(_body(root)))

    return _read(data, "a text document", read)


def read_odp(data: bytes) -> Content:
    """Read a presentation's slides with their notes."""

    def read(archive: zipfile.ZipFile) -> Content:
        root = xml_of(archive, "content.xml")
        body = _Body(_styles(archive, root))
        return of_slides(body.slide(each) for each in _body(root) if _tag(each) == "draw:page")

    return _read(data, "a presentation", read)


def read_ods(data: bytes) -> Content:
    """Read a spreadsheet's sheets in their order; comments and charts are left out."""

    def read(archive: zipfile.ZipFile) -> Content:
        return replace(compose(of_sheets(_sheets(archive))), title=None)

    return _read(data, "a spreadsheet", read)


def _read(data: bytes, what: str, read: Callable[[zipfile.ZipFile], Content]) -> Content:
    from lxml import etree

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "META-INF/manifest.xml" in names and _is_encrypted(archive):
                raise DocumentError(
                    "{name} is protected with a password. Save a copy without it and use that."
                )
            content = read(archive)
            said = xml_of(archive, "meta.xml") if "meta.xml" in names else None
    except (etree.LxmlError, *_ERRORS) as error:
        raise DocumentError(f"{{name}} is damaged and cannot be read as {what}.") from error
    day = _said(said, "meta:creation-date") or ""
    properties = Properties(
        _said(said, "meta:initial-creator") or _said(said, "dc:creator"),
        day[:10] if DAY.match(day) else None,
        None,
        _said(said, "dc:language"),
    )
    return with_properties(content, _said(said, "dc:title"), properties)


def _is_encrypted(archive: zipfile.ZipFile) -> bool:
    manifest = xml_of(archive, "META-INF/manifest.xml")
    return next(manifest.iter(_name("manifest:encryption-data")), None) is not None


def _said(meta: Any, name: str) -> str | None:
    found = None if meta is None else next(meta.iter(_name(name)), None)
    return None if found is None else " ".join("".join(found.itertext()).split()) or None


@lru_cache(maxsize=256)
def _name(name: str) -> str:
    """Return a name as lxml writes it: "text:p" with the URI of its namespace."""
    prefix, _, local = name.partition(":")
    return f"{_NAMES[prefix]}{local}"


def _tag(element: Any) -> str:
    """Return an element's name with the usual prefix; an empty string for a non-element."""
    return _prefixed(element.tag) if isinstance(element.tag, str) else ""


@lru_cache(maxsize=1024)
def _prefixed(tag: str) -> str:
    uri, _, local = tag[1:].partition("}")
    return f"{_PREFIXES.get(uri, '')}:{local}"


def _get(element: Any, name: str) -> str:
    return element.get(_name(name)) or ""


def _body(root: Any) -> Any:
    """Return the element inside the body, which holds the content."""
    body = root.find(_name("office:body"))
    return body[0]  # If either is missing, this raises one of _ERRORS.


# --- styles


@dataclass(slots=True)
class _Styles:
    """What a file's styles say about its content: what is hidden, a title, or numbered."""

    hidden: set[str] = field(default_factory=set)
    parents: dict[str, str] = field(default_factory=dict)
    numbered: set[tuple[str, int]] = field(default_factory=set)

    def add(self, root: Any) -> None:
        """Add the styles below an element."""
        for style in root.iter(_name("style:style")):
            self.add_style(style)
        for level in root.iter(_name("text:list-level-style-number")):
            around = level.getparent()
            if _get(level, "style:num-format"):
                depth = int(_get(level, "text:level") or 1)
                self.numbered.add((_get(around, "style:name"), depth))

    def add_style(self, style: Any) -> None:
        name = _get(style, "style:name")
        self.parents[name] = _get(style, "style:parent-style-name")
        for each in style:
            if (
                _get(each, "text:display") == "none"
                or _get(each, "table:display") == "false"
                or _get(each, "presentation:visibility") == "hidden"
            ):
                self.hidden.add(name)

    def hides(self, element: Any, prefix: str) -> bool:
        """Whether an element is hidden by its style."""
        return _get(element, f"{prefix}:style-name") in self.hidden

    def is_title(self, element: Any) -> bool:
        """Whether a paragraph has the style of a document's title, or one that is based on it."""
        name, seen = _get(element, "text:style-name"), set[str]()
        while name and name not in seen:
            if name == "Title":
                return True
            seen.add(name)
            name = self.parents.get(name, "")
        return False


def _styles(archive: zipfile.ZipFile, content: Any) -> _Styles:
    styles = _Styles()
    if "styles.xml" in archive.namelist():
        styles.add(xml_of(archive, "styles.xml"))
    styles.add(content)
    return styles


# --- paragraphs, lists, tables and frames

_SKIPPED = frozenset(
    (
        *("text:note", "text:tracked-changes", "text:table-of-content", "text:hidden-text"),
        *("text:hidden-paragraph", "text:ruby-text", "office:annotation", "office:forms"),
        *("office:annotation-end", "presentation:notes", "svg:title", "svg:desc", "draw:object"),
    )
)
_SPACES = frozenset(("text:s", "text:tab", "text:line-break"))
_EDGES = frozenset(("date-time", "footer", "header", "page-number"))
"""The frames that are the same on all slides."""


@dataclass(slots=True)
class _Body:
    styles: _Styles

    def blocks(self, parent: Any) -> Iterator[Block]:
        """Yield the blocks below an element. lxml limits the nesting to 256 elements."""
        for child in parent:
            tag = _tag(child)
            if not tag or tag in _SKIPPED or self._is_hidden(child):
                continue
            if tag in ("text:h", "text:p"):
                level = min(int(_get(child, "text:outline-level") or 1), 9) if tag[-1] == "h" else 0
                if text := self.text(child):
                    yield Block(text, level or int(self.styles.is_title(child)))
                yield from self.framed(child)
            elif tag == "text:list":
                yield from self._list(child, _get(child, "text:style-name"), 1)
            elif tag == "table:table":
                yield from self._table(child)
            else:
                yield from self.blocks(child)

    def text(self, element: Any) -> str:
        """Return the words of a paragraph on one line."""
        words = "".join(self._words(element)).replace("\xad", "")
        return re.sub(r"[ \t\n\r]+", " ", words).strip(" ")

    def _words(self, element: Any) -> Iterator[str]:
        yield element.text or ""
        for child in element:
            tag = _tag(child)
            if tag in _SPACES:
                yield " "
            elif tag and not (
                tag.startswith("draw:") or tag in _SKIPPED or self.styles.hides(child, "text")
            ):
                yield from self._words(child)
            yield child.tail or ""

    def framed(self, element: Any) -> Iterator[Block]:
        """Yield the blocks in the frames of a paragraph."""
        for child in element:
            if _tag(child).startswith("draw:"):
                yield from self.blocks(child)
            elif _tag(child) in ("text:span", "text:a"):
                yield from self.framed(child)

    def _is_hidden(self, element: Any) -> bool:
        return _get(element, "text:display") == "none" or any(
            self.styles.hides(element, prefix) for prefix in ("text", "table")
        )

    def _list(self, element: Any, style: str, depth: int) -> Iterator[Block]:
        number = 0
        for item in element:
            if _tag(item) not in ("text:list-item", "text:list-header"):
                continue
            number += 1
            sign = f"{number}. " if (style, depth) in self.styles.numbered else "- "
            for child in item:
                if _tag(child) == "text:list":
                    own = _get(child, "text:style-name")
                    yield from self._list(child, own or style, depth + 1)
                elif _tag(child) in ("text:p", "text:h") and not self._is_hidden(child):
                    if text := self.text(child):
                        yield Block(f"{sign}{text}", item=True)
                        sign = ""
                    yield from self.framed(child)

    def _table(self, element: Any) -> Iterator[Block]:
        rows = _Rows(self.cell)
        for column in element.iter(_name("table:table-column")):
            rows.add_column(column)
        for row in element.iter(_name("table:table-row")):
            rows.add_row(row)
        yield from table_blocks(rows.sheet)
        yield Block("")  # Keeps it apart from a table that may come next.

    def cell(self, element: Any) -> str:
        """Return the words of a cell, without its comments."""
        inner = element[0] if len(element) == 1 else element
        if _tag(inner) == "text:p" and not len(inner) and not inner.attrib:
            return inner.text or ""  # The fast path for most cells.
        return " ".join(block.text for block in self.blocks(element))

    def slide(self, page: Any) -> Slide | None:
        """Return a slide's title, its other blocks with picture descriptions, and its notes."""
        if self.styles.hides(page, "draw"):
            return None
        title, blocks, notes = "", list[Block](), list[Block]()
        for element in page:
            kind = _get(element, "presentation:class")
            if _tag(element) == "presentation:notes":
                for frame in element:
                    if _get(frame, "presentation:class") == "notes":
                        notes += self.blocks(frame)
            elif kind in _EDGES or _get(element, "presentation:placeholder") == "true":
                continue
            elif kind == "title" and not title:
                title = " ".join(block.text for block in self.blocks(element))
            else:
                blocks += self.blocks(element)
                blocks += map(Block, self._pictured(element))
        return Slide(title, tuple(blocks), tuple(notes))

    def _pictured(self, element: Any) -> Iterator[str]:
        """Yield the alternative texts of pictures."""
        for name in ("svg:title", "svg:desc"):
            for each in element.iter(_name(name)):
                if text := self.text(each):
                    yield text


# --- sheets


@dataclass(slots=True)
class _Rows:
    """Collects the rows of a table as they are read; a row marked as repeated is added repeatedly.

    `words` returns the text of a cell.
    """

    words: Callable[[Any], str]
    rows: dict[int, Cells] = field(default_factory=dict)
    number: int = 0
    columns: int = 0
    hidden: set[int] = field(default_factory=set)
    merged: set[int] = field(default_factory=set)
    below: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Cells merged into the next rows: by column, the text, and how many rows are left."""

    @property
    def sheet(self) -> Sheet:
        return Sheet(self.rows, frozenset(self.merged))

    def add_column(self, element: Any) -> None:
        count = min(_count(element, "table:number-columns-repeated"), MOST_COLUMNS)
        if _get(element, "table:visibility") in ("collapse", "filter"):
            self.hidden.update(range(self.columns, self.columns + count))
        self.columns += count

    def add_row(self, element: Any) -> None:
        cells: Cells = {}
        below: dict[int, tuple[str, int]] = {}
        across = False
        column = 0
        for cell in element:
            count = min(_count(cell, "table:number-columns-repeated"), MOST_COLUMNS - column)
            if _tag(cell) == "table:covered-table-cell":
                for at in range(column, column + count):
                    if at in self.below:
                        cells[at], left = self.below[at]
                        below |= {at: (cells[at], left - 1)} if left > 1 else {}
            elif _tag(cell) == "table:table-cell" and (text := self._text(cell)):
                wide = min(_count(cell, "table:number-columns-spanned"), MOST_COLUMNS)
                across |= wide > 1
                for at in range(column, column + max(count, wide)):
                    cells[at] = text
                    if (high := _count(cell, "table:number-rows-spanned")) > 1:
                        below[at] = (text, high - 1)
            column += count
        self.below = below
        if _get(element, "table:visibility") in ("collapse", "filter"):
            return
        kept = {at: text for at, text in sorted(cells.items()) if at not in self.hidden}
        count = _count(element, "table:number-rows-repeated")
        if kept:
            numbers = range(self.number, self.number + count)
            self.rows |= dict.fromkeys(numbers, kept)
            self.merged.update(numbers if across else ())
        self.number += count

    def _text(self, cell: Any) -> str:
        if text := cell_text(self.words(cell)):
            return text
        kind = _get(cell, "office:value-type")
        value = _get(cell, f"office:{'' if kind in _NUMBERS else f'{kind}-'}value") if kind else ""
        if not value and _get(cell, "table:formula") and kind != "string":
            raise DocumentError(UNCOMPUTED)
        return cell_text(value)


_NUMBERS = ("float", "percentage", "currency")


def _count(element: Any, name: str) -> int:
    return max(int(_get(element, name) or 1), 1)


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, Sheet]]:
    """Yield the visible sheets, with their names."""
    from lxml import etree

    body = _Body(_Styles())
    rows = _Rows(body.cell)
    tags = map(_name, ("style:style", "table:table", "table:table-column", "table:table-row"))
    with archive.open("content.xml") as source:
        for event, element in etree.iterparse(
            source, ("start", "end"), tag=tuple(tags), resolve_entities=False, no_network=True
        ):
            tag = _tag(element)
            if event == "start":
                rows = _Rows(body.cell) if tag == "table:table" else rows
            elif tag == "style:style":
                body.styles.add_style(element)
            elif tag == "table:table-column":
                rows.add_column(element)
            elif tag == "table:table-row":
                rows.add_row(element)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
            elif not body.styles.hides(element, "table"):
                yield _get(element, "table:name"), rows.sheet
