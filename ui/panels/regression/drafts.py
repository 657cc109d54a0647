"""Drafts of cases, proposed from the documents that are asked, to be accepted or rejected.

Drafts are stored in a set in the library's folder, among its cases, and do not count until somebody
accepts them. So they belong to the library, not to a visitor, and outlast the visit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from eval.cases.cases import Case, change_set, read_set, write_set
from eval.cases.propose import accept, draft, numbered, reject
from index.errors import UserError
from rag.assistant import Assistant
from ui.conversations.exchange import Conversation
from ui.drawing import fixed
from ui.drawing import runs as render_runs
from ui.drawing.render import notice
from ui.panels.answering import attempt
from ui.panels.case_form import cases_of, own_set
from ui.panels.events import ALWAYS_LAST, SPOKEN, Rights, Updates, field, in_a_row, strings, texts
from ui.panels.libraries.opened import Libraries
from ui.panels.regression.background import Background, Progress
from ui.words.words import _, noted

SECONDS = 1.0
"""Seconds between two looks at drafts that are being made."""

EACH = 8
"""Drafts for each document, by default."""

MOST = 40

NO_MODEL = noted(
    "A language model writes the drafts, and there is none here. “Use the conversation” works "
    "without one, and so does “Keep as a case” under an answer."
)

_SCRIPT = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-decide]');
  if (!button) return;
  const one = button.closest('[data-draft]');
  const drafts = one ? [one] : [...element.querySelectorAll('[data-draft]')];
  const ids = drafts.map((each) => each.dataset.draft);
  const set = element.querySelector('[data-set]').dataset.set;
  trigger('decide', {set, step: button.dataset.decide, ids});
});
"""

Choose = Callable[[str], Updates]
"""Returns the updates that make a set the chosen one."""

Changed = Callable[[Any], Any]
"""Called with an event that changes the chosen set."""


