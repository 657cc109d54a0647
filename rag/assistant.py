"""The main path: answering a question from a library, one named step after another."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import nullcontext, suppress
from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Self

from index.documents import Document
from index.errors import UserError
from index.library import Library
from index.loading.load import load_bytes
from rag.answer import Answer, Event, Searching
from rag.answerability.reader import Reader
from rag.answering import WAYS
from rag.answering.context import MAX_LISTED, Context
from rag.answering.meaning.written import by_what_is_written
from rag.answering.subquestions import answer_parts, several
from rag.asking.kind import route_among
from rag.asking.query import Query, understand
from rag.asking.rewrite import Turn, rewriter
from rag.asking.route import Router
from rag.checking.check import Sources, check
from rag.checking.verdict import Checked
from rag.checking.verdict_cache import VerdictCache
from rag.config import Settings
from rag.finding.rerank import reranker_of
from rag.languages.phrases import say
from rag.lazy import Lazy
from rag.log import Log
from rag.opening import as_made, embedding_of, open_library
from rag.quote import Quote
from rag.trace import Line
from rag.turns import FairSemaphore, Paused
from rag.verifying.across import other_figures
from rag.verifying.compose import Composition
from rag.writing.failures import LLMUnavailable
from rag.writing.llm import Writer
from rag.writing.loading import load_writer
from rag.writing.retry import Wait, sleep
from rag.writing.translating import Translation, translate

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from index.weights.embedding import Embedding


class Assistant:
    """Answers questions from one library. Safe to use from several threads."""

    def __init__(self, settings: Settings, *, check: bool = True) -> None:
        """Open the library and name the models; weights are loaded when they are first needed.

        Raises LibraryError when the library cannot be used with these settings. Without `check`, a
        library that was made with other settings can be opened for reindexing.
        """
        self.settings = settings = as_made(settings)
        self.reranker = reranker_of(settings)
        self.reader = Reader(settings.models, settings.reader)
        self._embedding = embedding_of(settings)
        self.router = Router(self._vector if self.reader.reads_all else None)
        self._writer: Lazy[Writer | None] = Lazy(lambda: load_writer(settings))
        # Searching and reading keep a core busy; waiting for a language model does not.
        self._turns = FairSemaphore(os.cpu_count() or 1)
        self.library = open_library(settings, self._embedding, check=check)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the library and the weights; the next use opens them again.

        A language model in this process is shared, and lives as long as the process.
        """
        self.library.close()
        self._embedding.forget()
        self._writer.forget()

    @property
    def writer(self) -> Writer | None:
        """The language model, or None if the settings have none.

        Raises LLMUnavailable when it cannot be loaded.
        """
        return self._writer()

    @property
    def waiting(self) -> int:
        """How many questions and sentences wait for a core."""
        return self._turns.waiting

    def with_settings(self, settings: Settings) -> Assistant:
        """Return an assistant with the same library and search that answers by other settings.

        It shares the library, the embedding, the reranker and the reader with this one.
        """
        other = copy(self)
        other.settings = settings
        other._writer = Lazy(lambda: load_writer(settings))
        return other

    def with_library(self, library: Library) -> Assistant:
        """Return an assistant of another library that shares the loaded models.

        The library must have been opened with this one's `embedding`.
        """
        other = copy(self)
        other.settings = self.settings.model_copy(update={"library": library.place})
        other.library = library
        return other

    def writing_as(self, other: Assistant) -> Assistant:
        """Return an assistant with this library and search that writes and answers like `other`."""
        mine = copy(other)
        own = ("library", "embedding", "reranker")
        update = {name: getattr(self.settings, name) for name in own}
        mine.settings = other.settings.model_copy(update=update)
        mine.library, mine._embedding = self.library, self._embedding
        mine.reranker, mine.reader, mine.router = self.reranker, self.reader, self.router
        return mine

    @property
    def embedding(self) -> Lazy[Embedding]:
        """The loader of the embedding, which loads it once for all libraries."""
        return self._embedding

    def _vector(self, message: str) -> Sequence[float]:
        return self._embedding().get_query_embedding(message)

    def with_llm(self, wrap: Callable[[LLM], LLM]) -> Assistant:
        """Return the same assistant with its language model wrapped."""
        other = copy(self)

        def wrapped() -> Writer | None:
            writer = self._writer()
            return replace(writer, llm=wrap(writer.llm)) if writer else None

        other._writer = Lazy(wrapped)
        return other

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        use_llm: bool = True,
        exclude: Sequence[str] = (),
        tags: Sequence[str] = (),
        wait: Wait = sleep,
    ) -> Answer:
        """Answer a question, or refuse. See `stream`; `aask` does not block the event loop."""
        *_, answer = self.stream(
            question, history, use_llm=use_llm, exclude=exclude, tags=tags, wait=wait
        )
        if not isinstance(answer, Answer):
            raise TypeError(answer)
        return answer

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        use_llm: bool = True,
        exclude: Sequence[str] = (),
        tags: Sequence[str] = (),
        as_typed: bool = False,
        wait: Wait = sleep,
    ) -> Generator[Event]:
        """Answer a question step by step; the last event is the Answer.

        Documents whose ids are in `exclude` are not searched, and with `tags` neither are those
        without any of these tags. With `as_typed`, the question is neither completed from the
        history nor rewritten. Without a language model, or if it fails, the answer consists of the
        words that answer and their quotes. If its failure may be temporary, `wait` is told how long
        to wait before the next try, and waits.

        Raises UserError for an empty question and for a tag that no document has, and ModelMissing
        when the weights for searching are not on this machine.
        """
        if not question.strip():
            raise UserError("The question is empty.")
        exclude = [*exclude, *self.library.not_tagged(tags)]
        question = question.encode(errors="replace").decode()  # There may be lone surrogates.
        with Line("ask") as line:
            line.asked(question)
            with self._turns.turn(wait) as paused:
                load_writer: Callable[[], Writer | None] = lambda: None  # noqa: E731
                if use_llm:
                    self._writer.begin()  # It loads for seconds, while the quotes are searched for.
                    load_writer = Lazy(partial(self._load_writer, wait, paused))
                context = Context(
                    self.library,
                    self.reranker,
                    self.reader,
                    self.settings,
                    exclude,
                    WAYS,
                    load_writer,
                    self._understood,
                    limit=min(MAX_LISTED, self.settings.sentences),
                    as_typed=as_typed,
                )
                for event in self._events(question, () if as_typed else history, context):
                    if isinstance(event, Answer):
                        event = _with_unread_documents(event, len(context.titles), self.library)
                        line.answered(event)
                    yield event

    async def aask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        use_llm: bool = True,
        exclude: Sequence[str] = (),
        tags: Sequence[str] = (),
    ) -> Answer:
        """Answer a question in a thread, without blocking the event loop. See `stream`."""
        given = self.astream(question, history, use_llm=use_llm, exclude=exclude, tags=tags)
        async for event in given:
            answer = event
        if not isinstance(answer, Answer):
            raise TypeError(answer)
        return answer

    async def astream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        use_llm: bool = True,
        exclude: Sequence[str] = (),
        tags: Sequence[str] = (),
    ) -> AsyncIterator[Event]:
        """Answer a question step by step, each step in a thread. See `stream`.

        Whoever stops iterating stops the answer, once the current step has ended.
        """
        events = self.stream(question, history, use_llm=use_llm, exclude=exclude, tags=tags)
        try:
            while (event := await asyncio.to_thread(next, events, None)) is not None:
                yield event
        finally:
            with suppress(ValueError):  # A step is running in its thread: it ends by itself.
                events.close()

    def _events(self, typed: str, history: Sequence[Turn], context: Context) -> Iterator[Event]:
        """Understand what was typed, and answer it in the way that its route names."""
        query = self._understood(typed, history, context)
        if not context.titles and query.route.kind != "conversation":
            empty = self.library.is_empty
            note = None if empty else say(query.language, "none_selected")
            yield context.answer(query, Composition(), reason="no_documents", note=note)
            return
        yield Searching(query.text)
        asked = by_what_is_written(query, context) if context.titles else query
        if asked.text != query.text:
            yield Searching(asked.text)
        parts = several(query) if asked is query else ()
        yield from answer_parts(query, context, parts) if parts else context.ask(asked)

    def _understood(self, typed: str, history: Sequence[Turn], context: Context) -> Query:
        if self.library.is_empty:
            history = ()
        across = self.reader.edits_across if self.reader.reads_all else None
        rewrite = rewriter(self.reader.edits, across)
        route = partial(
            route_among,
            router=self.router,
            titles=context.titles,
            headings=lambda: context.headings,
            holds=lambda words: bool(self.library.holding(words, 1, context.exclude)),
        )
        return understand(typed, history, route, rewrite, self.router.language)

    def check(
        self,
        draft: Document | str,
        *,
        exclude: Sequence[str] = (),
        done: Sequence[Checked] = (),
        keep: bool = False,
    ) -> Iterator[Checked]:
        """Check a text against the sources, sentence by sentence, in the text's order.

        A string is read as Markdown. Documents whose ids are in `exclude` are not searched, and
        sentences that are `done` already are skipped. Verdicts that a person has overruled in this
        library's log stay overruled. With `keep`, verdicts are cached in the library's folder, and
        the same sentence is not checked again until the library changes.

        Raises ModelMissing when the weights for searching are not on this machine.
        """
        if isinstance(draft, str):
            draft = load_bytes(draft.encode(errors="replace"), "text.md")
        with Line("check", document=draft.source) as line:
            line.checking(len(draft.text))
            apart = (*exclude, draft.id)  # The draft may be in the library: it cannot prove itself.
            sources = Sources(self.library, self.reranker, self.reader, apart)
            overruled = Log(self.library.folder).overruled()
            # Nobody knows when the user's own code changes, so its verdicts are not cached.
            keep = keep and not any(map(self.settings.factory, ("reranker", "embedding")))
            kept = VerdictCache(self.library, self.settings.reranker, apart) if keep else None
            checking = check(draft, sources, done, overruled, kept)
            while True:
                with self._turns.turn():  # One sentence a turn, so that others can ask in between.
                    each = next(checking, None)
                if each is None:
                    return
                line.checked(each)
                yield each

    def translate(self, quote: Quote, language: str, *, wait: Wait = sleep) -> Translation:
        """Have the language model translate a quote; nothing proves the translation.

        It queues with the questions that wait for the same model, but takes no core. See
        `rag.writing.translating.translate`.
        """
        with Line("translate") as line:
            writer = self._load_writer(wait, nullcontext)
            made = translate(quote, language, writer, other_figures)
            line.translated(quote.text, made.text, made.llm)
        return made

    def _load_writer(self, wait: Wait, paused: Paused) -> Writer | None:
        writer = self._writer()
        return writer.for_one_answer(wait, paused) if writer else None

    def load(self) -> None:
        """Load all models now rather than with the first question.

        Raises ModelMissing when the weights for searching are not on this machine. A language model
        that cannot be loaded is not an error here: each answer that needs it reports the failure.
        """
        self._writer.begin()
        self._embedding()
        self.router.load()
        self.reranker.load()
        self.reader.load()
        with suppress(LLMUnavailable):
            if writer := self._writer():
                writer.read_examples()


def _with_unread_documents(answer: Answer, asked: int, library: Library) -> Answer:
    """Add to a refusal that only some of the documents were searched, if that is so."""
    if answer.reason != "not_in_sources" or answer.message:
        return answer
    there = len(library.entries())
    if asked >= there:
        return answer
    message = say(answer.language, "asked_documents", asked=asked, there=there)
    return replace(answer, message=message)
