"""How much of what the sources say to it an answer says: CLAP NQ's and MTRAG's questions.

    python -m eval.lab.bench.prose FOLDER FILE ... [--llm] [--sample N] [--shown N]

A file is CLAP NQ's or MTRAG's, as JSON Lines; all its passages are one library. What was said
before comes along as history. Prints a line of figures a file, and its first N answers to read.
Answers are kept in FOLDER, and a stopped run goes on; another program begins anew.

ROUGE-L is that of the answer, without its footnotes, against the best of the written ones; a
refusal has 0. Evidence is that of the sentences that are cited against those that people selected.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from typing import Any

from rouge_score.rouge_scorer import RougeScorer

from eval.lab.bench.prose.data import Asked, Data, load_data
from eval.lab.bench.table import SEED
from eval.lab.command import run_command
from index.atomic import write_whole
from index.documents import Span
from rag.assistant import Assistant
from rag.config import load_settings
from rag.program import code_hash


def main(arguments: Sequence[str]) -> int:
    """Ask what is not asked yet, and print."""
    parser = argparse.ArgumentParser(prog="python -m eval.lab.bench.prose", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--llm", action="store_true")
    parser.add_argument("--sample", type=int, metavar="N", help="ask so many, drawn, not all")
    parser.add_argument("--shown", type=int, default=0, metavar="N")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    for file in given.files:
        data = load_data(file)
        if given.sample:
            drawn = random.Random(SEED).sample(data.asked, given.sample)  # noqa: S311  reproducible
            data = replace(data, asked=tuple(drawn))
        told = ask_all(data, given.folder, llm=given.llm)
        sys.stdout.write("".join(f"{line}\n" for line in figures(data, told)))
        for each in data.asked[: given.shown]:
            sys.stdout.write(f"\n{each.question}\n  {told[each.id]['answer']}\n")
    return 0


def ask_all(data: Data, folder: Path, *, llm: bool) -> dict[str, dict[str, Any]]:
    """Ask all; return by id the answer, the places of its footnotes and of its quotes."""
    out = folder / f"{data.name}{'-llm' if llm else ''}.json"
    program = code_hash("index", "rag")
    kept = json.loads(out.read_text("utf-8")) if out.exists() else {}
    told: dict[str, dict[str, Any]] = kept["told"] if kept.get("program") == program else {}
    assistant = Assistant(load_settings(library=folder / data.name))
    for document in data.documents:
        assistant.library.add(document)
    for each in data.asked:
        if each.id not in told:
            told[each.id] = _ask(assistant, each, llm)
            write_whole(out, json.dumps({"program": program, "told": told}).encode())
    return told


def _ask(assistant: Assistant, asked: Asked, llm: bool) -> dict[str, Any]:
    answer = assistant.ask(asked.question, asked.history, use_llm=llm)
    return {
        "answer": answer.text,
        "refused": answer.refused,
        "cited": [[quote.document.id, quote.start, quote.end] for quote in answer.citations],
        "quotes": [[quote.document.id, quote.start, quote.end] for quote in answer.quotes],
        "understood": answer.standalone_question,
        "way": answer.way,
        "seconds": answer.timings["total_s"],
    }


def figures(data: Data, told: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each kind of question."""
    for kind in dict.fromkeys(each.kind for each in data.asked):
        asked = [each for each in data.asked if each.kind == kind]
        answers = [told[each.id] for each in asked]
        pairs = list(zip(asked, answers, strict=True))
        seconds = median(each["seconds"] or 0.0 for each in answers)
        refused = mean(each["refused"] for each in answers)
        words = [len(_plain(each["answer"]).split()) for each in answers if not each["refused"]]
        line = f"{data.name}, {kind}, {len(asked)}: refused {refused:.3f}"
        line += f", words {median(words or [0]):.0f}, seconds {seconds:.2f}"
        if any(each.answers for each in asked):
            line += f", ROUGE-L {mean(rouge(told, each) for each, told in pairs):.3f}"
        if any(each.passages for each in asked):
            for name in ("quotes", "cited"):
                right = mean(holds(each, told[name]) for each, told in pairs if each.passages)
                line += f", passage {name} {right:.3f}"
        if any(each.selected for each in asked):
            found = [evidence(told, each) for each, told in pairs]
            named = zip(("precision", "recall", "F1"), zip(*found, strict=True), strict=True)
            line += ", evidence " + ", ".join(f"{name} {mean(some):.3f}" for name, some in named)
        yield line


_SCORER = RougeScorer(["rougeL"], use_stemmer=True)
_FOOTNOTE = re.compile(r"\[\d+\]")


def _plain(answer: str) -> str:
    return _FOOTNOTE.sub("", answer)


def rouge(told: dict[str, Any], asked: Asked) -> float:
    """Return ROUGE-L (F1) against the best of the written answers, 0 for a refusal."""
    if told["refused"]:
        return 0.0
    score = _SCORER.score_multi(list(asked.answers), _plain(told["answer"]))
    return float(score["rougeL"].fmeasure)


def evidence(told: dict[str, Any], asked: Asked) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the cited sentences: the best selection's.

    A cited place elsewhere counts as one sentence that was not selected.
    """
    cited, elsewhere = set(), 0
    for place in [] if told["refused"] else told["cited"]:
        covered = {each for each in asked.sentences if _share(each, place) > HALF}
        cited |= covered
        elsewhere += not covered
    scores = [(0.0, 0.0, 0.0)]
    for selected in asked.selected:
        if right := len(cited & selected):
            precision, recall = right / (len(cited) + elsewhere), right / len(selected)
            f1 = 2 * precision * recall / (precision + recall)
            scores.append((precision, recall, f1))
    return max(scores, key=lambda each: each[2])


HALF = 0.5
"""A sentence is cited where more than this part of it stands in a quote."""


def _share(span: Span, place: Sequence[Any]) -> float:
    """Return which part of a span, from 0 to 1, a place holds."""
    name, start, end = place
    held = min(span.end, end) - max(span.start, start)
    return max(held, 0) / (span.end - span.start) if name == span.document_id else 0.0


def holds(asked: Asked, places: Iterable[Sequence[Any]]) -> bool:
    """Whether one of the places stands in a passage that answers."""
    return any(
        place[0] == each.document_id and each.start <= place[1] and place[2] <= each.end
        for place in places
        for each in asked.passages
    )


if __name__ == "__main__":
    run_command(main)
