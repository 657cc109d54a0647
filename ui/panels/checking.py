"""The check view: a text, pasted or opened, is checked sentence by sentence against the library."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr

from index.atomic import write_whole
from index.documents import Document
from index.errors import UserError
from index.loading.load import load_bytes
from index.printable import title_line
from rag.assistant import Assistant
from rag.checking.draft import statements
from rag.checking.verdict import Checked
from ui.checked.export import FORMATS
from ui.drawing import checked as render_checked
from ui.drawing.render import notice
from ui.panels.answering import attempt
from ui.panels.events import AT_ONCE, BUG, PRIVATE, Updates

SECONDS = 0.4
"""Between two times that the page shows what has been checked meanwhile."""

LONGEST = 1_000_000
"""Characters of a text that are checked in the window."""

NAME = "text.txt"
"""What a text is called that was pasted."""

_SCRIPT = Path(__file__).parent / "checking.js"

_BAR = '<div class="bar"><h2>Check a text</h2></div>'

_FILES = {"markdown": "Markdown", "html": "HTML", "docx": "Word, with comments", "json": "JSON"}
"""The formats that a checked text can be taken along in, and what the buttons say."""


@dataclass
class Checking:
    """A visitor's text, and how far it has been checked."""

    draft: Document | None = None
    total: int = 0
    done: list[Checked] = field(default_factory=list)
    stopped: bool = False


class CheckPanel:
    """The components and their events; what is checked is the visitor's own."""

    def __init__(self, assistant: Assistant, left_out: gr.State) -> None:
        """Put the panel on the page; `left_out` holds the documents that are not asked."""
        self.assistant = assistant
        self.left_out = left_out
        self.state = gr.State(Checking())
        self._folder = tempfile.TemporaryDirectory()  # Goes with the program.
        with gr.Column(elem_id="check-panel"):
            self.bar = gr.HTML(
                _BAR,
                elem_id="check-bar",
                js_on_load=_SCRIPT.read_text("utf-8"),
                apply_default_css=False,
            )
            self.text = gr.Textbox(
                elem_id="draft",
                label="The text to check",
                show_label=False,
                container=False,
                lines=5,
                max_lines=12,
                placeholder="Paste a text",
            )
            with gr.Row(elem_id="check-row"):
                self.file = gr.UploadButton(
                    "Open a file", elem_id="open-draft", file_count="single", size="sm"
                )
                self.start = gr.Button("Check", elem_id="check", variant="primary")
                self.end = gr.Button("Stop", elem_id="stop-check", visible=False)
            with gr.Row(elem_id="checked-files", visible=False) as self.row:
                self.files = {
                    name: gr.DownloadButton(label, size="sm") for name, label in _FILES.items()
                }
            self.checked = gr.HTML(render_checked.EMPTY, elem_id="checked", apply_default_css=False)

    def connect(self) -> None:
        """Say what happens at each event."""
        shown = [self.checked, self.start, self.end, self.row, *self.files.values()]
        given = [self.text, self.state, self.left_out]
        for event in (
            self.start.click(self.check_text, given, shown, concurrency_limit=AT_ONCE, **PRIVATE),
            self.file.upload(
                self.check_file,
                [self.file, *given[1:]],
                shown,
                concurrency_limit=AT_ONCE,
                **PRIVATE,
            ),
        ):
            event.failure(lambda: self._told(BUG), None, shown, **PRIVATE)
        self.end.click(self.stop, self.state, None, **PRIVATE)

    def check_text(self, text: str, state: Checking, left_out: Sequence[str]) -> Iterator[Updates]:
        """Check what was pasted; the same text again goes on where it was stopped."""
        if not text.strip():
            yield self._told("There is no text: paste one, or open a file.")
            return
        yield from self._check(text.encode(), NAME, state, left_out)

    def check_file(self, path: str, state: Checking, left_out: Sequence[str]) -> Iterator[Updates]:
        """Check an uploaded file."""
        data = attempt(Path(path).read_bytes)
        if isinstance(data, UserError):
            yield self._told(str(data))
            return
        yield from self._check(data, title_line(Path(path).name), state, left_out)

    def stop(self, state: Checking) -> None:
        """Stop after the sentence that is being checked."""
        state.stopped = True

    def _check(
        self, data: bytes, name: str, state: Checking, left_out: Sequence[str]
    ) -> Iterator[Updates]:
        draft = attempt(lambda: load_bytes(data, name, max_characters=LONGEST))
        if isinstance(draft, UserError):
            yield self._told(str(draft))
            return
        if self.assistant.library.is_empty:
            yield self._told("There is no document to check a text against. Add one first.")
            return
        same = state.draft is not None and state.draft.id == draft.id
        if not same or len(state.done) == state.total:
            state.draft, state.total, state.done = draft, len(statements(draft)), []
        state.stopped = False
        shown_at = 0.0
        yield self._shown(state, runs=True)
        checking = self.assistant.check(draft, without=left_out, first=len(state.done))
        while not state.stopped:
            each = attempt(lambda: next(checking, None))
            if isinstance(each, UserError):
                yield self._told(str(each))
                return
            if each is None:
                break
            state.done.append(each)
            if time.monotonic() - shown_at > SECONDS:
                shown_at = time.monotonic()
                yield self._shown(state, runs=True)
        yield self._shown(state, runs=False) | self._written(state)

    def _written(self, state: Checking) -> Updates:
        """Write down what has been checked, for who wants to take it along."""
        if state.draft is None or not state.done:
            return {}
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        paths = {}
        for name, button in self.files.items():
            path = folder / f"checked{FORMATS[name].suffix}"
            write_whole(path, FORMATS[name].write(state.draft, state.done))
            paths[button] = gr.DownloadButton(value=str(path))
        return {**paths, self.row: gr.Row(visible=True)}

    def _shown(self, state: Checking, *, runs: bool) -> Updates:
        draft = state.draft
        html = (
            render_checked.checked(draft, state.done, state.total, runs=runs)
            if draft
            else render_checked.EMPTY
        )
        return {
            self.checked: html,
            self.start: gr.Button(visible=not runs),
            self.end: gr.Button(visible=runs),
            self.row: gr.Row(visible=False),
        }

    def _told(self, message: str) -> Updates:
        return {
            self.checked: notice(message),
            self.start: gr.Button(visible=True),
            self.end: gr.Button(visible=False),
            self.row: gr.Row(visible=False),
        }
