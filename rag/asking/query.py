"""A message, understood once: all that is done to answer it goes by what stands here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from index.language import ENGLISH, language_told_by
from rag.asking.rewrite import FOOTNOTE, NEEDED, Rewriting, Turn
from rag.asking.route import EVIDENCE, OF_FOOTNOTE, Kind, Route
from rag.languages import QuestionForm, content_words, form
from rag.languages.phrases import is_small_talk

DOCUMENT_KINDS = ("overview", "document")
"""Kinds in which “it” may be what there is to read."""

CHAT: tuple[Kind, ...] = ("conversation",)
"""Kinds that speak of no document, though they may name some."""

ASSISTANT_KINDS: tuple[Kind, ...] = (*CHAT, "command")
"""Kinds that are said to the assistant, or of its last answer: they ask nothing by themselves."""

FACT_KINDS = ("evidence", "claim")
"""Kinds that ask what the documents say of something: each such message is understood by itself."""

NOT_GONE_ON = (*FACT_KINDS, *ASSISTANT_KINDS)
"""Kinds that no message behind asks for again without its own words for that."""

UNLIKELY = 0.1
"""How likely a way to read a message is below which it is not tried."""


@dataclass(frozen=True)
class Query:
    """What is asked. Search, reading, deciding, writing and verifying all go by this.

    `typed` is what was typed, behind the turns of `history`; `text` is the same made to stand
    alone, which is searched for, and `language` the code of the language that it is in. `form` and
    `route` tell what kind of answer is wanted. Where it is
    in doubt what the message needs of what was said before it, `others` are the other ways to read
    it, and `share` is how likely this one is.
    """

    typed: str
    text: str
    form: QuestionForm
    route: Route = EVIDENCE
    history: tuple[Turn, ...] = ()
    share: float = 1.0
    others: tuple[Query, ...] = ()
    language: str = ENGLISH

    @classmethod
    def of(
        cls,
        text: str,
        typed: str | None = None,
        route: Route = EVIDENCE,
        history: Sequence[Turn] = (),
        language: str = ENGLISH,
    ) -> Query:
        """Make the query of a question that stands alone; `typed` is given where that differs."""
        typed = text if typed is None else typed
        return cls(typed, text, form(text), route, tuple(history), language=language)

    def as_evidence(self) -> Query:
        """Return the query with the route of evidence, for when its own way found nothing."""
        return replace(self, route=EVIDENCE)

    @property
    def asked_before(self) -> str | None:
        """What was typed right before it; None where nothing was."""
        return next((text for role, text in reversed(self.history) if role == "user"), None)

    @property
    def may_stand_alone(self) -> bool:
        """Whether something is put in, and it may be meant as it was typed all the same."""
        return self.text != self.typed and any(each.text == self.typed for each in self.others)

    @property
    def need(self) -> float:
        """How likely the message needs something that was said before it, from 0 to 1."""
        return 1 - sum(each.share for each in (self, *self.others) if each.text == self.typed)

    def also(self, text: str, share: float) -> Query:
        """Return the query with a text as the first way to read it.

        `share` is how likely it is meant so; a way that has the same words adds its own.
        """
        text = self.typed if _plain(text) == _plain(self.typed) else text
        others = [
            replace(each, share=(1 - share) * each.share, others=())
            for each in (self, *self.others)
        ]
        same = sum(each.share for each in others if _plain(each.text) == _plain(text))
        different = (each for each in others if _plain(each.text) != _plain(text))
        return replace(
            self, text=text, form=form(text), share=share + same, others=tuple(different)
        )

    def earlier(self) -> Iterator[tuple[str, Sequence[Turn]]]:
        """Yield what was typed before it, the latest first, each with the turns before it."""
        for at in range(len(self.history) - 1, -1, -1):
            role, text = self.history[at]
            if role == "user":
                yield text, self.history[:at]

    @cached_property
    def words(self) -> frozenset[str]:
        """The stems of its content words."""
        return frozenset(content_words(self.text))


def understand(
    typed: str,
    history: Sequence[Turn],
    route: Callable[[str], Route],
    rewrite: Callable[[str, Sequence[Turn], str], Rewriting],
    short: Callable[[str], str | None] | None = None,
) -> Query:
    """Understand a message that comes after a conversation.

    `route` tells what kind of answer a text wants, `rewrite` makes a message in a language stand
    alone, and `short` tells the language of one that is too short for its letters to tell it.
    """
    route = cache(route)  # What was said before is looked at more than once.
    language = _spoken(typed, history, short)
    history = list(_without(CHAT, history, route))
    if history and FOOTNOTE.search(typed):
        return Query.of(typed, route=OF_FOOTNOTE, history=history, language=language)
    alone = Query.of(typed, route=route(typed), history=history, language=language)
    if not history or _of_documents(alone, route):
        return alone
    rewriting = rewrite(typed, list(_without(ASSISTANT_KINDS, history, route)), language)
    if not rewriting.texts or _of_the_answer(alone.route, rewriting):
        return alone
    made = [
        replace(
            Query.of(text, typed, _of_texts(route(text), alone), history, language),
            share=rewriting.need * share,
        )
        for text, share in rewriting.texts
    ]
    if rewriting.need >= NEEDED and (goes_on := _goes_on(alone, made[0], route)):
        return replace(alone, route=goes_on)
    alone = replace(alone, share=1 - rewriting.need)
    first, *others = [*made, alone] if rewriting.need >= NEEDED else [alone, *made]
    return replace(first, others=tuple(each for each in others if each.share >= UNLIKELY))


def _plain(text: str) -> str:
    """Return the letters and figures of a text."""
    return "".join(filter(str.isalnum, text.casefold()))


def _spoken(typed: str, history: Sequence[Turn], short: Callable[[str], str | None] | None) -> str:
    """Return the language of a message; where it tells none, of those before: “2019?”.

    Without `short` few messages tell theirs, so only the last one before is asked.
    """
    before = [said for role, said in reversed(history) if role == "user"]
    for text in (typed, *(before if short else before[:1])):
        if code := language_told_by(text) or (short(text) if short else None):
            return code
    return ENGLISH


def _without(
    kinds: Collection[Kind], history: Sequence[Turn], route: Callable[[str], Route]
) -> Iterator[Turn]:
    """Yield the turns but for messages of some kinds, with what was answered to them.

    A message that was answered like small talk was some, whatever its words are, and one that was
    answered with footnotes was none.
    """
    is_left_out = False
    for at, (role, said) in enumerate(history):
        if role == "user":
            answer = next((text for who, text in history[at + 1 : at + 2] if who != role), "")
            kind = route(said).kind
            is_cited = kind in CHAT and FOOTNOTE.search(answer)
            is_left_out = (kind in kinds and not is_cited) or is_small_talk(answer)
        if not is_left_out:
            yield role, said


def _of_texts(route: Route, alone: Query) -> Route:
    """Return the route of a message made whole: what the texts say makes no request of it."""
    return alone.route if route.kind in ASSISTANT_KINDS else route


def _of_the_answer(route: Route, rewriting: Rewriting) -> bool:
    """Whether a message is asked of the assistant or of its last answer: nothing is put in then."""
    return route.kind in ASSISTANT_KINDS and route.probability >= rewriting.need


def _goes_on(query: Query, made: Query, route: Callable[[str], Route]) -> Route | None:
    """Return the route of a message that asks the same of something else: “And in December?”.

    That is where the question before it was no question of fact, and is surely none with it either.
    """
    if query.asked_before is None or {made.route.kind, query.route.kind} != {"evidence"}:
        return None
    together = route(f"{query.asked_before} {query.typed}")
    same = together.kind == route(query.asked_before).kind
    surer = together.probability >= query.route.probability
    return together if same and surer and together.kind not in NOT_GONE_ON else None


def _of_documents(query: Query, route: Callable[[str], Route]) -> bool:
    """Whether a message asks of what there is to read, as the question before it did.

    “How long is it?” does then; else it asks of what was spoken of as “it”.
    """
    if str(query.route) != "overview/all" and query.route.kind != "document":
        return False
    asked = query.asked_before
    return asked is not None and route(asked).kind in DOCUMENT_KINDS
