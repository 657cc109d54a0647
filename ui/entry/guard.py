"""Only the window's own pages, and programs that use its own address, are answered.

Any page that somebody opens can send requests to a server on the same machine, and by pointing a
name of its own there (DNS rebinding) it can even read the responses. Such a request carries that
name in `Host`, or the other page's address in `Origin`. Starlette's TrustedHostMiddleware checks
only `Host`, against listed names: it cannot allow all IP addresses, and ignores `Origin`.
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
"""What a page may do. Of its inline scripts, only those that Gradio put there run: they are listed
by their hashes. Gradio compiles our panels' scripts and its components' templates at run time
(`new Function`), which needs 'unsafe-eval', and it sets styles inline."""

HEADERS = {
    "Content-Security-Policy": POLICY.format(""),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # A stricter one would send forms with “Origin: null”.
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Sent with every response: the page talks to this server only, and no page may frame it."""

_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


class Guard:
    """Answers requests to the window's own hosts that come from its own pages, or from no page."""

    def __init__(self, app: ASGIApp, names: Collection[str] = ()) -> None:
        """Wrap an application; `names` are hosts allowed besides IP addresses and localhost."""
        self._app = app
        self._names = {"localhost", *(name.casefold() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        # The name under which a proxy was called: Gradio builds addresses from it.
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
        """Whether a host is ours: one of the names, or an IP address, which cannot be rebound."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").casefold()
            return name in self._names or bool(ip_address(name))
        except ValueError:  # Not a host, or a name that is not ours.
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
    """Buffer the start page, and list the hashes of its inline scripts in its policy.

    Data from outside is in the page only as JSON without tags.
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
    """Buffer a response; send its start and the body that `whole` makes from both."""
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
