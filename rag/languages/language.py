"""What every language tells of a text, in one form."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["number", "year", "date", "name", "word"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text asserts that can be checked: each set holds normal forms."""

    numbers: frozenset[Decimal]
    days: frozenset[tuple[str, int]]
    months: frozenset[str]
    names: frozenset[str]

    def __bool__(self) -> bool:
        """Whether there is anything to check."""
        return bool(self.numbers or self.days or self.months or self.names)


@dataclass(frozen=True, slots=True)
class Mention:
    """A fact, or a plain word, at its place in a text.

    Two mentions are of the same fact when what the one `asserts` is among what the other `holds`:
    "Oct. 14-17" holds October, and asserts its days. A plain word asserts nothing.
    """

    kind: Kind
    start: int
    end: int
    asserts: frozenset[str]
    holds: frozenset[str]
    unit: str | None = None
    words: tuple[frozenset[str], ...] = ()
    clause: int = 0

    def same(self, other: Mention) -> bool:
        """Whether the other one bears this one out."""
        # A word that only opens a sentence looks like a name, and is found as a plain word.
        if self.kind == "date" == other.kind:
            return bool(self.asserts) and self.asserts <= other.holds
        alike = other.kind in (self.kind, "word")
        return alike and not self.asserts.isdisjoint(other.holds)
