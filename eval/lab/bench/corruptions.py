"""How many false sentences the verification notices, and how many true ones it flags.

True sentences are the sentences of a document that hold a case's evidence, and light rewrites of
them by rule. Each is corrupted by rule, one fact at a time, with a fixed seed
(`eval.lab.training.corruptions`). Every second case with evidence (the 1st, 3rd, ...) is for
developing the rules of `rag.verifying.attribution`; the others are held out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from eval.cases.cases import CaseSet, load_set
from eval.lab.command import run_command
from eval.lab.measure import Row, seeded, share, show_rows
from eval.lab.training.corruptions import Claim, Words, corruptions, rewrites, verbatim
from index.documents import Document
from index.errors import UserError
from index.loading.load import load
from rag.answerability.reader import Reader
from rag.config import load_settings

SEED = 7

TOGETHER = {
    "numbers": ("number changed", "number of another thing"),
    "dates": ("day moved by one", "month changed", "year changed"),
    "names": ("name from elsewhere", "name from another quote", "two names swapped"),
}
"""Kinds of corruption that are also counted together, under one name."""

NOTICED = 0.95
"""The share of false numbers, dates and names that must be noticed; the rest is only reported."""

FALSE_ALARMS = 0.03
"""The largest share of true sentences that may be flagged."""


def main(arguments: Sequence[str]) -> int:
    """Print the rates of the sets' corruptions and of their true sentences."""
    if not arguments or not all("=" in each for each in arguments):
        raise UserError(
            "Usage: python -m eval.lab.bench.corruptions SET=DOCUMENT [SET=DOCUMENT ...]"
        )
    pairs = [each.partition("=") for each in arguments]
    true, false = claims([(load_set(Path(name)), load(Path(path))) for name, _, path in pairs])
    reader = Reader(load_settings().models)
    for part, development in (("development", True), ("held out", False)):
        for what, made in (("noticed", false), ("true sentences wrongly flagged", true)):
            some = [each for each in made if each.development == development]
            show_rows(table(some, reader), f"{part}: {what}")
    return 0


def table(made: Sequence[Claim], reader: Reader) -> Iterator[Row]:
    """Yield the share of flagged claims, as `by_kind` does."""
    flags: dict[str, list[bool]] = {}
    for each in made:
        flags.setdefault(each.kind, []).append(each.flagged(reader))
    yield from by_kind(flags)


def by_kind(flags: Mapping[str, Sequence[bool]]) -> Iterator[Row]:
    """Yield the share of flags for each kind, for the kinds in `TOGETHER`, and for all."""
    for kind, of in flags.items():
        yield Row(kind, share(of))
    for name, kinds in (TOGETHER | {"all": tuple(flags)}).items():
        if together := [flag for kind in kinds for flag in flags.get(kind, ())]:
            yield Row(name, share(together))


def claims(sets: Sequence[tuple[CaseSet, Document]]) -> tuple[list[Claim], list[Claim]]:
    """Return the true sentences and their corruptions, the same ones in every run."""
    true: list[Claim] = []
    false: list[Claim] = []
    for case_set, document in sets:
        rng = seeded(SEED)
        others = [each.text for _, each in sets if each.id != document.id]
        words = Words.of(document, others)
        for claim in verbatim(case_set, document, words, rng):
            alike = [claim, *rewrites(claim)]
            true += alike
            false += [made for each in alike for made in corruptions(each, words, rng)]
    return true, list({(each.kind, each.sentence): each for each in false}.values())


if __name__ == "__main__":
    run_command(main)
