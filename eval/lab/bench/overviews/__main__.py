"""How good overviews are: against what people wrote of the same documents, and by their form.

    python -m eval.lab.bench.overviews FOLDER [--squad FILE] [--llm] [--part PART] [--shown]

Asks for an overview of each document of `documents.jsonl`, whose own summary is cut out of it,
without the language model. Prints ROUGE of the overview against that summary, beside that of the
first sentences, of LexRank and, with --llm, of what the default language model writes of the first
3,000 tokens: each as many sentences. Then the share of overviews that have a fault of form. Files
of the documents are looked for in FOLDER, which keeps the answers as well; what is missing is named
and left out. With --shown each overview is printed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import Any

from rouge_score.rouge_scorer import RougeScorer

from eval.lab.bench.overviews.data import Summarised, summarised
from eval.lab.bench.overviews.form import faults
from eval.lab.bench.overviews.rivals import lead, lexrank, sentences_of, written
from eval.lab.command import run_command
from eval.lab.measure import arguments, figure, filled, kept, share, show
from index.documents import Document
from rag.answer import Answer
from rag.assistant import Assistant

ASKED = {
    "usual": "What is this about?",
    "short": "Summarize it in three sentences.",
}

Told = dict[str, Any]
"""What came of a document: for each way of asking its `sentences`, and the share of its sections
that they are from."""

_SCORER = RougeScorer(["rouge1", "rougeL"], use_stemmer=True)


def main(given: Sequence[str]) -> int:
    """Ask what is not asked yet, and print."""
    parser = arguments("eval.lab.bench.overviews", __doc__)
    parser.add_argument("--squad", type=Path, metavar="FILE")
    parser.add_argument("--llm", action="store_true")
    parser.add_argument("--part", choices=("develop", "measure"))
    parser.add_argument("--shown", action="store_true")
    asked = parser.parse_args(given)
    found, missing = summarised(asked.folder, asked.squad)
    if missing:
        sys.stdout.write(f"Not there, and left out: {'; '.join(missing)}.\n\n")
    wanted = {each.document.id: each for each in found if asked.part in (None, each.part)}
    with filled(asked.folder / "library", (each.document for each in found)) as assistant:
        ask = partial(_told, assistant)
        told = kept(asked.folder / "overviews.json", wanted, ask)
        writer = assistant.writer if asked.llm else None
        wrote = {}
        if writer:

            def write(each: Summarised) -> dict[str, list[str]]:
                count = len(told[each.document.id]["usual"]["sentences"])
                return {"usual": written(each.document, writer, count)}

            wrote = kept(asked.folder / "written.json", wanted, write, writer.name)
    systems = {
        name: {key: _of(name, wanted[key], told[key], wrote.get(key)) for key in wanted}
        for name in ("Footnoted", "first sentences", "LexRank", *(["language model"] * bool(wrote)))
    }
    for part in sorted({each.part for each in wanted.values()}):
        of = {key: each for key, each in wanted.items() if each.part == part}
        show(*_likeness(systems, of), f"{part}: against the summaries")
        show(*_form(systems, of), f"{part}: form, share of the overviews that have it")
    sections = fmean(each["usual"]["sections"] for each in told.values())
    sys.stdout.write(f"Sections that the usual ones have a sentence of: {figure(sections)}\n")
    for key, each in wanted.items() if asked.shown else ():
        sys.stdout.write(f"\n{each.part}, {each.kind}: {each.document.title}\n")
        for name in ASKED:
            lines = "\n".join(f"    {line}" for line in told[key][name]["sentences"])
            sys.stdout.write(f"  {name}\n{lines}\n")
    return 0


def _told(assistant: Assistant, each: Summarised) -> Told:
    others = [title.id for title in assistant.library.titles() if title.id != each.document.id]
    return {
        name: _as_kept(assistant.ask(question, use_llm=False, exclude=others), each.document)
        for name, question in ASKED.items()
    }


def _as_kept(answer: Answer, document: Document) -> Told:
    sections = [each.start for each in document.headings]
    within = {sum(at <= quote.start for at in sections) for quote in answer.citations}
    most = min(max(len(sections), 1), len(answer.citations))
    return {
        "way": answer.way,
        "sentences": [" ".join(quote.text.split()) for quote in answer.citations],
        "sections": min(len(within) / most, 1) if most else 0.0,
    }


def _of(
    name: str, each: Summarised, told: Told, wrote: dict[str, list[str]] | None
) -> dict[str, list[str]]:
    """Return the sentences of a system for each way of asking."""
    if name == "language model":
        return wrote or {}
    if name == "Footnoted":
        return {way: told[way]["sentences"] for way in ASKED}
    sentences = sentences_of(each.document)
    choose = lead if name == "first sentences" else lexrank
    return {way: choose(sentences, len(told[way]["sentences"])) for way in ASKED}


Systems = dict[str, dict[str, dict[str, list[str]]]]
Table = tuple[Sequence[str], Iterator[Sequence[object]]]


def _likeness(systems: Systems, of: dict[str, Summarised]) -> Table:
    """Return a line for each way of asking, kind and system."""
    kinds = ("all", *dict.fromkeys(each.kind for each in of.values()))

    def rows() -> Iterator[Sequence[object]]:
        for way in ASKED:
            for kind in kinds if way == "usual" else kinds[:1]:
                keys = [key for key, each in of.items() if kind in ("all", each.kind)]
                for name, said in systems.items():
                    texts = [(of[key].summary, " ".join(said[key].get(way, ()))) for key in keys]
                    if not any(text for _, text in texts):
                        continue
                    scores = [_SCORER.score(*pair) for pair in texts]
                    values = [
                        fmean(each[measure].fmeasure for each in scores)
                        for measure in ("rouge1", "rougeL")
                    ]
                    words = median(len(re.findall(r"\w+", text)) for _, text in texts)
                    yield way, kind, len(keys), name, *map(figure, values), figure(words)

    return ("asked", "kind", "n", "of", "ROUGE-1", "ROUGE-L", "words"), rows()


def _form(systems: Systems, of: dict[str, Summarised]) -> Table:
    names = list(faults([], next(iter(of.values())).document))

    def rows() -> Iterator[Sequence[object]]:
        for way in ASKED:
            for name, said in systems.items():
                found = [
                    faults(said[key][way], each.document)
                    for key, each in of.items()
                    if way in said[key]
                ]
                if found:
                    values = [share(each[fault] for each in found).value for fault in names]
                    without = share(not any(each.values()) for each in found).value
                    yield way, name, *map(figure, values), figure(without)

    return ("asked", "of", *names, "without a fault"), rows()


if __name__ == "__main__":
    run_command(main)
