"""What a text says of itself at its head: title, authors, their institutions, date, abstract.

Only what is plainly one of these is found; a line that may as well be something else is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import chain, takewhile
from typing import Literal, NamedTuple

from index.documents import Document
from index.function_words import FUNCTION_WORDS
from index.split import sentence_spans
from rag.asking.subject import in_words
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
    r"\b(?:universi\w*|institut\w*|dep(?:artmen)?t|school|college|facult\w*|laborator\w*|labs?|inc"
    r"|academy|cent(?:er|re)|hospital|council|ministry|agency|committee|foundation|company|ltd)\b"
)
WORKS = r"\b(?:reports?|journal|conference|minutes|news\w*|edition|volume|draft|papers?|press)\b"
GIVEN = r"(?:first )?(?:published|posted|issued|date)(?: online)?(?: (?:on|in))?"
OTHER_DAY = r"(?:last |manuscript )?(?:updated|modified|revised|received|submitted|accepted)"
TIME = r"(?:at ?)?(?:\d\d?[.:]\d\d)?(?: ?[ap]\.?m\.?)?(?: [A-Z]{2,4})?"
ABSTRACT = r"abstract|a b s t r a c t|(?:executive )?summary"
AFTER_ABSTRACT = (
    r"(?:additional )?key ?words|index terms|ccs concepts|\d*\.? ?introduction|contents"
)
PUBLISHER = r"(?:(?:first )?(?:published|issued)(?: in \d{4})? by\b:?|publisher\b:?)\s+([^.,;\n]+)"

_DAY = (
    rf"\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?[ \t]+)?(?:{MONTH}[ \t]+\d{{1,2}}(?:st|nd|rd"
    rf"|th)?,?[ \t]+\d{{4}}|(?:\d{{1,2}}(?:st|nd|rd|th)?\.?[ \t]+)?{MONTH},?[ \t]+\d{{4}}"
    r"|\d{4}-\d\d-\d\d|\d\d?([./])\d\d?\2\d{4})\b"
)
# Raised signs, and raised digits as they come out of a PDF: "Lee1,2" or "1Department".
_MARK = (
    r"[^\w\s.,;:|·•&()'’\"“”/@{}\[\]–—!?%$=+-]|[⁰¹²³⁴-⁹]|(?<![\w.:])\d\d?(?![\w.:])|(?<=[^\W\d_])\d\d?(?!\w)"
    r"|(?<!\S)\d(?=[^\W\d_])"
)
_BETWEEN = re.compile(
    rf"(?P<D>{_DAY})|(?P<M>\{{[^}}\n]*\}} ?@\S+|[^\s,;|]+@[^\s,;|]+)|(?P<K>{_MARK})"
    r"|[,;|·•&()\t]|\band\b|  +|(?<=[a-z]{3})\.(?=\s|$)",
    re.IGNORECASE,
)
# Lines by the kinds of their pieces. A mark before a name is a note's, if not Markdown's bold.
_NAMES = re.compile(r"(?:K(?=.*K$))?[LD]*(N(?:[NSKMDL]*N)?)[SKMDL]*(?:I.*)?")
_BYLINE = re.compile(r"B(N(?:[NK]*N)?|S)")


class _Line(NamedTuple):
    """A line, what stands between its signs, and a letter for the kind of each of these pieces.

    B: "by", N: a name, I: an institution, D: a day, M: mail, K: a mark or a degree, L: a label,
    S: a single word with a capital, O: other.
    """

    start: int
    end: int
    text: str
    is_heading: bool
    kinds: str
    pieces: list[Place]

    def place(self, first: int, last: int) -> Place:
        return self.pieces[first][0], self.pieces[last - 1][1]

    def says(self, pattern: str) -> re.Match[str] | None:
        return re.match(rf"[*_]*(?:{pattern})", self.text, re.IGNORECASE)

    @property
    def is_prose(self) -> bool:
        words = re.findall(r"[^\W\d_]+", self.text)
        small = sum(word[0].islower() for word in words)
        return len(words) >= (6 if self.text[-1] in ".!?:" else 12) and 2 * small > len(words)

    @property
    def is_body(self) -> bool:
        """Whether it is no longer front matter."""
        section = self.is_heading and (set(self.kinds) <= set("SO") or self.says(r"\d+\.? [A-Z]"))
        named = self.says(rf"(?:{ABSTRACT}|{AFTER_ABSTRACT})\b")
        return bool(named or self.is_prose or (section and "I" not in self.kinds) or not self.kinds)


def front_matter(document: Document, matter: Matter) -> list[Place]:
    """Return the places, in order, where the text itself says this at its head; none if nowhere."""
    lines, known = list(_lines(document)), document.properties
    title, below = _title(document, lines)
    # A heading right below the title may be the rest of it.
    rest = [line for line in below[:1] if line.is_heading and not line.is_prose]
    front = rest + list(takewhile(lambda line: not line.is_body, below[len(rest) :]))
    abstract = _abstract(document, lines)
    authors = _byline(lines) or _authors(front, any(line.says("abstract") for line in lines))
    if matter == "title":
        found = [title] if title and (authors or abstract or document.headings) else []
    elif matter == "author":
        names = re.split(r"[,;]\s*|\s+and\s+", known.author or "")
        found = [place for _, place in authors] or _known(front, names)
    elif matter == "affiliation":
        found = list(_affiliations(lines, [line for line, _ in authors]))
    elif matter == "date":
        found = _dates(lines, front) or _known(lines, _ways_to_write(known.published))
    elif matter == "publisher":
        said = [(line, line.says(PUBLISHER)) for line in lines]
        at = [(line.start + it.start(1), line.start + it.end(1)) for line, it in said if it]
        capital = [place for place in at if document.text[place[0]].isupper()]
        found = capital[:1] or _known(front, [known.publisher or ""])
    else:
        found = abstract or _unheaded(document, lines, title, [line for line, _ in authors])
    return sorted(set(found))


def _lines(document: Document) -> Iterator[_Line]:
    """Yield the lines of a text's head, and of its first page."""
    headings = {heading.start for heading in document.headings}
    end = max(HEAD, min([*document.pages, 0, 0][1], 4 * HEAD))
    for found in re.finditer(r"[^\s#>_][^\n\f]*(?<![\s_])", document.text[:end]):
        start, line = found.start(), found[0]
        pieces = list(_pieces(line)) if len(line) <= LINE else []
        kinds = "".join(kind for _, _, kind in pieces)
        places = [(start + first, start + last) for first, last, _ in pieces]
        yield _Line(start, found.end(), line, start in headings, kinds, places)


