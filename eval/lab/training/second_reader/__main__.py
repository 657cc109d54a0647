"""Make the weights again that read a quote a second time (`rag/writing/second_reader.py`).

FOLDER keeps the examples, and what the default language model makes of each, which takes two cores
half an hour: the same command goes on where it was stopped. At the end `second_reader.npz` is in
it, and figures on the articles that were held out are printed.

An example is a question on an article of SQuAD's training set, with the window of its paragraph
that the gate takes for the best: for a near-miss and for every third other question one that does
not answer, and for these one that does. On the articles that were held out, scale and intercept are
chosen: so that the log-odds can stand in the place of those of a model that is asked to copy
(`COPY_WEIGHTS` in the gate), and so that no more questions with an answer are refused than without
it.
"""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from eval.lab.command import run_command
from eval.lab.training.examples import Article, Paragraph, held_out, load_squad
from eval.lab.training.inputs import keep, parse, sha256_of
from index.atomic import write_whole
from index.errors import UserError
from index.weights.reader import Read
from rag.answerability.gate import (
    COPY_WEIGHTS,
    DOUBT,
    MAX_LOG_ODDS,
    READ_WEIGHTS,
    THRESHOLD,
    AnswerFeatures,
    logit,
)
from rag.answerability.reader import Reader
from rag.config import load_settings
from rag.finding.rerank import Reranker, reranker_of
from rag.writing.llm import load_writer
from rag.writing.own_server import OwnServer
from rag.writing.second_reader import FILE, LLM, prompt

SEED = 11
PER_ARTICLE = 4
LEARNED, MEASURED = 260, 70
"""Near-misses that examples are made of, and as many other questions: to learn from, and on
articles that were held out."""
EVERY_THIRD = 3
PENALTY = 0.003
"""The inverse strength of the L2 penalty, on standardised numbers; the best of four by
cross-validation on other questions."""
KEPT_EVERY = 20


Question = tuple[Paragraph, Mapping[str, Any]]
"""A paragraph, and what is asked of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with a window, whether that answers it, and what the gate weighs."""

    question: str
    title: str
    window: str
    answers: bool
    signals: AnswerFeatures

    @property
    def prompt(self) -> str:
        """What the language model reads."""
        return prompt(self.title, self.window, self.question)


Best = Callable[[Paragraph, Mapping[str, Any], Sequence[int], bool], Asked | None]
"""Returns the window of some that the gate takes for the best, and whether it answers."""


def main(arguments: Sequence[str]) -> int:
    """Make examples, have the language model read them, fit, and measure what was held out."""
    options = parse(arguments, "eval.lab.training.second_reader", __doc__, "--squad")
    files = [options.folder / name for name in ("train.jsonl", "held-out.jsonl")]
    sources = {"squad": sha256_of(options.squad), "questions": [LEARNED, MEASURED]}
    learned, apart = keep(files, Asked, sources, partial(_make, options.squad))
    model = _model()
    states, others = (
        _states(some, file.with_suffix(".npy"), model)
        for some, file in zip((learned, apart), files, strict=True)
    )
    weights, intercept = _fitted(states, _answers(learned))
    scale, shift = _calibrated(others @ weights + intercept, apart)
    weights, intercept = scale * weights, scale * intercept + shift
    intercept += _leniency(others @ weights + intercept, apart)
    held = io.BytesIO()
    np.savez(held, weights=weights.astype(np.float32), intercept=np.float32(intercept))
    write_whole(options.folder / FILE, held.getvalue())
    sys.stdout.writelines(f"{line}\n" for line in _described(others @ weights + intercept, apart))
    return 0


# --- examples


def _make(squad: Path) -> tuple[list[Asked], list[Asked]]:
    settings = load_settings()
    best = partial(_best, reranker_of(settings), Reader(settings.models))
    articles = load_squad(squad)
    train, apart = (
        list(_examples([a for a in articles if held_out(a.title) is held], questions, best))
        for held, questions in ((False, LEARNED), (True, MEASURED))
    )
    if not all(len({each.answers for each in some}) > 1 for some in (train, apart)):
        raise UserError(f"{squad} has too few questions or near-misses.")
    return train, apart


def _examples(articles: list[Article], questions: int, best: Best) -> Iterator[Asked]:
    """Yield the examples of so many near-misses, and of as many other questions."""
    rng = random.Random(SEED)  # noqa: S311  reproducible
    near, other = (
        rng.sample(some, min(questions, len(some)))
        for some in (
            [each for article in articles for each in _some(article, rng, near_miss=near_miss)]
            for near_miss in (True, False)
        )
    )
    made = [
        best(paragraph, asked, range(len(paragraph.windows)), False) for paragraph, asked in near
    ]
    for at, (paragraph, asked) in enumerate(other):
        [answer, *_] = asked["answers"]
        start, words = answer["answer_start"], answer["text"]
        made.append(best(paragraph, asked, paragraph.holding(start, start + len(words)), True))
        if at % EVERY_THIRD == 0:
            made.append(best(paragraph, asked, paragraph.without(words), False))
    whole = [each for each in made if each]
    rng.shuffle(whole)
    yield from whole


def _some(article: Article, rng: random.Random, *, near_miss: bool) -> list[Question]:
    found = [
        (paragraph, asked)
        for paragraph in article.paragraphs
        for asked in paragraph.questions
        if bool(asked.get("is_impossible")) is near_miss
    ]
    return rng.sample(found, min(PER_ARTICLE, len(found)))


