"""Questions as people type them: look-ups, near-misses, and open ones.

    python -m eval.lab.bench.talks.typed FOLDER --squad FILE

Asks the sets `typed-…` about the documents that come with Footnoted, and `typed-squad` about
SQuAD's development articles, each in a library of its own. Prints for both how many look-ups are
answered rightly and how many refused, how many near-misses are refused, and for open questions how
many are refused and the F1 of the places that are cited. Runs that are in FOLDER are not repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from eval.cases.cases import SETS, CaseSet
from eval.comparing.compare import load_run
from eval.formats.xquad import load_xquad
from eval.lab.bench import DOCUMENTS, measured_set
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, ask_all, share, show_rows
from eval.measuring.metrics import Scores
from eval.measuring.statistics import mean
from eval.running.record import Result
from index.documents import Document
from index.errors import UserError
from index.loading.load import load


def main(argv: Sequence[str]) -> int:
    """Ask what is missing, and print the tables."""
    parser = arguments("eval.lab.bench.talks.typed", __doc__, "squad")
    parser.add_argument("--llm", action="store_true", help="ask with the language model")
    given = parser.parse_args(argv)
    for title, parts in (("typed-…", _of_sets()), ("typed-squad", of_articles(given.squad))):
        results = [
            result
            for case_set, document in parts
            for result in _asked(case_set, document, given.folder, llm=given.llm)
        ]
        show_rows(_rows(results), title)
    return 0


def _of_sets() -> Iterator[tuple[CaseSet, Document]]:
    for name, file in DOCUMENTS.items():
        yield measured_set(f"typed-{name}"), load(SETS / file)


def of_articles(squad: Path) -> Iterator[tuple[CaseSet, Document]]:
    """Yield each of SQuAD's articles with the questions about it.

    Raises UserError if the file has other articles.
    """
    data, cases = load_xquad(squad), measured_set("typed-squad").cases
    documents = {each.title: each for each in data.documents}
    for title in dict.fromkeys(case.tags[0] for case in cases):
        if title not in documents:
            raise UserError(f"{squad} has no article “{title}”. Name SQuAD's development set.")
        own = tuple(case for case in cases if case.tags[0] == title)
        yield data.subset(f"typed-squad-{title}", own), documents[title]


def _asked(case_set: CaseSet, document: Document, folder: Path, *, llm: bool) -> Sequence[Result]:
    out = folder / f"{case_set.name}{'' if llm else '-without'}.json"
    if out.exists() and not (made := load_run(out)).errors:
        return made.results
    return ask_all(case_set, [document], folder / case_set.name, out=out, llm=llm).results


def _rows(results: Sequence[Result]) -> Iterator[Row]:
    def scores(kind: str) -> list[Scores]:
        return [each.scores for each in results if kind in each.case["tags"]]

    look_ups, near_misses, opens = map(scores, ("look-up", "near-miss", "open"))
    yield Row("look-ups: answer right", share(each["answer_right"] for each in look_ups))
    yield Row("look-ups: falsely refused", share(each["refused"] for each in look_ups))
    yield Row("near-misses: refused", share(each["refused"] for each in near_misses))
    yield Row("open: falsely refused", share(each["refused"] for each in opens))
    yield Row("open: F1 of the cited places", mean([each["citation_f1"] or 0.0 for each in opens]))


if __name__ == "__main__":
    run_command(main)
