"""The table of targets: which rows it has, and each as it was measured."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rich.console import Console
from rich.table import Table

from eval.lab.speed.kept import Kept, Pair, median, quantile
from eval.lab.speed.parts.growth import SIZES, WATCHED


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: which pair of which part, what it is called, and what it should be.

    `target` is "≥ 1.2" or "≤ 1/100", of Footnoted's median as a multiple of the other one.
    """

    part: str
    pair: str
    measure: str
    against: str
    unit: str
    target: str

    def met(self, pair: Pair) -> bool:
        """Whether the target is met."""
        sign, _, bound = self.target.partition(" ")
        limit = float(Fraction(bound))
        return pair.ratio >= limit if sign == "≥" else pair.ratio <= limit


ENGINE = "llama.cpp alone, same weights"
LARGE, LARGEST = f"growth-{WATCHED}", f"growth-{SIZES[-1]}"

ROWS = (
    Row(
        "adding",
        "adding",
        "adding, end to end",
        "`SentenceTransformer.encode` of all-MiniLM-L6-v2 on the same passages, alone",
        "passages/s",
        "≥ 1.2",
    ),
    Row(
        "again",
        "again",
        "adding 1,000 documents of 8 passages again",
        "adding them",
        "s",
        "≤ 1/100",
    ),
    Row(
        "evidence",
        "evidence",
        "evidence: from a question to ranked quotes, words marked",
        "LlamaIndex's `VectorStoreIndex` and `SentenceTransformerRerank`, same weights",
        "s",
        "≤ 1/2",
    ),
    Row(LARGE, "evidence", "evidence of 100,000 passages", "of 84", "s", "≤ 1.3"),
    Row(LARGEST, "evidence", "evidence of 1,000,000 passages", "of 84", "s", "≤ 2"),
    Row("answers", "answers", "a whole answer", "`CitationQueryEngine`, same LLM", "s", "≤ 1/16"),
    Row("tokens", "reading", "the LLM reads", ENGINE, "tokens/s", "≥ 0.95"),
    Row("tokens", "writing", "the LLM writes", ENGINE, "tokens/s", "≥ 0.95"),
    Row(
        "cold",
        "cold-ask",
        "cold `footnoted ask --no-llm`, to the first quote",
        '`python -c "import sentence_transformers"`',
        "s",
        "≤ 0.7",
    ),
    Row("cold", "cold-help", "cold `footnoted --help`", "`python -c pass`", "s", "≤ 5"),
    Row(
        "window",
        "window",
        "from `footnoted chat` to a window that can be typed into",
        "an empty `gr.Blocks` app with the same imports",
        "s",
        "≤ 1.5",
    ),
    Row(
        "window",
        "page",
        "from the page's opening to the question box",
        "an empty `gr.Blocks` app",
        "s",
        "≤ 1.5",
    ),
    Row(
        "first",
        "first",
        "the first question, half a minute after the window has opened",
        "the second question",
        "s",
        "≤ 1.3",
    ),
    Row("at-once", "at-once", "the first question, at once", "the second question", "s", "≤ 2.5"),
    Row(
        "first", "memory", "memory of the window after two answers", "its weights", "bytes", "≤ 1.6"
    ),
    Row(
        LARGE,
        "adding",
        "most memory while adding 100,000 passages",
        "the library on disk",
        "bytes",
        "≤ 3",
    ),
)


def lines(kept: dict[str, Kept]) -> Iterator[tuple[str, ...]]:
    """Yield the table's lines as it is printed: measure, ours, against, ratio, target, met."""
    for row in ROWS:
        pair = kept[row.part].pairs.get(row.pair) if row.part in kept else None
        if pair is None:
            yield row.measure, "–", row.against, "–", row.target, "–"
            continue
        interval = pair.interval()
        spread = f" ({_short(interval[0])}–{_short(interval[1])})" if interval else ""
        yield (
            row.measure,
            figure(pair.ours, row.unit),
            f"{figure(pair.against, row.unit)}: {row.against}",
            f"{_short(pair.ratio)}{spread}",
            row.target,
            "yes" if row.met(pair) else "no",
        )


def figure(values: Sequence[float], unit: str) -> str:
    """Return a median with its unit, and the middle half of the values where there are several."""
    scale, shown = (1e6, "MB") if unit == "bytes" else (1.0, unit)
    middle = _short(median(values) / scale)
    if len(values) < 3:
        return f"{middle} {shown}"
    low, high = (_short(quantile(values, at) / scale) for at in (25, 75))
    return f"{middle} {shown} ({low}–{high}, n = {len(values)})"


def _short(value: float) -> str:
    """Return a figure with three digits that count."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def show(kept: dict[str, Kept]) -> None:
    """Print the table, and how long each part took."""
    console = Console(width=200) if not sys.stdout.isatty() else Console()
    shown = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        shown.add_column(column, overflow="fold")
    for line in lines(kept):
        shown.add_row(*line)
    console.print(shown, highlight=False)
    for part, each in kept.items():
        console.print(f"{part}: measured in {each.seconds:,.0f} s", highlight=False)


COLUMNS = ("measure", "ours", "against", "ratio", "target", "met")
