"""Teach the router what messages in any language ask for, and which language they are in.

    python -m eval.lab.training languages FOLDER --squad FILE

The rows classify a message by its vector, as multilingual-e5-small makes it for search. They are a
logistic regression on all English examples, on `languages.jsonl`, next to this module, which has
messages in ten languages, and on questions of SQuAD's training set, some of them translated, which
ask for evidence. Other rows tell the language of a message that is too short to be recognised by
its letters: “Danke!”. They are fitted on the same messages, and on those of conversations. FOLDER
gets `languages.npz`, which goes to `rag/asking/router/`. It takes both cores for five minutes.
"""

from __future__ import annotations

import hashlib
import io
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from eval.formats.xquad import load_xquad
from eval.lab.training.examples import load_squad
from eval.lab.training.inputs import parse, read_records
from eval.lab.training.multilingual.follow_ups import WRITTEN
from eval.lab.training.multilingual.translated import TRANSLATED, windows
from eval.lab.training.routing.further import FURTHER, further_examples
from eval.lab.training.routing.network import EVIDENCE, EXAMPLES, LANGUAGES, Message, load_examples
from index.atomic import write_whole
from index.language import ENGLISH
from index.weights.catalogue import MULTILINGUAL
from index.weights.embedding import load_embedding
from rag.asking.route import FOREIGN_ROWS
from rag.config import load_settings

SEED = 2036
QUESTIONS = 4_000
"""How many of SQuAD's questions are learned from."""
REPEATED = 3
"""How often messages in other languages count, since they are few compared with English ones."""
IN_ENGLISH = 3_000
"""How many English messages the language is learned from."""
INVERSE_DECAY = 20.0
"""The C of the logistic regression: that of the first trial, with English examples alone."""


def main(arguments: Sequence[str]) -> int:
    """Fit the rows, and write them."""
    given = parse(arguments, "eval.lab.training languages", __doc__, "--squad")
    asked = [(each.text, each.classes[0]) for each in _messages(given.squad)]
    rows = fitted("", asked) | fitted("language_", list(in_languages()))
    write_rows(given.folder / FOREIGN_ROWS, rows)
    sys.stdout.write(f"{given.folder / FOREIGN_ROWS} goes to rag/asking/router.\n")
    return 0


def fitted(name: str, labelled: Sequence[tuple[str, str]]) -> dict[str, np.ndarray]:
    """Return rows that tell the label of a text by its vector; `name` is a prefix of their names.

    The names are `classes`, `weights` (classes, width) and `biases` (classes,).
    """
    embedding = load_embedding(MULTILINGUAL, load_settings().models)
    vectors = np.array([embedding.get_query_embedding(text) for text, _ in labelled])
    rows = LogisticRegression(C=INVERSE_DECAY, max_iter=400)
    rows.fit(vectors, [label for _, label in labelled])
    return {
        f"{name}classes": np.array(list(rows.classes_)),
        f"{name}weights": rows.coef_.astype(np.float32),
        f"{name}biases": rows.intercept_.astype(np.float32),
    }


def write_rows(path: Path, rows: Mapping[str, Any]) -> None:
    """Write rows, whole or not at all, with the hash of what they are made from."""
    written = io.BytesIO()
    np.savez(written, **rows, made_of=np.array(made_of()))
    write_whole(path, written.getvalue())


def made_of() -> str:
    """Return the SHA-256 of the files of examples."""
    files = (EXAMPLES, FURTHER, LANGUAGES, TRANSLATED, WRITTEN)
    read = [path.read_bytes() for path in files]
    return hashlib.sha256(b"".join(read)).hexdigest()


def in_languages() -> Iterator[tuple[str, str]]:
    """Yield messages, each with the code of its language."""
    rng = random.Random(SEED)  # noqa: S311  reproducible
    english = rng.sample([each.text for each in load_examples()], IN_ENGLISH)
    yield from ((text, ENGLISH) for text in english)
    yield from ((each["text"], each["language"]) for each in read_records(LANGUAGES))
    for each in read_records(WRITTEN):
        yield from ((turn["user"], each["language"]) for turn in each["turns"])


def _messages(squad: Path) -> Iterator[Message]:
    yield from [*load_examples(), *further_examples(), *load_examples(LANGUAGES) * REPEATED]
    questions = [case.question for case in load_xquad(squad).cases]
    rng = random.Random(SEED)  # noqa: S311  reproducible
    asked = rng.sample(questions, min(QUESTIONS, len(questions)))
    translations = windows(load_squad(squad), held=False)
    translated = (text for of in translations for each in of.values() for text in each["questions"])
    yield from (Message(each, (EVIDENCE,)) for each in [*asked, *translated])