class Drafts:
    """The components for drafts, next to the list of sets, and their events."""

    def __init__(
        self, libraries: Libraries, left_out: gr.JSON, conversation: gr.State, rights: Rights
    ) -> None:
        """Put them on the page.

        `left_out` holds the documents that no drafts are made of, `conversation` the visitor's.
        """
        self.conversation = conversation
        self.libraries = libraries
        self.left_out = left_out
        self.rights = rights
        self._making: dict[Path, tuple[str, Background]] = {}
        self._lock = threading.Lock()
        settings = libraries.settings
        self.writes = settings.writes
        begin = fixed.begin_set if self.writes else fixed.begin_set_from_talk
        gr.HTML(begin(), apply_default_css=False)
        with gr.Row(elem_id="draft-row"):
            self.set = gr.Textbox("my-cases", label=_("Set"), max_lines=1, elem_id="draft-set")
            self.each = gr.Number(
                EACH,
                label=_("Per document"),
                precision=0,
                minimum=1,
                maximum=MOST,
                elem_id="draft-each",
                visible=self.writes,
            )
            self.propose = gr.Button(_("Propose cases"), elem_id="propose", visible=self.writes)
            self.take = gr.Button(_("Use the conversation"), elem_id="take-talk")
            self.end = gr.Button(_("Stop"), elem_id="stop-drafts", visible=False)
        self.message = gr.HTML(elem_id="drafts-told", **SPOKEN)
        self.list = gr.HTML(elem_id="drafts", js_on_load=_SCRIPT, apply_default_css=False)
        self.timer = gr.Timer(SECONDS, active=False)

    def connect(self, name: gr.Dropdown, visit: Any, choose: Choose, changed: Changed) -> None:
        """Connect each event to its handler; `name` is the chosen set."""
        self.choose = choose
        shown = [self.message, self.list, self.propose, self.end, self.timer, name]
        given = [self.set, self.each, self.left_out]
        ordered = in_a_row("drafts")
        self.propose.click(self.begin, given, shown, **ordered)
        self.take.click(self.take_talk, [self.set, self.conversation], shown, **ordered)
        self.end.click(self.stop, None, shown, **ordered)
        self.timer.tick(self.look, None, shown, **ordered)
        visit(self.resume, name, shown, **ordered)
        name.change(self.listed, name, self.list, **ALWAYS_LAST, **ordered)
        decide = self.list.decide(
            self.decide, None, [self.message, self.list], trigger_mode="multiple", **ordered
        )
        changed(decide)

    def begin(self, name: str, each: float | None, left_out: Sequence[str]) -> Updates:
        """Begin to make drafts; one set at a time."""
        if refused := self.rights.refusal("add"):
            return {self.message: notice(refused)}
        begun = attempt(lambda: self._begin(name, int(each or EACH), left_out))
        return {self.message: notice(str(begun))} if begun else self.look()

    def _begin(self, name: str, each: int, left_out: Sequence[str]) -> None:
        here = self.libraries.here()
        path, library = own_set(here.runs.cases, name), here.library
        exclude = texts(left_out)
        each = min(max(each, 1), MOST)
        if not self.writes:
            raise UserError(_(NO_MODEL))
        ids = [entry.id for entry in library.entries() if entry.id not in exclude]
        if not ids:
            raise UserError(_("There is no document to make drafts from: add one, or tick one."))
        with self._lock:
            before = self._making.get(path.parent)
            if before is None or not before[1].goes_on:
                work = partial(_propose, here.assistant, path, ids, each)
                said = noted("Stopped. The drafts from earlier documents are kept.")
                making = Background(work, len(ids) * each, said)
                self._making[path.parent] = path.stem, making

    def take_talk(self, name: str, conversation: Conversation) -> Updates:
        """Make drafts of the conversation, one for each answer, in the same order."""
        if refused := self.rights.refusal("add"):
            return {self.message: notice(refused)}

        def taken() -> str:
            path = own_set(self.libraries.here().runs.cases, name)
            if not any(each.answer for each in conversation.exchanges):
                raise UserError(
                    _("There is no answer in the conversation yet: ask something first.")
                )
            _change(path, lambda ids: cases_of(conversation.exchanges, ids))
            return path.stem

        made = attempt(taken)
        if isinstance(made, UserError):
            return {self.message: notice(str(made))}
        return self._shown("") | {self.list: self.listed(made)} | self.choose(made)

    def stop(self) -> Updates:
        """Stop after the draft that is being made."""
        if refused := self.rights.refusal("add"):
            return {self.message: notice(refused)}
        if mine := self._mine():
            mine[1].stop.set()
        return self.look()

    def resume(self, name: str | None) -> Updates:
        """Show a visitor who comes back how far the drafts are, if some are being made."""
        mine = self._mine()
        if mine and mine[1].goes_on:
            return self.look()
        return self._shown("") | {self.list: self.listed(name)}

    def _mine(self) -> tuple[str, Background] | None:
        """Return the name of the set and the work, if drafts are made in the page's library."""
        here = attempt(self.libraries.here)
        return None if isinstance(here, UserError) else self._making.get(here.runs.cases)

    def look(self) -> Updates:
        """Show how far the drafts are; once they are done, show them in their set."""
        mine = self._mine()
        if mine is None:
            return {self.message: ""}
        name, making = mine
        if making.goes_on:
            stopping = making.stop.is_set()
            html = render_runs.running(
                name, making.done, making.total, stopping=stopping, things="drafts"
            )
            return self._shown(html, goes_on=True)
        message = notice(_(making.error)) if making.error else ""
        return self._shown(message) | {self.list: self.listed(name)} | self.choose(name)

    def decide(self, event: gr.EventData) -> Updates:
        """Accept or reject drafts of the set that is shown."""
        if refused := self.rights.refusal("add"):
            return {self.message: notice(refused)}
        step = accept if field(event._data, "step") == "accept" else reject
        name, ids = field(event._data, "set"), strings(event._data, "ids")
        path = self._file(name)
        wrong = attempt(lambda: change_set(path, partial(step, ids=ids))) if path else None
        message = notice(str(wrong)) if isinstance(wrong, UserError) else ""
        return {self.message: message, self.list: self.listed(name)}

    def listed(self, name: str | None) -> str:
        """Return the drafts of a set, each to be accepted or rejected."""
        path = self._file(name)
        if path is None:
            return ""  # Sets that come with Footnoted have no drafts.
        listed = attempt(lambda: self._listed(path))
        return notice(str(listed)) if isinstance(listed, UserError) else listed

    def _listed(self, path: Path) -> str:
        drafts = [case for case in read_set(path)[0].cases if case.draft]
        library = self.libraries.here().library
        here = {entry.sha256: entry.id for entry in library.entries()}
        return render_runs.drafts(path.stem, drafts, here) if drafts else ""

    def _file(self, name: str | None) -> Path | None:
        here = attempt(self.libraries.here)
        if isinstance(here, UserError):
            return None
        return next((path for path in here.runs.cases.glob("*.jsonl") if path.stem == name), None)

    def _shown(self, html: str, *, goes_on: bool = False) -> Updates:
        return {
            self.message: html,
            self.propose: gr.Button(visible=self.writes and not goes_on),
            self.end: gr.Button(visible=goes_on),
            self.timer: gr.Timer(active=goes_on),
        }


def _propose(
    assistant: Assistant, path: Path, ids: Sequence[str], each: int, progress: Progress
) -> None:
    total, found = len(ids) * each, 0
    writer, reader = assistant.writer, assistant.reader
    if writer is None:
        raise UserError(NO_MODEL)
    for at, document_id in enumerate(ids):
        document = assistant.library.document(document_id)

        def report(done: int, _: int, before: int = at * each) -> None:
            progress(min(before + done, total - 1), total)

        made = draft(document, writer, reader, each, report)
        found += len(made)
        if made:
            _change(path, partial(numbered, made))
    if not found:
        raise UserError(noted("There is no sentence to make a question from."))


def _change(path: Path, make: Callable[[Collection[str]], Sequence[Case]]) -> None:
    """Add the cases that `make` returns, given the ids that are taken, to a set, even a new one."""
    if not path.exists():
        write_set(path, ())
    change_set(path, lambda cases: (*cases, *make({each.id for each in cases})))
