"""Files that are made to fill the memory, never to end, or to have others read: text, zips, PDFs.

Each is a name that says what it tries, the file's name, and a function that makes it.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import docx
import openpyxl
import pptx
from fpdf import FPDF

DEEP = 100_000
PROSE = "The harbour was rebuilt after the storm, and its mole was made of granite. "


class Bomb(NamedTuple):
    """What is tried, what the file is called, what makes it, and what is read or said of it."""

    tries: str
    name: str
    make: Callable[[], bytes]
    comes: str = ""
    """A pattern of the text, or of the message; nothing where either will do."""


def zipped(parts: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return made.getvalue()


# --- Word documents and books


def word_parts() -> dict[str, bytes]:
    made = io.BytesIO()
    docx.Document().save(made)
    with zipfile.ZipFile(made) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


_BODY = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    "{}</w:body></w:document>"
)
_SAID = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"


def word(body: str, head: str = "", **parts: str | bytes) -> bytes:
    """Make a Word document of the XML of its body, with what stands before the root element."""
    document = '<?xml version="1.0"?>' + head + _BODY.format(body)
    return zipped(word_parts() | {"word/document.xml": document.encode()} | parts)


def book(
    chapter: str = "<html><body><p>A harbour.</p></body></html>",
    *,
    manifest: str = "",
    container: str = "",
    spine: str = "",
) -> bytes:
    """Make a book of one chapter."""
    rootfile = '<rootfile full-path="c.opf" media-type="application/oebps-package+xml"/>'
    where = f"""<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
    <rootfiles>{rootfile}</rootfiles></container>"""
    opf = f"""<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">
    <metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">x</dc:identifier>
    <dc:title>Book</dc:title></metadata><manifest>
    <item id="c" href="c.xhtml" media-type="application/xhtml+xml"/>{manifest}</manifest>
    <spine>{spine}<itemref idref="c"/></spine></package>"""
    made = {"META-INF/container.xml": container or where, "c.opf": opf, "c.xhtml": chapter}
    return zipped({"mimetype": "application/epub+zip", **made})


def _item(name: str, href: str) -> str:
    return f'<item id="{name}" href="{href}" media-type="application/xhtml+xml"/>'


def laughs(levels: int = 10, each: int = 10) -> str:
    """Return entities that become a billion words."""
    lines = [f'<!ENTITY l0 "{"lol" * 10}">']
    lines += [f'<!ENTITY l{n} "{f"&l{n - 1};" * each}">' for n in range(1, levels)]
    return f"<!DOCTYPE x [{''.join(lines)}]>"


_QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"a" * DEEP}">]>'


def _external(address: str) -> str:
    return f'<!DOCTYPE x [<!ENTITY x SYSTEM "{address}">]>'


def _parameter(address: str) -> str:
    return f'<!DOCTYPE x [<!ENTITY % x SYSTEM "{address}"> %x;]>'


def flat(megabytes: int) -> bytes:
    return zipped(word_parts() | {"word/media/zeros": bytes(megabytes * 1_000_000)})


def nested(depth: int) -> bytes:
    inner = zipped({"x": bytes(1_000_000)})
    for _ in range(depth):
        inner = zipped({f"{n}.zip": inner for n in range(10)})
    return zipped(word_parts() | {"word/inner.zip": inner})


def lying(size: int, real: int) -> bytes:
    """Make a zip whose directory says another size than what is packed."""
    made = zipped({"word/document.xml": bytes(real)})
    return made.replace(struct.pack("<I", real), struct.pack("<I", size))


def overlapping(count: int, real: int, size: int | None = None) -> bytes:
    """Make a zip of many entries that are one and the same piece of the file."""
    packed = zlib.compress(bytes(real))[2:-4]
    crc = zlib.crc32(bytes(real))
    told = real if size is None else size
    sizes = struct.pack("<III", crc, len(packed), told)
    local = b"PK\3\4" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes + struct.pack("<HH", 1, 0)
    data = local + b"x" + packed
    entry = b"PK\1\2" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes
    names = [f"{n:06}".encode() for n in range(count)]
    directory = b"".join(
        entry + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name for name in names
    )
    counts = min(count, 0xFFFE)
    end = struct.pack("<HHHHIIH", 0, 0, counts, counts, len(directory), len(data), 0)
    return data + directory + b"PK\5\6" + end


def zip_names() -> bytes:
    names = ("../../x", "/etc/passwd", "CON", "nul.txt", "n" * 255, "a\\..\\b", "word/../../y", "~")
    body = {"word/document.xml": _BODY.format(_SAID.format("Kept.")).encode()}
    return zipped(word_parts() | body | dict.fromkeys(names, b"x"))


def archives(secret: str, site: str) -> Iterator[Bomb]:
    """Yield bombs in zips; `secret` is a file's address, `site` one that counts who asks."""
    said = _SAID.format
    yield Bomb("a zip of zeros", "a.docx", partial(flat, 30), "would unpack to 3")
    yield Bomb("a zip of zeros", "a.epub", partial(flat, 30), "would unpack to 3")
    yield Bomb("zips in zips", "a.docx", partial(nested, 3), "no text in")
    yield Bomb("zips in zips", "a.epub", partial(nested, 3))
    yield Bomb("a size that is a lie", "a.docx", partial(lying, 10, 50_000_000), "is damaged")
    yield Bomb("a size that is a lie", "a.epub", partial(lying, 2**32 - 1, 500), "would unpack")
    yield Bomb("entries over entries", "a.docx", partial(overlapping, 60_000, 10**6))
    yield Bomb("entries over entries, with lies", "a.epub", partial(overlapping, 60_000, 10**6, 9))
    yield Bomb("a hundred thousand entries", "a.docx", partial(overlapping, DEEP, 0))
    yield Bomb("names that lead elsewhere", "a.docx", zip_names, "^Kept.$")
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        zeros = {"word/document.xml": bytes(30_000_000)}
        yield Bomb(f"zeros packed by {method}", "a.docx", partial(zipped, zeros, method), "unpack")
    # XML
    tables = "<w:tbl><w:tr><w:tc>" * DEEP
    controls = "<w:sdt><w:sdtContent>" * 120 + said("deep") + "</w:sdtContent></w:sdt>" * 120
    yield Bomb("tables in tables", "a.docx", partial(word, tables))
    yield Bomb("controls in controls", "a.docx", partial(word, controls), "deep")
    yield Bomb("a paragraph of 8 MB", "a.docx", partial(word, said("a" * 8_000_000)))
    yield Bomb("a paragraph of 12 MB", "a.docx", partial(word, said("a" * 12_000_000)))
    many = "<w:p " + " ".join(f'a{n}="1"' for n in range(DEEP)) + "/>"
    yield Bomb("attributes without end", "a.docx", partial(word, many))
    yield Bomb("paragraphs without end", "a.docx", partial(word, said("a") * 20_000), "a\n\na")
    yield Bomb("a billion laughs", "a.docx", partial(word, said("&l9;"), laughs()))
    yield Bomb("a quadratic blowup", "a.docx", partial(word, said("&a;" * 50_000), _QUADRATIC))
    for kind, address in (("file", secret), ("page", f"{site}/word")):
        external = partial(word, said("&x; here"), _external(address))
        yield Bomb(f"an entity that is a {kind}", "a.docx", external)
        yield Bomb(f"a DTD that is a {kind}", "a.docx", partial(word, "", _parameter(address)))
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{address}"/>'
        yield Bomb(f"an included {kind}", "a.docx", partial(word, include + said("here")), "here")
        relations = {"word/_rels/document.xml.rels": _relations(address)}
        linked = partial(word, said("here"), **relations)
        yield Bomb(f"a template and a picture that are a {kind}", "a.docx", linked, "here")
        # Books
        away = partial(book, manifest=_item("x", address), spine='<itemref idref="x"/>')
        yield Bomb(f"a chapter that is a {kind}", "a.epub", away)
        chapter = f"{_external(address)}<html><body><p>&x; here</p></body></html>"
        yield Bomb(f"an entity that is a {kind}", "a.epub", partial(book, chapter), "here")
        container = f"{_external(address)}<container><rootfiles>&x;</rootfiles></container>"
        yield Bomb(f"a list of contents of a {kind}", "a.epub", partial(book, container=container))
    laughing = f"{laughs()}<html><body><p>&l9; here</p></body></html>"
    yield Bomb("a billion laughs", "a.epub", partial(book, laughing), "here")
    contents = laughs() + "<container><rootfiles>&l9;</rootfiles></container>"
    yield Bomb("laughing contents", "a.epub", partial(book, container=contents))
    for path in ("../../etc/passwd", "/etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "CON", "a" * 3000):
        made = partial(book, manifest=_item("x", path), spine='<itemref idref="x"/>')
        yield Bomb(f"a chapter at {path[:20]}", "a.epub", made)
    items = "".join(_item(f"i{n}", "c.xhtml") for n in range(20_000))
    refs = "".join(f'<itemref idref="i{n}"/>' for n in range(20_000))
    yield Bomb("a chapter 20,000 times", "a.epub", partial(book, manifest=items, spine=refs))
    yield Bomb("a deep chapter", "a.epub", partial(book, f"<html>{'<div>' * DEEP}x"), "too deeply")


def _relations(address: str) -> str:
    kinds = ("attachedTemplate", "image", "subDocument", "oleObject", "frame", "numbering")
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = "".join(
        f'<Relationship Id="x{kind}" Type="{office}/{kind}" Target="{address}"'
        ' TargetMode="External"/>'
        for kind in kinds[:-1]
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<?xml version="1.0"?><Relationships xmlns="{package}">{relations}</Relationships>'


# --- sheets, slides, mails and data

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(rows: str, head: str = "", more: str = "") -> bytes:
    """Make a workbook of the XML of its rows, with what stands before the root element."""
    made = io.BytesIO()
    openpyxl.Workbook().save(made)
    with zipfile.ZipFile(made) as archive:
        parts: dict[str, bytes | str] = {each: archive.read(each) for each in archive.namelist()}
    data = f'{head}<worksheet xmlns="{_SHEET}"><sheetData>{rows}</sheetData>{more}</worksheet>'
    return zipped(parts | {"xl/worksheets/sheet1.xml": data})


def slides(shape: str, head: str = "") -> bytes:
    """Make a presentation of one slide, of the XML of what is on it."""
    made, deck = io.BytesIO(), pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[6])
    deck.save(made)
    with zipfile.ZipFile(made) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    part = "ppt/slides/slide1.xml"
    declared, _, rest = str(parts[part], "utf-8").partition("?>")
    filled = rest.replace("</p:spTree>", f"{shape}</p:spTree>")
    return zipped(parts | {part: f"{declared}?>{head}{filled}"})


def opened(body: str, head: str = "") -> bytes:
    """Make an OpenDocument file of the XML of its body."""
    spaces = " ".join(
        f'xmlns:{each}="urn:oasis:names:tc:opendocument:xmlns:{each}:1.0"'
        for each in ("office", "text", "table")
    )
    content = f"<office:document-content {spaces}><office:body>{body}</office:body>"
    return zipped({"content.xml": f"{head}{content}</office:document-content>"})


def _box(text: str) -> str:
    return (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>'
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def _row(text: str) -> str:
    return f'<row><c t="inlineStr"><is><t>{text}</t></is></c></row>'


def _cells(text: str, more: str = "", row: str = "") -> str:
    cell = f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"
    table = f"<table:table><table:table-row {row}>{cell}</table:table-row></table:table>"
    return f"<office:spreadsheet>{table}</office:spreadsheet>"


def _written(text: str) -> str:
    return f"<office:text><text:p>{text}</text:p></office:text>"


def _mail(head: str, body: str = "A harbour.") -> bytes:
    return f"From: a@b.example\n{head}\n\n{body}".encode()


def data_files(secret: str, site: str) -> Iterator[Bomb]:
    """Yield bombs in the formats of offices and programs."""
    made: dict[str, tuple[Callable[..., bytes], Callable[[str], str]]] = {
        "a.xlsx": (sheet, _row),
        "a.pptx": (slides, _box),
        "a.ods": (opened, _cells),
        "a.odt": (opened, _written),
        "a.xml": (lambda body, head="": f"{head}<a>{body}</a>".encode(), lambda text: text),
    }
    for name, (make, said) in made.items():
        yield Bomb("a billion laughs", name, partial(make, said("&l9; here"), laughs()))
        yield Bomb("a quadratic blowup", name, partial(make, said("&a;" * 50_000), _QUADRATIC))
        for kind, address in (("file", secret), ("page", f"{site}/data")):
            yield Bomb(
                f"an entity that is a {kind}",
                name,
                partial(make, said("&x; here"), _external(address)),
            )
            yield Bomb(
                f"a DTD that is a {kind}", name, partial(make, said("here"), _parameter(address))
            )
            include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{address}"/>'
            yield Bomb(f"an included {kind}", name, partial(make, said(include + "here")))
        yield Bomb("elements in elements", name, partial(make, said("<b>" * DEEP)))
    for name in ("a.xlsx", "a.pptx", "a.ods", "a.odt", "a.odp"):
        yield Bomb("a zip of zeros", name, partial(flat, 30), "would unpack to 3")
        yield Bomb(
            "entries over entries", name, partial(overlapping, 60_000, 10**6), "would unpack"
        )
        yield Bomb("a size that is a lie", name, partial(lying, 10, 50_000_000), "is damaged")
    far = '<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
    yield Bomb("a cell at the end of a sheet", "a.xlsx", partial(sheet, _row("here") + far), "here")
    everything = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    yield Bomb(
        "a sheet that is one cell", "a.xlsx", partial(sheet, _row("here"), "", everything), "here"
    )
    merged = partial(sheet, _row("here") + far, "", everything.replace("</mergeCells>", "") * 200)
    yield Bomb("cells over cells", "a.xlsx", merged)
    columns = '<row r="1">' + "".join(f"<c><v>{n}</v></c>" for n in range(16_384)) + "</row>"
    yield Bomb("all columns", "a.xlsx", partial(sheet, columns), "0 . 1 . 2")
    lies = (
        '<row r="-9"><c r="A0"><v>1e999</v></c></row><row r="x"><c r="1A" s="99"><v>x</v></c></row>'
    )
    yield Bomb("rows that are none", "a.xlsx", partial(sheet, lies))
    for style in (
        "0" * 30_000,
        "#," * 30_000,
        '"' * 30_001,
        "[" * 30_000,
        ";" * 30_000,
        "\\" * 9_999,
    ):
        yield Bomb(f"a format of {style[:2]}", "a.xlsx", partial(_styled, style), "7")
    times = 'table:number-{}-repeated="{}"'
    wide = _cells("here", times.format("columns", 10**9))
    yield Bomb("a cell a billion times", "a.ods", partial(opened, wide), "here . here")
    yield Bomb(
        "a row a billion times",
        "a.ods",
        partial(opened, _cells("here", "", times.format("rows", 10**9))),
    )
    both = _cells("here", times.format("columns", 10**5), times.format("rows", 10**5))
    yield Bomb("a cell everywhere", "a.ods", partial(opened, both))
    spaces = _written('a<text:s text:c="999999999"/>b')
    yield Bomb("a billion blanks", "a.odt", partial(opened, spaces), "^a b$")
    lists = _written("x").replace("<text:p>", "<text:list><text:list-item>" * 100 + "<text:p>")
    yield Bomb("lists in lists", "a.odt", partial(opened, lists))
    # Text
    for text in (
        '"' * 300_001,
        '"a,' * 100_000,
        "," * 500_000,
        "a;b\n" * 200_000 + '"',
        "|\n" * 99_999,
    ):
        yield Bomb(f"{text[:3]!r} without end", "a.csv", partial(str.encode, "x,y\n" + text))
    yield Bomb("a field of 9 MB", "a.csv", lambda: b"x,y\n" + b"a" * 9_000_000 + b",b")
    yield Bomb(
        "a thousand columns", "a.csv", lambda: (b",".join([b"a"] * 1000) + b"\n") * 200, "a . a"
    )
    for sign in ("[", '{"a":', "[[],", '[{"a":', "-", '"'):
        yield Bomb(f"{sign} without end", "a.json", partial(str.encode, sign * DEEP))
    yield Bomb("a number without end", "a.json", lambda: b"[" + b"9" * 2_000_000 + b"]", "999")
    yield Bomb("names without end", "a.json", lambda: b"{" + b'"a":1,' * DEEP + b'"a":1}', "a: 1")
    broken = b'{"a": 1}\n' * 20_000 + b"{"
    yield Bomb("a broken last line", "a.jsonl", partial(bytes, broken), "from line 20001 on")
    attributes = " ".join(f'a{n}="1"' for n in range(DEEP))
    yield Bomb("attributes without end", "a.xml", partial(str.encode, f"<a {attributes}/>"))
    for sign in ("{", "{\\b ", "\\u8364?", "\\'e4", "\\cell", "{\\v ", "{\\field{\\*\\fldinst{ "):
        yield Bomb(
            f"{sign} without end",
            "a.rtf",
            partial(str.encode, "{\\rtf1 A harbour." + sign * 30_000),
        )
    codes = (
        "\\ansicpg99999",
        "\\ansicpg" + "9" * 5000,
        "\\u99999999 ",
        "\\uc-1 \\u8364 ",
        "\\bin999999999",
    )
    for code in codes:
        yield Bomb(
            f"the code {code[:12]}", "a.rtf", partial(str.encode, f"{{\\rtf1{code} A harbour.}}")
        )
    for sign in ("<", "<v ", "&", "&#9;", "{\\", "-->", "<c>"):
        text = "WEBVTT\n\n00:01.000 --> 00:02.000\nA harbour. " + sign * DEEP
        yield Bomb(f"{sign} without end", "a.vtt", partial(str.encode, text))
    late = "WEBVTT\n\n99999999:00:00.000 --> 999999999:00:00.000\nA harbour.\n"
    yield Bomb("a time that nobody lives to", "a.vtt", partial(str.encode, late))
    cues = "\n".join(f"{n}\n00:00:00,000 --> 00:00:01,000\na {n}\n" for n in range(20_000))
    yield Bomb("all at once", "a.srt", partial(str.encode, cues), "a 1 a 2")
    inside = "".join(
        f"--{n}\nContent-Type: multipart/mixed; boundary={n + 1}\n\n" for n in range(3_000)
    )
    mixed = "Content-Type: multipart/mixed; boundary="
    yield Bomb("parts in parts", "a.eml", partial(_mail, f"{mixed}0", inside))
    yield Bomb(
        "parts without end", "a.eml", partial(_mail, f"{mixed}x", "--x\n\nA harbour.\n" * 20_000)
    )
    forwarded = "Content-Type: message/rfc822\n\n" * 3_000
    yield Bomb("mails in mails", "a.eml", partial(_mail, forwarded.rstrip()))
    for sign in ("(", "<", ",", '"', "=?utf-8?q?=41?= ", "a@b, ", "\n a", ":", ";", "="):
        for name in ("To", "Date", "Content-Type", "Content-Disposition"):
            yield Bomb(
                f"{name}: {sign!r} without end", "a.eml", partial(_mail, f"{name}: a{sign * 5_000}")
            )


def _styled(form: str) -> bytes:
    made, file = openpyxl.Workbook(), io.BytesIO()
    made.active["A1"] = 7
    made.active["A1"].number_format = form
    made.save(file)
    return file.getvalue()


# --- text, Markdown and web pages


def texts(secret: str, site: str) -> Iterator[Bomb]:
    """Yield bombs that are all text."""
    whole = (b"word " * 4_000_000)[:19_000_000]
    yield Bomb("one line of 19 MB", "a.txt", lambda: whole, "^word word")
    yield Bomb("one line of 50 MB", "a.txt", lambda: b"a" * 50_000_000, "too large: up to 20 MB")
    yield Bomb("nothing but zeros", "a.txt", lambda: bytes(1_000_000), "does not look like text")
    yield Bomb("a zero after a megabyte", "a.md", lambda: b"a" * 10**6 + b"\0", "look like text")
    noise = random.Random(1).randbytes(1_000_000)
    yield Bomb("noise", "a.txt", lambda: noise)
    for sign in ("\n", "\f", "A\n\n", "a\n", "Sept. 3, 2021-", "1. ", "“", "a.b.", "\u200b"):
        text = (sign * 30_000 + "text").encode()
        yield Bomb(f"{sign!r} without end", "a.txt", partial(bytes, text), "text")
    for sign in (
        *("> ", "- ", "[", "![", "*", "_", "`", "<", "# ", "***a", "[a](", "\n>", "|a", "~~~\n"),
        *("[a]: b\n", "\\", "&", "    ", "1. ", "<!--", "</", "a\n===\n", "|a|b\n|-|-\n"),
    ):
        text = (sign * 20_000 + "text").encode()
        yield Bomb(f"{sign!r} without end", "a.md", partial(bytes, text), "text")
        yield Bomb(f"a title of {sign!r}", "a.md", partial(bytes, b"# " + text), "text")
    yield Bomb("a head that never ends", "a.md", lambda: b"---\n" + b"a: b\n" * 20_000, "a: b")
    deep = "div b ul ul><li table><tr><td blockquote svg q".split()
    for tag in (*deep, "span class=x"):
        page = f"<p>A harbour.</p>{f'<{tag}>' * DEEP}text".encode()
        yield Bomb(f"<{tag}> without end", "a.html", partial(bytes, page), "too deeply")
    for tag in ("p", "a href=x", "li", "h1", "option"):
        page = f"<p>A harbour.</p>{f'<{tag}>' * 3_000}text".encode()
        yield Bomb(f"<{tag}> without end", "a.html", partial(bytes, page), "A harbour|too deeply")
    attributes = " ".join(f"a{n}=1" for n in range(DEEP))
    yield Bomb("attributes without end", "a.html", partial(bytes, f"<p {attributes}>x".encode()))
    yield Bomb("a comment without end", "a.html", lambda: b"x<!--" + b"-" * 2_000_000, "^x$")
    yield Bomb("entities without end", "a.html", lambda: b"x" + b"&amp" * 300_000, "^x&&")
    yield Bomb("a tag that never ends", "a.html", lambda: b"x <" + b"a" * 2_000_000)
    yield Bomb("a billion laughs", "a.html", lambda: f"{laughs()}<p>&l9; x".encode(), "x")
    for charset in ("undefined", "unicode_escape", "punycode", "idna", "zip", "utf-7", "a" * 500):
        page = f'<meta charset="{charset}"><p>{PROSE} é'.encode()
        yield Bomb(f"the charset {charset[:20]}", "a.html", partial(bytes, page))
    for kind, address in (("file", secret), ("page", f"{site}/html")):
        include = 'xmlns:xi="http://www.w3.org/2001/XInclude"'
        page = f"""<?xml version="1.0"?>{_external(address)}<html {include}><head>
        <base href="{address}"><link rel="stylesheet" href="{address}"><script src="{address}">
        </script><meta http-equiv=refresh content="0;url={address}"></head><body><p>&x; here</p>
        <xi:include href="{address}"/><img src="{address}"><iframe src="{address}"></iframe>
        <object data="{address}"></object><embed src="{address}"></body></html>"""
        yield Bomb(f"a page that names a {kind}", "a.xhtml", partial(str.encode, page), "here")
    linked = json_ld = '<script type="application/ld+json">' + "[" * DEEP + "</script><p>x"
    yield Bomb("deep JSON in a page", "a.html", partial(str.encode, json_ld), "^x$")
    yield Bomb("deep JSON in a site's page", "a.html", partial(str.encode, "<nav></nav>" + linked))


# --- PDF


def pdf(objects: Iterable[bytes | str], *, trailer: str = "/Root 1 0 R") -> bytes:
    """Make a PDF of its objects, from number 1 on, with a true table of where they stand."""
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        body = each.encode("latin-1") if isinstance(each, str) else each
        made += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += f"trailer<</Size {len(places) + 1} {trailer}>>\nstartxref\n{start}\n%%EOF".encode()
    return bytes(made)


def stream(data: bytes, more: str = "") -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (more.encode(), len(data), data)


CATALOG, PAGES = "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>"
FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
SHOW = b"BT /F 12 Tf 72 700 Td (A harbour here.) Tj ET "


def page(
    content: bytes = SHOW,
    more: Iterable[bytes | str] = (),
    *,
    resources: str = "",
    entries: str = "/MediaBox[0 0 600 800]",
    catalog: str = CATALOG,
    packed: str = "",
) -> bytes:
    """Make a PDF of one page; `more` are its objects from number 6 on."""
    own = (
        f"<</Type/Page/Parent 2 0 R/Contents 4 0 R{entries}/Resources<</Font<</F 5 0 R>>{resources}"
        ">>>>"
    )
    return pdf([catalog, PAGES, own, stream(content, packed), FONT, *more])


def pages(count: int, *, claimed: int | None = None) -> bytes:
    """Make a PDF of many pages, each with its number on it."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(count))
    objects: list[bytes | str] = [CATALOG, f"<</Type/Pages/Kids[{kids}]/Count {claimed or count}>>"]
    objects.append(FONT)
    for n in range(count):
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents {5 + 2 * n} 0 R"
            "/Resources<</Font<</F 3 0 R>>>>>>"
        )
        y = 100 + n % 150  # At no height often enough to be a page's edge.
        objects.append(stream(f"BT /F 12 Tf 20 {y} Td (It is sheet {n}.) Tj ET".encode()))
    return pdf(objects)


def tree(kids: Callable[[int], str], count: int = 1) -> bytes:
    """Make a PDF whose page tree has nodes without end."""
    nodes = [f"<</Type/Pages/Parent 2 0 R/Kids[{kids(n)}]/Count 1>>" for n in range(2, count + 2)]
    return pdf([CATALOG, *nodes])


def form(inside: str, more: str = "") -> bytes:
    return stream(inside.encode(), f"/Type/XObject/Subtype/Form/BBox[0 0 600 800]{more}")


def forms(depth: int, each: int) -> bytes:
    """Make forms that draw the next one several times, down to one that says something."""
    made = [
        form("/N Do " * each, f"/Resources<</XObject<</N {7 + n} 0 R>>>>") for n in range(depth)
    ]
    last = form("BT /F 12 Tf 9 9 Td (x) Tj ET", "/Resources<</Font<</F 5 0 R>>>>")
    return page(SHOW + b"/N Do", [*made, last], resources="/XObject<</N 6 0 R>>")


def packed_twice(megabytes: int) -> bytes:
    inner = zlib.compress(b" " * megabytes * 1_000_000, 9)
    return page(zlib.compress(inner, 9), packed="/Filter[/FlateDecode/FlateDecode]")


def real_pdf() -> bytes:
    made = FPDF()
    made.set_font("Times", size=11)
    for number in range(3):
        made.add_page()
        made.multi_cell(0, 5, f"Sheet {number}. " + PROSE * 5)
    return bytes(made.output())


def pdfs(secret: str, site: str) -> Iterator[Bomb]:
    """Yield PDFs."""
    yield Bomb("pages in a circle", "a.pdf", partial(tree, lambda n: "2 0 R"))
    yield Bomb("pages in a wide circle", "a.pdf", partial(tree, lambda n: f"{n % 50 + 2} 0 R", 50))
    yield Bomb("pages below pages", "a.pdf", partial(tree, lambda n: f"{n + 1} 0 R", 20_000))
    yield Bomb("a page again and again", "a.pdf", partial(tree, lambda n: "2 0 R " * 1_000))
    claimed = partial(pages, 2, claimed=2**31 - 1)
    yield Bomb("two billion pages that are not there", "a.pdf", claimed)
    yield Bomb("10,000 pages", "a.pdf", partial(pages, 10_000), r"sheet 0\.(?s:.*)sheet 9999\.")
    million = [b"null"] * 1_000_000
    yield Bomb("a million objects", "a.pdf", lambda: page(more=million), "A harbour here")
    arrays = [b"[" * DEEP + b"]" * DEEP, b"<</a" * DEEP + b">>" * DEEP, b"(" * DEEP + b")" * DEEP]
    for deep in arrays:
        used = partial(page, more=[deep], entries="/MediaBox[0 0 600 800]/Annots 6 0 R")
        yield Bomb(f"{deep[:3]!r} without end", "a.pdf", used)
        yield Bomb(f"{deep[:3]!r} in what is drawn", "a.pdf", partial(page, SHOW + deep))
    for sign in (b"q ", b"BT ", b"/F BMC ", b"1 ", b"BI ", b"[(a)] TJ ", b"0 0 m 9 9 l S "):
        yield Bomb(f"{sign!r} without end", "a.pdf", partial(page, SHOW + sign * DEEP))
    yield Bomb("a stream that unpacks without end", "a.pdf", partial(packed_twice, 1_000))
    zeros = zlib.compress(bytes(100_000_000), 9)
    size = "/Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8"
    image = stream(zeros, f"{size}/ColorSpace/DeviceRGB/Filter/FlateDecode")
    shown = partial(page, SHOW + b"/N Do", [image], resources="/XObject<</N 6 0 R>>")
    yield Bomb("a picture without end", "a.pdf", shown, "A harbour here")
    own = form("/N Do", "/Resources<</XObject<</N 6 0 R>>>>")
    endless = partial(page, SHOW + b"/N Do", [own], resources="/XObject<</N 6 0 R>>")
    yield Bomb("a form that draws itself", "a.pdf", endless, "A harbour here")
    yield Bomb("forms that draw ten forms", "a.pdf", partial(forms, 12, 10))
    yield Bomb("a thousand forms in forms", "a.pdf", partial(forms, 1_000, 1))
    glyph = stream(b"500 0 d0 BT /F 9 Tf (a) Tj ET")
    own = (
        "<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/CharProcs<</a 6 0 R>>"
        "/Encoding<</Differences[97/a]>>/FirstChar 97/LastChar 97/Widths[9]/Resources<</Font<</F "
        "7 0 R>>>>>>"
    )
    fonts = "/Font<</F 5 0 R/G 7 0 R>>"
    letters = partial(page, SHOW + b"BT /G 9 Tf (aa) Tj ET", [glyph, own], resources=fonts)
    yield Bomb("a letter that is drawn with itself", "a.pdf", letters)
    boxes = "0 0 1e30 1e30|0 0 0 0|9 9 -9 -9|nan inf 1 1|0 0 100000 1|0 0 1 9e9"
    for box in boxes.split("|"):
        of_size = partial(page, SHOW * 3, entries=f"/MediaBox[{box}]")
        yield Bomb(f"a page of {box}", "a.pdf", of_size)
    scaled = b"1e30 0 0 1e30 0 0 cm " * 50 + SHOW
    yield Bomb("letters as large as the world", "a.pdf", partial(page, scaled))
    # The table of where things stand
    whole = page()
    tail = whole.index(b"xref\n")
    for claim in (b"0 999999999", b"0 4294967295", b"-1 5", b"999999999 1"):
        table = whole[:tail] + whole[tail:].replace(b"0 6", claim, 1)
        yield Bomb(f"a table of {claim.decode()}", "a.pdf", partial(bytes, table))
    before = whole.replace(b"/Size 6", f"/Size 6/Prev {tail}".encode())
    yield Bomb("a table before itself", "a.pdf", partial(bytes, before))
    index = "/Type/XRef/Size 2147483647/W[8 8 8]/Index[0 2147483647]/Root 1 0 R"
    wide = stream(b"\xff" * 500, index)
    start = b"%PDF-1.7\n1 0 obj\n" + wide + b"\nendobj\nstartxref\n9\n%%EOF"
    yield Bomb("a packed table without end", "a.pdf", partial(bytes, start))
    bag = stream(b"9 0 " * 500, "/Type/ObjStm/N 2000000000/First 5/Extends 6 0 R")
    yield Bomb("a bag of objects in itself", "a.pdf", partial(page, more=[bag]))
    for at in range(30):
        cut = partial(lambda at: real_pdf()[: at * len(real_pdf()) // 30], at)
        yield Bomb(f"a file cut off after {at}/30", "a.pdf", cut)
    # What it would have done
    for kind, address in (("file", secret), ("page", f"{site}/pdf")):
        actions = [
            f"<</S/URI/URI({address})>>",
            f"<</S/Launch/F({address})>>",
            f"<</S/JavaScript/JS(app.launchURL('{address}'\\);)>>",
            f"<</S/SubmitForm/F({address})>>",
            f"<</S/ImportData/F({address})>>",
            f"<</S/GoToR/F({address})/D[0/Fit]>>",
        ]
        numbers = range(6, 6 + len(actions))
        named = "/Names<</JavaScript<</Names[(x) 8 0 R]>>>>"
        opening = f"{CATALOG[:-2]}/OpenAction 6 0 R/AA<</WC 8 0 R>>{named}>>"
        annotations = " ".join(
            f"<</Type/Annot/Subtype/Link/Rect[0 0 600 800]/A {n} 0 R>>" for n in numbers
        )
        entries = f"/MediaBox[0 0 600 800]/Annots[{annotations}]/AA<</O 9 0 R>>"
        acting = partial(page, more=actions, entries=entries, catalog=opening)
        yield Bomb(f"actions that open a {kind}", "a.pdf", acting, "^A harbour here.$")
        outside = stream(b"", f"/F({address})/FFilter/FlateDecode")
        shown = partial(page, SHOW + b"/N Do", [outside], resources="/XObject<</N 6 0 R>>")
        yield Bomb(f"a stream that is a {kind}", "a.pdf", shown, "A harbour here")
