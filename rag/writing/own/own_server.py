"""The client of the default weights, which llama.cpp serves in this process."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import openai
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ChatResponseGen
from llama_index.llms.openai_like import OpenAILike
from pydantic import Field

from rag.writing.own.prefix_cache import PrefixCache


class OwnServer(OpenAILike):  # type: ignore[misc]  # LlamaIndex has no types for it.
    """A client whose answers depend only on the prompt, and not on earlier requests.

    Each prompt is answered in a slot that holds nothing but the prompt's beginning (all but its
    last message). A prompt that is answered with an adapter is read as a whole.
    """

    prefix_cache: PrefixCache = Field(exclude=True, repr=False)
    adapters: Mapping[str, str] = Field(default_factory=dict, exclude=True, repr=False)
    """The hashes of the server's adapters by their file names, in the order of their numbers."""

    def chat(
        self, messages: Sequence[ChatMessage], *, adapter: str | None = None, **given: Any
    ) -> ChatResponse:
        """Answer a prompt, with the adapter that has a hash if one is given."""
        with self._adapted_slot(adapter) if adapter else self.slot(messages) as slot:
            return super().chat(messages, **slot, **given)

    def stream_chat(
        self, messages: Sequence[ChatMessage], *, adapter: str | None = None, **given: Any
    ) -> ChatResponseGen:
        """Answer a prompt piece by piece, with the adapter that has a hash if one is given."""
        with self._adapted_slot(adapter) if adapter else self.slot(messages) as slot:
            pieces = super().stream_chat(messages, **slot, **given)
            try:
                yield from pieces
            except GeneratorExit:
                # The client's stream and its generator form a reference cycle. Until it is
                # collected, the connection stays open, and the server goes on writing in this slot.
                del pieces
                gc.collect()
                raise

    @contextmanager
    def slot(self, messages: Sequence[ChatMessage]) -> Iterator[dict[str, Any]]:
        """Put a prompt's beginning into a slot, and yield the request parameters that select it.

        A prompt of a single message takes any slot.
        """
        beginning = messages[:-1]
        if not beginning:
            yield {}
            return

        def read(slot: int) -> None:
            begun = [*beginning, ChatMessage(role="user", content="-")]
            super(OwnServer, self).chat(begun, max_tokens=1, **_in(slot))

        def clear(slot: int) -> None:
            with suppress(openai.OpenAIError, httpx.HTTPError):  # The next request is only slower.
                bare = [ChatMessage(role="user", content="-")]
                super(OwnServer, self).chat(bare, max_tokens=1, **_in(slot, cache_prompt=False))

        with self.prefix_cache.slot(beginning, read, clear) as slot:
            yield _in(slot)

    @contextmanager
    def _adapted_slot(self, adapter: str) -> Iterator[dict[str, Any]]:
        """Yield the request parameters that select a slot and an adapter."""
        number = list(self.adapters.values()).index(adapter)
        with self.prefix_cache.adapted_slot() as slot:
            yield _in(slot, cache_prompt=False, lora=[{"id": number, "scale": 1.0}])


def _in(slot: int, **given: Any) -> dict[str, Any]:
    return {"extra_body": {"id_slot": slot, **given}}
