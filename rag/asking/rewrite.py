"""A message made to stand alone: it gets the words of the conversation that it needs.

A head of the reader tells where something is missing, and which words of the turns before stand for
it (`eval/lab/training/follow_ups/`). They are copied as they were said, so nothing is put in that
nobody said. In English they take the place of what stands for them, with a small word that leads to
them. Other languages would have other endings there, so they stand in brackets behind it: “How long
is it (the bridge)?”.
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
"""What is done at a word of a message: words are put in its place, or before it."""

PUTTING: tuple[How, How] = ("replace", "insert")
"""Those that put something in; they are the last of all."""

CONTEXT = 1_200
"""Characters of the turns before a message that are read with it, at most."""

ANSWERS = (400, 240, 240)
"""Characters that are read of the last answers, the last one first; of earlier ones none are."""

QUESTION, ANSWER = "> ", "= "
"""What a turn begins with, as it is read."""

GOES_ON = " …"
"""What stands behind a text that is cut off."""

ARTICLES = ("the ", "a ", "an ")

FOOTNOTE = re.compile(r"\[\d+\]")
"""A footnote, as it is written in an answer."""


class Put(NamedTuple):
    """What is done at a place of a message, and the words that are put in."""

    start: int
    end: int
    how: How
    words: str = ""


ReadEdits = Callable[[str, Sequence[tuple[int, int]], str], "tuple[float, Sequence[Edit]]"]
"""Reads what is to be done at the places of a message, before which the context was said.

That is how likely the message needs anything, and for each place its logits (those of `HOWS`, then
of `LINKS`, then of owning nothing or something) with the words that would be copied there.
"""


def places(message: str) -> list[tuple[int, int]]:
    """Return the places of a message's words and marks, and last the empty one at its end."""
    end = len(message.rstrip())
    return [*(each.span() for each in any_word().finditer(message)), (end, end)]


def context_of(history: Sequence[Turn]) -> str:
    """Return the turns before a message as they are read with it, the latest question first."""
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
    """Return the beginning of a text, which ends with a whole word and then a sign that it goes on.

    Without it the head would take the last words for what is meant.
    """
    if len(text) <= most:
        return text
    words = text[: max(most + 1 - len(GOES_ON), 0)].rpartition(" ")[0]
    return words and words + GOES_ON


def linked(link: str, words: str, ending: str) -> str:
    """Return what is put in with the small word before it, and what shows an owner behind it.

    An article that opened a sentence is written small now.
    """
    if words.casefold().startswith(ARTICLES):
        words, link = words[:1].lower() + words[1:], "" if link == "the" else link
    return f"{link} {words}{ending}".strip()


def edited(message: str, puts: Sequence[Put]) -> str:
    """Return a message with all that is put in and dropped; as it is where nothing is put in."""
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
    """Put one piece behind another, with a blank between words and none before a mark."""
    left, right = left.rstrip(), right.strip()
    if not left:
        return right.lstrip(",.;:!?- ")
    close = not right or right[0] in ",.;:!?"
    return f"{left}{right}" if close else f"{left} {right}"


NEEDED = 0.5
"""How likely a message needs something, from which it is read so first of all."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A message with what it may need of the turns before, and how likely it is to need it.

    `texts` are the ways to put it in, the likeliest first, each with how likely it is of all; there
    are none where nothing can be put in. `need` is a probability, from 0 to 1.
    """

    texts: tuple[tuple[str, float], ...] = ()
    need: float = 0.0

    def first_of_all(self, message: str) -> str:
        """Return the way in which a message is to be read first of all."""
        return self.texts[0][0] if self.texts and self.need >= NEEDED else message


MOST = 3
"""Things that are tried in the place that needs something most. Of 140 messages that were held out
the likeliest one has words that people put in for 76%, one of three has for 95%."""

CALM, CALM_NEED = 3.0, 2.0
"""By how much the head is too sure which thing is meant, and that any is: the log-odds are divided
by these."""

