"""Teaching what messages in any language ask for.

    python -m eval.lab.training languages FOLDER --squad FILE

The rows tell a message's class by its vector, as multilingual-e5-small makes it for search: a
logistic regression on all English examples, on `languages.jsonl`, beside this module, which has
messages in ten languages, and on questions of SQuAD's training set, some of them translated, which
ask for evidence. FOLDER gets `languages.npz`, which goes to `rag/asking/router/`. It takes both
cores for four minutes.
"""

from __future__ import annotations

import hashlib
import io
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from eval.formats.xquad import load_xquad
from eval.lab.training.examples import load_squad
from eval.lab.training.inputs import parse
from eval.lab.training.multilingual.translated import TRANSLATED, windows
from eval.lab.training.routing.further import FURTHER, further_examples
from eval.lab.training.routing.network import EVIDENCE, EXAMPLES, LANGUAGES, Message, load_examples
from index.atomic import write_whole
from index.weights.catalogue import MULTILINGUAL
from index.weights.embedding import load_embedding
from rag.asking.route import FOREIGN_ROWS
from rag.config import load_settings

SEED = 2036
QUESTIONS = 4_000
"""Of SQuAD's questions."""
REPEATED = 3
"""How often messages in other languages count: they are few beside those in English."""
INVERSE_DECAY = 20.0
"""What logistic regression calls C: that of the first trial, with English examples alone."""


def main(arguments: Sequence[str]) -> int:
    """Fit, and write the rows."""
    given = parse(arguments, "eval.lab.training languages", __doc__, "--squad")
    messages = list(_messages(given.squad))
    embedding = load_embedding(MULTILINGUAL, load_settings().models)
    vectors = np.array([embedding.get_query_embedding(each.text) for each in messages])
    labels = [each.classes[0] for each in messages]
    rows = LogisticRegression(C=INVERSE_DECAY, max_iter=400).fit(vectors, labels)
    write_rows(given.folder / FOREIGN_ROWS, rows.classes_, rows.coef_, rows.intercept_)
    sys.stdout.write(f"{given.folder / FOREIGN_ROWS} goes to rag/asking/router.\n")
    return 0


def write_rows(path: Path, classes: Sequence[str], weights: np.ndarray, biases: np.ndarray) -> None:
    """Write rows, whole or not at all: weights (classes, width), biases (classes,)."""
    written = io.BytesIO()
    np.savez(
        written,
        classes=np.array(list(classes)),
        made_of=made_of(),
        weights=weights.astype(np.float32),
        biases=biases.astype(np.float32),
    )
    write_whole(path, written.getvalue())


def made_of() -> str:
    """Return the SHA-256 of the files of examples."""
    read = [path.read_bytes() for path in (EXAMPLES, FURTHER, LANGUAGES, TRANSLATED)]
    return hashlib.sha256(b"".join(read)).hexdigest()


def _messages(squad: Path) -> Iterator[Message]:
    yield from [*load_examples(), *further_examples(), *load_examples(LANGUAGES) * REPEATED]
    questions = [case.question for case in load_xquad(squad).cases]
    rng = random.Random(SEED)  # noqa: S311  reproducible
    asked = rng.sample(questions, min(QUESTIONS, len(questions)))
    translations = windows(load_squad(squad), held=False)
    translated = (text for of in translations for each in of.values() for text in each["questions"])
    yield from (Message(each, (EVIDENCE,)) for each in [*asked, *translated])
