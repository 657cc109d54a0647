"""The chat window: documents, conversation, source.

The window is a thin face over `Assistant`: it asks, shows each step as it comes (`ui/render.py`),
and opens quotes in their place. `ui/window.js` is what runs in the browser, `ui/window.css` how it
looks. Nothing is global: a conversation lives in the visitor's own session.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

# Read when Gradio and the hub's client are imported: nothing is reported to anybody.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import gradio as gr

from index.errors import UserError
from index.library import Added
from index.load import load, load_bytes
from index.load_formats import MAX_BYTES, one_line
from rag.answer import Answer, Quote
from rag.assistant import Assistant, Event, Found, Searching, Writing
from rag.condense import Turn
from ui import render

MAX_QUESTION = 2_000
"""Characters of a question; what a model reads well beside the quotes is far less."""

FIRST_PORT, PORTS = 7860, 100

AT_ONCE = 8
"""Answers made at the same time; further questions wait for their turn."""

BUG = "Something went wrong inside Footnoted. The terminal it was started from says what."

_FILES = Path(__file__).parent
_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_REMOVE_JS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-remove]');
  if (button && confirm(`Remove ${button.dataset.name} from the library?`)) {
    trigger('remove', {document: button.dataset.remove});
  }
});
"""
_HEADER = """<header><h1>Footnoted</h1><nav aria-label="Panels">
<button type="button" data-panel-button="documents">Documents</button>
<button type="button" data-panel-button="talk">Conversation</button>
<button type="button" data-panel-button="source">Source</button></nav></header>"""

Updates = dict[Any, Any]
"""What an event changes: components and their new values."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question of the conversation, what was answered, and how it is shown."""

    question: str
    answer: str
    html: str


def build_window(assistant: Assistant) -> gr.Blocks:
    """Return the window as a Gradio app; `serve` shows it."""
    return _Window(assistant).blocks


def serve(
    assistant: Assistant,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    on_ready: Callable[[str], None],
) -> None:
    """Show the window at an address until Ctrl-C.

    `on_ready` is called with the address once it answers. Without a port, the first free one from
    7860 on is taken.

    Raises UserError when the address cannot be listened at.
    """
    port = _free_port(host, port)
    _no_proxy(host)
    blocks = build_window(assistant)
    _, address, _ = blocks.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        inbrowser=False,
        share=False,
        show_error=False,  # What a bug says is for the terminal.
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        pwa=False,
        max_file_size=2 * MAX_BYTES,  # The loader says it in words from MAX_BYTES on.
        theme=_theme(),
        css=(_FILES / "window.css").read_text("utf-8"),
    )
    on_ready(address)
    # The first question should not wait for the weights; what is wrong with them, it will tell.
    threading.Thread(target=_told, args=(assistant.load,), daemon=True).start()
    try:
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    finally:
        blocks.close(verbose=False)


