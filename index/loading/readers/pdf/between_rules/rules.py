"""The straight lines that are drawn on a page: those of tables are among them."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

MOST_OBJECTS = 20_000
"""A page with more objects is a drawing: its lines are no table's."""

THIN = 3.0
"""A line is no thicker than this, in points."""

CLOSE = 2.5
"""Pieces of a line are no further apart than this, in points."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across or down a page: `at` is its height, or how far it is from the left."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Rules:
    """The lines of a page, whole ones where they are drawn in pieces."""

    across: tuple[Rule, ...]
    down: tuple[Rule, ...]


def rules(page: Any) -> Rules:
    """Return the lines that are drawn on a page."""
    boxes = list(_boxes(page))
    across = (
        Rule((low + top) / 2, left, right) for left, low, right, top in boxes if _flat(low, top)
    )
    down = (
        Rule((left + right) / 2, low, top) for left, low, right, top in boxes if _flat(left, right)
    )
    return Rules(tuple(_whole(across)), tuple(_whole(down)))


def _flat(low: float, high: float) -> bool:
    return high - low <= THIN


def _boxes(page: Any) -> Iterator[tuple[float, float, float, float]]:
    """Yield the left, low, right and top sides of what is drawn, and of frames each side."""
    from pypdfium2 import raw

    number = raw.FPDFPage_CountObjects(page)
    sides = [ctypes.c_float() for _ in range(4)]
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    for at in range(number if number <= MOST_OBJECTS else 0):
        drawn = raw.FPDFPage_GetObject(page, at)
        if raw.FPDFPageObj_GetType(drawn) != raw.FPDF_PAGEOBJ_PATH:
            continue
        raw.FPDFPageObj_GetBounds(drawn, *sides)
        left, low, right, top = (each.value for each in sides)
        if _flat(low, top) or _flat(left, right):
            yield left, low, right, top
            continue
        raw.FPDFPath_GetDrawMode(drawn, fill, stroke)
        if stroke.value and raw.FPDFPath_CountSegments(drawn) in (4, 5):
            yield from ((left, low, right, low), (left, top, right, top))
            yield from ((left, low, left, top), (right, low, right, top))


def _whole(pieces: Iterable[Rule]) -> Iterator[Rule]:
    """Put the pieces of lines together that lie one behind the other."""
    held: list[Rule] = []
    for piece in sorted(pieces, key=lambda rule: (rule.at, rule.start)):
        if held and piece.at - held[0].at > CLOSE:
            yield from _joined(held)
            held = []
        held.append(piece)
    yield from _joined(held)


def _joined(pieces: list[Rule]) -> list[Rule]:
    whole: list[Rule] = []
    for piece in sorted(pieces, key=lambda rule: rule.start):
        if whole and piece.start - whole[-1].end <= CLOSE:
            whole[-1] = replace(whole[-1], end=max(whole[-1].end, piece.end))
        else:
            whole.append(replace(piece, at=pieces[0].at))
    return whole
