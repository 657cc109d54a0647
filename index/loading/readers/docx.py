"""Word documents: paragraphs, lists and tables in their order, read from the document's XML.

Rich Text (.rtf), the older exchange format of word processors, is read as plain paragraphs and
table rows.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from index.errors import DocumentError
from index.loading.readers.text import (
    Block,
    Content,
    compose,
    local_name,
    speaks_of,
    with_core_properties,
)

# What python-docx 1.2 raises for parts that are missing or malformed.
_DOCX_ERRORS = (LookupError, ValueError, AttributeError, TypeError)


def read_docx(data: bytes) -> Content:
    """Read a Word document's body; headers, footers, notes and tables of contents are left out."""
    import docx
    from docx.opc.exceptions import OpcError
    from docx.oxml.exceptions import XmlchemyError
    from lxml import etree

    try:
        document = docx.Document(io.BytesIO(data))
        said = document.core_properties
        return with_core_properties(compose(_blocks(document)), said, said.author)
    except (OpcError, XmlchemyError, zipfile.BadZipFile, etree.LxmlError, *_DOCX_ERRORS) as error:
        raise DocumentError("{name} is damaged and cannot be read as a Word document.") from error


def _blocks(document: Any) -> Iterator[Block]:
    """Yield the body's blocks; each row of a table is one.

    The XML is walked here because python-docx's own paragraphs leave out tracked insertions and
    content controls.
    """
    styles = {style.style_id: style for style in document.styles}
    formats = _number_formats(document)
    counters: Counter[tuple[str, int]] = Counter()
    for element in _paragraphs_and_rows(document.element.body):
        if local_name(element) == "tr":
            cells = [_text(cell) for cell in element.xpath("./w:tc|./w:sdt/w:sdtContent/w:tc")]
            if any(cells):
                yield Block(" | ".join(cells))
            continue
        text = _text(element)
        style = styles.get(element.style)
        name = style.name or "" if style is not None else ""
        if not text or re.match(r"toc \d", name, re.IGNORECASE):
            continue
        heading = re.fullmatch(r"[Hh]eading ([1-9])", name)
        if heading or name == "Title":
            yield Block(text, int(heading[1]) if heading else 1)
            continue
        numbering = _numbering(element, style)
        if numbering is None and not name.startswith(("List Bullet", "List Number")):
            yield Block(text)
            continue
        key = numbering or (name, 0)
        counters[key] += 1
        for deeper in [other for other in counters if other[0] == key[0] and other[1] > key[1]]:
            del counters[deeper]
        bullet = formats.get(key, "decimal" if "Number" in name else "bullet") == "bullet"
        yield Block(("- " if bullet else f"{counters[key]}. ") + text, item=True)


def _paragraphs_and_rows(parent: Any) -> Iterator[Any]:
    for child in parent.iterchildren():
        if local_name(child) in ("p", "tr"):
            yield child
        elif local_name(child) in ("tbl", "sdt", "sdtContent", "ins", "customXml"):
            yield from _paragraphs_and_rows(child)


_RUNS = (
    ".//*[self::w:t or self::w:tab or self::w:br or self::w:cr or self::w:noBreakHyphen"
    " or self::w:p]"
    # A text box is in the file twice, for old and new programs; so is moved text with tracking on.
    "[not(ancestor::w:txbxContent or ancestor::w:moveFrom)]"
    # Text formatted as hidden.
    "[not(ancestor::w:r[w:rPr/w:vanish[not(@w:val='0' or @w:val='false' or @w:val='off')]])]"
)


def _text(element: Any) -> str:
    words = [
        run.text or ""
        if local_name(run) == "t"
        else "-"
        if local_name(run) == "noBreakHyphen"
        else " "
        for run in element.xpath(_RUNS)
    ]
    return re.sub(r"[ \t\n\r]+", " ", "".join(words).replace("\xad", "")).strip(" ")


