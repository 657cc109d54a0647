"""Answers, quotes and documents as HTML: pure functions from values to strings.

Texts, titles, file names, the question and the language model's words come from outside. They are
text, never HTML: each goes through `_text`, `_attribute` or `_exact`, and nothing else puts them
into a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from urllib.parse import quote as url_part

from index.documents import Document, source_name
from index.load_formats import one_line
from index.store import Entry
from rag.answer import Answer, AnswerSentence, Quote
from rag.compose import in_quotation_marks
from ui.text import NEAREST, place

WINDOW = 200_000
"""Characters of a document that are shown at once; browsers set more than that slowly."""

TITLE = 120
"""Characters of a quote that the tooltip of its footnote shows."""

WELCOME = (
    '<div class="empty"><h3>Ask your documents</h3>'
    "<p>Every sentence of an answer carries a footnote, and every footnote is a quote that opens "
    "in its place in the source. What the sources do not say is not answered.</p></div>"
)
NO_SOURCE = (
    '<div class="empty"><p>Open a footnote or a passage, and its document stands here, with the '
    "quote marked in its place.</p></div>"
)
NO_DOCUMENTS = '<p class="empty">No documents yet. Add a file or an address below.</p>'


# --- the conversation


def unfinished(
    question: str,
    progress: str,
    *,
    standalone: str | None = None,
    quotes: Sequence[Quote] = (),
    written: str = "",
) -> str:
    """Return a question whose answer is being made: what was found, and the draft so far.

    The draft is what the language model has written, not verified yet, and looks it.
    """
    parts = [_understood(question, standalone or question)]
    if quotes:
        parts.append(f'<p class="label">Passages found</p>{_cards(quotes)}')
    if written:
        parts.append(
            '<div class="draft"><p class="label">Draft, being checked</p>'
            f"<p>{_text(written)}</p></div>"
        )
    else:
        parts.append(f'<p class="progress">{_text(progress)}</p>')
    step = "draft" if written else "found" if quotes else "asked"
    return _turn(question, step, *parts)


def answered(answer: Answer) -> str:
    """Return an answer with its footnotes, or a refusal with the nearest passages."""
    parts = [_understood(answer.question, answer.standalone_question)]
    if answer.message:
        parts.append(notice(answer.message))
    if answer.reason == "no_documents":
        parts.append(f'<p class="refusal">{_text(answer.text)} Add one under Documents.</p>')
    elif answer.refused:
        parts.append(f'<p class="refusal">{_text(answer.text)}</p>')
        if answer.quotes:
            parts.append('<p class="label">The nearest passages</p>')
            parts.append(_cards(answer.quotes[:NEAREST]))
    else:
        parts.append(_body(answer))
        parts.append(_notes(answer))
        parts.append(_left_out([each for each in answer.sentences if not each.supported]))
        parts.append(
            f'<details class="found"><summary>{_count(len(answer.quotes), "passage")} found'
            f"</summary>{_cards(answer.quotes)}</details>"
        )
    return _turn(answer.question, "answered", *parts)


def failed(question: str, message: str) -> str:
    """Return a question that could not be answered, and why."""
    return _turn(question, "failed", notice(message))


def stopped(question: str, quotes: Sequence[Quote] = ()) -> str:
    """Return a question whose answer the visitor stopped, with what had been found."""
    parts = [_cards(quotes)] if quotes else []
    return _turn(question, "stopped", *parts, notice("Stopped."))


def notice(message: str) -> str:
    """Return a sentence for the user about what did not work."""
    return f'<p class="notice">{_text(message)}</p>'


def quiet(message: str) -> str:
    """Return a sentence that is only spoken, by a screen reader."""
    return f'<p class="spoken">{_text(message)}</p>'


def _turn(question: str, step: str, *parts: str) -> str:
    head = f'<h3 class="asked">{_text(question)}</h3>'
    return f'<article class="turn" data-step="{step}">{head}{"".join(parts)}</article>'


def _understood(question: str, standalone: str) -> str:
    if question == standalone:
        return ""
    return f'<p class="understood">Understood as: {_text(standalone)}</p>'


def _body(answer: Answer) -> str:
    """Return the supported sentences, each with its footnotes; no other sentence is in it."""
    sentences = [
        f'<span class="sentence">{_text(sentence.text)}'
        + "".join(_footnote(number, answer.citations[number - 1]) for number in sentence.citations)
        + "</span>"
        for sentence in answer.sentences
        if sentence.supported
    ]
    return f'<p class="answer">{" ".join(sentences)}</p>'


def _footnote(number: int, quote: Quote) -> str:
    title = _attribute(_beginning(quote.text))
    return _link(quote, f"[{number}]", f'class="footnote" title="{title}"')


def _notes(answer: Answer) -> str:
    """Return the numbered footnotes; a quote that the answer gives in full is not repeated."""
    given = {sentence.text for sentence in answer.sentences if sentence.supported}
    notes = []
    for quote in answer.citations:
        words = "" if in_quotation_marks(quote) in given and not quote.marks else _marked(quote)
        link = _link(quote, _text(place(quote)), 'class="place"')
        notes.append(f"<li>{link}{words}</li>")
    return f'<ol class="notes">{"".join(notes)}</ol>'


def _marked(quote: Quote) -> str:
    """Return a quote's words, with those that answer the question in bold."""
    pieces, at = [], quote.start
    text = quote.document.text
    for start, end in sorted(quote.marks):
        start, end = max(start, at), min(end, quote.end)
        if start < end:
            pieces.append(_exact(text[at:start]))
            pieces.append(f"<strong>{_exact(text[start:end])}</strong>")
            at = end
    pieces.append(_exact(text[at : quote.end]))
    return f"<blockquote><bdi>{''.join(pieces)}</bdi></blockquote>"


