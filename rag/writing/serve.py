"""The language model as a server of its own, which windows elsewhere ask by FOOTNOTED_LLM_URL.

    python -m rag.writing.serve --host 0.0.0.0 --port 8080

It is llama.cpp's server with the weights that FOOTNOTED_LLM names, and asks for FOOTNOTED_LLM_KEY
where that is set.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from contextlib import suppress

from index.errors import UserError
from rag.config import load_settings
from rag.writing.loading import weights_file
from rag.writing.own.llama_cpp import start_server


def main() -> None:
    """Serve until Ctrl-C, or until a service manager ends it."""
    parser = argparse.ArgumentParser(prog="python -m rag.writing.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=0, help="the port; a free one")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = load_settings()
    key = settings.llm_key.get_secret_value() if settings.llm_key else None
    path = weights_file(settings.llm, settings.models)
    with suppress(KeyboardInterrupt):
        server = start_server(path, host=given.host, port=given.port, key=key, name=settings.llm)
        sys.stdout.write(f"{server.listening_address}/v1\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    os._exit(0)  # Whoever is asking has no answer to wait for.
