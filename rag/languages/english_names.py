"""Names of countries and their people: the forms in which a name counts as the same."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from rag.languages.english_words import PEOPLE_ENDINGS

Forms = frozenset[str]

_LIST = Path(__file__).parent / "countries.txt"


@lru_cache(maxsize=4096)
def name_forms(word: str) -> Forms:
    """Return the forms in which a word counts as the same name: of a country, its people's too."""
    lower = word.casefold()
    forms = {lower}
    for ending in PEOPLE_ENDINGS:
        if lower.endswith(ending) and len(lower) - len(ending) >= 4:
            forms.add(lower[: -len(ending)])
    return frozenset(forms) | _countries()[0].get(lower, frozenset())


def seat_of(word: str) -> Forms:
    """Return the forms of the country whose seat of government a word names; none for others."""
    return _countries()[1].get(word.casefold(), frozenset())


def whole_name(name: str) -> Forms | None:
    """Return the forms of the country that several words name, or None: "white house"."""
    return _countries()[2].get(name.casefold())


@lru_cache(maxsize=1)
def _countries() -> tuple[dict[str, Forms], dict[str, Forms], dict[str, Forms]]:
    """Read the list: by single words, by single words for seats, and by names of several words."""
    same: dict[str, Forms] = {}
    seats: dict[str, Forms] = {}
    whole: dict[str, Forms] = {}
    for line in _LIST.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        country, others, governed = ([w.strip() for w in c.split(",")] for c in line.split("|"))
        called = [word for word in (*country, *others) if word]
        forms = frozenset(word for word in called if " " not in word)
        if not forms:
            continue
        for word in called:
            (whole if " " in word else same)[word] = forms
        for word in filter(None, governed):
            (whole if " " in word else seats)[word] = forms
    return same, seats, whole
