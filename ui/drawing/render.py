"""Answers, quotes and documents as HTML: functions from values to strings.

Texts, titles, file names, the question and the language model's words come from outside. They are
text, never HTML: the templates put them in, and Jinja escapes them.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from urllib.parse import quote as url_part

from index.documents import Document
from index.loading.pages import Page
from index.printable import title_line
from index.storage.store import Entry
from rag.answer import Writing
from rag.quote import Quote
from ui.conversations.exchange import Conversation, Exchange
from ui.conversations.export import UNPROVEN
from ui.drawing.jinja import draw
from ui.drawing.setting import set_text

WINDOW = 200_000
"""Characters of a document that are shown at once; browsers set more than that slowly."""

FRAGMENT_WORDS = 5
"""Words at either end of a quote by which a link finds it in a web page."""

HEADER = """<header><h1>Footnoted</h1><nav aria-label="Panels">
<button type="button" data-panel-button="documents">Documents</button>
<button type="button" data-panel-button="talk">Conversation</button>
<button type="button" data-panel-button="source">Source</button>
<button type="button" data-panel-button="check">Check</button>
<button type="button" data-panel-button="regression">Regression</button></nav></header>"""

USER = """<form method="post" action="logout" data-may="{}"><span>{}</span>
<button type="submit">Log out</button></form>"""

CONVERSATION_BAR = """<div class="bar">
<label class="spoken" for="conversations">Conversation</label>
<select id="conversations" disabled><option>New conversation</option></select>
<button type="button" data-conversation-act="new">New</button>
<details class="menu"><summary>Export</summary><div>
<button type="button" data-export="markdown">Markdown</button>
<button type="button" data-export="html">HTML</button>
<button type="button" data-export="json">JSON</button></div></details>
<button type="button" data-conversation-act="delete">Delete</button></div>"""

SOURCE_BAR = """<div class="bar"><h2>Source</h2>
<div class="views" role="group" aria-label="Show the source">
<button type="button" data-view="text" aria-pressed="true">Text</button>
<button type="button" data-view="stored" aria-pressed="false">As stored</button>
<button type="button" data-view="page" aria-pressed="false" hidden>Page</button></div>
<div class="steps" hidden>
<button type="button" data-walk="-1" aria-label="Previous quote">‹</button>
<span class="at" role="status"></span>
<button type="button" data-walk="1" aria-label="Next quote">›</button></div></div>"""

NO_SOURCE = (
    '<div class="empty"><p>Open a footnote or a passage, and its document stands here, with the '
    "quote marked in its place.</p></div>"
)


def user(name: str, rights: Sequence[str]) -> str:
    """Return who has logged in, with the log-out; the style hides what the rights do not allow."""
    return USER.format(" ".join(rights), escape(name))


# --- the conversation


def welcome(questions: Sequence[str]) -> str:
    """Return what stands where a conversation begins, with questions to begin with."""
    return draw("conversation.html", "welcome", questions)


def conversation(shown: Conversation) -> str:
    """Return all exchanges of a conversation, one under the other."""
    return "".join(exchange(each, shown.id) for each in shown.exchanges)


def exchange(shown: Exchange, conversation_id: str, found: Sequence[Quote] = ()) -> str:
    """Return a question that is done with: answered, refused, failed, or stopped.

    It carries itself as JSON, which the browser keeps. `found` are the quotes that a stopped
    question had brought.
    """
    kept = json.dumps({"conversation": conversation_id, **shown.as_json()})
    unproven = UNPROVEN + str(shown.unproven["answer"]) if shown.unproven else ""
    return draw("conversation.html", "exchange", shown, kept, found, unproven)


def unfinished(
    question: str,
    progress: str,
    *,
    standalone: str | None = None,
    quotes: Sequence[Quote] = (),
    draft: Writing | None = None,
) -> str:
    """Return a question whose answer is being made: what was found, and the draft so far."""
    given = (question, progress, standalone or question, quotes, draft)
    return draw("conversation.html", "unfinished", *given)


def notice(message: str) -> str:
    """Return a sentence for the user about what did not work."""
    return draw("shared.html", "notice", message)


def fetching(line: str, *, failed: bool) -> str:
    """Return how far the language model's weights are."""
    return draw("conversation.html", "fetching", line, failed)


def quiet(message: str) -> str:
    """Return a sentence that is only spoken, by a screen reader."""
    return draw("conversation.html", "quiet", message)


def kept_case(name: str, line: str) -> str:
    """Return what was added to which set."""
    return draw("conversation.html", "kept_case", name, line)


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
    return draw("documents.html", "documents", entries, dates, left_out)


def outcomes(lines: Sequence[Outcome]) -> str:
    """Return what became of each file that was given, and how far the one at work is."""
    return draw("documents.html", "outcomes", lines)


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
    marks = [(start, end, "quote")] if span else []
    marks += _lightly(first, start, others)
    marks += _lightly(end, last, others)
    tree = set_text(document, first, last, marks)
    where = [title_line(document.name)]
    if span:
        page = document.page_at(start)
        where.append(f"page {page}" if page else f"line {document.line_at(start)}")
    where.append(f"{len(document.text):,} characters")
    original = _original(document, span)
    left = first, len(document.text) - last
    return draw("source.html", "source", document, " · ".join(where), original, tree, *left)


def page(document: Document, span: tuple[int, int] | None, drawn: Page) -> str:
    """Return a drawn page of a document, with the lines of the quote at `span` marked on it."""
    where = f"{title_line(document.name)} · page {drawn.number} of {len(document.pages)}"
    picture = base64.b64encode(drawn.png).decode()
    return draw("source.html", "page", document, where, drawn, picture, span)


def no_source(message: str) -> str:
    """Return the source panel with a sentence instead of a document."""
    return draw("source.html", "no_source", message)


def _lightly(
    start: int, end: int, others: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, str]]:
    """Yield what lies between two offsets of the other quotes, each place once."""
    at = start
    for first, last in sorted(others):
        a, b = max(first, at), min(last, end)
        if a < b:
            yield a, b, "other"
            at = b


def _original(document: Document, span: tuple[int, int] | None) -> str:
    """Return the address of the web page that a document was read from, at the quote; or ""."""
    if not re.match(r"https?://", document.source):
        return ""
    address = document.source.partition("#")[0]
    words = document.text[slice(*span)].split() if span else []
    if words:
        few = 2 * FRAGMENT_WORDS
        ends = [words] if len(words) <= few else [words[:FRAGMENT_WORDS], words[-FRAGMENT_WORDS:]]
        texts = [url_part(" ".join(each), safe="").replace("-", "%2D") for each in ends]
        address += f"#:~:text={','.join(texts)}"
    return address


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
