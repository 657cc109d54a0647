"""The left of the window: what is in the library, what is asked, and what comes in and goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import gradio as gr

from index.documents import Document
from index.errors import UserError
from index.library import Added
from index.loading.load import load_address, load_bytes
from index.printable import number_of, title_line
from rag.assistant import Assistant
from rag.trace import Line
from ui.drawing import render
from ui.drawing.render import Outcome
from ui.panels.answering import attempt
from ui.panels.events import AT_ONCE, BUG, PRIVATE, Rights, Updates, field, script, texts

_OUTCOMES_SCRIPT = """
element.addEventListener('click', (event) => {
  if (event.target.closest('[data-undo]')) trigger('undo_remove');
});
"""


# One output: the list of the documents' ids.
_LEFT_OUT = """() => [[...document.querySelectorAll("[data-choose]:not(:checked)")]
  .map((box) => box.dataset.choose)]"""


class DocumentsPanel:
    """The components and their events. One for all visitors: it keeps nothing of theirs."""

    def __init__(self, assistant: Assistant, left_out: gr.JSON, rights: Rights) -> None:
        """Put the panel on the page; `left_out` holds the documents that are not asked."""
        self.assistant = assistant
        self.rights = rights
        self.left_out = left_out
        self.removed = gr.State(None)
        gr.HTML("<h2>Documents</h2>", apply_default_css=False)
        self.documents = gr.HTML(
            elem_id="documents",
            js_on_load=script("documents.js"),
            apply_default_css=False,
        )
        self.outcomes = gr.HTML(
            elem_id="outcomes",
            html_template='<div role="status" aria-live="polite">${value}</div>',
            js_on_load=_OUTCOMES_SCRIPT,
            apply_default_css=False,
        )
        self.add = gr.File(
            elem_id="add",
            label="Add documents",
            show_label=False,
            file_count="multiple",
            height=76,
        )
        with gr.Row(elem_id="address-row"):
            self.address = gr.Textbox(
                elem_id="address",
                label="Address of a web page",
                show_label=False,
                container=False,
                placeholder="https://…",
                max_lines=1,
                html_attributes=gr.InputHTMLAttributes(spellcheck=False, autocomplete="off"),
            )
            self.fetch = gr.Button("Add", elem_id="fetch", size="sm")

    def connect(self, changed: Callable[[Any], Any]) -> None:
        """Say what happens at each event; `changed` is told of what changes the library."""
        shown = [self.documents, self.outcomes, self.add, self.address, self.removed]
        left = self.left_out
        address = [self.address.submit, self.fetch.click]
        # Else one visitor's long document would keep all others' waiting, without a word to them.
        each = PRIVATE | {"trigger_mode": "multiple"}  # A second one is no repeat of the first.
        together = PRIVATE | {"concurrency_limit": AT_ONCE}
        for event in (
            self.add.upload(self.add_files, [self.add, left], shown, **together),
            gr.on(address, self.add_address, [self.address, left], shown, **together),
            self.documents.remove(self.remove, left, shown, **each),
            self.documents.rename(self.rename, left, shown, **each),
            self.outcomes.undo_remove(self.undo, [self.removed, left], shown, **each),
        ):
            event.failure(self.fail, left, shown, **PRIVATE)
            changed(event)
        # Within the browser: what is asked a moment after a tick is asked without that document.
        self.documents.choose(None, None, left, js=_LEFT_OUT, **PRIVATE)

    def add_files(
        self, paths: Sequence[str] | None, left_out: Sequence[str], event: gr.EventData
    ) -> Iterator[Updates]:
        """Add uploaded files; one that cannot be read is told, and the others go on."""
        if refused := self.rights.refusal("add"):
            yield self._listed([Outcome(refused, well=False)], left_out) | {self.add: None}
            return
        names = _original_names(event)
        outcomes: list[Outcome] = []
        for at, path in enumerate(paths or ()):
            name = names[at] if at < len(names) else Path(path).name
            read = partial(_read_upload, Path(path), name)
            yield from self._add(name, outcomes, read, waiting=names[at + 1 :])
            # The box is emptied in the same step, so that what is dropped next is not lost.
            yield self._listed(outcomes, left_out) | {self.add: None}

    def add_address(self, address: str, left_out: Sequence[str]) -> Iterator[Updates]:
        """Add what stands at a web address; never a file of this computer."""
        address = (address or "").strip()
        if not address:
            yield {self.outcomes: ""}
            return
        if refused := self.rights.refusal("add", "fetch"):
            yield self._listed([Outcome(refused, well=False)], left_out)
            return
        outcomes: list[Outcome] = []
        yield from self._add(address, outcomes, partial(self._fetch, address))
        yield self._listed(outcomes, left_out) | ({self.address: ""} if outcomes[-1].well else {})

    def _fetch(self, address: str) -> Document:
        return load_address(address, private=self.assistant.settings.private_addresses)

    def remove(self, left_out: Sequence[str], event: gr.EventData) -> Updates:
        """Take a document out of the library; it can be put back."""
        if refused := self.rights.refusal("remove"):
            return self._listed([Outcome(refused, well=False)], left_out)
        library, document_id = self.assistant.library, field(event._data, "document")

        def taken() -> Document:
            with Line("remove") as line:
                document = replace(library.document(document_id), file=library.file(document_id))
                library.remove(document_id)
                line.texts["document"] = document.source
                line.removed(document_id)
            return document

        removed = attempt(taken)
        if isinstance(removed, UserError):
            outcomes = render.outcomes([Outcome(str(removed), well=False)])
            return {self.documents: self.listed(left_out), self.outcomes: outcomes}
        outcome = Outcome(f"{title_line(removed.name)}: removed", undo=True)
        return self._listed([outcome], left_out) | {self.removed: removed}

    def rename(self, left_out: Sequence[str], event: gr.EventData) -> Updates:
        """Call a document something else."""
        if refused := self.rights.refusal("add"):
            return self._listed([Outcome(refused, well=False)], left_out)
        document_id, title = field(event._data, "document"), field(event._data, "title")
        renamed = attempt(lambda: self.assistant.library.rename(document_id, title))
        if isinstance(renamed, UserError):
            return self._listed([Outcome(str(renamed), well=False)], left_out)
        return self._listed(
            [Outcome(f"{title_line(renamed.name)}: now “{renamed.title}”")], left_out
        )

    def undo(self, removed: Document | None, left_out: Sequence[str]) -> Iterator[Updates]:
        """Put back what was removed last."""
        if removed is None:
            yield {self.outcomes: ""}
            return
        outcomes: list[Outcome] = []
        yield from self._add(removed.name, outcomes, lambda: removed)
        kept = None if outcomes[-1].well else removed
        yield self._listed(outcomes, left_out) | {self.removed: kept}

    def fail(self, left_out: Sequence[str]) -> Updates:
        """Say that a change ended in a bug of ours, and go on."""
        return self._listed([Outcome(BUG, well=False)], left_out)

    def _add(
        self,
        name: str,
        outcomes: list[Outcome],
        read: Callable[[], Document],
        waiting: Sequence[str] = (),
    ) -> Iterator[Updates]:
        """Read a document and put it into the library; what became of it joins the outcomes."""
        name = title_line(name)
        behind = [Outcome(f"{title_line(each)}: waiting") for each in waiting]
        reports: SimpleQueue[Outcome | None] = SimpleQueue()

        def report(stage: str, done: int, total: int) -> None:
            reports.put(Outcome(f"{name}: {stage}", share=done / total))

        def add() -> Added:
            with Line("add", source=name) as line:
                added = self.assistant.library.add(read(), report)
                line.added(added)
            return added

        report("reading", 0, 1)
        with ThreadPoolExecutor(1) as pool:
            work = pool.submit(attempt, add)
            work.add_done_callback(lambda _: reports.put(None))
            while outcome := reports.get():
                yield {self.outcomes: render.outcomes([*outcomes, outcome, *behind])}
        added = work.result()
        if isinstance(added, UserError):
            outcomes.append(Outcome(str(added), well=False))
        else:
            outcomes.append(Outcome(_became(added)))

    def _listed(self, outcomes: Sequence[Outcome], left_out: Sequence[str]) -> Updates:
        return {
            self.documents: self.listed(left_out),
            self.outcomes: render.outcomes(outcomes),
            self.removed: None,
        }

    def listed(self, left_out: Sequence[str]) -> str:
        """Return what is in the library."""
        library = self.assistant.library
        listed = attempt(lambda: (library.entries(), library.dates()))
        if isinstance(listed, UserError):
            return render.notice(str(listed))
        return render.documents(*listed, texts(left_out))


def _became(added: Added) -> str:
    name = title_line(added.document.name)
    if added.outcome == "unchanged":
        return f"{name}: unchanged"
    passages = number_of(added.passages, "passage")
    return f"{name}: {added.outcome}, {passages}"


def _read_upload(path: Path, name: str) -> Document:
    data = path.read_bytes()
    path.unlink(missing_ok=True)  # The library keeps the text; the upload is of no more use.
    return load_bytes(data, name)


def _original_names(event: gr.EventData) -> list[str]:
    """Return what the uploaded files were called; Gradio strips signs from the names on disk."""
    data = event._data
    files = data if isinstance(data, list) else [data]
    return [str(file.get("orig_name") or "") for file in files if isinstance(file, dict)]
