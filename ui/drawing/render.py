"""Answers, quotes and documents as HTML: pure functions from values to strings.

Texts, titles, file names, the question and the language model's words come from outside. They are
text, never HTML: each goes through `ui/drawing/html.py`, and nothing else puts them into a string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import pairwise
from urllib.parse import quote as url_part

from index.display import title_line
from index.documents import Document, source_name
from index.storage.store import Entry
from rag.answer import Answer, AnswerSentence
from rag.quote import Quote
from rag.times.chronology import in_words
from rag.verifying.compose import in_quotation_marks
from ui.conversations.exchange import Conversation, Exchange
from ui.conversations.export import UNPROVEN
from ui.conversations.text import NEAREST, place
from ui.drawing.html import as_text, attribute, count, document_link, exact

WINDOW = 200_000
"""Characters of a document that are shown at once; browsers set more than that slowly."""

LISTED = 3
"""An answer of more sentences than these is set as a list."""

FRAGMENT_WORDS = 5
"""Words at either end of a quote by which a link finds it in a web page."""

HEADER = """<header><h1>Footnoted</h1><nav aria-label="Panels">
<button type="button" data-panel-button="documents">Documents</button>
<button type="button" data-panel-button="talk">Conversation</button>
<button type="button" data-panel-button="source">Source</button>
<button type="button" data-panel-button="regression">Regression</button></nav></header>"""

CONVERSATION_BAR = """<div class="bar">
<label class="spoken" for="conversations">Conversation</label>
<select id="conversations" disabled><option>New conversation</option></select>
<button type="button" data-conversation-act="new">New</button>
<details class="menu"><summary>Export</summary><div>
<button type="button" data-export="markdown">Markdown</button>
<button type="button" data-export="html">HTML</button>
<button type="button" data-export="json">JSON</button></div></details>
<button type="button" data-conversation-act="delete">Delete</button></div>"""

SOURCE_BAR = """<div class="bar"><h2>Source</h2><div class="steps" hidden>
<button type="button" data-walk="-1" aria-label="Previous quote">‹</button>
<span class="at" role="status"></span>
<button type="button" data-walk="1" aria-label="Next quote">›</button></div></div>"""

NO_SOURCE = (
    '<div class="empty"><p>Open a footnote or a passage, and its document stands here, with the '
    "quote marked in its place.</p></div>"
)
NO_DOCUMENTS = '<p class="empty">No documents yet. Add a file or an address below.</p>'


# --- the conversation


def welcome(questions: Sequence[str]) -> str:
    """Return what stands where a conversation begins, with questions to begin with."""
    examples = "".join(
        f'<li><button type="button" class="example" data-example="{attribute(question)}">'
        f"{as_text(question)}</button></li>"
        for question in questions
    )
    return (
        '<div class="empty"><h3>Ask your documents</h3>'
        "<p>Every sentence of an answer carries a footnote, and every footnote is a quote that "
        "opens in its place in the source. What the sources do not say is not answered.</p>"
        + (f'<ul class="examples">{examples}</ul>' if examples else "")
        + "</div>"
    )


def conversation(shown: Conversation) -> str:
    """Return all exchanges of a conversation, one under the other."""
    return "".join(exchange(each, shown.id) for each in shown.exchanges)


def exchange(shown: Exchange, conversation_id: str, found: Sequence[Quote] = ()) -> str:
    """Return a question that is done with: answered, refused, failed, or stopped.

    It carries itself as JSON, which the browser keeps. `found` are the quotes that a stopped
    question had brought.
    """
    kept = json.dumps({"conversation": conversation_id, **shown.as_json()})
    if shown.answer:
        step, parts = "answered", _answered(shown.answer)
    elif shown.unproven:
        text = UNPROVEN + str(shown.unproven["answer"])
        step, parts = "unproven", [notice(text)]
    else:
        step, parts = "failed", [_cards(found) if found else "", notice(shown.message or "")]
    return _turn(shown.question, step, *parts, _actions(shown), kept=kept)


def _actions(shown: Exchange) -> str:
    """Return the buttons under a question that is done with."""
    buttons = [_button("edit", "Edit"), _button("again", "Ask again")]
    if shown.answer:
        buttons += [_button("copy", "Copy"), _button("case", "Keep as a case")]
        buttons += [
            _button("up", "Good", "Good answer", pressed=shown.rating == "up"),
            _button("down", "Bad", "Bad answer", pressed=shown.rating == "down"),
        ]
    return f'<div class="actions">{"".join(buttons)}</div>'


def _button(act: str, words: str, name: str = "", *, pressed: bool | None = None) -> str:
    """Return a button; one that can be pressed in says whether it is, and has a name of its own."""
    more = "" if pressed is None else f' aria-pressed="{str(pressed).lower()}"'
    named = f' aria-label="{name}" title="{name}"' if name else ""
    return f'<button type="button" data-act="{act}"{named}{more}>{words}</button>'


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
            f"<p>{as_text(written)}</p></div>"
        )
    else:
        parts.append(f'<p class="progress">{as_text(progress)}</p>')
    step = "draft" if written else "found" if quotes else "asked"
    return _turn(question, step, *parts)


def _answered(answer: Answer) -> list[str]:
    """Return an answer with its footnotes, or a refusal with the nearest passages."""
    parts = [_understood(answer.question, answer.standalone_question)]
    if answer.message:
        parts.append(notice(answer.message))
    if answer.reason == "no_documents":
        parts.append(f'<p class="refusal">{as_text(answer.text)} Add one under Documents.</p>')
    elif answer.refused:
        parts.append(f'<p class="refusal">{as_text(answer.text)}</p>')
        if answer.quotes:
            parts.append(
                f'<p class="looked">Looked for: {as_text(answer.standalone_question)} None of the '
                "nearest passages states it:</p>"
            )
            parts.append(_cards(answer.quotes[:NEAREST]))
    else:
        parts.append(_body(answer))
        parts.append(_left_out([each for each in answer.sentences if not each.supported]))
        parts.append(_notes(answer))
        parts.append(
            f'<details class="found"><summary>{count(len(answer.quotes), "passage")} found'
            f"</summary>{_cards(answer.quotes)}</details>"
        )
    return parts


def notice(message: str) -> str:
    """Return a sentence for the user about what did not work."""
    return f'<p class="notice">{as_text(message)}</p>'


def fetching(line: str, *, failed: bool) -> str:
    """Return how far the language model's weights are; only that it failed is spoken at once."""
    if failed:
        return f'<div role="alert">{notice(line)}</div>'
    return f'<p class="fetching">{as_text(line)}</p>'


