"""The window's named endpoints for programs, which are MCP tools as well.

`gradio_client` finds them under their names, an MCP client at `/gradio_api/mcp/`. Callers see their
docstrings, so these say what is returned.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import gradio as gr
from gradio_client import Client

from index.errors import UserError
from ui.api.functions import Functions
from ui.entry.login import who
from ui.panels.events import AT_ONCE, asked_by

T = TypeVar("T")


def add_api(functions: Functions) -> None:
    """Add the endpoints to the Blocks that are being built."""
    given = Endpoints(functions)
    for endpoint in (given.ask, given.check, given.search, given.open_quote):
        gr.api(endpoint, api_name=endpoint.__name__, concurrency_limit=AT_ONCE)


class Endpoints:
    """The endpoints; callers see their docstrings and types."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions

    def _or_error(self, step: Callable[[], T]) -> T:
        """Run a step for a user who may read the library; a UserError becomes a gr.Error."""
        try:
            self.functions.check_may_read(asked_by()[0])
            return step()
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def ask(self, question: str) -> dict[str, Any]:
        """Answer a question from the documents of the library, or refuse.

        Every sentence of the answer has numbered citations, which are verbatim quotes with their
        places in the documents. `refused` says that the sources do not state an answer.

        Args:
            question: A question that stands alone, in plain words.

        Returns:
            The object that `footnoted ask --json` prints.
        """
        return self._or_error(lambda: self.functions.ask(_text(question)).as_json())

    def check(self, text: str) -> dict[str, Any]:
        """Check a text against the documents of the library, sentence by sentence.

        Each sentence is supported, contradicted, supported in part, not in the sources, or has
        nothing to check; the quotes that show it are verbatim, with their places.

        Args:
            text: The text to check, as plain text.

        Returns:
            The object that `footnoted check --json` prints.
        """
        return self._or_error(lambda: self.functions.check(_text(text)))

    def search(self, question: str, limit: int = 5) -> list[dict[str, Any]]:
        """Find the quotes in the documents that are most likely to answer a question, best first.

        Args:
            question: What is looked for, in plain words.
            limit: How many quotes, from 1 to 50.

        Returns:
            Quotes of one or two sentences, each with its document, place, score and words.
        """
        return self._or_error(lambda: self.functions.search(_text(question), limit))

    def open_quote(self, document: str, start: int, end: int) -> dict[str, Any]:
        """Read a place in a document, with what stands around it: to check a citation.

        Args:
            document: The document's id, its file name or its title.
            start: Where the place begins, in characters (code points) from the text's beginning.
            end: Where it ends; the character at `end` is not part of it.

        Returns:
            The document, and the words before, at and after the place.
        """
        return self._or_error(lambda: self.functions.place(_text(document), start, end))


def serve_mcp(blocks: gr.Blocks) -> None:
    """Let MCP tools return JSON, and run as the user whose token comes with the call.

    Gradio's server would return anything but a file in Python's notation, and call the window
    without a user.
    """
    server = blocks.mcp_server_obj
    clients: dict[str | None, Client] = {}

    def as_json(data: list[Any], *_: object) -> list[Any]:
        texts = (json.dumps(each, ensure_ascii=False) for each in data)
        return [server.types.TextContent(type="text", text=text) for text in texts]

    def as_user() -> Client:
        request = server.mcp_server.request_context.request
        user, token = who(request), request.headers.get("authorization")
        if user not in clients:
            clients[user] = Client(
                server.local_url,
                download_files=False,
                verbose=False,
                analytics_enabled=False,
                headers={"authorization": token} if token else None,
            )
        return clients[user]

    server.postprocess_output_data = as_json
    server._get_or_create_client = as_user


def _text(given: object) -> str:
    """Return an argument, whose type Gradio does not check. Raises UserError if it is no text."""
    if not isinstance(given, str):
        raise UserError("This must be a text.")
    return given
