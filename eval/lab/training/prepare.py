"""Writing down the examples that the reader is trained and measured on, once, before training."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.lab.training.examples import (
    Example,
    Mix,
    Score,
    held_out,
    load_squad,
    load_yes_no,
    make_examples,
)
from index.atomic import write_whole
from index.errors import UserError
from rag.config import load_settings
from rag.finding.rerank import Reranker

SEED = 2021
START = "ms-marco-minilm-l-12-v2-int8"
"""The reranker that chooses hard windows, and that training starts from if it is told no other."""


def prepare(folder: Path, squad: Path, claims: Path | None) -> tuple[list[Example], list[Example]]:
    """Return the examples to train on and those of the held-out articles.

    They are made at the first call and kept in the folder. Raises UserError when the data cannot be
    read, when the folder holds examples of other data, and when the held-out articles have no
    near-misses or no answerable questions to measure on.
    """
    files = folder / "train.jsonl", folder / "held-out.jsonl"
    made_of = folder / "made-of.json"
    sources: dict[str, Any] = {path.name: _sha256(path) for path in (squad, claims) if path}
    sources["mix"] = asdict(Mix())
    if made_of.exists() and json.loads(made_of.read_text("utf-8")) != sources:
        raise UserError(
            f"{folder} holds what was made of other data, or mixed otherwise. Name a new folder."
        )
    if not all(file.exists() for file in (*files, made_of)):
        reranker = Reranker(START, load_settings().models)
        made = _make(squad, claims, reranker.score)
        if {each.answerable for each in made[1]} != {True, False}:
            raise UserError(
                f"{squad} has too few articles: those held out need answerable questions and "
                "near-misses (is_impossible)."
            )
        for file, examples in zip(files, made, strict=True):
            _write(file, examples)
        write_whole(made_of, json.dumps(sources).encode())
    train, apart = (_read(file) for file in files)
    return train, apart


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error


def _make(squad: Path, claims: Path | None, score: Score) -> tuple[list[Example], list[Example]]:
    rng = random.Random(SEED)  # noqa: S311  reproducible
    articles = load_squad(squad)
    train = list(make_examples([a for a in articles if not held_out(a.title)], score, rng))
    apart = list(make_examples([a for a in articles if held_out(a.title)], score, rng))
    if claims:
        yes_no = load_yes_no(claims, rng)
        cut = len(yes_no) // 20
        apart += yes_no[:cut]
        train += yes_no[cut:]
    rng.shuffle(train)
    return train, apart


def _write(path: Path, examples: Iterable[Example]) -> None:
    lines = (json.dumps(asdict(each), ensure_ascii=False) for each in examples)
    write_whole(path, ("\n".join(lines) + "\n").encode())


def _read(path: Path) -> list[Example]:
    told = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    return [
        Example(**{**each, "answer": tuple(each["answer"]) if each["answer"] else None})
        for each in told
    ]
