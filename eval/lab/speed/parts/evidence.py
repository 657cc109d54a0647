"""From a question to ranked quotes with the words that answer marked, beside LlamaIndex."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

from eval.cases.answers import contains_answer
from eval.cases.cases import Case
from eval.formats.xquad import load_xquad
from eval.lab.speed.given import Given
from eval.lab.speed.kept import SEED, Kept
from eval.lab.speed.parts.peers import install_peers, peers_in, versions, weights
from eval.lab.speed.processes import Helper
from eval.lab.speed.turns import by_turns, seconds
from rag.assistant import Assistant, Found
from rag.quote import Quote

RETRIEVER = Path(__file__).with_name("retriever.py")
QUESTIONS = 60
WARM = 2


def evidence(given: Given, questions: int = QUESTIONS) -> Kept | None:
    """Ask both questions of XQuAD by turns, of a library of all its articles.

    None where the peers had to be installed first. Raises UserError without them.
    """
    python = peers_in(given.folder)
    if python is None:
        install_peers(given.folder, wanted=given.peers)
        return None
    data = load_xquad(given.needed("xquad"))
    assistant = Assistant(given.settings(given.folder / "xquad"))
    for document in data.documents:
        assistant.library.add(document)
    # The last two are those that are asked before it counts, with the turns -1 and -2.
    drawn = random.Random(SEED).sample(data.cases, questions + WARM)  # noqa: S311  reproducible
    models = assistant.settings.models
    with tempfile.TemporaryDirectory() as made:
        file = Path(made) / "texts.json"
        file.write_text(json.dumps([document.text for document in data.documents]), "utf-8")
        folders = (
            weights(name, models, Path(made))
            for name in (assistant.settings.embedding, assistant.settings.reranker)
        )
        command = [str(python), "-I", str(RETRIEVER), *map(str, folders), str(file)]
        held: list[bool] = []
        theirs: list[bool] = []
        chunks = 0

        def ours(turn: int) -> float:
            case = drawn[turn]
            took, quotes = first_quotes(assistant, case.question)
            if turn >= 0:
                held.append(_holds(case, [quote.text for quote in quotes]))
            return took

        def against(turn: int) -> float:
            nonlocal chunks
            told = helper.ask(drawn[turn].question)
            chunks = told["chunks"]
            if turn >= 0:
                theirs.append(_holds(drawn[turn], told["found"]))
            return float(told["seconds"])

        with Helper(command) as helper:
            pair = by_turns(ours, against, questions, WARM)
    told = {
        "questions": questions,
        "passages": sum(entry.passages for entry in assistant.library.entries()),
        "chunks": chunks,
        "answer in ours": sum(held) / len(held),
        "answer in theirs": sum(theirs) / len(theirs),
        "weights": [assistant.settings.embedding, assistant.settings.reranker],
        "versions": versions(python),
    }
    return Kept("evidence", {"evidence": pair}, told)


def first_quotes(assistant: Assistant, question: str) -> tuple[float, tuple[Quote, ...]]:
    """Return how many seconds the ranked quotes with their marks take, and the quotes."""
    stream = assistant.stream(question, use_llm=False)
    quotes: tuple[Quote, ...] = ()

    def until_found() -> None:
        nonlocal quotes
        quotes = next(event.quotes for event in stream if isinstance(event, Found))

    took = seconds(until_found)
    for _ in stream:  # The answer is made of them in no time, and ends its line in the log.
        pass
    return took, quotes


def _holds(case: Case, texts: list[str]) -> bool:
    return any(contains_answer(text, case.answers, case.answer_type) for text in texts)
