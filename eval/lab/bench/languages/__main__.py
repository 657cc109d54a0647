"""How well documents in other languages are found, read and refused.

    python -m eval.lab.bench.languages FOLDER --english FILE --files FILE … [--questions N]

Each file is XQuAD in one language, named like `xquad-de-dev.json.gz`. Its articles make up a
library, and the same questions are asked in the language of the text and in English, without the
language model. For off-topic questions, every second article is left out. Runs are kept in FOLDER.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from eval.formats.xquad import Benchmark, load_xquad
from eval.lab.bench.squad import half_the_articles
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, ask_all, seeded, share, show_rows
from eval.measuring.statistics import Metric
from eval.running.record import Run
from index.errors import UserError
from index.weights.catalogue import MULTILINGUAL

QUESTIONS = 150
SAME = {"hit@1": "≥ 0.85", "hit@5": "≥ 0.96", "answer_right": "≥ 0.7", "cited_evidence": ""}
ACROSS = {"hit@1": "", "hit@5": "≥ 0.88", "cited_evidence": "≥ 0.7"}
NAMES = {
    "hit@1": "the first quote answers",
    "hit@5": "among five quotes one answers",
    "answer_right": "answered rightly",
    "cited_evidence": "the quote that answers is cited",
    "verbatim": "verbatim",
}


def main(given: Sequence[str]) -> int:
    """Ask what has not been asked yet, and print the figures."""
    parser = arguments("eval.lab.bench.languages", __doc__, "english")
    parser.add_argument("--files", nargs="+", type=Path, required=True, metavar="FILE")
    parser.add_argument("--questions", type=int, default=QUESTIONS, metavar="N")
    parser.add_argument("--embedding", default=MULTILINGUAL, metavar="NAME")
    asked = parser.parse_args(given)
    english = load_xquad(asked.english)
    for file in asked.files:
        name = file.name.split("-")[1]
        data = load_xquad(file)
        if len(data.cases) < asked.questions:
            raise UserError(f"{file} has fewer than {asked.questions} questions.")
        folder = asked.folder / name
        show_rows(list(_figures(data, english, folder, asked.questions, asked.embedding)), name)
    return 0


def _figures(
    data: Benchmark, english: Benchmark, folder: Path, count: int, embedding: str
) -> Iterator[Row]:
    cases = tuple(seeded().sample(data.cases, count))
    in_english = {case.id: case.question for case in english.cases}
    translated = tuple(replace(case, question=in_english[case.id]) for case in cases)
    for name, some, wanted in (("same", cases, SAME), ("english", translated, ACROSS)):
        asked = data.subset(name, some)
        label = f"asked in {'English' if some is translated else 'it'}"
        library, out = folder / "library", folder / f"{name}.json"
        made = ask_all(asked, data.documents, library, out=out, embedding=embedding)
        for score, target in wanted.items():
            yield Row(f"{label}: {NAMES[score]}", _share(made, score), target)
        yield Row(f"{label}: verbatim", _share(made, "verbatim"), "≥ 1")
    documents, case_set = half_the_articles(data, count // 2, "off-topic")
    out = folder / "off-topic.json"
    made = ask_all(case_set, documents, folder / "half", out=out, embedding=embedding)
    off = {case.id for case in case_set.cases if case.unanswerable}
    refused = {each.id: bool(each.scores["refused"]) for each in made.results}
    yield Row(
        "off-topic: refused", share(refused[each] for each in refused if each in off), "≥ 0.9"
    )
    falsely = share(refused[each] for each in refused if each not in off)
    yield Row("off-topic: falsely refused", falsely, "≤ 0.08")


def _share(made: Run, score: str) -> Metric:
    return share(each.scores[score] for each in made.results if each.scores[score] is not None)


if __name__ == "__main__":
    run_command(main)
