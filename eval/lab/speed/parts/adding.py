"""Adding documents: how many passages a second, and what it costs to add what is there already."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from eval.lab.speed.given import Given, add_files
from eval.lab.speed.kept import Kept, Pair
from eval.lab.speed.processes import FOOTNOTED, Helper, run_for
from eval.lab.speed.texts import Rule
from eval.lab.speed.turns import by_turns, seconds
from index.library import Library
from index.storage.store import searchable_text
from index.weights.download import model_folder
from rag.opening import embedding_of, open_library

PEER = "all-minilm-l6-v2"
ENCODER = (sys.executable, "-m", "eval.lab.speed.parts.encoder")

TURNS = 5
DOCUMENTS = 1_000
PASSAGES = 8
"""Of each of the documents that are added again: 760 words, as an article of a newspaper has."""
AGAIN_TURNS = 2


def adding(given: Given, turns: int = TURNS) -> Kept:
    """Add real prose, file by file, and embed the same passages alone with the other model.

    Raises ModelMissing without the other model's weights.
    """
    paths = given.prose("xquad", "squad")
    settings = given.settings(given.folder / "adding")
    embedding = embedding_of(settings)()
    other = model_folder(PEER, settings.models)
    with tempfile.TemporaryDirectory() as made:

        def fresh(turn: int) -> Library:
            folder = Path(made) / f"library {turn}"
            return open_library(given.settings(folder), lambda: embedding)

        texts = _texts(fresh(-turns), paths)
        file = Path(made) / "texts.json"
        file.write_text(json.dumps(texts), "utf-8")

        def ours(turn: int) -> float:
            library = fresh(turn)
            took = seconds(lambda: add_files(library, paths))
            library.vectors().close()
            shutil.rmtree(library.folder)
            return len(texts) / took

        with Helper([*ENCODER, str(other), str(file)]) as helper:
            pair = by_turns(ours, lambda _: len(texts) / float(helper.ask(len(texts))), turns)
    told = {
        "documents": len(paths),
        "passages": len(texts),
        "characters": sum(map(len, texts)),
        "embedding": settings.embedding,
    }
    return Kept("adding", {"adding": pair}, told)


def _texts(library: Library, paths: list[Path]) -> list[str]:
    """Return the texts that are embedded of some files."""
    documents, _ = add_files(library, paths)
    return [
        searchable_text(document, passage)
        for document in documents
        for passage in library.passages(document.id)
    ]


def again(given: Given, documents: int = DOCUMENTS, turns: int = AGAIN_TURNS) -> Kept:
    """Add documents of text by rule by the command, and let the same command say so once more."""
    settings = given.settings(given.folder / "again")
    rule = Rule.of(model_folder(settings.embedding, settings.models))
    with tempfile.TemporaryDirectory() as made:
        texts = Path(made) / "texts"
        texts.mkdir()
        paths = []
        for number in range(documents):
            paths.append(texts / f"{number}.txt")
            paths[-1].write_text(rule.document(number + 1, PASSAGES).text, "utf-8")

        def command(turn: int) -> list[str]:
            library = str(Path(made) / f"library-{turn}")
            return [*FOOTNOTED, "add", "--library", library, *map(str, paths)]

        first, unchanged = [], []
        for turn in range(turns):
            first.append(run_for(command(turn)))
            unchanged.append(run_for(command(turn)))
            shutil.rmtree(Path(made) / f"library-{turn}")
    told = {"documents": documents, "passages": documents * PASSAGES}
    return Kept("again", {"again": Pair(tuple(unchanged), tuple(first))}, told)
