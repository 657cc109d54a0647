"""Make a message stand alone, with words copied from the conversation.

A head of the reader predicts where a message lacks something, and which words of the earlier turns
supply it (`eval/lab/training/follow_ups/`). The words are copied as they were said, so nothing is
inserted that nobody said. In English they replace the pronoun or the gap, with a preposition or the
like before them if needed. Other languages may need other endings there, so the words follow in
brackets: “How long is it (the bridge)?”.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from index.language import ENGLISH, language_of_question, language_of_text
from index.language.words import any_word, has_blanks
from rag.languages import FUNCTION_WORDS, asked_of, content_words, language_of
from rag.languages.english_words import LINKS, OWNING

if TYPE_CHECKING:
    from index.weights.reader import Edit

Turn = tuple[Literal["user", "assistant"], str]
"""One turn of a conversation: who spoke, and what."""

How = Literal["keep", "drop", "replace", "insert"]
HOWS: tuple[How, ...] = get_args(How)
"""The edit at a word of a message: words replace it, or are inserted before it."""

PUTTING: tuple[How, How] = ("replace", "insert")
"""The edits that add words; they are the last of `HOWS`."""

CONTEXT = 1_200
"""The most characters of earlier turns that are read with a message."""

ANSWERS = (400, 240, 240)
"""The most characters that are read of each recent answer, the last one first. Earlier answers are
not read."""

QUESTION, ANSWER = "> ", "= "
"""What a question and an answer begin with in the reader's input."""

GOES_ON = " …"
"""The end of a text that was cut off."""

ARTICLES = ("the ", "a ", "an ")

FOOTNOTE = re.compile(r"\[\d+\]")
"""A footnote, as it is written in an answer."""


class Put(NamedTuple):
    """An edit at a place of a message, with the words that it adds."""

    start: int
    end: int
    how: How
    words: str = ""


ReadEdits = Callable[[str, Sequence[tuple[int, int]], str], "tuple[float, Sequence[Edit]]"]
"""The reader's head: called with a message, its places and the context before it.

It returns the probability that the message needs anything, and for each place the logits (of
`HOWS`, then of `LINKS`, then of no possessive and a possessive) and the words to copy there.
"""


def places(message: str) -> list[tuple[int, int]]:
    """Return the places of a message's words and punctuation, and last the empty one at its end."""
    end = len(message.rstrip())
    return [*(each.span() for each in any_word().finditer(message)), (end, end)]


def context_of(history: Sequence[Turn]) -> str:
    """Return the turns before a message as the reader's input, the latest question first."""
    turns: list[str] = []
    answers = iter(ANSWERS)
    behind = ""
    for role, said in reversed(history):
        text = " ".join(FOOTNOTE.sub("", said).split())
        if role == "assistant":
            behind = f"{ANSWER}{_cut(text, next(answers, 0))}"
        else:
            turns += [f"{QUESTION}{text}", *([behind] if len(behind) > len(ANSWER) else [])]
            behind = ""
    return _cut("\n".join(turns), CONTEXT)


def _cut(text: str, most: int) -> str:
    """Return the beginning of a text, cut after a whole word, with a sign that it goes on.

    Without the sign, the head would take the last words for what is meant.
    """
    if len(text) <= most:
        return text
    words = text[: max(most + 1 - len(GOES_ON), 0)].rpartition(" ")[0]
    return words and words + GOES_ON


def linked(link: str, words: str, ending: str) -> str:
    """Return words with the link before them and the possessive ending after them.

    An article that opened a sentence loses its capital.
    """
    if words.casefold().startswith(ARTICLES):
        words, link = words[:1].lower() + words[1:], "" if link == "the" else link
    return f"{link} {words}{ending}".strip()


def edited(message: str, puts: Sequence[Put]) -> str:
    """Apply edits to a message; if none of them adds words, return it unchanged."""
    if not any(each.words for each in puts):
        return message
    made, at = message[: puts[0].start], puts[0].start
    for each in puts:
        made = _joined(made, message[at : each.start])
        made = _joined(made, each.words)
        at = each.start if each.how == "insert" else each.end
    made = _joined(made, message[at:])
    return made[:1].upper() + made[1:] if message.lstrip()[:1].isupper() else made


