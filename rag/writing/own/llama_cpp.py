"""llama.cpp, which serves the weights of a language model from this process.

`xllamacpp` is llama.cpp in prebuilt wheels, and its server has the same API as Ollama, vLLM or a
hosted provider. So one client does for all of them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from rag.writing.failures import LLMUnavailable
from rag.writing.own.memory import free_memory, needed_memory
from rag.writing.own.prefix_cache import PrefixCache, kept_folder

CONTEXT_TOKENS = 8192
"""The most tokens of a request with its answer."""
AT_ONCE = 2
"""Requests that the server answers at once, each in a slot of its own."""
PROMPTS_MIB = 256
"""Megabytes of llama.cpp's cache for prompts that it has read; its own default is 8,192."""

_SERVERS: dict[tuple[Path, tuple[Path, ...]], tuple[Any, str, PrefixCache]] = {}
"""The servers in this process, by their weights and adapters; they live as long as it does."""
_STARTING = Lock()


def serve(path: Path, adapters: tuple[Path, ...] = ()) -> tuple[Any, str, PrefixCache]:
    """Return the llama.cpp server of a model, which is started once, on a free loopback port.

    Its key and the cache of its prompts' beginnings come with it.
    """
    if (path, adapters) not in _SERVERS:
        with _STARTING:  # Two visitors may choose the same model at once.
            if (path, adapters) not in _SERVERS:
                key, kept = secrets.token_urlsafe(), kept_folder()
                server = start_server(path, key=key, kept=kept, adapters=adapters)
                prefix_cache = PrefixCache(server.listening_address, key, kept, path, AT_ONCE)
                _SERVERS[path, adapters] = server, key, prefix_cache
    return _SERVERS[path, adapters]


def start_server(
    path: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    key: str | None = None,
    kept: Path | None = None,
    name: str | None = None,
    adapters: Sequence[Path] = (),
) -> Any:
    """Start llama.cpp in this process with a GGUF file, and return the server.

    The server has a `listening_address`. Without a port, it takes a free one. With a key, it only
    answers requests that have it. It can save and restore the state of its slots in the folder
    `kept`. It calls the model `name`. Requests select one of the `adapters` by its number.

    Raises LLMUnavailable if the model cannot be loaded, or if there is too little memory for it.
    """
    import xllamacpp

    _check_memory(path)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {name or path.stem}
    params.n_ctx = AT_ONCE * CONTEXT_TOKENS
    params.n_parallel = AT_ONCE
    params.kv_unified = False  # Requests must not influence each other's answers.
    params.hostnames = [host]
    params.port = port
    params.api_keys = [key] if key else []
    params.ui = False
    params.endpoint_slots = False
    params.cache_ram_mib = PROMPTS_MIB
    if kept:
        params.slot_save_path = f"{kept}{os.sep}"
    # llama.cpp repacks most weights for this processor: memory-mapped, they would be there twice.
    params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
    params.warmup = False
    params.verbosity = -1
    params.lora_adapters = [_unused(each) for each in adapters]
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise LLMUnavailable(
            f"The language model {path} could not be loaded ({error}). `footnoted models verify` "
            "checks the file; a file of your own must be a GGUF that llama.cpp reads."
        ) from error


def _unused(adapter: Path) -> Any:
    """Return an adapter for llama.cpp that is only used in requests that ask for it."""
    import xllamacpp

    added = xllamacpp.CommonAdapterLoraInfo()
    added.path, added.scale = str(adapter), 0.0
    return added


def _check_memory(path: Path) -> None:
    """Raise LLMUnavailable when a model needs more memory than is free."""
    try:
        needed = needed_memory(path, AT_ONCE * CONTEXT_TOKENS)
    except OSError as error:
        raise LLMUnavailable(
            f"The language model {path} cannot be read: {error.strerror or error}."
        ) from error
    free = free_memory()
    if free is not None and free < needed:
        raise LLMUnavailable(
            f"The language model {path.stem} needs about {needed / 1e9:.1f} GB of memory, and "
            f"{free / 1e9:.1f} GB are free. Close other programs, or set FOOTNOTED_LLM to a "
            "smaller model: `footnoted models list` shows some, and “none” answers with quotes."
        )
