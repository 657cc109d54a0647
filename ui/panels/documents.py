"""The left of the window: the documents, which of them are asked, adding and removing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import gradio as gr

from index.documents import Document, source_name
from index.errors import UserError
from index.language.names import BY_ITS_TEXT, language_code, language_name
from index.library import Library
from index.loading.load import load_address
from index.printable import title_line
from rag.trace import Line
from ui.drawing import fixed, render
from ui.drawing.render import Outcome
from ui.panels.adding.changes import in_words
from ui.panels.adding.job import Item, Job, Jobs
from ui.panels.answering import attempt
from ui.panels.events import (
    ALWAYS_LAST,
    AT_ONCE,
    BUG,
    NEW_ID,
    PRIVATE,
    SPOKEN,
    Rights,
    Updates,
    given,
    script,
    texts,
    visitor,
)
from ui.panels.events import field as field_of
from ui.panels.libraries.opened import Libraries, Opened
from ui.panels.tags import Tags
from ui.words.languages import spoken
from ui.words.words import _

MOMENT = 0.7
"""Seconds in which a small document is added: progress is shown only after that."""

LISTED = 100
"""How many documents the list shows at first, and how many more each time that is asked for."""

SEARCHED = 20
"""From this many documents on, they can be searched."""

TIMES = 2
"""How often each state of a part of the page is sent."""

_ID = f"""() => {{
  localStorage["footnoted:visitor"] ??= ({NEW_ID})();
  return localStorage["footnoted:visitor"];
}}"""
_WITH_ID = f"(...given) => [...given.slice(0, -1), ({_ID})()]"
"""Gives an event this browser's id, so that no other is told what it adds."""

# The documents that are left out, including those that the list does not show at the moment.
_LEFT_OUT = """(left) => {
  const boxes = [...document.querySelectorAll("[data-choose]")];
  const shown = new Set(boxes.map((box) => box.dataset.choose));
  const unticked = boxes.filter((box) => !box.checked).map((box) => box.dataset.choose);
  return [[...(left ?? []).filter((id) => !shown.has(id)), ...unticked]];
}"""

# Gradio updates the list in place: a box that a person has ticked or unticked would stay as it is,
# whatever is drawn, and even if it belongs to another document by then.
_TICKED = """(left) => {
  for (const box of document.querySelectorAll("[data-choose]")) {
    box.checked = !(left ?? []).includes(box.dataset.choose);
  }
}"""


@dataclass
class Page:
    """What a visitor's page shows of the library, and has already reported."""

    limit: int = field(default_factory=lambda: LISTED)
    told: list[Outcome] = field(default_factory=list)
    """The outcome of the last action here other than adding."""
    news: str = ""
    removed: Document | None = None
    changes: int | None = None
    """How many changes of the library it has been told of."""
    library: Opened | None = None
    """The library that all of this refers to."""
    sent: dict[str, tuple[Any, int]] = field(default_factory=dict)
    """What each part of the page was last made from, and how often it was sent."""

    def lacks(self, part: str, made_of: Any) -> bool:
        """Whether a part of the page is to be sent, and note that it is.

        Each state is sent `TIMES`: the answers of two events may arrive in another order than they
        were made in, and the older one would stay.
        """
        before, times = self.sent.get(part, (None, 0))
        times = times + 1 if made_of == before else 1
        self.sent[part] = made_of, times
        return times <= TIMES