class _Window:
    """The components, and what happens at each event. One for all visitors: it keeps no state."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        with gr.Blocks(
            title="Footnoted",
            analytics_enabled=False,
            fill_width=True,
            delete_cache=(3600, 3600),
        ) as self.blocks:
            self.exchanges = gr.State([])
            self.answering = gr.State(None)
            gr.HTML(_HEADER, elem_id="top", apply_default_css=False)
            with gr.Row(elem_id="panels"):
                self._documents_panel()
                self._conversation_panel()
                self._source_panel()
            self._events()

    # --- what is on the page

    def _documents_panel(self) -> None:
        with gr.Column(elem_id="documents-panel"):
            gr.HTML("<h2>Documents</h2>", apply_default_css=False)
            self.documents = gr.HTML(
                self._documents,
                elem_id="documents",
                js_on_load=_REMOVE_JS,
                apply_default_css=False,
            )
            self.outcomes = gr.HTML(
                elem_id="outcomes",
                html_template='<div role="status" aria-live="polite">${value}</div>',
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

    def _conversation_panel(self) -> None:
        with gr.Column(elem_id="talk-panel"):
            with gr.Column(elem_id="conversation"):
                self.past = gr.HTML(elem_id="past", apply_default_css=False)
                self.current = gr.HTML(render.WELCOME, elem_id="current", apply_default_css=False)
            self.status = gr.HTML(
                elem_id="status",
                html_template='<div role="status" aria-live="polite">${value}</div>',
                apply_default_css=False,
            )
            with gr.Row(elem_id="ask"):
                self.question = gr.Textbox(
                    elem_id="question",
                    label="Question",
                    show_label=False,
                    container=False,
                    placeholder="Ask a question",
                    lines=1,
                    max_lines=8,
                    autofocus=True,
                )
                self.send = gr.Button("Ask", elem_id="send", variant="primary")
                self.stop = gr.Button("Stop", elem_id="stop", visible=False)

    def _source_panel(self) -> None:
        def open_place(place: Any) -> str:  # Gradio marks it, which no method bears.
            return self.open_place(_field(place, "document"), _field(place, "span"))

        with gr.Column(elem_id="source-panel"):
            gr.HTML("<h2>Source</h2>", apply_default_css=False)
            self.source = gr.HTML(
                render.NO_SOURCE,
                elem_id="source",
                js_on_load=(_FILES / "window.js").read_text("utf-8"),
                server_functions=[open_place],
                apply_default_css=False,
            )

    def _events(self) -> None:
        asked = [self.question, self.past, self.current, self.status, self.exchanges]
        asked += [self.answering, self.send, self.stop]
        private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        asking = gr.on(
            [self.question.submit, self.send.click],
            self.ask,
            [self.question, self.exchanges],
            asked,
            concurrency_limit=AT_ONCE,
            **private,
        )
        asking.failure(self.fail, [self.answering, self.exchanges], asked, **private)
        # Gradio's own `cancels` would wait for the step that is being made.
        self.stop.click(self.end, self.answering, None, **private)
        listed = [self.documents, self.outcomes, self.add, self.address]
        address = [self.address.submit, self.fetch.click]
        for changing in (
            self.add.upload(self.add_files, self.add, listed, **private),
            gr.on(address, self.add_address, self.address, listed, **private),
            self.documents.remove(self.remove, None, listed, **private),
        ):
            changing.failure(lambda: self._listed([(BUG, False)]), None, listed, **private)

    # --- the conversation

    def ask(self, question: str, exchanges: list[Exchange]) -> Iterator[Updates]:
        """Answer a question step by step, each step on the screen as soon as it is there."""
        question = (question or "").encode(errors="replace").decode().strip()
        if not question:
            yield {self.status: ""}
            return
        if len(question) > MAX_QUESTION:
            yield {
                self.status: render.notice(
                    f"A question can have up to {MAX_QUESTION:,} characters; this one has "
                    f"{len(question):,}. Shorten it and ask again."
                )
            }
            return
        answering = _Answering(question, self.assistant.stream(question, _history(exchanges)))
        shown = partial(render.unfinished, question)
        yield {
            self.question: "",
            self.past: "".join(exchange.html for exchange in exchanges),
            self.current: shown("Searching…"),
            self.status: render.quiet("Searching…"),
            self.answering: answering,
            self.send: gr.Button(visible=False),
            self.stop: gr.Button(visible=True),
        }
        quotes: tuple[Quote, ...] = ()
        for event in answering:
            match event:
                case Searching():
                    shown = partial(shown, standalone=event.question)
                    yield {self.current: shown("Searching…")}
                case Found():
                    quotes = event.quotes
                    shown = partial(shown, quotes=quotes)
                    progress = f"Reading {len(quotes)} passages…"
                    yield {self.current: shown(progress), self.status: render.quiet(progress)}
                case Writing():
                    yield {self.current: shown("", written=event.text)}
                case Answer():
                    html = render.answered(event)
                    yield self._done(exchanges, question, html, _summary(event), event.text)
                    return
                case UserError():
                    html = render.failed(question, str(event))
                    yield self._done(exchanges, question, html, str(event))
                    return
        yield self._done(exchanges, question, render.stopped(question, quotes), "Stopped.")

    def end(self, answering: _Answering | None) -> None:
        """Stop the answer that is being made."""
        if answering:
            answering.stop()

    def fail(self, answering: _Answering | None, exchanges: list[Exchange]) -> Updates:
        """Say that an answer ended in a bug of ours, and go on."""
        question = answering.question if answering else ""
        return self._done(exchanges, question, render.failed(question, BUG), BUG)

    def _done(
        self, exchanges: list[Exchange], question: str, html: str, spoken: str, answer: str = ""
    ) -> Updates:
        return {
            self.current: html,
            self.status: render.quiet(spoken),
            self.exchanges: [*exchanges, Exchange(question, answer, html)],
            self.answering: None,
            self.send: gr.Button(visible=True),
            self.stop: gr.Button(visible=False),
        }

    # --- the documents

    def add_files(self, paths: Sequence[str] | None, event: gr.EventData) -> Iterator[Updates]:
        """Add uploaded files; one that cannot be read is told, and the others go on."""
        names = _original_names(event)
        lines: list[tuple[str, bool]] = []
        for number, path in enumerate(paths or ()):
            name = names[number] if number < len(names) else Path(path).name
            yield from self._add(name, lines, partial(_read_upload, Path(path), name))
        yield self._listed(lines) | {self.add: None}

    def add_address(self, address: str) -> Iterator[Updates]:
        """Add what stands at a web address; never a file of this computer."""
        address = (address or "").strip()
        if not address:
            yield {self.outcomes: ""}
            return
        lines: list[tuple[str, bool]] = []
        yield from self._add(address, lines, partial(_fetch, address))
        yield self._listed(lines) | ({self.address: ""} if lines[-1][1] else {})

    def remove(self, event: gr.EventData) -> Updates:
        """Take a document out of the library."""
        document_id = _field(event._data, "document")
        error = _told(partial(self.assistant.library.remove, document_id))
        return self._listed([(str(error), False)] if error else [("Removed.", True)])

    def _add(
        self, name: str, lines: list[tuple[str, bool]], read: Callable[[], Any]
    ) -> Iterator[Updates]:
        """Read a document and put it into the library; what became of it is added to the lines."""
        name = one_line(name)
        reports: SimpleQueue[str | None] = SimpleQueue()

        def report(stage: str, done: int, total: int) -> None:
            reports.put(f"{name}: {stage} {done:,} of {total:,}" if done else f"{name}: {stage}")

        report("reading", 0, 1)
        with ThreadPoolExecutor(1) as pool:
            work = pool.submit(_told, lambda: self.assistant.library.add(read(), report))
            work.add_done_callback(lambda _: reports.put(None))
            while line := reports.get():
                yield {self.outcomes: render.outcomes([*lines, (line + " …", True)])}
        added = work.result()
        if isinstance(added, UserError):
            lines.append((str(added), False))
        else:
            lines.append((_became(added), True))

    def _listed(self, lines: Sequence[tuple[str, bool]]) -> Updates:
        return {self.documents: self._documents(), self.outcomes: render.outcomes(lines)}

    def _documents(self) -> str:
        entries = _told(self.assistant.library.entries)
        if isinstance(entries, UserError):
            return render.notice(str(entries))
        return render.documents(entries)

    # --- the source

    def open_place(self, document_id: str, place: str) -> str:
        """Return a document with a quote marked; the quote is proven again.

        `place` is "start-end", or nothing for the document alone. Both may come from anybody.
        """
        document = _told(partial(self.assistant.library.document, document_id))
        if isinstance(document, UserError):
            return render.no_source("This document is not in the library (any more).")
        name = one_line(document.name)
        if not document.sha256.startswith(document.id):
            return render.no_source(
                f"The stored text of {name} is not the one that was quoted. Remove it, and add the "
                "file again."
            )
        found = _SPAN.fullmatch(place)
        span = (int(found[1]), int(found[2])) if found else None
        if place and (span is None or not span[0] < span[1] <= len(document.text)):
            return render.no_source(f"There is no place {place} in {name}.")
        return render.source(document, span)


class _Answering:
    """An answer in the making, in a thread of its own, so that its visitor can stop it at once."""

    def __init__(self, question: str, events: Iterator[Event]) -> None:
        self.question = question
        self.stopped = False
        self._arrived: SimpleQueue[Event | UserError | None] = SimpleQueue()
        pool = ThreadPoolExecutor(1)
        self._work = pool.submit(self._run, events)
        self._work.add_done_callback(lambda _: self._arrived.put(None))
        pool.shutdown(wait=False)

    def __iter__(self) -> Iterator[Event | UserError]:
        """Yield what is made, as it comes; nothing more once it was stopped."""
        try:
            while not self.stopped and (event := self._arrived.get()) is not None:
                yield event
        except GeneratorExit:  # The visitor has left.
            self.stop()
            raise
        if not self.stopped:
            self._work.result()  # A bug is raised here.

    def stop(self) -> None:
        """Leave it: the step that is being made still ends, and no other begins."""
        self.stopped = True
        self._arrived.put(None)

    def _run(self, events: Iterator[Event]) -> None:
        while not self.stopped and (event := _told(partial(next, events, None))) is not None:
            self._arrived.put(event)


def _told(step: Callable[[], T]) -> T | UserError:
    """Return what a step returns, or the error that is meant for the visitor."""
    try:
        return step()
    except UserError as error:
        return error


def _history(exchanges: Sequence[Exchange]) -> list[Turn]:
    turns: list[Turn] = []
    for exchange in exchanges:
        if exchange.answer:
            turns += [("user", exchange.question), ("assistant", exchange.answer)]
    return turns


def _summary(answer: Answer) -> str:
    """Return an answer as a screen reader should speak it, without the footnotes' numbers."""
    if answer.refused:
        return answer.text
    return " ".join(sentence.text for sentence in answer.sentences if sentence.supported)


