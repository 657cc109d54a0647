"""The language model: answers against CitationQueryEngine's, its speed against bare llama.cpp's."""

from __future__ import annotations

import time
from typing import Any

from eval.comparing.compare import load_run
from eval.formats.xquad import load_xquad
from eval.lab.bench import measured_set
from eval.lab.bench.rival import measure
from eval.lab.measure import Pair
from eval.lab.speed.kept import Kept
from eval.lab.speed.options import Options
from eval.lab.speed.processes import ALTERNATIVE, helper
from eval.lab.speed.turns import take_turns
from index.errors import UserError
from index.loading.load import load
from index.weights.catalogue import CATALOGUE
from index.weights.download import model_folder
from rag.config import load_settings
from rag.writing.llm import WRITE_TOKENS, Writer
from rag.writing.loading import load_writer
from rag.writing.own.llama_cpp import CONTEXT_TOKENS
from rag.writing.prompts import write_messages

READ = 1300
"""Characters of a quote, which make some 400 new tokens to read."""
LONG = 60
"""How many words the model is told to say, so that it writes for a while."""

Prompt = tuple[list[tuple[str, str]], str]
"""The quotes, each with the words that answer, and the question."""


def answers(options: Options, questions: int = 7) -> Kept:
    """Ask both engines questions of the set `article`, in turns (`eval/lab/bench/rival.py`).

    Answers are kept, and a stopped part resumes from there.
    """
    out = options.folder / "answers" / "run.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    if not out.exists():
        measure(measured_set("article"), load(options.given("article")), out, questions)
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


def tokens(options: Options, turns: int = 7) -> Kept:
    """Let the same weights read and answer the same prompts, through Footnoted and alone.

    The beginning of the prompt, which both keep in their cache, is read in the warm-up turn. For
    the rest, reading is the time until the first words, and writing the time after them. The words
    of each side are counted separately, since they need not be the same.
    """
    settings = load_settings(library=options.folder / "none")
    model = CATALOGUE.get(settings.llm)
    writer = load_writer(settings)
    if model is None or writer is None or settings.llm_url:
        raise UserError("The raw run needs a model of the catalogue: unset FOOTNOTED_LLM.")
    documents = load_xquad(options.given("xquad")).documents[: turns + 1]
    prompts = [_prompt(document.text) for document in documents]
    file = model_folder(model.name, settings.models) / next(iter(model.files))
    limits = (str(CONTEXT_TOKENS), str(WRITE_TOKENS))
    with helper([*ALTERNATIVE, "engine", str(file), *limits]) as ask:
        sides = take_turns(
            lambda turn: _written(writer, prompts[turn]),
            lambda turn: ask(_messages(prompts[turn])),
            turns,
        )
    read = [each["read"] for each in sides[1]]
    same = [one["text"] == other["text"] for one, other in zip(*sides, strict=True)]
    told = {
        "llm": settings.llm,
        "tokens read": read,
        "tokens written": {
            name: [each["written"] for each in side]
            for name, side in zip(("ours", "against"), sides, strict=True)
        },
        "same words": sum(same) / len(same),
    }
    reading = (
        tuple(new / each["first_s"] for new, each in zip(read, side, strict=True)) for side in sides
    )
    writing = (
        tuple((each["written"] - 1) / (each["total_s"] - each["first_s"]) for each in side)
        for side in sides
    )
    return Kept("tokens", {"reading": Pair(*reading), "writing": Pair(*writing)}, told)


def _prompt(text: str) -> Prompt:
    """Return a quote that neither side has read yet, with the words that answer, and a question."""
    quote = text[:READ]
    return [(quote, " ".join(quote.split()[:LONG]))], "What exactly is said there?"


def _messages(prompt: Prompt) -> list[dict[str, Any]]:
    messages = write_messages(*prompt)
    return [{"role": each.role.value, "content": each.content} for each in messages]


def _written(writer: Writer, prompt: Prompt) -> dict[str, Any]:
    """Return the seconds to the first words and to the last, how many tokens, and the text."""
    started = time.perf_counter()
    first, pieces = 0.0, list[str]()
    for piece in filter(None, writer.write(*prompt)):
        if not pieces:
            first = time.perf_counter() - started
        pieces.append(piece)
    total = time.perf_counter() - started
    written = len(pieces) + 1  # A piece is a token; the token that ends the text has none.
    return {"first_s": first, "total_s": total, "text": "".join(pieces), "written": written}
