"""Answering what is asked of two things: each by itself, and what can be computed from both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.split import sentence_spans
from rag.answer import Event
from rag.answering.context import Context
from rag.answering.evidence import read
from rag.answering.parts import (
    Comparison,
    Difference,
    Interval,
    Parts,
    answer_parts,
    of_each,
)
from rag.asking.query import Query
from rag.asking.subject import subject
from rag.languages import content_words
from rag.languages.english_words import COMPARATIVES

LONGEST = 10
"""Words of a thing's name: what is longer is no name."""

SENTENCES = 3
"""Sentences on each of two things that are compared in general."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer for both of two things; what is computed of the answers says so.

    Not where it is not plain which two they are, or where one sentence may name both and say it.
    """
    readers = {"which": _which, "amount": _amount, "interval": _interval, "each": of_each}
    asked = next(
        (found for each in query.route.matters if (found := readers.get(each, _both)(query.last))),
        None,
    )
    if asked and not _one_sentence_says(asked, query, context):
        yield from answer_parts(query, context, asked)


def _one_sentence_says(asked: Parts, query: Query, context: Context) -> bool:
    """Whether a sentence names both things, and so may state what is asked of them together.

    Of two things in general it has to answer the question.
    """
    named = asked.computed.things if asked.computed else asked.things
    if isinstance(asked.computed, Comparison) or not named:
        return False
    things = content_words(" ".join(named))
    for quote in context.find(query.text):
        text = quote.text
        sentences = (text[slice(*at)] for at in sentence_spans(text, 0, len(text)))
        if any(things <= content_words(sentence) for sentence in sentences):
            return asked.computed is not None or read(query, context).answerable
    return False


# --- which two things, and what of them: each function is for one matter of the route

_BE = r"(?:is|are|was|were|be)"
_HAVE = r"(?:has|have|had)"
_MORE = "|".join(COMPARATIVES)
_AGAINST = r"(?:than|compared (?:to|with))"
_THAN = re.compile(
    rf"\b(?:{_BE}|{_HAVE}|does|do|did)\s+(?P<x>.+?)\s+(?:(?:any|much|really|the|a|{_BE}|have)\s+)*"
    rf"(?P<word>{_MORE})(?P<noun>\s\w+)?\s+{_AGAINST}\s+(?P<y>.+)"
    rf"|(?P<word2>{_MORE})\s+{_BE}\s+(?P<x2>.+?)\s+{_AGAINST}\s+(?P<y2>.+)",
    re.IGNORECASE,
)
_OR = re.compile(
    r"(?:^|[,:;–-]\s*|\b(?:between|of)\s+)(?P<x>[^,:;?]+?),?\s+or\s+(?P<y>[^,:;?]+)", re.IGNORECASE
)
_OF_BOTH = re.compile(
    r"^(?:between|of)\s+(?P<x>[^,:;?]+?)\s+and\s+(?P<y>[^,:;?]+?)\s*[,:;–-]", re.IGNORECASE
)
_BETWEEN = re.compile(r"\bbetween\s+(?P<x>.+?)\s+and\s+(?P<y>.+)", re.IGNORECASE)
_FROM_TO = re.compile(r"\bfrom\s+(?P<x>.+?)\s+(?:to|until)\s+(?P<y>.+)", re.IGNORECASE)
_IN = re.compile(r"\bdifference in (?:the )?(?P<noun>\w+)", re.IGNORECASE)
_JOINT = re.compile(r",?\s+(?:and|vs\.?|versus|with|to|from|or|against)\s+", re.IGNORECASE)
_POINTS = re.compile(
    r"\b(?:those|that|these|this|it|one|ones|they|them|two|both|others?)\b", re.IGNORECASE
)
_WEEKS = re.compile(r"\bweeks?\b", re.IGNORECASE)


def _things(x: str, y: str) -> tuple[str, str] | None:
    """Return two names as they are put into questions; None where one only points at something."""
    bare = [each.strip(" ,.?!;:–-").removeprefix("either ").strip() for each in (x, y)]
    if any(not each or _POINTS.search(each) or len(each.split()) > LONGEST for each in bare):
        return None
    return bare[0], bare[1]


def _between(text: str) -> tuple[str, str] | None:
    pair = _BETWEEN.search(text) or _FROM_TO.search(text)
    return _things(pair["x"], pair["y"]) if pair else None


