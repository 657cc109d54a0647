"""A server on loopback, for as long as a test needs one."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Request(http.server.BaseHTTPRequestHandler):
    """A request, and how it is answered. Nothing is said on stderr."""

    def __init__(self, reply: Callable[[Request], None], *given: object) -> None:
        self.reply = reply
        super().__init__(*given)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.reply(self)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def json(self) -> Any:
        """Read what was sent."""
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(
        self,
        status: int,
        body: bytes = b"",
        kind: str = "text/plain",
        reason: str | None = None,
        **headers: str,
    ) -> None:
        """Send a whole answer. A header that is given takes the place of the one it would have."""
        about = {"Content-Type": kind, "Content-Length": str(len(body)), **headers}
        self.send_response(status, reason)
        for name, value in about.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    """A server at which many may come in one moment: by itself it turns away all but five."""

    request_queue_size = 128


@contextmanager
def serving(reply: Callable[[Request], None]) -> Iterator[str]:
    """Serve until the end of the block, and give the server's address."""
    handler = functools.partial(Request, reply)
    with Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
