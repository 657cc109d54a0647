"""The abstract of a text: the part that is headed as one, or the paragraph in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.documents import Document
from index.split import sentence_spans
from rag.answering.front.head_lines import LENGTH, Line, Place
from rag.languages import FUNCTION_WORDS, HEAD


def abstract_of(document: Document, lines: list[Line]) -> list[Place]:
    """Return the sentences of the part that is headed as an abstract."""
    for line in lines:
        label = line.says(
            rf"(?:\d\.? )?(?:{HEAD.abstract}|{HEAD.summary})\b[*_]*"
            r"(?P<sign>\s*(?:[—–]|[.:-](?=[\s*]|$))[*_]*)?\s*"
        )
        if label:
            inside = line.text[label.end() :]
            # "Abstract art is" and "Abstract Expressionism was" do not begin an abstract.
            first = re.findall(r"^[A-Z]\w*", inside)
            begun = first and ("*" in label[0] or first[0].lower() in FUNCTION_WORDS)
            if not inside or label["sign"] or label[0].isupper() or begun:
                return list(_sentences(document, line.start + label.end(), bool(inside)))
    return []


def _sentences(document: Document, start: int, is_one: bool = True) -> Iterator[Place]:
    """Yield the sentences of one paragraph, or those up to the next section if that is near."""
    text = document.text
    start += len(text[start:]) - len(text[start:].lstrip("\n #*_"))
    below = [heading for heading in document.headings if start <= heading.start < start + LENGTH]
    # Headings right below belong to the parts of an abstract.
    parts = below[0].level if below and below[0].start == start else 0
    ends = [heading.start for heading in below if not parts or heading.level < parts]
    after = re.compile(rf"^[\W_]*(?:{HEAD.after_abstract})\b", re.IGNORECASE | re.MULTILINE)
    ends += [found.start() for found in after.finditer(text, start, start + LENGTH)]
    paragraph = re.compile(r"(?:[^\n\f]|\n(?![ \t]*\n))+")
    if is_one or not ends:
        ends += [found.end() for found in [paragraph.match(text, start)] if found]
    for found in paragraph.finditer(text, start, min(ends, default=start)):
        if not any(found.start() <= heading.start < found.end() for heading in below):
            yield from sentence_spans(text, *found.span())


def first_paragraph(document: Document, below: list[Line], named: list[Line]) -> list[Place]:
    """Return the paragraph between a paper's authors and first section, or above a byline."""
    long = (line for line in below if line.is_prose or not line.kinds)
    prose = next((line for line in long if line.kinds[:1] != "K"), None)
    if not named or not prose:
        return []
    after = document.text[prose.end :].lstrip("\n #*_")
    is_section = len(document.text) - len(after) in {each.start for each in document.headings}
    ends = is_section or re.match(HEAD.after_abstract, after, re.IGNORECASE)
    is_article = set(named[0].kinds) & set("BD")
    is_found = prose.end <= named[0].start if is_article else ends
    return list(_sentences(document, prose.start)) if is_found else []
