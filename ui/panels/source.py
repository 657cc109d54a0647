"""The right of the window: a document in full, with the quote in view."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from index.documents import Document
from index.errors import UserError
from index.printable import title_line
from rag.assistant import Assistant
from ui.drawing import render
from ui.panels.answering import attempt
from ui.panels.events import field, strings

_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_SCRIPT = Path(__file__).parent / "source.js"

MOST = 200
"""Other places that are marked with a quote."""


class SourcePanel:
    """The panel; it has no events but a call from the browser for a document with a place."""

    def __init__(self, assistant: Assistant) -> None:
        """Put the panel on the page."""
        self.assistant = assistant

        def open_place(place: Any) -> str:  # Gradio marks it, which no method bears.
            others = strings(place, "others")
            return self.open_place(field(place, "document"), field(place, "span"), others)

        with gr.Column(elem_id="source-panel"):
            gr.HTML(render.SOURCE_BAR, elem_id="source-bar", apply_default_css=False)
            self.source = gr.HTML(
                render.NO_SOURCE,
                elem_id="source",
                js_on_load=_SCRIPT.read_text("utf-8"),
                server_functions=[open_place],
                apply_default_css=False,
            )

    def open_place(self, document_id: str, place: str, others: list[str] | None = None) -> str:
        """Return a document with a quote marked; the quote is proven again.

        `place` is "start-end", or nothing for the document alone; `others` are places that are
        marked lightly. All may come from anybody.
        """
        document = attempt(partial(self.assistant.library.document, document_id))
        if isinstance(document, UserError):
            return render.no_source("This document is not in the library (any more).")
        name = title_line(document.name)
        if not document.sha256.startswith(document.id):
            return render.no_source(
                f"The stored text of {name} is not the one that was quoted. Remove it, and add the "
                "file again."
            )
        span = _span(place, document)
        if place and span is None:
            return render.no_source(f"There is no place {place} in {name}.")
        light = [each for other in (others or [])[:MOST] if (each := _span(other, document))]
        return render.source(document, span, light)


def _span(place: str, document: Document) -> tuple[int, int] | None:
    found = _SPAN.fullmatch(place)
    span = (int(found[1]), int(found[2])) if found else None
    return span if span and span[0] < span[1] <= len(document.text) else None
