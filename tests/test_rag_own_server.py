"""The client of the default weights: what it leaves behind when an answer is stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest

from rag.writing.adapters.from_sentences import FILE
from rag.writing.llm import Writer
from rag.writing.own.own_server import OwnServer
from rag.writing.own.prefix_cache import PrefixCache


class Slots(PrefixCache):
    """Slots of no server, that tell when one is free again."""

    def __init__(self, happened: list[str]) -> None:
        self.happened = happened

    @contextmanager
    def adapted_slot(self) -> Iterator[int]:
        try:
            yield 1
        finally:
            self.happened.append("slot freed")


class Endless(httpx.SyncByteStream):
    """An answer that goes on until nobody reads it."""

    def __init__(self, happened: list[str]) -> None:
        self.happened = happened

    def __iter__(self) -> Iterator[bytes]:
        choice = {"index": 0, "delta": {"role": "assistant", "content": "and "}}
        piece = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        while True:
            yield f"data: {json.dumps({**piece, 'choices': [choice]})}\n\n".encode()

    def close(self) -> None:
        self.happened.append("connection closed")


@pytest.fixture
def happened() -> list[str]:
    return []


@pytest.fixture
def own(happened: list[str]) -> OwnServer:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        happened.append(f"adapter {asked['lora'][0]['id']} in slot {asked['id_slot']}")
        headers = {"Content-Type": "text/event-stream"}
        return httpx.Response(200, headers=headers, stream=Endless(happened))

    return OwnServer(
        model="m",
        api_base="http://127.0.0.1:1/v1",
        api_key="none",
        is_chat_model=True,
        max_retries=0,
        http_client=httpx.Client(transport=httpx.MockTransport(answer)),
        prefix_cache=Slots(happened),
        adapters={"another.gguf": "6", FILE: "7"},
    )


def test_a_stopped_answer_is_written_no_further_before_its_slot_is_free(
    own: OwnServer, happened: list[str]
) -> None:
    """Else the next request waits behind what nobody reads."""
    writing = Writer(own, "own").write_prose(["The bridge is red."], "what of the bridge?")
    with closing(writing) as pieces:  # type: ignore[type-var]  # It is a generator.
        assert next(pieces) == "and "
        assert happened == ["adapter 1 in slot 1"]
    assert happened[1:] == ["connection closed", "slot freed"]
