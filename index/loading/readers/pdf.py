"""PDF: lines as they stand on the page, put together into paragraphs and tables, with pages."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from math import hypot, pi
from typing import Any

from index.documents import Heading, Properties
from index.errors import DocumentError
from index.loading.readers.text import Content, speaks_of

HEADING_SCALE = 1.15
"""Letters larger than the body's by this factor are a heading's: 12.65 points over 11."""

HEADING_CHARACTERS = 200
"""What is longer is text in large letters."""

EDGE_SHARE = 0.4
"""A line at a page's edge is a header or footer when this share of the pages has it: "most", and
also half of them, as where left and right pages differ."""

CELL_GAP = 1.1
"""Words of a line that are further apart than this, in letters' sizes, stand in two cells if the
lines above or below have the same."""

TITLE_PITCH = 1.5
"""Lines of a title stand no further apart than this, in letters' sizes."""

SHORTEST = ((2, 3), (3, 2))
"""How many rows of so many cells make a table: three of two, two of three."""


def read_pdf(data: bytes) -> Content:
    """Read a PDF's text; headings are what is set clearly larger than the body."""
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        with pypdfium2.PdfDocument(data) as pdf:
            named = pdf.get_metadata_value("Title")
            author = pdf.get_metadata_value("Author")
            made = re.match(r"D:(\d{4})(\d{2})(\d{2})", pdf.get_metadata_value("CreationDate"))
            pages = [_page_lines(pdf, number) for number in range(len(pdf))]
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise DocumentError(
                "{name} is protected with a password. Save a copy without it and give that."
            ) from error
        raise DocumentError("{name} is damaged and cannot be read as a PDF.") from error
    if not any(pages):
        raise DocumentError(
            "{name} has no text in it: its pages may be pictures. Run OCR on it first, for example"
            " with ocrmypdf, and give the result."
        )
    body = _most_common(line.size for page in pages for line in page for _ in line.text)
    lines = [line for page in _without_edges(pages, body) for line in page]
    paragraphs = _with_whole_title(_paragraphs(lines), body)
    content = _compose(paragraphs, len(pages), body)
    # Many a PDF is called after the file or the program that it was made with.
    real = named.strip() and not re.search(
        r"\.\w{2,4}$|^(?:Microsoft|untitled)\b", named, re.IGNORECASE
    )
    own = named if real and speaks_of(named, content.text) else None
    on_page = own and _stands(own, [_plain_text(each) for each in _top(paragraphs)])
    return replace(
        content,
        title=own if on_page else content.title or own,
        properties=Properties(author, "-".join(made.groups()) if made else None),
    )


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


@dataclass(frozen=True, slots=True)
class _Cell:
    """A piece of a line between two wide gaps, with where it stands."""

    text: str
    left: float
    right: float


def _page_lines(pdf: Any, number: int) -> list[_Line]:
    page = pdf[number]
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
        lines: list[tuple[int, _Line]] = []
        # pdfium puts U+FFFE (or U+0002) for a hyphen at a line's end, and no line break after it.
        for match in re.finditer(r"[^\r\n\ufffe\x02]+", text):
            words = list(re.compile(r"\S+").finditer(text, *match.span()))
            ways = {_direction(textpage, text, word) for word in words[:1] + words[-1:]}
            # Nor a line break before words that run in another direction.
            turns = groupby(words, lambda word: _direction(textpage, text, word))
            for way, piece in turns if len(ways) > 1 else ((way, words) for way in ways):
                lines.append((way, _line(textpage, text, list(piece), number)))
        return _margins_first(lines)
    finally:
        textpage.close()
        page.close()


def _char(textpage: Any, text: str, offset: int) -> int:
    """Return pdfium's number of a character: it counts in UTF-16, and in more than the text."""
    from pypdfium2 import raw

    units = offset if text.isascii() else len(text[:offset].encode("utf-16-le")) // 2
    return int(raw.FPDFText_GetCharIndexFromTextIndex(textpage, units))


def _direction(textpage: Any, text: str, word: re.Match[str]) -> int:
    """Return which of twelve directions a word runs in: 0 is to the right."""
    from pypdfium2 import raw

    angle = raw.FPDFText_GetCharAngle(textpage, _char(textpage, text, word.start()))
    return int(round(angle / (pi / 6)) % 12)


