"""The lines of a PDF's pages, as all that reads them knows them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from index.loading.scanning.words import Word

HEADING_SCALE = 1.15
"""Letters larger than the body's by this factor are a heading's: 12.65 points over 11."""

CELL_GAP = 1.1
"""Words of a line that are further apart than this, in letters' sizes, stand in two cells if the
lines above or below have the same."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: where it stands in points from the lower left, and its letters' size."""

    text: str
    page: int
    left: float
    right: float
    base: float
    size: float
    hyphen: bool = False
    """Whether pdfium took a hyphen away from its end."""
    cells: tuple[Cell, ...] = ()
    """Its pieces with wide gaps between them, where there are several."""
    pieces: tuple[Cell, ...] = ()
    """Its words."""
    is_row: bool = False
    """Whether it is a table's row, with its cells set apart in the text."""
    is_head: bool = False
    """Whether it is the row that names a table's columns."""
    turned: bool = False
    """Whether it runs in another direction than most of its page: a stamp on the margin."""
    edge: bool = False
    """Whether it comes again at the edge of other pages."""
    font: str = ""
    """The name of its font."""
    words: tuple[Word, ...] = ()
    """Its words, where they were read from a picture."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a line between two wide gaps, with where it stands."""

    text: str
    left: float
    right: float


def most_common(values: Any) -> float:
    """Return the one of some sizes or distances that comes most often."""
    return float(Counter(values).most_common(1)[0][0])


ENDS_SENTENCE = re.compile(r"[.!?:;…。！？][\"'”’»)\]\d]*$")
WORD = re.compile(r"[^\W\d_]{2}|[\u2e80-\uffef]")
