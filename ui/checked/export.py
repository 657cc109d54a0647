"""A checked text for elsewhere: Markdown, HTML, JSON, a Word document with comments, JUnit."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree

from index.documents import Document
from index.printable import as_markdown, as_xml
from rag.checking.draft import Statement
from rag.checking.verdict import VERDICTS, Checked, as_json, words_of
from rag.verifying.judge import Verdict
from ui.checked.text import differences, summary
from ui.conversations.page import draw_page
from ui.conversations.text import pieces, place
from ui.words.words import _, quoted


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a checked text down."""

    suffix: str
    media_type: str
    write: Callable[[Document, Sequence[Checked]], bytes]


def _json(draft: Document, checked: Sequence[Checked]) -> bytes:
    return (json.dumps(as_json(draft, checked), ensure_ascii=False, indent=2) + "\n").encode()


# --- Markdown

_SIGNS: dict[Verdict, str] = {
    "supported": "✓",
    "contradicted": "✗",
    "in_part": "◐",
    "unsure": "~",
    "not_in_sources": "?",
    "not_checkable": "–",
    "nothing_to_check": "",
}


def _markdown(draft: Document, checked: Sequence[Checked]) -> bytes:
    """Write the draft with a sign and a footnote behind each sentence.

    A draft that is Markdown stays as it was written, to the letter.
    """
    notes: list[str] = []

    def signed(each: Checked, sentence: str) -> str:
        if each.verdict == "nothing_to_check":
            return sentence
        notes.append(_md_note(each, len(notes) + 1))
        return f"{sentence} {_SIGNS[each.stands]}[^{NOTE}{len(notes)}]"

    told = as_markdown(summary(draft, checked))
    if draft.loader.startswith("markdown"):
        text, at = "", 0
        for each in checked:
            text, at = text + signed(each, draft.text[at : each.end]), each.end
        blocks = [text + draft.text[at:].rstrip(), told]
    else:
        blocks = [f"# {as_markdown(draft.title)}", told]
        for paragraph in paragraphs(draft, checked):
            said = (signed(e, as_markdown(draft.text[e.start : e.end])) for e in paragraph)
            blocks.append(" ".join(said))
    return ("\n\n".join([*blocks, *notes]) + "\n").encode()


NOTE = "check-"
"""The prefix of footnotes' names, since the draft may have footnotes of its own."""


def _md_note(checked: Checked, number: int) -> str:
    parts = [f"**{_(VERDICTS[checked.stands])}.**", *map(as_markdown, differences(checked))]
    parts += [f"{as_markdown(place(e))}: {quoted(as_markdown(e.text))}" for e in checked.quotes]
    return f"[^{NOTE}{number}]: " + " ".join(parts)


Sentence = TypeVar("Sentence", bound=Checked | Statement)


def paragraphs(draft: Document, sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    """Group the sentences by the draft's paragraphs, which end at a line break."""
    found: list[list[Sentence]] = []
    for each in sentences:
        last = found[-1][-1] if found else None
        if last is None or "\n" in draft.text[last.end : each.start]:
            found.append([])
        found[-1].append(each)
    return found


# --- HTML


def _html(draft: Document, checked: Sequence[Checked]) -> bytes:
    filters = {"place": place, "differences": differences, "pieces": pieces}
    with_note = (each for each in checked if each.verdict != "nothing_to_check")
    numbers = {id(each): number for number, each in enumerate(with_note, 1)}
    page = draw_page(
        Path(__file__).parent / "checked.html",
        filters,
        draft=draft,
        paragraphs=paragraphs(draft, checked),
        checked=checked,
        numbers=numbers,
        VERDICTS=VERDICTS,
        words_of=words_of,
        summary=summary(draft, checked),
        key=id,
    )
    return page.encode()


# --- Word

_COLOURS: dict[Verdict, str] = {
    "contradicted": "C0392B",
    "in_part": "B7950B",
    "unsure": "2E6DA4",
    "not_in_sources": "7D3C98",
    "not_checkable": "7D3C98",
}


def _docx(draft: Document, checked: Sequence[Checked]) -> bytes:
    """Write a Word document in which each sentence that was checked has a comment."""
    import docx
    from docx.shared import RGBColor

    headings = {each.start: each.level for each in draft.headings}
    made = docx.Document()
    for paragraph in paragraphs(draft, checked):
        level = headings.get(paragraph[0].start)
        written = made.add_heading(level=min(level, 9)) if level else made.add_paragraph()
        for number, each in enumerate(paragraph):
            run = written.add_run(as_xml(f"{' ' if number else ''}{words_of(draft, each)}"))
            if each.stands in _COLOURS:
                run.font.underline = True
                run.font.color.rgb = RGBColor.from_string(_COLOURS[each.stands])
            if each.verdict != "nothing_to_check":
                made.add_comment(run, as_xml(_comment(each)), author="Footnoted", initials="F")
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def _comment(checked: Checked) -> str:
    quotes = [f"{place(quote)}: {quoted(' '.join(quote.text.split()))}" for quote in checked.quotes]
    return "\n".join([f"{_(VERDICTS[checked.stands])}.", *differences(checked), *quotes])


# --- JUnit


def _junit(draft: Document, checked: Sequence[Checked]) -> bytes:
    """Write each sentence as a test, which fails if the sources do not say the same."""
    failed = [each for each in checked if each.fails]
    counts: dict[str, Any] = {
        "tests": str(len(checked)),
        "failures": str(len(failed)),
        "errors": "0",
        "skipped": str(sum(each.verdict == "nothing_to_check" for each in checked)),
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": as_xml(draft.name), **counts})
    for number, each in enumerate(checked, 1):
        about = {
            "classname": as_xml(draft.name),
            "name": as_xml(f"{number}: {words_of(draft, each)}"),
        }
        test = ElementTree.SubElement(suite, "testcase", about)
        if each.verdict == "nothing_to_check":
            ElementTree.SubElement(test, "skipped")
        elif each.fails:
            attributes = {"message": _(VERDICTS[each.stands]), "type": each.stands}
            ElementTree.SubElement(test, "failure", attributes).text = as_xml(_comment(each))
    ElementTree.indent(root)
    return (ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n").encode()


FORMATS = {
    "json": Format(".json", "application/json", _json),
    "markdown": Format(".md", "text/markdown", _markdown),
    "html": Format(".html", "text/html", _html),
    "docx": Format(
        ".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", _docx
    ),
    "junit": Format(".xml", "application/xml", _junit),
}
