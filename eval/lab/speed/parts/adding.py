"""Adding documents: passages per second, and the cost of adding what is there already."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from eval.lab.measure import Pair
from eval.lab.speed.kept import Kept
from eval.lab.speed.options import Options, add_files
from eval.lab.speed.processes import ALTERNATIVE, FOOTNOTED, helper, run_for
from eval.lab.speed.texts import Rule
from eval.lab.speed.turns import by_turns, seconds
from index.library import Library
from index.storage.store import searchable_text
from index.weights.download import model_folder
from rag.config import load_settings
from rag.opening import embedding_of, open_library

PEER = "all-minilm-l6-v2"
PASSAGES = 8
"""Passages of each document that is added again: 760 words, like a newspaper article."""


def adding(options: Options, turns: int = 5) -> Kept:
    """Add real prose, file by file, and embed the same passages alone with the other model.

    Raises ModelMissing without the other model's weights.
    """
    paths = options.prose("xquad", "squad")
    settings = load_settings(library=options.folder / "adding")
    embedding = embedding_of(settings)()
    other = model_folder(PEER, settings.models)
    with tempfile.TemporaryDirectory() as made:

        def fresh(turn: int) -> Library:
            own = load_settings(library=Path(made) / f"library {turn}")
            return open_library(own, lambda: embedding)

        texts = texts_of(fresh(-turns), paths)
        file = Path(made) / "texts.json"
        file.write_text(json.dumps(texts), "utf-8")

        def ours(turn: int) -> float:
            library = fresh(turn)
            took = seconds(lambda: add_files(library, paths))
            library.vectors().close()
            shutil.rmtree(library.folder)
            return len(texts) / took

        with helper([*ALTERNATIVE, "encoder", str(other), str(file)]) as ask:
            pair = by_turns(ours, lambda _: len(texts) / float(ask(len(texts))), turns)
    told = {
        "documents": len(paths),
        "passages": len(texts),
        "characters": sum(map(len, texts)),
        "embedding": settings.embedding,
    }
    return Kept("adding", {"adding": pair}, told)


def texts_of(library: Library, paths: list[Path]) -> list[str]:
    """Add files, and return the texts of their passages as they are embedded."""
    documents, _ = add_files(library, paths)
    return [
        searchable_text(document, passage)
        for document in documents
        for passage in library.passages(document.id)
    ]


def again(options: Options, documents: int = 1_000, turns: int = 2) -> Kept:
    """Add generated documents by `footnoted add`, and run the same command once more."""
    settings = load_settings(library=options.folder / "again")
    rule = Rule(model_folder(settings.embedding, settings.models))
    first, unchanged = [], []
    with tempfile.TemporaryDirectory() as made:
        paths = [Path(made) / f"{number}.txt" for number in range(documents)]
        for number, path in enumerate(paths):
            path.write_text(rule.document(number + 1, PASSAGES).text, "utf-8")
        for turn in range(turns):
            library = Path(made) / f"library-{turn}"
            command = [*FOOTNOTED, "add", "--library", str(library), *map(str, paths)]
            first.append(run_for(command))
            unchanged.append(run_for(command))
            shutil.rmtree(library)
    told = {"documents": documents, "passages": documents * PASSAGES}
    return Kept("again", {"again": Pair(tuple(unchanged), tuple(first))}, told)
