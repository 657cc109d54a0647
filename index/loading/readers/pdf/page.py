"""Assemble a page's characters into lines."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from math import hypot, pi
from typing import Any

from index.loading.readers.pdf.between_rules.find import with_ruled_tables
from index.loading.readers.pdf.between_rules.rules import rules
from index.loading.readers.pdf.lines import CELL_GAP, Cell, Line, most_common
from index.loading.readers.pdf.row_names import with_row_names
from index.loading.readers.pdf.seen import with_seen
from index.loading.scanning.regions import is_usable, to_read

UPRIGHT = 0.2
"""The share of a page's letters running to the right from which that direction is upright."""

LEAST_BACK = 3
"""A word this many points further left than the previous one, and at another height, begins a
line."""

TELLING_WORDS = 5
"""How many of a line's longest words its font size is measured at."""

FONT_NAME = 128
"""How many bytes of a font's name are read."""


def page_lines(pdf: Any, number: int, seen: list[Line] | None = None) -> tuple[list[Line], bool]:
    """Return a page's lines, and whether the page is read completely.

    `seen` are the lines recognized in its pictures; if it has pictures that are not recognized yet,
    the page is incomplete.
    """
    page = pdf[number]
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
        pictures = to_read(page, textpage, text)
        if pictures and not is_usable(text):
            return seen or [], seen is not None
        lines: list[tuple[int, Line]] = []
        # pdfium puts U+FFFE (or U+0002) for a hyphen at a line's end, and no line break after it.
        for match in re.finditer(r"[^\r\n\ufffe\x02]+", text):
            found = list(re.compile(r"\S+").finditer(text, *match.span()))
            for words in _lines_of(textpage, text, found):
                ways = {_direction(textpage, text, word) for word in words[:1] + words[-1:]}
                # Nor does it put a line break before words that run in another direction.
                turns = groupby(words, lambda word: _direction(textpage, text, word))
                for way, piece in turns if len(ways) > 1 else ((way, words) for way in ways):
                    lines.append((way, _line(textpage, text, list(piece), number)))
        whole = with_row_names(with_ruled_tables(_margins_first(lines), rules(page)))
        return with_seen(whole, seen or []), seen is not None or not pictures
    finally:
        textpage.close()
        page.close()


def _lines_of(
    textpage: Any, text: str, words: Sequence[re.Match[str]]
) -> Iterator[list[re.Match[str]]]:
    """Split what pdfium takes for one line, in files in which each word was set separately."""
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
    """Return pdfium's index of a character.

    pdfium counts UTF-16 units, and also characters that are not in the text.
    """
    from pypdfium2 import raw

    units = len(text[:offset].encode("utf-16-le")) // 2 if _is_longer_in_utf16(text) else offset
    return int(raw.FPDFText_GetCharIndexFromTextIndex(textpage, units))


@lru_cache(maxsize=1)
def _is_longer_in_utf16(text: str) -> bool:
    return text != "" and max(text) > "\uffff"


def _direction(textpage: Any, text: str, word: re.Match[str]) -> int:
    """Return the direction in which a word runs, as one of twelve: 0 is to the right."""
    from pypdfium2 import raw

    angle = raw.FPDFText_GetCharAngle(textpage, _char(textpage, text, word.start()))
    return int(round(angle / (pi / 6)) % 12)


def _margins_first(found: list[tuple[int, Line]]) -> list[Line]:
    """Return a page's lines, with turned lines in its margins first, out of the text's way."""
    if not any(line.text for _, line in found):
        return []
    ways = Counter(way for way, line in found for _ in line.text)
    # A figure may have more turned letters than its caption has letters.
    usual = 0 if ways[0] >= UPRIGHT * ways.total() else ways.most_common(1)[0][0]
    lines = [replace(line, turned=way != usual) for way, line in found if line.text]
    left = min(line.left for line in lines if not line.turned)
    right = max(line.right for line in lines if not line.turned)
    return sorted(
        lines, key=lambda line: not (line.turned and (line.right <= left or right <= line.left))
    )


def _line(textpage: Any, text: str, words: list[re.Match[str]], page: int) -> Line:
    from pypdfium2 import raw

    def sides(offset: int) -> tuple[float, float]:
        box = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(textpage, _char(textpage, text, offset), box)
        return box.left, box.right

    def size_at(char: int) -> float:
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(textpage, char, matrix)
        # Some programs set everything in size 1 and scale it, or flip it upside down twice.
        size: float = abs(raw.FPDFText_GetFontSize(textpage, char)) * hypot(matrix.b, matrix.d)
        return round(size * 2) / 2

    # The size is taken from long words: the first may be a raised note number or a large initial.
    # Several are used, since one may be a name in another font.
    longest = sorted(words, key=lambda found: found.start() - found.end())[:TELLING_WORDS]
    sizes: Counter[float] = Counter()
    chars: dict[float, int] = {}
    for word in longest:
        char = _char(textpage, text, word.start())
        sizes[size := size_at(char)] += len(word[0])
        chars.setdefault(size, char)
    size = most_common(sizes.elements())
    middle = chars[size]
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(textpage, middle, x, y)
    ends = [(sides(word.start())[0], sides(word.end() - 1)[1]) for word in words]
    cells: list[Cell] = []
    for number, word in enumerate(words):
        if number and ends[number][0] - ends[number - 1][1] <= CELL_GAP * size:
            begun = cells.pop()
            joined = f"{begun.text} {_cleaned(word[0])}".strip()
            cells.append(Cell(joined, begun.left, ends[number][1]))
        else:
            cells.append(Cell(_cleaned(word[0]), *ends[number]))
    cleaned = _cleaned(text[words[0].start() : words[-1].end()])
    hyphen = text[words[-1].end() : words[-1].end() + 1] in ("\ufffe", "\x02")
    if re.search(r"\w[-\u2010]$", cleaned):  # A hyphen that pdfium did not mark.
        cleaned, hyphen = cleaned[:-1], True
    left, right = ends[0][0], ends[-1][1]
    apart = tuple(cells) if len(cells) > 1 else ()
    font = ctypes.create_string_buffer(FONT_NAME)
    raw.FPDFText_GetFontInfo(textpage, middle, font, FONT_NAME, ctypes.c_int())
    name = font.value.decode(errors="replace")
    pieces = [Cell(_cleaned(word[0]), *at) for word, at in zip(words, ends, strict=True)]
    if hyphen:
        pieces[-1] = replace(pieces[-1], text=pieces[-1].text.rstrip("-\u2010") + "-")
    place = page, left, right, y.value, size
    return Line(cleaned, *place, hyphen, apart, tuple(pieces), font=name)


def _cleaned(text: str) -> str:
    kept = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\xad\uffff]", "", text)
    return re.sub(r"[ \t]+", " ", kept).strip(" ")
