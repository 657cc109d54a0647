"""Find the quotes that bear out a sentence, and check that they do.

The LLM writes prose without citations. Each of its sentences is attributed here, by its words and
its facts, to the fewest quotes that hold them, and then verified: the quotes must have each fact,
with the words that are around it in the sentence. Whether they also entail the sentence is decided
in `entailment.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.languages import Mention, content_words, mentions, missing_facts

MIN_SUPPORT = 0.6
"""The share of a sentence's content words that its quotes and the question must hold."""

MIN_GAIN = 0.1
"""The share of a sentence's words for which a further quote is cited. A fact is enough as well."""

MAX_CITED = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """How a sentence differs from its sources: described for people, and in the sentence's words.

    There are no such words if the source alone says more.
    """

    text: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Attribution:
    """The quotes (as positions in the list) that a sentence rests on, and what they do not hold.

    `held` is whether they hold any part of what the sentence adds to the question. `missing` are
    facts that are in none of them, and `conflicts` describe facts that they state differently.
    """

    quotes: tuple[int, ...]
    support: float
    held: bool
    missing: tuple[str, ...]
    conflicts: tuple[Difference, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether the sentence may be part of an answer."""
        proven = bool(self.quotes) and self.held and not self.missing and not self.conflicts
        return proven and self.support >= MIN_SUPPORT


def attribute(sentence: str, quotes: Sequence[str], question: str) -> Attribution:
    """Attribute a sentence to the fewest quotes that hold its facts and words.

    This is a greedy set cover: the next quote is the one that leaves the fewest facts, and then the
    fewest words, unsupported; earlier ranks win ties. What the question itself says needs no quote,
    but a sentence must rest on at least one.
    """
    words = content_words(sentence)
    own = words - content_words(question)
    chosen, missing, covered = _fewest(sentence, words, own, quotes, question)
    supported = len(words - own) + covered
    found = conflicts(sentence, [quotes[at] for at in chosen], question)
    return Attribution(
        tuple(chosen),
        supported / len(words) if words else 0.0,
        # A sentence that only repeats the question ("Yes, they did") rests on the whole quote.
        covered > 0 or not own,
        tuple(missing),
        tuple(found),
    )


def _fewest(
    sentence: str, words: set[str], own: set[str], quotes: Sequence[str], question: str
) -> tuple[list[int], list[str], int]:
    """Return the quotes to cite, the facts that they lack, and how many of `own` they hold.

    `words` are the sentence's content words, and `own` are those that the question does not have.
    """
    held = [content_words(quote) for quote in quotes]
    chosen: list[int] = []
    covered: set[str] = set()
    missing = missing_facts(sentence, [], question)
    while len(chosen) < MAX_CITED:
        rest = [at for at in range(len(quotes)) if at not in chosen]
        if not rest:
            break
        lacking = {
            at: missing_facts(sentence, [quotes[i] for i in [*chosen, at]], question) for at in rest
        }
        # Fewest facts missing, then most of the sentence's own words, then most words; then rank.
        best = min(
            rest,
            key=lambda at: (
                len(lacking[at]),
                -len(held[at] & own - covered),
                -len(held[at] & words),
            ),
        )
        gain = len(held[best] & own - covered) / max(len(words), 1)
        if chosen and len(lacking[best]) == len(missing) and gain < MIN_GAIN:
            break
        if not chosen and not held[best] & words:
            break
        chosen.append(best)
        covered |= held[best] & own
        missing = lacking[best]
    return chosen, missing, len(covered)


def conflicts(sentence: str, quotes: Sequence[str], question: str) -> list[Difference]:
    """Return how a sentence differs from the quotes that it cites.

    These rules compare a fact together with the words around it. They only report facts that the
    quotes state differently, not a difference in wording.
    """
    rules = (_between_the_same, _apart, _other_units)
    return [found for rule in rules for found in rule(sentence, list(quotes), question)]


def _between_the_same(sentence: str, quotes: list[str], _: str) -> Iterator[Difference]:
    """Find facts that are between the same words as another fact of their kind in the quotes.

    This catches two facts of one quote that were swapped, which words further away do not show.
    """
    own = mentions(sentence)
    held = [(quote, mentions(quote)) for quote in quotes]
    for at, mention in enumerate(own):
        if not mention.asserts:
            continue
        best, other, taken = 0, 0, ""
        for quote, there in held:
            for place, each in enumerate(there):
                if mention.same(each) or (each.kind == mention.kind and each.asserts):
                    agree = _sides_agree(sentence, own, at, quote, there, place)
                    if mention.same(each):
                        best = max(best, agree)
                    elif agree > other:
                        other, taken = agree, quote[each.start : each.end]
        if other == 2 and best < other:
            words = sentence[mention.start : mention.end]
            yield Difference(f"the source has “{taken}” there, not “{words}”", words)


def _sides_agree(
    text: str, these: tuple[Mention, ...], at: int, quote: str, those: tuple[Mention, ...], to: int
) -> int:
    """Count the sides (0 to 2) on which two mentions have the same neighbour, or a text's edge.

    Active and passive differ: "Putin told" and "Putin was told".
    """
    agree = 0
    for step in (-1, 1):
        one, other = _beside(text, these, at, step), _beside(quote, those, to, step)
        if one is None or other is None:
            agree += one is other
        else:
            agree += one[1] == other[1] and not one[0].isdisjoint(other[0])
    return agree


def _beside(
    text: str, all_of: tuple[Mention, ...], at: int, step: int
) -> tuple[frozenset[str], bool] | None:
    """Return what a mention's neighbour holds, and whether a passive is between the two."""
    if not 0 <= at + step < len(all_of):
        return None
    first, second = sorted((all_of[at], all_of[at + step]), key=lambda each: each.start)
    return all_of[at + step].holds, bool(_PASSIVE.search(text[first.end : second.start]))


REACH = 4
"""How many words on each side of a fact, without function words, are compared."""

MIN_TOGETHER = 0.5
"""The share of the words around a fact that a quote with the fact must hold."""


def _apart(sentence: str, quotes: list[str], question: str) -> Iterator[Difference]:
    """Find facts of one quote that are told of the subject of another.

    Only the words around a fact that any of the quotes holds count. A sentence may join clauses of
    two quotes: each fact then still has words of its own quote around it.
    """
    own, asked = mentions(sentence), mentions(question)
    held = [mentions(quote) for quote in quotes]
    for at, mention in enumerate(own):
        if not mention.asserts or _has(asked, mention):
            continue
        around = own[max(at - REACH, 0) : at] + own[at + 1 : at + 1 + REACH]
        near = [each for each in around if any(_stands_in(each, there) for there in held)]
        together = [
            sum(_stands_in(each, there) for each in near) for there in held if _has(there, mention)
        ]
        if together and max(together) < MIN_TOGETHER * len(near):
            words = sentence[mention.start : mention.end]
            yield Difference(f"the source says “{words}” of something else", words)


def _stands_in(one: Mention, those: Sequence[Mention]) -> bool:
    """Whether a mention has anything in common with one of several others."""
    return any(not one.holds.isdisjoint(each.holds) for each in those)


def _has(those: Sequence[Mention], one: Mention) -> bool:
    """Whether one of several mentions bears out another one."""
    return any(map(one.same, those))


def _other_units(sentence: str, quotes: list[str], question: str) -> Iterator[Difference]:
    """Find numbers that have a unit other than in all quotes and the question."""
    held = [each for text in (*quotes, question) for each in mentions(text)]
    for mention in mentions(sentence):
        units = {each.unit for each in held if mention.same(each)}
        if mention.unit and units and not units & {mention.unit, None}:
            words = sentence[mention.start : mention.end]
            yield Difference(f"the source has “{words}” in another unit", words)


_PASSIVE = re.compile(r"\b(?:is|are|was|were|been|being|be|by)\b", re.I)