def _left_out(sentences: Sequence[AnswerSentence]) -> str:
    if not sentences:
        return ""
    what = "1 sentence was" if len(sentences) == 1 else f"{len(sentences)} sentences were"
    items = "".join(f"<li>{_text(sentence.text)}</li>" for sentence in sentences)
    return (
        f'<details class="left-out"><summary>{what} left out, because the sources do not bear '
        f"{'it' if len(sentences) == 1 else 'them'} out</summary><ul>{items}</ul></details>"
    )


def _cards(quotes: Sequence[Quote]) -> str:
    cards = (
        "<li>"
        + _link(
            quote,
            f'<span class="place">{_text(place(quote))}</span>'
            f'<span class="words">{_text(quote.text)}</span>',
            'class="card"',
        )
        + "</li>"
        for quote in quotes
    )
    return f'<ol class="cards">{"".join(cards)}</ol>'


def _link(quote: Quote, content: str, attributes: str) -> str:
    """Return a link to a quote's place; the content and the attributes are HTML already."""
    span = f"{quote.start}-{quote.end}"
    return _document_link(quote.document.id, content, f'{attributes} data-span="{span}"', span)


def _document_link(document_id: str, content: str, attributes: str, span: str = "") -> str:
    address = f"?document={url_part(document_id, safe='')}" + (f"&span={span}" if span else "")
    return (
        f'<a {attributes} href="{_attribute(address)}" data-document="{_attribute(document_id)}">'
        f"{content}</a>"
    )


# --- the documents


def documents(entries: Sequence[Entry]) -> str:
    """Return the list of documents, each with a link that opens it and a button to remove it."""
    if not entries:
        return NO_DOCUMENTS
    return f'<ul class="entries">{"".join(map(_entry, entries))}</ul>'


def _entry(entry: Entry) -> str:
    name = one_line(source_name(entry.source))
    facts = f"{_count(entry.passages, 'passage')} · {_text(entry.added[:10])}"
    label = _attribute(f"Remove {name}")
    return (
        "<li><div>"
        + _document_link(entry.id, _text(entry.title), 'class="title"')
        + f'<span class="name" title="{_attribute(entry.source)}">{_text(name)}</span>'
        f'<span class="facts">{facts}</span></div>'
        f'<button type="button" class="remove" data-remove="{_attribute(entry.id)}" '
        f'data-name="{_attribute(name)}" aria-label="{label}" title="{label}">×</button></li>'
    )


def outcomes(lines: Sequence[tuple[str, bool]]) -> str:
    """Return what became of each file that was given: a sentence, and whether it went well."""
    items = "".join(
        f'<li class="{"well" if well else "notice"}">{_text(line)}</li>' for line, well in lines
    )
    return f'<ul class="outcomes">{items}</ul>' if items else ""


# --- the source


