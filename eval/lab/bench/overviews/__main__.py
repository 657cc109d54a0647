"""How good overviews are: compared with people's summaries of the same documents, and by form.

Asks for an overview of each document of `documents.jsonl`, with the document's own summary cut out,
and without the language model. Prints ROUGE of the overview against that summary, next to that of
as many first sentences and as many of LexRank's, then the share of overviews that have a fault of
form. The documents' files are looked for in FOLDER, which keeps the answers as well; missing files
are named and left out. --shown prints each overview.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import fmean, median
from typing import Any

from rouge_score.rouge_scorer import RougeScorer

from eval.lab.bench.overviews.data import Summarised, summarised
from eval.lab.bench.overviews.form import faults
from eval.lab.bench.overviews.rivals import lead, lexrank, sentences_of
from eval.lab.command import run_command
from eval.lab.measure import arguments, figure, filled, kept, share, show
from index.documents import Document
from rag.answer import Answer
from rag.assistant import Assistant
from rag.languages import sentence_spans

ASKED = {"usual": "What is this about?", "short": "Summarize it in three sentences."}

Told = dict[str, Any]
"""The result for a document: for each way of asking, the `quotes`, how many `sentences` they have,
and the share of the document's `sections` that they come from."""

Said = Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]
"""The sentences by system, document and way of asking."""

_SCORER = RougeScorer(["rouge1", "rougeL"], use_stemmer=True)


def main(given: Sequence[str]) -> int:
    """Ask what has not been asked yet, and print the figures."""
    parser = arguments("eval.lab.bench.overviews", __doc__, "squad", required=False)
    parser.add_argument("--shown", action="store_true")
    asked = parser.parse_args(given)
    found, missing = summarised(asked.folder, asked.squad)
    if missing:
        sys.stdout.write(f"Not there, and left out: {'; '.join(missing)}.\n\n")
    wanted = {each.document.id: each for each in found}
    with filled(asked.folder / "library", (each.document for each in found)) as assistant:
        told = kept(asked.folder / "overviews.json", wanted, partial(_told, assistant))
    said = _said(wanted, told)
    for part in sorted({each.part for each in found}):
        of = {key: each for key, each in wanted.items() if each.part == part}
        heads = ("asked", "kind", "n", "of", "ROUGE-1", "ROUGE-L", "words")
        show(heads, _likeness(said, of), f"{part}: against the summaries")
        names = list(faults([], found[0].document))
        title = f"{part}: form, share of the overviews that have it"
        show(("asked", "of", *names, "without a fault"), _form(said, of, names), title)
    sections = fmean(each["usual"]["sections"] for each in told.values())
    sys.stdout.write(f"Sections that the usual ones have a sentence of: {figure(sections)}\n")
    for key, each in wanted.items() if asked.shown else ():
        sys.stdout.write(f"\n{each.part}, {each.kind}: {each.document.title}\n")
        for name in ASKED:
            lines = "\n".join(f"    {line}" for line in told[key][name]["quotes"])
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
    quotes = [" ".join(quote.text.split()) for quote in answer.citations]
    return {
        "way": answer.way,
        "quotes": quotes,
        "sentences": sum(len(sentence_spans(text, 0, len(text))) for text in quotes),
        "sections": min(len(within) / most, 1) if most else 0.0,
    }


def _said(wanted: Mapping[str, Summarised], told: Mapping[str, Told]) -> Said:
    all_of = {key: sentences_of(each.document) for key, each in wanted.items()}
    said = {"Footnoted": {k: {way: told[k][way]["quotes"] for way in ASKED} for k in wanted}}
    for name, choose in (("first sentences", lead), ("LexRank", lexrank)):
        said[name] = {
            key: {way: choose(all_of[key], told[key][way]["sentences"]) for way in ASKED}
            for key in wanted
        }
    return said


def _likeness(said: Said, of: Mapping[str, Summarised]) -> Iterator[Sequence[object]]:
    """Yield a line for each way of asking, kind and system."""
    kinds = ("all", *dict.fromkeys(each.kind for each in of.values()))
    for way in ASKED:
        for kind in kinds if way == "usual" else kinds[:1]:
            keys = [key for key, each in of.items() if kind in ("all", each.kind)]
            for name, own in said.items():
                texts = [(of[key].summary, " ".join(own[key][way])) for key in keys]
                if any(text for _, text in texts):
                    yield way, kind, len(keys), name, *map(figure, _scores(texts))


def _scores(texts: Sequence[tuple[str, str]]) -> Iterator[float]:
    """Yield the mean ROUGE-1 and ROUGE-L of texts against summaries, and their median of words."""
    scores = [_SCORER.score(*pair) for pair in texts]
    for measure in ("rouge1", "rougeL"):
        yield fmean(each[measure].fmeasure for each in scores)
    yield median(len(re.findall(r"\w+", text)) for _, text in texts)


def _form(
    said: Said, of: Mapping[str, Summarised], names: Sequence[str]
) -> Iterator[Sequence[object]]:
    for way in ASKED:
        for name, own in said.items():
            found = [faults(own[key][way], each.document) for key, each in of.items()]
            shares = [share(each[fault] for each in found).value for fault in names]
            without = share(not any(each.values()) for each in found).value
            yield way, name, *map(figure, (*shares, without))


if __name__ == "__main__":
    run_command(main)
