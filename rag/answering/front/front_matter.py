"""What a text says about itself at its head: title, authors, affiliations, date, abstract.

Only what clearly is one of these is found; an ambiguous line is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import takewhile
from typing import Literal, get_args

from index.documents import Document
from rag.answering.front.abstract import abstract_of, first_paragraph
from rag.answering.front.head_lines import LENGTH, Line, Place, head_lines
from rag.asking.subject import in_words
from rag.languages import HEAD, Point, times

Matter = Literal["author", "affiliation", "title", "date", "publisher", "abstract"]
MATTERS: tuple[Matter, ...] = get_args(Matter)

# Lines by the kinds of their pieces. A mark before a name belongs to a note, unless it is bold.
_NAMES = re.compile(r"(?:K(?=.*K$))?[LD]*(N(?:[NSKMDL]*N)?)[SKMDL]*(?:I.*)?")
_BYLINE = re.compile(r"B(N(?:[NK]*N)?|S)")


def front_matter(document: Document, matter: str) -> list[Place]:
    """Return the places at the head, in order, where the text states a matter; none if nowhere."""
    lines, known = head_lines(document), document.properties
    title, below = _title(document, lines)
    # A heading right below the title may be the rest of it.
    rest = [line for line in below[:1] if line.is_heading and not line.is_prose]
    front = rest + list(takewhile(lambda line: not line.is_body, below[len(rest) :]))
    abstract = abstract_of(document, lines)
    authors = _byline(lines) or _authors(front, any(line.says(HEAD.abstract) for line in lines))
    named = [line for line, _ in authors]
    if matter == "title":
        is_same = title and in_words(document.text[slice(*title)]) == in_words(document.own_title)
        found = [title] if title and (is_same or authors or abstract) else []
    elif matter == "author":
        by_file = re.split(rf"[,;]\s*|\s+(?:{HEAD.joint})\s+", known.author or "")
        found = [place for _, place in authors] or _known(front, by_file)
    elif matter == "affiliation":
        found = list(_affiliations(lines, named))
    elif matter == "date":
        found = _dates(lines, front, known.published)
    elif matter == "publisher":
        said = [(line.start, line.says(rf"(?:{HEAD.publisher})\s+([^.,;\n]+)")) for line in lines]
        capital = [
            (at + it.start(1), at + it.end(1)) for at, it in said if it and it[1][0].isupper()
        ]
        found = capital[:1] or _known(front, [known.publisher or ""])
    else:
        found = abstract or first_paragraph(document, below, named)
    return sorted(set(found))


def _known(lines: list[Line], ways: list[str]) -> list[Place]:
    """Return where lines that are not prose contain what the file's properties say."""
    said = [(line, way) for line in lines if not line.is_prose for way in ways if way in line.text]
    return [(at := line.start + line.text.index(way), at + len(way)) for line, way in said if way]


def _title(document: Document, lines: list[Line]) -> tuple[Place | None, list[Line]]:
    """Return where the title is, and the lines below it."""
    wanted = in_words(document.own_title)
    for first in range(min(len(lines), 20)):
        for last in range(first, min(first + 4, len(lines))):
            place = lines[first].start, lines[last].end
            if lines[first].kinds and in_words(document.text[slice(*place)]) == wanted:
                return place, lines[last + 1 :]
    for at, line in enumerate(lines[:3]):
        stamp = line.says(r"(?:arxiv|doi|https?|issn)\b")
        if not stamp and not set(line.kinds) & set("DM") and not line.is_prose:
            return (line.start, line.end), lines[at + 1 :]
    return None, lines


def _byline(lines: list[Line]) -> list[tuple[Line, Place]]:
    for at, line in enumerate(lines):
        if line.start < LENGTH and "B" in line.kinds and not line.is_prose:
            it = _BYLINE.search(line.kinds)
            if it and not (line.is_heading and it[1] == "S"):
                return [(line, line.place(*it.span(1)))]
            if line.kinds.strip("K") == "B":  # A label: the names follow.
                below = ((each, _names(each)) for each in lines[at + 1 :])
                return [(each, it) for each, it in takewhile(lambda pair: pair[1], below) if it]
    return []


