"""Find the headings among paragraphs, and the title."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from index.loading.readers.pdf.lines import ENDS_SENTENCE, HEADING_SCALE, WORD, Line

HEADING_CHARACTERS = 200
"""The longest heading; anything longer is text in large letters."""

NUMBERED_HEADING = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|(?:[IVX]{1,5}|[A-Z])[.)])\s+[^\W\d_]{2}(?!.*[.:;,]$)"
)
"""The form of a heading that is as large as the body text: it is numbered, and in another font."""

TITLE_PITCH = 1.5
"""The largest distance between lines of a title, in font sizes."""


def top(paragraphs: list[list[Line]]) -> list[list[Line]]:
    """Return the paragraphs above the running text of the first page, such as the title."""
    upright = [each for each in paragraphs if not each[0].turned]
    long = (len(plain_text(each)) > HEADING_CHARACTERS for each in upright)
    above = next((number for number, is_long in enumerate(long) if is_long), len(upright))
    return [each for each in upright[:above] if each[0].page == upright[0][0].page]


def plain_text(paragraph: list[Line]) -> str:
    """Return the text of a paragraph, with its lines joined by blanks."""
    return " ".join(line.text for line in paragraph)


def with_whole_title(paragraphs: list[list[Line]], body: float) -> list[list[Line]]:
    """Join the lines of a title that were taken for paragraphs, as centred lines end early."""
    above = top(paragraphs)
    size = max((each[0].size for each in above), default=0)
    if size < HEADING_SCALE * body:
        return paragraphs
    whole: list[list[Line]] = []
    for each in paragraphs:
        last = whole[-1][-1] if whole else each[0]
        drop = last.base - each[0].base
        title = each in above and each[0].size == last.size == size
        if title and 0 < drop <= TITLE_PITCH * size and not (last.is_row or each[0].is_row):
            whole[-1] += each
        else:
            whole.append(list(each))
    return whole


def stands(title: str, lines: list[str]) -> bool:
    """Whether a title is one of these lines, or several consecutive ones."""
    wanted = _letters(title)
    return any(
        "".join(map(_letters, lines[start:end])) == wanted
        for start in range(len(lines))
        for end in range(start + 1, len(lines) + 1)
    )


def _letters(text: str) -> str:
    return "".join(re.findall(r"\w", text.casefold()))


def levels(paragraphs: list[list[Line]], body: float, top: list[list[Line]]) -> dict[int, int]:
    """Return the levels of headings by paragraph index: those in larger letters, then others."""
    short = {
        at: text
        for at, text in enumerate(map(plain_text, paragraphs))
        if len(text) <= HEADING_CHARACTERS and WORD.search(text) and not paragraphs[at][0].turned
    }
    large = {at: size for at in short if (size := paragraphs[at][0].size) >= HEADING_SCALE * body}
    sizes = sorted(set(large.values()), reverse=True)
    # If sections are numbered in larger letters, "1" in another font is not a heading.
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
    paragraphs: list[list[Line]], short: Mapping[int, str], body: float, top: list[list[Line]]
) -> dict[int, int]:
    """Return the depths of headings that are as large as the text, but in another font.

    They are recognized by their numbers; those without a number, by having the font and size of a
    numbered one.
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
        if alike and len(paragraphs[at]) == 1 and not ENDS_SENTENCE.search(short[at]):
            found.setdefault(at, highest)
    return {at: depth - highest for at, depth in found.items()}


def _depth(heading: str) -> int | None:
    """Return a heading's depth by its number: 0 for "1.", 1 for "1.2"; None without one."""
    numbered = NUMBERED_HEADING.match(heading)
    return heading.split()[0].rstrip(".").count(".") if numbered else None
