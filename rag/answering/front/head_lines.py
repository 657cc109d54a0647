"""The lines at the head of a text, and what each consists of: names, institutions, dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from index.documents import Document
from rag.languages import FUNCTION_WORDS, HEAD

Place = tuple[int, int]

LENGTH = 3000
"""Characters at the beginning of a text that are its head; no abstract is longer, either."""

LINE = 400
"""The longest line, in characters, that may consist only of people, institutions or dates."""

_DAY = rf"\b(?:{HEAD.day}|\d{{4}}-\d\d-\d\d|\d\d?([./])\d\d?\2\d{{4}})\b"
# Raised signs, and raised digits as they come out of a PDF: "Lee1,2" or "1Department".
_MARK = (
    r"[^\w\s.,;:|·•&()'’\"“”/@{}\[\]–—!?%$=+-]|[⁰¹²³⁴-⁹]|(?<![\w.:])\d\d?(?![\w.:])"
    r"|(?<=[^\W\d_])\d\d?(?!\w)|(?<!\S)\d(?=[^\W\d_])"
)
_BETWEEN = re.compile(
    rf"(?P<D>{_DAY})|(?P<M>\{{[^}}\n]*\}} ?@\S+|[^\s,;|]+@[^\s,;|]+)|(?P<K>{_MARK})"
    rf"|[,;|·•&()\t]|\b(?:{HEAD.joint})\b|  +|(?<=[a-z]{{3}})\.(?=\s|$)",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """A line, its pieces between separators, and a letter for the kind of each piece.

    B: "by", N: a name, I: an institution, D: a date, M: an email address, K: a mark or a degree, L:
    what accompanies a date, S: a single capitalized word, O: other.
    """

    start: int
    end: int
    text: str
    is_heading: bool
    kinds: str
    pieces: list[Place]

    def place(self, first: int, last: int) -> Place:
        """Return the span from one piece to before another."""
        return self.pieces[first][0], self.pieces[last - 1][1]

    def says(self, pattern: str) -> re.Match[str] | None:
        """Match a pattern at the beginning of the line."""
        return re.match(rf"[*_]*(?:{pattern})", self.text, re.IGNORECASE)

    def capitals(self) -> float:
        """Return the share of the line's words, without function words, that are capitalized."""
        words = [word for word in re.findall(r"[^\W\d_]+", self.text) if word not in FUNCTION_WORDS]
        return sum(not word[0].islower() for word in words) / (len(words) or 1)

    @property
    def is_prose(self) -> bool:
        """Whether the line consists of sentences."""
        words = re.findall(r"[^\W\d_]+", self.text)
        small = sum(word[0].islower() for word in words)
        return len(words) >= (6 if self.text[-1] in ".!?:" else 12) and 2 * small > len(words)

    @property
    def is_body(self) -> bool:
        """Whether the front matter ends above the line."""
        section = self.is_heading and (set(self.kinds) <= set("SO") or self.says(r"\d+\.? [A-Z]"))
        named = self.says(rf"(?:{HEAD.abstract}|{HEAD.summary}|{HEAD.after_abstract})\b")
        return bool(named or self.is_prose or (section and "I" not in self.kinds) or not self.kinds)


def head_lines(document: Document) -> list[Line]:
    """Return the lines of a text's head, or of its first page if that is longer."""
    headings = {heading.start for heading in document.headings}
    end = max(LENGTH, min([*document.pages, 0, 0][1], 4 * LENGTH))
    lines = []
    for found in re.finditer(r"[^\s#>_][^\n\f]*(?<![\s_])", document.text[:end]):
        start, line = found.start(), found[0]
        pieces = list(_pieces(line)) if len(line) <= LINE else []
        kinds = "".join(kind for _, _, kind in pieces)
        places = [(start + first, start + last) for first, last, _ in pieces]
        lines.append(Line(start, found.end(), line, start in headings, kinds, places))
    return lines


def _pieces(line: str) -> Iterator[tuple[int, int, str]]:
    last = 0
    for sign in chain(_BETWEEN.finditer(line), [None]):
        end = sign.start() if sign else len(line)
        if said := re.compile(rf"[\s*_]*(?:{HEAD.by})(?:\s+|$)", re.IGNORECASE).match(line, last):
            yield *said.span(), "B"
            last = said.end()
        if inner := re.compile(r"[^\s:*_.-].*(?<![\s:_-])").search(line, last, end):
            yield *inner.span(), _kind(inner[0])
        if sign and sign.lastgroup:
            yield *sign.span(), sign.lastgroup
        last = sign.end() if sign else last


def _kind(text: str) -> str:
    words = re.sub(r"(?: [a-z])+$", "", text).split()
    if re.search(rf"\b(?:{HEAD.institution})\b", text, re.IGNORECASE):
        return "I"
    if re.fullmatch(r"[a-z]|[A-Z][a-z]?\.?[A-Z]+[a-z]?\.?", text):
        return "K"
    # Next to a date: the time, or "5 min read".
    is_short = len(text) <= 12 and re.match(rf"(?:(?:{HEAD.beside_day}) )?\d", text)
    if is_short or re.fullmatch(
        rf"{HEAD.given}|{HEAD.other_day}|{HEAD.beside_day}", text, re.IGNORECASE
    ):
        return "L"
    in_letters = all(re.fullmatch(r"[^\W\d_]+(?:['’.‐-]+[^\W\d_]*)*", word) for word in words)
    small = [word for word in words if word[0].islower()]
    is_named = in_letters and len(words) <= 5 and all(len(word) <= 3 for word in small)
    if not is_named or not (words[0][0].isupper() and words[-1][0].isupper()):
        return "O"
    if len(words) == 1:
        return "S"
    works = re.search(rf"\b(?:{HEAD.works})\b", text, re.IGNORECASE)
    is_other = works or {words[0].lower(), *small} & FUNCTION_WORDS
    return "O" if is_other else "N"