def quiet(message: str) -> str:
    """Return a sentence that is only spoken, by a screen reader."""
    return f'<p class="spoken">{as_text(message)}</p>'


def _turn(question: str, step: str, *parts: str, kept: str = "") -> str:
    head = f'<h3 class="asked">{as_text(question)}</h3>'
    exchange = f' data-exchange="{escape(kept)}"' if kept else ""
    return f'<article class="turn" data-step="{step}"{exchange}>{head}{"".join(parts)}</article>'


def _understood(question: str, standalone: str) -> str:
    if question == standalone:
        return ""
    return f'<p class="understood">Understood as: {as_text(standalone)}</p>'


def _body(answer: Answer) -> str:
    """Return the supported sentences, each with its footnotes; no other sentence is in it."""
    sentences = [
        f'<span class="sentence">{as_text(sentence.text)}'
        + "".join(_footnote(number, answer.citations[number - 1]) for number in sentence.citations)
        + "</span>"
        for sentence in answer.sentences
        if sentence.supported
    ]
    listed = " listed" if len(sentences) > LISTED else ""
    return f'<p class="answer{listed}">{" ".join(sentences)}</p>'


def _footnote(number: int, quote: Quote) -> str:
    """Return a footnote's number; the browser shows the quote when it is pointed at or focused."""
    where = attribute(place(quote))
    words = re.sub(r"\s+", " ", quote.text)
    attributes = (
        f'class="footnote" data-place="{where}" data-quote="{attribute(words)}" '
        f'aria-label="Footnote {number}: {where}"'
    )
    return f"<sup>{_link(quote, f'[{number}]', attributes)}</sup>"


