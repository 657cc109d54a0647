"""OpenTelemetry traces, if it is installed and the environment names a collector.

Each line that the program logs (`rag/trace.py`) becomes a span, with its steps as events. Spans
hold numbers and names of models, never texts.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from index.errors import UserError
from rag.trace import LOGGER

_NAMED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def start_traces() -> None:
    """Send spans to the collector that the environment names, if it names one.

    Raises UserError if one is named and OpenTelemetry is not installed.
    """
    named = next((name for name in _NAMED if os.environ.get(name)), None)
    if named is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise UserError(
            f"{named} is set, and OpenTelemetry is not installed: unset it, or install "
            "opentelemetry-sdk and opentelemetry-exporter-otlp-proto-grpc."
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "footnoted"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    Spans(provider)


class Spans(logging.Handler):
    """Log handler that turns each logged line into a span."""

    def __init__(self, provider: Any) -> None:
        """Attach to the log; `provider` is OpenTelemetry's provider of tracers."""
        super().__init__(logging.INFO)
        self._tracer = provider.get_tracer("footnoted")
        logging.getLogger(LOGGER).addHandler(self)
        logging.getLogger(LOGGER).setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Turn a line into a span."""
        fields: dict[str, Any] | None = getattr(record, "line", None)
        if fields is None:
            return
        ends = int(record.created * 1e9)
        began = ends - int(fields["timings"]["total_s"] * 1e9)
        span = self._tracer.start_span(record.getMessage(), start_time=began)
        for name, value in fields.items():
            if isinstance(value, str | bool | int | float):
                span.set_attribute(f"footnoted.{name}", value)
        for name, model in (fields.get("models") or {}).items():
            span.set_attribute(f"footnoted.model.{name}", model or "none")
        for name, seconds in fields["timings"].items():
            if name != "total_s":
                span.add_event(name.removesuffix("_s"), timestamp=began + int(seconds * 1e9))
        span.end(ends)
