"""Fitting the gate: which weights tell the questions that the sources answer from the others.

    python -m eval.fit_gate RUN.json [RUN.json ...]

Reads runs of regression sets, which keep for each case what every quote said for an answer. Every
second case of a run (the 1st, 3rd, ...) is for development: weights and threshold are fitted on
those, and reported on the others. The result is copied by hand into `rag/gate.py`.

A case is answered by one quote, so a case is a bag of readings of which the best one counts: the
weights are fitted on the readings that are best by the weights before, until nothing changes
(the maximum of Andrews, Tsochantaridis and Hofmann, NeurIPS 2002, with logistic regression).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from eval.compare import load_run
from eval.record import Result, Run
from eval.statistics import rate
from index.errors import UserError
from rag.gate import WEIGHTS, log_odds

RIDGE = 1.0
"""The strength of the L2 penalty on the weights of standardised signals."""

MAX_FALSE_REFUSALS = 0.05
"""The threshold refuses as much as it can at this rate on the development half."""

ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Bag:
    """The readings of one case, as rows of signals. `found` is whether a quote holds its answer."""

    development: bool
    answerable: bool
    found: bool
    readings: np.ndarray

    def best(self, weights: np.ndarray) -> np.ndarray:
        """Return the signals of the reading that speaks most for an answer."""
        row: np.ndarray = self.readings[int(np.argmax(self.readings @ weights))]
        return row


def main(arguments: Sequence[str]) -> int:
    """Fit on the runs, and print weights and what they do."""
    if not arguments:
        raise UserError("Usage: python -m eval.fit_gate RUN.json [RUN.json ...]")
    runs = {name: bags(load_run(Path(name))) for name in arguments}
    everything = [bag for each in runs.values() for bag in each]
    # Where no quote holds the evidence, refusing is right as well as answering: such cases teach
    # nothing and are left out of the fit, but not of the report.
    learn = [b for b in everything if b.development and (b.found or not b.answerable)]
    weights = fit(learn)
    now = np.array(WEIGHTS)
    lines = [
        f"fitted  {np.round(weights, 3)} threshold {threshold(weights, learn):.3f}",
        f"in use  {now} threshold there {threshold(now, learn):.3f}",
    ]
    for name, each in runs.items():
        for half, development in (("development", True), ("held out", False)):
            part = [bag for bag in each if bag.development == development]
            lines.append(f"{name}, {half}: {_result(weights, threshold(weights, learn), part)}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def bags(run: Run) -> list[Bag]:
    """Return the readings of each case of a run that had any.

    Raises UserError for a run that kept none: one without a language model, or an old one.
    """
    made = [_bag(result, at % 2 == 0) for at, result in enumerate(run.results)]
    found = [bag for bag in made if bag]
    if not found:
        raise UserError(f"The run of {run.set.name} tells nothing of what was read.")
    return found


def _bag(result: Result, development: bool) -> Bag | None:
    readings = [
        (each["score"], -log_odds(each["none_probability"]))
        for each in (result.decision or {}).get("readings", ())
        if each["none_probability"] is not None and each["kind"]
    ]
    if not readings:
        return None
    answerable = result.scores["refused"] != result.scores["refusal_right"]
    found = bool(result.scores["hit@5"])
    return Bag(development, answerable, found, np.array(readings))


def fit(learn: Sequence[Bag]) -> np.ndarray:
    """Return the intercept and the weights, none of them negative, classes counted alike."""
    target = np.array([bag.answerable for bag in learn])
    weights = np.array(WEIGHTS)
    for _ in range(ROUNDS):
        rows = np.array([bag.best(weights[1:]) for bag in learn])
        before, weights = weights, _logistic_regression(rows, target)
        if np.allclose(before, weights, atol=1e-4):
            break
    return weights


def _logistic_regression(rows: np.ndarray, target: np.ndarray) -> np.ndarray:
    mean, spread = rows.mean(0), rows.std(0) + 1e-9
    standard = np.column_stack([np.ones(len(rows)), (rows - mean) / spread])
    share = np.where(target, 0.5 / target.mean(), 0.5 / (1 - target.mean()))

    def loss(weights: np.ndarray) -> float:
        signed = np.where(target, 1, -1) * (standard @ weights)
        penalty = RIDGE * float(weights[1:] @ weights[1:]) / 2
        return float(share @ np.logaddexp(0, -signed)) + penalty

    bounds = [(None, None), *[(0, None)] * rows.shape[1]]
    weights = minimize(loss, np.zeros(standard.shape[1]), method="L-BFGS-B", bounds=bounds).x
    slopes = weights[1:] / spread
    return np.array([weights[0] - slopes @ mean, *slopes])


def _probability(weights: np.ndarray, bag: Bag) -> float:
    return float(1 / (1 + np.exp(-(weights[0] + bag.best(weights[1:]) @ weights[1:]))))


def threshold(weights: np.ndarray, learn: Sequence[Bag]) -> float:
    """Return the highest threshold that falsely refuses no more than is allowed."""
    answerable = sorted(_probability(weights, bag) for bag in learn if bag.answerable)
    return answerable[int(len(answerable) * MAX_FALSE_REFUSALS)]


def _result(weights: np.ndarray, least: float, part: Sequence[Bag]) -> str:
    right = [_probability(weights, bag) for bag in part if bag.answerable]
    wrong = [_probability(weights, bag) for bag in part if not bag.answerable]
    pairs = [(a > b) + (a == b) / 2 for a in right for b in wrong]
    refused = rate(sum(p < least for p in wrong), len(wrong))
    falsely = rate(sum(p < least for p in right), len(right))
    return (
        f"AUC {np.mean(pairs):.3f}, refused {refused.value} {refused.interval} of {refused.n}, "
        f"falsely refused {falsely.value} {falsely.interval} of {falsely.n}"
    )


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        sys.exit(str(error))