def _joined(left: str, right: str) -> str:
    """Join two pieces with a blank, but without one before punctuation."""
    left, right = left.rstrip(), right.strip()
    if not left:
        return right.lstrip(",.;:!?- ")
    close = not right or right[0] in ",.;:!?"
    return f"{left}{right}" if close else f"{left} {right}"


NEEDED = 0.5
"""The probability of need from which the completed message is read first."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """The ways to complete a message from earlier turns, and whether it needs that.

    `texts` are the completed messages, the likeliest first, each with its share of the probability.
    There are none if nothing can be added. `need` is the probability that the message needs it.
    """

    texts: tuple[tuple[str, float], ...] = ()
    need: float = 0.0

    def first_of_all(self, message: str) -> str:
        """Return the likeliest reading of a message: completed, or as it is."""
        return self.texts[0][0] if self.texts and self.need >= NEEDED else message


MOST = 3
"""Candidates that are tried at the place that needs something most. On 140 held-out messages, the
likeliest one has words that people put in for 76%, and one of three does for 95%."""

CALM, CALM_NEED = 3.0, 2.0
"""Temperatures: the head is overconfident about which thing is meant, and about whether any is, so
its log-odds are divided by these."""

INSERTED = 0.7
"""The highest probability of need for a message with no word to replace. “How long is it?” needs
something, but “Any deaths?” may as well ask about all documents: then what is found decides. Chosen
on the talks that come with Footnoted (eval/lab/RECORDS.md)."""

BARE = 0.91
"""The probability that a message like “Since when?” needs something. None of 395 messages of
nothing but function words stood alone, so it is not read as it was typed (`UNLIKELY` in
`rag/asking/query.py`). The router is surer than this of messages to the assistant, such as “What
more?”."""

AGAIN = 0.8
"""The probability that such a message asks the question before it again. Of 95 such messages in
dialogues about SQuAD's texts, this has at least as many of the words that people put in as the
head's own choice for 79%, and of 55 others for 84%."""

SURE = 0.5
"""The share of the probability at a place from which words are also put in there, besides the place
that needs something most."""


def rewritten(
    message: str, history: Sequence[Turn], read: ReadEdits, *, english: bool = True
) -> Rewriting:
    """Return the ways to complete a message from the turns before it, if it needs anything."""
    context = context_of(history)
    unknown = english and language_of(message) is None
    if not context or unknown or not re.search(r"\w", message):
        return Rewriting()
    at = places(message)
    need, edits = read(message, at, context)
    if not edits:
        return Rewriting()
    surest = max(range(len(at)), key=lambda place: _for_putting(edits[place].logits))
    texts: dict[str, float] = {}
    for words, share in _things(edits[surest], context):
        if english:
            text = edited(message, list(_puts(at, edits, context, surest, words)))
        else:
            text = explained(message, _end_of_place(at, edits, surest), words)
        texts.setdefault(text, share)
    texts.pop(message, None)
    inserted = _putting(edits[surest]) == "insert"
    bare = set(re.findall(r"[^\W_]+", message.casefold())) <= FUNCTION_WORDS
    if bare and inserted and english and (again := _asked_again(message, history, read)):
        texts.pop(again, None)
        texts = {again: AGAIN} | {each: share * (1 - AGAIN) for each, share in texts.items()}
        return Rewriting(tuple(texts.items()), BARE)
    calm = need ** (1 / CALM_NEED), (1 - need) ** (1 / CALM_NEED)
    return Rewriting(tuple(texts.items()), min(calm[0] / sum(calm), INSERTED if inserted else 1.0))


def explained(message: str, at: int, words: str) -> str:
    """Return a message with words in brackets at a place of it."""
    before, behind = message[:at].rstrip(), message[at:].lstrip()
    if not has_blanks(message):
        return f"{before}（{words}）{behind}"
    apart = "" if re.match(r"[.,;:!?…؟،؛।)\]»”]|$", behind) else " "
    return f"{before} ({words}){apart}{behind}".lstrip()


