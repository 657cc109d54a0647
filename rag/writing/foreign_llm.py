"""An adapter between `Writer` and a LlamaIndex LLM that the user's own factory makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, ClassVar

from llama_index.core.base.llms.types import ChatMessage, ChatResponse
from llama_index.core.llms import LLM
from pydantic import SecretStr

from index.errors import UserError, foreign_reason
from index.weights.factory import Factory
from rag.writing.failures import LLMUnavailable, redacted

_LOADED: dict[Factory, ForeignLLM] = {}
_LOADING = Lock()


def load_foreign_llm(factory: Factory) -> ForeignLLM:
    """Return the language model of a factory, which is called once per process.

    Raises LLMUnavailable if it cannot make the model.
    """
    with _LOADING:  # Visitors who choose the model at the same time share it: it may be large.
        if factory not in _LOADED:
            _LOADED[factory] = ForeignLLM(factory)
        return _LOADED[factory]


class ForeignLLM:
    """Passes only the messages on to the model.

    `Writer`'s other parameters (the length of the answer, the wish for probabilities) have other
    names in other models, or none, and some models reject unknown parameters. So the factory sets
    the length and the temperature, and no probabilities come back.
    """

    additional_kwargs: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, factory: Factory) -> None:
        """Make the model with its factory.

        Raises LLMUnavailable if that fails.
        """
        self._name = factory.name
        try:
            self._llm = factory.make(LLM, "LlamaIndex LLM")
        except UserError as error:
            raise LLMUnavailable(str(error)) from error
        self.temperature = getattr(self._llm, "temperature", None)

    def chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
        """Return the whole answer."""
        with self._answering():
            return _response(self._llm.chat(list(messages)).message.content or "")

    def stream_chat(self, messages: Sequence[ChatMessage], **_: Any) -> Iterator[ChatResponse]:
        """Yield the answer piece by piece, or in one piece if the model cannot stream."""
        with self._answering():
            written = ""
            for piece in self._pieces(messages):
                whole = piece.message.content or ""
                new = whole.removeprefix(written) if piece.delta is None else piece.delta
                written += new
                yield _response(written, new)

    def _pieces(self, messages: Sequence[ChatMessage]) -> Iterator[ChatResponse]:
        try:
            yield from self._llm.stream_chat(list(messages))
        except NotImplementedError:
            yield self._llm.chat(list(messages))

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn any error of the model into LLMUnavailable, with one sentence without its key."""
        try:
            yield
        except Exception as error:
            key = getattr(self._llm, "api_key", None) or ""
            key = key.get_secret_value() if isinstance(key, SecretStr) else str(key)
            why = redacted(key, foreign_reason(error))
            raise LLMUnavailable(
                f"The language model {self._name} does not answer: {why}."
            ) from error


def _response(content: str, delta: str | None = None) -> ChatResponse:
    return ChatResponse(message=ChatMessage(role="assistant", content=content), delta=delta)
