"""A language model whose words are given: a LlamaIndex LLM for what is not about the words."""

from __future__ import annotations

import math
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
    LogProb,
)
from llama_index.core.llms import CustomLLM
from pydantic import Field

from rag.writing.adapters import selection, whether


class ScriptedLLM(CustomLLM):
    """Says `copied` when it is asked to copy, and `written` when it is asked to write.

    Where it has an adapter for that, it selects the sentences with `copied` instead.
    """

    copied: str = "NONE"
    written: str = ""
    fail_at: str = ""
    """Where it stops answering: "copy", or "write" after its first words."""
    asked: list[str] = Field(default_factory=list)
    whether: dict[str, float] = Field(default_factory=dict)
    """The probabilities of “yes” and “no”, where it has an adapter for that."""
    adapters: dict[str, str] = Field(default_factory=dict)
    """The hashes of the adapters that it has, by their files."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True, model_name="scripted")

    def chat(self, messages: Sequence[ChatMessage], **given: Any) -> ChatResponse:
        self.asked.append(str(messages[-1].content))
        if self.fail_at == "copy":
            raise openai.APIConnectionError(request=httpx.Request("POST", "http://localhost"))
        if "adapter" in given and given["adapter"] == self.adapters.get(selection.FILE):
            return self.selected(str(messages[-1].content))
        if "adapter" in given and given["adapter"] == self.adapters.get(whether.FILE):
            said = _said("", "")
            said.logprobs = [
                [LogProb(token=k, logprob=math.log(p)) for k, p in self.whether.items()]
            ]
            return said
        return _said(self.copied, self.copied)

    def selected(self, prompt: str) -> ChatResponse:
        """Select the sentences that hold what would be copied."""
        lines = prompt.splitlines()[1:-1]
        numbers = [at for at, line in enumerate(lines) if self.copied in line]
        said = _said(selection.written(numbers), "")
        none = LogProb(token=selection.NONE, logprob=math.log(0.001 if numbers else 0.999))
        said.logprobs = [[none]]
        return said

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
