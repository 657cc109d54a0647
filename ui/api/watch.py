"""Monitoring: whether the program is alive and ready, and its metrics for Prometheus.

Metrics are counted from the lines that the program logs (`rag/trace.py`), so that questions from
the window, the API and MCP are counted alike. They hold numbers, never texts.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import UserError
from index.weights.catalogue import CATALOGUE
from index.weights.download import state
from rag.assistant import Assistant
from rag.trace import LOGGER

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Watch:
    """Answers `/health` and `/ready`, which need no login."""

    def __init__(self, app: ASGIApp, assistant: Assistant) -> None:
        """Wrap an application that requires a login."""
        self._app = app
        self._assistant = assistant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer requests for these two paths, and pass on the rest."""
        asked = scope["path"] if scope["type"] == "http" else ""
        app: ASGIApp = self._app
        if asked == "/health":
            app = JSONResponse({"status": "alive"})
        elif asked == "/ready":
            wrong = not_ready(self._assistant)
            status = {"status": "not ready" if wrong else "ready", "wrong": wrong}
            app = JSONResponse(status, 503 if wrong else 200)
        await app(scope, receive, send)


def not_ready(assistant: Assistant) -> list[str]:
    """Return what keeps the program from answering, one sentence each."""
    settings = assistant.settings
    wrong = [
        f"The weights of {name} are not here: `footnoted models pull {name}`."
        for name in (settings.embedding, settings.cross_encoder)
        if name in CATALOGUE and state(name, settings.models) != "ready"
    ]
    try:
        assistant.library.entries()
    except UserError as error:
        wrong.append(str(error))
    return wrong


class PrometheusMetrics(logging.Handler):
    """Log handler that counts what is logged."""

    def __init__(self, assistant: Assistant) -> None:
        """Create the metrics, and attach to the log."""
        super().__init__(logging.INFO)
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"footnoted_{name}", meaning, labels, registry=registry)

        self._questions = counter("questions", "Questions, by what became of them.", "outcome")
        self._refusals = counter("refusals", "Questions that were refused, by why.", "reason")
        self._sentences = counter("checked_sentences", "Sentences checked, by verdict.", "verdict")
        self._translations = counter(
            "translations", "Quotes to translate, by what became of them.", "outcome"
        )
        self._changes = counter("library_changes", "Changes to the library, by outcome.", "outcome")
        self._errors = counter(
            "errors", "What failed, by event and kind of error.", "event", "error"
        )
        self._seconds = Histogram(
            "footnoted_step_seconds",
            "Seconds from a question on until a step was done.",
            ("step",),
            buckets=_SECONDS,
            registry=registry,
        )
        waiting = Gauge("footnoted_waiting", "Questions that wait for a core.", registry=registry)
        waiting.set_function(lambda: assistant.waiting)
        documents = Gauge("footnoted_documents", "Documents in the library.", registry=registry)
        documents.set_function(lambda: _documents(assistant))
        logging.getLogger(LOGGER).addHandler(self)
        logging.getLogger(LOGGER).setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Count a line."""
        fields: Mapping[str, Any] | None = getattr(record, "line", None)
        if fields is None:
            return
        event, outcome = record.getMessage(), str(fields["outcome"])
        if outcome == "failed":
            self._errors.labels(event, str(fields.get("error"))).inc()
        if event == "ask":
            self._questions.labels(outcome).inc()
            if outcome == "refused":
                self._refusals.labels(str(fields.get("reason"))).inc()
            for name, seconds in fields["timings"].items():
                self._seconds.labels(name.removesuffix("_s")).observe(seconds)
        elif event == "check":
            for verdict, count in fields.get("verdicts", {}).items():
                self._sentences.labels(verdict).inc(count)
        elif event == "translate":
            self._translations.labels(outcome).inc()
        else:
            self._changes.labels(outcome).inc()

    def response(self) -> Response:
        """Return the metrics in Prometheus's text format."""
        return Response(
            generate_latest(self.registry), media_type="text/plain; version=0.0.4; charset=utf-8"
        )


def _documents(assistant: Assistant) -> float:
    try:
        return len(assistant.library.entries())
    except UserError:
        return float("nan")
