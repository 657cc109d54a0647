"""Answers, quotes and documents as HTML: functions from values to strings.

Texts, titles, file names, the question and the language model's words come from outside. They are
text, never HTML: the templates put them in, and Jinja escapes them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from eval.cases.cases import Case
from index.documents import Document
from index.loading.pages import Page
from index.printable import title_line
from index.storage.store import Entry
from rag.answer import Writing
from rag.quote import Quote
from rag.writing.translating import Translation
from ui.conversations.citing import place_at, web_address
from ui.conversations.exchange import Conversation, Exchange, unproven
from ui.drawing.jinja import draw
from ui.drawing.typesetting import set_text
from ui.words.words import _, ngettext

EASY, MOSTLY = 0.97, 0.9
"""The mean confidence from which on a page counts as easy to read, or as mostly so."""

WINDOW = 200_000
"""Characters of a document that are shown at once; browsers lay out more than that slowly."""


def user(name: str, rights: Sequence[str]) -> str:
    """Return the user and the log-out; the style hides what the rights do not allow."""
    return draw("window.html", "user", name, " ".join(rights))


# --- the conversation


def welcome(questions: Sequence[str], *, empty: bool = False) -> str:
    """Return the welcome of a new conversation, with example questions.

    An `empty` library has no documents yet.
    """
    return draw("conversation.html", "welcome", questions, empty)


def conversation(shown: Conversation) -> str:
    """Return all exchanges of a conversation, one under the other."""
    return "".join(exchange(each, shown.id) for each in shown.exchanges)


def exchange(shown: Exchange, conversation_id: str) -> str:
    """Return a finished question: answered, refused, failed, or stopped.

    The HTML carries the exchange as JSON, which the browser keeps.
    """
    kept = json.dumps({"conversation": conversation_id, **shown.as_json()})
    told = unproven(shown.unproven["answer"]) if shown.unproven else ""
    return draw("conversation.html", "exchange", shown, kept, told)


def unfinished(
    question: str,
    progress: str,
    *,
    standalone: str | None = None,
    quotes: Sequence[Quote] = (),
    draft: Writing | None = None,
) -> str:
    """Return a question whose answer is in progress: the quotes found, and the draft so far."""
    given = (question, progress, standalone or question, quotes, draft)
    return draw("conversation.html", "unfinished", *given)


def notice(message: str) -> str:
    """Return a sentence for the user about what did not work."""
    return draw("shared.html", "notice", message)


def fetching(line: str, *, failed: bool) -> str:
    """Return the progress of fetching the language model's weights."""
    return draw("conversation.html", "fetching", line, failed)


def quiet(message: str) -> str:
    """Return a sentence that is only spoken, by a screen reader."""
    return draw("conversation.html", "quiet", message)


def translation(made: Translation) -> str:
    """Return a quote's translation by the language model, and that nothing proves it."""
    return draw("conversation.html", "translation", made)


def kept_case(name: str, case: Case) -> str:
    """Return what was added to which set: the question, what is expected, and the quotes."""
    fields = {"unanswerable": case.unanswerable, "answers": case.answers}
    return draw("conversation.html", "kept_case", name, case, fields)


def settings_hold() -> str:
    """Return the message that the settings are in effect from now on."""
    return draw("window.html", "settings_hold")