def _end_of_place(at: Sequence[tuple[int, int]], edits: Sequence[Edit], surest: int) -> int:
    """Return the end of the words that the context explains: the brackets are put there."""
    if _putting(edits[surest]) == "insert":
        return at[surest][0]
    last = surest
    while last + 2 < len(at) and HOWS[_greatest(_split(edits[last + 1].logits)[0])] == "drop":
        last += 1
    return at[last][1]


def _asked_again(message: str, history: Sequence[Turn], read: ReadEdits) -> str | None:
    """Return the question before a message, asked with the message's question words."""
    for at in reversed(range(len(history))):
        role, said = history[at]
        if role == "user":
            return asked_of(rewritten(said, history[:at], read).first_of_all(said), message)
    return None


def rewriter(
    english: ReadEdits, across: ReadEdits | None
) -> Callable[[str, Sequence[Turn], str], Rewriting]:
    """Return the function that makes a message in a language stand alone.

    English messages after English turns are read by `english`, all others by `across`. Without
    `across`, a message in another language is left as it is.
    """

    def rewrite(message: str, history: Sequence[Turn], language: str) -> Rewriting:
        if across and not (language == ENGLISH and all(map(_is_english, history[-2:]))):
            return rewritten(message, history, across, english=False)
        return rewritten(message, history, english) if language == ENGLISH else Rewriting()

    return rewrite


def _is_english(turn: Turn) -> bool:
    """Whether a turn may be in English: a short answer, such as a name, may be in any language."""
    role, text = turn
    told = language_of_text(text) if role == "assistant" else language_of_question(text)
    return told in (None, ENGLISH)


def leaves_open(message: str, read: ReadEdits) -> float:
    """Return the probability that a message without earlier turns lacks something."""
    if language_of(message) is None:
        return 0.0
    return read(message, places(message), "")[0]


def _things(edit: Edit, context: str) -> list[tuple[str, float]]:
    """Return the candidates for a place with their shares; no two of them name the same thing."""
    found: dict[str, float] = {}
    for start, end, share in edit.words:
        words = context[start:end]
        means = content_words(words)
        if not means or any(means & content_words(other) for other in found):
            continue
        found[words] = share ** (1 / CALM)
    likeliest = list(found.items())[:MOST]
    whole = sum(share for _, share in likeliest)
    return [(words, share / whole) for words, share in likeliest]


def _puts(
    at: Sequence[tuple[int, int]], edits: Sequence[Edit], context: str, surest: int, words: str
) -> Iterator[Put]:
    """Yield the edits at all places; the surest place gets `words`.

    The same words are put in only once: a second “it” is clear then.
    """
    had = {words}
    for place, ((start, end), edit) in enumerate(zip(at, edits, strict=True)):
        hows, links, owns = _split(edit.logits)
        how = HOWS[_greatest(hows)]
        first, last, share = edit.words[0]
        put = context[first:last]
        if place == surest:
            how, put = _putting(edit), words
        elif how in PUTTING and (put in had or share < SURE):
            continue
        if how in PUTTING:
            had.add(put)
            ending = OWNING if _greatest(owns) else ""
            yield Put(start, end, how, linked(LINKS[_greatest(links)], put, ending))
        elif how == "drop":
            yield Put(start, end, how)


def _split(logits: Sequence[float]) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    links = len(HOWS) + len(LINKS)
    return logits[: len(HOWS)], logits[len(HOWS) : links], logits[links:]


def _putting(edit: Edit) -> How:
    """Return the likelier way to put words in at a place."""
    hows, _, _ = _split(edit.logits)
    return PUTTING[_greatest(hows[-len(PUTTING) :])]


def _for_putting(logits: Sequence[float]) -> float:
    hows, _, _ = _split(logits)
    return max(hows[-len(PUTTING) :]) - max(hows[: -len(PUTTING)])


def _greatest(logits: Sequence[float]) -> int:
    return max(range(len(logits)), key=lambda each: logits[each])
