"""What a text says of itself at its head: title, authors, their institutions, date, abstract.

Only what is plainly one of these is found; a line that may as well be something else is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain, takewhile
from typing import Literal, NamedTuple

from index.documents import Document
from index.function_words import FUNCTION_WORDS
from index.split import sentence_spans
from rag.asking.scope import in_words
from rag.languages.english_words import MONTH, MONTHS, SHORT_MONTHS

Matter = Literal["author", "affiliation", "title", "date", "publisher", "abstract"]
Place = tuple[int, int]

HEAD = 3000
"""Characters at the beginning of a text that are its head; no abstract is longer, either."""

LINE = 400
"""The longest line, in characters, that does nothing but name people, institutions or days."""

# English, as it stands at the head of texts.
BY = r"(?:(?:written|prepared|words|text|story) )?by\b:?|authors?\b:?"
INSTITUTION = (
    r"universi\w*|institut\w*|dep(?:artmen)?t|school|college|facult\w*|laborator\w*|labs?|academy"
    r"|cent(?:er|re)|hospital|clinic|council|ministry|agency|committee|foundation|company|inc|ltd"
)
WORKS = r"reports?|journal|proceedings|review|minutes|news\w*|edition|volume|draft|papers?|press"
GIVEN = r"(?:first )?(?:published|posted|issued|date)(?: online)?(?: (?:on|in))?"
OTHER_DAY = r"(?:last |manuscript )?(?:updated|modified|revised|received|submitted|accepted)"
BESIDE_DAY = rf"{GIVEN}|{OTHER_DAY}|at|[ap]\.?m|e-?mails?|min(?:utes?)? read"
ABSTRACT = r"abstract|a b s t r a c t|(?:executive )?summary"
AFTER_ABSTRACT = r"key ?words|index terms|ccs concepts|(?:\d+|i)?\.? ?introduction|contents"
PUBLISHER = r"(?:first )?(?:published|issued)(?: in \d{4})? by\b:?|publisher\b:?"

_DAY = (
    rf"\b(?:{MONTH}[ \t]+\d{{1,2}}(?:st|nd|rd|th)?,?[ \t]+\d{{4}}"
    rf"|(?:\d{{1,2}}(?:st|nd|rd|th)?\.?[ \t]+)?{MONTH},?[ \t]+\d{{4}}"
    r"|\d{4}-\d{2}-\d{2}|\d{1,2}([./])\d{1,2}\2\d{4})\b"
)
_MARK = r"[*∗†‡§¶‖⁰¹²³⁴-⁹]|(?<![\w.])\d\d?(?![\w.])|(?<=[^\W\d_])\d\d?(?!\w)|(?<!\S)\d(?=[^\W\d_])"
_BETWEEN = re.compile(
    rf"(?P<day>(?:\w+day,? )?{_DAY})|(?P<mail>\{{[^}}\n]*\}} ?@\S+|[^\s,;|]+@[^\s,;|]+)"
    rf"|(?P<mark>{_MARK})|[,;|·•&()\t]|\band\b|  +|(?<=[a-z]{{3}})\.(?=\s|$)",
    re.IGNORECASE,
)


class _Piece(NamedTuple):
    """What stands between two signs of a line; `kind` is "name", "institution", "day", …"""

    start: int
    end: int
    kind: str
    by: bool = False


class _Line(NamedTuple):
    start: int
    end: int
    text: str
    pieces: tuple[_Piece, ...]
    heading: bool

    def has(self, *kinds: str) -> bool:
        return any(piece.kind in kinds for piece in self.pieces)


def front_matter(document: Document, matter: Matter) -> list[Place]:
    """Return the places, in order, where the text itself says this at its head; none if nowhere."""
    lines = list(_lines(document))
    title, below = _title(document, lines)
    front = list(takewhile(lambda line: not _is_body(line, line is below[0]), below))
    abstract = _abstract(document, lines)
    authors = _byline(lines) or _authors(front, bool(abstract))
    known = document.properties
    if matter == "title":
        found = [title] if title and (authors or abstract or document.headings) else []
    elif matter == "author":
        names = re.split(r"[,;]\s*|\s+and\s+", known.author or "")
        found = [place for _, place in authors] or _known(front, names)
    elif matter == "affiliation":
        found = list(_affiliations(document, lines, [line for line, _ in authors]))
    elif matter == "date":
        found = _dates(lines, front) or _known(lines, _ways_to_write(known.published))
    elif matter == "publisher":
        found = _publishers(lines) or _known(front, [known.publisher or ""])
    else:
        found = abstract or _unheaded(document, lines, title, [line for line, _ in authors])
    return sorted(set(found))


def _lines(document: Document) -> Iterator[_Line]:
    """Yield the lines of a text's head, and of its first page."""
    headings = {heading.start for heading in document.headings}
    page = document.pages[1] if len(document.pages) > 1 else 0
    end = max(HEAD, min(page, 4 * HEAD))
    for found in re.finditer(r"[^\s#>_][^\n\f]*(?<![\s_])", document.text[:end]):
        pieces = tuple(_pieces(found[0], found.start())) if len(found[0]) <= LINE else ()
        yield _Line(*found.span(), found[0], pieces, found.start() in headings)


