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
"""The mean confidence from which on a page was easy to read, and mostly so."""

WINDOW = 200_000
"""Characters of a document that are shown at once; browsers set more than that slowly."""


def user(name: str, rights: Sequence[str]) -> str:
    """Return who has logged in, with the log-out; the style hides what the rights do not allow."""
    return draw("window.html", "user", name, " ".join(rights))


# --- the conversation


def welcome(questions: Sequence[str], *, empty: bool = False) -> str:
    """Return what stands where a conversation begins, with questions to begin with.

    An `empty` library has no document yet.
    """
    return draw("conversation.html", "welcome", questions, empty)


def conversation(shown: Conversation) -> str:
    """Return all exchanges of a conversation, one under the other."""
    return "".join(exchange(each, shown.id) for each in shown.exchanges)


def exchange(shown: Exchange, conversation_id: str) -> str:
    """Return a question that is done with: answered, refused, failed, or stopped.

    It carries itself as JSON, which the browser keeps.
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


def translation(made: Translation) -> str:
    """Return what the language model has made of a quote, and that nothing proves it."""
    return draw("conversation.html", "translation", made)


def kept_case(name: str, case: Case) -> str:
    """Return what was added to which set: the question, what is expected, and the quotes."""
    fields = {"unanswerable": case.unanswerable, "answers": case.answers}
    return draw("conversation.html", "kept_case", name, case, fields)


def settings_hold() -> str:
    """Return that the settings hold from now on."""
    return draw("window.html", "settings_hold")


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
    *,
    of: int | None = None,
    found: int | None = None,
) -> str:
    """Return the list of documents: each opens, can be left out of what is asked, and removed.

    They are the last of those that were `found` among all.
    """
    of = len(entries) if of is None else of
    given = (entries, dates, left_out, of, of if found is None else found)
    return draw("documents.html", "documents", *given)


def by_tag(tags: Sequence[tuple[str, int]], chosen: str | None) -> str:
    """Return the tags, each with how many documents have it, to ask only those.

    `chosen` is the one that is asked, "" where others are, and None where all documents are.
    """
    return draw("documents.html", "by_tag", tags, chosen)


def asked_of(words: str) -> str:
    """Return which documents are asked, as it stands beside the question."""
    return draw("documents.html", "asked_of", words)


def outcomes(lines: Sequence[Outcome], *, again: bool = False) -> str:
    """Return what became of each file that was given, and whether some can be tried `again`."""
    return draw("documents.html", "outcomes", lines, again)


def progress(lines: Sequence[Outcome]) -> str:
    """Return how far what comes in is."""
    return draw("documents.html", "progress", lines)


# --- the source


def source(
    document: Document, span: tuple[int, int] | None, others: Sequence[tuple[int, int]] = ()
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
    """Return the place of a page, and how well it could be read if that was from its picture."""
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
    """Yield what lies between two offsets of the other quotes, each place once."""
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
    if first:  # Begin and end with a line where one is near.
        line = document.text.find("\n", first, min(start, first + 2000))
        first = line + 1 if line >= 0 else first
    if last < length:
        line = document.text.rfind("\n", max(end, last - 2000), last)
        last = line if line >= 0 else last
    return first, last
