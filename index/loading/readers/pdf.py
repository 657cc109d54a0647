"""PDF: lines as they stand on the page, put together into paragraphs and tables, with pages."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby, pairwise
from math import hypot, pi
from typing import Any

from index.documents import Heading, Properties, Scan, Style, StyleKind
from index.errors import DocumentError
from index.furniture.captions import captions
from index.loading.readers.text import Content, speaks_of
from index.loading.scanning.layout import Row, rows
from index.loading.scanning.regions import is_usable, to_read
from index.loading.scanning.words import Word, joined, to_json, words_of

HEADING_SCALE = 1.15
"""Letters larger than the body's by this factor are a heading's: 12.65 points over 11."""

HEADING_CHARACTERS = 200
"""What is longer is text in large letters."""

NUMBERED_HEADING = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|(?:[IVX]{1,5}|[A-Z])[.)])\s+[^\W\d_]{2}(?!.*[.:;,]$)"
)
"""A heading whose letters are as large as the body's: with a number, and in another font."""

EDGE_SHARE = 0.4
"""A line at a page's edge is a header or footer when this share of the pages has it: "most", and
also half of them, as where left and right pages differ."""

UPRIGHT = 0.2
"""The share of a page's letters from which those are upright that run to the right."""

LEAST_BACK = 3
"""A word that stands so many points further left than the one before it, and on another height,
begins a line."""

TELLING_WORDS = 5
"""Words of a line, the longest, that its letters' size is measured at."""

FONT_NAME = 128
"""Bytes of a font's name that are read."""

FEW_PAGES = 3
"""In so few pages, lines that come again may be what is said: they stay, out of the sentences."""

LEADING = 1.6
"""Lines of one paragraph are no further apart than this, in letters' sizes."""

NUMBERED_LINES = 5
"""So many numbers beside the text, each greater by the same, count its lines."""

CELL_GAP = 1.1
"""Words of a line that are further apart than this, in letters' sizes, stand in two cells if the
lines above or below have the same."""

TITLE_PITCH = 1.5
"""Lines of a title stand no further apart than this, in letters' sizes."""

SHORTEST = ((2, 3), (3, 2))
"""How many rows of so many cells make a table: three of two, two of three."""


def read_pdf(data: bytes, scans: Sequence[Scan] = ()) -> Content:
    """Read a PDF's text; headings are what is set clearly larger than the body.

    `scans` are pages that were read from their pictures.
    """
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        with pypdfium2.PdfDocument(data) as pdf:
            named = pdf.get_metadata_value("Title")
            author = pdf.get_metadata_value("Author")
            made = re.match(r"D:(\d{4})(\d{2})(\d{2})", pdf.get_metadata_value("CreationDate"))
            seen = _seen(scans, {scan.page: pdf.get_page_size(scan.page - 1) for scan in scans})
            found = [_page_lines(pdf, number, seen.get(number)) for number in range(len(pdf))]
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise DocumentError(
                "{name} is protected with a password. Save a copy without it and give that."
            ) from error
        raise DocumentError("{name} is damaged and cannot be read as a PDF.") from error
    content = composed([lines for lines, _ in found], scans, named)
    return replace(
        content,
        properties=Properties(author, "-".join(made.groups()) if made else None),
        unread=tuple(number for number, (_, read) in enumerate(found, 1) if not read),
    )


def composed(pages: list[list[_Line]], scans: Sequence[Scan] = (), named: str = "") -> Content:
    """Put the lines of pages together; `named` is what the file says its title is."""
    if not any(pages):
        return Content("", pages=(0,) * len(pages), scans=tuple(scans))
    body = _most_common(line.size for page in pages for line in page for _ in line.text)
    pages = _without_edges(list(map(_without_line_numbers, pages)), body)
    lines = [line for page in pages for line in page]
    paragraphs = _with_whole_title(_resumed(_paragraphs(lines), body), body)
    content = _compose(paragraphs, len(pages), body, scans)
    # Many a PDF is called after the file or the program that it was made with.
    real = named.strip() and not re.search(
        r"\.\w{2,4}$|^(?:Microsoft|untitled)\b", named, re.IGNORECASE
    )
    own = named if real and speaks_of(named, content.text) else None
    on_page = own and _stands(own, [_plain_text(each) for each in _top(paragraphs)])
    return replace(content, title=own if on_page else content.title or own)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a page: where it stands in points from the lower left, and its letters' size."""

    text: str
    page: int
    left: float
    right: float
    base: float
    size: float
    hyphen: bool = False
    """Whether pdfium took a hyphen away from its end."""
    cells: tuple[_Cell, ...] = ()
    """Its pieces with wide gaps between them, where there are several."""
    is_row: bool = False
    """Whether it is a table's row, with its cells set apart in the text."""
    turned: bool = False
    """Whether it runs in another direction than most of its page: a stamp on the margin."""
    edge: bool = False
    """Whether it comes again at the edge of other pages."""
    font: str = ""
    """The name of its font."""
    words: tuple[Word, ...] = ()
    """Its words, where they were read from a picture."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A piece of a line between two wide gaps, with where it stands."""

    text: str
    left: float
    right: float


