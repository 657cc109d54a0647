"""Conversations as a Word document whose footnotes are Word's own.

python-docx cannot write footnotes, so their part of the file is built here.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from typing import Any

from index.printable import as_xml
from rag.answer import Answer, AnswerSentence
from rag.quote import Quote
from ui.conversations.citing import reference, web_address
from ui.conversations.exchange import Talk
from ui.conversations.text import lines
from ui.words.words import _, quoted

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_FOOTNOTES = f"{_R}/footnotes"
_HYPERLINK = f"{_R}/hyperlink"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"

_EMPTY = f"""<w:footnotes xmlns:w="{_W}" xmlns:r="{_R}">
<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>
<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p>
</w:footnote>
</w:footnotes>"""
"""Word requires these two, which draw the line above the notes."""


def document_of(talks: Sequence[Talk]) -> bytes:
    """Return conversations as a .docx file."""
    import docx

    made = docx.Document()
    notes = _Footnotes(made)
    for talk in talks:
        made.add_heading(as_xml(talk.title), 1)
        for exchange in talk.exchanges:
            made.add_heading(as_xml(exchange.question), 2)
            for line in exchange.remarks:
                made.add_paragraph().add_run(as_xml(line)).italic = True
            if exchange.answer:
                _write_answer(made, notes, exchange.answer)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def _write_answer(made: Any, notes: _Footnotes, answer: Answer) -> None:
    if answer.refused:
        paragraph = made.add_paragraph(answer.text)
        if answer.nearest:
            paragraph.add_run(f" {answer.phrase('nearest')} ")
            notes.add(paragraph, answer.nearest.quote)
        return
    at: dict[int, int] = {}  # The number of the note that gives a quote in full.
    for line in lines(answer):
        paragraph = made.add_paragraph()
        for number, sentence in enumerate(line):
            paragraph.add_run(as_xml(f"{' ' if number else ''}{sentence.text}"))
            _write_notes(paragraph, notes, answer, sentence, at)


def _write_notes(
    paragraph: Any, notes: _Footnotes, answer: Answer, sentence: AnswerSentence, at: dict[int, int]
) -> None:
    for citation in sentence.citations:
        if citation in at:
            notes.refer(paragraph, at[citation])
        else:
            at[citation] = notes.add(paragraph, answer.citations[citation - 1])


class _Footnotes:
    """The footnotes of a document, in their order."""

    def __init__(self, made: Any) -> None:
        """Begin the part of the file that holds them."""
        from docx.opc.packuri import PackURI
        from docx.opc.part import XmlPart
        from docx.oxml import parse_xml

        self._parse = parse_xml
        self._part = XmlPart(
            PackURI("/word/footnotes.xml"), _TYPE, parse_xml(_EMPTY), made.part.package
        )
        made.part.relate_to(self._part, _FOOTNOTES)
        self._count = 0

    def add(self, paragraph: Any, quote: Quote) -> int:
        """Put a note with a quote in full at the end of a paragraph; return its number."""
        where = _run(f" {reference(quote)}")
        address = web_address(quote.document, (quote.start, quote.end))
        if address:
            link = self._part.relate_to(address, _HYPERLINK, is_external=True)
            where = f'<w:hyperlink r:id="{link}">{where}</w:hyperlink>'
        return self._note(paragraph, where + _run(": " + quoted(" ".join(quote.text.split()))))

    def refer(self, paragraph: Any, number: int) -> None:
        """Put a note at the end of a paragraph that names an earlier one with the same quote."""
        self._note(paragraph, _run(" " + _("See note %(number)s.", number=number)))

    def _note(self, paragraph: Any, content: str) -> int:
        self._count += 1
        mark = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
        note = (
            f'<w:footnote xmlns:w="{_W}" xmlns:r="{_R}" w:id="{self._count}"><w:p>'
            f"<w:r>{mark}<w:footnoteRef/></w:r>{content}</w:p></w:footnote>"
        )
        self._part.element.append(self._parse(note))
        here = f'<w:r xmlns:w="{_W}">{mark}<w:footnoteReference w:id="{self._count}"/></w:r>'
        paragraph._p.append(self._parse(here))
        return self._count


def _run(words: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{escape(as_xml(words), quote=False)}</w:t></w:r>'
