"""Pictures: their recognized words, composed as a PDF's text is. A TIFF file may hold several."""

from __future__ import annotations

from collections.abc import Sequence

from index.documents import Scan
from index.loading.readers.pdf.reading import seen_in_pictures
from index.loading.readers.text import Content
from index.loading.scanning.pictures import count, size

WIDTH = 595.0
"""A picture is taken to be as wide as a sheet of A4, in points."""


def read_image(data: bytes, scans: Sequence[Scan] = ()) -> Content:
    """Return the text recognized in a file of pictures; without `scans`, which ones to read."""
    pictures = count(data)
    if not scans:
        return Content("", unread=tuple(range(1, pictures + 1)))
    sizes = {}
    for scan in scans:
        width, height = size(data, scan.page)
        sizes[scan.page] = (WIDTH, WIDTH * height / width)
    return seen_in_pictures(scans, sizes)
