"""Split English questions about two things: what they ask about each."""

from __future__ import annotations

import re
from itertools import pairwise

from index.split import sentence_spans
from rag.languages.english_mentions import mentions
from rag.languages.english_words import COMPARATIVES
from rag.languages.language import Computed, How, Own, SubQuestions

SENTENCES = 3
"""Sentences about each of two things that are compared in general."""

_BE = r"(?:is|are|was|were|be)"
_HAVE = r"(?:has|have|had)"
_MORE = "|".join(COMPARATIVES)
_THAN = re.compile(
    rf"\b(?:{_BE}|{_HAVE}|does|do|did)\s+(?P<x>.+?)(?:\s+(?:any|much|really|the|a|{_BE}|have))*"
    rf"(?:\s+(?:{_MORE})(?:\s\w+)?)?\s+(?:than|compared (?:to|with))\s+(?P<y>.+)",
    re.IGNORECASE,
)
_OR = re.compile(
    r"(?:^|[,:;–-]\s*|\b(?:between|of)\s+)(?P<x>[^,:;?]+?),?\s+or\s+(?P<y>[^,:;?]+)", re.IGNORECASE
)
_BETWEEN = re.compile(
    r"\b(?:between|from)\s+(?P<x>.+?)\s+(?:and|to|until)\s+(?P<y>.+)", re.IGNORECASE
)
_JOINT = re.compile(r",?\s+(?:and|vs\.?|versus|with|to|from|or|against)\s+", re.IGNORECASE)
_POINTS = re.compile(
    rf"\b(?:those|that|these|this|it|one|ones|they|them|two|both|others?|{_MORE})\b", re.IGNORECASE
)
_EACH = re.compile(r",?\s+(?:(?:each|both)(?: of)?|respectively|in turn)\b", re.IGNORECASE)

Two = tuple[str, str]


def asked_of_two(text: str, matter: str, own: Own) -> SubQuestions | None:
    """Return what a question asks about each of two things; None if these are not clear."""
    match matter:
        case "which":
            return _measured(text, "more")
        case "amount":
            return _measured(text, "difference")
        case "interval":
            return _interval(text)
        case "each":
            return _of_each(text)
        case _:
            return _both(text, own)


def _things(x: str, y: str) -> Two | None:
    """Return two names in the form for new questions; None if one is only a pronoun or the like."""
    bare = [each.strip(" ,.?!;:–-").removeprefix("either ").strip() for each in (x, y)]
    if any(not each or _POINTS.search(each) for each in bare):
        return None
    return bare[0], bare[1]


def _measured(text: str, how: How) -> SubQuestions | None:
    """Parse “Which strait is wider, … or …?”, “How much older is … than …?”."""
    words = (each for each in re.finditer(r"\w+", text) if each[0].lower() in COMPARATIVES)
    more = next(words, None)
    pair = more and (_THAN.search(text) or _OR.search(text, more.end()) or _OR.search(text))
    if more is None or pair is None:
        return None
    word = more[0].lower()
    asks = rf"^.*\b{word}\b\W*(?=\w)|^(?:which|who|what) (?:one )?of "
    x = re.sub(asks, "", pair["x"], flags=re.IGNORECASE)
    things = _things(x, re.split(rf"\s(?:which|who|{_BE}|{_HAVE})\b", pair["y"])[0])
    if things is None:
        return None
    measure, is_more = COMPARATIVES[word]
    if had := re.search(rf"\b{_HAVE}\s+(?:the|a)?\s*{word}\s(\w+)", text, re.IGNORECASE):
        asked, said = f"What {had[1]} does {{}} have?", f"has the {word} {had[1]}"
    else:
        be = re.search(rf"\b{_BE}\b", text, re.IGNORECASE)
        verb = be[0].lower() if be else "is"
        asked, said = f"How {measure} {verb} {{}}?", f"{verb} {word}"
        kind = re.match(rf"(?:which|what) (\w+) {_BE}\b", text, re.IGNORECASE)
        things = _called(things[0], kind), _called(things[1], kind)
    return _of_either(asked, Computed(things, how, said, is_more))


def _of_either(question: str, computed: Computed) -> SubQuestions:
    one, other = computed.things
    return SubQuestions((question.format(one), question.format(other)), computed=computed)


def _called(name: str, kind: re.Match[str] | None) -> str:
    """Add to a bare name the noun that the question has for it: “the Tsugaru strait”."""
    bare = kind and kind[1].lower() not in name.lower() and not name.lower().startswith("the ")
    return f"the {name} {kind[1]}" if kind and bare else name


def _interval(text: str) -> SubQuestions | None:
    """Parse “How many days lay between … and …?”."""
    pair = _BETWEEN.search(text)
    things = _things(*pair.group("x", "y")) if pair else None
    weeks = re.search(r"\bweeks?\b", text, re.IGNORECASE)
    if things is None:
        return None
    return _of_either("When was {}?", Computed(things, "weeks" if weeks else "days"))


def _of_each(text: str) -> SubQuestions | None:
    """Parse “What did … and … each say?”: the question is asked about each of two names."""
    plain = _EACH.sub("", text)
    names = [each for each in mentions(plain) if each.kind == "name"]
    for one, other in pairwise(names):
        if re.fullmatch(r",? and (?:the )?", plain[one.end : other.start]):
            first = plain[: one.end] + plain[other.end :]
            return SubQuestions((first, plain[: one.start] + plain[other.start :]))
    return None


def _both(text: str, own: Own) -> SubQuestions | None:
    """Parse “Compare … and …”: it asks for some sentences about each."""
    pair = _BETWEEN.search(text)
    named = pair.group("x", "y") if pair else _JOINT.split(own(text), maxsplit=1)
    things = _things(*_whole(*(own(each) or each for each in named))) if len(named) == 2 else None
    if things is None or len(sentence_spans(text, 0, len(text))) != 1:
        return None
    one, other = (f"Tell me about {each} in {SENTENCES} sentences." for each in things)
    return SubQuestions((one, other))


def _whole(x: str, y: str) -> Two:
    """Give both names the noun that belongs to both: “the Tsugaru and Osumi straits”."""
    *names, last = y.split()
    if names and len(x.split()) <= len(names) + 1 and re.fullmatch(r"[a-z]+[^si\W]s", last):
        return f"{x} {last[:-1]}", f"{' '.join(names)} {last[:-1]}"
    return x, y
