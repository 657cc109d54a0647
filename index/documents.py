"""The data model: documents, and the spans of their stored text.

Every span in Footnoted is a half-open pair of code-point offsets into `Document.text`. Code passes
spans around and slices the document, rather than carrying text along and searching for it again.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal

from index.english import ENGLISH
from index.errors import UserError
from index.printable import path_line, printable


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a document: `document.text[start:end]`."""

    document_id: str
    start: int
    end: int

    def begins(self, other: Span) -> bool:
        """Whether the other span begins inside this one, wherever it ends."""
        return self.document_id == other.document_id and self.start <= other.start < self.end

    def covers(self, other: Span) -> bool:
        """Whether the other span lies wholly inside this one."""
        return (
            self.document_id == other.document_id
            and self.start <= other.start
            and other.end <= self.end
        )


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading in a document's text, `text[start:end]`, with its level (1 is the highest)."""

    start: int
    end: int
    level: int


StyleKind = Literal[
    "strong", "emphasis", "struck", "monospace", "link", "uncertain", "caption", "margin"
]
"""How words are set apart. "uncertain" marks words that were hard to read in a picture; "caption"
and "margin" mark text outside the running text of its page."""


@dataclass(frozen=True, slots=True)
class Style:
    """Words within one line, `text[start:end]`, that the file sets apart from the rest."""

    start: int
    end: int
    kind: StyleKind


@dataclass(frozen=True, slots=True)
class Scan:
    """A page (from 1) that was read from its picture, with a confidence of up to 1.

    `words` holds the recognized words and their boxes, in the format of
    `index/loading/scanning/words.py`.
    """

    page: int
    confidence: float
    words: str


@dataclass(frozen=True, slots=True)
class Properties:
    """A document's metadata; a field is None if unknown.

    The file itself states `author`, `publisher`, `published` (a day, YYYY-MM-DD) and `language` (a
    tag such as "en" or "zh-CN").

    The user sets `named`, the document's new name (`titled` then keeps the title it had before),
    `tags`, in the order in which they were added, and `read_as`, the code of the language to read
    the document in, which overrides `written_in`.

    The text was found to be in `written_in`, a language code that decides how sentences are split:
    it is None for English, and for documents added by a version without language detection.
    `other_parts` lists paragraphs in another language as (start, end, code), in text order.
    """

    author: str | None = None
    published: str | None = None
    publisher: str | None = None
    language: str | None = None
    named: str | None = None
    titled: str | None = None
    tags: tuple[str, ...] = ()
    written_in: str | None = None
    other_parts: tuple[tuple[int, int, str], ...] = ()
    read_as: str | None = None

    @property
    def spoken(self) -> str:
        """The code of the language that the text is read in."""
        return self.read_as or self.written_in or ENGLISH