def _notes(answer: Answer) -> str:
    """Return the numbered footnotes; a quote that the answer gives in full is not repeated."""
    given = [sentence.text for sentence in answer.sentences if sentence.supported]
    notes = []
    for quote in answer.citations:
        whole = in_quotation_marks(quote)
        words = "" if any(text.endswith(whole) for text in given) else _marked(quote)
        link = _link(quote, as_text(place(quote)), 'class="place"')
        notes.append(f"<li>{link}{words}</li>")
    return f'<ol class="notes">{"".join(notes)}</ol>'


def _marked(quote: Quote) -> str:
    """Return a quote as a block, with the words that answer the question in bold."""
    return f"<blockquote>{_words(quote)}</blockquote>"


def _words(quote: Quote) -> str:
    """Return a quote's words as HTML, with those that answer the question in bold."""
    pieces, at = [], quote.start
    text = quote.document.text
    for start, end in sorted(quote.marks):
        start, end = max(start, at), min(end, quote.end)
        if start < end:
            pieces.append(exact(text[at:start]))
            pieces.append(f"<strong>{exact(text[start:end])}</strong>")
            at = end
    pieces.append(exact(text[at : quote.end]))
    return f"<bdi>{''.join(pieces)}</bdi>"


def _left_out(sentences: Sequence[AnswerSentence]) -> str:
    """Return the sentences that the quotes do not bear out: to be seen, and seen to be none."""
    if not sentences:
        return ""
    items = "".join(f"<li>{as_text(sentence.text)}</li>" for sentence in sentences)
    return (
        '<div class="left-out"><p class="label">Left out, because the quotes do not say the same'
        f"</p><ul>{items}</ul></div>"
    )


def _cards(quotes: Sequence[Quote]) -> str:
    cards = (
        "<li>"
        + _link(
            quote,
            f'<span class="place">{as_text(place(quote))}</span>'
            f'<span class="words">{_words(quote)}</span>',
            'class="card"',
        )
        + "</li>"
        for quote in quotes
    )
    return f'<ol class="cards">{"".join(cards)}</ol>'


def _link(quote: Quote, content: str, attributes: str) -> str:
    """Return a link to a quote's place; the content and the attributes are HTML already."""
    span = f"{quote.start}-{quote.end}"
    return document_link(quote.document.id, content, f'{attributes} data-span="{span}"', span)


def kept_case(name: str, line: str) -> str:
    """Return what was added to which set."""
    return (
        f'<details class="kept-case" open><summary>Added to {as_text(name)}</summary>'
        f"<pre>{exact(line)}</pre></details>"
    )


