"""Plain text and Markdown: the file's own characters, and the headings in them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

from index.dated_entries import entry_dates
from index.documents import UNTOLD, Heading, Properties, Scan, Style, stripped
from index.errors import DocumentError
from index.table_heads import BAR

HEADING_CHARACTERS, HEADING_WORDS = 80, 12
"""The longest plain-text heading, in characters and in words."""

WRAPPED_WIDTH = 130
"""Nobody wraps text by hand wider than this: longer lines are whole paragraphs."""

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
"""The format in which a day is stored."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a format's reader extracts from a file: a `Document` without its origin.

    `unread` are the numbers (from 1) of pages with pictures that have not been recognized yet.
    """

    text: str
    title: str | None = None
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    properties: Properties = UNTOLD
    styles: tuple[Style, ...] = ()
    scans: tuple[Scan, ...] = ()
    unread: tuple[int, ...] = ()


class Block(NamedTuple):
    """A paragraph on one line: plain, or a heading with its level, or an item of a list.

    The offsets of its styles are relative to its own text.
    """

    text: str
    level: int = 0
    item: bool = False
    styles: tuple[Style, ...] = ()


def compose(blocks: Iterable[Block], title: str | None = None) -> Content:
    """Join blocks into a text, with list items on successive lines, and note the headings.

    An empty block separates two tables that would otherwise be one; elsewhere it has no effect.
    """
    parts: list[str] = []
    headings: list[Heading] = []
    styles: list[Style] = []
    offset, last_item, parted = 0, False, False
    for block in blocks:
        if not block.text:
            parted = True
            continue
        gap = ("\n" if block.item and last_item else "\n\n") if parts else ""
        if parted and parts and BAR in parts[-1] and BAR in block.text:
            gap = "\n\n\n\n"
        parted = False
        offset, last_item = offset + len(gap), block.item
        if block.level:
            headings.append(Heading(offset, offset + len(block.text), block.level))
        styles += moved(block.styles, offset)
        parts += gap, block.text
        offset += len(block.text)
    text = "".join(parts)
    title = title or _first_title(text, headings)
    return Content(text, title, tuple(headings), styles=tuple(styles))


def moved(styles: Iterable[Style], by: int) -> Iterable[Style]:
    """Return styles shifted by a number of characters, for a text that is now part of another."""
    return (replace(each, start=each.start + by, end=each.end + by) for each in styles)


def read_text(data: bytes, charset: str | None = None) -> Content:
    """Read plain text; a form feed starts a page, and a short separate line is a heading."""
    text = plain_text(data, charset)
    headings = tuple(_text_headings(text))
    starts_with_heading = headings and not text[: headings[0].start].strip()
    title = text[headings[0].start : headings[0].end] if starts_with_heading else None
    feeds = [match.end() for match in re.finditer("\f", text) if match.end() < len(text)]
    return Content(text, title, headings, (0, *feeds) if feeds else ())


def read_markdown(data: bytes, charset: str | None = None) -> Content:
    """Read Markdown source as it is; headings are noted without their markup."""
    from markdown_it import MarkdownIt

    text = plain_text(data, charset)
    front, body = _FRONT_MATTER.match(text), without_front_matter(text)
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])  # Only the blocks' lines are needed.
    headings = []
    tokens = parser.parse(body)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.map and inline.content:
            words = inline.content.split("\n")  # An underlined heading can have several lines.
            start = text.index(words[0], starts[opening.map[0]])
            end = text.index(words[-1].strip(), starts[opening.map[0] + len(words) - 1])
            headings.append(Heading(start, end + len(words[-1].strip()), int(opening.tag[1])))
    named = front and re.search(r"^title:[ \t]*(\S.*)$", front[0], re.MULTILINE)
    title = named[1].strip(" \t'\"") if named else _first_title(text, headings)
    if title and not named:
        # Cut, since parsing the brackets of a huge non-title could take hours.
        children = MarkdownIt("commonmark").parseInline(title[:1000])[0].children or []
        title = "".join(child.content or " " * (child.type == "softbreak") for child in children)
    return Content(text, title, tuple(headings))


_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")


def without_front_matter(text: str) -> str:
    """Return a Markdown text with its front matter replaced by blank lines."""
    front = _FRONT_MATTER.match(text)
    return "\n" * text.count("\n", 0, front.end()) + text[front.end() :] if front else text


def plain_text(data: bytes, charset: str | None = None) -> str:
    """Decode a text file, drop its BOM and convert line ends to `\\n`; change nothing else."""
    text = decode(data, charset).replace("\r\n", "\n").replace("\r", "\n")
    if re.search(r"[\x00-\x08\x0b\x0e-\x1f]", text):
        raise DocumentError(NOT_TEXT)
    return text


NOT_TEXT = "{name} does not look like text. Give a text file, or save it under its real ending."


def decode(data: bytes, charset: str | None = None) -> str:
    """Decode bytes by their BOM, the declared charset, UTF-8, or detection, in this order."""
    for bom, encoding in _BOMS.items():
        if data.startswith(bom):
            return _decoded(data[len(bom) :], encoding) or ""
    text = _decoded(data, _WIDER.get((charset or "utf-8").lower(), charset or "utf-8"))
    if text is None or "\0" in text:
        text = _decoded(data, _utf16_without_bom(data) or "utf-8")
    return text if text is not None else _detected(data)


_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # Before UTF-16, which starts with the same two bytes.
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}

# As in browsers (encoding.spec.whatwg.org): what is declared as Latin-1 is in fact Windows-1252.
_WIDER = dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"), "cp1252")
_WIDER |= dict.fromkeys(("gb2312", "gbk", "gb_2312-80"), "gb18030")


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (ValueError, LookupError):  # Also for names such as "undefined", which is a codec.
        return None


def _utf16_without_bom(data: bytes) -> str | None:
    """Recognise UTF-16 by the zero bytes of spaces, digits and Latin letters."""
    sample = data[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 10 < len(sample) or min(even, odd) * 20 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _detected(data: bytes) -> str:
    import charset_normalizer

    best = charset_normalizer.from_bytes(data).best()
    if best is None:
        raise DocumentError(NOT_TEXT)
    text = str(best)
    # charset-normalizer 3.5 takes nearly all Western text for Central European: of ten short
    # samples in Windows-1252 it recognized two, while it got other scripts right.
    western = _decoded(data, "cp1252")
    if not western or not _LATIN.fullmatch(text):
        return text
    return (_decoded(data, "cp1250") or text) if _is_central_european(western) else western


_LATIN = re.compile(r"[^\u0370-\u1dff\u2c00-\U0010ffff]*")


def _is_central_european(western: str) -> bool:
    """Whether text was wrongly decoded as Windows-1252, by letters that only this produces."""
    letters = set(western.lower())
    return (
        re.search(r"[a-zà-ÿ][¹³¿º¼¾£¥][a-zà-ÿ]", western, re.IGNORECASE) is not None  # Polish
        or ("ø" in letters and bool(letters & set("ìùèòýï")) and not letters & set("æå"))  # Czech
        or {"õ", "û"} <= letters  # Hungarian
    )


def speaks_of(title: str, text: str) -> bool:
    """Whether a text contains at least half of the words of the title in its file's properties.

    This rejects titles left by a program or a template (“Word Document”, “untitled”).
    """
    words, held = (set(_WORD.findall(each.casefold())) for each in (title, text))
    return bool(words) and 2 * len(words & held) >= len(words)


_WORD = re.compile(r"[\u3040-\u9fff\uac00-\ud7af]|[^\W\u3040-\u9fff\uac00-\ud7af]+")
"""A word, or a character of a script that sets no blanks between words."""


def with_properties(content: Content, title: str | None, properties: Properties) -> Content:
    """Return content with its file's properties; a title in the content takes precedence."""
    named = title if title and speaks_of(title, content.text) else None
    return replace(content, title=content.title or named, properties=properties)


