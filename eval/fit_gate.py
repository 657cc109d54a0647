"""Fitting the gate: which weights tell the questions that the sources answer from the others.

    python -m eval.fit_gate SIGNALS.jsonl SET=DOCUMENT[@CASES] [SET=DOCUMENT[@CASES] ...]

Each set (or its first CASES) is asked of a library that holds its document alone. The signals of
every case are kept in SIGNALS.jsonl, so that a stopped run goes on and a fit can be repeated. Every
second case of a set (the 1st, 3rd, ...) is for development: the weights are fitted on those, and
reported on the others. The result is copied by hand into `rag/gate.py`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from eval.cases import Case, load_set, resolve
from index.documents import Span
from index.errors import UserError
from index.load import load
from rag.assistant import MIN_QUOTES, Assistant
from rag.config import load_settings
from rag.gate import logistic, weigh
from rag.llm import load_writer
from rag.quotes import CANDIDATES, select_quotes

RIDGE = 1.0
"""The strength of the L2 penalty on the weights of standardised signals."""

MAX_FALSE_REFUSALS = 0.1
"""The threshold refuses as much as it can at this rate on the development half."""


@dataclass(frozen=True, slots=True)
class Row:
    """The signals of one case. `found` is whether its evidence is among the quotes."""

    key: str
    development: bool
    answerable: bool
    found: bool
    signals: tuple[float, ...]
    score: float


def main(arguments: Sequence[str]) -> int:
    """Gather the signals, fit, and print weights and what they do."""
    if len(arguments) < 2 or not all("=" in each for each in arguments[1:]):
        raise UserError("Usage: python -m eval.fit_gate SIGNALS.jsonl SET=DOCUMENT [...]")
    cache = Path(arguments[0])
    rows: list[Row] = []
    for pair in arguments[1:]:
        case_set, _, rest = pair.partition("=")
        document, _, count = rest.partition("@")
        rows += gather(Path(case_set), Path(document), int(count) if count else None, cache)
    report(rows)
    return 0


def gather(set_path: Path, document: Path, count: int | None, cache: Path) -> list[Row]:
    """Return the signals of each case, from the cache where they are there."""
    known = {row.key: row for row in _read(cache)}
    case_set = load_set(set_path).first(count)
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(library=Path(folder) / "library")
        assistant = Assistant(settings)
        assistant.library.add(load(document))
        places = resolve(case_set, assistant.library)
        rows: list[Row] = []
        for at, case in enumerate(case_set.cases):
            key = f"{case_set.name}/{case.id}"
            if key not in known:
                facts = [span for fact in places.get(case.id, ()) for span in fact]
                known[key] = _row(key, at % 2 == 0, case, facts, assistant)
                with cache.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(astuple(known[key])) + "\n")
                sys.stderr.write(f"\r{key}   ")
            rows.append(known[key])
    return rows


def _row(key: str, development: bool, case: Case, facts: list[Span], assistant: Assistant) -> Row:
    writer = load_writer(assistant.settings)
    if writer is None:
        raise UserError("The gate is fitted with a language model; the settings say none.")
    hits = assistant.library.search(case.question, CANDIDATES)
    quotes = select_quotes(hits, assistant.reranker, case.question, MIN_QUOTES)
    copied = writer.copy([quote.text for quote in quotes], case.question)
    evidence, _ = weigh(case.question, quotes, copied)
    found = any(quote.span.covers(span) for quote in quotes for span in facts)
    signals = evidence.signals
    return Row(key, development, not case.unanswerable, found, signals, quotes[0].score)


def _read(cache: Path) -> Iterator[Row]:
    if cache.exists():
        for line in cache.read_text("utf-8").splitlines():
            key, development, answerable, found, signals, score = json.loads(line)
            yield Row(key, development, answerable, found, tuple(signals), score)


def report(rows: Sequence[Row]) -> None:
    """Print the fitted weights with and without a language model, and their results."""
    # Where no quote holds the evidence, refusing is right as well as answering: such cases teach
    # nothing and are left out of the fit, but not of the report.
    learn = [row for row in rows if row.development and (row.found or not row.answerable)]
    held_out = [row for row in rows if not row.development]
    for name in ("signals", "score"):
        weights = fit([_signals(row, name) for row in learn], [row.answerable for row in learn])
        development = [row for row in rows if row.development]
        threshold = _threshold(weights, development, name)
        sys.stdout.write(f"{name}: {[round(w, 3) for w in weights]} threshold {threshold:.3f}\n")
        for part, those in (("development", development), ("held out", held_out)):
            sys.stdout.write(f"  {part}: {_result(weights, threshold, those, name)}\n")


def fit(signals: Sequence[Sequence[float]], answerable: Sequence[bool]) -> list[float]:
    """Fit a ridge logistic regression, both classes counting the same; intercept first.

    No weight is below 0: each signal is defined to speak for an answer, and with few cases a free
    fit turns one against its meaning to suit a handful of paraphrases.
    """
    import numpy as np
    from scipy.optimize import minimize

    matrix = np.array(signals, dtype=float)
    target = np.array(answerable, dtype=float)
    mean, spread = matrix.mean(0), matrix.std(0) + 1e-9
    standard = np.column_stack([np.ones(len(matrix)), (matrix - mean) / spread])
    share = np.where(target == 1, 0.5 / target.mean(), 0.5 / (1 - target.mean()))

    def loss(weights: np.ndarray) -> float:
        signed = np.where(target == 1, 1, -1) * (standard @ weights)
        penalty = RIDGE * float(weights[1:] @ weights[1:]) / 2
        return float(share @ np.logaddexp(0, -signed)) + penalty

    count = standard.shape[1]
    bounds = [(None, None), *[(0, None)] * (count - 1)]
    weights = minimize(loss, np.zeros(count), method="L-BFGS-B", bounds=bounds).x
    slopes = weights[1:] / spread
    return [float(weights[0] - slopes @ mean), *map(float, slopes)]


def _signals(row: Row, name: str) -> tuple[float, ...]:
    return row.signals if name == "signals" else (row.score,)


def _threshold(weights: Sequence[float], rows: Sequence[Row], name: str) -> float:
    answerable = sorted(logistic(weights, _signals(row, name)) for row in rows if row.answerable)
    return answerable[int(len(answerable) * MAX_FALSE_REFUSALS)]


def _result(weights: Sequence[float], threshold: float, rows: Sequence[Row], name: str) -> str:
    scores = {True: list[float](), False: list[float]()}
    for row in rows:
        scores[row.answerable].append(logistic(weights, _signals(row, name)))
    pairs = [(a > b) + (a == b) / 2 for a in scores[True] for b in scores[False]]
    refused = sum(score < threshold for score in scores[False])
    falsely = sum(score < threshold for score in scores[True])
    return (
        f"AUC {sum(pairs) / len(pairs):.3f}, refused {refused}/{len(scores[False])}, "
        f"falsely refused {falsely}/{len(scores[True])}"
    )


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.exit(str(error))