def _page_lines(pdf: Any, number: int, seen: list[_Line] | None = None) -> tuple[list[_Line], bool]:
    """Return a page's lines, with those `seen` in pictures, and whether all of it is read so."""
    page = pdf[number]
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
        pictures = to_read(page, textpage, text)
        if pictures and not is_usable(text):
            return seen or [], seen is not None
        lines: list[tuple[int, _Line]] = []
        # pdfium puts U+FFFE (or U+0002) for a hyphen at a line's end, and no line break after it.
        for match in re.finditer(r"[^\r\n\ufffe\x02]+", text):
            found = list(re.compile(r"\S+").finditer(text, *match.span()))
            for words in _lines_of(textpage, text, found):
                ways = {_direction(textpage, text, word) for word in words[:1] + words[-1:]}
                # Nor a line break before words that run in another direction.
                turns = groupby(words, lambda word: _direction(textpage, text, word))
                for way, piece in turns if len(ways) > 1 else ((way, words) for way in ways):
                    lines.append((way, _line(textpage, text, list(piece), number)))
        whole = _margins_first(lines)
        return _with_seen(whole, seen or []), seen is not None or not pictures
    finally:
        textpage.close()
        page.close()


def _seen(
    scans: Sequence[Scan], sizes: Mapping[int, tuple[float, float]]
) -> dict[int, list[_Line]]:
    """Return the lines that were seen on pages of some sizes, by the pages' numbers from 0."""
    found = rows([(words_of(scan), *sizes[scan.page]) for scan in scans])
    return {
        scan.page - 1: [_seen_line(row, scan.page - 1) for row in page]
        for scan, page in zip(scans, found, strict=True)
    }


def seen_in_pictures(scans: Sequence[Scan], sizes: Mapping[int, tuple[float, float]]) -> Content:
    """Return what was seen in pictures of some sizes, in points."""
    lines = _seen(scans, sizes)
    return composed([lines.get(page - 1, []) for page in sizes], scans)


def _seen_line(row: Row, page: int) -> _Line:
    cells: list[_Cell] = []
    for word, (left, right) in zip(row.words, row.sides, strict=True):
        if cells and left - cells[-1].right <= CELL_GAP * row.size:
            begun = cells.pop()
            cells.append(_Cell(begun.text + " " * word.blank + word.text, begun.left, right))
        else:
            cells.append(_Cell(word.text, left, right))
    text, hyphen = joined(row.words), False
    if re.search(r"\w[-\u2010]$", text):
        text, hyphen = text[:-1], True
    apart = tuple(cells) if len(cells) > 1 else ()
    place = page, row.left, row.right, row.base, row.size
    return _Line(text, *place, hyphen, apart, words=row.words)


def _with_seen(lines: list[_Line], seen: list[_Line]) -> list[_Line]:
    """Put what was seen in a page's pictures between its lines: above the first that is below it.

    What stands where there is text already is that text.
    """
    new = [line for line in seen if not any(_same_place(line, each) for each in lines)]
    if not new:
        return lines
    lowest = min(line.base for line in new)
    left, right = min(line.left for line in new), max(line.right for line in new)
    below = (
        number
        for number, line in enumerate(lines)
        if line.base < lowest and line.left < right and left < line.right and not line.turned
    )
    at = next(below, len(lines))
    return [*lines[:at], *new, *lines[at:]]


def _same_place(one: _Line, other: _Line) -> bool:
    middle = (one.left + one.right) / 2
    near = abs(one.base - other.base) < 0.6 * max(one.size, other.size)
    return near and other.left < middle < other.right