class DocumentsPanel:
    """The components and their events. Adding goes on without the visitor's page."""

    def __init__(self, libraries: Libraries, left_out: gr.JSON, rights: Rights) -> None:
        """Put the panel on the page; `left_out` holds the documents that are not asked."""
        self.libraries = libraries
        self.rights = rights
        self.left_out = left_out
        self.jobs = Jobs()
        self.page = gr.State(Page())
        self.visitor = gr.Textbox(visible=False)
        gr.HTML(fixed.documents_head(), apply_default_css=False)
        self.tags = Tags(libraries, left_out, rights)
        self.search = gr.Textbox(
            elem_id="document-search",
            label=_("Search documents"),
            show_label=False,
            container=False,
            placeholder=_("Search documents"),
            max_lines=1,
            visible=False,
            html_attributes=gr.InputHTMLAttributes(spellcheck=False, autocomplete="off"),
        )

        def revision(sent: Any) -> str:  # No method: Gradio sets an attribute on it.
            return self.revision(given(sent, "library"))

        self.documents = gr.HTML(
            elem_id="documents",
            js_on_load=script("language.js", "documents.js", "tags.js"),
            server_functions=[revision],
            apply_default_css=False,
        )
        self.outcomes = gr.HTML(elem_id="outcomes", **SPOKEN)
        # Apart from what is spoken: that one more page was read is only shown.
        self.progress = gr.HTML(elem_id="adding", apply_default_css=False)
        self.stop = gr.Button(_("Stop adding"), elem_id="stop-adding", size="sm", visible=False)
        self.add = gr.File(
            elem_id="add",
            label=_("Add documents"),
            show_label=False,
            file_count="multiple",
            height=76,
        )
        with gr.Row(elem_id="address-row"):
            self.address = gr.Textbox(
                elem_id="address",
                label=_("Address of a web page"),
                show_label=False,
                container=False,
                placeholder="https://…",
                max_lines=1,
                html_attributes=gr.InputHTMLAttributes(spellcheck=False, autocomplete="off"),
            )
            self.fetch = gr.Button(_("Add"), elem_id="fetch", size="sm")

    def connect(self, blocks: gr.Blocks) -> None:
        """Connect each event to its handler."""
        shown = self.shown = [self.documents, self.search, self.outcomes, self.progress, self.stop]
        known = self.known = [self.page, self.search, self.left_out, self.visitor]
        own = PRIVATE | {"js": _WITH_ID, "concurrency_limit": AT_ONCE}
        each = own | {"trigger_mode": "multiple"}  # A second event is not a repeat of the first.
        address = [self.address.submit, self.fetch.click]
        for event in (
            self.add.upload(self.add_files, [self.add, *known], [*shown, self.add], **each),
            gr.on(
                address, self.add_address, [self.address, *known], [*shown, self.address], **each
            ),
            self.documents.remove(self.remove, known, shown, **each),
            self.documents.rename(self.rename, known, shown, **each),
            self.documents.undo_remove(self.undo, known, shown, **each),
            self.documents.again(self.try_again, known, shown, **each),
            self.stop.click(self.end, known, shown, **each),
        ):
            event.failure(self.fail, known, shown, **own)
        self.loaded = blocks.load(self.open, known, shown, **own)
        self.documents.look(self.look, known, shown, **ALWAYS_LAST, **own)
        self.documents.more(self.show_more, known, shown, **own)
        self.search.change(self.look, known, shown, **ALWAYS_LAST, **own)
        # In the browser, so that a question right after unticking a document leaves it out.
        self.chosen = self.documents.choose(
            None, self.left_out, self.left_out, js=_LEFT_OUT, **PRIVATE
        )
        self.documents.drawn(None, self.left_out, None, js=_TICKED, **PRIVATE)

    def look_behind(self, event: Any) -> None:
        """Refresh the list after another event that changes it."""
        event.then(None, self.left_out, None, js=_TICKED, **PRIVATE)
        event.then(self.look, self.known, self.shown, js=_WITH_ID, **ALWAYS_LAST, **PRIVATE)

    def turn_behind(self, event: Any) -> None:
        """Show the documents of another library after the event that gives it to the page."""
        each = PRIVATE | {"js": _WITH_ID, "trigger_mode": "multiple"}
        event.then(self.turn, self.known, self.shown, **each)

    # --- what comes in

    def add_files(
        self,
        paths: Sequence[str] | None,
        page: Page,
        words: str,
        left_out: Sequence[str],
        token: str,
        event: gr.EventData,
    ) -> Updates:
        """Add uploaded files; one that cannot be read is reported, and the others go on."""
        given = (page, words, left_out, token)
        if refused := self.rights.refusal("add"):
            return self._told(Outcome(refused, well=False), *given) | {self.add: None}
        names = _original_names(event)
        uploads = [
            self.jobs.upload(Path(path), name or Path(path).name, self._library)
            for path, name in zip_longest(paths or (), names[: len(paths or ())])
        ]
        # The box is emptied in the same step, so that what is dropped next is not lost.
        return self._begin(uploads, *given) | {self.add: None}

    def add_address(
        self, address: str, page: Page, words: str, left_out: Sequence[str], token: str
    ) -> Updates:
        """Add the content of a web address; never a file of this computer."""
        given = (page, words, left_out, token)
        address = (address or "").strip()
        if not address:
            return self.look(*given)
        if refused := self.rights.refusal("add", "fetch"):
            return self._told(Outcome(refused, well=False), *given)
        private = self.libraries.settings.private_addresses
        kept = self._library.unfinished_pages
        read = partial(load_address, address, private=private, kept=kept)
        item = Item(address, lambda pages: read(progress=pages))
        return self._begin([item], *given) | {self.address: ""}

    def _begin(
        self, items: Sequence[Item], page: Page, words: str, left_out: Sequence[str], token: str
    ) -> Updates:
        page.told, page.news, page.removed = [], "", None
        job = self._job(token)
        job.add(items)
        job.wait(MOMENT)
        return self.look(page, words, left_out, token)

    def end(self, page: Page, words: str, left_out: Sequence[str], token: str) -> Updates:
        """Stop adding this visitor's documents; what is in the library stays."""
        self._job(token).stop()
        return self.look(page, words, left_out, token)

    def try_again(self, page: Page, words: str, left_out: Sequence[str], token: str) -> Updates:
        """Add once more what could not be added."""
        given = (page, words, left_out, token)
        if refused := self.rights.refusal("add"):
            return self._told(Outcome(refused, well=False), *given)
        page.told, page.news = [], ""
        job = self._job(token)
        job.try_again()
        job.wait(MOMENT)
        return self.look(*given)

    # --- what is there

    def open(self, page: Page, words: str, left_out: Sequence[str], token: str) -> Updates:
        """Show everything to a page that was just opened."""
        page.changes = None
        page.sent.clear()
        return self.look(page, words, left_out, token)

    def turn(self, page: Page, words: str, left_out: Sequence[str], token: str) -> Updates:
        """Show everything to a page that was turned to another library."""
        page.library = None
        page.told, page.news, page.removed, page.limit = [], "", None, LISTED
        return self.look(page, words, left_out, token)

    def look(self, page: Page, words: str, left_out: Sequence[str], token: str) -> Updates:
        """Send what the page may not show yet, of what is being added and of the library."""
        nothing: Updates = {self.stop: gr.skip()}  # Gradio accepts no empty update.
        here = attempt(self.libraries.here)
        if isinstance(here, UserError):
            page.sent.pop("list", None)
            return nothing | {self.documents: render.notice(str(here))}
        if self._has_left(page, here):
            return nothing
        if page.library is not here:
            page.library, page.changes = here, None
            page.sent.clear()
        job = self._job(token)
        with job.looking:
            news = self._news(job, page, words or "", left_out, visitor(token))
        return nothing if self._has_left(page, here) else nothing | news

    @staticmethod
    def _has_left(page: Page, here: Opened) -> bool:
        """Return whether the page was turned to another library after it sent an event."""
        return page.library is not None and page.library.name != here.name

    def _news(
        self, job: Job, page: Page, words: str, left_out: Sequence[str], name: str
    ) -> Updates:
        """Return updates for what the page may not show yet."""
        updates: Updates = {}
        listing = attempt(lambda: self._listing(page, words, left_out, name))
        if isinstance(listing, UserError):
            page.sent.pop("list", None)
            updates[self.documents] = render.notice(str(listing))
        else:
            updates |= listing
        news = [Outcome(page.news)] if page.news else []
        lines = [*job.outcomes(), *page.told, *news]
        shown = render.outcomes(lines, again=job.has_failed), render.progress(job.progress())
        if page.lacks("progress", shown):
            updates |= {self.outcomes: shown[0], self.progress: shown[1]}
            updates[self.stop] = gr.Button(visible=job.goes_on)
        return updates

    def revision(self, library: str) -> str:
        """Return a value that changes whenever the library does."""
        return str(attempt(lambda: self.libraries.named(library).changes.look()))

    def show_more(self, page: Page, words: str, left_out: Sequence[str], token: str) -> Updates:
        """Show more of the documents."""
        page.limit += LISTED
        return self.look(page, words, left_out, token)

    def _listing(self, page: Page, words: str, left_out: Sequence[str], name: str) -> Updates:
        """Return the list of documents, unless the page surely shows it."""
        here = self.libraries.here()
        revision, number = here.changes.look()
        if page.changes is not None and (new := here.changes.since(page.changes, name)):
            page.news = in_words(new)
        page.changes = number
        if not page.lacks("list", (revision, page.limit, words, *texts(left_out))):
            return {}
        library = self._library
        all_ = library.titles()
        sought = words.casefold().split()
        found = [each for each in all_ if _has(f"{each.title} {source_name(each.source)}", sought)]
        entries = library.entries([each.id for each in found[-page.limit :]])
        listed = render.documents(
            entries, library.dates(), texts(left_out), of=len(all_), found=len(found)
        )
        return {self.documents: listed, self.search: gr.Textbox(visible=len(all_) >= SEARCHED)}

    @property
    def _library(self) -> Library:
        return self.libraries.here().library

    def _job(self, token: str) -> Job:
        """Return the job of the visitor who sent this event."""
        name, here = visitor(token), self.libraries.here()
        expect = partial(here.changes.expect, visitor=name)
        return self.jobs.of(name, here.library, expect)

    def remove(
        self, page: Page, words: str, left_out: Sequence[str], token: str, event: gr.EventData
    ) -> Updates:
        """Remove a document from the library; this can be undone."""
        given = (page, words, left_out, token)
        if refused := self.rights.refusal("remove"):
            return self._told(Outcome(refused, well=False), *given)
        library, document_id = self._library, field_of(event._data, "document")
        self.libraries.here().changes.expect(document_id, visitor(token))

        def taken() -> Document:
            with Line("remove") as line:
                document = replace(library.document(document_id), file=library.file(document_id))
                library.remove(document_id)
                line.texts["document"] = document.source
                line.removed(document_id)
            return document

        removed = attempt(taken)
        if isinstance(removed, UserError):
            return self._told(Outcome(str(removed), well=False), *given)
        outcome = Outcome(_("%(name)s: removed", name=title_line(removed.name)), undo=True)
        return self._told(outcome, *given, removed=removed)

    def rename(
        self, page: Page, words: str, left_out: Sequence[str], token: str, event: gr.EventData
    ) -> Updates:
        """Rename a document, or set its language."""
        given = (page, words, left_out, token)
        if refused := self.rights.refusal("add"):
            return self._told(Outcome(refused, well=False), *given)
        fields = (field_of(event._data, each) for each in ("document", "title", "language"))
        told = attempt(lambda: self._renamed(*fields))
        if isinstance(told, UserError):
            return self._told(Outcome(str(told), well=False), *given)
        return self._told(Outcome(told), *given)

    def _renamed(self, document_id: str, title: str, language: str) -> str:
        """Change the title or the language of a document; return a message about it."""
        if language:
            code = None if language == BY_ITS_TEXT else language_code(language)
            changed = self._library.set_language(document_id, code)
            told = language_name(changed.language, spoken())
        if title or not language:
            changed = self._library.rename(document_id, title)
            told = changed.title
        return _("%(name)s: now “%(title)s”", name=title_line(changed.name), title=told)

    def undo(self, page: Page, words: str, left_out: Sequence[str], token: str) -> Updates:
        """Put back what was removed last."""
        removed = page.removed
        if removed is None:
            return self.look(page, words, left_out, token)
        item = Item(removed.name, lambda _: removed)
        return self._begin([item], page, words, left_out, token)

    def fail(self, page: Page, words: str, left_out: Sequence[str], token: str) -> Updates:
        """Say that a change ended in a bug of ours, and go on."""
        return self._told(Outcome(_(BUG), well=False), page, words, left_out, token)

    def _told(
        self,
        outcome: Outcome,
        page: Page,
        words: str,
        left_out: Sequence[str],
        token: str,
        *,
        removed: Document | None = None,
    ) -> Updates:
        """Report the outcome of an action, in place of what was reported before."""
        if self._has_left(page, self.libraries.here()):
            return self.look(page, words, left_out, token)
        page.told, page.news, page.removed = [outcome], "", removed
        page.sent.clear()  # Reported even if the page shows the same already.
        job = self._job(token)
        if not (job.goes_on or job.has_failed):
            job.forget()
        return self.look(page, words, left_out, token)


def _has(text: str, words: Sequence[str]) -> bool:
    """Whether a text contains all of some words, which are casefolded."""
    folded = text.casefold()
    return all(each in folded for each in words)


def _original_names(event: gr.EventData) -> list[str]:
    """Return the uploaded files' own names; Gradio strips characters from those on disk."""
    data = event._data
    files = data if isinstance(data, list) else [data]
    return [str(file.get("orig_name") or "") for file in files if isinstance(file, dict)]
