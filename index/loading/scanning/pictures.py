"""Open pictures for recognition and display: those in a file, and those of a PDF's pages."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from index.errors import DocumentError

if TYPE_CHECKING:
    from PIL import Image

FINEST = 200
"""Pixels per inch of a page: letters are clear at this, and book pages need no more."""

_ORIENTATION, _ON_THEIR_SIDE = 0x0112, (5, 6, 7, 8)
"""EXIF's orientation tag, and its values for pictures that lie on their side."""

MOST_PIXELS = 100_000_000
"""The largest picture that is opened: one of 10,000 by 10,000 pixels."""

# What Pillow, which has no error of its own for this, raises for a truncated or crafted file.
_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error, LookupError, TypeError),
    *(ArithmeticError, AttributeError, RuntimeError),
)


def count(data: bytes) -> int:
    """Return how many pictures a file holds: a TIFF file may have several."""
    with _opened(data) as picture:
        return int(getattr(picture, "n_frames", 1))


def size(data: bytes, number: int) -> tuple[int, int]:
    """Return the width and the height of a picture, by its number from 1, the right way up."""
    with _opened(data, number) as opened:
        width, height = opened.size
        # For TIFF files, Pillow's size is already the right way up.
        turned = opened.format != "TIFF" and opened.getexif().get(_ORIENTATION) in _ON_THEIR_SIDE
        return (height, width) if turned else (width, height)


def picture(data: bytes, number: int) -> Image.Image:
    """Return a picture of a file, by its number from 1, the right way up, in RGB."""
    from PIL import ImageOps

    with _opened(data, number) as opened:
        turned = ImageOps.exif_transpose(opened)
        if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
            return _on_white(turned.convert("RGBA"))
        if turned.mode in ("I;16", "I;16B", "I;16L", "I", "F"):  # From scanners.
            return _of_many_grays(turned)
        return turned.convert("RGB")


def page_picture(page: Any, longest: int) -> Image.Image:
    """Return a page of a PDF as a picture, with up to `longest` pixels on its longer side."""
    scale = min(longest / max(page.get_size()), FINEST / 72)
    picture: Image.Image = page.render(scale=scale).to_pil()
    return picture.convert("RGB")


@contextmanager
def _opened(data: bytes, number: int = 1) -> Iterator[Image.Image]:
    """Open a picture of a file, by its number from 1.

    Raises DocumentError, which calls the file {name}, if it is damaged or too large.
    """
    from PIL import Image

    with suppress(ImportError):  # Without it, HEIC cannot be read.
        from pillow_heif import register_heif_opener

        register_heif_opener(thumbnails=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.MAX_IMAGE_PIXELS = None  # `_check` reports it in plain words instead.
            with Image.open(io.BytesIO(data)) as opened:
                if number > 1:
                    opened.seek(number - 1)
                _check(opened)
                yield opened
    except _ERRORS as error:
        raise DocumentError("{name} is damaged and cannot be read as a picture.") from error


def _check(opened: Image.Image) -> None:
    if opened.width * opened.height > MOST_PIXELS:
        raise DocumentError(
            f"{{name}} has {opened.width:,} by {opened.height:,} pixels, and pictures of up to"
            f" {MOST_PIXELS // 1_000_000:,} million can be read. Save it in a smaller size."
        )


def _on_white(picture: Image.Image) -> Image.Image:
    from PIL import Image

    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture).convert("RGB")


def _of_many_grays(picture: Image.Image) -> Image.Image:
    """Return a picture with more than 256 gray levels, scaled from its range to 256."""
    import numpy as np
    from PIL import Image

    values = np.asarray(picture, np.float32)
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255 / max(high - low, 1))
    return Image.fromarray(scaled.astype(np.uint8)).convert("RGB")