def _lines_of(
    textpage: Any, text: str, words: Sequence[re.Match[str]]
) -> Iterator[list[re.Match[str]]]:
    """Yield the lines in what pdfium takes for one, where each word was set by itself."""
    from pypdfium2 import raw

    x, y = ctypes.c_double(), ctypes.c_double()
    line: list[re.Match[str]] = []
    before = (0.0, 0.0)
    for word in words:
        raw.FPDFText_GetCharOrigin(textpage, _char(textpage, text, word.start()), x, y)
        back, drop = before[0] - x.value, before[1] - y.value
        if line and back > LEAST_BACK and abs(drop) > LEAST_BACK:
            yield line
            line = []
        line.append(word)
        before = (x.value, y.value)
    if line:
        yield line


def _char(textpage: Any, text: str, offset: int) -> int:
    """Return pdfium's number of a character: it counts in UTF-16, and in more than the text."""
    from pypdfium2 import raw

    units = len(text[:offset].encode("utf-16-le")) // 2 if _is_longer_in_utf16(text) else offset
    return int(raw.FPDFText_GetCharIndexFromTextIndex(textpage, units))


@lru_cache(maxsize=1)
def _is_longer_in_utf16(text: str) -> bool:
    return text != "" and max(text) > "\uffff"


def _direction(textpage: Any, text: str, word: re.Match[str]) -> int:
    """Return which of twelve directions a word runs in: 0 is to the right."""
    from pypdfium2 import raw

    angle = raw.FPDFText_GetCharAngle(textpage, _char(textpage, text, word.start()))
    return int(round(angle / (pi / 6)) % 12)


def _margins_first(found: list[tuple[int, _Line]]) -> list[_Line]:
    """Return a page's lines, those first that run another way on its margin, out of the text."""
    if not any(line.text for _, line in found):
        return []
    ways = Counter(way for way, line in found for _ in line.text)
    # A figure may have more words that are turned than its caption has letters.
    usual = 0 if ways[0] >= UPRIGHT * ways.total() else ways.most_common(1)[0][0]
    lines = [replace(line, turned=way != usual) for way, line in found if line.text]
    left = min(line.left for line in lines if not line.turned)
    right = max(line.right for line in lines if not line.turned)
    return sorted(
        lines, key=lambda line: not (line.turned and (line.right <= left or right <= line.left))
    )


def _line(textpage: Any, text: str, words: list[re.Match[str]], page: int) -> _Line:
    from pypdfium2 import raw

    def sides(offset: int) -> tuple[float, float]:
        box = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(textpage, _char(textpage, text, offset), box)
        return box.left, box.right

    def size_at(char: int) -> float:
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(textpage, char, matrix)
        # Some programs set everything in size 1 and scale it.
        size: float = raw.FPDFText_GetFontSize(textpage, char) * hypot(matrix.b, matrix.d)
        return round(size * 2) / 2

    # Long words tell the size: the first may be a raised note number or a large initial. Several
    # do, since one may be a name in another font.
    longest = sorted(words, key=lambda found: found.start() - found.end())[:TELLING_WORDS]
    sizes: Counter[float] = Counter()
    chars: dict[float, int] = {}
    for word in longest:
        char = _char(textpage, text, word.start())
        sizes[size := size_at(char)] += len(word[0])
        chars.setdefault(size, char)
    size = _most_common(sizes.elements())
    middle = chars[size]
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(textpage, middle, x, y)
    ends = [(sides(word.start())[0], sides(word.end() - 1)[1]) for word in words]
    cells: list[_Cell] = []
    for number, word in enumerate(words):
        if number and ends[number][0] - ends[number - 1][1] <= CELL_GAP * size:
            begun = cells.pop()
            joined = f"{begun.text} {_cleaned(word[0])}".strip()
            cells.append(_Cell(joined, begun.left, ends[number][1]))
        else:
            cells.append(_Cell(_cleaned(word[0]), *ends[number]))
    cleaned = _cleaned(text[words[0].start() : words[-1].end()])
    hyphen = text[words[-1].end() : words[-1].end() + 1] in ("\ufffe", "\x02")
    if re.search(r"\w[-\u2010]$", cleaned):  # One that pdfium did not mark.
        cleaned, hyphen = cleaned[:-1], True
    left, right = ends[0][0], ends[-1][1]
    apart = tuple(cells) if len(cells) > 1 else ()
    font = ctypes.create_string_buffer(FONT_NAME)
    raw.FPDFText_GetFontInfo(textpage, middle, font, FONT_NAME, ctypes.c_int())
    name = font.value.decode(errors="replace")
    return _Line(cleaned, page, left, right, y.value, size, hyphen, apart, font=name)


