"""Answering what is said to Footnoted itself: briefly, honestly, and without footnotes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from index.printable import title_line
from rag.answer import NONE_SELECTED, Event, Found
from rag.answering.context import Context
from rag.answering.examples import candidates
from rag.asking.query import Query
from rag.languages.english_words import counted
from rag.verifying.compose import Composition

TITLES = 5
"""Documents that are named; of more the number is told."""

EXAMPLES = 3

NO_ANSWER = "There is no answer yet that this could be about: ask something of the documents first."

IDENTITY = (
    "I am Footnoted: I answer from your documents, and each sentence that I say of them has a "
    "footnote, a verbatim quote with its place.",
    "Where they do not say, I say so.",
)
OF_ANSWERS = (
    "Of an answer you can ask “shorter”, “longer”, “as a list”, “as a table”, “are you sure?”, "
    "“where does it say that?” and “what does [2] say about …?”, and of all of them “what have we "
    "found so far?”."
)
CAPABILITIES = (
    "You can ask what the documents say (“Who …?”, “Why …?”), for a summary of all, of a document, "
    "a section or a topic (“Summarize …”), who wrote a document, when, how long it is, what its "
    "sections are, for all of a kind (“List the …”), for what happened at a time (“What happened "
    "in …?”), to compare two things (“Compare … and …”), and for the highest, the lowest, the "
    "number, the sum or the mean of what a table has.",
    "You can also state something (“So it was closed in winter?”) and hear whether they say so.",
    OF_ANSWERS,
)


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer what is said to it; what searches and reads has no part in that."""
    sentences = (
        sentence for matter in query.route.matters for sentence in _sentences(matter, context)
    )
    yield from tell(query, context, sentences)


def tell(query: Query, context: Context, sentences: Iterable[str]) -> Iterator[Event]:
    """Answer with sentences of the program's own, each said once."""
    composition = Composition()
    for each in dict.fromkeys(sentences):
        composition.add(each, ())
    context.run.time("retrieve_s", "first_quote_s")
    yield Found(())
    yield context.answer(query, composition)


def _sentences(matter: str, context: Context) -> list[str]:
    match matter:
        case "nothing":
            return ["There are no words in that.", *_examples(context)]
        case "thanks":
            return ["You are welcome."]
        case "farewell":
            return ["Goodbye."]
        case "documents":
            return _documents(context)
        case "help":
            return [*CAPABILITIES, *_documents(context), *_examples(context)]
        case "identity":
            return [*IDENTITY, _writer(context), *_examples(context)]
        case "greeting":
            return ["Hello.", *_documents(context), *_examples(context)]
        case _:
            only = "I can only speak of your documents."
            return [only, *_documents(context), *_examples(context)]


def _documents(context: Context) -> list[str]:
    titles = [title_line(each.title) for each in context.titles]
    if not titles and not context.library.is_empty:
        return [NONE_SELECTED]
    if not titles:
        return ["There is no document to answer from yet: add one first."]
    named = ", ".join(f"“{each}”" for each in titles[:TITLES])
    more = f", and {len(titles) - TITLES:,} more" if len(titles) > TITLES else ""
    return [f"I have {counted(len(titles), 'document')}: {named}{more}."]


def _examples(context: Context) -> list[str]:
    ids = [each.id for each in context.titles]
    asked = islice(candidates(context.library, ids, names=False), EXAMPLES)
    examples = " ".join(f"“{each}”" for each in asked)
    return [f"You may ask, for example: {examples}"] if examples else []


def _writer(context: Context) -> str:
    """Say what writes, and where: nothing is sent but to an address that the settings name."""
    settings = context.settings
    if settings.llm == "none":
        return "No language model writes for me: I only quote."
    where = "at the address that the settings name" if settings.llm_url else "on this machine"
    if settings.factory("llm"):
        where = "which the settings name"
    return f"What I say in words of my own is written by {settings.llm}, {where}."