UNTOLD = Properties()
"""The properties of a file without metadata."""


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """A text as it was read, and what is known of its structure.

    `id` is a prefix of the text's own SHA-256, so equal texts are the same document and an id names
    one exact text for ever. `source` is an absolute path or an address. `pages` holds the offset at
    which each page starts, and is empty for formats without pages. `loader` names the format and
    the version of its reader ("pdf 1"); it is empty for a text that a program passed in. `styles`
    are those that the text itself does not show, in text order, outer before inner. `scans` are the
    pages that were read from pictures, in page order.

    Two fields are set only right after loading: `file`, the original bytes, if they can show more
    than the text, and `read_sha256`, the SHA-256 of the bytes that were read.
    """

    id: str
    title: str
    source: str
    text: str
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    added: str = ""
    loader: str = ""
    properties: Properties = UNTOLD
    styles: tuple[Style, ...] = ()
    scans: tuple[Scan, ...] = ()
    file: bytes | None = field(default=None, repr=False, compare=False)
    read_sha256: str = field(default="", repr=False, compare=False)

    def __repr__(self) -> str:
        """Return a one-line summary: the text may be a whole book."""
        return f"<Document {self.id} {self.title!r}, {len(self.text):,} characters>"

    @classmethod
    def of(
        cls,
        text: str,
        *,
        title: str,
        source: str,
        headings: tuple[Heading, ...] = (),
        pages: tuple[int, ...] = (),
        loader: str = "",
        properties: Properties = UNTOLD,
        styles: tuple[Style, ...] = (),
        scans: tuple[Scan, ...] = (),
        file: bytes | None = None,
        read_sha256: str = "",
    ) -> Document:
        """Make a document of a text, with its id computed."""
        return cls(
            text_sha256(text)[:12],
            title,
            source,
            text,
            headings,
            pages,
            loader=loader,
            properties=properties,
            styles=styles,
            scans=scans,
            file=file,
            read_sha256=read_sha256,
        )

    @property
    def sha256(self) -> str:
        """The SHA-256 of the text in UTF-8: what `footnoted show --text | sha256sum` prints."""
        return text_sha256(self.text)

    @property
    def name(self) -> str:
        """The last part of the source: a file's name, or the end of an address."""
        return source_name(self.source)

    @property
    def label(self) -> str:
        """The name shown to people: the one a user gave it, or else its source's."""
        return self.properties.named or self.name

    def renamed(self, title: str | None) -> Document:
        """Return the document under a name that a user gives it; unchanged for an empty one."""
        if not title:
            return self
        given = (title, self.own_title) if title != self.own_title else (None, None)
        properties = replace(self.properties, named=given[0], titled=given[1])
        return replace(self, title=title, properties=properties)

    def tagged(self, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Document:
        """Return the document with some tags added and others removed.

        Raises UserError for an invalid tag.
        """
        gone = {each.casefold() for each in remove}
        tags = {each.casefold(): each for each in self.properties.tags}
        for each in map(tag_of, add):
            tags.setdefault(each.casefold(), each)
        kept = tuple(tag for folded, tag in tags.items() if folded not in gone)
        return replace(self, properties=replace(self.properties, tags=kept))

    def in_language(self, code: str | None) -> Document:
        """Return the document with the language that a user sets; None goes back to detection."""
        return replace(self, properties=replace(self.properties, read_as=code))

    def told_as(self, other: Document) -> Document:
        """Return the document with the detected languages of another one with the same text."""
        code, parts = other.properties.written_in, other.properties.other_parts
        told = replace(self.properties, written_in=code, other_parts=parts)
        return replace(self, properties=told)

    @property
    def language(self) -> str:
        """The code of the language that its text is in; “en” if nothing is known.

        `properties.language` is what the file claims, and is often wrong.
        """
        return self.properties.spoken

    def language_at(self, offset: int) -> str:
        """Return the code of the language of the paragraph that holds the offset."""
        parts = self.properties.other_parts
        at = bisect_right(parts, offset, key=lambda part: part[0]) - 1
        return parts[at][2] if at >= 0 and offset < parts[at][1] else self.language

    @property
    def own_title(self) -> str:
        """The title from the file. It states the topic, which a name given by a user may not."""
        return self.properties.titled or self.title

    @property
    def page_kind(self) -> Literal["page", "slide"]:
        """The word for one of its pages."""
        return "slide" if self.loader.startswith(("pptx ", "odp ")) else "page"

    def page_at(self, offset: int) -> int | None:
        """Return the number (from 1) of the page that holds the offset, or None without pages."""
        return bisect_right(self.pages, offset) if self.pages else None

    def scan_at(self, offset: int) -> Scan | None:
        """Return the scan of the page that holds the offset, if it was read from a picture."""
        page = self.page_at(offset)
        return next((each for each in self.scans if each.page == page), None)

    def uncertain(self, start: int, end: int) -> list[str]:
        """Return the words between two offsets that were hard to read in a picture."""
        return [
            self.text[each.start : each.end]
            for each in self.styles
            if each.kind == "uncertain" and each.start < end and start < each.end
        ]

    @property
    def is_sheet(self) -> bool:
        """Whether it was read from a spreadsheet, in which a place is a row and a column."""
        return self.loader.startswith(("xlsx ", "ods ", "csv ", "tsv "))

    def line_at(self, offset: int) -> int:
        """Return the number (from 1) of the line that holds the offset."""
        return self.text.count("\n", 0, offset) + 1


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that is embedded and retrieved as a whole.

    `sentences` are half-open offsets into the document's text, in order, of the sentences in the
    passage that can serve as an answer; there may be none. `heading` is the title of its section.
    `dates` is set for an entry of a chronology: the first and last day it covers.
    """

    span: Span
    sentences: tuple[tuple[int, int], ...]
    heading: str | None = None
    dates: tuple[date, date] | None = None


LONGEST_TAG = 60
"""In characters."""


def tag_of(text: str) -> str:
    """Return a tag in the form that is stored: on one line, in the case in which it was typed.

    Tags are compared without regard to case. Raises UserError for an invalid one.
    """
    tag = printable(text)
    if not tag:
        raise UserError("A tag has no words: type one.")
    if len(tag) > LONGEST_TAG or "," in tag:
        raise UserError(f"A tag has up to {LONGEST_TAG} characters, and no comma.")
    return tag


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_name(source: str) -> str:
    """Return the last part of a path or an address, which people use as the document's name."""
    return path_line(last_part(source))


def occurrences(text: str, words: str) -> Iterator[int]:
    """Yield the offset of each occurrence of words in a text, overlapping ones included."""
    at = text.find(words)
    while at >= 0:
        yield at
        at = text.find(words, at + 1)


def stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span of a text without the white space at its ends."""
    words = text[start:end]
    return start + len(words) - len(words.lstrip()), start + len(words.rstrip())


def last_part(source: str) -> str:
    """Return the last part of a path or an address, unchanged."""
    return source.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or source
