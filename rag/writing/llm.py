"""The language model: one OpenAI-compatible client for the default weights and all others.

The default weights run inside this process: `xllamacpp` is llama.cpp in prebuilt wheels, and its
server has the same API as Ollama, vLLM or a hosted provider. So there is one code path.
"""

from __future__ import annotations

import math
import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from index.errors import UserError
from index.printable import in_place, repeats_itself, shortened, visible
from index.weights.catalogue import CATALOGUE, ENGLISH_READER
from index.weights.download import model_folder
from rag.turns import FairSemaphore, Paused, QueueFull
from rag.writing import from_sentences, selection, standing_alone, whether
from rag.writing.own.memory import free_memory, needed_memory
from rag.writing.own.prefix_cache import PrefixCache, kept_folder
from rag.writing.prompts import (
    NONE,
    copy_messages,
    on_one_line,
    propose_messages,
    prose_messages,
    translate_messages,
    write_messages,
)
from rag.writing.retry import RetryBudget, Wait, retry_after, sleep
from rag.writing.selection import Selected
from rag.writing.whether import Whether

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage, ChatResponse
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

CONTEXT_TOKENS = 8192
"""The most tokens of a request with its answer."""
AT_ONCE = 2
"""Requests that the default weights answer at once, each in a slot of its own."""
AT_ONCE_ELSEWHERE = 8
"""Requests that a model at another address is sent at once."""
COPY_TOKENS = 4
"""Enough to tell NONE from copied words, which are not used."""
WRITE_TOKENS = 160
PROSE_TOKENS = 480
PROPOSED_TOKENS = 96
TRANSLATE_TOKENS = 768
ALONE_TOKENS = 80
PROMPTS_MIB = 256
"""Megabytes of llama.cpp's cache for prompts that it has read; its own default is 8,192."""
TOP_LOGPROBS = 10
OVER_AND_OVER, TAIL = 3, 500
"""The repetitions of its last words at which an answer is stopped, and the length of the tail that
is searched for them."""
MOST_WRITTEN = 4_000
"""The most characters of an answer; `WRITE_TOKENS` are far fewer, but a server may ignore them."""

SHORTEST_KEY = 8
"""Characters from which a key is a secret: an address without a key gets "none"."""

_PROPOSED = re.compile(r"Question:\s*(?P<question>[^\n]+\?)\s*\n\s*Words:\s*(?P<words>[^\n]+)")


class LLMUnavailable(UserError):
    """The language model cannot be loaded, or does not answer; answers are then made of quotes."""