def _pieces(line: str, at: int) -> Iterator[_Piece]:
    last, by = 0, False
    for sign in chain(_BETWEEN.finditer(line), [None]):
        said = re.compile(rf"[\s*_]*(?:{BY})(?:\s+|$)", re.IGNORECASE).match(line, last)
        by = by or bool(said)
        start, end = said.end() if said else last, sign.start() if sign else len(line)
        inner = re.compile(r"[^\s:*_.-].*(?<![\s:_-])").search(line, start, end)
        if inner or said:
            span = inner.span() if inner else (start, start)
            yield _Piece(at + span[0], at + span[1], _kind(line[slice(*span)]), by)
        if sign and sign.lastgroup:
            yield _Piece(at + sign.start(), at + sign.end(), sign.lastgroup)
        last = sign.end() if sign else last


def _kind(text: str) -> str:
    words = re.sub(r"(?: [a-z])+$", "", text).split()
    if re.search(rf"\b(?:{INSTITUTION})\b", text, re.IGNORECASE):
        return "institution"
    # A mark that was raised, or a degree.
    if re.fullmatch(r"[a-z]?|[A-Z][a-z]?\.?[A-Z]+[a-z]?\.?", text):
        return "mark"
    if re.fullmatch(BESIDE_DAY, text, re.IGNORECASE):
        return "label"
    name = (
        2 <= len(words) <= 5
        and words[0][0].isupper()
        and words[-1][0].isupper()
        and all(re.fullmatch(r"[^\W\d_]+(?:['’.‐-]+[^\W\d_]*)*", word) for word in words)
        and all(word[0].isupper() or len(word) <= 3 for word in words)
        and not any(word in FUNCTION_WORDS for word in [words[0].lower(), *words])
        and not re.search(rf"\b(?:{WORKS})\b", text, re.IGNORECASE)
    )
    return "name" if name else "other"


def _is_prose(line: _Line) -> bool:
    words = re.findall(r"[^\W\d_]+", line.text)
    small = sum(word[0].islower() for word in words)
    least = 6 if line.text[-1] in ".!?:" else 12
    return len(words) >= least and 2 * small > len(words)


def _is_body(line: _Line, is_first: bool) -> bool:
    """Whether a line is no longer front matter; the first may be the rest of a title."""
    section = line.heading and not is_first and {each.kind for each in line.pieces} <= {"other"}
    numbered = line.heading and re.match(r"\d+\.? [A-Z]", line.text) and not line.has("institution")
    named = re.match(rf"[\W_]*(?:{ABSTRACT}|{AFTER_ABSTRACT})\b", line.text, re.IGNORECASE)
    return bool(section or numbered or named or _is_prose(line) or not line.pieces)


def _title(document: Document, lines: list[_Line]) -> tuple[Place | None, list[_Line]]:
    """Return where the title stands, and the lines below it."""
    wanted = in_words(document.title)
    for first in range(min(len(lines), 20)):
        for last in range(first, min(first + 4, len(lines))):
            place = lines[first].start, lines[last].end
            if in_words(document.text[slice(*place)]) == wanted:
                return place, lines[last + 1 :]
    for at, line in enumerate(lines[:3]):
        stamp = re.match(r"(?:arxiv|doi|https?|issn)\b", line.text, re.IGNORECASE)
        if not stamp and not line.has("day", "mail") and not _is_prose(line):
            return (line.start, line.end), lines[at + 1 :]
    return None, lines


