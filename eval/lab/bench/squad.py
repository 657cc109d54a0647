"""A sample of SQuAD's questions as cases on whole articles, with near-misses and off-topic ones.

Rajpurkar, Jia and Liang, "Know What You Don't Know", ACL 2018. A near-miss has no answer in its
paragraph, but in a library of whole articles another paragraph answers one now and then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from eval.cases.cases import CaseSet
from eval.formats.xquad import Benchmark, load_xquad
from eval.lab.measure import seeded
from index.documents import Document
from index.errors import UserError

Sample = tuple[tuple[Document, ...], CaseSet]
"""The documents of a library, and the questions about them."""


def whole_articles(
    path: Path, count: int, name: str, wanted: Callable[[str], bool] = lambda _: True
) -> Sample:
    """Return articles, and a fixed sample of their questions.

    The sample has `count` answerable questions whose answer's place is known, and as many
    near-misses. `wanted` chooses articles by their titles. Raises UserError for a file that is not
    in SQuAD's format, or that has too few questions.
    """
    data = load_xquad(path)
    documents = tuple(each for each in data.documents if wanted(each.title))
    cases = [case for case in data.cases if wanted(case.tags[0])]
    kinds = [c for c in cases if c.evidence], [c for c in cases if c.unanswerable]
    if min(map(len, kinds)) < count:
        raise UserError(f"{path} has fewer than {count} questions of a kind.")
    draw = seeded()
    asked = [case for kind in kinds for case in draw.sample(kind, count)]
    return documents, data.subset(name, tuple(asked))


def half_the_articles(
    data: Benchmark, count: int, name: str, wanted: Callable[[str], bool] = lambda _: True
) -> Sample:
    """Return every second article, and a fixed sample of questions.

    The sample has `count` questions on these articles, and as many on the others, which are
    off-topic in this library. `wanted` chooses articles by their titles.
    """
    titles = [document.title for document in data.documents if wanted(document.title)]
    documents = tuple(each for each in data.documents if each.title in titles[::2])
    near, far = (
        [case for case in data.cases if case.evidence and case.tags[0] in titles[first::2]]
        for first in (0, 1)
    )
    draw = seeded()
    asked = draw.sample(near, count)
    asked += [
        replace(case, answers=(), evidence=(), unanswerable=True)
        for case in draw.sample(far, count)
    ]
    return documents, data.subset(name, tuple(asked))
