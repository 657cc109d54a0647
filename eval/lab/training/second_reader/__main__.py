"""Make the weights again that read a quote a second time (`rag/writing/second_reader.py`).

FOLDER keeps the examples, and what the default language model makes of each, which takes two cores
an hour and a quarter: the same command goes on where it was stopped. At the end
`second_reader.npz` is in it, and figures on the articles that were held out are printed.

An example is a question on an article of SQuAD's training set, with the window of its paragraph
that the gate takes for the best: for a near-miss and for every third other question one that does
not answer, and for these one that does. Half of the questions are SQuAD's own, which keep to their
paragraph's words. The others are as people type them (`eval/lab/training/asked/`), open ones too.
What the log-odds count beside the gate's other features is fitted by `eval.lab.bench.fit_gate`.
"""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold

from eval.lab.command import run_command
from eval.lab.training.asked.__main__ import read_asked
from eval.lab.training.examples import Article, Paragraph, held_out, load_squad
from eval.lab.training.inputs import keep, parse, sha256_of
from index.atomic import write_whole
from index.errors import UserError
from rag.answerability.gate import READ_WEIGHTS, AnswerFeatures, logit
from rag.answerability.reader import Reader
from rag.config import load_settings
from rag.finding.rerank import Reranker, reranker_of
from rag.writing.llm import load_writer
from rag.writing.own.own_server import OwnServer
from rag.writing.second_reader import FILE, LLM, prompt

SEED = 11
PER_ARTICLE = 4
SQUAD, SQUAD_APART = 260, 70
"""SQuAD's near-misses that examples are made of, and as many of its other questions: to learn from,
and on articles that were held out."""
TYPED, TYPED_APART = 330, 40
"""As many near-misses and other questions as people type them."""
APART = 8
"""Of the articles with such questions, one in so many is held out; all are training articles."""
EVERY_THIRD = 3
PENALTIES = (0.0003, 0.001, 0.003, 0.01, 0.03)
"""Inverse strengths of the L2 penalty, on standardised numbers, to choose from."""
FOLDS = 5
"""Parts of the articles for that choice."""
KEPT_EVERY = 20


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a paragraph, with the windows that answer it, and those that do not.

    One whose answer goes over several windows is answerable all the same, and has none.
    """

    text: str
    paragraph: Paragraph
    answerable: bool
    answering: Sequence[int]
    others: Sequence[int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with a window, and whether that answers it."""

    question: str
    title: str
    window: str
    answers: bool

    @property
    def prompt(self) -> str:
        """What the language model reads."""
        return prompt(self.title, self.window, self.question)


def main(arguments: Sequence[str]) -> int:
    """Make examples, have the language model read them, fit, and measure what was held out."""
    options = parse(arguments, "eval.lab.training.second_reader", __doc__, "--squad")
    names = ("squad", "typed", "squad-held-out", "typed-held-out")
    files = [options.folder / f"{name}.jsonl" for name in names]
    counts = [SQUAD, TYPED, SQUAD_APART, TYPED_APART]
    sources = {"squad": sha256_of(options.squad), "questions": counts}
    sets = keep(files, Asked, sources, partial(_make, options.squad))
    model = _model()
    read = [
        _states(some, file.with_suffix(".npy"), model)
        for some, file in zip(sets, files, strict=True)
    ]
    weights, intercept = _fitted(np.concatenate(read[:2]), [*sets[0], *sets[1]])
    held = io.BytesIO()
    np.savez(held, weights=weights.astype(np.float32), intercept=np.float32(intercept))
    write_whole(options.folder / FILE, held.getvalue())
    for name, some, states in list(zip(names, sets, read, strict=True))[2:]:
        auc = roc_auc_score(_answers(some), states @ weights + intercept)
        sys.stdout.write(f"{name}: AUC {auc:.3f}, n = {len(some)}\n")
    return 0


# --- examples


