"""The page in the language of its visitor.

Gradio says once what all components are, in English, and `gr.I18n` would have the browser alone
choose the language of their labels. So the page is translated as it goes out: a setting can
overrule the browser then, and labels, what scripts say and what handlers send speak one language.
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
    """Has the page and all that is asked of it in one language: the setting's, or the browser's."""

    def __init__(
        self, app: ASGIApp, language: str | None = None, parts: Sequence[Callable[[], str]] = ()
    ) -> None:
        """Stand before an application; `parts` make what on the page is put together."""
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
        """Return the page of Gradio's in a language; the login's page is drawn in its own."""
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
        """Return what Gradio says of the components, in a language."""
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
        if kind == "radio":  # What is chosen stays what it was, whatever it is called.
            props["choices"] = [[self._said(name), value] for name, value in props["choices"]]

    def _said(self, english: str) -> str:
        make = self._parts.get(english)
        return make() if make else _(english)


def _in(language: str, scope: Scope) -> Scope:
    """Return a request as if its browser had asked for a language."""
    others = [each for each in scope["headers"] if each[0] != b"accept-language"]
    return {**scope, "headers": [*others, (b"accept-language", language.encode())]}


def _changed(send: Send, change: Callable[[bytes], bytes]) -> Send:
    """Send a response changed, once it is whole."""

    def whole(start: Message, body: bytes) -> bytes:
        changed = change(body) if start["status"] == 200 else body
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(changed))
        headers.add_vary_header("Accept-Language")
        return changed

    return held_back(send, whole)


def _without_tags(data: bytes) -> bytes:
    """Return JSON that can stand in a page: nothing in it begins or ends an element."""
    for sign in b"<>&'":
        data = data.replace(bytes([sign]), b"\\u%04x" % sign)
    return data
