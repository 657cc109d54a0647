"""Tesseract, if the system has it, for the scripts that RapidOCR does not know.

It is started by the process that recognizes pages, under the same limits. The picture and the words
go over pipes; no file is written.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from index.loading.scanning.words import FINE, Word

if TYPE_CHECKING:
    from PIL import Image

_SECONDS = 120
_NO_LANGUAGES = ("osd", "equ")


def words(picture: Image.Image) -> list[Word]:
    """Return the words in a picture, read in all languages that are installed for Tesseract."""
    png = io.BytesIO()
    picture.convert("L").save(png, "PNG")
    said = _run(["stdin", "stdout", "-l", "+".join(languages()), "tsv"], png.getvalue())
    found: list[Word] = []
    lines: dict[tuple[str, ...], int] = {}
    for row in csv.DictReader(io.StringIO(said), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row["text"] or "").strip()
        if text and float(row["conf"]) >= 0:
            line = tuple(row[name] for name in ("block_num", "par_num", "line_num"))
            left, top, width, height = (
                int(row[name]) for name in ("left", "top", "width", "height")
            )
            across, down = FINE / picture.width, FINE / picture.height
            box = (left * across, top * down, (left + width) * across, (top + height) * down)
            number = lines.setdefault(line, len(lines))
            sure = round(float(row["conf"]))
            left, top, right, bottom = map(round, box)
            found.append(Word(number, text, True, left, top, right, bottom, sure))
    return found


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that are installed for Tesseract; none if it is not installed."""
    if shutil.which("tesseract") is None:
        return ()
    # The first line says how many there are.
    listed = _run(["--list-langs"], b"").splitlines()[1:]
    return tuple(each for each in listed if each and each not in _NO_LANGUAGES)


def _run(arguments: list[str], given: bytes) -> str:
    """Return Tesseract's output; nothing if it fails, since RapidOCR has read the page as well."""
    command = ["tesseract", *arguments]
    alone = os.environ | {"OMP_THREAD_LIMIT": "1"}  # Two pages are read at once as it is.
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, timeout=_SECONDS, check=True, env=alone
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")