def _cleaned(text: str) -> str:
    kept = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\xad\uffff]", "", text)
    return re.sub(r"[ \t]+", " ", kept).strip(" ")


def _most_common(values: Any) -> float:
    return float(Counter(values).most_common(1)[0][0])


def _without_line_numbers(lines: list[_Line]) -> list[_Line]:
    """Leave out the numbers of a draft's lines, which stand beside the text."""
    text = [line for line in lines if not line.turned and not line.text.isdecimal()]
    left = min((line.left for line in text), default=0.0)
    right = max((line.right for line in text), default=0.0)
    beside = [
        line
        for line in sorted(lines, key=lambda line: -line.base)
        if line.text.isdecimal() and (line.right <= left or right <= line.left)
    ]
    counted = set(beside) if _count_up([line.text for line in beside]) else set()
    # Or pdfium takes them for one line, which is as narrow as each.
    counted |= {
        line
        for line in lines
        if line.right - line.left < 3 * line.size and _count_up(line.text.split())
    }
    return [line for line in lines if line not in counted]


def _count_up(words: Sequence[str]) -> bool:
    """Whether words are numbers that count lines: each is greater by the same."""
    if len(words) < NUMBERED_LINES or not all(map(str.isdecimal, words)):
        return False
    steps = {int(below) - int(above) for above, below in pairwise(words)}
    return len(steps) == 1 and steps.pop() > 0


def _without_edges(pages: list[list[_Line]], body: float) -> list[list[_Line]]:
    """Leave out running headers, footers and page numbers: the same at one height on most pages.

    Where there are few pages they are only marked.
    """
    few = len(pages) <= FEW_PAGES
    heights = [_edge_heights(lines, few) for lines in pages]
    edges = [
        {
            line
            for line in lines
            if line.turned or (line.base in outer and line.size < HEADING_SCALE * body)
        }
        for lines, outer in zip(pages, heights, strict=True)
    ]
    seen = Counter(
        key for found in edges for key in {k for line in found for k in _edge_keys(line)}
    )
    least = max(EDGE_SHARE * len(pages), 2)
    repeated = {key for key, count in seen.items() if count >= least}
    kept: list[list[_Line]] = []
    for lines, found in zip(pages, edges, strict=True):
        gone = {line for line in found if repeated & _edge_keys(line)}
        # What stands in one line with the page's number names its section.
        numbers = {round(line.base) for line in gone if line.text.isdecimal()}
        gone |= {line for line in found if not line.turned and round(line.base) in numbers}
        if few:
            kept.append([replace(line, edge=line in gone) for line in lines])
        else:
            kept.append([line for line in lines if line not in gone])
    return kept


def _edge_heights(lines: list[_Line], apart: bool) -> set[float]:
    """Return the two outermost heights at both ends; only those `apart` from the text if wanted."""
    sizes = {line.base: line.size for line in lines if not line.turned}
    heights = sorted(sizes)
    found: set[float] = set()
    for ends in (heights[:3], heights[:-4:-1]):
        for number, (edge, inner) in enumerate(pairwise(ends), 1):
            if abs(edge - inner) > LEADING * sizes[edge]:
                found |= set(ends[:number])
    return found if apart else {*heights[:2], *heights[-2:]}


def _edge_keys(line: _Line) -> set[str]:
    """Return the line at its height, and again for each number in it, relative to the page's.

    A number at its beginning or end is the page's, whatever else it says.
    """
    height = round(line.base)
    keys = {f"{height} {line.text}"}
    for match in re.finditer(r"\d{1,4}", line.text):
        relative = int(match[0]) - line.page
        keys.add(f"{height} {line.text[: match.start()]}#{relative}{line.text[match.end() :]}")
        if match.start() == 0 or match.end() == len(line.text):
            keys.add(f"{height} #{relative}")
    return keys


@dataclass(slots=True)
class _Run:
    """Lines of one size that stand one below the other in one column."""

    lines: list[_Line] = field(default_factory=list)

    def takes(self, line: _Line) -> bool:
        last = self.lines[-1]
        drop = last.base - line.base
        return (
            line.page == last.page
            and line.turned == last.turned
            and line.edge == last.edge
            and not (line.is_row or last.is_row)
            and line.size == last.size
            and 0 < drop <= 3 * line.size
            and line.left < last.right
            and last.left < line.right
        )


