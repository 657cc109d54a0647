"""The language model: one OpenAI-compatible client for the default weights and all others.

The default weights run inside this process: `xllamacpp` is llama.cpp in prebuilt wheels, and serves
the same address form that Ollama, vLLM or a hosted provider do. So there is one code path.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from index.errors import UserError
from index.weights.catalogue import CATALOGUE
from index.weights.download import model_folder
from rag.writing.prompts import (
    NONE,
    condense_messages,
    copy_messages,
    on_one_line,
    propose_messages,
    write_messages,
)

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from rag.config import Settings

CONTEXT_TOKENS = 8192
COPY_TOKENS = 4
"""Enough to tell NONE from other words: which words they are is not asked."""
WRITE_TOKENS = 160
CONDENSED_TOKENS = 96
PROPOSED_TOKENS = 96
TOP_LOGPROBS = 10

SHORTEST_KEY = 8
"""Characters of a key that are a secret; "none" is what an address without a key is given."""

_PROPOSED = re.compile(r"Question:\s*(?P<question>[^\n]+\?)\s*\n\s*Words:\s*(?P<words>[^\n]+)")


class LLMUnavailable(UserError):
    """The language model cannot be loaded, or has stopped answering: answers are quotes then."""


class Writer:
    """Writes from quotes with a LlamaIndex `LLM`. Raises LLMUnavailable when it does not answer."""

    def __init__(self, llm: LLM, name: str, *, elsewhere: bool = False) -> None:
        """Wrap an LLM; `name` is what answers say they were written by.

        `elsewhere` is whether it is at an address that the user has named.
        """
        self.llm = llm
        self.name = name
        self.elsewhere = elsewhere

    def read_examples(self) -> None:
        """Read the beginning that all requests of a kind have in common.

        The default weights keep what they have read of it, so that the first question need not wait
        for that.
        """
        with self._answering():
            for messages in (copy_messages("", ""), write_messages([], "")):
                self.llm.chat(messages, max_tokens=1)

    def none_probability(self, quote: str, question: str) -> float:
        """Ask for the exact words of a quote that answer; return how probable NONE was.

        0 or 1 where the provider does not tell probabilities.
        """
        with self._answering():
            response = self.llm.chat(
                copy_messages(quote, question),
                max_tokens=COPY_TOKENS,
                logprobs=True,
                top_logprobs=TOP_LOGPROBS,
            )
        words = (response.message.content or "").strip().strip('"“”').strip()
        if not words and not response.logprobs:
            return 0.5  # Nothing was said: that speaks neither for nor against.
        return _none_probability(
            response.logprobs, words, refused=words.upper().startswith(NONE) or not words
        )

    def write(self, read: Sequence[tuple[str, str]], question: str) -> Iterator[str]:
        """Write the answer from quotes, each with the words of it that answer, best first.

        Yields pieces of text as they come.
        """
        with self._answering():
            for piece in self.llm.stream_chat(
                write_messages(read, question), max_tokens=WRITE_TOKENS
            ):
                yield piece.delta or ""

    def propose(self, sentence: str) -> tuple[str, str] | None:
        """Propose a question that a sentence answers, and the words of it that do.

        None when what was said is not of that form.
        """
        with self._answering():
            response = self.llm.chat(propose_messages(sentence), max_tokens=PROPOSED_TOKENS)
        found = _PROPOSED.search(response.message.content or "")
        return (on_one_line(found["question"]), on_one_line(found["words"])) if found else None

    def condense(self, history: Sequence[tuple[str, str]], question: str) -> str:
        """Rewrite a follow-up so that it stands alone. `history` is (role, text), oldest first."""
        with self._answering():
            response = self.llm.chat(
                condense_messages(history, question), max_tokens=CONDENSED_TOKENS
            )
        return on_one_line(response.message.content or "")

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn what the client raises when the LLM does not answer into one sentence."""
        import httpx
        import openai

        try:
            yield
        except (openai.OpenAIError, httpx.HTTPError) as error:
            words = without(getattr(self.llm, "api_key", None), str(error))
            reason = " ".join(words.split())[:200] or type(error).__name__
            raise LLMUnavailable(
                f"The language model {self.name} does not answer: {reason.rstrip('.')}."
                + _mends(error, elsewhere=self.elsewhere)
            ) from error


