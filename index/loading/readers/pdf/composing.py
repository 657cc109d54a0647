"""Compose paragraphs into a text, with the offsets of its pages, headings and words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from index.documents import Heading, Scan, Style, StyleKind
from index.furniture.captions import captions
from index.loading.readers.pdf.headings import levels, top
from index.loading.readers.pdf.lines import Line
from index.loading.readers.text import Content
from index.loading.scanning.words import Word, to_json, words_of
from index.table_heads import BAR


def compose(
    paragraphs: list[list[Line]], pages: int, body: float, scans: Sequence[Scan] = ()
) -> Content:
    """Return the text of paragraphs from a number of pages; `body` is the usual font size."""
    lines = [line for paragraph in paragraphs for line in paragraph]
    words = Counter(word for line in lines for word in re.findall(r"[\w-]+", line.text))
    above = top(paragraphs)
    are_captions = captions(paragraphs, body)
    deep = levels(paragraphs, body, above)
    topmost: list[Heading] = []
    parts: list[str] = []
    headings: list[Heading] = []
    styles: list[Style] = []
    places: dict[tuple[int, Word], int] = {}
    starts: dict[int, int] = {0: 0}
    offset = 0
    for at, paragraph in enumerate(paragraphs):
        start = offset
        for number, line in enumerate(paragraph):
            gap = _joint(paragraph[number - 1], line, words) if number else "\n\n" if parts else ""
            if not number and parts and _begins_table(paragraphs[at - 1][-1], line):
                gap = "\n\n\n\n"
            start = start if number else offset + len(gap)
            starts.setdefault(line.page, offset + len(gap))
            places |= _places(line, offset + len(gap))
            # A hyphen at the very end of a paragraph stays: nothing follows to be joined.
            end = "-" if line.hyphen and line is paragraph[-1] else ""
            parts += gap, line.text + end
            offset += len(gap) + len(line.text) + len(end)
        if are_captions[at] or paragraph[0].turned:
            kind: StyleKind = "caption" if are_captions[at] else "margin"
            styles.append(Style(start, offset, kind))
        elif at in deep:
            headings.append(Heading(start, offset, deep[at]))
            topmost += headings[-1:] if paragraph in above else []
    found = [offset]
    for page in reversed(range(pages)):  # A page without text starts where the next one does.
        found.append(starts.get(page, found[-1]))
    text = "".join(parts)
    # The largest heading at the top is the title, unless others have its level, as chapters do.
    title = min(topmost, key=lambda heading: heading.level, default=None)
    again = title and sum(heading.level == title.level for heading in headings) > 1
    named = text[title.start : title.end] if title and not again else None
    styles += [
        Style(start, start + len(word.text), "uncertain")
        for (_, word), start in places.items()
        if word.is_uncertain and text.startswith(word.text, start)
    ]
    styles.sort(key=lambda style: (style.start, -style.end))
    return Content(
        text,
        named,
        tuple(headings),
        tuple(found[:0:-1]),
        styles=tuple(styles),
        scans=tuple(_with_places(scan, places) for scan in scans),
    )


def _begins_table(above: Line, line: Line) -> bool:
    """Whether a row begins another table than the row above it; an empty block separates them."""
    bars = (above.text.count(BAR), line.text.count(BAR))
    return above.is_row and line.is_row and (line.is_head or bars[0] != bars[1])


def _places(line: Line, start: int) -> dict[tuple[int, Word], int]:
    """Return the offsets in the text of a line's words; the line itself begins at `start`."""
    found: dict[tuple[int, Word], int] = {}
    at = 0
    for word in line.words:
        # A hyphen may have been removed from the word's end.
        at = line.text.find(word.text.rstrip("-\u2010") or word.text, at)
        if at < 0:
            break
        found[line.page, _unplaced(word)] = start + at
        at += 1
    return found


def _with_places(scan: Scan, places: Mapping[tuple[int, Word], int]) -> Scan:
    """Return a scan with the offsets of its words in the text filled in."""
    words = [
        word._replace(start=places.get((scan.page - 1, _unplaced(word)), -1))
        for word in words_of(scan)
    ]
    return replace(scan, words=to_json(words))


def _unplaced(word: Word) -> Word:
    """Return a word as it was recognized, for use as a key: its box is unique on its page."""
    return word._replace(start=-1, blank=False)


def _joint(above: Line, line: Line, words: Counter[str]) -> str:
    """Return what joins two lines: a space, a hyphen that stays, or nothing."""
    if not above.hyphen:
        return "" if _WIDE.match(above.text[-1]) and _WIDE.match(line.text) else " "
    before = re.findall(r"\w*$", above.text)[0]
    after = re.findall(r"^\w*", line.text)[0]
    broken = before[-1:].islower() and after[:1].islower()
    # "Saint-Malo" and "2021-22" keep their hyphens, and so does "well-known" if it is elsewhere in
    # the text.
    return "" if broken and words[f"{before}-{after}"] <= words[before + after] else "-"


_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