def with_core_properties(content: Content, said: Any, author: str | None) -> Content:
    """Return content with the core properties of its Office file."""
    day = said.created and f"{said.created:%Y-%m-%d}"
    return with_properties(content, said.title, Properties(author, day, None, said.language))


def local_name(element: Any) -> str:
    """Return an XML element's name without its namespace; an empty string for a non-element."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _first_title(text: str, headings: list[Heading]) -> str | None:
    first = next((each for each in headings if each.level == 1), next(iter(headings), None))
    return text[first.start : first.end] if first else None


def _text_headings(text: str) -> Iterable[Heading]:
    blocks = list(_text_blocks(text))
    for (start, end, one_line), (after, stop, _) in pairwise(blocks):
        if one_line and stop - after > end - start and _may_be_heading(text[start:end]):
            yield Heading(start, end, 1 if start == blocks[0][0] else 2)


def _text_blocks(text: str) -> Iterable[tuple[int, int, bool]]:
    """Yield paragraphs, and whether each is one line; each long line is its own paragraph."""
    chunk: list[tuple[int, int]] = []
    for match in re.finditer(r"[^\n\f]+", text):
        start, end = stripped(text, *match.span())
        if start >= end:
            continue
        if chunk and (
            text.count("\n", chunk[-1][1], start) != 1 or "\f" in text[chunk[-1][1] : start]
        ):
            yield from _chunk_blocks(chunk)
            chunk = []
        chunk.append((start, end))
    yield from _chunk_blocks(chunk)


def _chunk_blocks(chunk: list[tuple[int, int]]) -> Iterable[tuple[int, int, bool]]:
    if len(chunk) > 1 and max(end - start for start, end in chunk) <= WRAPPED_WIDTH:
        return [(chunk[0][0], chunk[-1][1], False)]
    return [(start, end, True) for start, end in chunk]


_LIST_ITEM = re.compile(r"(?:[-*+\u2022\u2013]|\d{1,3}[.)]|[A-Za-z]\))\s")


def _may_be_heading(line: str) -> bool:
    first = line[0]
    return (
        len(line) <= HEADING_CHARACTERS
        and len(line.split()) <= HEADING_WORDS
        and any(character.isalpha() for character in line)
        # Upper case, or a script without case.
        and (
            first.isdigit()
            or first in "\"'“”‘„«»「『《"
            or (first.isalpha() and not first.islower())
        )
        and line[-1] not in ".,;:。，、；："
        and not _LIST_ITEM.match(line)
        and entry_dates(line) is None
    )
