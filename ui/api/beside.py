"""Routing to the API: next to the window, behind the login, before Gradio's own routes."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.api.watch import PrometheusMetrics
from ui.entry.routes import LONGEST, refused_length

FORM = 10_000
"""Bytes that an upload's form may have in addition to the file."""


class Beside:
    """ASGI middleware that passes `/v1/…` and `/metrics` to the API, and the rest to the window."""

    def __init__(self, app: ASGIApp, api: FastAPI, figures: PrometheusMetrics) -> None:
        """Wrap the window's application."""
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
        elif scope["method"] in ("POST", "PUT", "PATCH"):
            answer = refused_length(scope, LONGEST + FORM) or self._api
        await answer(scope, receive, send)


def _is_ours(path: str) -> bool:
    return path.startswith("/v1/") or path in ("/v1", "/metrics")
