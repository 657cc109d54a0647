"""Quotes in another language than their question, translated by the language model on demand.

The page shows a translation below its quote as long as it is open (`panel.js`). It is not part of
the exchange, so it is never kept, copied or exported.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import gradio as gr

from index.documents import Document
from index.errors import UserError
from index.printable import title_line
from rag.assistant import Assistant
from rag.quote import Quote
from rag.writing.translating import Translation
from ui.drawing import render
from ui.panels.answering import attempt
from ui.panels.events import AT_ONCE, BUG, PRIVATE, SPOKEN, field, number, script
from ui.panels.fetch import Fetch
from ui.panels.libraries.opened import Libraries
from ui.words.words import _


class Translations:
    """The spoken status of the translation in progress; each page makes one at a time."""

    def __init__(self, libraries: Libraries, configured: gr.State, fetch: Fetch | None) -> None:
        """Put it on the page; `configured` is the assistant that the visitor has set up, if any."""
        self.libraries = libraries
        self.configured = configured
        self.fetch = fetch
        self.spoken = gr.HTML(
            elem_id="translation", js_on_load=script("translating/panel.js"), **SPOKEN
        )

    def connect(self) -> None:
        """Connect each event to its handler."""
        together = PRIVATE | {"concurrency_limit": AT_ONCE, "trigger_mode": "multiple"}
        event = self.spoken.translate(self.translate, self.configured, self.spoken, **together)
        event.failure(self.fail, None, self.spoken, **PRIVATE)

    def translate(self, configured: Assistant | None, event: gr.EventData) -> Iterator[str]:
        """Translate the quote at a place into a language; both are untrusted."""
        yield render.quiet(_("Translating…"))
        made = attempt(partial(self._made, configured, event._data))
        yield render.notice(str(made)) if isinstance(made, UserError) else render.translation(made)

    def fail(self) -> str:
        """Say that a translation ended in a bug of ours."""
        return render.notice(_(BUG))

    def _made(self, configured: Assistant | None, place: Any) -> Translation:
        here = self.libraries.here()
        assistant = here.assistant.writing_as(configured) if configured else here.assistant
        quote = _quote(here.library.document(field(place, "document")), place)
        if self.fetch and self.fetch.brings(assistant.settings):
            raise UserError(
                _("The language model is still being fetched. Translate it when it is there.")
            )
        if assistant.writer is None:
            raise UserError(
                _("A translation needs a language model, and none is set: choose one in Settings.")
            )
        return assistant.translate(quote, field(place, "language"))


def _quote(document: Document, place: Any) -> Quote:
    start, end = number(place, "start"), number(place, "end")
    if start is None or end is None or not 0 <= start < end <= len(document.text):
        name, shown = title_line(document.name), f"{start}-{end}"
        raise UserError(_("There is no place %(place)s in %(name)s.", place=shown, name=name))
    return Quote(document, start, end, 0.0)