def _names(line: _Line, by: bool = False) -> Place | None:
    """Return the names that a line is made of, before institutions; None where it is not."""
    before = list(takewhile(lambda piece: piece.kind != "institution", line.pieces))
    if len(before) < len(line.pieces) and "|" in line.text:
        return None
    # A mark before a name stands for a note to one above, unless Markdown sets both in bold.
    if line.pieces and line.pieces[0].kind == "mark" and line.text[0] + line.text[-1] != "**":
        return None
    if by:
        said = [piece for piece in before if piece.by and piece.start < piece.end]
        before = list(takewhile(lambda piece: piece.kind in ("name", "mark"), said))
        single = said[:1] if not line.heading and said and " " not in _in(line, said[0]) else []
        before = before or [piece for piece in single if _in(line, piece)[0].isupper()]
        return (before[0].start, before[-1].end) if before else None
    names = [piece for piece in before if piece.kind == "name"]
    others = [piece for piece in before if piece.kind == "other"]
    known_by_one = all(_in(line, piece).istitle() for piece in others)
    if not names or 3 * len(others) > len(names) or not known_by_one:
        return None
    return names[0].start, names[-1].end


def _in(line: _Line, piece: _Piece) -> str:
    return line.text[piece.start - line.start : piece.end - line.start]


def _byline(lines: list[_Line]) -> list[tuple[_Line, Place]]:
    for at, line in enumerate(lines):
        if line.start < HEAD and any(piece.by for piece in line.pieces) and not _is_prose(line):
            if place := _names(line, by=True):
                return [(line, place)]
            if all(piece.start == piece.end for piece in line.pieces):  # A label: names follow.
                below = ((each, _names(each)) for each in lines[at + 1 :])
                return [(each, it) for each, it in takewhile(lambda found: found[1], below) if it]
    return []


def _authors(front: list[_Line], is_paper: bool) -> list[tuple[_Line, Place]]:
    """Return the lines that name a paper's authors, or a person beside a day."""
    found: list[tuple[_Line, Place]] = []
    domains = {
        word
        for line in front
        for piece in line.pieces
        if piece.kind == "mail"
        for word in in_words(_in(line, piece).rpartition("@")[2]).split()[:-1]
    }
    is_paper = is_paper or any(line.has("institution", "mail") for line in front)
    named = [_names(line) for line in front]
    for at, line in enumerate(front):
        place = named[at]
        count = sum(piece.kind == "name" for piece in line.pieces)
        if not place or set(in_words(line.text).split()) & domains:
            continue
        after = next((each for each, it in zip(front[at + 1 :], named[at + 1 :]) if not it), None)
        marked = line.has("mark")
        beside = marked or count > 1 or line.has("institution", "mail")
        lone = sum(it is not None for it in named) == 1
        followed = after is not None and after.has("institution", "mail")
        below_place = at > 0 and front[at - 1].has("institution") and not front[at - 1].has("mail")
        dated = line.has("day") and sum(each.has("day") for each in front) == 1
        if dated or (is_paper and (beside or ((lone or followed) and not below_place))):
            found.append((line, place))
    return found


def _affiliations(document: Document, lines: list[_Line], named: list[_Line]) -> Iterator[Place]:
    """Yield the institutions that stand with the authors, or in notes to them on the first page."""
    if not named:
        return
    marked = any(line.has("mark") for line in named)
    near = True
    for line in lines[lines.index(named[0]) :]:
        near = near and (line in named or not _is_body(line, line is lines[0]))
        opens = bool(line.pieces) and line.pieces[0].kind == "mark"
        words = [word for word in re.findall(r"[^\W\d_]+", line.text) if word not in FUNCTION_WORDS]
        capitals = 3 * sum(word[0].isupper() for word in words) >= 2 * len(words) > 0
        note = opens and marked and not _is_prose(line) and not line.heading
        is_with = re.search(r"\b(?:is|are) with\b", line.text)
        if line.has("institution") and (near or note or is_with):
            said = [
                piece for piece in line.pieces if piece.kind in ("institution", "other", "name")
            ]
            if line in named:
                said = said[[piece.kind for piece in said].index("institution") :]
            start = said[0].start if line in named else line.start
            yield start, said[-1].end
        elif near and note and capitals and line not in named and line.text[0] not in "*∗†‡§¶":
            yield line.start, line.end


