"""The language model: whole answers beside CitationQueryEngine, its speed beside its engine's."""

from __future__ import annotations

import sys
import time

from eval.comparing.compare import load_run
from eval.formats.xquad import load_xquad
from eval.lab.bench import measured_set
from eval.lab.bench.rival import measure
from eval.lab.speed.given import Given
from eval.lab.speed.kept import Kept, Pair
from eval.lab.speed.processes import Helper
from eval.lab.speed.turns import by_turns
from index.errors import UserError
from index.loading.load import load
from index.weights.catalogue import CATALOGUE
from index.weights.download import model_folder
from rag.writing.llm import Writer, load_writer
from rag.writing.prompts import write_messages

ENGINE = (sys.executable, "-m", "eval.lab.speed.parts.engine")

QUESTIONS = 7
TURNS = 7
READ = 1300
"""Characters of a quote, with which some 400 tokens are read anew."""
LONG = 60
"""Words that the model is told to say, so that it writes for a while."""


def answers(given: Given, questions: int = QUESTIONS) -> Kept:
    """Ask questions of the set `article` of both engines, by turns (`eval/lab/bench/rival.py`).

    What is answered is kept, and a stopped part goes on from there.
    """
    out = given.folder / "answers" / "run.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    if not out.exists():
        measure(measured_set("article"), load(given.needed("article")), out, questions)
    run = load_run(out)
    middle = len(run.results) // 2
    ours = [each.scores for each in run.results[:middle]]
    theirs = [each.scores for each in run.results[middle:]]
    answered = tuple(each["answer_s"] for each in ours if "answer_s" in each)
    if not answered:
        raise UserError(f"Footnoted answered no question of {out}: delete it, and take more.")
    whole = Pair(answered, tuple(each["total_s"] for each in theirs))
    told = {"questions": middle, "answered": len(answered), "llm": run.models["llm"]}
    return Kept("answers", {"answers": whole}, told)


def tokens(given: Given, turns: int = TURNS) -> Kept:
    """Let the same weights read and write the same, through Footnoted and alone.

    The beginning of the prompt, which both keep, is read before. Of what is new, reading is the
    time until the first words, and writing what comes behind them. Each side's words are counted by
    themselves, since they need not be the same: a piece is a token, and the last one is not said.
    """
    settings = given.settings(given.folder / "none")
    model = CATALOGUE.get(settings.llm)
    writer = load_writer(settings)
    if model is None or writer is None or settings.llm_url:
        raise UserError("The raw run needs a model of the catalogue: unset FOOTNOTED_LLM.")
    texts = [document.text for document in load_xquad(given.needed("xquad")).documents]
    file = model_folder(model.name, settings.models) / next(iter(model.files))
    sides: dict[str, list[tuple[float, float]]] = {"ours": [], "against": []}
    written: dict[str, list[int]] = {"ours": [], "against": []}
    said: dict[str, list[str]] = {"ours": [], "against": []}
    read: list[int] = []
    prompts = [_prompt(text) for text in texts[: turns + 1]]

    def ours(turn: int) -> float:
        first, total, pieces = _written(writer, *prompts[turn])
        if turn >= 0:
            sides["ours"].append((first, total))
            written["ours"].append(len(pieces) + 1)
            said["ours"].append("".join(pieces))
        return total

    def against(turn: int) -> float:
        messages = [
            {"role": each.role.value, "content": each.content}
            for each in write_messages(*prompts[turn])
        ]
        told = helper.ask(messages)
        if turn >= 0:
            sides["against"].append((told["first_s"], told["total_s"]))
            said["against"].append(told["text"])
            read.append(told["read"])
            written["against"].append(told["written"])
        return float(told["total_s"])

    with Helper([*ENGINE, str(file)]) as helper:
        by_turns(ours, against, turns)
    rates = {
        side: [
            (new / first, (count - 1) / (total - first))
            for (first, total), new, count in zip(times, read, written[side], strict=True)
        ]
        for side, times in sides.items()
    }
    pairs = {
        name: Pair(*(tuple(rate[at] for rate in rates[side]) for side in ("ours", "against")))
        for at, name in enumerate(("reading", "writing"))
    }
    same = [one == other for one, other in zip(said["ours"], said["against"], strict=True)]
    told = {
        "llm": settings.llm,
        "tokens read": read,
        "tokens written": written,
        "same words": sum(same) / len(same),
    }
    return Kept("tokens", pairs, told)


def _prompt(text: str) -> tuple[list[tuple[str, str]], str]:
    """Return a quote that nobody has read yet with the words that answer, and a question."""
    quote = text[:READ]
    return [(quote, " ".join(quote.split()[:LONG]))], "What exactly is said there?"


def _written(
    writer: Writer, read: list[tuple[str, str]], question: str
) -> tuple[float, float, list[str]]:
    """Return the seconds to the first words and to the last, and all of them as they came."""
    started = time.perf_counter()
    first, pieces = 0.0, list[str]()
    for piece in filter(None, writer.write(read, question)):
        if not pieces:
            first = time.perf_counter() - started
        pieces.append(piece)
    return first, time.perf_counter() - started, pieces