def _best(
    reranker: Reranker,
    reader: Reader,
    paragraph: Paragraph,
    asked: Mapping[str, Any],
    places: Sequence[int],
    answers: bool,
) -> Asked | None:
    """Return a question with that of some windows which the gate takes for the best."""
    if not places:
        return None
    windows, question = [paragraph.window(at) for at in places], asked["question"].strip()
    scores = reranker.score(question, windows)
    reads = reader.read(question, windows, [paragraph.title] * len(windows))
    made = (
        Asked(question, paragraph.title, window, answers, AnswerFeatures(score, *_told(read)))
        for window, score, read in zip(windows, scores, reads, strict=True)
    )
    return max(made, key=lambda each: logit(READ_WEIGHTS, each.signals), default=None)


def _told(read: Read) -> tuple[float, float]:
    return read.answers, read.words


# --- what the language model makes of them


def _model() -> OwnServer:
    writer = load_writer(load_settings(llm=LLM))
    if writer is None or not isinstance(writer.llm, OwnServer):
        raise UserError(f"The weights are those of {LLM}, and another model is set.")
    return writer.llm


def _states(some: Sequence[Asked], file: Path, model: OwnServer) -> np.ndarray:
    """Return what the model's last layer holds at the end of each prompt; the file keeps it."""
    states = list(np.load(file)) if file.exists() else []
    while len(states) < len(some):
        states += [model.state(each.prompt) for each in some[len(states) :][:KEPT_EVERY]]
        held = io.BytesIO()
        np.save(held, np.array(states, dtype=np.float32))
        write_whole(file, held.getvalue())
        sys.stdout.write(f"{file.stem}: {len(states)} of {len(some)}\n")
        sys.stdout.flush()
    return np.array(states)


# --- what tells them apart


def _answers(some: Iterable[Asked]) -> np.ndarray:
    return np.array([each.answers for each in some])


def _fitted(states: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, float]:
    """Return weights and an intercept, for numbers as they are."""
    mean, spread = states.mean(0), states.std(0) + 1e-9
    model = LogisticRegression(C=PENALTY, max_iter=3_000, class_weight="balanced")
    model.fit((states - mean) / spread, answers)
    weights = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - weights @ mean)


def _calibrated(log_odds: np.ndarray, apart: Sequence[Asked]) -> tuple[float, float]:
    """Return the scale and the shift with which they fit the gate's weights best.

    Both classes count alike.
    """
    answers = _answers(apart)
    share = np.where(answers, 0.5 / answers.mean(), 0.5 / (1 - answers.mean()))
    others = _others(apart)

    def loss(given: np.ndarray) -> float:
        total = others + COPY_WEIGHTS["copied"] * (given[0] * log_odds + given[1])
        return float(share @ np.logaddexp(0, -np.where(answers, 1, -1) * total))

    scale, shift = minimize(loss, np.array([1.0, 0.0])).x
    return float(scale), float(shift)


def _others(some: Iterable[Asked]) -> np.ndarray:
    """Return what the gate's row for a model that copies makes of the signals without it."""
    return np.array([logit(COPY_WEIGHTS, each.signals) for each in some])


def _leniency(log_odds: np.ndarray, apart: Sequence[Asked]) -> float:
    """Return by how much they have to be higher, so that no more that is answered is refused.

    That is than where the gate asks nobody, and counted in steps of a half.
    """
    answers = _answers(apart)
    most = (_alone(apart)[answers] < THRESHOLD).sum()
    steps = np.arange(0, MAX_LOG_ODDS, 0.5)
    refused = ((_in_doubt(log_odds + step, apart)[answers] < THRESHOLD).sum() for step in steps)
    return float(next((s for s, n in zip(steps, refused, strict=True) if n <= most), MAX_LOG_ODDS))


def _alone(some: Iterable[Asked]) -> np.ndarray:
    """Return the probabilities of the gate where it asks nobody."""
    return _probabilities(np.array([logit(READ_WEIGHTS, each.signals) for each in some]))


def _in_doubt(log_odds: np.ndarray, some: Sequence[Asked]) -> np.ndarray:
    """Return the probabilities of the gate where it asks in doubt."""
    alone, bounded = _alone(some), np.clip(log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS)
    told = _probabilities(_others(some) + COPY_WEIGHTS["copied"] * bounded)
    return np.where((alone >= DOUBT[0]) & (alone < DOUBT[1]), told, alone)


def _probabilities(logits: np.ndarray) -> np.ndarray:
    made: np.ndarray = 1 / (1 + np.exp(-logits))
    return made


def _described(log_odds: np.ndarray, apart: Sequence[Asked]) -> Iterator[str]:
    answers = _answers(apart)
    for name, told in (("without it", _alone(apart)), ("with it", _in_doubt(log_odds, apart))):
        refused = told < THRESHOLD
        yield (
            f"the gate {name}: AUC {roc_auc_score(answers, told):.3f}, refused "
            f"{refused[~answers].mean():.3f}, falsely {refused[answers].mean():.3f}"
        )
    yield f"by itself: AUC {roc_auc_score(answers, log_odds):.3f}, n = {len(apart)}"


if __name__ == "__main__":
    run_command(main)
