"""Which documents are asked: all, those that are ticked, or those with a tag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from index.errors import UserError
from ui.drawing import render
from ui.panels.answering import attempt
from ui.panels.events import (
    ALWAYS_LAST,
    PRIVATE,
    SPOKEN,
    Rights,
    Updates,
    field,
    given,
    in_a_row,
    texts,
)
from ui.panels.libraries.opened import Libraries
from ui.words.words import _, in_digits, ngettext

_SHOW = in_a_row("asked") | ALWAYS_LAST


class Tags:
    """The row of tags above the documents, and the line at the question that says what is asked."""

    def __init__(self, libraries: Libraries, left_out: gr.JSON, rights: Rights) -> None:
        """Put the row on the page; `left_out` holds the documents that are not asked."""
        self.libraries = libraries
        self.left_out = left_out
        self.rights = rights
        self.row = gr.HTML(elem_id="by-tag", apply_default_css=False)
        self.told = gr.HTML(elem_id="tags-told", **SPOKEN)

    def connect(self, documents: gr.HTML, asked: gr.HTML) -> tuple[Any, Any]:
        """Connect the events; `asked` is the line. Return the events that change the list."""
        self.asked = asked
        each = PRIVATE | {"trigger_mode": "multiple"}
        picked = documents.pick(self.pick, None, [self.left_out, self.told], **each)
        tagged = documents.tag(self.tag, None, self.told, **each)
        return picked, tagged

    def show_behind(self, event: Any) -> None:
        """Show what is asked after an event that may change it."""
        event.then(self.show, self.left_out, [self.row, self.asked], **_SHOW)

    def connect_shown(self, *listeners: Callable[..., Any]) -> None:
        """Show what is asked at further events."""
        for listener in listeners:
            listener(self.show, self.left_out, [self.row, self.asked], **_SHOW)

    def show(self, left_out: Sequence[str]) -> Updates:
        """Show the tags that there are, and what is asked."""
        known = attempt(lambda: self.libraries.here().library.tags())
        if isinstance(known, UserError):  # The list of documents shows the error.
            return {self.row: "", self.asked: ""}
        asked = known.keys() - set(texts(left_out))
        having = _by_tag(known)
        chosen = next((tag for tag, own in having.items() if own == asked), None)
        words, everything = _words(len(asked), len(known)), len(asked) == len(known)
        if chosen and not everything:
            words = ngettext(
                "%(num)s document tagged %(tag)s",
                "%(num)s documents tagged %(tag)s",
                len(asked),
                tag=chosen,
            )
        counted = [(tag, len(own)) for tag, own in having.items()]
        return {
            self.row: render.by_tag(counted, None if everything else chosen or ""),
            self.asked: render.asked_of(words),
        }

    def pick(self, event: gr.EventData) -> Updates:
        """Tick the documents that have a tag, and no others; or all, if none is given."""
        tag = given(event._data, "tag")
        library = attempt(lambda: self.libraries.here().library)
        if isinstance(library, UserError):
            return {self.told: render.notice(str(library))}
        left_out = attempt(lambda: library.not_tagged([tag] if tag else []))
        if isinstance(left_out, UserError):
            return {self.told: render.notice(str(left_out))}
        return {self.left_out: left_out, self.told: ""}

    def tag(self, event: gr.EventData) -> Updates:
        """Give a document a tag, or take one away."""
        if refused := self.rights.refusal("add"):
            return {self.told: render.notice(refused)}
        document_id = field(event._data, "document")
        add, remove = (
            [tag] if (tag := given(event._data, each)) else [] for each in ("add", "remove")
        )
        tagged = attempt(lambda: self.libraries.here().library.tag(document_id, add, remove))
        return {self.told: render.notice(str(tagged)) if isinstance(tagged, UserError) else ""}


def _by_tag(known: dict[str, tuple[str, ...]]) -> dict[str, set[str]]:
    """Return the documents of each tag, under its first spelling, in alphabetical order."""
    spelled: dict[str, str] = {}
    having: dict[str, set[str]] = {}
    for document_id, tags in known.items():
        for tag in tags:
            name = spelled.setdefault(tag.casefold(), tag)
            having.setdefault(name, set()).add(document_id)
    return {name: having[name] for name in sorted(having, key=str.casefold)}


def _words(asked: int, there: int) -> str:
    if not there:
        return ""
    if asked == there:
        return _("all documents") if there > 1 else _("the document")
    if not asked:
        return _("no document: tick one under Documents")
    return ngettext(
        "%(asked)s of %(num)s document",
        "%(asked)s of %(num)s documents",
        there,
        asked=in_digits(asked),
    )
