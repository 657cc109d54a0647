"""The words recognized on a page, and their storage format: one line of JSON per page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from index.documents import Scan

FINE = 10_000
"""Boxes are stored in ten-thousandths of the page's width and height."""

UNCERTAIN = 70
"""Words below this confidence, in hundredths, are marked as uncertain. `python -m
eval.lab.bench.scans` prints how many wrong words are below it, and how many words below it are
wrong."""

WIDE = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
"""Characters of the scripts that set no blanks between words."""

_TOKEN = re.compile(rf"[{WIDE}]|[^\s{WIDE}]+")


class Word(NamedTuple):
    """A word, or a character of a script without blanks, with its box from the page's upper left.

    `line` is the number of its line among those that were recognized, which are in no particular
    order. `blank` says whether a blank precedes it. `confidence`, in hundredths, is that of its
    least certain letter. `start` is its offset in the document's text, or below 0 if it is not in
    the text, as with headers that every page repeats.

    The box goes from the word's own upper left to its own lower right. So on a page that lies on
    its side or upside down, `left` is greater than `right`, or `top` than `bottom`.
    """

    line: int
    text: str
    blank: bool
    left: int
    top: int
    right: int
    bottom: int
    confidence: int
    start: int = -1

    @property
    def is_uncertain(self) -> bool:
        """Whether it was hard to read."""
        return self.confidence < UNCERTAIN


def turned(word: Word) -> Word:
    """Return a word with its box after a clockwise quarter turn of the page."""
    return word._replace(
        left=FINE - word.top, top=word.left, right=FINE - word.bottom, bottom=word.right
    )


def quarters(words: Sequence[Word]) -> int:
    """Return by how many quarter turns, clockwise, a page with these words is rotated."""
    across = any(word.left > word.right for word in words)
    down = any(word.top > word.bottom for word in words)
    return (2 if across else 3) if down else int(across)


def to_json(words: Sequence[Word]) -> str:
    """Return words in the storage format."""
    rows = [[*word[:2], int(word.blank), *word[3:]] for word in words]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> list[Word]:
    """Return words from the storage format.

    Raises ValueError, LookupError or TypeError if it is damaged.
    """
    return [
        Word(int(line), str(word), bool(blank), *map(int, numbers))
        for line, word, blank, *numbers in json.loads(text)
    ]


def words_of(scan: Scan) -> list[Word]:
    """Return the words of a page; none if their stored form is damaged."""
    try:
        return from_json(scan.words)
    except (ValueError, LookupError, TypeError):
        return []


def tokens(text: str) -> Iterable[re.Match[str]]:
    """Yield the words of a line, and single characters of scripts without blanks."""
    return _TOKEN.finditer(text)


def joined(words: Sequence[Word]) -> str:
    """Return the text of a line."""
    return "".join(" " * word.blank + word.text for word in words).strip()
