"""How complete answers are, compared with what the sources say: CLAP NQ and MTRAG.

A file is CLAP NQ's or MTRAG's, as JSON Lines; all its passages make up one library. Earlier turns
are passed on as history. Prints one table for each file. Answers are kept in FOLDER, and a stopped
run resumes; after a change of the program, a run starts over.

ROUGE-L compares the answer, without its footnotes, with the best of the written answers; a refusal
has 0. Evidence compares the sentences that are cited with those that people selected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from rouge_score.rouge_scorer import RougeScorer

from eval.lab.bench.prose.data import Asked, Data, holds, load_data
from eval.lab.command import run_command
from eval.lab.measure import arguments, figure, filled, kept, show
from eval.measuring.spans import harmonic
from index.documents import Span

Told = dict[str, Any]
"""An answer, with the places of its footnotes (`cited`) and of its `quotes`, as stored in JSON."""


def main(argv: Sequence[str]) -> int:
    """Ask what has not been asked yet, and print the tables."""
    parser = arguments("eval.lab.bench.prose", __doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--llm", action="store_true")
    asked = parser.parse_args(argv)
    for file in asked.files:
        data = load_data(file)
        rows = list(figures(data, ask_all(data, asked.folder, llm=asked.llm)))
        lines = ((kind, n, *map(figure, found)) for kind, n, *found in map(dict.values, rows))
        show(list(rows[0]), lines, data.name)
    return 0


def ask_all(data: Data, folder: Path, *, llm: bool) -> dict[str, Told]:
    """Ask all questions; return the answers by id."""
    assistant = filled(folder / data.name, data.documents)

    def ask(asked: Asked) -> Told:
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

    file = folder / f"{data.name}{'-llm' if llm else ''}.json"
    return kept(file, {each.id: each for each in data.asked}, ask)


def figures(data: Data, told: dict[str, Told]) -> Iterator[dict[str, Any]]:
    """Yield the figures of each kind of question, by name; None where one does not apply."""
    for kind in dict.fromkeys(each.kind for each in data.asked):
        rows = [_scores(each, told[each.id]) for each in data.asked if each.kind == kind]
        found = {name: _middle(name, [row[name] for row in rows]) for name in rows[0]}
        yield {"kind": kind, "n": len(rows)} | found


def _scores(asked: Asked, answer: Told) -> dict[str, float | None]:
    refused = answer["refused"]
    covered = evidence(answer, asked) if asked.selected else (None, None, None)
    return {
        "refused": refused,
        "words": None if refused else len(_plain(answer["answer"]).split()),
        "seconds": answer["seconds"] or 0.0,
        "ROUGE-L": rouge(answer, asked) if asked.answers else None,
        "passage quotes": holds(asked, answer["quotes"]) if asked.passages else None,
        "passage cited": holds(asked, answer["cited"]) if asked.passages else None,
    } | dict(zip(("evidence precision", "recall", "F1"), covered, strict=True))


def _middle(name: str, values: Sequence[float | None]) -> float | None:
    """Return the mean of the values that are not None; for words and seconds, the median."""
    known = [value for value in values if value is not None]
    middle = median if name in ("words", "seconds") else fmean
    return float(middle(known)) if known else None


_SCORER = RougeScorer(["rougeL"], use_stemmer=True)
_FOOTNOTE = re.compile(r"\[\d+\]")


def _plain(answer: str) -> str:
    return _FOOTNOTE.sub("", answer)


def rouge(told: Told, asked: Asked) -> float:
    """Return ROUGE-L (F1) against the best of the written answers, 0 for a refusal."""
    if told["refused"]:
        return 0.0
    return rouge_l(asked.answers, _plain(told["answer"]))


def rouge_l(answers: Sequence[str], text: str) -> float:
    """Return ROUGE-L (F1) of a text against the best of the written answers."""
    return float(_SCORER.score_multi(list(answers), text)["rougeL"].fmeasure)


def evidence(told: Told, asked: Asked) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the cited sentences, against the best-fitting selection.

    A cited place that covers none of `asked.sentences` counts as one that was not selected.
    """
    cited, elsewhere = set[Span](), 0
    for place in [] if told["refused"] else told["cited"]:
        covered = {each for each in asked.sentences if _share(each, Span(*place)) > HALF}
        cited |= covered
        elsewhere += not covered
    scores = [(0.0, 0.0, 0.0)]
    for selected in asked.selected:
        if right := len(cited & selected):
            precision, recall = right / (len(cited) + elsewhere), right / len(selected)
            scores.append((precision, recall, harmonic(precision, recall) or 0.0))
    return max(scores, key=lambda each: each[2])


HALF = 0.5
"""A sentence counts as cited if more than this share of it lies in a quote."""


def _share(span: Span, place: Span) -> float:
    """Return the share of a span, from 0 to 1, that a place covers."""
    held = min(span.end, place.end) - max(span.start, place.start)
    return held / (span.end - span.start) if span.document_id == place.document_id else 0.0


if __name__ == "__main__":
    run_command(main)
