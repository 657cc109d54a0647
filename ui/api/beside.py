"""Where the API stands: beside the window, behind the login, before Gradio's own routes."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.api.watch import Figures
from ui.entry.login import refusal
from ui.entry.routes import LONGEST, content_length

FORM = 10_000
"""Bytes that a file's form has beyond the file."""


class Beside:
    """Gives `/v1/…` and `/metrics` to the API; the rest is the window's."""

    def __init__(self, app: ASGIApp, api: FastAPI, figures: Figures) -> None:
        """Stand before the window."""
        self._app = app
        self._api = api
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http" or not _is_ours(scope["path"]):
            await self._app(scope, receive, send)
            return
        answer: ASGIApp = self._api
        if scope["path"] == "/metrics":
            answer = self._figures.response()
        elif refused := _refusal(scope):
            answer = refused
        await answer(scope, receive, send)


def _is_ours(path: str) -> bool:
    return path.startswith("/v1/") or path in ("/v1", "/metrics")


def _refusal(scope: Scope) -> Response | None:
    """Return what is said to a request without a length, or that is too long."""
    if scope["method"] not in ("POST", "PUT", "PATCH"):
        return None
    length = content_length(scope)
    if length is None:
        return refusal("Say how long the request is.", 411)
    if length > LONGEST + FORM:
        return refusal(f"A request has up to {LONGEST:,} bytes.", 413)
    return None
