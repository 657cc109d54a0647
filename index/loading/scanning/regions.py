"""Which parts of a PDF's page are to be read from their picture."""

from __future__ import annotations

import unicodedata
from typing import Any

Region = tuple[float, float, float, float]
"""Left, bottom, right and top, in points."""

LARGE = 0.2
"""The share of the page that a picture covers at least to be read beside the page's text."""

_TEXT_ON_IT = 20
"""With so many letters on it, a picture is a background, or its text was put over it."""

_SHORT = 50
"""Of so few signs nobody can tell whether they are text."""

_READABLE = 0.4
"""The share of letters and digits in a text, and of signs that mean something."""

_LONGEST_WORD = 40
"""Letters of a word, on average, where blanks are missing."""


def to_read(page: Any, textpage: Any, text: str) -> list[Region]:
    """Return the parts of a page that are to be read from their picture: all of it, some or none.

    `text` is what the page says itself.
    """
    from pypdfium2 import raw

    left, bottom, right, top = page.get_bbox()
    if not is_usable(text):
        drawn = text.strip() or any(True for _ in page.get_objects(max_depth=1))
        return [(left, bottom, right, top)] if drawn else []
    if page.get_rotation():  # Of pages that are turned, text and picture stand differently.
        return []
    found: list[Region] = []
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        a, b, c, d = picture.get_bounds()
        region = max(a, left), max(b, bottom), min(c, right), min(d, top)
        width, height = region[2] - region[0], region[3] - region[1]
        if min(width, height) <= 0 or width * height < LARGE * (right - left) * (top - bottom):
            continue
        over = textpage.get_text_bounded(*region)
        if region not in found and sum(map(str.isalnum, over)) < _TEXT_ON_IT:
            found.append(region)
    return found


def is_usable(text: str) -> bool:
    """Whether a page's text says anything, and its fonts tell which letters they draw."""
    signs = [each for each in text if not each.isspace()]
    if not signs:
        return False
    if len(signs) < _SHORT:
        return True
    meant = sum(unicodedata.category(each) not in ("Co", "Cn", "Cc") for each in signs)
    letters = sum(map(str.isalnum, signs))
    known = meant - text.count("\ufffd")
    if min(known, letters) < _READABLE * len(signs):
        return False
    wide = sum(unicodedata.east_asian_width(each) in ("W", "F") for each in signs)
    return wide > len(signs) / 4 or len(signs) <= _LONGEST_WORD * len(text.split())
