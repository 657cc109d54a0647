"""The query: a message, understood once. All steps that answer it use this."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from index.language import ENGLISH, language_told_by
from rag.asking.rewrite import FOOTNOTE, NEEDED, Rewriting, Turn
from rag.asking.route import EVIDENCE, OF_FOOTNOTE, Kind, Route
from rag.languages import QuestionForm, content_words, form, sentence_spans
from rag.languages.phrases import is_small_talk

DOCUMENT_KINDS = ("overview", "document")
"""Kinds in which “it” may be the documents themselves."""

CHAT: tuple[Kind, ...] = ("conversation",)
"""Kinds that are not about the documents, though they may name some."""

ASSISTANT_KINDS: tuple[Kind, ...] = (*CHAT, "command")
"""Kinds that address the assistant or its last answer, and ask nothing of the documents."""

FACT_KINDS = ("evidence", "claim")
"""Kinds that ask what the documents say about something."""

NOT_GONE_ON = (*FACT_KINDS, *ASSISTANT_KINDS)
"""Kinds that a follow-up never inherits from the message before it: it needs words of its own."""

UNLIKELY = 0.1
"""The probability below which a reading of a message is not tried."""


@dataclass(frozen=True)
class Query:
    """What is asked. Search, reading, deciding, writing and verifying all use this.

    `typed` is the message as it was typed, after the turns of `history`. `text` is the standalone
    question, which is searched for, and `language` the code of its language. `form` and `route`
    say what kind of answer is wanted. If it is unclear what the message takes over from earlier
    turns, `others` are the other readings, and `share` is the probability of this one.
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
        """Make a query from a standalone question; pass `typed` if that differs."""
        typed = text if typed is None else typed
        return cls(typed, text, form(text), route, tuple(history), language=language)

    def as_evidence(self) -> Query:
        """Return the query routed to evidence, for when its own way found nothing."""
        return replace(self, route=EVIDENCE)

    @cached_property
    def has_preamble(self) -> bool:
        """Whether it is a first message of several sentences.

        People say something about themselves first, and what they say misleads the search.
        """
        return not self.history and len(sentence_spans(self.typed, 0, len(self.typed))) > 1

    @property
    def asked_before(self) -> str | None:
        """The user's last message before it, or None."""
        return next((text for role, text in reversed(self.history) if role == "user"), None)

    @property
    def may_stand_alone(self) -> bool:
        """Whether the text was completed, and the message as typed is still a possible reading."""
        return self.text != self.typed and any(each.text == self.typed for each in self.others)

    @property
    def need(self) -> float:
        """The probability that the message needs something from earlier turns."""
        return 1 - sum(each.share for each in (self, *self.others) if each.text == self.typed)

    def also(self, text: str, share: float) -> Query:
        """Return the query with a text as its first reading.

        `share` is the text's probability; an existing reading with the same words adds its own.
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
        """Yield the user's earlier messages, the latest first, each with the turns before it."""
        for at in range(len(self.history) - 1, -1, -1):
            role, text = self.history[at]
            if role == "user":
                yield text, self.history[:at]

    @cached_property
    def words(self) -> frozenset[str]:
        """The stems of the text's content words."""
        return frozenset(content_words(self.text))


def understand(
    typed: str,
    history: Sequence[Turn],
    route: Callable[[str], Route],
    rewrite: Callable[[str, Sequence[Turn], str], Rewriting],
    short: Callable[[str], str | None] | None = None,
) -> Query:
    """Understand a message that comes after a conversation.

    `route` returns the route of a text. `rewrite` makes a message in a language stand alone.
    `short` returns the language of a message that is too short to identify by its letters.
    """
    route = cache(route)  # Earlier turns are routed more than once.
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
    """Return the language of a message, or of earlier ones if it has none (“2019?”).

    Without `short`, few messages show their language, so only the last earlier one is tried.
    """
    before = [said for role, said in reversed(history) if role == "user"]
    for text in (typed, *(before if short else before[:1])):
        if code := language_told_by(text) or (short(text) if short else None):
            return code
    return ENGLISH


def _without(
    kinds: Collection[Kind], history: Sequence[Turn], route: Callable[[str], Route]
) -> Iterator[Turn]:
    """Yield the turns without messages of some kinds and their answers.

    The answer has the last word on small talk: a message that was answered like it is left out,
    whatever its words are, and one that was answered with footnotes is kept.
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
    """Return the route of a completed message: words of the texts do not make it a request."""
    return alone.route if route.kind in ASSISTANT_KINDS else route


def _of_the_answer(route: Route, rewriting: Rewriting) -> bool:
    """Whether a message addresses the assistant or its last answer: it is not completed then."""
    return route.kind in ASSISTANT_KINDS and route.probability >= rewriting.need


def _goes_on(query: Query, made: Query, route: Callable[[str], Route]) -> Route | None:
    """Return the route that a follow-up inherits (“And in December?”), or None.

    It inherits the route of the question before it if that was not a question of fact, and if the
    router is at least as sure of both together as of the follow-up alone.
    """
    if query.asked_before is None or {made.route.kind, query.route.kind} != {"evidence"}:
        return None
    together = route(f"{query.asked_before} {query.typed}")
    same = together.kind == route(query.asked_before).kind
    surer = together.probability >= query.route.probability
    return together if same and surer and together.kind not in NOT_GONE_ON else None


def _of_documents(query: Query, route: Callable[[str], Route]) -> bool:
    """Whether a message asks about the documents themselves, as the question before it did.

    “How long is it?” does so after such a question; after others, “it” is what they were about.
    """
    if str(query.route) != "overview/all" and query.route.kind != "document":
        return False
    asked = query.asked_before
    return asked is not None and route(asked).kind in DOCUMENT_KINDS