def _dates(lines: list[_Line], front: list[_Line]) -> list[Place]:
    """Return the days that stand in lines of their own, or with what happened on them."""
    whole, given, lone = [], [], []
    is_head = True
    for line in lines:
        is_head = is_head and (line in front or not line.heading or line is lines[0])
        days = [(piece.start, piece.end) for piece in line.pieces if piece.kind == "day"]
        stamp = re.match(r"arxiv:\S", line.text, re.IGNORECASE)
        if days and (stamp or re.match(OTHER_DAY, line.text, re.IGNORECASE)):
            whole.append((line.start, line.end))
        elif days and is_head and line.start < HEAD and not _is_prose(line):
            others = [piece for piece in line.pieces if piece.kind == "other"]
            city = len(others) == 1 and line in front and _in(line, others[0]).istitle()
            if re.match(GIVEN, line.text, re.IGNORECASE):
                given += days[:1]
            elif not others or city:
                lone += days[:1]
    # More days than two are those of a chronicle.
    return [*whole, *(given or (lone if len(lone) < 3 else [])[:1])]


def _publishers(lines: list[_Line]) -> list[Place]:
    said = (re.match(rf"(?:{PUBLISHER})\s+([^.,;\n]+)", line.text, re.IGNORECASE) for line in lines)
    return [
        (line.start + it.start(1), line.start + it.end(1))
        for line, it in zip(lines, said)
        if it and it[1][0].isupper()
    ][:1]


def _abstract(document: Document, lines: list[_Line]) -> list[Place]:
    """Return the sentences of what is headed as an abstract."""
    for line in lines:
        label = re.match(
            rf"[*_]*(?:\d\.? )?(?i:{ABSTRACT})[*_]*(?:\s*[—–:.-]+[*_]*\s*(?=\S)|\s*$|\s+(?=[A-Z]))",
            line.text,
        )
        if not label:
            continue
        start = line.start + label.end()
        run_in = label[0][-1:].isspace() and not re.search(r"[—–:.-]", label[0])
        word = re.match(r"\w*", line.text[label.end() :])
        if run_in and not label[0].isupper() and word and word[0].lower() not in FUNCTION_WORDS:
            continue
        return _sentences(document, start, bool(line.text[label.end() :]))
    return []


def _sentences(document: Document, start: int, is_one: bool = True) -> list[Place]:
    """Return the sentences from here to the next heading, or of a paragraph where it is far."""
    text = document.text
    start += len(text[start:]) - len(text[start:].lstrip())
    ends = [heading.start for heading in document.headings if start < heading.start < start + HEAD]
    paragraph = re.compile(r"\n\s*\n|\f|\Z").search(text, start)
    end = ends[0] if ends and not is_one else paragraph.start() if paragraph else len(text)
    cut = re.compile(rf"^[\W_]*(?:{AFTER_ABSTRACT})\b", re.IGNORECASE | re.MULTILINE)
    if stop := cut.search(text, start, end):
        end = stop.start()
    return sentence_spans(text, start, len(text[:end].rstrip("\n #*_")))


def _unheaded(
    document: Document, lines: list[_Line], title: Place | None, named: list[_Line]
) -> list[Place]:
    """Return a paragraph between a paper's authors and its first section, or above a byline."""
    if not named or not title:
        return []
    by = named[0].has("day") or any(piece.by for piece in named[0].pieces)
    at = lines.index(named[0])
    below = [line for line in lines if line.start >= title[1] and line not in named]
    first = next((line for line in below if _is_prose(line) or not line.pieces), None)
    if first is None:
        return []
    if by:
        return _sentences(document, first.start) if first.end <= lines[at].start else []
    ends = [heading for heading in document.headings if heading.start > first.end]
    text = document.text[first.start : ends[0].start] if ends else ""
    is_alone = len(text) < HEAD and "\n" not in text.strip("\n #*_")
    return _sentences(document, first.start) if text and is_alone else []


def _known(lines: Sequence[_Line], ways: Sequence[str]) -> list[Place]:
    """Return where what the file says of itself stands in lines that are no prose."""
    return [
        (line.start + at, line.start + at + len(way))
        for way in ways
        for line in [each for each in lines if each.pieces and not _is_prose(each)]
        if way and (at := line.text.find(way)) >= 0
    ]


def _ways_to_write(day: str | None) -> list[str]:
    if not day:
        return []
    at = date.fromisoformat(day)
    names = (MONTHS[at.month - 1], SHORT_MONTHS[at.month - 1])
    written = [f"{month} {at.day}, {at.year}" for month in names]
    return [day, *written, *(f"{at.day} {month} {at.year}" for month in names)]
