"""The page in the language of its visitor.

Gradio describes all components once, in English, and `gr.I18n` would let only the browser choose
the language of their labels. So the page is translated as it is sent: a setting can then override
the browser, and the texts of labels, scripts and handlers are all in one language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.entry.guard import held_back
from ui.words.languages import ENGLISH, negotiated, speaking
from ui.words.words import _, for_scripts

_CONFIG = re.compile(rb"(window\.gradio_config = )(\{.*?\})(;</script>)", re.DOTALL)
_TEXTS = ("label", "placeholder", "info", "html_template")
_WITH_VALUES = ("button", "downloadbutton", "html", "uploadbutton")
"""The components whose value is a text of ours, and never a visitor's."""


class Translated:
    """ASGI middleware that serves everything in one language: the setting's or the browser's."""

    def __init__(
        self, app: ASGIApp, language: str | None = None, parts: Sequence[Callable[[], str]] = ()
    ) -> None:
        """Wrap an application; `parts` are functions that draw the composed parts of the page."""
        self._app = app
        self._language = language
        with speaking(ENGLISH):
            self._parts = {make(): make for make in parts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on in its language, and translate the page if that is what it asks for."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._language:
            scope = _in(self._language, scope)
        language = negotiated(Headers(scope=scope).get("accept-language", ""))
        translate = {"/": self._page, "/config": self._config}.get(scope["path"])
        if translate and language != ENGLISH and scope["method"] == "GET":
            send = _changed(send, lambda body: translate(body, language))
        await self._app(scope, receive, send)

    def _page(self, page: bytes, language: str) -> bytes:
        """Return Gradio's page in a language; the login page was already drawn in it."""
        found = _CONFIG.search(page)
        if not found:
            return page
        config = _without_tags(self._config(found[2], language))
        page = page[: found.start(2)] + config + page[found.end(2) :]
        words = _without_tags(for_scripts(language).encode())
        script = b'<script type="application/json" id="words">' + words + b"</script></head>"
        page = page.replace(b"</head>", script, 1)
        return page.replace(b'lang="en"', f'lang="{language}"'.encode(), 1)

    def _config(self, config: bytes, language: str) -> bytes:
        """Return Gradio's description of the components in a language."""
        told = json.loads(config)
        with speaking(language):
            for component in told.get("components", ()) if isinstance(told, dict) else ():
                self._translate(component["type"], component["props"])
        return json.dumps(told, ensure_ascii=False).encode()

    def _translate(self, kind: str, props: dict[str, Any]) -> None:
        names = (*_TEXTS, "value") if kind in _WITH_VALUES else _TEXTS
        for name in names:
            if isinstance(props.get(name), str):
                props[name] = self._said(props[name])
        if kind == "radio":  # Only the labels are translated, not the values.
            props["choices"] = [[self._said(name), value] for name, value in props["choices"]]

    def _said(self, english: str) -> str:
        make = self._parts.get(english)
        return make() if make else _(english)


def _in(language: str, scope: Scope) -> Scope:
    """Return a request as if its browser had asked for a language."""
    others = [each for each in scope["headers"] if each[0] != b"accept-language"]
    return {**scope, "headers": [*others, (b"accept-language", language.encode())]}


def _changed(send: Send, change: Callable[[bytes], bytes]) -> Send:
    """Buffer a response, and send it with its body changed."""

    def whole(start: Message, body: bytes) -> bytes:
        changed = change(body) if start["status"] == 200 else body
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(changed))
        headers.add_vary_header("Accept-Language")
        return changed

    return held_back(send, whole)


def _without_tags(data: bytes) -> bytes:
    """Escape JSON for use inside a page: nothing in it can begin or end an element."""
    for sign in b"<>&'":
        data = data.replace(bytes([sign]), b"\\u%04x" % sign)
    return data
