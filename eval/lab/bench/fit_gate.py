"""Fit the gate: the weights that separate questions that the sources answer from the others.

    python -m eval.lab.bench.fit_gate FOLDER --article FILE --squad FILE

Reads the quotes that are found for questions on whole documents
(`eval/lab/training/selection/documents.py`), and prints the weights that tell best which of these
quotes answer. Then it asks the development halves of `article`, `briefing` and `typed-…` (the 1st,
3rd, ... case) and questions on articles that the reader was not trained on, and prints how the
gate decides them with its present weights, threshold and bounds of doubt. Readings are kept in
FOLDER: name a new one after a change of what is read. The result is copied by hand into
`rag/answerability/gate.py`.

If the language model copies the words that answer, it also prints weights that fit what the model
said about doubtful quotes. A case is then a bag of readings, of which only the best one counts,
since one quote is enough to answer. The weights are fitted on the readings that the previous
weights rank best, until nothing changes (the maximum of Andrews, Tsochantaridis and Hofmann,
NeurIPS 2002, with logistic regression).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from eval.cases.cases import SETS, Case, CaseSet, EvidenceSpans
from eval.cases.evidence import resolve
from eval.formats.xquad import load_xquad
from eval.lab.bench import DOCUMENTS, measured_set
from eval.lab.bench.squad import half_the_articles, whole_articles
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, filled, kept, share, show_rows
from eval.lab.training.examples import held_out
from eval.lab.training.selection.documents import Asked, documents
from eval.measuring.spans import quote_hit
from eval.measuring.statistics import Metric
from index.documents import Document
from index.errors import UserError
from index.library import Hit
from index.loading.load import load
from rag.answerability.gate import (
    COPY_WEIGHTS,
    DOUBT,
    READ_WEIGHTS,
    REREAD_DOUBT,
    THRESHOLD,
    AnswerFeatures,
    Decision,
    Reading,
)
from rag.answering.context import MIN_QUOTES, weighed
from rag.answering.evidence import ASKED, asked
from rag.asking.query import Query
from rag.assistant import Assistant
from rag.finding.quotes import find_quotes
from rag.quote import Quote
from rag.writing.llm import Writer

EVERY = 2
"""One document in so many is used, which takes ten minutes."""

RIDGE = 1.0
"""The strength of the L2 penalty on the weights of standardised signals."""

MAX_FALSE_REFUSALS, MAX_OF_DOCUMENTS = 0.05, 0.19
"""The rate of false refusals, on the data that the weights are fitted on, up to which the threshold
may rise. On the questions on documents it is the rate of the weights for quotes read alone."""

WIDTH = 1.25
"""The factor on the log-odds of what is read. With it, as many questions lie between the bounds of
doubt, and go to the language model, as when quotes were read alone."""

ROUNDS = 20

QUESTIONS = 60
"""The number of answerable questions on articles that the reader was not trained on, of near-misses
and, with only half of these articles in the library, of off-topic questions."""

ASK_WITHIN = (0.05, 0.95)
"""The bounds between which the LLM is asked while fitting: wider than those in use."""

READ, COPIED = (
    tuple(name for name in weights if name != "intercept")
    for weights in (READ_WEIGHTS, COPY_WEIGHTS)
)
"""The signals that are weighed for a quote that is read, and for one that an LLM copied from."""

Told = dict[str, Any]
"""A case as it was read: whether it is `answerable`, whether a quote holds its answer (`found`),
the signals of its `readings`, and those of the readings that the model was `asked` about, by their
index. For documents, `answers` says of each quote whether it answers."""


@dataclass(frozen=True, slots=True)
class Bag:
    """The readings of one case, as rows of signals. `found` is whether a quote holds its answer."""

    answerable: bool
    found: bool
    readings: np.ndarray

    def best(self, weights: np.ndarray) -> np.ndarray:
        """Return the signals of the reading that weighs most for an answer."""
        row: np.ndarray = self.readings[int(np.argmax(self.readings @ weights))]
        return row

    def probability(self, weights: np.ndarray) -> float:
        """Return the probability that the case is answered, by the intercept and the weights."""
        return float(1 / (1 + np.exp(-(weights[0] + self.best(weights[1:]) @ weights[1:]))))


def main(argv: Sequence[str]) -> int:
    """Read what is not in the folder yet, fit the weights, and print them and their effect."""
    given = arguments("eval.lab.bench.fit_gate", __doc__, "article", "squad").parse_args(argv)
    of_documents = _of_documents(given.folder)
    learned = _learned(of_documents)
    rows = _rows("documents", _by(learned, _bags(of_documents, READ)), THRESHOLD)
    show_rows(rows, _title("read", READ, learned))
    told = {
        name: _read(given.folder, name, documents, case_set)
        for name, documents, case_set in _sources(given.article, given.squad)
    }
    sets = {name: bags for name, each in told.items() if (bags := _bags(each, COPIED))}
    if sets:
        weights = _centred([bag for each in sets.values() for bag in each])
        show_rows(_fitted(weights, sets), _title("copied", COPIED, weights))
    told["documents"] = of_documents
    as_it_is = (
        row
        for name, each in told.items()
        for row in _rows(name, [(case["answerable"], _decided(case)) for case in each], THRESHOLD)
    )
    bounds = f"{REREAD_DOUBT} or {DOUBT}"
    show_rows(as_it_is, f"as it is, the threshold {THRESHOLD} and the language model in {bounds}")
    return 0


def _sources(article: Path, squad: Path) -> Iterator[tuple[str, Sequence[Document], CaseSet]]:
    sources = {"article": article, "briefing": SETS / "briefing.md"}
    sources |= {f"typed-{name}": SETS / file for name, file in DOCUMENTS.items()}
    for name, source in sources.items():
        whole = measured_set(name)
        yield name, [load(source)], replace(whole, cases=whole.cases[::2], lines=whole.lines[::2])
    yield "squad", *whole_articles(squad, QUESTIONS, "squad-train", held_out)
    yield "off-topic", *half_the_articles(load_xquad(squad), QUESTIONS, "off-topic", held_out)


def _title(what: str, names: Sequence[str], weights: np.ndarray) -> str:
    rounded = (round(float(weight), 3) for weight in weights)
    return f"with what is {what}: {dict(zip(('intercept', *names), rounded, strict=True))}"


# --- what is read


def _of_documents(folder: Path) -> list[Told]:
    """Return what is read for each question on the documents; it is kept in the folder."""
    told: list[Told] = []
    for document, questions in islice(documents(folder / "documents"), 0, None, EVERY):
        name = document.name.removesuffix(".md")
        assistant = filled(folder / "documents" / name, [document])

        def read(question: Asked, assistant: Assistant = assistant) -> Told:
            quotes, readings, _ = _readings(question.question, assistant)
            answers = [question.is_answered_by(each) for each in quotes]
            made = [asdict(each.signals) for each in readings]
            some = {"answerable": bool(question.places or question.words), "found": any(answers)}
            return some | {"readings": made, "asked": {}, "answers": answers}

        told += kept(folder / "documents" / f"{name}.json", questions, read, "").values()
    return told


def _readings(
    question: str, assistant: Assistant
) -> tuple[Sequence[Quote], tuple[Reading, ...], Sequence[Hit]]:
    found = find_quotes(assistant.library, assistant.reranker, question, MIN_QUOTES)
    query = Query.of(question)
    return (
        found.quotes,
        weighed(query, found.quotes, found.passages, assistant.reader),
        found.passages,
    )


def _read(folder: Path, name: str, documents: Sequence[Document], case_set: CaseSet) -> list[Told]:
    """Return what was read for each case; it is kept in the folder."""
    assistant = filled(folder / f"library-{name}", documents)
    writer = assistant.writer
    if writer is None:
        raise UserError("The gate is fitted with a language model, and FOOTNOTED_LLM is none.")
    facts, _ = resolve(case_set, assistant.library)
    cases = {case.id: case for case in case_set.cases}
    file = folder / f"asked-{name}.json"
    # Kept even if the program has changed: other weights weigh the same readings.
    told = kept(file, cases, lambda case: _told(case, facts[case.id], assistant, writer), "")
    return list(told.values())


def _told(case: Case, facts: EvidenceSpans, assistant: Assistant, writer: Writer) -> Told:
    """Read a case's quotes, and let the LLM read the best of them that leave any doubt."""
    quotes, readings, passages = _readings(case.question, assistant)
    query, said = Query.of(case.question), dict[str, Any]()

    def ask(reading: Reading) -> Reading:
        made = asked(reading, query, writer, passages, assistant.reader)
        said[str(readings.index(reading))] = asdict(made.signals)
        return made

    _after(Decision(readings), ASK_WITHIN, ask)
    return {
        "answerable": not case.unanswerable,
        "found": bool(quote_hit([quote.span for quote in quotes], facts, len(quotes))),
        "readings": [asdict(each.signals) for each in readings],
        "asked": said,
    }


