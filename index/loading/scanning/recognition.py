"""Recognize the text in a picture: with RapidOCR, and with Tesseract if RapidOCR fails.

RapidOCR's weights come with its package and are loaded from there, so that nothing is downloaded.
They know Latin, Chinese and Japanese, and some Greek. Letters of other scripts come out as blanks
with high confidence, so such lines are recognized by being nearly empty, not by their confidence.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.loading.scanning import tesseract
from index.loading.scanning.words import FINE, Word, tokens, turned

if TYPE_CHECKING:
    from PIL import Image

LONGEST_SIDE = 2000
"""Pixels on the longer side of a page's picture: for A4, 170 per inch."""

PAGES_AT_ONCE = 2
"""How many pages are recognized at once; each has its share of the processor's cores."""

HARD = 0.9
"""Below this mean confidence a page is hard to read, and Tesseract tries it as well."""

_UPSIDE_DOWN = 0.7
"""Below this mean confidence a page may be upside down; pages that are have less than 0.5."""

_LEAST = 0.5
"""Lines below this confidence are not text, or cannot be read."""

_AS_SURE = 0.9
"""The share of a sideways page's confidence that reading it turned has to exceed: RapidOCR turns
vertical lines itself, and reads them as surely as on the turned page."""

_LETTERS, _LONG = 0.6, 4
"""A line more than `_LONG` times as long as it is high must have at least `_LETTERS` times that
ratio in letters; with fewer, it was not read."""


def recognise(picture: Image.Image, *, turn: bool = False) -> tuple[list[Word], float]:
    """Return the words in a picture, and the overall confidence, up to 1.

    Lines that were detected but could not be read count with a confidence of 0. With `turn`, a page
    that lies on its side or upside down is turned and read again.
    """
    words, confidence, lies = _by_rapidocr(picture)
    least = _AS_SURE * confidence if lies else confidence
    for quarters in _may_be_turned(lies, confidence) if turn else ():
        others, sure, _ = _by_rapidocr(picture.rotate(90 * quarters, expand=True))
        if sure > least:
            for _ in range(quarters):
                others = [turned(word) for word in others]
            words, confidence, least = others, sure, sure
        if sure >= HARD:
            break
    if confidence < HARD and tesseract.languages():
        others = tesseract.words(picture)
        mean = mean_confidence(others)
        if mean > confidence:
            return others, mean
    return words, confidence


def _may_be_turned(lies: bool, confidence: float) -> Sequence[int]:
    """Return the numbers of quarter turns, clockwise, by which a page may be rotated."""
    if lies:
        return 1, 3
    return (2,) if confidence < _UPSIDE_DOWN else ()


def mean_confidence(words: Sequence[Word]) -> float:
    """Return the mean confidence of words, weighted by their length."""
    weight = sum(len(word.text) for word in words)
    return sum(len(word.text) * word.confidence / 100 for word in words) / weight if weight else 0.0


def _by_rapidocr(picture: Image.Image) -> tuple[list[Word], float, bool]:
    """Return the words, the overall confidence, and whether most lines are vertical."""
    import numpy as np

    # RapidOCR fails on a picture that is too small to hold a letter.
    if min(picture.size) < 8:
        return [], 1.0, False
    found = _engine()(np.asarray(picture.convert("RGB")))
    if found.boxes is None:
        return [], 1.0, False
    words: list[Word] = []
    sure = read = unread = 0.0
    rows = zip(found.boxes, found.txts, found.scores, found.word_results, strict=True)
    for number, (corners, text, score, pieces) in enumerate(rows):
        sides = sorted((np.hypot(*(corners[1] - corners[0])), np.hypot(*(corners[3] - corners[0]))))
        longer = float(sides[1] / max(sides[0], 1))
        letters = len("".join(text.split()))
        if score < _LEAST or (longer > _LONG and letters < _LETTERS * longer):
            unread += longer
        else:
            words += _words_of(number, text, score, pieces, corners, picture.size)
            sure, read = sure + score * letters, read + letters
    across, down = np.ptp(found.boxes, axis=1).T
    lies = bool(down[down > across].sum() > across[across > down].sum())
    return words, float(sure / (read + unread)) if words else 0.0, lies


def _words_of(
    line: int, text: str, score: float, pieces: Any, corners: Any, size: tuple[int, int]
) -> Iterator[Word]:
    """Yield the words of a line, with boxes from the pieces that RapidOCR reports for it."""
    placed = []
    at = 0
    for piece, sure, box in pieces:
        found = text.find(piece, at)
        if found >= 0 and box is not None:
            at = found + len(piece)
            placed.append((found, at, float(sure), box))
    for match in tokens(text):
        start, end = match.span()
        own = [each for each in placed if each[0] < end and start < each[1]]
        points = [point for each in own for point in each[3]] or _share_of(corners, match, text)
        across, down = zip(*points, strict=True)
        box = (min(across) / size[0], min(down) / size[1], max(across) / size[0])
        left, top, right, bottom = (
            max(0, min(FINE, round(float(each) * FINE))) for each in (*box, max(down) / size[1])
        )
        sure = min((each[2] for each in own), default=float(score))
        blank = start > 0 and text[start - 1].isspace()
        yield Word(line, match[0], blank, left, top, right, bottom, round(100 * sure))


def _share_of(corners: Any, match: Any, text: str) -> list[tuple[float, float]]:
    """Estimate the corners of a part of a line for which RapidOCR reports no box."""
    upper, lower = corners[1] - corners[0], corners[2] - corners[3]
    shares = match.start() / len(text), match.end() / len(text)
    ends = [
        begin + way * share
        for begin, way in ((corners[0], upper), (corners[3], lower))
        for share in shares
    ]
    return [(float(x), float(y)) for x, y in ends]


@cache
def _engine() -> Any:
    import cv2
    import rapidocr

    threads = max(1, (os.cpu_count() or 1) // PAGES_AT_ONCE)
    cv2.setNumThreads(threads)
    models = Path(rapidocr.__file__).parent / "models"
    onnx = "EngineConfig.onnxruntime"
    engine: Any = rapidocr.RapidOCR(
        params={
            # Its classifier of upside-down lines also turns some that are upright.
            "Global.use_cls": False,
            "Global.max_side_len": LONGEST_SIDE,
            # Small pictures are not enlarged: they are read equally well in a third of the time.
            "Det.limit_type": "max",
            "Det.limit_side_len": LONGEST_SIDE,
            "Global.return_word_box": True,
            "Global.text_score": 0.0,  # Lines that cannot be read are counted here.
            "Global.log_level": "critical",
            # With explicit paths, it does not look for newer models to download.
            "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
            "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
            f"{onnx}.intra_op_num_threads": threads,
            f"{onnx}.inter_op_num_threads": 1,
        }
    )
    place = engine.cal_rec_boxes.cal_ocr_word_box

    def placed(text: str, *about: Any) -> tuple[Any, Any, list[float]]:
        words, boxes, letters = place(text, *about)
        return words, boxes, _least_sure(words, text, letters)

    # RapidOCR itself gives a line's second word the confidence of the line's second letter.
    engine.cal_rec_boxes.cal_ocr_word_box = placed
    return engine


def _least_sure(words: Sequence[str], text: str, letters: Sequence[float]) -> list[float]:
    """Return the confidence of each word of a line: that of its least certain letter."""
    if len(letters) != len(text):
        return list(letters)
    found, at = [], 0
    for word in words:
        at = text.index(word, at)
        found.append(min(letters[at : at + len(word)]))
        at += len(word)
    return found
