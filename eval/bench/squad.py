"""SQuAD 2.0's questions as cases on whole articles: answerable ones and near-misses, a sample.

Rajpurkar, Jia and Liang, "Know What You Don't Know", ACL 2018. A near-miss has no answer in its
paragraph; in a library of whole articles another paragraph answers one now and then.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from eval.cases.cases import CaseSet
from eval.formats.xquad import load_xquad
from index.documents import Document
from index.errors import UserError

SEED = 2021


def whole_articles(
    path: Path, count: int, name: str, wanted: Callable[[str], bool] = lambda _: True
) -> tuple[tuple[Document, ...], CaseSet]:
    """Return articles as documents, and a fixed sample of their questions.

    `count` answerable questions whose answer's place is known, and as many near-misses. `wanted`
    chooses articles by their titles. Raises UserError for a file that is not in SQuAD's format, or
    that has too few questions.
    """
    data = load_xquad(path)
    documents = tuple(each for each in data.documents if wanted(each.title))
    cases = [case for case in data.cases if wanted(case.tags[0])]
    draw = random.Random(SEED)  # noqa: S311  reproducible
    kinds = [c for c in cases if c.evidence], [c for c in cases if c.unanswerable]
    if min(map(len, kinds)) < count:
        raise UserError(f"{path} has fewer than {count} questions of a kind.")
    asked = [case for kind in kinds for case in draw.sample(kind, count)]
    return documents, data.subset(name, tuple(asked))
