"""Web pages and EPUB books: one paragraph per line, with the headings from the markup."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from index.documents import Properties, Style, StyleKind, stripped
from index.errors import DocumentError
from index.loading.readers.text import DAY, Block, Content, compose, decode, moved, speaks_of


def read_html(data: bytes, charset: str | None = None) -> Content:
    """Read the main text of a web page; a page with nothing around its text is read whole."""
    tree = _parsed(data, charset)
    properties = _properties(tree)  # First, since extracting the main text changes the tree.
    return replace(_read(tree), properties=properties)


def _properties(tree: Any) -> Properties:
    """Return the metadata in the page's head: meta elements and JSON-LD."""
    from trafilatura.metadata import extract_metadata

    found = extract_metadata(tree, extensive=False)
    given = (found.author, found.date, found.sitename, tree.get("lang"))
    author, published, site, language = (each and _restored(each) for each in given)
    return Properties(author, published, site, language)


def _read(tree: Any) -> Content:
    body = tree.find("body") if tree.tag == "html" else tree
    everything = list(_blocks(body)) if body is not None else []
    title = " ".join("".join(tree.xpath("//head/title[1]//text()")).split())
    if body is None or not tree.xpath(_FRILLS):
        return _titled(everything, _restored(title))
    main, main_title = _main_text(tree)
    styles = {block.text: block.styles for block in everything}  # trafilatura drops them.
    main = [block._replace(styles=styles.get(block.text, ())) for block in main]
    region = list(_blocks(_region(body, main)))
    # trafilatura reduces pages that it does not understand to bare paragraphs. Then the region
    # that it found is read instead, or the whole page if that is less than half the running text.
    prose = sum(len(text) for text in body.xpath(_PROSE))
    if _size(main) * 2 < prose or _headings(main) * 2 < _headings(region):
        main = region if _size(region) * 2 >= prose else everything
    return _titled(main or everything, _restored(main_title or title))


def page_blocks(data: bytes, charset: str | None = None) -> list[Block]:
    """Return all blocks of a page, for pages with nothing around their text, as in a mail."""
    return list(_blocks(_parsed(data, charset)))


def _titled(blocks: list[Block], title: str) -> Content:
    """Compose blocks under the page's title, if that title is about this text."""
    content = compose(blocks)
    return replace(content, title=title) if speaks_of(title, content.text) else content