def _became(added: Added) -> str:
    name = one_line(added.document.name)
    if added.outcome == "unchanged":
        return f"{name}: unchanged"
    passages = "1 passage" if added.passages == 1 else f"{added.passages:,} passages"
    return f"{name}: {added.outcome}, {passages}"


def _read_upload(path: Path, name: str) -> Any:
    data = path.read_bytes()
    path.unlink(missing_ok=True)  # The library keeps the text; the upload is of no more use.
    return load_bytes(data, name)


def _fetch(address: str) -> Any:
    if not address.lower().startswith(("http://", "https://")):
        raise UserError("Give an address that starts with http:// or https://, or upload the file.")
    return load(address)


def _original_names(event: gr.EventData) -> list[str]:
    """Return what the uploaded files were called; Gradio strips signs from the names on disk."""
    data = event._data
    files = data if isinstance(data, list) else [data]
    return [str(file.get("orig_name") or "") for file in files if isinstance(file, dict)]


def _field(given: Any, name: str) -> str:
    """Return a field of what the browser sent, as one line; nothing where there is none."""
    return one_line(str(given.get(name) or "")) if isinstance(given, dict) else ""


def _theme() -> gr.themes.Base:
    """Return a plain theme with the system's own fonts: Gradio's would be fetched."""
    return gr.themes.Base(
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "Consolas", "monospace"],
    )


def _no_proxy(host: str) -> None:
    """Let Gradio reach its own address, which it asks for at the start, past a proxy."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (given, host, "127.0.0.1", "localhost")))


def _free_port(host: str, port: int | None) -> int:
    """Return the port, or the first free one from 7860 on.

    Raises UserError when it, or all of them, cannot be listened at.
    """
    wanted = range(FIRST_PORT, FIRST_PORT + PORTS) if port is None else [port]
    for each in wanted:
        try:
            family = socket.getaddrinfo(host, each, type=socket.SOCK_STREAM)[0][0]
            socket.create_server((host, each), family=family).close()
        except OverflowError:
            raise UserError(f"{each} is not a port: give one from 1 to 65535.") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                reason = error.strerror or error
                raise UserError(f"{host}:{each} cannot be listened at: {reason}.") from error
        else:
            return each
    if port is None:
        last = FIRST_PORT + PORTS - 1
        raise UserError(f"All ports from {FIRST_PORT} to {last} are in use: give one with --port.")
    raise UserError(f"Port {port} is in use already: give another one with --port.")
