"""Find the straight lines drawn on a page, including those of tables."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

MOST_OBJECTS = 20_000
"""A page with more objects is a drawing, whose lines do not belong to tables."""

THIN = 3.0
"""The greatest thickness of a line, in points."""

CLOSE = 2.5
"""The largest gap between pieces of one line, in points."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal or vertical line: `at` is its height, or its distance from the left."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Rules:
    """The horizontal and vertical lines of a page, with pieces of a line joined."""

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
    """Yield left, bottom, right and top of thin shapes, and of each side of frames."""
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
    """Join collinear pieces into whole lines."""
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
