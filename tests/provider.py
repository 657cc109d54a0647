"""An OpenAI-compatible address whose words are given, as a server of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.serving import Request, serving


@dataclass
class Provider:
    """What it says, and what it was shown. Between two pieces it writes it waits for `go_on`."""

    url: str = ""
    copied: str = "NONE"
    written: Sequence[str] = ()
    keys: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)


@contextmanager
def provider(copied: str = "NONE", written: Sequence[str] = ()) -> Iterator[Provider]:
    """Listen on loopback until the end of the block."""
    made = Provider(copied=copied, written=written)

    def reply(request: Request) -> None:
        made.keys.append(request.headers["Authorization"])
        asked = request.json()
        made.shown.append(asked["messages"][-1]["content"])
        if not asked.get("stream"):
            request.answer(200, whole(made.copied), "application/json")
            return
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.end_headers()
        request.wfile.write(piece(""))
        for number, words in enumerate(made.written):
            if number:
                made.go_on.wait(60)
            request.wfile.write(piece(words))
        request.wfile.write(LAST)

    with serving(reply) as address:
        made.url = f"{address}/v1"
        try:
            yield made
        finally:
            made.go_on.set()


def whole(words: str) -> bytes:
    """Return an answer that comes at once."""
    message = {"role": "assistant", "content": words}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return _said("chat.completion", choice)


def piece(words: str, finish: str | None = None) -> bytes:
    """Return an event with a piece of an answer."""
    choice = {"index": 0, "delta": {"content": words}, "finish_reason": finish}
    return b"data: %b\n\n" % _said("chat.completion.chunk", choice)


def _said(kind: str, choice: dict[str, Any]) -> bytes:
    said = {"id": "1", "object": kind, "created": 0, "model": "elsewhere", "choices": [choice]}
    return json.dumps(said).encode()


LAST = piece("", finish="stop") + b"data: [DONE]\n\n"