# --- the documents


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of something that was given, or becomes of it: then `share` of it is done."""

    text: str
    well: bool = True
    share: float | None = None
    undo: bool = False


def documents(
    entries: Sequence[Entry],
    dates: Mapping[str, tuple[date, date]],
    left_out: Collection[str] = (),
) -> str:
    """Return the list of documents: each opens, can be left out of what is asked, and removed."""
    if not entries:
        return NO_DOCUMENTS
    choose = len(entries) > 1
    items = "".join(_entry(each, dates.get(each.id), left_out, choose) for each in entries)
    return f'<ul class="entries">{items}</ul>'


def _entry(
    entry: Entry, dates: tuple[date, date] | None, left_out: Collection[str], choose: bool
) -> str:
    name = title_line(source_name(entry.source))
    facts = [count(entry.passages, "passage")]
    facts += [in_words(dates)] if dates else []
    facts.append(f"added {entry.added[:10]}")
    label = attribute(f"Remove {name}")
    box = (
        f'<input type="checkbox" data-choose="{attribute(entry.id)}" '
        f'aria-label="{attribute(f"Ask {name}")}"{"" if entry.id in left_out else " checked"}>'
        if choose
        else ""
    )
    return (
        f"<li>{box}<div>"
        + document_link(entry.id, as_text(entry.title), 'class="title"')
        + f'<span class="name" title="{attribute(entry.source)}">{as_text(name)}</span>'
        + "".join(f'<span class="facts">{as_text(fact)}</span>' for fact in facts)
        + f'</div><button type="button" class="remove" data-remove="{attribute(entry.id)}" '
        f'aria-label="{label}" title="{label}">×</button></li>'
    )


def outcomes(lines: Sequence[Outcome]) -> str:
    """Return what became of each file that was given, and how far the one at work is."""
    return f'<ul class="outcomes">{"".join(map(_outcome, lines))}</ul>' if lines else ""


def _outcome(line: Outcome) -> str:
    more = ""
    if line.share is not None:
        value = f' value="{line.share:.3f}"' if line.share else ""
        more = f'<progress aria-label="{attribute(line.text)}"{value}></progress>'
    elif line.undo:
        more = ' <button type="button" data-undo="">Undo</button>'
    return f'<li class="{"well" if line.well else "notice"}">{as_text(line.text)}{more}</li>'


# --- the source


def source(
    document: Document,
    span: tuple[int, int] | None,
    others: Sequence[tuple[int, int]] = (),
) -> str:
    """Return a document with the quote at `span` in one `<mark class="quote">`.

    `others` are marked lightly, where they are not inside the quote. The text inside `.text` is
    exactly the document's, and the mark's exactly the quote's: page numbers and the like are
    attributes. Of a long document, the surroundings of the quote.

    Raises ValueError when a span is not a place in the document.
    """
    start, end = span or (0, 0)
    for a, b in [*([span] if span else []), *others]:
        if not 0 <= a < b <= len(document.text):
            raise ValueError(f"{a}-{b} is not a place in document {document.id}.")
    first, last = _window(document, start, end)
    body = _lightly(document, first, start, others)
    if span:
        quoted = _styled(document, start, end)
        body += f'<mark class="quote" tabindex="-1" aria-label="The quote">{quoted}</mark>'
    body += _lightly(document, end, last, others)
    where = [title_line(document.name)]
    if span:
        page = document.page_at(start)
        where.append(f"page {page}" if page else f"line {document.line_at(start)}")
    where.append(f"{len(document.text):,} characters")
    return (
        f'<header class="about"><h3>{as_text(document.title)}</h3>'
        f'<p class="facts">{as_text(" · ".join(where))}{_original(document, span)}</p></header>'
        + _cut(first, "The text begins {} characters before this …")
        + f'<div class="text" dir="auto">{body}</div>'
        + _cut(len(document.text) - last, "… the text goes on for {} characters")
    )


def _lightly(document: Document, start: int, end: int, others: Sequence[tuple[int, int]]) -> str:
    """Return a piece of the text with what lies in it of the other quotes marked lightly."""
    parts, at = [], start
    for first, last in sorted(others):
        a, b = max(first, at), min(last, end)
        if a < b:
            parts.append(_styled(document, at, a))
            parts.append(f'<mark class="other">{_styled(document, a, b)}</mark>')
            at = b
    return "".join((*parts, _styled(document, at, end)))


def _original(document: Document, span: tuple[int, int] | None) -> str:
    """Return a link to the web page that a document was read from, at the quote."""
    if not re.match(r"https?://", document.source):
        return ""
    address = document.source.partition("#")[0]
    words = document.text[slice(*span)].split() if span else []
    if words:
        few = 2 * FRAGMENT_WORDS
        ends = [words] if len(words) <= few else [words[:FRAGMENT_WORDS], words[-FRAGMENT_WORDS:]]
        texts = [url_part(" ".join(each), safe="").replace("-", "%2D") for each in ends]
        address += f"#:~:text={','.join(texts)}"
    return (
        f' · <a class="original" href="{attribute(address)}" target="_blank" '
        'rel="noopener noreferrer">the original</a>'
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
    return f'<p class="cut">{as_text(words.format(f"{characters:,}"))}</p>' if characters else ""


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
        text = exact(document.text[at:until])
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
