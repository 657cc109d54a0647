"""The HTTP client for a language model's address, which may be slow, broken or hostile.

A server may send any amount of headers and words for any time. Here, a response that is too large
or takes too long as a whole is an error, whichever part of it is to blame.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

MOST_BYTES = 1_000_000
"""The most bytes of one response with its headers; answers are a few thousand characters."""

WHOLE = 5
"""The time limit of a whole response, as a multiple of the limit for the next words."""


class ProtocolError(httpx.TransportError):
    """The response is not what was asked for; asking again would not help."""


def bounded_client(address: str, seconds: float) -> httpx.Client:
    """Return a client for one address that waits at most `seconds` for the next words.

    It does not follow redirects: the key and the quotes are meant for this address only. It uses
    the environment's proxy, but not for this machine.
    """
    return httpx.Client(
        transport=_Transport(_proxy(address), WHOLE * seconds),
        timeout=seconds,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [_refuse_compressed]},
    )


def _proxy(address: str) -> httpcore.Proxy | None:
    """Return the environment's proxy for an address; None for this machine."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host in ("localhost", "127.0.0.1", "::1") or proxy_bypass(host):
        return None
    proxies = getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    if not named:
        return None
    proxy = httpx.Proxy(named)  # It separates the name and the password from the address.
    return httpcore.Proxy(str(proxy.url), proxy.raw_auth)


def _refuse_compressed(response: httpx.Response) -> None:
    """Raise ProtocolError if a response is compressed: few bytes could expand to any size."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProtocolError("it sent a compressed answer, which was not requested")


class _Transport(httpx.BaseTransport):
    """Does what `httpx.HTTPTransport` does, over bounded connections.

    That class cannot be given connections of one's own, and httpx's hooks only see a response after
    all its headers have arrived.
    """

    def __init__(self, proxy: httpcore.Proxy | None, seconds: float) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            proxy=proxy,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,  # Seconds. All three are httpx's own.
            network_backend=_Backend(seconds),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _errors_of_httpx():
            answer = self._pool.handle_request(asked)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=dict(answer.extensions),
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The streamed body of a response."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Re-raise errors of httpcore as httpx's errors of the same names."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


class _Backend(httpcore.SyncBackend):
    """Connects as usual, but returns bounded streams."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def connect_tcp(self, *given: Any, **more: Any) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(*given, **more), self._seconds)


class _Stream(httpcore.NetworkStream):
    """A connection on which each response is limited in bytes and in time since the request."""

    def __init__(self, stream: httpcore.NetworkStream, seconds: float) -> None:
        self._stream = stream
        self._seconds = seconds
        self._until = 0.0
        self._left = 0

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._until, self._left = time.monotonic() + self._seconds, MOST_BYTES
        self._stream.write(buffer, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = max(self._until - time.monotonic(), 0.001)
        try:
            data = self._stream.read(max_bytes, left if timeout is None else min(timeout, left))
        except httpcore.ReadTimeout:
            if time.monotonic() < self._until:
                raise
            data = b""
        if time.monotonic() >= self._until:
            raise httpcore.ReadTimeout(f"one answer took longer than {self._seconds:g} seconds")
        self._left -= len(data)
        if self._left < 0:
            raise ProtocolError(f"one answer was longer than {MOST_BYTES:,} bytes")
        return data

    def start_tls(self, *given: Any, **more: Any) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(*given, **more), self._seconds)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