def _names(line: Line) -> Place | None:
    """Return the names that a line consists of, before any institutions; None if it does not."""
    it = _NAMES.fullmatch(line.kinds)
    before = line.kinds.partition("I")[0]
    is_row = "I" in line.kinds and "|" in line.text  # Institutions side by side.
    is_named = it and not is_row and 3 * before.count("S") <= before.count("N")
    return line.place(*it.span(1)) if it and is_named else None


def _authors(front: list[Line], has_abstract: bool) -> list[tuple[Line, Place]]:
    """Return the lines that name a paper's authors, or a person next to a date."""
    named = [(line, _names(line)) for line in front]
    kinds = "".join(line.kinds for line in front)
    mail = re.findall(r"(\S+?)\}? ?@(\S+)\.", " ".join(line.text.casefold() for line in front))
    hosts = set(in_words(" ".join(host for _, host in mail)).split())
    found = []
    for at, (line, place) in enumerate(named):
        words = [word for word in in_words(line.text).split() if len(word) > 2]
        if not place or set(words) & hosts:
            continue  # "Quarry Minds", whose mail goes to quarry.org.
        after = next((each.kinds for each, it in named[at:] if not it), "")
        above, next_line = "".join(each.kinds for each in front[:at][-1:]), front[at + 1 :][:1]
        in_town = "I" in above and "M" not in above and not any("I" in e.kinds for e in next_line)
        is_paper = has_abstract or "I" in kinds or any(w in box for box, _ in mail for w in words)
        # Names right below the title, or above an institution.
        likely = set(after) & set("IM") or (has_abstract and all(it for _, it in named[:at]))
        beside = line.kinds.count("N") > 1 or set(line.kinds) & set("KIM")
        dated = re.search(r"[|·•]", line.text) and "D" in line.kinds and kinds.count("D") == 1
        if dated or (is_paper and (beside or (likely and not in_town))):
            found.append((line, place))
    return found


def _affiliations(lines: list[Line], named: list[Line]) -> Iterator[Place]:
    """Yield the institutions given with the authors, or in notes to them on the first page."""
    marked = any("K" in line.kinds for line in named)
    is_near = True
    for line in lines[lines.index(named[0]) :] if named else []:
        is_near = is_near and (line in named or not line.is_body)
        is_note = marked and line.kinds[:1] == "K" and not line.is_prose and not line.is_heading
        numbered = is_note and is_near and line.text[0].isdigit() and line.capitals() > 0.6
        is_labelled = "I" in line.kinds and (
            is_near or is_note or re.search(rf"\b(?:{HEAD.is_with})\b", line.text)
        )
        if is_labelled or (numbered and line not in named):
            first = line.kinds.index("I") if line in named else 0
            yield line.place(first, len(line.kinds.rstrip("KMDL")))


def _dates(lines: list[Line], front: list[Line], known: str | None) -> list[Place]:
    """Return the dates on lines of their own, or with what happened on them."""
    whole, given, lone, dated_lines = [], [], [], 0
    above = [*lines[:1], *takewhile(lambda each: each in front or not each.is_heading, lines[1:])]
    for line in lines:
        days = [place for kind, place in zip(line.kinds, line.pieces, strict=True) if kind == "D"]
        if days and line.says(rf"arxiv:\S|{HEAD.other_day}"):
            whole.append((line.start, line.end))
        elif days and line.start < LENGTH and not line.is_prose:
            dated_lines += 1
            said = line.text[days[0][0] - line.start : days[0][1] - line.start]
            form = "[BNIKLMD]*S?[BNIKLMD]*" if line in front else "[KLD]*"
            if line in above and (
                line.says(HEAD.given) or (known and _day_of(known) in times(said).days)
            ):
                given += days[:1]
            elif line in above and re.fullmatch(form, line.kinds):
                lone += days[:1]
    # More than two lines with a date are a chronicle.
    return [*whole, *(given or (lone if dated_lines < 3 else [])[:1])]


def _day_of(known: str) -> Point:
    day = date.fromisoformat(known)
    return Point(day.year, day.month, day.day)