def _paragraphs(lines: list[_Line]) -> list[list[_Line]]:
    """Join lines into paragraphs by gaps, indents, and lines that end early."""
    runs: list[_Run] = []
    for line in _with_tables(list(_rejoined(lines))):
        if not runs or not runs[-1].takes(line):
            runs.append(_Run())
        runs[-1].lines.append(line)
    pitches: dict[float, list[float]] = {}
    for run in runs:
        for above, below in pairwise(run.lines):
            pitches.setdefault(above.size, []).append(round(above.base - below.base, 1))
    pitch = {size: _most_common(found) for size, found in pitches.items()}
    paragraphs: list[list[_Line]] = []
    for run in runs:
        for number, paragraph in enumerate(_split_run(run.lines, pitch)):
            if number == 0 and paragraphs and _continues(paragraphs[-1][-1], paragraph[0]):
                paragraphs[-1] += paragraph
            else:
                paragraphs.append(paragraph)
    return paragraphs


def _rejoined(lines: list[_Line]) -> Iterator[_Line]:
    """Put pieces that stand on one line together again."""
    held: _Line | None = None
    for line in lines:
        beside = (
            held is not None
            and line.page == held.page
            and line.turned == held.turned
            and abs(line.base - held.base) < 0.3 * line.size
            and -0.3 * line.size <= line.left - held.right < 3 * line.size
        )
        if held is not None and beside:
            held = _side_by_side(held, line)
            continue
        if held is not None:
            yield held
        held = line
    if held is not None:
        yield held


def _side_by_side(one: _Line, other: _Line) -> _Line:
    """Return two pieces of a line as one."""
    cells = [*(one.cells or [_Cell(one.text, one.left, one.right)])]
    added = [*(other.cells or [_Cell(other.text, other.left, other.right)])]
    if other.left - one.right <= CELL_GAP * other.size:
        last, first = cells.pop(), added.pop(0)
        cells.append(_Cell(f"{last.text} {first.text}", last.left, first.right))
    cells += added
    return replace(
        one,
        text=f"{one.text} {other.text}",
        right=other.right,
        hyphen=other.hyphen,
        cells=tuple(cells) if len(cells) > 1 else (),
    )


def _with_tables(lines: list[_Line]) -> Iterator[_Line]:
    """Yield the lines, those of tables as rows: lines in a run whose pieces stand in columns."""
    run: list[_Line] = []
    for line in lines:
        if run and not (line.cells and _below(run[-1], line)):
            yield from _as_table(run)
            run = []
        if line.cells:
            run.append(line)
        else:
            yield line
    yield from _as_table(run)


def _below(above: _Line, line: _Line) -> bool:
    drop = above.base - line.base
    return line.page == above.page and 0 < drop <= 3 * line.size and above.size == line.size


def _as_table(run: list[_Line]) -> list[_Line]:
    """Return a run's lines as rows, or as they are where they are no table."""
    most = max((len(line.cells) for line in run), default=0)
    full = [line.cells for line in run if len(line.cells) == most]
    if not any(len(run) >= rows and most >= cells for rows, cells in SHORTEST):
        return run
    columns = [
        (min(cell.left for cell in column), max(cell.right for cell in column))
        for column in zip(*full, strict=True)
    ]
    if any(one[1] > other[0] for one, other in pairwise(columns)):
        return run
    placed = [_in_columns(line.cells, columns) for line in run]
    if not all(placed):
        return run
    return [
        replace(line, text=" | ".join(cells), hyphen=False, is_row=True)
        for line, cells in zip(run, placed, strict=True)
    ]


def _in_columns(cells: Sequence[_Cell], columns: Sequence[tuple[float, float]]) -> list[str]:
    """Return a row's text by columns, blank where it has none; nothing where it does not fit."""
    row = [""] * len(columns)
    for cell in cells:
        middle = (cell.left + cell.right) / 2
        at = min(
            range(len(columns)),
            key=lambda number: abs(middle - (columns[number][0] + columns[number][1]) / 2),
        )
        if row[at]:
            return []
        row[at] = cell.text
    return row


_ENDS_SENTENCE = re.compile(r"[.!?:;…。！？][\"'”’»)\]\d]*$")
_FIRST_WORD = re.compile(r"[^ \u2e80-\uffef]+|.")  # In Chinese, a character.
_BULLET = re.compile(r"[•◦▪‣●–-] ")
_WORD = re.compile(r"[^\W\d_]{2}|[\u2e80-\uffef]")


def _continues(before: _Line, after: _Line) -> bool:
    """Whether a sentence runs on over the end of a column or page, by its letters."""
    return _runs_on(before, after) and after.text[0].islower()


