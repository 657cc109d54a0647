"""Find the blocks of a text that cannot answer anything: headings that the file does not mark as
such, breadcrumbs and menus, captions, tables of contents, lists of references, text inside figures.

Punctuation, form and position decide, never the words, so the rules hold in any language. A
doubtful block counts as able to answer: lists, tables, entries of a chronology, values behind a
label, and fragments among other fragments, as in notes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from unicodedata import east_asian_width

from index.dated_entries import entry_dates
from index.documents import Document, StyleKind
from index.furniture.references import references

Offsets = tuple[int, int]

FRAGMENT = 80
"""The widest heading or label, in letters; a Chinese character counts as three."""

RECURRING = 3
"""A fragment that occurs this often belongs to the page design, not to the author's text."""

COLUMN = 20
"""The most blocks that one sentence may be broken into."""

APART: tuple[StyleKind, StyleKind] = ("caption", "margin")
"""The styles that a file's reader gives to text that it finds outside the running text."""

LAST = 200
"""How many characters at the end of a block are searched for the dots that lead to a page number;
also the longest block in which Markdown links are looked for."""

LIST_ITEM = re.compile(r"\s*(?:[-*+\u2022\u2013]|\d{1,3}[.)]{1,2})\s+\S")
ENDS_SENTENCE = re.compile(r"[.!?:;…。！？：；।॥؟۔؛።။។։][\"'”’»）」』)\]*_]*(?:\[\d{1,3}\])*$")
_HEADS_NEXT = re.compile(r"[:：]$|^[^.!?。！？।؟۔]*[?？؟][\"'”’»)\]*_]*$")
_ENDS_CLAUSE = (",", "，", "、", "،")
_ROW = re.compile(r"\s\|\s|^\|")
_CONTENTS = re.compile(r"(?:\.\s?){5,}[|\s]*(?:\d{1,4})?$|(?:(?:…\s?){2,}|_{5,})[|\s]*\d{1,4}$")
_PAGE = re.compile(r"(?:^|[\s|])\d{1,4}$")
_NUMBERED = re.compile(r"\W*\d+(?:\.\d+)*\.?\s")
_LABEL = re.compile(r"\W*[^\W\d_]{1,15}\.?\s?\d+(?:[.-]\d+)*[a-z]?(?:\s*[.:：)|–—-]|$)")
_PATH = re.compile(r"\w\s*[›»→]\s*\w|(?:\w\s+[>/·•|]\s+\w.*){2}")
_VALUE = re.compile(r"[:：]\s*\S|@|://|www\.|[={}\\_]|[^\W\d_].*\s\W{0,3}\d|[\u2e80-\uffef].*\d")
_TELLS = re.compile(r"[:：]\s\S|：\S|[%°$€£¥]|^\W{0,3}\d[\d.,]*\s?[^\W\d]{1,8}$")
_MEASURE = re.compile(r"\W{0,3}\d[\d.,]*\s?([^\W\d_]|[%°$€£¥])")
_MARKDOWN_LINK = re.compile(r"!?\[[^\]\n]*\]\([^()\s]*\)")


def cannot_answer(document: Document, blocks: Sequence[Offsets]) -> list[bool]:
    """Say for each block of a document, in order, whether it cannot answer anything."""
    pieces = [document.text[start:end] for start, end in blocks]
    recurring, items = _recurring(document, blocks, pieces), _items(pieces)
    fragments = _fragments(document, blocks, pieces, recurring, items)
    menus = _menus(document, blocks, pieces, recurring, items)
    entries, contents = references(pieces), _contents(pieces)
    rows = [_ROW.search(piece) is not None for piece in pieces]
    captioned, turned = (_all_in(document, blocks, kind) for kind in APART)
    found: list[bool] = []
    for at, piece in enumerate(pieces):
        captions = any(rows[max(at - 1, 0) : at + 2]) and _LABEL.match(piece) is not None
        if entry_dates(piece):
            found.append(False)
        elif entries[at] or contents[at] or captioned[at] or turned[at]:
            found.append(True)
        elif rows[at]:
            found.append(False)
        elif captions or piece.startswith("©"):
            found.append(_width(piece) <= FRAGMENT)
        else:
            found.append(menus[at] or fragments[at])
    return found


def _width(piece: str) -> int:
    return sum(3 if east_asian_width(each) in "WF" else 1 for each in piece)


def _ends(piece: str) -> bool:
    return ENDS_SENTENCE.search(piece) is not None


# --- headings, labels, the inside of figures


def _fragments(
    document: Document,
    blocks: Sequence[Offsets],
    pieces: Sequence[str],
    recurring: Sequence[bool],
    items: Sequence[bool],
) -> list[bool]:
    """Find the blocks that are short, end no sentence, state no fact and stand alone in prose."""
    prose = _in_prose(document, blocks, pieces)
    code = _all_in(document, blocks, "monospace")
    found: list[bool] = []
    # Whether an earlier block ends in a colon or a question mark and this one belongs to what
    # follows it.
    announced = False
    for at, piece in enumerate(pieces):
        before = pieces[at - 1] if at and not found[-1] else ""
        announced = (announced or _HEADS_NEXT.search(before) is not None) and not _ends(piece)
        announced = announced and not _NUMBERED.match(piece)
        if _ends(piece) or piece.endswith(_ENDS_CLAUSE) or items[at]:
            out = False
        elif recurring[at] and document.pages:
            out = True
        elif announced or code[at] or not prose[at] or _width(piece) > FRAGMENT:
            out = False
        else:
            several = sum(
                _LABEL.match(each) is not None for each in pieces[max(at - 1, 0) : at + 2]
            )
            says = _says(piece, several > 1) and not recurring[at]
            goes_on = piece[0].islower() and before != "" and not _ends(before)
            cut = goes_on or _broken_off(pieces, at)
            out = not (says or cut) and _stands_alone(document.text, blocks, at)
        found.append(out)
    return found


