"""Who is answered: pages of the window itself, and programs that name it by its own address.

Any page that somebody opens can send requests to a server on the same machine, and a name that its
owner points there (DNS rebinding) lets it read what comes back. Such a request carries that name in
`Host`, or another page's address in `Origin`. Starlette's TrustedHostMiddleware looks at `Host`
alone, for names that are listed: it cannot let in all addresses, and asks for no `Origin`.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'{}; script-src-attr 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""What a page may do. Of the scripts that stand in it only those run that Gradio put there, which
are named by their hashes. Gradio makes functions of the scripts of our panels, and of the templates
of its components (`new Function`), which needs 'unsafe-eval'; it sets styles inline."""

HEADERS = {
    "Content-Security-Policy": POLICY.format(""),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # With less, forms would come from nowhere.
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every response says: the page talks to this server alone, and stands in no other page."""

_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


class Guard:
    """Answers requests to the window's own hosts that come from its own pages, or from no page."""

    def __init__(self, app: ASGIApp, names: Collection[str] = ()) -> None:
        """Stand before an application; `names` are hosts besides addresses and localhost."""
        self._app = app
        self._names = {"localhost", *(name.casefold() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        # What a proxy was called by, which Gradio makes addresses of.
        forwarded = headers.getlist("x-forwarded-host")
        if not all(map(self._is_own, [host, *forwarded])):
            words = f"This window is not called {host!r}. Its owner can name it so with --name."
            await PlainTextResponse(words, 421, HEADERS)(scope, receive, send)
        elif origin is not None and urlsplit(origin).netloc.casefold() != host.casefold():
            words = "Another page asks here, and only this window's own pages are answered."
            await PlainTextResponse(words, 403, HEADERS)(scope, receive, send)
        else:
            own = _with_headers(send)
            await self._app(scope, receive, _with_hashes(own) if scope["path"] == "/" else own)

    def _is_own(self, host: str) -> bool:
        """Whether a host is one of ours: an address cannot be pointed elsewhere, as a name can."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").casefold()
            return name in self._names or bool(ip_address(name))
        except ValueError:  # It is no host, or a name that is not ours.
            return False


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent


def _with_hashes(send: Send) -> Send:
    """Hold the start page back until it is whole, and name the scripts in it in its policy.

    What comes from outside stands in it as JSON that has no tags.
    """

    def named(start: Message, page: bytes) -> bytes:
        hashes = (
            b64encode(hashlib.sha256(script).digest()).decode() for script in _SCRIPT.findall(page)
        )
        policy = POLICY.format("".join(f" 'sha256-{each}'" for each in hashes))
        MutableHeaders(scope=start)["Content-Security-Policy"] = policy
        return page

    return held_back(send, named)


def held_back(send: Send, whole: Callable[[Message, bytes], bytes]) -> Send:
    """Hold a response back until it is whole, and send what is made of its start and its body."""
    start: Message = {}
    body = b""

    async def sent(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            start = message
            return
        body += message.get("body", b"")
        if message.get("more_body"):
            return
        made = whole(start, body)
        await send(start)
        await send({"type": "http.response.body", "body": made})

    return sent
