"""Questions that ask for all of a kind, and how they are put to one sentence at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.languages.english_words import UNITS


@dataclass(frozen=True, slots=True)
class AskedItems:
    """What is asked for all of a kind.

    `one` asks a single sentence for one of them, in the singular: "List the straits." is "Which
    strait?". `kind` is what each of them is, "strait"; without one, what they did is asked for.
    `counted` is whether the number of them is asked for.
    """

    one: str
    kind: str = ""
    counted: bool = False


def asked_items(question: str) -> AskedItems | None:
    """Return what a question asks for all of, or None where it asks for something else.

    "Which countries took part?" asks for what one sentence may say, and is none of these.
    """
    words = " ".join(question.split()).rstrip(" .?!")
    for form in _FORMS:
        match = form.fullmatch(words)
        if match is None:
            continue
        found = match.groupdict()
        if who := found.get("who"):
            return AskedItems(f"Who {who}?")
        if not _NOT_ALL.match(found["kind"]) and (one := _singular(found["kind"])):
            return AskedItems(f"Which {one}?", _HEAD_ENDS.split(one)[0], "how" in found)
    return None


_LIST = (
    r"(?:please )?(?:(?:can|could) you )?(?:list|name|enumerate|(?:give|show|tell) me)"
    r"(?: (?:all|every|each)(?: of)?)?(?: (?:the|those|these))?"
)
_NAMED = r"(?:mentioned|named|listed|spoken of|referred to)"
_THAT_ARE = rf"(?: (?:that|which|who) (?:are|is|were|was))?(?: {_NAMED})?(?: by name)?"
_FORMS = [
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?:{_LIST} )?(?:everyone|everybody|all (?:the )?(?:people|persons)) who (?P<who>.+)",
        rf"{_LIST} (?:people|persons) who (?P<who>.+)",
        rf"{_LIST} (?P<kind>.+?){_THAT_ARE}",
        rf"(?:which|what)(?: all)?(?: the)? (?P<kind>.+?) (?:are|were|is) {_NAMED}(?: by name)?"
        r"(?: (?:in|by) (?:the|this|these) \w+)?",
        rf"(?P<how>how many) (?P<kind>.+?) (?:are|were) {_NAMED}(?: by name)?"
        r"(?: (?:in|by) (?:the|this|these) \w+)?",
    )
]
_HEAD_ENDS = re.compile(
    r" (?:of|on|in|at|by|to|for|from|with|about|between|during|who|whom|whose|which|that|where"
    r"|when)\b"
)
_NOT_ALL = re.compile(
    r"(?:the )?(?:an?|one|some|any|other|another|at least|first|last|next|\d+"
    rf"|{'|'.join(UNITS[1:13])}|\w+est|most|best|worst|main|key)\b",
    re.IGNORECASE,
)
"""A kind that begins so is not asked for as a whole."""


def _singular(kind: str) -> str | None:
    """Put what is listed into the singular; None where nothing in it is a plural."""
    head_end = _HEAD_ENDS.search(kind)
    end = head_end.start() if head_end else len(kind)
    head, rest = kind[:end], kind[end:]
    parts = re.split(r"(, | and | or )", head)
    changed = [_one(part) for part in parts[::2]]
    if changed == parts[::2]:
        return head + rest if _IS_ONE.fullmatch(head) else None
    parts[::2] = changed
    return "".join(" or " if part == " and " else part for part in parts) + rest


_IS_ONE = re.compile(r"(?:\w+ ){0,3}(?:statement|place|mention|occasion|time|aircraft|person)")
"""What has no plural, or was asked for with "every", which the form has taken away."""

_ODD = {"men": "man", "women": "woman", "people": "person", "children": "child", "crises": "crisis"}
_ES = re.compile(r"(?:ss|x|zz|ch|sh)es$")


def _one(words: str) -> str:
    """Return words with the last one in the singular."""
    *before, last = words.split(" ")
    lower = last.lower()
    if lower in _ODD:
        last = _ODD[lower]
    elif lower.endswith("ies") and len(last) > len("ties"):
        last = f"{last[:-3]}y"
    elif _ES.search(lower):
        last = last[:-2]
    elif lower.endswith("s") and not lower.endswith(("ss", "us", "is")):
        last = last[:-1]
    return " ".join([*before, last])
