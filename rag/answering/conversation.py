"""Answering what is said to Footnoted itself: briefly, honestly, and without footnotes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from index.printable import title_line
from rag.answer import Event, Found
from rag.answering.context import Context
from rag.answering.examples import candidates
from rag.asking.query import Query
from rag.languages.phrases import quoted, say
from rag.verifying.compose import Composition

TITLES = 5
"""The most documents that are named; any others are only counted."""

EXAMPLES = 3


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer what is said to the assistant, without searching or reading."""
    language = query.language
    sentences = (
        sentence
        for matter in query.route.matters
        for sentence in _sentences(_said(matter, query), language, context)
    )
    yield from tell(query, context, sentences)


def tell(query: Query, context: Context, sentences: Iterable[str]) -> Iterator[Event]:
    """Answer with sentences of the program's own, each said once."""
    composition = Composition()
    for each in dict.fromkeys(sentences):
        composition.cite(each, ())
    context.run.time("retrieve_s", "first_quote_s")
    yield Found(())
    yield context.answer(query, composition)


SAID: dict[str, tuple[str, ...]] = {
    "nothing": ("no_words", "examples"),
    "thanks": ("welcome",),
    "farewell": ("goodbye",),
    "documents": ("documents",),
    "help": ("can_ask", "can_also", "of_answers", "documents", "examples"),
    "identity": ("identity", "identity_refuses", "writer", "examples"),
    "greeting": ("hello", "documents", "examples"),
    "chat": ("only_documents", "documents", "examples"),
    "remark": ("all_right",),
}
"""What is said on each matter: keys of phrases, and of facts about this library."""

BEHIND_OTHERS: dict[str, tuple[str, ...]] = {"chat": ("only_documents",)}
"""What is said instead if other messages came before: by then the user knows what to ask."""


def _said(matter: str, query: Query) -> tuple[str, ...]:
    known = SAID | BEHIND_OTHERS if query.history else SAID
    return known.get(matter, known["chat"])


def _sentences(keys: Iterable[str], language: str, context: Context) -> Iterator[str]:
    told = {"documents": _documents, "examples": _examples, "writer": _writer}
    for key in keys:
        yield from told[key](language, context) if key in told else [say(language, key)]


def _documents(language: str, context: Context) -> list[str]:
    titles = [title_line(each.title) for each in context.titles]
    if not titles:
        key = "add_first" if context.library.is_empty else "none_selected"
        return [say(language, key)]
    named = [quoted(language, each) for each in titles[:TITLES]]
    if (more := len(titles) - TITLES) > 0:
        named.append(say(language, "more_documents", count=more))
    return [say(language, "have_documents", count=len(titles), titles=named)]


def _examples(language: str, context: Context) -> list[str]:
    ids = [each.id for each in context.titles]
    asked = islice(candidates(context.library, ids, names=False, language=language), EXAMPLES)
    examples = " ".join(quoted(language, each) for each in asked)
    return [say(language, "you_may_ask", questions=examples)] if examples else []


def _writer(language: str, context: Context) -> list[str]:
    """Say which model writes, and where: data is sent only to an address that the settings name."""
    settings = context.settings
    if not settings.writes:
        return [say(language, "only_quotes")]
    key = "written_there" if settings.llm_url else "written_here"
    key = "written_by_own" if settings.factory("llm") else key
    return [say(language, key, llm=settings.llm)]