@dataclass(eq=False, repr=False)
class Writer:
    """Writes from quotes with a LlamaIndex `LLM`. Raises LLMUnavailable if that does not answer.

    `name` is the model that answers name as their writer. `elsewhere` says whether it is at an
    address that the user has named. If it has `turns`, each request waits for one.
    """

    llm: LLM
    name: str
    elsewhere: bool = False
    turns: FairSemaphore | None = None
    _wait: Wait = sleep
    _paused: Paused = nullcontext
    _budget: RetryBudget | None = None

    def for_one_answer(self, wait: Wait = sleep, paused: Paused = nullcontext) -> Writer:
        """Return the same writer for one answer, with a limit on the total wait between tries.

        `wait` announces each wait, and waits. During a request, `paused` lends the answer's other
        turn (a core) to others.
        """
        return replace(self, _wait=wait, _paused=paused, _budget=RetryBudget(wait))

    def read_examples(self) -> None:
        """Have the beginnings of prompts read, so that the first question need not wait for that.

        This is only done for the model in this process; others have caches of their own, or none.
        """
        from rag.writing.own.own_server import OwnServer

        if isinstance(self.llm, OwnServer):
            begun = [write_messages([], "")]
            if not self.stands_alone:
                begun.append(standing_alone.messages([], [], "", adapted=False))
            if not self.selects:
                begun.append(copy_messages("", ""))
            for messages in begun:
                with self._turn(), self._answering(), self.llm.slot(messages):
                    pass

    def _adapter(self, file: str) -> str | None:
        """Return the hash of one of the model's adapters, or None if it does not have it."""
        adapters: dict[str, str] = getattr(self.llm, "adapters", {})
        return adapters.get(file)

    @property
    def selects(self) -> bool:
        """Whether the model has the adapter for selecting sentences, which replaces copying."""
        return self._adapter(selection.FILE) is not None

    def select(self, sentences: Sequence[str], question: str, title: str) -> Selected:
        """Return which of some sentences answer; `title` is their document's."""
        messages = selection.messages(title, sentences, question)

        def read(response: ChatResponse) -> Selected:
            first = response.logprobs[0] if response.logprobs else []
            return selection.read(_words(response), first, len(sentences))

        given = {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
        adapter, most = self._adapter(selection.FILE), selection.ANSWER_TOKENS
        return self._chat(messages, read, max_tokens=most, adapter=adapter, **given)

    @property
    def knows_whether(self) -> bool:
        """Whether the model has the adapter for yes or no."""
        return self._adapter(whether.FILE) is not None

    def whether(self, sentences: Sequence[str], question: str, title: str) -> Whether:
        """Return whether sentences answer with yes or no; `title` is their document's."""
        messages = whether.messages(title, sentences, question)

        def read(response: ChatResponse) -> Whether:
            return whether.read(response.logprobs[0] if response.logprobs else [])

        given = {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
        return self._chat(
            messages, read, max_tokens=1, adapter=self._adapter(whether.FILE), **given
        )

    def none_probability(self, quote: str, question: str) -> float:
        """Ask for the exact words of a quote that answer; return the probability of NONE.

        It is 0 or 1 if the provider does not return probabilities.
        """
        messages = copy_messages(quote, question)
        given = {"max_tokens": COPY_TOKENS, "logprobs": True, "top_logprobs": TOP_LOGPROBS}
        return self._chat(messages, _none_probability, **given)

    @property
    def stands_alone(self) -> bool:
        """Whether the model has the adapter for writing standalone questions."""
        return self._adapter(standing_alone.FILE) is not None

    def stand_alone(
        self, message: str, turns: Sequence[tuple[str, str]], titles: Sequence[str] = ()
    ) -> str:
        """Return a message as a standalone question; empty if the model does not write one.

        `turns` are the earlier questions, each with its answer, and `titles` those of the
        documents. The model is not asked about a message that is too long to be read whole.
        """
        adapter = self._adapter(standing_alone.FILE if turns else standing_alone.FIRST_FILE)
        return self._line(message, turns, titles, ALONE_TOKENS, adapter)

    @property
    def knows_requests(self) -> bool:
        """Whether the model has the adapter for writing what messages ask for."""
        return self._adapter(standing_alone.REQUESTS_FILE) is not None

    def request(
        self, message: str, turns: Sequence[tuple[str, str]], titles: Sequence[str] = ()
    ) -> str:
        """Return what a message asks for in plain words; empty if it is a long question.

        The arguments, and the limit on the message's length, are those of `stand_alone`.
        """
        adapter = self._adapter(standing_alone.REQUESTS_FILE)
        return self._line(message, turns, titles, standing_alone.REQUEST_TOKENS, adapter)

    def _line(
        self,
        message: str,
        turns: Sequence[tuple[str, str]],
        titles: Sequence[str],
        most: int,
        adapter: str | None,
    ) -> str:
        """Return the line that the model writes for a message.

        It is empty if it has no words or is cut off, and if the message is too long.
        """
        if len(message) > standing_alone.MOST["message"]:
            return ""
        asked = standing_alone.messages(titles, turns, message, adapted=bool(adapter))
        given = {"adapter": adapter} if adapter else {}
        said = self._chat(asked, _whole_words, max_tokens=most, **given)
        line = on_one_line(said.strip().partition("\n")[0])
        return line if re.match(r"\w", line) else ""

    def write(self, read: Sequence[tuple[str, str]], question: str) -> Iterator[str]:
        """Write the answer from quotes, best first, each with its words that answer.

        Yields pieces of text as they come. After the first words, a failure is not retried.
        """
        return self._stream(write_messages(read, question), WRITE_TOKENS)

    def write_prose(
        self, sentences: Sequence[str], question: str, *, choosing: bool = False
    ) -> Iterator[str]:
        """Write an answer in prose from sentences, in their order. See `write`.

        When `choosing`, the model decides which of them belong to the answer.
        """
        adapter = None if choosing else self._adapter(from_sentences.FILE)
        if adapter:
            asked = from_sentences.messages(sentences, question)
        else:
            asked = prose_messages(sentences, question, choosing=choosing)
        return self._stream(asked, PROSE_TOKENS, adapter=adapter)

    def translate(self, text: str, language: str) -> str:
        """Translate a text into a language, which is named in English; nothing proves the result.

        Raises LLMUnavailable also if the translation is empty, or is cut off.
        """
        pieces = self._stream(translate_messages(text, language), TRANSLATE_TOKENS, whole=True)
        said = on_one_line("".join(pieces))
        if not said:
            raise LLMUnavailable(f"The language model {self.name} has not translated anything.")
        return said

    def _stream(
        self,
        messages: Sequence[ChatMessage],
        most: int,
        *,
        whole: bool = False,
        adapter: str | None = None,
    ) -> Iterator[str]:
        """Yield the pieces of an answer of at most `most` tokens.

        If it must be `whole`, being cut off there is an error. Otherwise it is also stopped if it
        repeats itself over and over.
        """
        given = {"adapter": adapter} if adapter else {}

        def begin() -> Iterator[Any]:
            pieces = iter(self.llm.stream_chat(messages, max_tokens=most, **given))
            silent = []
            for piece in pieces:
                silent.append(piece)
                if piece.delta:
                    break
            return chain(silent, pieces)

        with self._turn(), self._answering():
            length, ended, tail = 0, False, ""
            for piece in self._ask(begin):
                words = in_place(piece.delta or "")
                length += len(words)
                if length > MOST_WRITTEN:
                    raise LLMUnavailable(
                        f"The language model {self.name} does not stop writing: answers are a "
                        "few sentences, and it has ignored the limit on their length."
                    )
                ended = (ended or is_last(piece)) and not (whole and _is_cut_off(piece))
                yield words
                tail = (tail + words)[-TAIL:]
                if not whole and repeats_itself(tail, OVER_AND_OVER):
                    return
            if not ended:
                raise LLMUnavailable(
                    f"The language model {self.name} stopped in the middle of an answer."
                )

    def propose(self, sentence: str) -> tuple[str, str] | None:
        """Propose a question that a sentence answers, and the words of it that do.

        None if the reply does not have that form.
        """
        said = self._chat(propose_messages(sentence), _words, max_tokens=PROPOSED_TOKENS)
        found = _PROPOSED.search(said)
        return (on_one_line(found["question"]), on_one_line(found["words"])) if found else None

    def _chat(
        self, messages: Sequence[ChatMessage], read: Callable[[ChatResponse], T], **given: Any
    ) -> T:
        """Ask for a whole answer, and return what `read` makes of it."""
        with self._turn():
            return self._ask(lambda: read(self.llm.chat(messages, **given)))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for a turn to ask the model. Raises LLMUnavailable if too many are waiting."""
        try:
            with self._paused(), self.turns.turn(self._wait) if self.turns else nullcontext():
                yield
        except QueueFull as error:
            raise LLMUnavailable(f"The language model {self.name}: {error}") from error

    def _ask(self, request: Callable[[], T]) -> T:
        """Make a request, and try again if its failure may be temporary."""
        budget, tries = self._budget or RetryBudget(), 1
        while True:
            try:
                with self._answering():
                    return request()
            except LLMUnavailable as error:
                if not budget.waits(error.__cause__, tries):
                    raise
            tries += 1

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn the client's errors into LLMUnavailable, with one sentence for the user."""
        import openai

        try:
            yield
        except (openai.OpenAIError, httpx.HTTPError) as error:
            key = getattr(self.llm, "api_key", "")
            raise LLMUnavailable(
                f"The language model {self.name} does not answer: {_reason(error, key)}."
                + _mends(error, elsewhere=self.elsewhere)
            ) from error
        except _NONSENSE as error:
            raise LLMUnavailable(
                f"The language model {self.name} does not answer as an OpenAI-compatible server "
                f"does ({type(error).__name__})."
                + (" Check its address (FOOTNOTED_LLM_URL)." if self.elsewhere else "")
            ) from error


_NONSENSE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the client may raise, at any place in it, if a response is not JSON, not UTF-8, or does not
have the expected form."""


def is_last(piece: Any) -> bool:
    """Whether a piece is marked as the last one; true as well if pieces have no such mark."""
    raw = getattr(piece, "raw", None)
    return raw is None or any(choice.finish_reason for choice in raw.choices)


def _is_cut_off(piece: Any) -> bool:
    """Whether a piece is the last one because the limit of tokens was reached."""
    return finish_reason(piece) == "length"


def finish_reason(piece: Any) -> str | None:
    """Return why an answer ends with a piece; None if it goes on, or does not say why."""
    choices = getattr(getattr(piece, "raw", None), "choices", None) or ()
    return next((choice.finish_reason for choice in choices), None)


def _words(response: ChatResponse) -> str:
    return in_place((response.message.content or "")[:MOST_WRITTEN])


def _whole_words(response: ChatResponse) -> str:
    """Return the text of a response; empty if it was cut off."""
    return "" if _is_cut_off(response) else _words(response)


def _reason(error: Exception, key: str) -> str:
    """Return an error's own message, as a part of a sentence, without the key."""
    import openai

    if isinstance(error, openai.APIStatusError):
        kind = error.response.headers.get("Content-Type", "")
        if "html" in kind:  # A page for people, from some proxy in between.
            return f"HTTP {error.status_code} {error.response.reason_phrase}".strip()
    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else None
    reason = shortened(redacted(key, visible(str(cause or error))), 200)
    return reason.rstrip(".") or type(error).__name__


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
    server, key, prefix_cache = _serve(path, adapters)
    client = _client(settings, f"{server.listening_address}/v1", key, prefix_cache)
    turns = _TURNS.setdefault(server.listening_address, FairSemaphore(AT_ONCE))
    return Writer(client, settings.llm, turns=turns)


_TURNS: dict[str, FairSemaphore] = {}
"""The turns of each language model, by its address: all who ask it share one queue."""


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


_SERVERS: dict[tuple[Path, tuple[Path, ...]], tuple[Any, str, PrefixCache]] = {}
"""The servers in this process, by their weights and adapters; they live as long as it does."""
_STARTING = Lock()


def _adapters_of(settings: Settings) -> tuple[Path, ...]:
    """Return the files of the adapters that belong to the language model."""
    if settings.llm != ADAPTED:
        return ()
    return tuple(model_folder(ENGLISH_READER, settings.models) / file for file in ADAPTERS)


def _serve(path: Path, adapters: tuple[Path, ...] = ()) -> tuple[Any, str, PrefixCache]:
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


def _client(
    settings: Settings, address: str, key: str, prefix_cache: PrefixCache | None = None
) -> LLM:
    """Return the client of a server. That of our own server uses the cache of prompts."""
    from llama_index.llms.openai_like import OpenAILike

    from rag.writing.client import bounded_client
    from rag.writing.own.own_server import OwnServer

    with _STARTING:
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


def redacted(key: str, words: str) -> str:
    """Remove a key from a message: a server that rejects it may repeat it, whole or shortened."""
    if len(key) < SHORTEST_KEY:
        return words
    ends = re.escape(key[: SHORTEST_KEY // 2]), re.escape(key[-(SHORTEST_KEY // 2) :])
    return re.sub(rf"{re.escape(key)}|{ends[0]}\S*|\S*{ends[1]}", "…", words)


def _mends(error: Exception, *, elsewhere: bool) -> str:
    """Return advice on a failure of a model, which is at another address or in this process."""
    import openai

    match error:
        case openai.APITimeoutError() | httpx.TimeoutException():
            return " FOOTNOTED_LLM_TIMEOUT gives it more time."
        case openai.AuthenticationError() | openai.PermissionDeniedError() if elsewhere:
            return " Check its key (FOOTNOTED_LLM_KEY)."
        case openai.NotFoundError() if elsewhere:
            return " Check its name there (FOOTNOTED_LLM) and the address (FOOTNOTED_LLM_URL)."
        case openai.APIStatusError() if (seconds := retry_after(error)) is not None:
            return f" It says to ask again in {seconds:,.0f} s."
        case openai.APIStatusError(status_code=status) if elsewhere and 300 <= status < 400:
            return " It has moved to another address: give that one (FOOTNOTED_LLM_URL)."
        case openai.APIConnectionError() | httpx.TransportError() if elsewhere:
            return " Check its address (FOOTNOTED_LLM_URL)."
    return ""


def _none_probability(response: ChatResponse) -> float:
    words = (response.message.content or "").strip().strip('"“”').strip()
    if not words and not response.logprobs:
        return 0.5  # An empty reply is evidence neither for nor against.
    refused = not words or words.upper().startswith(NONE)
    if not response.logprobs or not response.logprobs[0]:
        return float(refused)
    # NONE may be one token or begin with "N", "NO" or "NON", as the copied words may themselves.
    first = [(each.token.strip(), math.exp(each.logprob)) for each in response.logprobs[0]]
    none = [
        probability
        for token, probability in first
        if token and NONE.startswith(token) and (refused or not words.startswith(token))
    ]
    return min(1.0, sum(none))
