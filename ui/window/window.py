"""The chat window: documents, conversation, source.

The window is a thin face over `Assistant`: it asks, shows each step as it comes, and opens quotes
in their place. Each panel (`ui/panels/`) is a module with what runs in the browser beside it;
`window.css` is how it looks. Nothing is global: a conversation lives in the visitor's session.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

# Read when Gradio and the hub's client are imported: nothing is reported to anybody.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import gradio as gr
from starlette.middleware import Middleware

from index.errors import UserError
from index.loading.formats import MAX_BYTES
from rag.assistant import Assistant
from ui.conversations.exchange import Conversation
from ui.drawing import render
from ui.panels.answering import attempt
from ui.panels.checking import CheckPanel
from ui.panels.conversation import ConversationPanel
from ui.panels.documents import DocumentsPanel
from ui.panels.events import PRIVATE
from ui.panels.fetch import Fetch
from ui.panels.regression import RegressionPanel
from ui.panels.settings import SettingsForm
from ui.panels.source import SourcePanel
from ui.window.api import add_api, speak_json
from ui.window.guard import Guard
from ui.window.ports import PORTS, free_port
from ui.window.users import may_enter

_STYLE = Path(__file__).parent / "window.css"


def build_window(assistant: Assistant, fetch: Fetch | None = None) -> gr.Blocks:
    """Return the window as a Gradio app; `serve` shows it. It tells how far `fetch` is."""
    with gr.Blocks(
        title="Footnoted",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(3600, 3600),
    ) as blocks:
        add_api(assistant)  # Before the window's own events, which may not take its names.
        left_out = gr.State([])
        gr.HTML(render.HEADER, elem_id="top", apply_default_css=False)
        with gr.Row(elem_id="panels"):
            documents = DocumentsPanel(assistant, left_out)
            with documents.column:
                settings = SettingsForm(assistant)
            talk = ConversationPanel(assistant, left_out, settings.configured, fetch)
            checking = CheckPanel(assistant, left_out)
            SourcePanel(assistant)
            regression = RegressionPanel(assistant)

        def welcome_anew(conversation: Conversation) -> Any:
            return gr.skip() if conversation.exchanges else talk.welcome()

        def library_changed(event: Any) -> None:
            event.then(welcome_anew, talk.conversation, talk.current, **PRIVATE)

        documents.connect(library_changed)
        blocks.load(documents.listed, left_out, documents.documents, **PRIVATE)
        talk.connect(blocks)
        settings.connect()
        checking.connect()
        regression.connect()
    return blocks


def serve(
    assistant: Assistant,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    names: Sequence[str] = (),
    users: dict[str, tuple[bytes, bytes]] | None = None,
    fetch: Fetch | None = None,
    on_ready: Callable[[str], None],
) -> None:
    """Show the window at an address until Ctrl-C.

    `on_ready` is called with the address once it answers. Without a port, the first free one from
    7860 on is taken. What is answered are requests to addresses, to localhost, to the host and to
    other `names` (`guard.py`). With `users` (of `users.py`) everybody has to log in, and programs
    as well; there are no MCP tools then, because their clients cannot. What `fetch` brings is
    loaded when it is there.

    Raises UserError when the address cannot be listened at.
    """
    _no_proxy(host)
    blocks = build_window(assistant, fetch)
    address = _launch(
        blocks,
        host,
        port,
        auth=partial(may_enter, users) if users else None,
        mcp_server=not users,
        names=names,
    )
    if not users:
        speak_json(blocks)
    try:
        with suppress(KeyboardInterrupt):
            on_ready(address)
            threading.Thread(target=_load, args=(assistant, fetch), daemon=True).start()
            threading.Event().wait()
    finally:
        blocks.close(verbose=False)


def _launch(
    blocks: gr.Blocks, host: str, port: int | None, *, names: Sequence[str], **more: Any
) -> str:
    """Show the window at a port, or at the first free one; return its address.

    Raises UserError when it cannot be listened at.
    """
    style = _STYLE.read_text("utf-8")
    why: OSError | None = None
    for _ in range(PORTS if port is None else 1):
        chosen = free_port(host, port)
        try:
            with redirect_stdout(StringIO()):  # It tells of MCP there, whatever `quiet` says.
                _, address, _ = blocks.launch(
                    server_name=host,
                    server_port=chosen,
                    prevent_thread_lock=True,
                    quiet=True,
                    inbrowser=False,
                    share=False,
                    show_error=False,  # What a bug says is for the terminal.
                    footer_links=[],
                    run_history=False,
                    enable_monitoring=False,
                    ssr_mode=False,
                    pwa=False,
                    max_file_size=2 * MAX_BYTES,  # The loader says it in words from MAX_BYTES on.
                    theme=_theme(),
                    css=style,
                    # Anew for each try, since Gradio puts more into it.
                    app_kwargs={"middleware": [Middleware(Guard, names=(host, *names))]},
                    **more,
                )
        except OSError as error:  # Another program was quicker: look again.
            why = error
        else:
            return str(address)
    raise UserError(f"{host} cannot be listened at: give another port with --port.") from why


def _load(assistant: Assistant, fetch: Fetch | None) -> None:
    """Load the weights before they are asked for; what is wrong with them, the question tells."""
    attempt(assistant.load)
    if fetch:
        fetch.wait()
        attempt(assistant.load)


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
