"""Pages as scanners make them, drawn from known texts; they are the same in every run.

The fonts are the system's (on Debian fonts-liberation, fonts-dejavu and fonts-wqy-microhei).
"""

from __future__ import annotations

import io
import json
import random
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import gmtime
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from eval.lab.measure import seeded

Kind = Literal["text", "columns", "table", "stamp", "poor"]
KINDS: tuple[Kind, ...] = ("text", "columns", "table", "stamp")

PAGES = 40
POOR = 16
MOST_SKEW = 3.0
"""Degrees."""

DPI = 170
WIDTH, HEIGHT = 1000, 1400
MARGIN = 90

_DRAWN = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
TEXTS: dict[str, list[str]] = _DRAWN["texts"]
TABLE: list[list[str]] = _DRAWN["table"]
FONTS = {
    "serif": "LiberationSerif-Regular.ttf",
    "sans": "LiberationSans-Regular.ttf",
    "typewriter": "LiberationMono-Regular.ttf",
    "wide": "DejaVuSerif.ttf",
}
STAMP = "RECEIVED 1938"
CHINESE = "wqy-microhei.ttc"


@dataclass(frozen=True, slots=True)
class Scanned:
    """A page as a picture, and its text in reading order."""

    kind: Kind
    language: str
    picture: Image.Image
    text: str

    @property
    def png(self) -> bytes:
        """The picture as a file."""
        file = io.BytesIO()
        self.picture.save(file, "PNG")
        return file.getvalue()


def pages(count: int = PAGES) -> Iterator[Scanned]:
    """Yield pages of all kinds, languages and fonts, with a skew from -MOST_SKEW to MOST_SKEW."""
    draw = seeded()
    languages, fonts = list(TEXTS), list(FONTS)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        language = languages[number // len(KINDS) % len(languages)]
        name = CHINESE if language == "Chinese" else FONTS[fonts[draw.randrange(len(fonts))]]
        size = draw.choice((19, 21, 24, 28))  # 8 to 12 points.
        font = ImageFont.truetype(name, size)
        picture, text = _page(kind, language, font, size)
        skew = MOST_SKEW * (2 * number / max(count - 1, 1) - 1)
        yield Scanned(kind, language, scanned(picture, skew, draw), text)


def poor(texts: Sequence[str], count: int = POOR) -> Iterator[Scanned]:
    """Yield pages like bad copies: few pixels, faint, blurred and spotted, each with a text."""
    draw = seeded()
    names = list(FONTS.values())
    for number, text in zip(range(count), texts, strict=False):
        size = draw.choice((19, 21, 24))
        picture = Image.new("L", (WIDTH, HEIGHT), 255)
        font = ImageFont.truetype(names[number % len(names)], size)
        _set(picture, [text], MARGIN, MARGIN, WIDTH - 2 * MARGIN, font, size)
        few = draw.uniform(0.45, 0.65)
        picture = picture.resize((int(few * WIDTH), int(few * HEIGHT)), Image.Resampling.BOX)
        picture = picture.filter(ImageFilter.GaussianBlur(draw.uniform(0.2, 0.8)))
        faint = draw.uniform(0.3, 0.8)
        picture = picture.point([int(255 - faint * (255 - gray)) for gray in range(256)])
        picture = scanned(picture, draw.uniform(-1.5, 1.5), draw)
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=draw.randrange(25, 60))
        yield Scanned("poor", "English", Image.open(file), text)


def scanned(picture: Image.Image, skew: float, draw: random.Random) -> Image.Image:
    """Return a page as a scanner makes it: skewed, on gray paper, with noise."""
    turned = picture.rotate(skew, fillcolor=255, resample=Image.Resampling.BICUBIC)
    noise = np.random.default_rng(draw.randrange(2**32))
    values = np.asarray(turned, np.float32) * 0.88 + 20
    values += noise.normal(0, 9, values.shape)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def _page(
    kind: Kind, language: str, font: ImageFont.FreeTypeFont, size: int
) -> tuple[Image.Image, str]:
    picture = Image.new("L", (WIDTH, HEIGHT), 255)
    told = list(TEXTS[language])
    if kind == "columns":
        middle = WIDTH // 2
        for at, text in zip((MARGIN, middle + 20), told, strict=True):
            _set(picture, [text], at, MARGIN, middle - MARGIN - 20, font, size)
        return picture, "\n".join(told)
    bottom = _set(picture, told, MARGIN, MARGIN, WIDTH - 2 * MARGIN, font, size)
    if kind == "table":
        letters = ImageDraw.Draw(picture)
        for number, row in enumerate(TABLE):
            for column, cell in enumerate(row):
                place = MARGIN + column * 210, bottom + 40 + number * int(1.6 * size)
                letters.text(place, cell, font=font, fill=20)
        told += [" | ".join(row) for row in TABLE]
    if kind == "stamp":
        stamp = Image.new("L", (360, 90), 255)
        drawn = ImageDraw.Draw(stamp)
        drawn.rectangle((3, 3, 356, 86), outline=90, width=4)
        drawn.text((40, 22), STAMP, font=ImageFont.truetype(FONTS["sans"], 36), fill=90)
        picture.paste(stamp, (WIDTH - MARGIN - 400, bottom + 60))
        told.append(STAMP)
    return picture, "\n".join(told)


def _set(
    picture: Image.Image,
    texts: Sequence[str],
    left: int,
    top: int,
    wide: int,
    font: ImageFont.FreeTypeFont,
    size: int,
) -> int:
    """Draw paragraphs, broken into lines; return where the last one ends."""
    letters = ImageDraw.Draw(picture)
    for text in texts:
        for line in _lines(text, font, wide):
            letters.text((left, top), line, font=font, fill=20)
            top += int(1.45 * size)
        top += size
    return top


def _lines(text: str, font: ImageFont.FreeTypeFont, wide: int) -> list[str]:
    if " " in text:
        letters = int(wide / (font.getlength(text) / len(text)))
        return textwrap.wrap(text, letters - 2, break_on_hyphens=False)
    letters = wide // int(font.getlength("港")) - 1
    return [text[at : at + letters] for at in range(0, len(text), letters)]


def as_scan(text: str) -> bytes:
    """Return a text as a PDF of pictures; lines that begin with # or ## are title and headings."""
    draw = seeded()
    sizes = {"#": 52, "##": 40}
    body = 29
    fonts = {size: ImageFont.truetype(FONTS["serif"], size) for size in (*sizes.values(), body)}
    sheets: list[Image.Image] = []
    page, top = Image.new("L", (1400, 1980), 255), 120
    for paragraph in filter(None, text.split("\n")):
        size = sizes.get(paragraph.partition(" ")[0], body)
        lines = _lines(paragraph.lstrip("# "), fonts[size], 1400 - 240)
        top += size // 2
        for line in lines:
            if top > 1980 - 160:
                sheets.append(page)
                page, top = Image.new("L", (1400, 1980), 255), 120
            ImageDraw.Draw(page).text((120, top), line, font=fonts[size], fill=20)
            top += int(1.4 * size)
    sheets.append(page)
    skewed = [scanned(each, draw.uniform(-1.5, 1.5), draw) for each in sheets]
    file = io.BytesIO()
    # A fixed date makes the same file in every run, so that what was read of it stays cached.
    dated = {"creationDate": gmtime(0), "modDate": gmtime(0)}
    skewed[0].save(file, "PDF", resolution=DPI, save_all=True, append_images=skewed[1:], **dated)
    return file.getvalue()
