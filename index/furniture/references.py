"""Find the blocks of a text that are entries of its list of references, in any citation style."""

from __future__ import annotations

import re
from collections.abc import Sequence

PER_SIGN = 80
"""An entry has at least one sign for this many characters; running text with citations has fewer
signs."""

_YEAR = r"(?:1[5-9]|20)\d\d[a-z]?"
_INITIALS = re.compile(r"(?<!\w)[^\W\d_]\.(?=[\s,;:\u2010-]|[^\W\d_]\.)")
_MARK = re.compile(r"^\W*(?:\d+\.\s)?(?:\[\w{1,12}\]|\^|↑)")
_BEHIND_NAMES = re.compile(rf"^.{{5,150}}?\s(?:\({_YEAR}\)|(?<=\.\s){_YEAR})[.:]\s")
_SIGNS = (
    _INITIALS,
    _MARK,
    _BEHIND_NAMES,
    re.compile(rf"[(.,;’\"”]\s?{_YEAR}\s?(?:[).,;:]|$)"),  # a year that is set off
    re.compile(
        r"[^\w\s]\s?(?:[^\W\d_]{1,5}\.?\s?)?(?!(?:1\d|20)\d\d)\d{1,5}\s?[-–]{1,2}\s?\d{1,5}\b"
    ),
    re.compile(rf"\b\d{{1,4}}\s?\(\d{{1,4}}\)|\b{_YEAR};\s?\d"),  # a volume
    re.compile(r"\b(?:doi|arxiv|isbn|issn|pmid)\b|https?://", re.IGNORECASE),
)
_NUMBER = re.compile(r"\W*\d+\.\s")
_AUTHOR = re.compile(
    r"\W*(?:(?:[^\W\d_]\.[\s\u2010-]?)+[^\W\d_]{2}|[^\W\d_][\w'’-]+,?\s(?:[^\W\d_]+,?\s)?[^\W\d_]\.)"
)


def references(blocks: Sequence[str]) -> list[bool]:
    """Say for each block whether it is an entry: by initials, years, pages, volumes and marks.

    In a block that opens like an entry, three kinds of signs are enough, or two if a neighbour has
    two as well. With one kind, a block needs entries before and after it.
    """
    kinds = [_kinds(block) for block in blocks]
    sure: list[bool] = []
    for at, block in enumerate(blocks):
        beside = max(kinds[max(at - 1, 0) : at] + kinds[at + 1 : at + 2], default=0)
        sure.append(_opens(block) and (kinds[at] > 2 or (kinds[at] == 2 and beside >= 2)))
    return [
        each or (kinds[at] > 0 and any(sure[max(at - 2, 0) : at]) and any(sure[at + 1 : at + 3]))
        for at, each in enumerate(sure)
    ]


def _kinds(block: str) -> int:
    """Return how many kinds of signs a block has; 0 if the signs are too few for its length."""
    found = [len(sign.findall(block)) for sign in _SIGNS]
    dense = _BEHIND_NAMES.search(block) or len(block) <= PER_SIGN * (1 + sum(found))
    return sum(map(bool, found)) if dense else 0


def _opens(block: str) -> bool:
    """Whether a block opens as an entry does: with a mark, a number, or the name of an author."""
    signs = (_MARK, _BEHIND_NAMES, _NUMBER, _AUTHOR)
    return any(sign.match(block) for sign in signs)
