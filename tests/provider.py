"""An OpenAI-compatible address whose words are given, as a server of its own."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


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

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.keys.append(self.headers["Authorization"])
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.shown.append(asked["messages"][-1]["content"])
            self.send_response(200)
            if not asked.get("stream"):
                self._send("application/json", json.dumps(_whole(made.copied)))
                return
            self._send("text/event-stream", _piece(""))
            for number, words in enumerate(made.written):
                if number:
                    made.go_on.wait(60)
                self._write(_piece(words))
            self._write(_piece("", finish="stop") + "data: [DONE]\n\n")

        def _send(self, kind: str, body: str) -> None:
            self.send_header("Content-Type", kind)
            self.end_headers()
            self._write(body)

        def _write(self, body: str) -> None:
            self.wfile.write(body.encode())
            self.wfile.flush()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield made
        finally:
            made.go_on.set()
            server.shutdown()


def _whole(words: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": words}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    kind = "chat.completion"
    return {"id": "1", "object": kind, "created": 0, "model": "elsewhere", "choices": [choice]}


def _piece(words: str, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": {"content": words}, "finish_reason": finish}
    kind = "chat.completion.chunk"
    whole = {"id": "1", "object": kind, "created": 0, "model": "elsewhere", "choices": [choice]}
    return f"data: {json.dumps(whole)}\n\n"