def _bags(told: Sequence[Told], names: Sequence[str]) -> list[Bag]:
    """Return a bag for each case that has readings with all the signals, of these readings."""
    found = []
    for case in told:
        read = [*case["readings"], *case["asked"].values()]
        readings = [[each.get(name) for name in names] for each in read]
        if whole := [each for each in readings if None not in each]:
            found.append(Bag(case["answerable"], case["found"], np.array(whole)))
    return found


# --- fitting


def _learned(told: Sequence[Told]) -> np.ndarray:
    """Return the weights that tell which quotes answer, shifted so that `THRESHOLD` decides."""
    rows = [[each[name] for name in READ] for case in told for each in case["readings"]]
    answers = [each for case in told for each in case["answers"]]
    weights = _logistic_regression(np.array(rows), np.array(answers))
    bound = _log_odds(_threshold(weights, _bags(told, READ), MAX_OF_DOCUMENTS))
    return np.array([_log_odds(THRESHOLD) + WIDTH * (weights[0] - bound), *(WIDTH * weights[1:])])


def _log_odds(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def _centred(learn: Sequence[Bag]) -> np.ndarray:
    """Return weights with the intercept moved so that the threshold is 0.5."""
    weights = _fit(learn)
    bound = _threshold(weights, learn, MAX_FALSE_REFUSALS)
    return np.array([weights[0] - _log_odds(bound), *weights[1:]])


def _fit(bags: Sequence[Bag]) -> np.ndarray:
    """Return the intercept and the weights, none of which is negative; both classes count alike.

    If no quote holds the evidence of an answerable case, both refusing and answering are right.
    Such cases teach nothing and are left out.
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


def _threshold(weights: np.ndarray, learn: Sequence[Bag], refused: float) -> float:
    """Return the highest threshold that falsely refuses no more than a share."""
    answerable = sorted(bag.probability(weights) for bag in learn if bag.answerable)
    return answerable[int(len(answerable) * refused)]


# --- what it does

Decided = tuple[bool, float]
"""Whether a case is answerable, and the probability by which the gate decides it."""


def _fitted(weights: np.ndarray, sets: dict[str, list[Bag]]) -> Iterator[Row]:
    """Yield the effect of the weights on each set, and of weights fitted on the other sets."""
    for name, part in sets.items():
        yield from _rows(name, _by(weights, part), 0.5)
        if others := [bag for other, each in sets.items() if other != name for bag in each]:
            yield from _rows(f"{name}, fitted on the others", _by(_centred(others), part), 0.5)


def _by(weights: np.ndarray, part: Sequence[Bag]) -> list[Decided]:
    return [(bag.answerable, bag.probability(weights)) for bag in part]


def _decided(case: Told) -> float:
    """Return the probability by which the present gate decides a case, asking the LLM in doubt."""
    quote = Quote(Document.of("-", title="", source=""), 0, 1, 0.0)  # Not part of the decision.
    readings = tuple(Reading(quote, AnswerFeatures(**each)) for each in case["readings"])
    said: dict[str, Any] = case["asked"]
    selects = any(each["reread"] is not None for each in said.values())

    def ask(reading: Reading) -> Reading:
        signals = said.get(str(readings.index(reading)))  # None if the LLM was not asked about it.
        return Reading(quote, AnswerFeatures(**signals)) if signals else reading

    bounds = REREAD_DOUBT if selects else DOUBT
    return _after(Decision(readings), bounds, ask).probability


def _after(
    decision: Decision, bounds: tuple[float, float], ask: Callable[[Reading], Reading]
) -> Decision:
    """Return the decision after the best readings between the bounds have been asked about."""
    for _ in range(ASKED):
        if (doubtful := decision.doubtful(bounds)) is None:
            break
        decision = decision.exchanged(doubtful, ask(doubtful))
    return decision


def _rows(name: str, decided: Sequence[Decided], bound: float) -> Iterator[Row]:
    """Yield the share refused below a probability, of cases with an answer and of those without."""
    auc = roc_auc_score(*zip(*decided, strict=True))
    yield Row(f"{name}: AUC", Metric(auc, len(decided)))
    yield Row(f"{name}: refused", share(p < bound for has, p in decided if not has))
    yield Row(f"{name}: falsely refused", share(p < bound for has, p in decided if has))


if __name__ == "__main__":
    run_command(main)
