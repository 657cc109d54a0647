"""Fit the weights by which statements are judged, and print them.

FOLDER is that of `eval.lab.training.claims`: the reader that comes with Footnoted judges its
held-out statements. The weights, for `rag/verifying/entailment.py`, are those of a multinomial
logistic regression in which each kind of statement counts the same; the figures come from tenfold
cross-validation. With --all-languages, the head is that of the reader of all languages. It judges
some of the same statements, and the held-out ones on translated paragraphs, where each pair of
languages other than English is a kind; the weights are for `rag/verifying/across.py`.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from eval.lab.command import arguments, run_command
from eval.lab.training.inputs import read_examples
from eval.lab.training.multilingual.claims import ALL, MEASURED, SEED, judged, statements_of
from eval.lab.training.statements import LABELS, Statement
from index.language import ENGLISH
from index.weights.catalogue import ENGLISH_READER, READER_OF_ALL
from rag.answerability.reader import Reader
from rag.config import load_settings
from rag.languages.across import lacking_figures
from rag.verifying.across import AcrossFeatures, across_features
from rag.verifying.entailment import EntailmentFeatures, entailment_features

FeaturesOf = Callable[[Statement, Reader], EntailmentFeatures | AcrossFeatures]
IN_ENGLISH = (ENGLISH, ENGLISH)


def main(argv: Sequence[str]) -> int:
    """Judge the held-out statements, fit the weights, and print them with their figures."""
    parser = arguments("eval.lab.training.fit_claims", __doc__)
    parser.add_argument("--all-languages", action="store_true")
    given = parser.parse_args(argv)
    statements = read_examples(given.folder / "statements-held-out.jsonl", Statement)
    if given.all_languages:
        rng = random.Random(SEED)  # noqa: S311  reproducible
        statements = rng.sample(statements, min(MEASURED, len(statements)))
        statements += statements_of(judged([], held=True), ALL, rng)
    name = READER_OF_ALL if given.all_languages else ENGLISH_READER
    features_of: FeaturesOf = _across if given.all_languages else _in_english
    reader = Reader(load_settings().models, name)
    features = [asdict(features_of(each, reader)) for each in statements]
    names = list(features[0])
    values = np.array([list(each.values()) for each in features])
    labels = np.array([LABELS.index(each.label) for each in statements])
    kinds = Counter(each.kind for each in statements)
    weight = np.array([len(statements) / len(kinds) / kinds[each.kind] for each in statements])
    model = LogisticRegression(C=1.0, max_iter=2000)
    guessed = cross_val_predict(model, values, labels, cv=10, params={"sample_weight": weight})
    model.fit(values, labels, sample_weight=weight)
    for at, name in enumerate(("SUPPORTED_WEIGHTS", "REFUTED_WEIGHTS")):
        own = [model.intercept_[at] - model.intercept_[2], *(model.coef_[at] - model.coef_[2])]
        pairs = zip(("intercept", *names), own, strict=True)
        shown = ", ".join(f'"{key}": {value:.3f}' for key, value in pairs)
        sys.stdout.write(f"{name}: Weights = {{{shown}}}\n")
    for kind in kinds:
        of = [at for at, each in enumerate(statements) if each.kind == kind]
        right = float(np.mean(guessed[of] == labels[of]))
        passed = float(np.mean(guessed[of] == 0))
        sys.stdout.write(
            f"{kind:<32} right {right:.3f}, taken for supported {passed:.3f}, n = {len(of)}\n"
        )
    return 0


def _across(each: Statement, reader: Reader) -> AcrossFeatures:
    is_pair = re.fullmatch("[a-z]{2} [a-z]{2}", each.kind)
    said, written = each.kind.split() if is_pair else IN_ENGLISH
    lacking = tuple(lacking_figures(each.statement, said, each.text, written))
    return across_features(each.statement, each.text, reader, lacking)


def _in_english(each: Statement, reader: Reader) -> EntailmentFeatures:
    return entailment_features(each.statement, each.text, reader)


if __name__ == "__main__":
    run_command(main)