def _size(blocks: list[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _headings(blocks: list[Block]) -> int:
    return sum(block.level > 0 for block in blocks)


def _region(body: Any, main: list[Block]) -> Any:
    """Return the smallest element that holds nearly all paragraphs of the main text."""
    texts = {block.text for block in main}
    sizes: Counter[Any] = Counter()
    for paragraph in body.iter("p"):
        text = _spaced("".join(paragraph.itertext())).text
        if text in texts:
            for around in paragraph.iterancestors():
                sizes[around] += len(text)
    most = 0.9 * max(sizes.values(), default=0)
    holding = [found for found, size in sizes.items() if size >= most]  # All nested.
    return max(holding, key=lambda found: len(list(found.iterancestors())), default=body)


_OPF = {"opf": "http://www.idpf.org/2007/opf", "dc": "http://purl.org/dc/elements/1.1/"}
_CONTAINER = {"c": "urn:oasis:names:tc:opendocument:xmlns:container"}


def read_epub(data: bytes) -> Content:
    """Read a book's chapters in the order of its spine (EPUB 2 and 3)."""
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "META-INF/rights.xml" in archive.namelist():
            raise DocumentError("{name} is locked by its seller (DRM). Use a copy without DRM.")
        try:
            [package, *_] = xml_of(archive, "META-INF/container.xml").xpath(
                "//c:rootfile/@full-path", namespaces=_CONTAINER
            )
            book = xml_of(archive, package)
            chapters = [archive.read(name) for name in _spine(book, package)]
        except (etree.LxmlError, KeyError, ValueError) as error:
            raise DocumentError("{name} is damaged and cannot be read as an EPUB book.") from error
    blocks = [block for each in chapters if each.strip() for block in page_blocks(each)]
    title = next(iter(_said(book, "title")), "")
    return replace(compose(blocks, title), properties=_of_book(book))


def xml_of(archive: zipfile.ZipFile, name: str) -> Any:
    """Parse an XML file in a ZIP. Entities are not resolved, and nothing is fetched."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(archive.read(name), parser)


def _spine(book: Any, package: str) -> Iterator[str]:
    """Yield the archive names of a book's chapters, without its table of contents."""
    items = {
        item.get("id"): item for item in book.xpath("//opf:manifest/opf:item", namespaces=_OPF)
    }
    for name in book.xpath("//opf:spine/opf:itemref/@idref", namespaces=_OPF):
        item = items.get(name)
        if item is not None and "nav" not in (item.get("properties") or "").split():
            path = unquote(urlsplit(item.get("href") or "").path)
            yield posixpath.normpath(posixpath.join(posixpath.dirname(package), path))


def _said(book: Any, name: str) -> list[str]:
    """Return the values of an element of a book's Dublin Core metadata."""
    found = book.xpath(f"//opf:metadata//dc:{name}", namespaces=_OPF)
    texts = (" ".join("".join(each.itertext()).split()) for each in found)
    return [text for text in texts if text]


def _of_book(book: Any) -> Properties:
    """Return a book's metadata; several authors are joined, and a date is cut to its day."""
    published = next((each[:10] for each in _said(book, "date") if DAY.match(each)), None)
    publisher = next(iter(_said(book, "publisher")), None)
    language = next(iter(_said(book, "language")), None)
    return Properties(", ".join(_said(book, "creator")) or None, published, publisher, language)


# A page without any of these has nothing around its text that would have to be removed.
_FRILLS = "//*[@class or @id or self::nav or self::aside or self::footer or self::header]"
_PROSE = ".//p[not(ancestor::nav or ancestor::aside or ancestor::footer or ancestor::form)]//text()"

# trafilatura turns no-break spaces into spaces, which would change quotes: two signs of the
# Phaistos Disc stand in for them on the way through. Soft hyphens and control characters are
# removed.
_HELD = {0xA0: "\U000101d0", 0x202F: "\U000101d1"}
_GONE = dict.fromkeys([0xAD, 0xFEFF, 0xFFFE, 0xFFFF, 0x7F, *range(9), 0xB, *range(0xE, 0x20)])
_GONE |= dict.fromkeys(range(0xD800, 0xE000)) | {0xC: 0x20}
_RELEASED = {ord(sign): space for space, sign in _HELD.items()}


def _restored(text: str) -> str:
    return text.translate(_RELEASED)


def _parsed(data: bytes, charset: str | None = None) -> Any:
    """Parse a page in the encoding given by its BOM, the server, or the page itself."""
    from lxml import etree, html

    declared = re.search(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", data[:4096])
    text = decode(data, charset or (declared[1].decode("ascii", "ignore") if declared else None))
    # As bytes, since lxml refuses a string that declares an encoding; huge_tree, since it otherwise
    # drops much of what is deeply nested or very long.
    parser = html.HTMLParser(
        encoding="utf-8", remove_pis=True, remove_comments=True, huge_tree=True
    )
    try:
        tree = html.document_fromstring(text.translate(_GONE).encode(), parser=parser)
    except etree.ParserError:  # The page is empty.
        return html.Element("html")
    # lxml has dropped what is nested deeper, and all that comes after it.
    if any(each.type_name == "ERR_RESOURCE_LIMIT" for each in parser.error_log):
        raise DocumentError(
            "{name} is nested too deeply to be read whole. Save it as plain text and use that file."
        )
    for element in tree.iter():
        element.text = element.text and element.text.translate(_GONE).translate(_HELD)
        element.tail = element.tail and element.tail.translate(_GONE).translate(_HELD)
    return tree


def _main_text(tree: Any) -> tuple[list[Block], str | None]:
    import trafilatura

    # The tree is used, since the Markdown would have to be parsed again and the HTML loses `ol`.
    found = trafilatura.bare_extraction(
        tree, output_format="xml", include_comments=False, with_metadata=True
    )
    if found is None:
        return [], None
    for element in found.body.iter("head", "list", *_TEI):
        rend = element.get("rend") or ""
        if element.tag == "head":
            element.tag = rend if _HEADING.fullmatch(rend) else "h2"
        elif element.tag == "list":
            element.tag = "ol" if rend == "ol" else "ul"
        else:
            element.tag = _TEI[element.tag]
    return list(_blocks(found.body)), found.title


_TEI = {"item": "li", "row": "tr", "cell": "td", "quote": "blockquote", "lb": "br"}
_DROPPED = re.compile(
    "head|script|style|nav|template|noscript|svg|canvas|iframe|object|audio|video|select|textarea"
    "|button|rt|rp"
)
_BLOCK = re.compile(
    "address|article|aside|blockquote|body|caption|center|dd|details|dialog|div|dl|dt|fieldset"
    "|figcaption|figure|footer|form|h[1-6]|header|hr|html|legend|li|main|ol|p|pre|section|summary"
    "|table|tbody|td|tfoot|th|thead|tr|ul"
)
_LAYOUT = ".//table|.//h1|.//h2|.//h3|.//h4|.//ul|.//ol"
_HEADING = re.compile("h[1-6]")

# These cannot occur in the page: control characters were removed.
_BREAK = "\x1e"
_STYLED: dict[StyleKind, tuple[str, str]] = {
    "strong": ("\x0e", "b strong"),
    "emphasis": ("\x0f", "i em cite"),
    "struck": ("\x10", "s del strike"),
    "monospace": ("\x11", "code kbd samp tt"),
    "link": ("\x12", "a"),
}
"""For each style, the control character that opens it here, and the elements that have it."""
_OPENED = {sign: kind for kind, (sign, _) in _STYLED.items()}
_OPENING = {tag: sign for sign, tags in _STYLED.values() for tag in tags.split()}
_CLOSE = "\x13"


class _Walk:
    """The state of the walk through a page's elements, and the blocks so far."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.words: list[str] = []
        self.opened: list[str] = []
        self.row: list[Block] | None = None
        self.numbers: list[int | None] = []
        self.marker = ""
        self.level = 0
        self.verbatim = self.in_data_table = False

    def start(self, tag: str, element: Any) -> None:
        if _BLOCK.fullmatch(tag):
            self.flush()
        if tag == "br":
            self.words.append(_BREAK)
        elif tag in _OPENING:
            self.opened.append(_OPENING[tag])
            self.words.append(_OPENING[tag])
        elif _HEADING.fullmatch(tag):
            self.level = int(tag[1])
        elif tag == "pre":
            self.verbatim = True
        elif tag in ("ul", "ol"):
            self.numbers.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.marker = "- "
            if self.numbers and (number := self.numbers[-1]) is not None:
                self.numbers[-1] = number + 1
                self.marker = f"{number + 1}. "
        elif tag == "table":
            # A table around headings, lists or tables is for layout; it does not hold data.
            self.in_data_table = not element.xpath(_LAYOUT)
        elif tag == "tr" and self.in_data_table:
            self.row = []
        self.words.append(element.text or "")

    def end(self, tag: str) -> None:
        if _BLOCK.fullmatch(tag):
            self.flush()
        if tag in _OPENING:
            self.opened.pop()
            self.words.append(_CLOSE)
        elif _HEADING.fullmatch(tag):
            self.level = 0
        elif tag == "pre":
            self.verbatim = False
        elif tag in ("ul", "ol"):
            self.numbers.pop()
        elif tag in ("td", "th") and self.row is not None:
            self.row.append(_spaced("".join(self.words)))
            self.words = [*self.opened]
        elif tag == "tr" and self.row is not None:
            if any(cell.text for cell in self.row):
                self.blocks.append(_joined(self.row))
            self.row = None
        elif tag == "table":
            self.in_data_table = False

    def flush(self) -> None:
        """End the paragraph, except in a table cell, which stays on one line."""
        if self.row is not None:
            self.words.append(" ")
            return
        text, self.words = "".join(self.words), [*self.opened]
        if self.verbatim:
            lines = text.replace(_BREAK, "\n").split("\n")
            whole = "\n".join(line.rstrip() for line in lines).translate(_UNSIGNED)
            pieces = [Block(_restored(whole).strip("\n"))]
        else:
            pieces = [_spaced(piece) for piece in re.split(rf"{_BREAK}\s*{_BREAK}", text)]
        for text, _, _, styles in pieces:
            if text.strip():
                marker, self.marker = "" if self.level else self.marker, ""
                styles = tuple(moved(styles, len(marker)))
                self.blocks.append(Block(marker + text, self.level, bool(marker), styles))


def _joined(cells: Sequence[Block]) -> Block:
    """Join the cells of a row into one block."""
    offset = 0
    styles: list[Style] = []
    for cell in cells:
        styles += moved(cell.styles, offset)
        offset += len(f"{cell.text} | ")
    return Block(" | ".join(cell.text for cell in cells), styles=tuple(styles))


def _spaced(words: str) -> Block:
    """Collapse white space as HTML does (which keeps no-break spaces), and place the styles."""
    text = ""
    opened: list[Style] = []
    styles: list[Style] = []
    for piece in re.split(f"([{''.join(_OPENED)}{_CLOSE}])", words):
        if kind := _OPENED.get(piece):
            opened.append(Style(len(text), -1, kind))
        elif piece != _CLOSE:
            spaced = re.sub(rf"[ \t\n\r\f{_BREAK}]+", " ", piece)
            text += spaced.lstrip(" ") if text[-1:] in ("", " ") else spaced
        elif opened:  # If not, the paragraph was split inside the style.
            styles.append(replace(opened.pop(), end=len(text)))
    text = text.rstrip(" ")
    styles += [replace(each, end=len(text)) for each in opened]
    # Outer styles before inner ones.
    placed = sorted(_trimmed(text, styles), key=lambda style: (style.start, -style.end))
    return Block(_restored(text), styles=tuple(placed))


_UNSIGNED = dict.fromkeys(map(ord, (*_OPENED, _CLOSE)))


def _trimmed(text: str, styles: Sequence[Style]) -> Iterator[Style]:
    """Yield styles without the white space at their ends, dropping those that become empty."""
    for each in styles:
        start, end = stripped(text, each.start, each.end)
        if start < end:
            yield replace(each, start=start, end=end)


def _tag(element: Any) -> str:
    """Return an element's name; `a` without `href` counts as `span`, a non-element as `script`."""
    tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else "script"
    return "span" if tag == "a" and element.get("href") is None else tag


_HIDDEN = re.compile(
    r"(?<![\w-])(?:display:none|visibility:(?:hidden|collapse)|(?:opacity|font-size):0*\.?0+(?![.\d]))"
)


def _is_hidden(element: Any) -> bool:
    """Whether an element's own attributes hide it."""
    style = re.sub(r"\s|/\*.*?\*/", "", element.get("style") or "").lower()
    return element.get("hidden") is not None or _HIDDEN.search(style) is not None


def _blocks(root: Any) -> Iterator[Block]:
    """Walk a tree without recursion, since pages can be nested deeper than Python's stack."""
    from lxml import etree

    walk = _Walk()
    steps = etree.iterwalk(root, events=("start", "end"))
    for event, element in steps:
        tag = _tag(element)
        dropped = _DROPPED.fullmatch(tag) is not None or _is_hidden(element)
        if event == "start" and dropped:
            steps.skip_subtree()
        elif event == "start":
            walk.start(tag, element)
        else:
            if not dropped:
                walk.end(tag)
            if element is not root:
                walk.words.append(element.tail or "")
    walk.flush()
    yield from walk.blocks
