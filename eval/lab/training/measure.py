"""How well a reader reads: figures that its card gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.cases.answers import normalise, token_f1
from eval.lab.training.examples import Example
from index.weights.reader import Read, ReaderWeights

FALSE_REFUSALS = 0.05

WORD = r"\w+|[^\w\s]"


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, the more the surer that the question is answered, and whether it is."""

    score: float
    answerable: bool


def score(read: Read) -> float:
    """Return one number of a reading: the sum of its two log-odds."""
    return read.answers + read.words


def auc(scored: Sequence[Scored]) -> float:
    """Return the area under the ROC curve: how often an answerable one scores higher."""
    right = np.sort([each.score for each in scored if each.answerable])
    wrong = np.array([each.score for each in scored if not each.answerable])
    below = np.searchsorted(right, wrong, "left") + np.searchsorted(right, wrong, "right")
    return float(1 - below.sum() / (2 * len(right) * len(wrong)))


def threshold(scored: Sequence[Scored], false_refusals: float = FALSE_REFUSALS) -> float:
    """Return the score below which this share of the answerable lies."""
    right = sorted(each.score for each in scored if each.answerable)
    return right[int(false_refusals * len(right))]


def refused(scored: Sequence[Scored], false_refusals: float = FALSE_REFUSALS) -> float:
    """Return the share of the unanswerable that is refused at a rate of false refusals."""
    least = threshold(scored, false_refusals)
    wrong = [each.score < least for each in scored if not each.answerable]
    return sum(wrong) / len(wrong)


def right_words(words: str, answers: Sequence[str]) -> bool:
    """Whether words are an accepted answer, with more or fewer words around it."""
    given = f" {normalise(words)} "
    wanted = [f" {normalise(each)} " for each in answers if normalise(each)]
    return bool(given.strip()) and any(each in given or given in each for each in wanted)


def describe(held_out: Sequence[Example], reader: ReaderWeights) -> list[str]:
    """Return figures on the held-out examples, a line a kind and one on the near-misses."""
    reads = [reader.read(each.question, [each.text])[0] for each in held_out]
    pairs = list(zip(held_out, reads, strict=True))
    windows = ("answerable", "near-miss")
    near = [Scored(score(read), e.answerable) for e, read in pairs if e.kind in windows]
    lines = [
        f"held-out articles, windows, answerable against near-misses: AUC {auc(near):.3f}, "
        f"refused at {FALSE_REFUSALS:.0%} false refusals {refused(near):.3f}, n = {len(near)}"
    ]
    least = threshold(near)
    for kind in dict.fromkeys(each.kind for each in held_out):
        of = [(e, read) for e, read in pairs if e.kind == kind]
        share = sum(score(read) < least for _, read in of) / len(of)
        line = f"{kind}: refused {share:.3f}"
        told = [(e.text[slice(*e.answer)], e.text[r.start : r.end]) for e, r in of if e.answer]
        if told:
            right = sum(right_words(words, [answer]) for answer, words in told) / len(told)
            line += f", right words {right:.3f}"
        lines.append(f"{line}, n = {len(of)}")
    paragraphs = [(e, read) for e, read in pairs if e.kind.endswith("paragraph")]
    told_f1 = [
        (score(r), bool(e.answer), token_f1(e.text[r.start : r.end], [e.text[slice(*e.answer)]]))
        if e.answer
        else (score(r), False, 0.0)
        for e, r in paragraphs
        if e.kind != "other paragraph"
    ]
    if told_f1:
        least, f1 = best_threshold(told_f1)
        lines.append(f"paragraphs: best F1 {f1:.3f} from the score {least:.2f}, n = {len(told_f1)}")
    return lines


def best_threshold(told: Sequence[tuple[float, bool, float]]) -> tuple[float, float]:
    """Return the score from which answering gives the best mean F1, and that F1.

    Each question is told by its score, whether it has an answer, and the F1 of the words read. What
    is not answered counts 1 where there is no answer.
    """
    ranked = sorted(told, reverse=True)
    total = float(sum(not answerable for _, answerable, _ in ranked))
    best, least = total, ranked[0][0] + 1
    for score_of, answerable, f1 in ranked:
        total += f1 if answerable else -1.0
        if total > best:
            best, least = total, score_of
    return least, best / len(ranked)


def question_only(examples: Sequence[Example], held_out: Sequence[Example]) -> str:
    """Say how far the question's wording alone gives away whether it is answered.

    Logistic regression over the words and pairs of words of the question, in lower case as the
    reader sees them, taught on the same windows.
    """
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import LogisticRegression

    kinds = ("answerable", "near-miss")
    learn = [each for each in examples if each.kind in kinds]
    asked = [each for each in held_out if each.kind in kinds]
    words = HashingVectorizer(ngram_range=(1, 2), n_features=2**18, token_pattern=WORD)
    model = LogisticRegression(max_iter=300, class_weight="balanced")
    model.fit(words.transform([e.question for e in learn]), [e.answerable for e in learn])
    scores = model.decision_function(words.transform([each.question for each in asked]))
    scored = [Scored(float(s), e.answerable) for s, e in zip(scores, asked, strict=True)]
    return f"the question's words alone: AUC {auc(scored):.3f}, n = {len(scored)}"
