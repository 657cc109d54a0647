"""Fitting the gate: which weights tell the questions that the sources answer from the others.

    python -m eval.lab.bench.fit_gate FOLDER --article FILE --squad FILE

Asks the development halves of `article` and `briefing` (the 1st, 3rd, ... case) and questions on
articles that the reader was not trained on, keeps in FOLDER what was read, and prints the weights
and what they do on each set, fitted on all of them and on all others but that one; then what the
gate does as it is, its threshold and its bounds of doubt. The result is copied by hand into
`rag/answerability/gate.py`.

A case is answered by one quote, so a case is a bag of readings of which the best one counts: the
weights are fitted on the readings that are best by the weights before, until nothing changes
(the maximum of Andrews, Tsochantaridis and Hofmann, NeurIPS 2002, with logistic regression).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from scipy.optimize import minimize

from eval.cases.cases import SETS, Case
from eval.formats.xquad import load_xquad
from eval.lab.bench import measured_set
from eval.lab.bench.squad import half_the_articles, whole_articles
from eval.lab.command import run_command
from eval.lab.training.examples import held_out
from eval.measuring.statistics import rate
from index.atomic import write_whole
from index.documents import Document
from index.errors import UserError
from index.loading.load import load
from rag.answerability.gate import DOUBT, THRESHOLD, AnswerFeatures, Decision, Reading, weigh
from rag.answering.context import MIN_QUOTES
from rag.answering.evidence import ASKED
from rag.asking.query import Query
from rag.assistant import Assistant
from rag.config import load_settings
from rag.finding.quotes import find_quotes
from rag.quote import Quote
from rag.writing.llm import Writer

RIDGE = 1.0
"""The strength of the L2 penalty on the weights of standardised signals."""

MAX_FALSE_REFUSALS = 0.05
"""The threshold refuses as much as it can at this rate on what it is fitted on."""

ROUNDS = 20

QUESTIONS = 60
"""Answerable questions on articles that the reader was not trained on, and as many near-misses;
with only half of these articles in the library, as many off-topic questions."""

ALWAYS = tuple(each.name for each in fields(AnswerFeatures) if each.name != "copied")
ALL = (*ALWAYS, "copied")


@dataclass(frozen=True, slots=True)
class Bag:
    """The readings of one case, as rows of signals. `found` is whether a quote holds its answer."""

    answerable: bool
    found: bool
    readings: np.ndarray

    def best(self, weights: np.ndarray) -> np.ndarray:
        """Return the signals of the reading that speaks most for an answer."""
        row: np.ndarray = self.readings[int(np.argmax(self.readings @ weights))]
        return row


def main(arguments: Sequence[str]) -> int:
    """Collect what is not in the folder yet, fit, and print weights and what they do."""
    parser = argparse.ArgumentParser(prog="python -m eval.lab.bench.fit_gate")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--article", type=Path, required=True, metavar="FILE")
    parser.add_argument("--squad", type=Path, required=True, metavar="FILE")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    collected = {
        name: _collected(given.folder, name, documents, cases)
        for name, documents, cases in _sources(given.article, given.squad)
    }
    for names, what in ((ALWAYS, "what is read"), (ALL, "with the language model's copy")):
        sets = {name: found for name, each in collected.items() if (found := bags(each, names))}
        sys.stdout.write("\n".join(_report(what, names, sets)) + "\n")
    sys.stdout.write(f"as it is, the threshold {THRESHOLD} and the language model in {DOUBT}:\n")
    for name, rows in collected.items():
        right = [_decided(row) for row in rows if row["answerable"]]
        wrong = [_decided(row) for row in rows if not row["answerable"]]
        sys.stdout.write(f"  {name}: {_result(right, wrong, THRESHOLD)}\n")
    return 0


Source = tuple[str, Sequence[Document], Sequence[Case]]
Row = dict[str, Any]
"""A case: whether it is `answerable`, whether a quote holds its answer (`found`), `readings`."""


def _sources(article: Path, squad: Path) -> Iterator[Source]:
    for name, source in (("article", article), ("briefing", SETS / "briefing.md")):
        yield name, [load(source)], measured_set(name).cases[::2]
    documents, case_set = whole_articles(squad, QUESTIONS, "squad-train", held_out)
    yield "squad", documents, case_set.cases
    data = load_xquad(squad)
    documents, case_set = half_the_articles(data, QUESTIONS, "off-topic", held_out)
    yield "off-topic", documents, case_set.cases


def _collected(
    folder: Path, name: str, documents: Sequence[Document], cases: Sequence[Case]
) -> list[Row]:
    """Return what was read for each case; it is kept in the folder."""
    out = folder / f"readings-{name}.json"
    if not out.exists():
        assistant = Assistant(load_settings(library=folder / f"library-{name}"))
        writer = assistant.writer
        if writer is None:
            raise UserError("The gate is fitted with a language model, and FOOTNOTED_LLM is none.")
        for document in documents:
            assistant.library.add(document)
        console = Console(stderr=True)
        asked = track(cases, name, console=console, disable=not console.is_terminal)
        rows = [_read(case, assistant, writer) for case in asked]
        write_whole(out, json.dumps(rows).encode())
    return list(json.loads(out.read_text("utf-8")))


def _read(case: Case, assistant: Assistant, writer: Writer) -> Row:
    """Read a case's quotes; the LLM reads those of the best that leave any doubt."""
    quotes = find_quotes(assistant.library, assistant.reranker, case.question, MIN_QUOTES).quotes
    reads = assistant.reader.read_quotes(case.question, quotes)
    question = Query.of(case.question)
    decision = Decision(tuple(map(weigh, repeat(question), quotes, reads)))
    for _ in range(ASKED):
        if (best := decision.doubtful(ASK_WITHIN)) is None:
            break
        none = writer.none_probability(best.quote.text, case.question)
        decision = decision.with_copied(best, none)
    covers = [
        quote.document.sha256 == each.sha256
        and quote.start <= (each.start or 0)
        and (each.end or 0) <= quote.end
        for quote in quotes
        for each in case.evidence
    ]
    readings = [asdict(each.signals) for each in decision.readings]
    return {"answerable": not case.unanswerable, "found": any(covers), "readings": readings}


