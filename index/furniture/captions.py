"""Captions: their labels (“Figure 2”), and which paragraphs of a page are captions.

Form and position decide, never the words of a language. A caption opens with a word and a number.
It is set smaller than the text, is next to a table's rows, or is where the text leaves room for a
figure.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

ROOM = 4
"""In font sizes: the text leaves room for a figure if its next line is further away than this.
Lines of two successive paragraphs are two apart."""

CLOSE = 1.6
"""The largest distance between lines of one paragraph, in font sizes."""

LETTERS = 8
"""The fewest letters of a line of text; lines inside a figure are shorter."""

SHORTEST = 3
"""The fewest letters of an abbreviated label: “Fig.”, “Tab.”."""

_CJK = "\u2e80-\uffef"
_NUMBER = rf"(?:(?:[A-Z]\.?)?\d{{1,3}}(?:[.-]\d{{1,3}})*[a-z]?|[IVXL]{{1,6}})(?![^\W{_CJK}])"
_WORD = rf"[^\W\d_]{{2,20}}(?=[.\s])|[{_CJK}]{{1,20}}"
# "Fig. 2", "Table A.1", "TABLE IV", "图2", but neither "x2" nor the "IX" of "APPENDIX".
_CALLED = rf"(?P<word>{_WORD})(?:\.?\s|\.|(?<=[{_CJK}]))(?P<number>{_NUMBER})"
_LABEL = re.compile(rf"(?<!\w){_CALLED}")
_OPENS = re.compile(rf"\W{{0,3}}{_CALLED}(?P<sign>\s*(?:\W*$|[.:：)|–—-](?=[\W{_CJK}])\W*))?")


class Label(NamedTuple):
    """What a figure or a table is called: “Figure 2”, “Abb. 3”, “图2”."""

    word: str
    number: str

    def names(self, other: Label) -> bool:
        """Whether another label is the same one, in full or abbreviated.

        A Chinese label may have other words in front of it, since there are no blanks.
        """
        if self.number.casefold() != other.number.casefold():
            return False
        short, long = sorted((self.word.casefold(), other.word.casefold()), key=len)
        shortened = len(short) >= SHORTEST and long.startswith(short)
        return short == long or shortened or (not short.isascii() and long.endswith(short))


def label_of(text: str, *, signed: bool = True) -> Label | None:
    """Return the label that a text opens with; by default only if a sign sets it off."""
    found = _OPENS.match(text)
    if found is None or (signed and found["sign"] is None):
        return None
    return Label(found["word"], found["number"])


def is_label(text: str) -> bool:
    """Whether a text is a label and nothing else."""
    return _OPENS.fullmatch(text) is not None


def labels_in(text: str) -> list[tuple[Label, tuple[int, int]]]:
    """Return each word followed by a number, which may be a label, with its span."""
    return [
        (Label(found["word"], found["number"]), found.span()) for found in _LABEL.finditer(text)
    ]


class Line(Protocol):
    """A line of a page, with its position in points from the lower left."""

    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def page(self) -> int: ...  # noqa: D102
    @property
    def left(self) -> float: ...  # noqa: D102
    @property
    def right(self) -> float: ...  # noqa: D102
    @property
    def base(self) -> float: ...  # noqa: D102
    @property
    def size(self) -> float: ...  # noqa: D102
    @property
    def is_row(self) -> bool: ...  # noqa: D102
    @property
    def turned(self) -> bool: ...  # noqa: D102


def captions(paragraphs: Sequence[Sequence[Line]], body: float) -> list[bool]:
    """Say which paragraphs are captions, if the running text has the font size `body`.

    All paragraphs that open with the same word and a number are captions, or none is (theorems, for
    example): they are if at least half of them are in a caption's position.
    """
    opens = [_opening(each, body) for each in paragraphs]
    words = [found and found["word"].casefold() for found in opens]
    placed = _placed(paragraphs, opens, body)
    several = Counter(words)
    sure = Counter(word for word, is_placed in zip(words, placed, strict=True) if is_placed)
    numbers = {(each["word"].casefold(), each["number"]) for each in opens if each}
    many = Counter(word for word, _ in numbers)
    found: list[bool] = []
    for at, paragraph in enumerate(paragraphs):
        label, word = opens[at], words[at]
        if label and word:
            # Without a sign after the label it may be a sentence: require another caption with the
            # same word, or a table next to it.
            proven = placed[at] and (many[word] > 1 or _is_beside_rows(paragraphs, at))
            signed = label["sign"] is not None or proven
            found.append(signed and 2 * sure[word] >= several[word])
        else:  # A label may have a line of its own, above the caption.
            alone = at > 0 and found[-1] and opens[at - 1] is not None
            found.append(alone and _is_right_below(paragraphs[at - 1], paragraph))
    return found


def _opening(paragraph: Sequence[Line], body: float) -> re.Match[str] | None:
    """Match the opening label of a paragraph whose form allows a caption, else None."""
    first = paragraph[0]
    if first.turned or first.is_row or first.size > body:
        return None
    found = _OPENS.match(first.text)
    if found is None or found["sign"] is not None:
        return found
    rest = first.text[found.end() :].lstrip()
    return found if rest and rest[0].isalpha() and not rest[0].islower() else None


def _placed(
    paragraphs: Sequence[Sequence[Line]], opens: Sequence[re.Match[str] | None], body: float
) -> list[bool]:
    """Say which of the paragraphs that open with a label are in a caption's position."""
    text: dict[int, list[Line]] = defaultdict(list)
    for line in (line for paragraph in paragraphs for line in paragraph):
        letters = sum(map(str.isalpha, line.text))
        is_text = line.size == body or (line.size > body and letters >= LETTERS)
        if is_text and not line.is_row and not line.turned:
            text[line.page].append(line)
    top = max((line.base for lines in text.values() for line in lines), default=0.0)
    found: list[bool] = []
    for at, (paragraph, label) in enumerate(zip(paragraphs, opens, strict=True)):
        if label is None:
            found.append(False)
            continue
        small = paragraph[0].size < body
        above, below = _gaps(paragraph, text[paragraph[0].page], top)
        beside = _is_beside_rows(paragraphs, at)
        room = max(above, below or 0) > ROOM
        apart = below is None or below > CLOSE
        found.append(beside or (apart and (small or (room and label["sign"] is not None))))
    return found


