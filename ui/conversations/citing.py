"""References to quotes and documents, for readers who do not have this window.

A reference has everything that helps to find the quote: title, author, day, file, page or line,
heading, and the address of a web page, with the quote in view. Documents are also exported as
BibTeX and CSL-JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import quote as url_part

from index.documents import Document
from index.printable import title_line
from rag.quote import Quote
from ui.words.words import _, days, quoted

FRAGMENT_WORDS = 5
"""How many words at either end of a quote a link uses to find it in a web page."""


def reference(quote: Quote) -> str:
    """Return the reference of a quote for a reader without this window and its library."""
    document = quote.document
    day = _day(document)
    named = [
        document.title,
        document.properties.author,
        days(day) if day else None,
        document.name if document.name != document.title and not is_web(document) else None,
        where(quote),
        quoted(quote.heading) if quote.heading else None,
        days(*quote.dates) if quote.dates else None,
    ]
    return ", ".join(title_line(each) for each in named if each)


def where(quote: Quote) -> str:
    """Return the page or line of a quote, and whether it was read from a picture."""
    at = place_at(quote.document, quote.start)
    return _("read from a picture, %(place)s", place=at) if quote.scan else at


def place_at(document: Document, offset: int) -> str:
    """Return the page or slide of an offset in a document, or else its line.

    For a sheet this is "": the lines of its text are not the rows of its file, so their numbers
    would mean nothing to people.
    """
    if page := document.page_at(offset):
        slide = document.page_kind == "slide"
        words = _("slide %(number)s") if slide else _("page %(number)s")
        return words % {"number": page}
    return "" if document.is_sheet else _("line %(number)s", number=document.line_at(offset))


def is_web(document: Document) -> bool:
    """Whether a document was read from a web page."""
    return bool(re.match(r"https?://", document.source))


def web_address(document: Document, span: tuple[int, int] | None = None) -> str:
    """Return the address of the web page that a document was read from, at the quote; or ""."""
    if not is_web(document):
        return ""
    address = document.source.partition("#")[0]
    words = document.text[slice(*span)].split() if span else []
    if words:
        few = 2 * FRAGMENT_WORDS
        ends = [words] if len(words) <= few else [words[:FRAGMENT_WORDS], words[-FRAGMENT_WORDS:]]
        texts = [url_part(" ".join(each), safe="").replace("-", "%2D") for each in ends]
        address += f"#:~:text={','.join(texts)}"
    return address


# --- documents as references


def csl(documents: Iterable[Document]) -> str:
    """Return documents as CSL-JSON, which reference managers read."""
    return json.dumps([_csl_item(each) for each in documents], ensure_ascii=False, indent=2) + "\n"


def _csl_item(document: Document) -> dict[str, Any]:
    day, properties = _day(document), document.properties
    item: dict[str, Any] = {
        "id": document.id,
        "type": "webpage" if is_web(document) else "document",
        "title": document.title,
        "author": [{"literal": each} for each in _authors(document)],
        "issued": day and {"date-parts": [[day.year, day.month, day.day]]},
        "publisher": properties.publisher,
        "language": properties.language,
        "URL": web_address(document),
    }
    return {name: value for name, value in item.items() if value}


def bibtex(documents: Iterable[Document]) -> str:
    """Return documents as BibTeX."""
    return "\n".join(map(_bibtex_entry, documents))


def _bibtex_entry(document: Document) -> str:
    day, properties = _day(document), document.properties
    authors = " and ".join(f"{{{_tex(each)}}}" for each in _authors(document))
    fields = {
        "title": f"{{{_tex(document.title)}}}",
        "author": authors,
        "year": str(day.year) if day else "",
        "month": str(day.month) if day else "",
        "day": str(day.day) if day else "",
        "publisher": _tex(properties.publisher or ""),
        "url": re.sub(r"[{}\\\s]", "", web_address(document)),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{document.id},", *lines, "}"]) + "\n"


_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "{}#$%&_"},
}


def _tex(words: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in title_line(words))


def _authors(document: Document) -> list[str]:
    """Return the authors that a file names, separately if there are clearly several.

    A comma may separate names, or the parts of one name: in that case a part is a single word.
    """
    named = title_line(document.properties.author or "")
    parts = named.split(";") if ";" in named else named.split(",")
    several = ";" in named or all(len(each.split()) > 1 for each in parts)
    return [each.strip() for each in parts if each.strip()] if several else [named] * bool(named)


def _day(document: Document) -> date | None:
    try:
        return date.fromisoformat(document.properties.published or "")
    except ValueError:
        return None
