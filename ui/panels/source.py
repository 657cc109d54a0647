"""The right of the window: a document in full, with the quote in view."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import gradio as gr

from index.documents import Document
from index.errors import LibraryError, UserError
from index.library import Library
from index.loading.pages import draw_page
from index.printable import title_line
from ui.drawing import fixed, render
from ui.drawing.libraries import gone
from ui.panels.answering import attempt
from ui.panels.events import field, given, script, strings
from ui.panels.libraries.opened import Libraries
from ui.words.words import _

_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)

MOST = 200
"""The most other places that are marked along with a quote."""


class SourcePanel:
    """The panel. It has no events; the browser calls the server for a document at a place."""

    def __init__(self, libraries: Libraries) -> None:
        """Put the panel on the page."""
        self.libraries = libraries

        def open_place(place: Any) -> str:  # No method: Gradio sets an attribute on it.
            others = strings(place, "others")
            at = field(place, "document"), field(place, "span")
            return self.open_place(*at, others, library=given(place, "library"))

        def open_page(place: Any) -> str:
            number = _NUMBER.fullmatch(field(place, "page"))
            at = field(place, "document"), field(place, "span")
            page = int(number[0]) if number else None
            return self.open_page(*at, page, library=given(place, "library"))

        with gr.Column(elem_id="source-panel"):
            gr.HTML(fixed.source_bar(), elem_id="source-bar", apply_default_css=False)
            self.source = gr.HTML(
                fixed.no_source(),
                elem_id="source",
                js_on_load=script("source.js"),
                server_functions=[open_place, open_page],
                apply_default_css=False,
            )

    def open_place(
        self, document_id: str, place: str, others: list[str] | None = None, *, library: str = ""
    ) -> str:
        """Return a document with a quote marked; the quote is proven again.

        `place` is "start-end", or "" for the document alone; `others` are places that are marked
        lightly. The arguments are untrusted.
        """
        opened = self._opened(document_id, place, library)
        if isinstance(opened, str):
            return opened
        _, document, span = opened
        light = [each for other in (others or [])[:MOST] if (each := _span(other, document))]
        return render.source(document, span, light)

    def open_page(
        self, document_id: str, place: str, number: int | None = None, *, library: str = ""
    ) -> str:
        """Return a drawn page of a document, with the part of a quote that is on it marked.

        Without a number, it is the page on which the quote begins. The arguments are untrusted.
        """
        opened = self._opened(document_id, place, library)
        if isinstance(opened, str):
            return opened
        there, document, span = opened
        file = attempt(partial(there.file, document_id))
        if isinstance(file, UserError):
            return render.no_source(str(file))
        if file is None or not document.pages:
            return render.no_source(
                _(
                    "The pages of %(name)s cannot be shown: its file is not kept here. If it is a "
                    "PDF or a picture, add it again.",
                    name=title_line(document.name),
                )
            )
        shown = number or (document.page_at(span[0]) if span else None) or 1
        if not 1 <= shown <= len(document.pages):
            return render.no_source(
                _("%(name)s has no page %(number)s.", name=title_line(document.name), number=shown)
            )
        page = attempt(partial(draw_page, file, document, shown, span))
        if isinstance(page, UserError):
            return render.no_source(str(page))
        return render.page(document, span, page)

    def _opened(
        self, document_id: str, place: str, library: str
    ) -> tuple[Library, Document, tuple[int, int] | None] | str:
        """Return a library, a document in it and a span of that, or HTML that says what is wrong.

        The span is None if no place is named.
        """
        there = attempt(lambda: self.libraries.named(library).library)
        if isinstance(there, UserError):
            return render.no_source(str(there))
        document = attempt(partial(there.document, document_id))
        if isinstance(document, LibraryError):
            return render.no_source(str(document))
        if isinstance(document, UserError):
            others = self.libraries.holding(document_id)
            words = _("This document is not in the library (any more).")
            return gone(words, document_id, place, others)
        name = title_line(document.name)
        span = _span(place, document)
        if place and span is None:
            return render.no_source(
                _("There is no place %(place)s in %(name)s.", place=place, name=name)
            )
        return there, document, span


def _span(place: str, document: Document) -> tuple[int, int] | None:
    found = _SPAN.fullmatch(place)
    span = (int(found[1]), int(found[2])) if found else None
    return span if span and span[0] < span[1] <= len(document.text) else None
