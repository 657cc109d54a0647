"""The lines of a PDF's pages, as shared by the modules that read them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from index.loading.scanning.words import Word

HEADING_SCALE = 1.15
"""The factor over the body's font size from which text is a heading: 12.65 points over 11."""

CELL_GAP = 1.1
"""Words of a line further apart than this, in font sizes, are in two cells if the lines above or
below are divided in the same way."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: its position in points from the lower left, and its font size."""

    text: str
    page: int
    left: float
    right: float
    base: float
    size: float
    hyphen: bool = False
    """Whether a hyphen was removed from its end."""
    cells: tuple[Cell, ...] = ()
    """Its pieces between wide gaps, if there are several."""
    pieces: tuple[Cell, ...] = ()
    """Its words."""
    is_row: bool = False
    """Whether it is a table's row, with its cells set apart in the text."""
    is_head: bool = False
    """Whether it is the row that names a table's columns."""
    turned: bool = False
    """Whether it runs in another direction than most of its page, like a stamp in the margin."""
    edge: bool = False
    """Whether it recurs at the edge of other pages."""
    font: str = ""
    """The name of its font."""
    words: tuple[Word, ...] = ()
    """Its words, if they were read from a picture."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a line between two wide gaps, with its position."""

    text: str
    left: float
    right: float


def most_common(values: Any) -> float:
    """Return the most frequent of some sizes or distances."""
    return float(Counter(values).most_common(1)[0][0])


ENDS_SENTENCE = re.compile(r"[.!?:;…。！？][\"'”’»)\]\d]*$")
WORD = re.compile(r"[^\W\d_]{2}|[\u2e80-\uffef]")