def _runs_on(before: _Line, after: _Line) -> bool:
    """Whether a line ends no sentence, and another one may go on with it."""
    ends = not before.hyphen and _ENDS_SENTENCE.search(before.text)
    apart = any(line.is_row or line.turned or line.edge for line in (before, after))
    return not (ends or apart) and before.size == after.size


def _room_for_word(line: _Line) -> float:
    """Return how wide the first word of a line is, with a blank before it."""
    word = len(_FIRST_WORD.findall(line.text)[0]) + 1
    return word * (line.right - line.left) / len(line.text) + 0.3 * line.size


def _resumed(paragraphs: list[list[_Line]], body: float) -> list[list[_Line]]:
    """Put paragraphs together again that notes, captions, figures or margins interrupt.

    What interrupts stands before the paragraph where it is of the page on which that begins, and
    behind it where it is of the page on which it goes on, so that all stays on its own page.
    """
    text = _of_text(paragraphs, body)
    whole: list[list[_Line]] = []
    # Where in `whole` the last paragraph of the text stands: all behind it is apart.
    last: int | None = None
    for paragraph, is_caption in zip(paragraphs, captions(paragraphs, body), strict=True):
        if is_caption or _is_apart(paragraph[0], body):
            whole.append(paragraph)
            continue
        if last is not None and _resumes(begun := whole[last], paragraph[0], text):
            between = whole[last + 1 :]
            first, end, page = begun[0].page, begun[-1].page, paragraph[0].page
            before = [each for each in between if each[0].page == end]
            behind = [each for each in between if each[0].page == page != end]
            if len(before) + len(behind) == len(between) and (first == end or not before):
                whole[last:] = [*before, begun + paragraph, *behind]
                last += len(before)
                continue
        last = len(whole) if paragraph[0].size == body else None
        whole.append(paragraph)
    return whole


def _is_apart(line: _Line, body: float) -> bool:
    """Whether a paragraph that begins so is none of the text: a note, a row, part of a figure."""
    marked = line.turned or line.edge or line.is_row or not _WORD.search(line.text)
    return marked or (line.size != body and line.size < HEADING_SCALE * body)


def _is_elsewhere(before: _Line, after: _Line) -> bool:
    """Whether a line begins another column or page."""
    return after.page != before.page or after.base > before.base


def _of_text(paragraphs: list[list[_Line]], body: float) -> dict[int, list[_Line]]:
    """Return the lines of the text by their pages."""
    pages: dict[int, list[_Line]] = {}
    for line in (line for paragraph in paragraphs for line in paragraph):
        if line.size == body and not (line.is_row or line.turned):
            pages.setdefault(line.page, []).append(line)
    return pages


def _resumes(begun: list[_Line], after: _Line, text: dict[int, list[_Line]]) -> bool:
    """Whether a paragraph goes on with a line: from a full line to the same edge of a column."""
    before = begun[-1]
    if not (_is_elsewhere(before, after) and _runs_on(before, after)):
        return False
    left, right = _column(before, text[before.page])
    first, last = _column(after, text[after.page])
    indent = after.left - first
    full = right - before.right <= _room_for_word(after)
    if not full or all(abs(indent - each) > after.size for each in (0, before.left - left)):
        return False
    if after.text[0].islower():
        return True
    # What goes on with a name or a number may as well be another paragraph.
    opens = _BULLET.match(after.text) or NUMBERED_HEADING.match(after.text)
    goes_on = last - after.right < 3 * after.size or _ENDS_SENTENCE.search(after.text)
    told = len(text[before.page]) > 1 and before.font == after.font
    return bool(told and goes_on and not opens)


def _column(line: _Line, text: list[_Line]) -> tuple[float, float]:
    """Return where the lines of a column begin and end, but for some that are wider."""
    column = [each for each in text if each.left < line.right and line.left < each.right]
    wider = len(column) // 5
    left = sorted(each.left for each in column)[wider]
    return left, sorted(each.right for each in column)[-1 - wider]


def _split_run(lines: list[_Line], pitch: dict[float, float]) -> list[list[_Line]]:
    # Not the outermost line, which may be a table's or stick out by accident.
    margin = sorted(line.right for line in lines)[int(len(lines) * 0.8)]
    paragraphs = [[lines[0]]]
    for number, line in enumerate(lines[1:], 1):
        below = lines[number + 1] if number + 1 < len(lines) else None
        if _starts_paragraph(paragraphs[-1], line, below, margin, pitch[line.size]):
            paragraphs.append([])
        paragraphs[-1].append(line)
    return paragraphs