def _margins_first(found: list[tuple[int, _Line]]) -> list[_Line]:
    """Return a page's lines, those first that run another way on its margin, out of the text."""
    if not any(line.text for _, line in found):
        return []
    usual = _most_common(way for way, line in found for _ in line.text)
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

    # The longest word tells the size: the first may be a raised note number or a large initial.
    middle = _char(textpage, text, max(words, key=lambda found: len(found[0])).start())
    matrix = raw.FS_MATRIX()
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(textpage, middle, x, y)
    raw.FPDFText_GetMatrix(textpage, middle, matrix)
    # Some programs set everything in size 1 and scale it.
    size = raw.FPDFText_GetFontSize(textpage, middle) * hypot(matrix.b, matrix.d)
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
    left, right, size = ends[0][0], ends[-1][1], round(size * 2) / 2
    apart = tuple(cells) if len(cells) > 1 else ()
    return _Line(cleaned, page, left, right, y.value, size, hyphen, apart)


def _cleaned(text: str) -> str:
    kept = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\xad\uffff]", "", text)
    return re.sub(r"[ \t]+", " ", kept).strip(" ")


def _most_common(values: Any) -> float:
    return float(Counter(values).most_common(1)[0][0])


def _without_edges(pages: list[list[_Line]], body: float) -> list[list[_Line]]:
    """Leave out running headers, footers and page numbers: the same at one height on most pages."""
    if len(pages) < 4:
        return pages
    edges = [
        {
            line
            for line in lines
            if line.turned or (line.base in _edge_heights(lines) and line.size <= body)
        }
        for lines in pages
    ]
    seen = Counter(
        key for found in edges for key in {k for line in found for k in _edge_keys(line)}
    )
    repeated = {key for key, count in seen.items() if count >= EDGE_SHARE * len(pages)}
    return [
        [line for line in lines if line not in found or not repeated & _edge_keys(line)]
        for lines, found in zip(pages, edges, strict=True)
    ]


def _edge_heights(lines: list[_Line]) -> set[float]:
    heights = sorted({line.base for line in lines})
    return {*heights[:2], *heights[-2:]}


def _edge_keys(line: _Line) -> set[str]:
    """Return the line at its height, and again for each number in it, relative to the page's."""
    height = round(line.base)
    keys = {f"{height} {line.text}"}
    for match in re.finditer(r"\d{1,4}", line.text):
        relative = int(match[0]) - line.page
        keys.add(f"{height} {line.text[: match.start()]}#{relative}{line.text[match.end() :]}")
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


def _continues(before: _Line, after: _Line) -> bool:
    """Whether a sentence runs on over the end of a column or page."""
    if before.is_row or after.is_row:
        return False
    runs_on = before.hyphen or not _ENDS_SENTENCE.search(before.text)
    return runs_on and before.size == after.size and after.text[0].islower()


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
    word = len(_FIRST_WORD.findall(line.text)[0]) + 1
    fits = word * (line.right - line.left) / len(line.text) + 0.3 * em
    if margin - last.right > fits:
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


def _compose(paragraphs: list[list[_Line]], pages: int, body: float) -> Content:
    lines = [line for paragraph in paragraphs for line in paragraph]
    words = Counter(word for line in lines for word in re.findall(r"[\w-]+", line.text))
    large = {line.size for line in lines if line.size >= HEADING_SCALE * body and not line.turned}
    sizes = sorted(large, reverse=True)
    top = _top(paragraphs)
    topmost: list[Heading] = []
    parts: list[str] = []
    headings: list[Heading] = []
    starts: dict[int, int] = {0: 0}
    offset = 0
    for paragraph in paragraphs:
        start = offset + (2 if parts else 0)
        for number, line in enumerate(paragraph):
            gap = _joint(paragraph[number - 1], line, words) if number else "\n\n" if parts else ""
            starts.setdefault(line.page, offset + len(gap))
            # A hyphen at the very end has nothing to be joined to.
            end = "-" if line.hyphen and line is paragraph[-1] else ""
            parts += gap, line.text + end
            offset += len(gap) + len(line.text) + len(end)
        size = paragraph[0].size
        if size in sizes and not paragraph[0].turned and offset - start <= HEADING_CHARACTERS:
            headings.append(Heading(start, offset, min(sizes.index(size) + 1, 6)))
            topmost += headings[-1:] if paragraph in top else []
    found = [offset]
    for page in reversed(range(pages)):  # A page without text starts where the next one does.
        found.append(starts.get(page, found[-1]))
    text = "".join(parts)
    # The largest words at the top are the title, unless they come again as chapters do.
    title = min(topmost, key=lambda heading: heading.level, default=None)
    again = title and sum(heading.level == title.level for heading in headings) > 1
    named = text[title.start : title.end] if title and not again else None
    return Content(text, named, tuple(headings), tuple(found[:0:-1]))


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
