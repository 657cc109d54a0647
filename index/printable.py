"""Text from outside as it may be shown: on one line, without control and direction marks."""

from __future__ import annotations

import re


def title_line(text: str) -> str:
    """Return a title's or name's first 200 characters, without control and direction marks."""
    return printable(text)[:200].strip()


def shortened(text: str, length: int) -> str:
    """Return a text on one line, with an ellipsis for what is beyond some characters."""
    words = " ".join(text.split())
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def printable(text: str) -> str:
    """Return a text on one line, without control and direction marks."""
    return " ".join(visible(text).split())


def visible(text: str) -> str:
    """Return a text with blanks in the place of control characters, without direction marks."""
    text = re.sub(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", "", text)
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", text)