def _starts_paragraph(
    before: list[_Line], line: _Line, below: _Line | None, margin: float, pitch: float
) -> bool:
    last = before[-1]
    if last.base - line.base > 1.3 * pitch or _BULLET.match(line.text):
        return True
    if last.hyphen:
        return False
    em = line.size
    if margin - last.right > _room_for_word(line):
        return True  # The next word had room: the line was ended on purpose.
    if not _ENDS_SENTENCE.search(last.text):
        return False
    indented = line.left - last.left > 0.8 * em and (
        below is None or line.left - below.left > 0.8 * em
    )
    hanging = (
        len(before) > 1
        and last.left - before[0].left > 0.8 * em
        and last.left - line.left > 0.8 * em
    )
    return indented or hanging


def _top(paragraphs: list[list[_Line]]) -> list[list[_Line]]:
    """Return what stands above the running text of the first page: its title, among others."""
    upright = [each for each in paragraphs if not each[0].turned]
    long = (len(_plain_text(each)) > HEADING_CHARACTERS for each in upright)
    above = next((number for number, is_long in enumerate(long) if is_long), len(upright))
    return [each for each in upright[:above] if each[0].page == upright[0][0].page]


def _plain_text(paragraph: list[_Line]) -> str:
    return " ".join(line.text for line in paragraph)


def _with_whole_title(paragraphs: list[list[_Line]], body: float) -> list[list[_Line]]:
    """Put a title together whose lines each end early, as those that are centred do."""
    top = _top(paragraphs)
    size = max((each[0].size for each in top), default=0)
    if size < HEADING_SCALE * body:
        return paragraphs
    whole: list[list[_Line]] = []
    for each in paragraphs:
        last = whole[-1][-1] if whole else each[0]
        drop = last.base - each[0].base
        title = each in top and each[0].size == last.size == size
        if title and 0 < drop <= TITLE_PITCH * size and not (last.is_row or each[0].is_row):
            whole[-1] += each
        else:
            whole.append(list(each))
    return whole


def _stands(title: str, lines: list[str]) -> bool:
    """Whether a title is one of these lines, or several in a row."""
    wanted = _letters(title)
    return any(
        "".join(map(_letters, lines[start:end])) == wanted
        for start in range(len(lines))
        for end in range(start + 1, len(lines) + 1)
    )


def _letters(text: str) -> str:
    return "".join(re.findall(r"\w", text.casefold()))


def _compose(
    paragraphs: list[list[_Line]], pages: int, body: float, scans: Sequence[Scan] = ()
) -> Content:
    lines = [line for paragraph in paragraphs for line in paragraph]
    words = Counter(word for line in lines for word in re.findall(r"[\w-]+", line.text))
    top = _top(paragraphs)
    are_captions = captions(paragraphs, body)
    levels = _levels(paragraphs, body, top)
    topmost: list[Heading] = []
    parts: list[str] = []
    headings: list[Heading] = []
    styles: list[Style] = []
    places: dict[tuple[int, Word], int] = {}
    starts: dict[int, int] = {0: 0}
    offset = 0
    for at, paragraph in enumerate(paragraphs):
        start = offset + (2 if parts else 0)
        for number, line in enumerate(paragraph):
            gap = _joint(paragraph[number - 1], line, words) if number else "\n\n" if parts else ""
            starts.setdefault(line.page, offset + len(gap))
            places |= _places(line, offset + len(gap))
            # A hyphen at the very end has nothing to be joined to.
            end = "-" if line.hyphen and line is paragraph[-1] else ""
            parts += gap, line.text + end
            offset += len(gap) + len(line.text) + len(end)
        if are_captions[at] or paragraph[0].turned:
            kind: StyleKind = "caption" if are_captions[at] else "margin"
            styles.append(Style(start, offset, kind))
        elif at in levels:
            headings.append(Heading(start, offset, levels[at]))
            topmost += headings[-1:] if paragraph in top else []
    found = [offset]
    for page in reversed(range(pages)):  # A page without text starts where the next one does.
        found.append(starts.get(page, found[-1]))
    text = "".join(parts)
    # The largest words at the top are the title, unless they come again as chapters do.
    title = min(topmost, key=lambda heading: heading.level, default=None)
    again = title and sum(heading.level == title.level for heading in headings) > 1
    named = text[title.start : title.end] if title and not again else None
    styles += [
        Style(start, start + len(word.text), "uncertain")
        for (_, word), start in places.items()
        if word.is_uncertain and text.startswith(word.text, start)
    ]
    styles.sort(key=lambda style: (style.start, -style.end))
    return Content(
        text,
        named,
        tuple(headings),
        tuple(found[:0:-1]),
        styles=tuple(styles),
        scans=tuple(_with_places(scan, places) for scan in scans),
    )


