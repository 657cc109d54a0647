"""How well a reader reads: the figures that its model card gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eval.cases.answers import normalise, token_f1
from eval.lab.training.examples import Example
from index.weights.reader import Read, ReaderWeights

FALSE_REFUSALS = 0.05

WINDOWS = ("answerable", "near-miss")
PARAGRAPHS = ("answerable paragraph", "near-miss paragraph")
"""The kinds of examples on which answering and refusing are measured."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, higher for a more certain answer, and whether the question has an answer."""

    score: float
    answerable: bool


def score(read: Read) -> float:
    """Return the score of a reading: the sum of its two log-odds."""
    return read.answers + read.words


def auc(scored: Sequence[Scored]) -> float:
    """Return the area under the ROC curve: how often an answerable one scores higher."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score([e.answerable for e in scored], [e.score for e in scored]))


def threshold(scored: Sequence[Scored]) -> float:
    """Return the score below which the share FALSE_REFUSALS of answerable questions lies."""
    right = sorted(each.score for each in scored if each.answerable)
    return right[int(FALSE_REFUSALS * len(right))]


def refused(scored: Sequence[Scored]) -> float:
    """Return the share of unanswerable questions refused at FALSE_REFUSALS false refusals."""
    least = threshold(scored)
    wrong = [each.score < least for each in scored if not each.answerable]
    return sum(wrong) / len(wrong)


def right_words(words: str, answers: Sequence[str]) -> bool:
    """Whether words are an accepted answer, with more or fewer words around it."""
    given = f" {normalise(words)} "
    wanted = [f" {normalise(each)} " for each in answers if normalise(each)]
    return bool(given.strip()) and any(each in given or given in each for each in wanted)


def describe(held_out: Sequence[Example], reader: ReaderWeights) -> Iterator[str]:
    """Yield figures on the held-out examples: of windows, of each kind, and of paragraphs."""
    reads = [reader.read(each.question, [each.text])[0] for each in held_out]
    pairs = list(zip(held_out, reads, strict=True))
    windows = [Scored(score(read), e.answerable) for e, read in pairs if e.kind in WINDOWS]
    yield (
        f"held-out articles, windows, answerable against near-misses: AUC {auc(windows):.3f}, "
        f"refused at {FALSE_REFUSALS:.0%} false refusals {refused(windows):.3f}, "
        f"n = {len(windows)}"
    )
    least = threshold(windows)
    for kind in dict.fromkeys(each.kind for each in held_out):
        of = [(e, read) for e, read in pairs if e.kind == kind]
        share = sum(score(read) < least for _, read in of) / len(of)
        words = [_words(*pair) for pair in of if pair[0].answer]
        right = [right_words(said, [answer]) for said, answer in words]
        more = f", right words {sum(right) / len(right):.3f}" if right else ""
        yield f"{kind}: refused {share:.3f}{more}, n = {len(of)}"
    if whole := [pair for pair in pairs if pair[0].kind in PARAGRAPHS]:
        least, f1 = best_threshold([(score(r), bool(e.answer), _f1(e, r)) for e, r in whole])
        yield f"paragraphs: best F1 {f1:.3f} from the score {least:.2f}, n = {len(whole)}"


def _words(example: Example, read: Read) -> tuple[str, str]:
    """Return the words that were read in an example, and those of its answer."""
    start, end = example.answer or (0, 0)
    return example.text[read.start : read.end], example.text[start:end]


def _f1(example: Example, read: Read) -> float:
    said, answer = _words(example, read)
    return token_f1(said, [answer]) if example.answer else 0.0


def best_threshold(scored: Sequence[tuple[float, bool, float]]) -> tuple[float, float]:
    """Return the score from which answering gives the best mean F1, and that F1.

    `scored` has for each question its score, whether it has an answer, and the F1 of the words that
    were read. Not answering counts 1 if there is no answer.
    """
    ranked = sorted(scored, reverse=True)
    unanswerable = sum(not answerable for _, answerable, _ in ranked)
    gains = [f1 if answerable else -1.0 for _, answerable, f1 in ranked]
    totals = np.cumsum([float(unanswerable), *gains])
    answered = int(totals.argmax())
    least = ranked[answered - 1][0] if answered else ranked[0][0] + 1
    return least, float(totals[answered]) / len(ranked)
