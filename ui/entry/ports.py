"""The port that the window listens on. Gradio would look for a free one only on 127.0.0.1."""

from __future__ import annotations

import errno
import socket

from index.errors import UserError

FIRST_PORT, PORTS = 7860, 100


def free_port(host: str, port: int | None) -> int:
    """Return the port (any free one for 0), or the first free one from 7860 on.

    Raises UserError if that port, or all of them, cannot be listened on.
    """
    if port is not None and port not in range(65536):
        raise UserError(f"{port} is not a port: give one from 1 to 65535.")
    wanted = range(FIRST_PORT, FIRST_PORT + PORTS) if port is None else [port]
    for each in wanted:
        try:
            family = socket.getaddrinfo(host, each, type=socket.SOCK_STREAM)[0][0]
            with socket.create_server((host, each), family=family) as server:
                chosen: int = server.getsockname()[1]
                return chosen
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                reason = error.strerror or error
                raise UserError(f"Cannot listen on {host}:{each}: {reason}.") from error
    if port is None:
        last = FIRST_PORT + PORTS - 1
        raise UserError(f"All ports from {FIRST_PORT} to {last} are in use: give one with --port.")
    raise UserError(f"Port {port} is in use already: give another one with --port.")