def _places(line: _Line, start: int) -> dict[tuple[int, Word], int]:
    """Return where the words of a line stand, which begins at a place in the text."""
    found: dict[tuple[int, Word], int] = {}
    at = 0
    for word in line.words:
        # A hyphen may have been taken away from its end.
        at = line.text.find(word.text.rstrip("-\u2010") or word.text, at)
        if at < 0:
            break
        found[line.page, _unplaced(word)] = start + at
        at += 1
    return found


def _with_places(scan: Scan, places: Mapping[tuple[int, Word], int]) -> Scan:
    """Return a page that was read from its picture with where its words stand in the text."""
    words = [
        word._replace(start=places.get((scan.page - 1, _unplaced(word)), -1))
        for word in words_of(scan)
    ]
    return replace(scan, words=to_json(words))


def _unplaced(word: Word) -> Word:
    """Return a word as it was seen: its box tells it from all others of its page."""
    return word._replace(start=-1, blank=False)


def _levels(paragraphs: list[list[_Line]], body: float, top: list[list[_Line]]) -> dict[int, int]:
    """Return the levels of headings by their places: those of larger letters, and then others."""
    short = {
        at: text
        for at, text in enumerate(map(_plain_text, paragraphs))
        if len(text) <= HEADING_CHARACTERS and _WORD.search(text) and not paragraphs[at][0].turned
    }
    large = {at: size for at in short if (size := paragraphs[at][0].size) >= HEADING_SCALE * body}
    sizes = sorted(set(large.values()), reverse=True)
    # Where sections are numbered in larger letters, "1" in another font begins none.
    taken = {_depth(short[at]) for at in large}
    others = {
        at: text
        for at, text in short.items()
        if at not in large and _depth(text) not in taken - {None}
    }
    deeper = _in_another_font(paragraphs, others, body, top)
    levels = {at: sizes.index(size) + 1 for at, size in large.items()}
    levels |= {at: len(sizes) + 1 + depth for at, depth in deeper.items()}
    return {at: min(level, 6) for at, level in levels.items()}


def _in_another_font(
    paragraphs: list[list[_Line]], short: Mapping[int, str], body: float, top: list[list[_Line]]
) -> dict[int, int]:
    """Return how deep the headings stand whose letters are as large as the text's.

    Their numbers tell them, and their font and size those of them that have no number.
    """
    fonts = Counter(line.font for each in paragraphs for line in each if line.size == body)
    usual = fonts.most_common(1)[0][0]
    set_apart = [
        at
        for at in short
        if paragraphs[at][0].size >= body
        and not paragraphs[at][0].is_row
        and paragraphs[at] not in top[:-1]
        and all(line.font != usual for line in paragraphs[at])
    ]
    found = {at: depth for at in set_apart if (depth := _depth(short[at])) is not None}
    looks = {(paragraphs[at][0].font, paragraphs[at][0].size) for at in found}
    highest = min(found.values(), default=0)
    for at in set_apart:
        alike = (paragraphs[at][0].font, paragraphs[at][0].size) in looks
        if alike and len(paragraphs[at]) == 1 and not _ENDS_SENTENCE.search(short[at]):
            found.setdefault(at, highest)
    return {at: depth - highest for at, depth in found.items()}


def _depth(heading: str) -> int | None:
    """Return how deep a heading stands by its number: 0 for "1.", 1 for "1.2"; None without one."""
    numbered = NUMBERED_HEADING.match(heading)
    return heading.split()[0].rstrip(".").count(".") if numbered else None


def _joint(above: _Line, line: _Line, words: Counter[str]) -> str:
    """Return what stands between two lines: a space, a hyphen that stays, or nothing."""
    if not above.hyphen:
        return "" if _WIDE.match(above.text[-1]) and _WIDE.match(line.text) else " "
    before = re.findall(r"\w*$", above.text)[0]
    after = re.findall(r"^\w*", line.text)[0]
    broken = before[-1:].islower() and after[:1].islower()
    # "Saint-Malo" and "2021-22" keep theirs, and so does "well-known" if the text has it elsewhere.
    return "" if broken and words[f"{before}-{after}"] <= words[before + after] else "-"


_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