ASK_WITHIN = (0.05, 0.95)
"""Between these the LLM is asked while fitting: more widely than it will be."""


def bags(rows: Sequence[Row], names: Sequence[str]) -> list[Bag]:
    """Return the readings of each case that has any with all the signals."""
    found = []
    for row in rows:
        readings = [[each[name] for name in names] for each in row["readings"]]
        whole = [each for each in readings if None not in each]
        if whole:
            found.append(Bag(row["answerable"], row["found"], np.array(whole)))
    return found


def _report(what: str, names: Sequence[str], sets: dict[str, list[Bag]]) -> Iterator[str]:
    """Yield the weights, and what they do: fitted on all sets, and on all others.

    The intercept is moved so that the threshold is 0.5, for the weights with and without the LLM.
    """
    everything = [bag for each in sets.values() for bag in each]
    weights = _centred(fit(everything), everything)
    named = dict(zip(("intercept", *names), (float(round(w, 3)) for w in weights), strict=True))
    yield f"{what}: {named}"
    for name, part in sets.items():
        yield f"  {name}: {_results(weights, part)}"
        others = [bag for other, each in sets.items() if other != name for bag in each]
        if others:
            yield f"    fitted on the others: {_results(_centred(fit(others), others), part)}"


def _centred(weights: np.ndarray, learn: Sequence[Bag]) -> np.ndarray:
    least = threshold(weights, learn)
    return np.array([weights[0] - np.log(least / (1 - least)), *weights[1:]])


def fit(bags: Sequence[Bag]) -> np.ndarray:
    """Return the intercept and the weights, none of them negative, classes counted alike.

    Where no quote holds the evidence, refusing is right as well as answering: such cases teach
    nothing and are left out.
    """
    learn = [bag for bag in bags if bag.found or not bag.answerable]
    target = np.array([bag.answerable for bag in learn])
    weights = np.ones(1 + learn[0].readings.shape[1])
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


def _results(weights: np.ndarray, part: Sequence[Bag]) -> str:
    right = [_probability(weights, bag) for bag in part if bag.answerable]
    return _result(right, [_probability(weights, bag) for bag in part if not bag.answerable], 0.5)


def _decided(row: Row) -> float:
    """Return the probability by which the gate as it is decides a case, asking where in doubt."""
    quote = Quote(Document.of("-", title="", source=""), 0, 1, 0.0)  # Not a part of the decision.
    asked = [Reading(quote, AnswerFeatures(**each)) for each in row["readings"]]
    signals = [replace(each.signals, copied=None) for each in asked]
    decision = Decision(tuple(Reading(quote, each) for each in signals))
    for _ in range(ASKED):
        if (doubtful := decision.doubtful(DOUBT)) is None:
            break
        at = decision.readings.index(doubtful)
        decision = Decision((*decision.readings[:at], asked[at], *decision.readings[at + 1 :]))
    return decision.probability


def _result(right: Sequence[float], wrong: Sequence[float], least: float) -> str:
    """Say what refusing below a probability does to those that have an answer, and have none."""
    pairs = [(a > b) + (a == b) / 2 for a in right for b in wrong]
    refused = rate(sum(p < least for p in wrong), len(wrong))
    falsely = rate(sum(p < least for p in right), len(right))
    return (
        f"AUC {np.mean(pairs):.3f}, refused {refused.value} {refused.interval} of {refused.n}, "
        f"falsely refused {falsely.value} {falsely.interval} of {falsely.n}"
    )


if __name__ == "__main__":
    run_command(main)
