"""A language model whose words are given: a LlamaIndex LLM for what is not about the words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import openai
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseGen,
    LLMMetadata,
)
from llama_index.core.llms import CustomLLM
from pydantic import Field


class ScriptedLLM(CustomLLM):
    """Says `copied` when it is asked to copy, and `written` when it is asked to write."""

    copied: str = "NONE"
    written: str = ""
    fail_at: str = ""
    """Where it stops answering: "copy", or "write" after its first words."""
    asked: list[str] = Field(default_factory=list)
    adapter: str | None = None
    """Names the adapter for making messages stand alone, if it has one."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True, model_name="scripted")

    def chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
        self.asked.append(str(messages[-1].content))
        if self.fail_at == "copy":
            raise openai.APIConnectionError(request=httpx.Request("POST", "http://localhost"))
        return _said(self.copied, self.copied)

    def stream_chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponseGen:
        self.asked.append(str(messages[-1].content))
        said = ""
        for word in self.written.split(" "):
            said += f"{word} "
            yield _said(said, f"{word} ")
            if self.fail_at == "write":
                raise openai.APITimeoutError(request=httpx.Request("POST", "http://localhost"))

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        raise AssertionError("Footnoted chats; it does not complete.")

    def stream_complete(
        self, prompt: str, formatted: bool = False, **_: Any
    ) -> CompletionResponseGen:
        raise AssertionError("Footnoted chats; it does not complete.")


def _said(text: str, delta: str) -> ChatResponse:
    return ChatResponse(message=ChatMessage(role="assistant", content=text), delta=delta)