def load_writer(settings: Settings) -> Writer | None:
    """Return the language model that the settings name, or None for “none”.

    Raises LLMUnavailable when it cannot be loaded.
    """
    if settings.llm_url:
        key = settings.llm_key.get_secret_value() if settings.llm_key else "none"
        client = _client(settings.llm_url, key, settings.llm, settings)
        return Writer(client, settings.llm, elsewhere=True)
    if settings.llm == "none":
        return None
    try:
        path = _gguf(settings.llm, settings.models)
    except UserError as error:
        raise LLMUnavailable(str(error)) from error
    address, key = _serve(path)
    return Writer(_client(address, key, settings.llm, settings), settings.llm)


def _gguf(name: str, models: Path) -> Path:
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


_SERVERS: dict[Path, tuple[Any, str]] = {}
"""The servers of this process and their keys, which live as long as it does."""
_STARTING = Lock()


def _serve(path: Path) -> tuple[str, str]:
    """Return the address and key of the llama.cpp server of a model, which is started once."""
    if path not in _SERVERS:
        with _STARTING:  # Two visitors may choose the same model at once.
            if path not in _SERVERS:
                _SERVERS[path] = _start(path)
    server, key = _SERVERS[path]
    return f"{server.listening_address}/v1", key


def _start(path: Path) -> tuple[Any, str]:
    """Start llama.cpp in this process on a free loopback port; returns it and its key."""
    import xllamacpp

    key = secrets.token_urlsafe()
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = CONTEXT_TOKENS
    # Two conversations are held, and each keeps its beginning in a slot of its own.
    params.n_parallel = 2
    params.kv_unified = True
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = -1
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise LLMUnavailable(
            f"The language model {path} could not be loaded ({error}). `footnoted models verify` "
            "checks the file; a file of your own must be a GGUF that llama.cpp reads."
        ) from error
    return server, key


def _client(address: str, key: str, model: str, settings: Settings) -> LLM:
    from llama_index.llms.openai_like import OpenAILike

    return OpenAILike(
        model=model,
        api_base=address,
        api_key=key,
        is_chat_model=True,
        context_window=CONTEXT_TOKENS,
        temperature=0.0,
        timeout=settings.llm_timeout,
        max_retries=0,
        additional_kwargs={"seed": 0},
    )


def without(key: str | None, words: str) -> str:
    """Return words without a key, which whoever refuses it may say again, in whole or shortened."""
    if not key or len(key) < SHORTEST_KEY:
        return words
    ends = re.escape(key[: SHORTEST_KEY // 2]), re.escape(key[-(SHORTEST_KEY // 2) :])
    return re.sub(rf"{re.escape(key)}|{ends[0]}\S*|\S*{ends[1]}", "…", words)


def _mends(error: Exception, *, elsewhere: bool) -> str:
    """Return what may mend a failure of a model, at an address of its own or here."""
    import httpx
    import openai

    match error:
        case openai.APITimeoutError() | httpx.TimeoutException():
            return " FOOTNOTED_LLM_TIMEOUT gives it more time."
        case openai.AuthenticationError() | openai.PermissionDeniedError() if elsewhere:
            return " Check its key (FOOTNOTED_LLM_KEY)."
        case openai.NotFoundError() if elsewhere:
            return " Check its name there (FOOTNOTED_LLM) and the address (FOOTNOTED_LLM_URL)."
        case openai.APIConnectionError() | httpx.TransportError() if elsewhere:
            return " Check its address (FOOTNOTED_LLM_URL)."
    return ""


def _none_probability(logprobs: Any, words: str, refused: bool) -> float:
    if not logprobs or not logprobs[0]:
        return float(refused)
    # NONE may be one token or begin with "N", "NO" or "NON", as the copied words may themselves.
    first = [(each.token.strip(), math.exp(each.logprob)) for each in logprobs[0]]
    return min(
        1.0,
        sum(
            probability
            for token, probability in first
            if token and NONE.startswith(token) and (refused or not words.startswith(token))
        ),
    )
