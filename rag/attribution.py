"""Finding the quotes that bear a sentence out, and checking that they do.

The LLM writes prose and no citations. Each of its sentences is attributed here, by its words and
its facts, to the fewest quotes that hold them, and then verified against those alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.facts import content_words, missing_facts

MIN_SUPPORT = 0.6
"""The least share of a sentence's content words that its quotes and the question must hold."""

MIN_GAIN = 0.1
"""A further quote is cited for this share of a sentence's words, or for a fact."""

MAX_CITED = 3


@dataclass(frozen=True, slots=True)
class Attribution:
    """Which quotes (as positions in the list) a sentence rests on, and what they do not hold."""

    quotes: tuple[int, ...]
    support: float
    missing: tuple[str, ...]

    @property
    def supported(self) -> bool:
        """Whether the sentence may stand in an answer."""
        return bool(self.quotes) and not self.missing and self.support >= MIN_SUPPORT


def attribute(sentence: str, quotes: Sequence[str], question: str) -> Attribution:
    """Attribute a sentence to the fewest quotes that hold its facts and words.

    Greedy set cover: the quote that leaves the fewest facts and then the fewest words unsupported
    comes first, earlier ranks win ties. What the question itself says needs no quote, but a
    sentence must rest on at least one.
    """
    words = content_words(sentence)
    own = words - content_words(question)
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
        best = min(
            rest,
            key=lambda at: (
                len(lacking[at]),
                -len((covered | held[at]) & own),
                -len(held[at] & words),
                at,
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
    supported = len(words - own) + len(covered)
    return Attribution(tuple(chosen), supported / len(words) if words else 0.0, tuple(missing))