def _compared(text: str) -> tuple[tuple[str, str], str, str] | None:
    """Return two things, the comparative that is asked of them, and the noun that it is said of."""
    if match := _THAN.search(text):
        found = match.groupdict()
        word, noun = (found["word"] or found["word2"]).lower(), (found["noun"] or "").strip()
        things = _things(found["x"] or found["x2"], found["y"] or found["y2"])
        return (things, word, noun) if things else None
    words = [each for each in re.finditer(r"\w+", text) if each[0].lower() in COMPARATIVES]
    behind = _OR.search(text, words[0].end() if words else 0)
    match = behind or _OR.search(text) or _OF_BOTH.search(text)
    if not words or match is None:
        return None
    asks = rf"^(?:which|who|what)\b(?:.*?\b{words[0][0]}\s| (?:one )?of )"
    x = re.sub(asks, "", match["x"], flags=re.IGNORECASE)
    things = _things(x, re.split(rf"\s(?:which|who|{_BE}|{_HAVE})\b", match["y"])[0])
    after = re.match(r"\s(\w+)", text[words[0].end() :])
    has = re.search(rf"\b{_HAVE}\s+(?:the|a)?\s*$", text[: words[0].start()], re.IGNORECASE)
    return (things, words[0][0].lower(), after[1] if after and has else "") if things else None


def _which(text: str) -> Parts | None:
    """Read “Which strait is wider, … or …?”, “Is … older than …?”."""
    found = _compared(text)
    if found is None:
        return None
    (x, y), word, noun = found
    measure, more = COMPARATIVES[word]
    if noun:
        questions = (f"What {noun} does {x} have?", f"What {noun} does {y} have?")
        return Parts(questions, computed=Comparison((x, y), f"has the {word} {noun}", more))
    kind = re.match(rf"(?:which|what) (?P<noun>\w+) {_BE}\b", text, re.IGNORECASE)
    if kind:
        x, y = (
            f"the {each} {kind['noun']}" if _is_bare(each, kind["noun"]) else each
            for each in (x, y)
        )
    verb = _verb(text)
    questions = (f"How {measure} {verb} {x}?", f"How {measure} {verb} {y}?")
    return Parts(questions, computed=Comparison((x, y), f"{verb} {word}", more))


def _is_bare(name: str, noun: str) -> bool:
    """Whether a name goes without the noun that says what it is: "Tsugaru" of a strait."""
    return noun.lower() not in name.lower() and not name.lower().startswith("the ")


def _verb(text: str) -> str:
    found = re.search(rf"\b{_BE}\b", text, re.IGNORECASE)
    return found[0].lower() if found else "is"


def _amount(text: str) -> Parts | None:
    """Read “How much wider is … than …?”, “the difference in price between … and …”."""
    if found := _compared(text):
        things, word, _ = found
        measure, verb = COMPARATIVES[word][0], _verb(text)
        questions = (f"How {measure} {verb} {things[0]}?", f"How {measure} {verb} {things[1]}?")
        return Parts(questions, computed=Difference(things))
    noun, between = _IN.search(text), _between(text)
    if noun is None or between is None:
        return None
    x, y = (f"What is the {noun['noun']} of {each}?" for each in between)
    return Parts((x, y), computed=Difference(between))


def _interval(text: str) -> Parts | None:
    """Read “How many days lay between … and …?”."""
    things = _between(text)
    if things is None:
        return None
    unit = "week" if _WEEKS.search(text) else "day"
    return Parts(
        (f"When was {things[0]}?", f"When was {things[1]}?"), computed=Interval(things, unit)
    )


def _both(text: str) -> Parts | None:
    """Read “Compare … and …”: what is said of either, in some sentences."""
    pair = _BETWEEN.search(text)
    named = pair.group("x", "y") if pair else _JOINT.split(subject(text, "comparison"), maxsplit=1)
    named = [subject(each, "comparison") or each for each in named]
    sentences = sentence_spans(text, 0, len(text))
    things = _things(*_whole(*named)) if len(named) == 2 and len(sentences) == 1 else None
    if things is None:
        return None
    x, y = (f"Tell me about {each} in {SENTENCES} sentences." for each in things)
    return Parts((x, y), things=things)


def _whole(x: str, y: str) -> Sequence[str]:
    """Give both names the noun that belongs to both: “the Tsugaru and Osumi straits”."""
    *names, last = y.split()
    if names and len(x.split()) <= len(names) + 1 and re.fullmatch(r"[a-z]+[^si\W]s", last):
        return f"{x} {last[:-1]}", f"{' '.join(names)} {last[:-1]}"
    return x, y
