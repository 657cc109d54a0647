"""The check view: a text, pasted or opened, is checked sentence by sentence against the library."""

from __future__ import annotations

import tempfile
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from index.atomic import write_whole
from index.documents import Document
from index.errors import UserError
from index.loading.formats import Limits
from index.loading.load import load_bytes
from index.printable import title_line
from rag.checking.check import overruled_by
from rag.checking.draft import Statement, statements
from rag.checking.verdict import Checked, verdict_named, words_of
from ui.checked.export import FORMATS
from ui.drawing import checked as render_checked
from ui.drawing import fixed
from ui.drawing.render import notice
from ui.panels.answering import attempt
from ui.panels.events import (
    AT_ONCE,
    BUG,
    NEW_ID,
    PRIVATE,
    Rights,
    Updates,
    field,
    number,
    script,
    texts,
)
from ui.panels.libraries.opened import Libraries, Opened
from ui.words.words import _

SECONDS = 0.4
"""Seconds between two updates of the page while a short text is checked."""

LONGEST = 1_000_000
"""The most characters of a text that the window checks."""

MOST = 50
"""How many checked texts are kept for pages that are reloaded."""

NAME = "text.txt"
"""The name of a pasted text."""

_CHECKED = "footnoted:checked"
_TOKEN = f"""(...given) => {{
  const token = sessionStorage.getItem("{_CHECKED}") ?? ({NEW_ID})();
  sessionStorage.setItem("{_CHECKED}", token);
  return [...given.slice(0, -1), token];
}}"""
"""Gives a check the token by which its browser tab finds it again."""

_FILES = {"markdown": "Markdown", "html": "HTML", "docx": "Word", "json": "JSON"}
"""The formats in which a checked text can be downloaded, and the labels of the buttons."""


@dataclass
class Checking:
    """A visitor's text, and how far it has been checked."""

    draft: Document | None
    sentences: list[Statement]
    done: list[Checked]
    """A new list for each check, so that an older check neither adds to it nor is shown."""
    stopped: bool = False
    of: Opened | None = None
    """The library that the text is checked against."""