def _pieces(line: str) -> Iterator[tuple[int, int, str]]:
    last = 0
    for sign in chain(_BETWEEN.finditer(line), [None]):
        end = sign.start() if sign else len(line)
        if said := re.compile(rf"[\s*_]*(?:{BY})(?:\s+|$)", re.IGNORECASE).match(line, last):
            yield *said.span(), "B"
            last = said.end()
        if inner := re.compile(r"[^\s:*_.-].*(?<![\s:_-])").search(line, last, end):
            yield *inner.span(), _kind(inner[0])
        if sign and sign.lastgroup:
            yield *sign.span(), sign.lastgroup
        last = sign.end() if sign else last


def _kind(text: str) -> str:
    words = re.sub(r"(?: [a-z])+$", "", text).split()
    if re.search(INSTITUTION, text, re.IGNORECASE):
        return "I"
    if re.fullmatch(r"[a-z]|[A-Z][a-z]?\.?[A-Z]+[a-z]?\.?", text):
        return "K"
    beside_day = rf"{GIVEN}|{OTHER_DAY}|{TIME}|e-?mails?|\d* ?min(?:utes?)? read"
    if re.fullmatch(beside_day, text, re.IGNORECASE):
        return "L"
    in_letters = all(re.fullmatch(r"[^\W\d_]+(?:['’.‐-]+[^\W\d_]*)*", word) for word in words)
    capitals = words[0][0].isupper() and words[-1][0].isupper()
    small = [word for word in words if word[0].islower()]
    if not in_letters or not capitals or len(words) > 5 or max(map(len, small), default=0) > 3:
        return "O"
    if len(words) == 1:
        return "S"
    is_other = {words[0].lower(), *small} & FUNCTION_WORDS or re.search(WORKS, text, re.IGNORECASE)
    return "O" if is_other else "N"