# --- the documents


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of something that was given, or its progress, of which `share` is done."""

    text: str
    well: bool = True
    share: float | None = None
    undo: bool = False


def documents(
    entries: Sequence[Entry],
    dates: Mapping[str, tuple[date, date]],
    left_out: Collection[str] = (),
    *,
    of: int | None = None,
    found: int | None = None,
) -> str:
    """Return the list of documents, each of which can be opened, left out, or removed.

    `entries` are the last of the `found` documents that match a search among all (`of`).
    """
    of = len(entries) if of is None else of
    given = (entries, dates, left_out, of, of if found is None else found)
    return draw("documents.html", "documents", *given)


def by_tag(tags: Sequence[tuple[str, int]], chosen: str | None) -> str:
    """Return the tags, each with its number of documents, to ask only those.

    `chosen` is the tag that is asked, "" if another selection is, and None if all documents are.
    """
    return draw("documents.html", "by_tag", tags, chosen)


def asked_of(words: str) -> str:
    """Return the line next to the question that says which documents are asked."""
    return draw("documents.html", "asked_of", words)


def outcomes(lines: Sequence[Outcome], *, again: bool = False) -> str:
    """Return what became of each file that was given, and whether some can be tried `again`."""
    return draw("documents.html", "outcomes", lines, again)


def progress(lines: Sequence[Outcome]) -> str:
    """Return the progress of the documents that are being added."""
    return draw("documents.html", "progress", lines)


# --- the source


def source(
    document: Document, span: tuple[int, int] | None, others: Sequence[tuple[int, int]] = ()
) -> str:
    """Return a document with the quote at `span` in one `<mark class="quote">`.

    `others` are marked lightly, except inside the quote. The text inside `.text` is exactly the
    document's, and the mark's exactly the quote's: page numbers and the like are attributes. Of a
    long document, only the surroundings of the quote are shown.

    Raises ValueError if a span is not a place in the document.
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
        where.append(_read_from(document, page, place_at(document, start)))
    length = len(document.text)
    where.append(ngettext("%(num)s character", "%(num)s characters", length))
    original = web_address(document, span)
    left = first, len(document.text) - last
    told = " · ".join(filter(None, where))
    return draw("source.html", "source", document, told, original, tree, *left)


def page(document: Document, span: tuple[int, int] | None, drawn: Page) -> str:
    """Return a drawn page of a document, with the lines of the quote at `span` marked on it."""
    gaps = {"number": drawn.number, "all": len(document.pages)}
    is_slide = document.page_kind == "slide"
    place = _("slide %(number)s of %(all)s", **gaps)
    place = place if is_slide else _("page %(number)s of %(all)s", **gaps)
    where = f"{title_line(document.name)} · {_read_from(document, drawn.number, place)}"
    picture = base64.b64encode(drawn.png).decode()
    return draw("source.html", "page", document, where, drawn, picture, span)


def _read_from(document: Document, page: int | None, place: str) -> str:
    """Return the place of a page, and how legible it was if it was read from a picture."""
    scan = next((each for each in document.scans if each.page == page), None)
    if scan is None:
        return place
    sure = f"{scan.confidence:.0%}"
    if scan.confidence >= EASY:
        return _(
            "read from a picture, %(place)s: easy to read (%(sure)s sure)", place=place, sure=sure
        )
    if scan.confidence >= MOSTLY:
        words = _("read from a picture, %(place)s: hard to read here and there (%(sure)s sure)")
    else:
        words = _(
            "read from a picture, %(place)s: hard to read, compare with the page (%(sure)s sure)"
        )
    return words % {"place": place, "sure": sure}


def no_source(message: str) -> str:
    """Return the source panel with a sentence instead of a document."""
    return draw("source.html", "no_source", message)


def _lightly(
    start: int, end: int, others: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, str]]:
    """Yield marks for the other quotes between two offsets, without overlaps."""
    at = start
    for first, last in sorted(others):
        a, b = max(first, at), min(last, end)
        if a < b:
            yield a, b, "other"
            at = b


def _window(document: Document, start: int, end: int) -> tuple[int, int]:
    """Return which part of the text is shown: about `WINDOW` characters, and all of the quote."""
    length = len(document.text)
    first = max(0, min(start - WINDOW // 2, length - WINDOW))
    first, last = min(first, start), max(min(length, first + WINDOW), end)
    if first:  # Begin and end at a line break if one is near.
        line = document.text.find("\n", first, min(start, first + 2000))
        first = line + 1 if line >= 0 else first
    if last < length:
        line = document.text.rfind("\n", max(end, last - 2000), last)
        last = line if line >= 0 else last
    return first, last