def _is_right_below(label: Sequence[Line], paragraph: Sequence[Line]) -> bool:
    """Whether a paragraph is right below a label that has a line of its own."""
    first = paragraph[0]
    drop = label[0].base - first.base
    near = label[0].page == first.page and 0 < drop < CLOSE * first.size
    alone = len(label) == 1 and is_label(label[0].text)
    return near and alone and first.size <= label[0].size and not (first.turned or first.is_row)


def _is_beside_rows(paragraphs: Sequence[Sequence[Line]], at: int) -> bool:
    """Whether there are rows of a table right above or below a paragraph."""
    near = paragraphs[max(at - 1, 0) : at + 2]
    return any(_are_rows_near(each, paragraphs[at]) for each in near)


def _are_rows_near(other: Sequence[Line], paragraph: Sequence[Line]) -> bool:
    gaps = (other[-1].base - paragraph[0].base, paragraph[-1].base - other[0].base)
    near = any(0 < gap < ROOM * paragraph[0].size for gap in gaps)
    return other[0].is_row and other[0].page == paragraph[0].page and near


def _gaps(
    paragraph: Sequence[Line], text: Iterable[Line], top: float
) -> tuple[float, float | None]:
    """Return how far the next lines of text above and below are in the column, in font sizes.

    Without a line above, the distance to `top`, where text begins on a page, counts. Without a line
    below, the second distance is None.
    """
    first, last = paragraph[0], paragraph[-1]
    left, right = min(line.left for line in paragraph), max(line.right for line in paragraph)
    beside = [line.base for line in text if line.left < right and left < line.right]
    above = min((base for base in beside if base > first.base), default=top) - first.base
    below = last.base - max((base for base in beside if base < last.base), default=last.base)
    return above / first.size, below / first.size or None
