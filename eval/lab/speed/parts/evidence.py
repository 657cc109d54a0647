"""From a question to ranked quotes with the words that answer marked, against LlamaIndex.

LlamaIndex and its companions, the peers, pin other versions of packages that Footnoted needs too,
so they are installed into an environment of their own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.cases.answers import contains_answer
from eval.cases.cases import Case
from eval.formats.xquad import load_xquad
from eval.lab.measure import Pair, filled, seeded
from eval.lab.speed.kept import Kept
from eval.lab.speed.options import Options
from eval.lab.speed.parts import alternatives
from eval.lab.speed.processes import helper
from eval.lab.speed.turns import take_turns
from index.errors import UserError
from index.weights.catalogue import CATALOGUE
from index.weights.download import model_folder
from rag.answer import Found
from rag.assistant import Assistant
from rag.quote import Quote

REQUIRED = (
    "llama-index-core>=0.14,<0.15",
    "llama-index-embeddings-huggingface",
    "llama-index-postprocessor-sbert-rerank",
    "sentence-transformers[onnx]",
)
DONE = "installed"
"""The file that marks an environment as complete."""

FOLDERS = Path(__file__).with_name("folders")
"""What sentence-transformers needs besides a model's files, by the model's role: bge-small takes
the first token's vector, normalised, for that of a text, and the reranker is a BERT."""


def evidence(options: Options, questions: int = 60, warm: int = 2) -> Kept | None:
    """Ask both sides questions of XQuAD in turns, with all its articles as the library.

    None if the peers had to be installed first. Raises UserError without them.
    """
    python = options.folder / "peers" / "bin" / "python"
    if not (options.folder / "peers" / DONE).exists():
        install_peers(options.folder, wanted=options.peers)
        return None
    data = load_xquad(options.given("xquad"))
    assistant = filled(options.folder / "xquad", data.documents)
    # The last two are asked in the warm-up, as the turns -1 and -2.
    drawn = seeded().sample(data.cases, questions + warm)
    models = [assistant.settings.embedding, assistant.settings.reranker]

    def found(turn: int) -> dict[str, Any]:
        took, quotes = first_quotes(assistant, drawn[turn].question)
        return {"seconds": took, "found": [quote.text for quote in quotes]}

    with tempfile.TemporaryDirectory() as made:
        file = Path(made) / "texts.json"
        file.write_text(json.dumps([document.text for document in data.documents]), "utf-8")
        folders = [weights(each, assistant.settings.models, Path(made)) for each in models]
        command = [python, "-I", alternatives.__file__, "retriever", *folders, file]
        with helper([*map(str, command)]) as ask:
            sides = take_turns(found, lambda turn: ask(drawn[turn].question), questions, warm)
    ours, theirs = (_share(drawn, [each["found"] for each in side]) for side in sides)
    told = {
        "questions": questions,
        "passages": sum(entry.passages for entry in assistant.library.entries()),
        "chunks": sides[1][-1]["chunks"],
        "answer in ours": ours,
        "answer in theirs": theirs,
        "weights": models,
        "versions": sides[1][-1]["versions"],
    }
    pair = Pair(*(tuple(float(each["seconds"]) for each in side) for side in sides))
    return Kept("evidence", {"evidence": pair}, told)


def _share(cases: Sequence[Case], found: Sequence[list[str]]) -> float:
    """Return how often the answer is in what was found."""
    held = [
        any(contains_answer(text, case.answers, case.answer_type) for text in texts)
        for case, texts in zip(cases, found, strict=False)
    ]
    return sum(held) / len(held)


def first_quotes(assistant: Assistant, question: str) -> tuple[float, tuple[Quote, ...]]:
    """Return the seconds until the quotes are ranked and marked, and the quotes."""
    started = time.perf_counter()
    stream = assistant.stream(question, use_llm=False)
    quotes = next(event.quotes for event in stream if isinstance(event, Found))
    took = time.perf_counter() - started
    for _ in stream:  # The answer takes no time, and completes its line in the log.
        pass
    return took, quotes


def install_peers(folder: Path, *, wanted: bool) -> None:
    """Install the peers into the bench's folder.

    Raises UserError if that is not `wanted`, or if pip cannot install them.
    """
    if not wanted:
        raise UserError("The peers are not installed: --peers installs them into FOLDER/peers.")
    environment = folder / "peers"
    venv.create(environment, with_pip=True, clear=True)
    command = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", *REQUIRED]
    made = subprocess.run(
        command, stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False
    )
    if made.returncode:
        last = "\n".join(made.stderr.strip().splitlines()[-3:])
        raise UserError(f"pip could not install the peers: {last}")
    (environment / DONE).touch()


def weights(name: str, models: Path, into: Path) -> Path:
    """Return a folder with a model's own files, in the layout that sentence-transformers opens.

    Raises ModelMissing without the model's weights.
    """
    folder = into / name
    shutil.copytree(model_folder(name, models), folder)
    shutil.copytree(FOLDERS / CATALOGUE[name].role, folder, dirs_exist_ok=True)
    for each in ("onnx", "2_Normalize"):
        (folder / each).mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")  # Where it looks for them.
    return folder
