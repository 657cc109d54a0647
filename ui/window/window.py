"""The chat window: documents, conversation, source.

The window is a thin layer over `Assistant`: it asks, shows each step as it comes, and opens quotes
in their documents. Each panel (`ui/panels/`) is a module with a script for the browser next to it;
`window.css` is the style, `stream.js` keeps events from getting lost on their way back. Nothing is
global: a conversation lives in the visitor's session.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.middleware import Middleware

from index.errors import UserError
from index.loading.formats import MAX_BYTES
from rag.assistant import Assistant
from rag.config import Settings
from rag.opening import libraries as all_libraries
from ui.api.beside import Beside
from ui.api.functions import Functions
from ui.api.traces import start_traces
from ui.api.v1 import api
from ui.api.watch import PrometheusMetrics, Watch
from ui.conversations.exchange import Conversation
from ui.drawing import fixed, render
from ui.entry.guard import Guard
from ui.entry.login import Login, Proxy, who
from ui.entry.ports import PORTS, free_port
from ui.entry.routes import Routes
from ui.entry.users import RightsOf, User
from ui.panels.answering import attempt
from ui.panels.checking import CheckPanel
from ui.panels.conversation import ConversationPanel, put_list
from ui.panels.documents import DocumentsPanel
from ui.panels.events import ALWAYS_LAST, AT_ONCE, PRIVATE, RIGHTS, Rights, in_a_row
from ui.panels.fetch import Fetch
from ui.panels.libraries.menu import LibraryMenu
from ui.panels.libraries.opened import Libraries
from ui.panels.regression.panel import RegressionPanel
from ui.panels.settings import SettingsForm, titles
from ui.panels.source import SourcePanel
from ui.window.api import add_api, serve_mcp
from ui.window.translated import Translated

MOST_WAITING = 500
"""How many events may wait; whoever sends one more is told that there are too many."""

OPEN_SECONDS = 5
"""How many seconds the loading of the weights waits for the first page to open."""

_TURNED = "() => { document.dispatchEvent(new Event('footnoted:library')); }"
"""Tells the page's scripts that it has another library."""

_STYLE = Path(__file__).parent / "window.css"
_STREAM = Path(__file__).parent / "stream.js"


def build_window(
    assistant: Assistant,
    fetch: Fetch | None = None,
    users: Mapping[str, User] | None = None,
    on_open: Callable[[], None] = lambda: None,
    libraries: Libraries | None = None,
) -> gr.Blocks:
    """Return the window as a Gradio app, with the progress of `fetch`; `serve` shows it.

    With `users`, each may do what their rights say; without, everybody may do everything.
    `on_open` is called when a page has opened; `libraries` are shared with the API.
    """
    libraries = libraries or Libraries(assistant, rights_of(users, assistant.settings))
    rights = libraries.rights
    with gr.Blocks(
        title="Footnoted", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)
    ) as blocks:
        # Before the window's own events, so that those cannot take its names.
        add_api(Functions(assistant, rights))
        left_out = gr.JSON([], visible=False)
        with gr.Row(elem_id="top"):
            gr.HTML(fixed.header(), js_on_load=_STREAM.read_text("utf-8"), apply_default_css=False)
            user = _put_user() if users is not None else None
        with gr.Row(elem_id="panels"):
            with gr.Column(elem_id="documents-panel"):
                menu = LibraryMenu(libraries, rights)
                put_list()
                documents = DocumentsPanel(libraries, left_out, rights)
                gr.HTML(fixed.settings_button(), elem_id="open-settings", apply_default_css=False)
            settings = SettingsForm(assistant, rights)
            talk = ConversationPanel(libraries, left_out, settings.configured, rights, fetch)
            checking = CheckPanel(libraries, left_out, rights)
            SourcePanel(libraries)
            regression = RegressionPanel(libraries, left_out, talk.conversation, rights)

        def welcome_anew(conversation: Conversation) -> Any:
            return gr.skip() if conversation.exchanges else talk.welcome()

        def greet(request: gr.Request) -> str:
            may = sorted(each for each in RIGHTS if not rights.refusal(each))
            return render.user(request.username or "", may)

        last = PRIVATE | ALWAYS_LAST

        def turned(event: Any) -> None:
            event.then(checking.forget, checking.state, checking.shown, **last)
            if user:
                event.then(greet, None, user, **last)
            told = event.then(list, None, left_out, **last)
            told.then(None, js=_TURNED, **PRIVATE)
            documents.turn_behind(told)
            documents.tags.show_behind(told)

        if user:
            blocks.load(greet, None, user, **PRIVATE)
        documents.connect(blocks)
        tags = documents.tags
        for event in tags.connect(documents.documents, talk.asked):
            documents.look_behind(event)
            tags.show_behind(event)
        tags.show_behind(documents.chosen)
        tags.connect_shown(blocks.load, documents.documents.changed)
        menu.connect(documents.loaded, turned)
        welcome = in_a_row("opening") | ALWAYS_LAST
        documents.documents.changed(welcome_anew, talk.conversation, talk.opening, **welcome)
        blocks.load(on_open, None, None, **PRIVATE)
        talk.connect(blocks)
        settings.connect()
        checking.connect()
        regression.connect()
    return blocks.queue(max_size=MOST_WAITING)


def _put_user() -> gr.HTML:
    """Put the user and the log-out on the page; the style hides what this user may not do."""
    return gr.HTML(render.user("", ()), elem_id="user", apply_default_css=False)


