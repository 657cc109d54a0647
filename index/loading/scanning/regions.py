"""Decide which parts of a PDF page have to be recognized from their picture."""

from __future__ import annotations

import unicodedata
from typing import Any

Region = tuple[float, float, float, float]
"""Left, bottom, right and top, in points."""

LARGE = 0.2
"""The smallest share of the page that a picture must cover to be read in addition to the text."""

_TEXT_ON_IT = 20
"""With this many letters over it, a picture is a background, or already has a text layer."""

_SHORT = 50
"""Fewer characters than this do not show whether they are text, and count as usable."""

_READABLE = 0.4
"""The smallest share of letters and digits in a text, and of characters with a meaning."""

_LONGEST_WORD = 40
"""If words have more characters than this on average, blanks are missing."""


def to_read(page: Any, textpage: Any, text: str) -> list[Region]:
    """Return the parts of a page that have to be recognized: the whole page, some parts or none.

    `text` is the page's own text layer.
    """
    from pypdfium2 import raw

    left, bottom, right, top = page.get_bbox()
    if not is_usable(text):
        drawn = text.strip() or any(True for _ in page.get_objects(max_depth=1))
        return [(left, bottom, right, top)] if drawn else []
    if page.get_rotation():  # On rotated pages, positions of text and picture do not match.
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
    """Whether a page's text layer has content, and its fonts map to real letters."""
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