def _make(squad: Path) -> list[list[Asked]]:
    settings = load_settings()
    best = _Best(reranker_of(settings), Reader(settings.models))
    articles = load_squad(squad)
    asked = list(read_asked({each.title: each for each in articles}))
    measured = sorted({paragraph.title for paragraph, _ in asked})[::APART]
    made = []
    for apart, squads, typed in ((False, SQUAD, TYPED), (True, SQUAD_APART, TYPED_APART)):
        some = [each for each in articles if held_out(each.title) is apart]
        paragraphs = [each for each in asked if (each[0].title in measured) is apart]
        made += [_squad(some, squads), _typed(paragraphs, typed)]
    if not all(len({each.answerable for each in questions}) > 1 for questions in made):
        raise UserError(f"{squad} has too few questions or near-misses.")
    return [list(_examples(questions, best)) for questions in made]


def _squad(articles: Sequence[Article], most: int) -> list[Question]:
    """Return so many near-misses, few of each article, and as many other questions."""
    rng, chosen = random.Random(SEED), []  # noqa: S311  reproducible
    for near_miss in (True, False):
        found = []
        for article in articles:
            of_article = [
                (paragraph, asked)
                for paragraph in article.paragraphs
                for asked in paragraph.questions
                if bool(asked.get("is_impossible")) is near_miss
            ]
            found += rng.sample(of_article, min(PER_ARTICLE, len(of_article)))
        for paragraph, asked in rng.sample(found, min(most, len(found))):
            words = None
            if not near_miss:
                start = asked["answers"][0]["answer_start"]
                words = (start, start + len(asked["answers"][0]["text"]))
            chosen.append(_of_words(asked["question"].strip(), paragraph, words))
    return chosen


def _typed(paragraphs: Iterable[tuple[Paragraph, dict[str, Any]]], most: int) -> list[Question]:
    """Return so many near-misses as people type them, and as many other questions."""
    found = []
    for paragraph, line in paragraphs:
        for asked in line["questions"]:
            text = asked["question"]
            if "sentences" in asked:
                within = paragraph.within(asked["sentences"])
                found.append(Question(text, paragraph, True, within, ()))
            else:
                found.append(_of_words(text, paragraph, asked.get("words")))
    rng, chosen = random.Random(SEED), []  # noqa: S311  reproducible
    for answerable in (False, True):
        some = [each for each in found if each.answerable is answerable]
        chosen += rng.sample(some, min(most, len(some)))
    return chosen


def _of_words(question: str, paragraph: Paragraph, words: Sequence[int] | None) -> Question:
    if words is None:
        return Question(question, paragraph, False, (), range(len(paragraph.windows)))
    start, end = words
    others = paragraph.without(paragraph.text[start:end])
    return Question(question, paragraph, True, paragraph.holding(start, end), others)


def _examples(questions: Iterable[Question], best: _Best) -> Iterator[Asked]:
    """Yield the examples of questions."""
    answerable = 0
    for each in questions:
        if each.answerable:
            answerable += 1
            if each.answering:
                yield best.of(each, answering=True)
        if each.others and (not each.answerable or answerable % EVERY_THIRD == 1):
            yield best.of(each, answering=False)


class _Best:
    """Finds the window that the gate takes for the best."""

    def __init__(self, reranker: Reranker, reader: Reader) -> None:
        self._reranker, self._reader = reranker, reader

    def of(self, question: Question, *, answering: bool) -> Asked:
        """Return a question with the best of the windows that answer it, or of the others."""
        paragraph = question.paragraph
        places = question.answering if answering else question.others
        windows = [paragraph.window(at) for at in places]
        scores = self._reranker.score(question.text, windows)
        reads = self._reader.read(question.text, windows, [paragraph.title] * len(windows))
        sure = [
            logit(READ_WEIGHTS, AnswerFeatures(score, read.answers, read.words))
            for score, read in zip(scores, reads, strict=True)
        ]
        window = windows[sure.index(max(sure))]
        return Asked(question.text, paragraph.title, window, answering)


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


def _fitted(states: np.ndarray, learned: Sequence[Asked]) -> tuple[np.ndarray, float]:
    """Return weights and an intercept, for numbers as they are."""
    mean, spread = states.mean(0), states.std(0) + 1e-9
    chosen = GridSearchCV(
        LogisticRegression(class_weight="balanced", max_iter=3_000),
        {"C": PENALTIES},
        scoring="roc_auc",
        cv=GroupKFold(FOLDS),
    )
    articles = [each.title for each in learned]
    model = chosen.fit((states - mean) / spread, _answers(learned), groups=articles).best_estimator_
    weights = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - weights @ mean)


if __name__ == "__main__":
    run_command(main)