def _title(document: Document, lines: list[_Line]) -> tuple[Place | None, list[_Line]]:
    """Return where the title stands, and the lines below it."""
    wanted = in_words(document.title)
    for first in range(min(len(lines), 20)):
        for last in range(first, min(first + 4, len(lines))):
            place = lines[first].start, lines[last].end
            if in_words(document.text[slice(*place)]) == wanted:
                return place, lines[last + 1 :]
    for at, line in enumerate(lines[:3]):
        stamp = line.says(r"(?:arxiv|doi|https?|issn)\b")
        if not stamp and not set(line.kinds) & set("DM") and not line.is_prose:
            return (line.start, line.end), lines[at + 1 :]
    return None, lines


def _byline(lines: list[_Line]) -> list[tuple[_Line, Place]]:
    for at, line in enumerate(lines):
        if line.start >= HEAD or line.is_prose or "B" not in line.kinds:
            continue
        it = _BYLINE.search(line.kinds)
        if it and not (line.is_heading and it[1] == "S"):
            return [(line, line.place(*it.span(1)))]
        if line.kinds.strip("K") == "B":  # A label: the names follow.
            below = ((each, _named(each)) for each in lines[at + 1 :])
            return [(each, place) for each, place in takewhile(lambda it: it[1], below) if place]
    return []


def _named(line: _Line) -> Place | None:
    """Return the names that a line is made of, before institutions; None where it is not."""
    it = _NAMES.fullmatch(line.kinds)
    before = line.kinds.partition("I")[0]
    is_row = "I" in line.kinds and "|" in line.text  # Institutions side by side.
    if not it or is_row or 3 * before.count("S") > before.count("N"):
        return None
    return line.place(*it.span(1))


def _authors(front: list[_Line], is_paper: bool) -> list[tuple[_Line, Place]]:
    """Return the lines that name a paper's authors, or a person beside a day."""
    found: list[tuple[_Line, Place]] = []
    all_kinds = "".join(line.kinds for line in front)
    is_paper = is_paper or "I" in all_kinds or "M" in all_kinds
    hosts = re.findall(r"@(\S+)\.", " ".join(line.text for line in front))
    domains = {word for host in hosts for word in in_words(host).split()}
    named = [(line, _named(line)) for line in front]
    for at, (line, place) in enumerate(named):
        if not place or set(in_words(line.text).split()) & domains:
            continue
        after = next((each.kinds for each, it in named[at + 1 :] if not it), "")
        beside = line.kinds.count("N") > 1 or set(line.kinds) & set("KIM")
        followed = sum(it is not None for _, it in named) == 1 or set(after) & set("IM")
        above = front[at - 1].kinds if at else ""
        in_town = "I" in above and "M" not in above
        dated = re.search(r"[|·•]", line.text) and "D" in line.kinds and all_kinds.count("D") == 1
        if dated or (is_paper and (beside or (followed and not in_town))):
            found.append((line, place))
    return found


def _affiliations(lines: list[_Line], named: list[_Line]) -> Iterator[Place]:
    """Yield the institutions that stand with the authors, or in notes to them on the first page."""
    marked = any("K" in line.kinds for line in named)
    is_near = True
    for line in lines[lines.index(named[0]) :] if named else []:
        is_near = is_near and (line in named or not line.is_body)
        is_note = marked and line.kinds[:1] == "K" and not line.is_prose and not line.is_heading
        is_with = re.search(r"\b(?:is|are) with\b", line.text)
        words = [word for word in re.findall(r"[^\W\d_]+", line.text) if word not in FUNCTION_WORDS]
        capitals = 3 * sum(word[0].isupper() for word in words) >= 2 * len(words) > 0
        last = len(line.kinds.rstrip("KMDL"))
        if "I" in line.kinds and (is_near or is_note or is_with):
            first = line.kinds.index("I") if line in named else 0
            yield line.place(first, last)
        elif is_near and is_note and capitals and line not in named and line.text[0] not in "*∗†‡§":
            yield line.place(0, last)


