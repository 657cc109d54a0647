"""An allowlist of Gradio's routes: only those that the window and programs need are answered.

Gradio's server can do much more: serve files, fetch addresses, reload, show what was called, write
code. Those routes are answered as if they did not exist. Three limits apply to the allowed ones:
requests have a maximum size, files must be this program's own, and sessions the user's own.
"""

from __future__ import annotations

import json
import re
import time
from collections import OrderedDict
from math import inf
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from gradio_client.utils import is_file_obj_with_meta, traverse
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.loading.formats import MAX_BYTES
from ui.entry.login import content_length, refusal, who

_API = "/gradio_api/"
_READ = re.compile(
    r"/|/config|/theme\.css|/favicon\.ico|/manifest\.json|/(assets|static)/.+"
    rf"|{_API}(info|app_id|startup-events|queue/data|upload_progress|heartbeat/[^/]+|call/(v2/)?\w+/\w+|file=.+)"
)
_WRITE = re.compile(
    rf"{_API}(queue/join|upload|component_server/?|cancel|reset/?|call/(v2/)?\w+/?|mcp/?)"
)
_ROUTES = {"GET": _READ, "HEAD": _READ, "POST": _WRITE, "DELETE": re.compile(rf"{_API}mcp/?")}

LONGEST = MAX_BYTES
"""The most bytes of a request that is not an upload."""

UPLOADS = 50 * MAX_BYTES
"""The most bytes of all files in the folder of uploads."""

KEPT = 3600
"""Seconds after which an uploaded file is deleted to make room."""

SESSIONS = 1_000
"""How many sessions of a user are remembered."""

NOTHING = "There is nothing here."


class Routes:
    """ASGI middleware that passes on the allowed requests, and refuses the rest."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        """Wrap Gradio's application, whose uploads and other files are in `folder`."""
        self._app = app
        self._folder = folder.resolve()
        self._sessions: dict[str | None, OrderedDict[str, None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":  # Gradio has none.
            await send({"type": "websocket.close", "code": 1008})
        else:
            refused, received = await self._refusal(scope, receive)
            await (refused or self._app)(scope, received, send)

    async def _refusal(self, scope: Scope, receive: Receive) -> tuple[Response | None, Receive]:
        method, path = scope["method"], scope["path"]
        allowed = [each for each, paths in _ROUTES.items() if paths.fullmatch(path)]
        if method not in allowed:  # MCP clients ask for a stream, and accept 405.
            status, headers = (405, {"Allow": ", ".join(allowed)}) if allowed else (404, None)
            return refusal(NOTHING, status, headers), receive
        if path.startswith(f"{_API}file=") and not self._is_own(path.split("=", 1)[1]):
            return refusal(NOTHING, 404), receive
        named = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [])
        if path.startswith(f"{_API}heartbeat/"):
            named.append(path.rsplit("/", 1)[1])
        if method == "POST":
            upload = path == f"{_API}upload"
            if refused := refused_length(scope, inf if upload else LONGEST):
                return refused, receive
            if upload:
                if self._used() + (content_length(Headers(scope=scope)) or 0) > UPLOADS:
                    words = "There are too many uploads at the moment: try again later."
                    return refusal(words, 413), receive
            else:
                data, receive = await _whole(receive)
                try:
                    body = json.loads(data) if data else {}
                    traverse(body, self._check_file, is_file_obj_with_meta)
                except PermissionError:
                    return refusal(NOTHING, 404), receive
                except (ValueError, RecursionError, AttributeError):
                    return refusal("The request is not JSON.", 400), receive
                if isinstance(body, dict) and body.get("session_hash") is not None:
                    named.append(str(body["session_hash"]))
        if not all(self._is_theirs(who(HTTPConnection(scope)), each) for each in named):
            return refusal("This session is somebody else's.", 403), receive
        return None, receive

    def _is_own(self, path: str) -> bool:
        """Whether a path leads into the folder, and not elsewhere or to an address."""
        try:
            return Path(path).resolve().is_relative_to(self._folder)
        except (OSError, ValueError):
            return False

    def _check_file(self, file: dict[str, Any]) -> dict[str, Any]:
        """Raise PermissionError for a file that a request names without having uploaded it.

        Gradio would fetch it, if it is an address.
        """
        if not self._is_own(file["path"]):
            raise PermissionError(file["path"])
        return file

    def _is_theirs(self, user: str | None, session: str) -> bool:
        """Whether a session is a user's: it belongs to the user who named it first.

        Browsers choose its name at random, so that only its owner knows it. Without a login, all
        sessions belong to the same user, None.
        """
        if any(session in theirs for other, theirs in self._sessions.items() if other != user):
            return False
        mine = self._sessions.setdefault(user, OrderedDict())
        mine[session] = None
        mine.move_to_end(session)
        if len(mine) > SESSIONS:
            mine.popitem(last=False)
        return True

    def _used(self) -> int:
        """Delete old files from the folder, and return the bytes of the rest."""
        used = 0
        for path in self._folder.rglob("*"):
            try:
                found = path.stat()
                if path.is_file() and time.time() - found.st_mtime > KEPT:
                    path.unlink()
                else:
                    used += found.st_size
            except FileNotFoundError:  # It was deleted a moment ago.
                continue
        return used


def refused_length(scope: Scope, most: float) -> Response | None:
    """Return the refusal of a request without a length or with more than `most` bytes."""
    length = content_length(Headers(scope=scope))
    if length is None:
        return refusal("Say how long the request is.", 411)
    if length > most:
        return refusal(f"A request has up to {most:,} bytes.", 413)
    return None


async def _whole(receive: Receive) -> tuple[bytes, Receive]:
    """Return the body of a request, and a `receive` that replays it to the application."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    data = b"".join(parts)
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": data, "more_body": False}

    return data, again