def serve(
    assistant: Assistant,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    names: Sequence[str] = (),
    users: Mapping[str, User] | None = None,
    proxy: Proxy | None = None,
    fetch: Fetch | None = None,
    on_ready: Callable[[str], None],
) -> None:
    """Serve the window at an address until Ctrl-C.

    `on_ready` is called with the address once it answers. Without a port, the first free one from
    7860 on is used. Requests are answered if they name an IP address, localhost, the host or one of
    the other `names` (`guard.py`), and if the window needs their route (`routes.py`). With `users`
    (of `users.py`) everybody has to log in, and programs send a token or log in as well
    (`login.py`); with a `proxy`, those whom it names are logged in.
    The model that `fetch` downloads is loaded as soon as it is there.

    Raises UserError if the address cannot be listened on.
    """
    _no_proxy(host)
    opened = threading.Event()
    if proxy:
        # Else the server would give the client's address in place of the proxy's own.
        os.environ["FORWARDED_ALLOW_IPS"] = ""
        users = users if users is not None else {}
    start_traces()
    rights = rights_of(users, assistant.settings)
    libraries = Libraries(assistant, rights)
    blocks = build_window(assistant, fetch, users, opened.set, libraries)
    made = api(Functions(assistant, rights), libraries.first.runs)
    before = partial(
        _middleware, assistant, made, PrometheusMetrics(assistant), (host, *names), users, proxy
    )
    address = _launch(blocks, host, port, before, login=users is not None)
    serve_mcp(blocks)
    try:
        with suppress(KeyboardInterrupt):
            on_ready(address)
            threading.Thread(target=_load, args=(assistant, fetch, opened), daemon=True).start()
            threading.Event().wait()
    finally:
        blocks.close(verbose=False)


def _launch(
    blocks: gr.Blocks,
    host: str,
    port: int | None,
    middleware: Callable[[], list[Middleware]],
    *,
    login: bool,
) -> str:
    """Serve the window on a port, or on the first free one; return its address.

    Raises UserError if it cannot be listened on.
    """
    style = _STYLE.read_text("utf-8")
    why: OSError | None = None
    for _ in range(PORTS if port is None else 1):
        chosen = free_port(host, port)
        try:
            with redirect_stdout(StringIO()):  # Gradio prints about MCP, even if `quiet`.
                _, address, _ = blocks.launch(
                    server_name=host,
                    server_port=chosen,
                    prevent_thread_lock=True,
                    quiet=True,
                    inbrowser=False,
                    share=False,
                    show_error=False,  # Details of a bug are for the terminal.
                    footer_links=[],
                    run_history=False,
                    enable_monitoring=False,
                    ssr_mode=False,
                    pwa=False,
                    max_threads=2 * AT_ONCE,
                    max_file_size=2 * MAX_BYTES,  # From MAX_BYTES on the loader explains.
                    theme=_theme(),
                    css=style,
                    mcp_server=True,
                    auth_dependency=who if login else None,
                    # Made again for each try, since Gradio adds to it.
                    app_kwargs={"middleware": middleware()},
                )
        except OSError as error:  # Another program took the port: try again.
            why = error
        else:
            return str(address)
    raise UserError(f"Cannot listen on {host}: give another port with --port.") from why


def _middleware(
    assistant: Assistant,
    made: FastAPI,
    figures: PrometheusMetrics,
    names: Sequence[str],
    users: Mapping[str, User] | None,
    proxy: Proxy | None,
) -> list[Middleware]:
    """Return the middleware that each request passes, the outermost first."""
    login = [Middleware(Login, users=users, proxy=proxy)] if users is not None else []
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    settings = assistant.settings
    user = partial(render.user, "", ())
    parts: list[Callable[[], str]] = [*fixed.PARTS, user, *titles(assistant)]
    return [
        Middleware(Guard, names=names),
        Middleware(Translated, language=settings.language, parts=parts),
        Middleware(Watch, assistant=assistant),
        *login,
        Middleware(Beside, api=made, figures=figures),
        Middleware(Routes, folder=folder),
    ]


def rights_of(users: Mapping[str, User] | None, settings: Settings) -> Rights:
    """Return what each user may do; without a login, everybody may do everything.

    Raises UserError if the settings name readers or editors of a library that does not exist, since
    such a rule would protect nothing.
    """
    named = [*settings.readers, *settings.editors]
    if gone := sorted(set(named) - set(all_libraries(settings)) if named else ()):
        raise UserError(
            f"The settings name who may read or change the library “{gone[0]}”, which is not "
            "there. `footnoted libraries` lists those there are."
        )
    return Rights(None if users is None else RightsOf(users), settings)


def _load(assistant: Assistant, fetch: Fetch | None, opened: threading.Event) -> None:
    """Load the weights before they are needed; errors are left for the first question to show.

    This waits until a page has `opened`, which has the cores for itself until then.
    """
    opened.wait(OPEN_SECONDS)
    attempt(assistant.load)
    if fetch:
        fetch.wait()
        attempt(assistant.load)


def _theme() -> gr.themes.Base:
    """Return a plain theme with the system's own fonts: Gradio's would be downloaded.

    Its buttons change colour at once: while they fade from light to dark they cannot be read.
    """
    return gr.themes.Base(
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "Consolas", "monospace"],
    ).set(button_transition="none")


def _no_proxy(host: str) -> None:
    """Let Gradio bypass any proxy for its own address, which it requests at the start."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (given, host, "127.0.0.1", "localhost")))
