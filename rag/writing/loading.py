"""Loading the language model that the settings name, whatever serves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from index.errors import UserError
from index.weights.catalogue import CATALOGUE, ENGLISH_READER
from index.weights.download import model_folder
from rag.turns import FairSemaphore
from rag.writing.adapters import from_sentences, selection, standing_alone, whether
from rag.writing.failures import LLMUnavailable
from rag.writing.llm import Writer
from rag.writing.own.llama_cpp import AT_ONCE, CONTEXT_TOKENS, serve
from rag.writing.own.prefix_cache import PrefixCache

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from rag.config import Settings

T = TypeVar("T")

ADAPTED = "qwen2.5-coder-1.5b-instruct"
"""The model that the adapters belong to."""
ADAPTERS = (
    standing_alone.REQUESTS_FILE,
    standing_alone.FILE,
    standing_alone.FIRST_FILE,
    selection.FILE,
    whether.FILE,
    from_sentences.FILE,
)
"""The files of the adapters."""

AT_ONCE_ELSEWHERE = 8
"""Requests that a model at another address is sent at once."""

_TURNS: dict[str, FairSemaphore] = {}
"""The turns of each language model, by its address: all who ask it share one queue."""
_BUILDING = Lock()


def load_writer(settings: Settings) -> Writer | None:
    """Return the language model that the settings name, or None for “none”.

    Raises LLMUnavailable when it cannot be loaded.
    """
    if settings.llm_url:
        key = settings.llm_key.get_secret_value() if settings.llm_key else "none"
        client = _client(settings, settings.llm_url, key)
        turns = _TURNS.setdefault(settings.llm_url, FairSemaphore(AT_ONCE_ELSEWHERE))
        return Writer(client, settings.llm, elsewhere=True, turns=turns)
    if not settings.writes:
        return None
    if factory := settings.factory("llm"):
        from rag.writing.foreign_llm import load_foreign_llm

        turns = _TURNS.setdefault(factory.name, FairSemaphore(AT_ONCE_ELSEWHERE))
        return Writer(load_foreign_llm(factory), settings.llm, turns=turns)
    try:
        path, adapters = weights_file(settings.llm, settings.models), _adapters_of(settings)
    except UserError as error:
        raise LLMUnavailable(str(error)) from error
    # Import the client's libraries meanwhile, which takes a second.
    Thread(target=import_module, args=("rag.writing.own.own_server",), daemon=True).start()
    server, key, prefix_cache = serve(path, adapters)
    client = _client(settings, f"{server.listening_address}/v1", key, prefix_cache)
    turns = _TURNS.setdefault(server.listening_address, FairSemaphore(AT_ONCE))
    return Writer(client, settings.llm, turns=turns)


def weights_file(name: str, models: Path) -> Path:
    """Return the GGUF file of a language model, which is in the catalogue or given by its path.

    Raises UserError if there is no such model, and if the catalogue's has not been downloaded.
    """
    if name in CATALOGUE:
        if CATALOGUE[name].role != "answer":
            raise UserError(f"{name} does not write answers; `footnoted models list` shows models.")
        [file] = CATALOGUE[name].files
        return model_folder(name, models) / file
    path = Path(name).expanduser()
    if not path.is_file():
        raise UserError(
            f"There is no language model {name}: give a GGUF file, a name that `footnoted models "
            "list` shows, “none”, or set FOOTNOTED_LLM_URL to an OpenAI-compatible address."
        )
    return path


def _adapters_of(settings: Settings) -> tuple[Path, ...]:
    """Return the files of the adapters that belong to the language model."""
    if settings.llm != ADAPTED:
        return ()
    return tuple(model_folder(ENGLISH_READER, settings.models) / file for file in ADAPTERS)


def _client(
    settings: Settings, address: str, key: str, prefix_cache: PrefixCache | None = None
) -> LLM:
    """Return the client of a server. That of our own server uses the cache of prompts."""
    from llama_index.llms.openai_like import OpenAILike

    from rag.writing.client import bounded_client
    from rag.writing.own.own_server import OwnServer

    with _BUILDING:
        _build_models()
    made: Callable[..., LLM] = OpenAILike
    if prefix_cache:
        files = CATALOGUE[ENGLISH_READER].files
        adapters = {path.name: files[path.name].sha256 for path in _adapters_of(settings)}
        made = partial(OwnServer, prefix_cache=prefix_cache, adapters=adapters)
    return made(
        model=settings.llm,
        api_base=address,
        api_key=key,
        is_chat_model=True,
        context_window=CONTEXT_TOKENS,
        temperature=0.0,
        timeout=settings.llm_timeout,
        max_retries=0,  # `Writer` tries again itself, and says so.
        http_client=bounded_client(address, settings.llm_timeout),
        additional_kwargs={"seed": 0},
    )


def _build_models() -> None:
    """Build the pydantic models of responses before the first request.

    The client builds them when the first response comes, and other responses that come at the same
    time fail (https://github.com/openai/openai-python/issues/3079).
    """
    import openai

    for model in _subclasses(openai.BaseModel):
        if model.__module__.startswith(("openai.types.chat.", "openai.types.completion_usage")):
            model.model_rebuild()


def _subclasses(kind: type[T]) -> Iterator[type[T]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)
