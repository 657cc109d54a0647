"""What programs may call: the window's named endpoints, which are MCP tools as well.

`gradio_client` finds them under their names, an MCP client at `/gradio_api/mcp/`. Their words are
for those who call, so they say what comes back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import gradio as gr
from gradio_client import Client

from index.errors import UserError
from index.library import Library
from index.loading.load import load_bytes
from rag.assistant import Assistant
from rag.checking.verdict import as_json
from rag.finding.quotes import find_quotes
from rag.quote import quotes_as_json
from ui.panels.answering import attempt
from ui.panels.events import AT_ONCE
from ui.window.login import who

T = TypeVar("T")

MOST_QUOTES = 50

MOST_CHECKED = 50_000
"""Characters of a text that `check` takes: some four hundred sentences."""

CONTEXT = 300
"""Characters around a quote that `open_quote` gives."""


def add_api(assistant: Assistant) -> None:
    """Put the endpoints into the Blocks that are being made."""
    given = Endpoints(assistant)
    for endpoint in (given.ask, given.check, given.search, given.open_quote):
        gr.api(endpoint, api_name=endpoint.__name__, concurrency_limit=AT_ONCE)


class Endpoints:
    """The endpoints that programs may call, for one assistant."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def ask(self, question: str) -> dict[str, Any]:
        """Answer a question from the documents of the library, or refuse.

        Every sentence of the answer has numbered citations, which are verbatim quotes with their
        places in the documents. `refused` says that the sources do not state an answer.

        Args:
            question: A question that stands alone, in plain words.

        Returns:
            The object that `footnoted ask --json` prints.
        """
        return _or_error(lambda: self.assistant.ask(_words(question)).as_json())

    def check(self, text: str) -> dict[str, Any]:
        """Check a text against the documents of the library, sentence by sentence.

        Each sentence is supported, contradicted, supported in part, not in the sources, or has
        nothing to check; the quotes that show it are verbatim, with their places.

        Args:
            text: The text to check, as plain text.

        Returns:
            The object that `footnoted check --json` prints.
        """
        return _or_error(lambda: _checked(self.assistant, text))

    def search(self, question: str, limit: int = 5) -> list[dict[str, Any]]:
        """Find the quotes in the documents that are most likely to answer a question, best first.

        Args:
            question: What is looked for, in plain words.
            limit: How many quotes, from 1 to 50.

        Returns:
            Quotes of one or two sentences, each with its document, place, score and words.
        """
        most = min(max(int(limit), 1), MOST_QUOTES)
        library, reranker = self.assistant.library, self.assistant.reranker
        return _or_error(
            lambda: quotes_as_json(find_quotes(library, reranker, _words(question), most).quotes)
        )

    def open_quote(self, document: str, start: int, end: int) -> dict[str, Any]:
        """Read a place in a document, with what stands around it: to check a citation.

        Args:
            document: The document's id, its file name or its title.
            start: Where the place begins, in characters (code points) from the text's beginning.
            end: Where it ends; the character at `end` is not part of it.

        Returns:
            The document, and the words before, at and after the place.
        """
        return _or_error(lambda: _opened(self.assistant.library, document, start, end))


def serve_mcp(blocks: gr.Blocks) -> None:
    """Let MCP tools say JSON, and be called as the user whose token they are called with.

    Of what is no file, Gradio's server says Python's own notation; and it calls the window as
    nobody.
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


def _checked(assistant: Assistant, text: str) -> dict[str, Any]:
    if not text.strip():
        raise UserError("The text is empty.")
    if len(text) > MOST_CHECKED:
        raise UserError(
            f"The text has {len(text):,} characters, and up to {MOST_CHECKED:,} are checked at "
            "once. Send it in parts, or use `footnoted check FILE`."
        )
    draft = load_bytes(text.encode(), "text.txt")
    return as_json(draft, list(assistant.check(draft)))


def _opened(library: Library, name: str, start: int, end: int) -> dict[str, Any]:
    found = library.find(name)
    if not 0 <= start < end <= len(found.text):
        raise UserError(
            f"There is no place {start}-{end} in {found.name}, which has "
            f"{len(found.text)} characters."
        )
    about = {"id": found.id, "title": found.title, "source": found.source}
    return {
        "document": about | {"sha256": found.sha256},
        "start": start,
        "end": end,
        "before": found.text[max(0, start - CONTEXT) : start],
        "quote": found.text[start:end],
        "after": found.text[end : end + CONTEXT],
        "page": found.page_at(start),
    }


def _words(question: str) -> str:
    if not question.strip():
        raise UserError("The question is empty.")
    return question.strip()


def _or_error(step: Callable[[], T]) -> T:
    made = attempt(step)
    if isinstance(made, UserError):
        raise gr.Error(str(made), print_exception=False)
    return made