def source(document: Document, span: tuple[int, int] | None) -> str:
    """Return a document with the quote at `span` in one `<mark class="quote">`.

    The text inside `.text` is exactly the document's, and the mark's exactly the quote's: page
    numbers and the like are attributes. Of a long document, the surroundings of the quote.

    Raises ValueError when the span is not a place in the document.
    """
    start, end = span or (0, 0)
    if span and not 0 <= start < end <= len(document.text):
        raise ValueError(f"{start}-{end} is not a place in document {document.id}.")
    first, last = _window(document, start, end)
    body = _styled(document, first, start)
    if span:
        quoted = _styled(document, start, end)
        body += f'<mark class="quote" tabindex="-1" aria-label="The quote">{quoted}</mark>'
    body += _styled(document, end, last)
    where = [one_line(document.name)]
    if span:
        page = document.page_at(start)
        where.append(f"page {page}" if page else f"line {document.line_at(start)}")
    where.append(f"{len(document.text):,} characters")
    return (
        f'<header class="about"><h3>{_text(document.title)}</h3>'
        f'<p class="facts">{_text(" · ".join(where))}</p></header>'
        + _cut(first, "The text begins {} characters before this …")
        + f'<div class="text" dir="auto">{body}</div>'
        + _cut(len(document.text) - last, "… the text goes on for {} characters")
    )


def no_source(message: str) -> str:
    """Return the source panel with a sentence instead of a document."""
    return f'<div class="empty">{notice(message)}</div>'


def _window(document: Document, start: int, end: int) -> tuple[int, int]:
    """Return which part of the text is shown: about `WINDOW` characters, and all of the quote."""
    length = len(document.text)
    first = max(0, min(start - WINDOW // 2, length - WINDOW))
    first, last = min(first, start), max(min(length, first + WINDOW), end)
    if first:  # Begin and end with a line where one is near.
        line = document.text.find("\n", first, min(start, first + 2000))
        first = line + 1 if line >= 0 else first
    if last < length:
        line = document.text.rfind("\n", max(end, last - 2000), last)
        last = line if line >= 0 else last
    return first, last


def _cut(characters: int, words: str) -> str:
    """Say how much of the text is not shown."""
    return f'<p class="cut">{_text(words.format(f"{characters:,}"))}</p>' if characters else ""


def _styled(document: Document, start: int, end: int) -> str:
    """Return a piece of the text with its headings and page breaks, adding no character to it."""
    pieces = []
    for at, until, level, page in _runs(document, start, end):
        if page:
            label = f"Page {page}"
            pieces.append(
                f'<span class="page" role="separator" aria-label="{label}" data-label="{label}">'
                "</span>"
            )
        text = _exact(document.text[at:until])
        if level and text:
            text = f'<span class="heading" data-level="{min(level, 6)}">{text}</span>'
        pieces.append(text)
    return "".join(pieces)


def _runs(document: Document, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut a piece where headings begin and end and where pages begin.

    Yields start, end, the level of the heading it stands in (or 0), and the number of the page
    that begins at its start (or 0).
    """
    begins = {offset: number for number, offset in enumerate(document.pages, 1)}
    headings = [each for each in document.headings if each.start < end and each.end > start]
    levels = {max(heading.start, start): heading.level for heading in headings}
    ends = {heading.end for heading in headings}
    inside = {cut for cut in (*begins, *levels, *ends) if start < cut < end}
    cuts = sorted({start, end} | inside)
    level = 0
    for at, until in pairwise(cuts):
        level = levels.get(at, 0 if at in ends else level)
        yield at, until, level, begins.get(at, 0)


# --- text into HTML


def _text(words: str) -> str:
    """Return words as HTML text that cannot turn the direction of what stands around it."""
    return f"<bdi>{_exact(words)}</bdi>"


def _exact(words: str) -> str:
    """Return words as HTML text whose content is the same, character by character."""
    # The parser would make a bare carriage return a line feed.
    return escape(words).replace("\r", "&#13;")


def _attribute(words: str) -> str:
    """Return words as the value of an attribute, on one line and without direction marks."""
    return escape(one_line(words), quote=True)


def _beginning(words: str) -> str:
    words = re.sub(r"\s+", " ", words).strip()
    return words if len(words) <= TITLE else words[: TITLE - 1].rstrip() + "…"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