class CheckPanel:
    """The components and their events; a checked text belongs to its visitor."""

    def __init__(self, libraries: Libraries, left_out: gr.JSON, rights: Rights) -> None:
        """Put the panel on the page; `left_out` holds the documents that are not asked."""
        self.libraries = libraries
        self.rights = rights
        self.left_out = left_out
        self.state = gr.State(Checking(None, [], []))
        self._kept: OrderedDict[str, Checking] = OrderedDict()
        self._folder = tempfile.TemporaryDirectory()  # Until the program ends.
        with gr.Column(elem_id="check-panel"):
            self.bar = gr.HTML(
                fixed.check_bar(),
                elem_id="check-bar",
                js_on_load=script("checking.js", CHECKED=f'"{_CHECKED}"'),
                apply_default_css=False,
            )
            self.text = gr.Textbox(
                elem_id="draft",
                label=_("The text to check"),
                show_label=False,
                container=False,
                lines=5,
                max_lines=12,
                placeholder=_("Paste a text"),
            )
            self.token = gr.Textbox(visible=False)
            with gr.Row(elem_id="check-row"):
                self.file = gr.UploadButton(
                    _("Open a file"), elem_id="open-draft", file_count="single", size="sm"
                )
                self.start = gr.Button(_("Check"), elem_id="check", variant="primary")
                self.end = gr.Button(_("Stop"), elem_id="stop-check", visible=False)
            with gr.Row(elem_id="checked-files", visible=False) as self.row:
                self.files = {
                    name: gr.DownloadButton(label, size="sm") for name, label in _FILES.items()
                }
            self.checked = gr.HTML(
                fixed.nothing_checked(), elem_id="checked", apply_default_css=False
            )

    @property
    def shown(self) -> list[Any]:
        """The components that show the progress of a check, and the state of it."""
        return [self.checked, self.start, self.end, self.row, *self.files.values(), self.state]

    def connect(self) -> None:
        """Connect each event to its handler."""
        shown = self.shown[:-1]
        given = [self.state, self.left_out, self.token]
        side_by_side = PRIVATE | {"concurrency_limit": AT_ONCE, "js": _TOKEN}
        for event in (
            self.start.click(self.check_text, [self.text, *given], shown, **side_by_side),
            self.file.upload(self.check_file, [self.file, *given], shown, **side_by_side),
        ):
            event.failure(self.fail, self.state, shown, **PRIVATE)
        self.end.click(self.stop, self.state, None, **PRIVATE)
        self.bar.overrule(self.overrule, self.state, shown, **PRIVATE)
        self.bar.reopen(self.reopen, self.state, self.shown, **PRIVATE)

    def check_text(
        self, text: str, state: Checking, left_out: Sequence[str], token: str = ""
    ) -> Iterator[Updates]:
        """Check a pasted text; the same text again is continued where it was stopped."""
        if not text.strip():
            yield self._shown(state, message=_("There is no text: paste one, or open a file."))
            return
        self._keep(token, state)
        yield from self._check(text.encode(), NAME, state, left_out)

    def check_file(
        self, path: str, state: Checking, left_out: Sequence[str], token: str = ""
    ) -> Iterator[Updates]:
        """Check an uploaded file."""
        self._keep(token, state)
        data = Path(path).read_bytes()
        Path(path).unlink()
        yield from self._check(data, title_line(Path(path).name), state, left_out)

    def _keep(self, token: str, state: Checking) -> None:
        """Keep a check under the token of its browser tab; only the latest ones are kept."""
        if token:
            self._kept.pop(token, None)
            self._kept[token] = state
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def reopen(self, own: Checking, event: gr.EventData) -> Updates:
        """Show what a page had checked before it was reloaded, if that is still kept.

        If the page is checking a text already, that one stays.
        """
        token = field(event._data, "token")
        state = self._kept.get(token)
        if state is None or state.draft is None or state.of is not attempt(self.libraries.here):
            return self._nothing
        shown = self._shown(state) | {self.state: state}
        is_latest = state is not own and self._kept.get(token) is state
        return shown if is_latest else self._nothing

    def forget(self, state: Checking) -> Updates:
        """Start over when the page changes its library: what was checked is the old one's."""
        state.done = [*state.done]
        state = Checking(None, [], [])
        return self._shown(state) | {self.state: state}

    def stop(self, state: Checking) -> None:
        """Stop after the sentence that is being checked."""
        state.stopped = True

    def overrule(self, state: Checking, event: gr.EventData) -> Updates:
        """Replace a verdict with a person's, with a note, or take that back."""
        at = number(event._data, "sentence")
        verdict = verdict_named(field(event._data, "verdict"))
        note = field(event._data, "note")
        of = state.of
        if state.draft is None or of is None or at is None or not 0 <= at < len(state.done):
            return self._shown(state)
        if refused := self.rights.refusal("add"):
            return self._shown(state, message=refused)
        if verdict and not note:
            words = _("Say why in the note: it is kept with the verdict.")
            return self._shown(state, message=words)
        draft, done = state.draft, state.done
        checked = done[at]
        words = words_of(draft, checked)
        error = attempt(lambda: of.log.overrule(words, checked.verdict, verdict, note))
        if isinstance(error, UserError):
            return self._shown(state, message=str(error))
        done[at] = overruled_by(of.log.overruled(), draft, checked)
        shown = self._shown(state)
        return shown if state.done is done else self._nothing

    def _check(
        self, data: bytes, name: str, state: Checking, left_out: Sequence[str]
    ) -> Iterator[Updates]:
        """Check a text until another check begins, or the page changes its library."""
        done, state.stopped = [*state.done], False
        state.done = done
        for shown in self._checked(data, name, state, left_out):
            # An older check changes nothing: Gradio shows the last update once more at the end.
            yield shown if state.done is done else self._nothing

    def _checked(
        self, data: bytes, name: str, state: Checking, left_out: Sequence[str]
    ) -> Iterator[Updates]:
        done = state.done
        draft = attempt(lambda: load_bytes(data, name, limits=Limits(max_characters=LONGEST)))
        if isinstance(draft, UserError):
            yield self._shown(state, message=str(draft))
            return
        here, exclude = attempt(self.libraries.here), texts(left_out)
        if isinstance(here, UserError):
            yield self._shown(state, message=str(here))
            return
        if not here.library.titles(exclude):
            empty = _("There is no document to check a text against. Add one first.")
            none = _("No documents are selected. Tick one under Documents.")
            yield self._shown(state, message=empty if here.library.is_empty else none)
            return
        if state.done is not done:
            yield self._nothing
            return
        same = state.draft is not None and state.draft.id == draft.id and state.of is here
        if not same or len(done) == len(state.sentences):
            state.draft, state.sentences = draft, statements(draft)
            done.clear()
        state.of = here
        yield self._shown(state, runs=True)
        shown_at = time.monotonic()
        checking = here.assistant.check(draft, exclude=exclude, done=tuple(done))
        while state.done is done and not state.stopped:
            each = attempt(lambda: next(checking, None))
            if isinstance(each, UserError):
                yield self._shown(state, message=str(each))
                return
            if each is None:
                break
            done.append(each)
            # The whole text is redrawn each time, so a long one is updated less often.
            if time.monotonic() - shown_at > SECONDS * (1 + len(done) / 100):
                yield self._shown(state, runs=True)
                shown_at = time.monotonic()
        yield self._shown(state)

    def fail(self, state: Checking) -> Updates:
        """Say that a check ended in a bug of ours, and go on."""
        return self._shown(state, message=_(BUG))

    @property
    def _nothing(self) -> Updates:
        """An update that changes nothing, because there is something newer."""
        return {self.checked: gr.skip()}  # Gradio would take {} for a value.

    def _shown(self, state: Checking, *, runs: bool = False, message: str = "") -> Updates:
        """Show how far a text is checked, below a message if there is one."""
        files = self._written(state.draft, state.done) if state.draft and not runs else {}
        html = notice(message) if message else ""
        if state.draft:
            left = state.sentences[len(state.done) :]
            html += render_checked.checked(state.draft, state.done, left, runs=runs)
        return {
            self.checked: html or fixed.nothing_checked(),
            self.start: gr.Button(visible=not runs),
            self.end: gr.Button(visible=runs),
            self.row: gr.Row(visible=bool(files)),
            **files,
        }

    def _written(self, draft: Document, done: Sequence[Checked]) -> Updates:
        """Write what has been checked to files for download."""
        if not done:
            return {}
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        paths = {}
        for name, button in self.files.items():
            path = folder / f"checked{FORMATS[name].suffix}"
            write_whole(path, FORMATS[name].write(draft, done))
            paths[button] = gr.DownloadButton(value=str(path))
        return paths