INSERTED = 0.7
"""How likely a message needs words that no word of it stands for, at most. “How long is it?” needs
some, “Any deaths?” may as well ask of all there is to read: then what is found decides. Chosen on
the talks that come with Footnoted (eval/lab/RECORDS.md)."""

BARE = 0.91
"""How likely “Since when?” needs something. Of 395 messages of nothing but function words none
stood alone, so it is not read as it was typed (`UNLIKELY` in `rag/asking/query.py`). Surer than
this is the router of what is said to the assistant, such as “What more?”."""

AGAIN = 0.8
"""How likely it then asks what was asked before it. Of 95 such messages in dialogues about
SQuAD's texts this has at least as many words that people put in as the head's own for 79%, of 55
others for 84%."""

SURE = 0.5
"""How likely words are of all that could stand at a place from which they are put in beside those
that are needed most."""


def rewritten(
    message: str, history: Sequence[Turn], read: ReadEdits, *, english: bool = True
) -> Rewriting:
    """Return a message with what it needs of the turns before, if it needs anything."""
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
    """Return a message with what is meant at a place of it, in brackets behind that."""
    before, behind = message[:at].rstrip(), message[at:].lstrip()
    if not has_blanks(message):
        return f"{before}（{words}）{behind}"
    apart = "" if re.match(r"[.,;:!?…؟،؛।)\]»”]|$", behind) else " "
    return f"{before} ({words}){apart}{behind}".lstrip()


def _end_of_place(at: Sequence[tuple[int, int]], edits: Sequence[Edit], surest: int) -> int:
    """Return where the words end that words of the context stand for; where they are put in."""
    if _putting(edits[surest]) == "insert":
        return at[surest][0]
    last = surest
    while last + 2 < len(at) and HOWS[_greatest(_split(edits[last + 1].logits)[0])] == "drop":
        last += 1
    return at[last][1]


def _asked_again(message: str, history: Sequence[Turn], read: ReadEdits) -> str | None:
    """Return the question before a message of nothing but question words, asked with these."""
    for at in reversed(range(len(history))):
        role, said = history[at]
        if role == "user":
            return asked_of(rewritten(said, history[:at], read).first_of_all(said), message)
    return None


def rewriter(
    english: ReadEdits, across: ReadEdits | None
) -> Callable[[str, Sequence[Turn], str], Rewriting]:
    """Return what makes a message in a language stand alone.

    What is in English behind English is read by `english`, all else by `across`. Where there is
    none, a message in another language is left as it is.
    """

    def rewrite(message: str, history: Sequence[Turn], language: str) -> Rewriting:
        if across and not (language == ENGLISH and all(map(_is_english, history[-2:]))):
            return rewritten(message, history, across, english=False)
        return rewritten(message, history, english) if language == ENGLISH else Rewriting()

    return rewrite


def _is_english(turn: Turn) -> bool:
    """Whether a turn may be in English: a short answer, such as a name, tells no language."""
    role, text = turn
    told = language_of_text(text) if role == "assistant" else language_of_question(text)
    return told in (None, ENGLISH)


def leaves_open(message: str, read: ReadEdits) -> float:
    """Return how likely a message needs something that was not said, from 0 to 1."""
    if language_of(message) is None:
        return 0.0
    return read(message, places(message), "")[0]


def _things(edit: Edit, context: str) -> list[tuple[str, float]]:
    """Return the words that may be put in at a place, each of another thing, with their shares."""
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
    """Yield what is done at each place; at the surest one the words are put in.

    The same words are put in once: “it” a second time is understood then.
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
    """Return how words are put in at a place, if they are."""
    hows, _, _ = _split(edit.logits)
    return PUTTING[_greatest(hows[-len(PUTTING) :])]


def _for_putting(logits: Sequence[float]) -> float:
    hows, _, _ = _split(logits)
    return max(hows[-len(PUTTING) :]) - max(hows[: -len(PUTTING)])


def _greatest(logits: Sequence[float]) -> int:
    return max(range(len(logits)), key=lambda each: logits[each])
