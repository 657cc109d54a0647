"""The connection to a language model's address, which may be slow, broken or hostile.

A server says as much as it likes for as long as it likes, be it headers or words. What is too much,
or takes too long in all, is an error here, whatever part of an answer it was.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

MOST_BYTES = 1_000_000
"""Of one answer with its headers; the words that are asked for are a few thousand."""

WHOLE = 5
"""How many times as long as the next words the whole of an answer may take."""


class ProtocolError(httpx.TransportError):
    """What was said is not what was asked for: asking again would not mend it."""


def bounded_client(address: str, seconds: float) -> httpx.Client:
    """Return a client for one address that waits so many seconds for the next words.

    It follows no redirects: the key and the quotes are for this address. The environment's proxy is
    used, but not for this machine.
    """
    transport = httpx.HTTPTransport(proxy=_proxy(address))
    transport._pool._network_backend = _Backend(WHOLE * seconds)
    return httpx.Client(
        transport=transport,
        timeout=seconds,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [_refuse_compressed]},
    )


def _proxy(address: str) -> str | None:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host in ("localhost", "127.0.0.1", "::1") or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _refuse_compressed(response: httpx.Response) -> None:
    """Raise where an answer is compressed: a few bytes of it can be any number of words."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProtocolError("it answers compressed, which was not asked for")


class _Backend(httpcore.SyncBackend):
    """Connects as usual, to streams that are bounded."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def connect_tcp(self, *given: Any, **more: Any) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(*given, **more), self._seconds)


class _Stream(httpcore.NetworkStream):
    """A connection on which each answer, from the request on, is bounded in bytes and in time."""

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
