"""A message, understood once: all that is done to answer it goes by what stands here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from index.split import sentence_spans
from rag.asking.condense import Condense, Turn, may_stand_alone, points_plainly, refers, standalone
from rag.asking.route import EVIDENCE, Route
from rag.languages import content_words, language_of

READ_AS_TYPED = ("conversation", "command")
"""Kinds that are asked of the assistant, or of its last answer: they need nothing put in."""

OF_DOCUMENTS = ("overview", "document")
"""Kinds in which “it” may be what there is to read."""


@dataclass(frozen=True)
class Query:
    """What is asked. Search, reading, deciding, writing and verifying all go by this.

    `typed` is what was typed, behind the turns of `history`; `text` is the same made to stand
    alone, which is searched for. `last` is the question that is to be answered, where `text` holds
    the ones before it as well; else it is `text`. `route` tells what kind of answer is wanted.
    """

    typed: str
    text: str
    last: str
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
        return cls(typed, text, last, route, tuple(history))

    def as_evidence(self) -> Query:
        """Return it as a question like any other, where no special way was for it."""
        return replace(self, route=EVIDENCE)

    @cached_property
    def language(self) -> str | None:
        """The code of the language that it is in, such as "en"; None where that is not known."""
        language = language_of(self.text)
        return language.code if language else None

    @cached_property
    def words(self) -> frozenset[str]:
        """The stems of its content words."""
        return frozenset(content_words(self.text))

    @cached_property
    def yes_or_no(self) -> bool:
        """Whether it is answered by yes or no, and offers no choice."""
        return _YES_NO.search(self.last.strip()) is not None and " or " not in self.last

    @cached_property
    def several(self) -> bool:
        """Whether it may ask for more than one thing: a list, what each said, two questions.

        It is answered from more than one quote then, and its sentences are not read again.
        """
        return _SEVERAL.search(self.last) is not None or _PARTS.search(self.last) is not None


def understand(
    typed: str,
    history: Sequence[Turn],
    route: Callable[[str], Route],
    condense: Condense,
    is_answered: Callable[[str], bool],
) -> Query:
    """Understand a message that comes after a conversation.

    `route` tells what kind of answer a text wants, `condense` rewrites one with a language model,
    and `is_answered` tells whether the sources answer a question as it stands.

    Raises LLMUnavailable where `condense` does.
    """
    alone = Query.of(typed, route=route(typed), history=history)
    if not history or alone.route.kind in READ_AS_TYPED or _of_documents(alone, route):
        return alone
    if alone.route.kind != "evidence" and not points_plainly(typed):
        return alone
    if may_stand_alone(typed, history) and is_answered(typed):
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


_YES_NO = re.compile(
    r"^(?:and |but |so )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|may|might"
    r"|should)(?:n['’]t)?\s",
    re.IGNORECASE,
)
# A plural after "which" or "what", with at most two words between that are no verb of the question.
_SEVERAL = re.compile(
    r"\b(?:which|what)\s+(?:(?!(?:did|do|does|is|are|was|were|has|have|had|the|a|an)\b)[\w-]+\s+){0,2}"
    r"(?!(?:was|is|does|has|series|process|success|access|business|basis|crisis)\b)"
    r"[a-z]+(?:[^suiI\W]s|ies)\b(?!['’])"
    r"|\b(?:which|what) (?:two|three|four|five|six)\b|\bwh(?:at|o|ich) (?:else )?(?:are|were) the\b"
    r"|\b(?:each|all) of\b|^(?:list|name|enumerate)\b|\bwhat (?:did|do|does) each\b",
    re.IGNORECASE,
)
# A second part: "who, and when?".
_PARTS = re.compile(
    r"\band\s+(?:(?:on|in|by|for|at|to|from|with)\s+)?"
    r"(?:who|whom|when|where|what|which|why|how)\b",
    re.IGNORECASE,
)
