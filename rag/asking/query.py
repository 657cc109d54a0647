"""A message, understood once: all that is done to answer it goes by what stands here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rag.asking.condense import Condense, Turn, points_plainly, refers, standalone
from rag.asking.route import EVIDENCE, Route
from rag.languages import Form, content_words, form, sentence_spans

READ_AS_TYPED = ("conversation", "command")
"""Kinds that are asked of the assistant, or of its last answer: they need nothing put in."""

OF_DOCUMENTS = ("overview", "document")
"""Kinds in which “it” may be what there is to read."""


@dataclass(frozen=True)
class Query:
    """What is asked. Search, reading, deciding, writing and verifying all go by this.

    `typed` is what was typed, behind the turns of `history`; `text` is the same made to stand
    alone, which is searched for. `last` is the question that is to be answered, where `text` holds
    the ones before it as well; else it is `text`. `form` and `route` tell what kind of answer is
    wanted.
    """

    typed: str
    text: str
    last: str
    form: Form
    route: Route = EVIDENCE
    history: tuple[Turn, ...] = ()

    @classmethod
    def of(
        cls,
        text: str,
        typed: str | None = None,
        route: Route = EVIDENCE,
        history: Sequence[Turn] = (),
    ) -> Query:
        """Make the query of a question that stands alone; `typed` is given where that differs."""
        typed = text if typed is None else typed
        # Made to stand alone, it may have the question before in front, and a name put in.
        sentences = sentence_spans(text, 0, len(text)) if typed != text else []
        last = text[slice(*sentences[-1])] if sentences else text
        return cls(typed, text, last, form(last), route, tuple(history))

    def as_evidence(self) -> Query:
        """Return it as a question like any other, where no special way was for it."""
        return replace(self, route=EVIDENCE)

    @cached_property
    def words(self) -> frozenset[str]:
        """The stems of its content words."""
        return frozenset(content_words(self.text))


def understand(
    typed: str,
    history: Sequence[Turn],
    route: Callable[[str], Route],
    condense: Condense,
) -> Query:
    """Understand a message that comes after a conversation.

    `route` tells what kind of answer a text wants, `condense` rewrites one with a language model.

    Raises LLMUnavailable where `condense` does.
    """
    alone = Query.of(typed, route=route(typed), history=history)
    if not history or alone.route.kind in READ_AS_TYPED or _of_documents(alone, route):
        return alone
    if alone.route.kind != "evidence" and not points_plainly(typed):
        return alone
    text = standalone(typed, history, condense)
    return alone if text == typed else Query.of(text, typed, route(text), history)


def _of_documents(query: Query, route: Callable[[str], Route]) -> bool:
    """Whether a message asks of what there is to read, and not of what was spoken of as “it”.

    “How long is it?” does, where the question before it asked of documents as well.
    """
    if str(query.route) != "overview/all" and query.route.kind != "document":
        return False
    asked = [text for role, text in query.history if role == "user"]
    return not refers(query.typed) or not asked or route(asked[-1]).kind in OF_DOCUMENTS