def _in_prose(document: Document, blocks: Sequence[Offsets], pieces: Sequence[str]) -> list[bool]:
    """Say for each block whether most of its section is in whole sentences."""
    starts = [each.start for each in document.headings]
    sections = [bisect_right(starts, start) for start, _ in blocks]
    whole: Counter[int] = Counter()
    for section, piece in zip(sections, pieces, strict=True):
        whole[section] += _width(piece) if _ends(piece) else -_width(piece)
    return [whole[section] > 0 for section in sections]


def _items(pieces: Sequence[str]) -> list[bool]:
    """Find the list items. A number without a neighbour that is marked too is a heading's."""
    marked = [LIST_ITEM.match(piece) is not None for piece in pieces]
    return [
        each and (not _NUMBERED.match(pieces[at]) or sum(marked[max(at - 1, 0) : at + 2]) > 1)
        for at, each in enumerate(marked)
    ]


def _recurring(document: Document, blocks: Sequence[Offsets], pieces: Sequence[str]) -> list[bool]:
    """Find the blocks that recur; in a file with pages, on several pages, ignoring numbers.

    A value behind a label, or a measure, does not count: several things may share it.
    """
    same = [re.sub(r"\d+", "0", piece) if document.pages else piece for piece in pieces]
    places = {
        (key, document.page_at(start) or start)
        for key, (start, _) in zip(same, blocks, strict=True)
    }
    count = Counter(key for key, _ in places)
    often = (count[key] >= RECURRING for key in same)
    return [each and not _TELLS.search(piece) for each, piece in zip(often, pieces, strict=True)]


def _says(piece: str, several: bool) -> bool:
    """Whether a fragment states a fact: a value behind a label, an address, a measure.

    A numbered label is a caption's or a chapter's, unless there are several, as of rooms.
    """
    measure = _MEASURE.match(piece)
    if measure is not None and not measure[1].isupper():
        return True
    return _VALUE.search(piece) is not None and (several or _LABEL.match(piece) is None)


def _broken_off(pieces: Sequence[str], at: int) -> bool:
    """Whether a block begins a sentence that later blocks finish, as in a narrow column."""
    for piece in islice(pieces, at + 1, at + COLUMN):
        if not piece[0].islower():
            return False
        if _ends(piece) or "://" in piece:
            return True
    return False


def _stands_alone(text: str, blocks: Sequence[Offsets], at: int) -> bool:
    """Whether a block has a blank line, a heading or nothing on either side."""
    start, end = blocks[at]
    before = text[blocks[at - 1][1] if at else 0 : start]
    after = text[end : blocks[at + 1][0] if at + 1 < len(blocks) else len(text)]
    return all(gap.count("\n") != 1 or any(map(str.isalnum, gap)) for gap in (before, after))


# --- menus and breadcrumbs


def _menus(
    document: Document,
    blocks: Sequence[Offsets],
    pieces: Sequence[str],
    recurring: Sequence[bool],
    items: Sequence[bool],
) -> list[bool]:
    """Find the blocks that lead elsewhere: nothing but links, or the breadcrumbs of the page.

    A list of links may be the answer itself, unless it comes before all headings or recurs.
    """
    linked = _all_in(document, blocks, "link")
    top = document.headings[0].start if document.headings else len(document.text)
    found: list[bool] = []
    for at, piece in enumerate(pieces):
        letters, digits = sum(map(str.isalpha, piece)), sum(map(str.isdigit, piece))
        if _ends(piece) or "@" in piece or digits > letters:
            found.append(False)
        elif linked[at]:
            found.append(not items[at] or recurring[at] or blocks[at][0] < top)
        else:
            short = not items[at] and _width(piece) <= 2 * FRAGMENT
            found.append(short and "«" not in piece and _PATH.search(piece) is not None)
    return found


def _all_in(document: Document, blocks: Sequence[Offsets], kind: StyleKind) -> list[bool]:
    """Say for each block whether all its letters have a style."""
    places = sorted((each.start, each.end) for each in document.styles if each.kind == kind)
    found: list[bool] = []
    for start, end in blocks:
        item = LIST_ITEM.match(document.text[start:end])
        at = start + (item.end() - 1 if item else 0)
        rest = ""
        for first, last in places[bisect_right(places, (at, 0)) : bisect_right(places, (end, 0))]:
            rest, at = rest + document.text[at : max(first, at)], max(at, last)
        rest += document.text[at:end]
        if kind == "link" and end - start <= LAST:
            rest = _MARKDOWN_LINK.sub("", rest)
        found.append(not any(map(str.isalnum, rest)))
    return found


# --- tables of contents


def _contents(pieces: Sequence[str]) -> list[bool]:
    """Find lines of a table of contents: with leader dots, or a page number near such lines."""
    dots = [_CONTENTS.search(piece[-LAST:]) is not None for piece in pieces]
    return [
        each or (_PAGE.search(pieces[at]) is not None and any(dots[max(at - 3, 0) : at + 4]))
        for at, each in enumerate(dots)
    ]
