"""OpenAI's form: a library as a model, which any client for chat completions can ask.

A conversation's last message is the question, and the turns before it are its history. In the
answer each footnote is a Markdown link into the window; the quotes come as annotations too.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote as quoted

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from index.errors import UserError
from rag.asking.rewrite import Turn
from ui.api.functions import Functions, payloads
from ui.api.reply import Reply
from ui.api.wire import MOST_TURNS
from ui.panels.events import BUG

MODEL = "footnoted"
QUOTES_ONLY = "footnoted-quotes"
"""The library without the language model: answers are quotes of the sources."""


class Part(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="allow")
    type: str
    text: str = ""


class Message(BaseModel):
    """A message of the conversation; what a system says is left aside."""

    model_config = ConfigDict(extra="allow")
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None

    @property
    def words(self) -> str:
        """The message's text."""
        if isinstance(self.content, list):
            return "\n".join(each.text for each in self.content if each.type == "text")
        return self.content or ""


class Chat(BaseModel):
    """A conversation. Fields of OpenAI's that have no meaning here are taken and left aside."""

    model_config = ConfigDict(extra="allow")
    model: str
    messages: Annotated[list[Message], Field(min_length=1, max_length=10 * MOST_TURNS)]
    stream: bool = False


def chat_routes(functions: Functions) -> APIRouter:
    """Return `/models` and `/chat/completions`."""
    router = APIRouter()

    @router.get("/models")
    def models() -> dict[str, Any]:
        """List the library as models: with the language model, and with quotes only."""
        return {"object": "list", "data": [_model(name) for name in (MODEL, QUOTES_ONLY)]}

    @router.get("/models/{name}")
    def model(name: str) -> dict[str, Any]:
        """Show one of them."""
        return _model(name)

    @router.post("/chat/completions")
    def complete(request: Request, asked: Chat) -> Response:
        """Answer the last message of a conversation, with footnotes as links and annotations."""
        _model(asked.model)
        *before, last = asked.messages
        if last.role != "user":
            raise UserError("The last message must be the user's: it is the question.")
        history: list[Turn] = [
            ("user" if each.role == "user" else "assistant", each.words)
            for each in before
            if each.role in ("user", "assistant")
        ]
        made = _Completion(asked.model, str(request.base_url))
        events = payloads(
            functions.events(last.words, history[-MOST_TURNS:], use_llm=asked.model == MODEL)
        )
        if asked.stream:
            return StreamingResponse(made.streamed(events), media_type="text/event-stream")
        *_, (_, answer) = events
        return Reply(made.whole(answer))

    return router


def _model(name: str) -> dict[str, Any]:
    """Describe one of the two models. Raises HTTPException (404) for any other name."""
    if name not in (MODEL, QUOTES_ONLY):
        raise HTTPException(404, f"There is no model {name}: {MODEL}, {QUOTES_ONLY}.")
    return {"id": name, "object": "model", "created": 0, "owned_by": "footnoted"}


class _Completion:
    """An answer in OpenAI's form."""

    def __init__(self, model: str, window: str) -> None:
        self._window = window
        self._about = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": model,
        }

    def whole(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return a complete answer."""
        text, annotations = self._written(answer)
        message = {
            "role": "assistant",
            "content": text,
            "refusal": None,
            "annotations": annotations,
        }
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        return self._about | {"object": "chat.completion", "choices": [choice], "usage": usage}

    def streamed(self, events: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[bytes]:
        """Yield the answer in parts; see `_parts`."""
        return (each.encode("utf-8", "replace") for each in self._parts(events))

    def _parts(self, events: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[str]:
        """Yield each sentence as it is proven, then the annotations; errors become a chunk too."""
        yield self._chunk({"role": "assistant", "content": ""})
        said = ""
        try:
            for name, payload in events:
                if name == "sentence":
                    links = self._links(payload["citations"])
                    notes = "".join(f"[{number}]" for number in links)
                    words = (" " if said else "") + _numbered(payload["text"] + notes, links)
                    said += words
                    yield self._chunk({"content": words})
                elif name == "answer":
                    text, annotations = self._written(payload)
                    if not said:
                        yield self._chunk({"content": text})
                    yield self._chunk({"annotations": annotations}, "stop")
        except UserError as error:
            yield _data({"error": {"message": str(error), "type": "invalid_request_error"}})
        except Exception:
            yield _data({"error": {"message": BUG, "type": "server_error"}})
            raise
        yield "data: [DONE]\n\n"

    def _written(self, answer: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        """Return the text with links, and annotations that say where each footnote's link is."""
        links = self._links(answer["citations"])
        text = _numbered(answer["answer"], links)
        text += "".join(f"\n- {each}" for each in answer["choices"])
        annotations = []
        for each in answer["citations"]:
            link = f"[[{each['number']}]]({links[each['number']]})"
            start = text.find(link)
            citation = {
                "url": links[each["number"]],
                "title": each["document"]["title"],
                "start_index": max(start, 0),
                "end_index": start + len(link) if start >= 0 else 0,
                # Beyond OpenAI's: the quote itself and its place in the document.
                "quote": each["quote"],
                "place": [each["start"], each["end"]],
                "document": each["document"]["id"],
            }
            annotations.append({"type": "url_citation", "url_citation": citation})
        return text, annotations

    def _links(self, citations: list[dict[str, Any]]) -> dict[int, str]:
        return {
            each["number"]: f"{self._window}?document={quoted(each['document']['id'])}"
            f"&span={each['start']}-{each['end']}"
            for each in citations
        }

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data(self._about | {"object": "chat.completion.chunk", "choices": [choice]})


def _numbered(text: str, links: Mapping[int, str]) -> str:
    """Return an answer's text with each footnote's number as a Markdown link."""
    for number, link in links.items():
        text = text.replace(f"[{number}]", f" [[{number}]]({link})")
    return text


def _data(payload: dict[str, Any]) -> str:
    return f"data: {json.dumps(payload, ensure_ascii=False)}\n\n"