def _dates(lines: list[_Line], front: list[_Line]) -> list[Place]:
    """Return the days that stand in lines of their own, or with what happened on them."""
    whole, given, lone = [], [], []
    head = takewhile(lambda line: line in front or not line.is_heading, lines[1:])
    above = [*lines[:1], *head]
    for line in lines:
        days = [place for kind, place in zip(line.kinds, line.pieces, strict=True) if kind == "D"]
        if days and line.says(rf"arxiv:\S|{OTHER_DAY}"):
            whole.append((line.start, line.end))
        elif days and line in above and line.start < HEAD and not line.is_prose:
            if line.says(GIVEN):
                given += days[:1]
            elif re.fullmatch("[BNIKLMD]*S?[BNIKLMD]*" if line in front else "[KLD]*", line.kinds):
                lone += days[:1]
    # More days than two are those of a chronicle.
    return [*whole, *(given or (lone if len(lone) < 3 else [])[:1])]


def _abstract(document: Document, lines: list[_Line]) -> list[Place]:
    """Return the sentences of what is headed as an abstract."""
    for line in lines:
        label = line.says(
            rf"(?:\d\.? )?(?:{ABSTRACT})\b[*_]*(?P<sign>\s*(?:[—–]|[.:-](?=[\s*]|$))[*_]*)?\s*"
        )
        if label:
            inside = line.text[label.end() :]
            # "Abstract art is" and "Abstract Expressionism was" begin no abstract.
            word = re.match(r"[A-Z]\w*|", inside) or label
            begun = word[0] and ("*" in label[0] or word[0].lower() in FUNCTION_WORDS)
            if not inside or label["sign"] or label[0].isupper() or begun:
                return list(_sentences(document, line.start + label.end(), bool(inside)))
    return []


def _sentences(document: Document, start: int, is_one: bool = True) -> Iterator[Place]:
    """Yield a paragraph's sentences, or those up to the next section where it is not far."""
    text = document.text
    start += len(text[start:]) - len(text[start:].lstrip("\n #*_"))
    below = [heading for heading in document.headings if start <= heading.start < start + HEAD]
    # Headings that stand right below belong to the parts of an abstract.
    parts = below[0].level if below and below[0].start == start else 0
    ends = [heading.start for heading in below if not parts or heading.level < parts]
    paragraph = re.compile(r"(?:[^\n\f]|\n(?![ \t]*\n))+")
    last = paragraph.match(text, start)
    end = ends[0] if ends and not is_one else last.end() if last else start
    after = re.compile(rf"^[\W_]*(?:{AFTER_ABSTRACT})\b", re.IGNORECASE | re.MULTILINE)
    stop = after.search(text, start, end)
    for found in paragraph.finditer(text, start, stop.start() if stop else end):
        if not any(found.start() <= heading.start < found.end() for heading in below):
            yield from sentence_spans(text, *found.span())


def _unheaded(
    document: Document, lines: list[_Line], title: Place | None, named: list[_Line]
) -> list[Place]:
    """Return a paragraph between a paper's authors and its first section, or above a byline."""
    below = [line for line in lines if title and line.start >= title[1]]
    prose = [line for line in below if line.is_prose or not line.kinds]
    if not named or not prose:
        return []
    if set(named[0].kinds) & set("BD"):
        is_found = prose[0].end <= named[0].start
    else:
        after = document.text[prose[0].end :].lstrip("\n #*_")
        starts = {heading.start for heading in document.headings}
        is_section = len(document.text) - len(after) in starts
        is_found = is_section or re.match(AFTER_ABSTRACT, after, re.IGNORECASE) is not None
    return list(_sentences(document, prose[0].start)) if is_found else []


def _known(lines: list[_Line], ways: list[str]) -> list[Place]:
    """Return where what the file says of itself stands in lines that are no prose."""
    return [
        (line.start + line.text.index(way), line.start + line.text.index(way) + len(way))
        for way in filter(None, ways)
        for line in lines
        if line.kinds and not line.is_prose and way in line.text
    ]


def _ways_to_write(day: str | None) -> list[str]:
    if not day:
        return []
    at = date.fromisoformat(day)
    names = (MONTHS[at.month - 1], SHORT_MONTHS[at.month - 1])
    written = [f"{month} {at.day}, {at.year}" for month in names]
    return [day, *written, *(f"{at.day} {month} {at.year}" for month in names)]
