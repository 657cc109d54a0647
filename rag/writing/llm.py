"""Writing with a language model, whatever serves it (`rag/writing/loading.py`)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from index.printable import in_place, repeats_itself
from rag.turns import FairSemaphore, Paused, QueueFull
from rag.writing.adapters import from_sentences, selection, standing_alone, whether
from rag.writing.adapters.selection import Selected
from rag.writing.adapters.whether import Whether
from rag.writing.failures import LLMUnavailable, answering
from rag.writing.prompts import (
    NONE,
    copy_messages,
    on_one_line,
    propose_messages,
    prose_messages,
    translate_messages,
    write_messages,
)
from rag.writing.retry import RetryBudget, Wait, sleep

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage, ChatResponse
    from llama_index.core.llms import LLM

T = TypeVar("T")

COPY_TOKENS = 4
"""Enough to tell NONE from copied words, which are not used."""
WRITE_TOKENS = 160
PROSE_TOKENS = 480
PROPOSED_TOKENS = 96
TRANSLATE_TOKENS = 768
ALONE_TOKENS = 80
TOP_LOGPROBS = 10
OVER_AND_OVER, TAIL = 3, 500
"""The repetitions of its last words at which an answer is stopped, and the length of the tail that
is searched for them."""
MOST_WRITTEN = 4_000
"""The most characters of an answer; `WRITE_TOKENS` are far fewer, but a server may ignore them."""

_PROPOSED = re.compile(r"Question:\s*(?P<question>[^\n]+\?)\s*\n\s*Words:\s*(?P<words>[^\n]+)")


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

    def _answering(self) -> AbstractContextManager[None]:
        """Turn the client's errors into LLMUnavailable, with one sentence for the user."""
        key = getattr(self.llm, "api_key", "")
        return answering(self.name, key, elsewhere=self.elsewhere)


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