def _numbering(paragraph: Any, style: Any) -> tuple[str, int] | None:
    """Return the id and depth of a paragraph's list, set on the paragraph or in its style."""
    sources = [paragraph]
    while style is not None and style.element not in sources:  # A style can be based on itself.
        sources.append(style.element)
        style = style.base_style
    for source in sources:
        if identifier := source.xpath("./w:pPr/w:numPr/w:numId/@w:val"):
            depth = source.xpath("./w:pPr/w:numPr/w:ilvl/@w:val")
            return None if identifier[0] == "0" else (identifier[0], int(depth[0]) if depth else 0)
    return None


def _number_formats(document: Any) -> dict[tuple[str, int], str]:
    """Return how each list marks its items, by id and depth: "bullet", "decimal" and so on."""
    from docx.opc.constants import RELATIONSHIP_TYPE

    try:
        numbering = document.part.part_related_by(RELATIONSHIP_TYPE.NUMBERING).element
    except KeyError:  # A document without lists.
        return {}
    abstract = {
        (found.get(_W + "abstractNumId"), int(level.get(_W + "ilvl"))): style.get(_W + "val")
        for found in numbering.iter(_W + "abstractNum")
        for level in found.iter(_W + "lvl")
        for style in level.iter(_W + "numFmt")
    }
    used = {
        num.get(_W + "numId"): name.get(_W + "val")
        for num in numbering.iter(_W + "num")
        for name in num.iter(_W + "abstractNumId")
    }
    return {
        (num, depth): style
        for num, name in used.items()
        for (found, depth), style in abstract.items()
        if found == name
    }


_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


# --- Rich Text


def read_rtf(data: bytes) -> Content:
    """Read the paragraphs and tables of a Rich Text file."""
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip().startswith(b"{\\rtf"):
        raise DocumentError("{name} is damaged, or is not an .rtf file.")
    page = re.search(rb"\\ansicpg(\d{1,5})", data)
    try:
        rtf = data.decode(f"cp{int(page[1])}" if page else "cp1252", "replace")
    except LookupError:
        rtf = data.decode("cp1252", "replace")
    # The blank keeps striprtf from looking for links, which takes it for ever and puts their
    # addresses into the text.
    rtf = rtf.replace(r"\fldinst{", r"\fldinst {")
    try:
        text = rtf_to_text(_unhidden(rtf), errors="replace")
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise DocumentError("{name} is damaged and cannot be read as Rich Text.") from error
    # Characters beyond the first 65,536 are surrogate pairs in the file.
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    said = re.search(r"\{\\title ([^{}\\]+)\}", rtf)
    content = compose(filter(lambda block: block.text, map(_rtf_block, text.split("\n"))))
    named = said[1].strip() if said and speaks_of(said[1], content.text) else None
    return replace(content, title=named)


def _rtf_block(line: str) -> Block:
    """Return a line as a paragraph or a table row; striprtf ends each cell with a bar."""
    cells = line.rstrip().split("|") if line.rstrip().endswith("|") else [line]
    spaced = (re.sub(r"[\x00-\x20\x7f]+", " ", cell.replace("\xad", "")) for cell in cells)
    texts = [cell.strip(" ") for cell in spaced]
    return Block(" | ".join(texts[:-1] or texts) if any(texts) else "")


_RTF_SIGNS = re.compile(r"\\v(0?)(?![a-z0-9-]) ?|\\(?:[{}\\]|plain(?![a-z]))|[{}]")


def _unhidden(rtf: str) -> str:
    """Remove text formatted as hidden, which striprtf would read."""
    if not re.search(r"\\v(?![a-z0-9-])", rtf):
        return rtf
    kept: list[str] = []
    hidden, outer, at = False, list[bool](), 0
    for sign in _RTF_SIGNS.finditer(rtf):
        kept.append("" if hidden else rtf[at : sign.start()])
        at = sign.end()
        if sign[0] == "{":
            outer.append(hidden)
        elif sign[0] == "}":
            hidden = outer.pop() if outer else False
        elif sign[0] == r"\plain":
            hidden = False
        elif sign[0].startswith(r"\v"):
            hidden = not sign[1]
            continue
        elif hidden:
            continue
        kept.append(sign[0])
    return "".join([*kept, "" if hidden else rtf[at:]])
