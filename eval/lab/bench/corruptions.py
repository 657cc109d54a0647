"""How much of what is false the verification notices, and how much of what is true it flags.

    python -m eval.lab.bench.corruptions SET=DOCUMENT [SET=DOCUMENT ...]

True sentences are the sentences of a document that hold a case's evidence, and light rewrites of
them by rule. Each is corrupted by rule, one fact at a time, with a fixed seed
(`eval.lab.training.corruptions`). Of the cases with evidence every second one (the 1st, 3rd, ...)
is for developing the rules of `rag.verifying.attribution`; the others are held out.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

from eval.cases.cases import CaseSet, load_set
from eval.lab.command import run_command
from eval.lab.training.corruptions import Claim, Words, corruptions, rewrites, verbatim
from eval.measuring.statistics import rate
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
"""The kinds that are counted together as one."""

NOTICED = 0.95
"""The least share of false numbers, dates and names that must be noticed; the rest is reported."""

FALSE_ALARMS = 0.03
"""The greatest share of true sentences that may be flagged."""


def main(arguments: Sequence[str]) -> int:
    """Print the rates of the sets' corruptions and of their true sentences."""
    if not arguments or not all("=" in each for each in arguments):
        raise UserError(
            "Usage: python -m eval.lab.bench.corruptions SET=DOCUMENT [SET=DOCUMENT ...]"
        )
    pairs = [each.partition("=") for each in arguments]
    sets = [(load_set(Path(name)), load(Path(path))) for name, _, path in pairs]
    true, false = claims(sets)
    reader = Reader(load_settings().models)
    for part, development in (("development", True), ("held out", False)):
        sys.stdout.write(f"{part}\n")
        sys.stdout.write(table([each for each in false if each.development == development], reader))
        sys.stdout.write("true sentences wrongly flagged\n")
        sys.stdout.write(table([each for each in true if each.development == development], reader))
    return 0


def table(made: Sequence[Claim], reader: Reader) -> str:
    """Return the share of flagged claims of each kind, and of all, as lines of text."""
    rows: dict[str, Sequence[str]] = {each.kind: (each.kind,) for each in made}
    rows |= {
        name: kinds for name, kinds in TOGETHER.items() if any(each.kind in kinds for each in made)
    }
    rows["all"] = tuple({each.kind for each in made})
    noticed = [(each.kind, each.flagged(reader)) for each in made]
    lines = []
    for kind, kinds in rows.items():
        flagged = [flag for name, flag in noticed if name in kinds]
        share = rate(sum(flagged), len(flagged))
        low, high = share.interval or (0.0, 0.0)
        lines.append(
            f"  {kind:<26}{len(flagged):>6}{share.value or 0:>9.1%}  ({low:.1%} to {high:.1%})\n"
        )
    return "".join(lines)


def claims(sets: Sequence[tuple[CaseSet, Document]]) -> tuple[list[Claim], list[Claim]]:
    """Return the true sentences and their corruptions, the same ones in every run."""
    true: list[Claim] = []
    false: list[Claim] = []
    for case_set, document in sets:
        rng = random.Random(SEED)  # noqa: S311 - the same corruptions in every run
        others = [each.text for _, each in sets if each.id != document.id]
        words = Words.of(document, others)
        for claim in verbatim(case_set, document, words, rng):
            alike = [claim, *rewrites(claim)]
            true += alike
            false += [made for each in alike for made in corruptions(each, words, rng)]
    return true, list({(each.kind, each.sentence): each for each in false}.values())


if __name__ == "__main__":
    run_command(main)
