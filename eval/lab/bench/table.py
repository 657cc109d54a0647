"""The table of targets that Footnoted is measured by, on data that it was not developed on.

Runs the parts that are not in FOLDER yet, with the default models and fixed seeds, and prints the
table. A stopped bench resumes where it was; delete a part's file to run it again.
eval/lab/README.md describes the parts. Those with “-without” are asked without the language model.
Every second case of a set (the 1st, 3rd, ...) served for development; the others also have rows of
their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.cases.cases import SETS
from eval.comparing.compare import load_run
from eval.formats.xquad import Benchmark, load_xquad
from eval.lab.bench import measured_set, rival
from eval.lab.bench.reading import measure_reader
from eval.lab.bench.squad import Sample, half_the_articles, whole_articles
from eval.lab.bench.statements import PARTS as ASKED
from eval.lab.bench.statements import drawn, false_answers, kept
from eval.lab.measure import Row, arguments, ask_all, seeded, share, show_rows
from eval.lab.measure import show as show_table
from eval.measuring.metrics import HIT_AT, Scores
from eval.measuring.statistics import Metric, mean
from eval.running.record import Result, Run
from index.loading.load import load

ANSWERS = 150
OFF_TOPIC = 75
"""Questions of each half."""

NEAR_MISSES = 100
"""Near-misses of SQuAD, and as many answerable questions."""

BRIEFING = SETS / "briefing.md"
WITHOUT = "-without"
PARTS = (
    "reader",
    "quotes",
    *(f"{part}{way}" for way in (WITHOUT, "") for part in (*ASKED, "whole")),
    "comparison",
)


@dataclass(frozen=True, slots=True)
class Sources:
    """The data that the bench measures on."""

    xquad: Benchmark
    squad: Path
    article: Path


Runs = Mapping[str, Run]
Reader = Mapping[str, Mapping[str, Any]]
"""The reader's figures, by way of asking and by name, as stored in JSON."""


def main(argv: Sequence[str]) -> int:
    """Run what is missing, print the table."""
    parser = arguments("eval.lab.bench", __doc__, "xquad", "squad", "article")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART")
    asked = parser.parse_args(argv)
    sources = Sources(load_xquad(asked.xquad), asked.squad, asked.article)
    for part in asked.only:
        measure(part, asked.folder, sources)
    show(*read(asked.folder))
    return 0


def read(folder: Path) -> tuple[Runs, Reader]:
    """Return the runs that a folder has, and the reader's figures."""
    files = {part: folder / f"{part}.json" for part in PARTS}
    reader = files.pop("reader")
    alone = json.loads(reader.read_text("utf-8")) if reader.exists() else {}
    runs = {part: load_run(file) for part, file in files.items() if file.exists()}
    return runs, alone.get("told", alone)


def measure(part: str, folder: Path, sources: Sources) -> None:
    """Run a part unless its file is there."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"{part}.json"
    if part == "reader":
        measure_reader(out, sources.squad)
    elif out.exists():
        return
    elif part == "comparison":
        rival.measure(measured_set("article"), load(sources.article), out)
    else:
        name = part.removesuffix(WITHOUT)
        documents, case_set = _asked(name, sources)
        library = folder / f"library-{'xquad' if name in ('quotes', 'answers') else name}"
        llm = part != "quotes" and not part.endswith(WITHOUT)
        ask_all(case_set, documents, library, out=out, llm=llm)


def _asked(part: str, sources: Sources) -> Sample:
    """Return the documents of a part, and the questions about them."""
    of_sets = {"article": [sources.article], "briefing": [BRIEFING]}
    of_sets["whole"] = [BRIEFING, sources.article]
    if part in of_sets:
        return tuple(map(load, of_sets[part])), measured_set(part)
    if part == "squad":
        return whole_articles(sources.squad, NEAR_MISSES, part)
    if part == "off-topic":
        return half_the_articles(sources.xquad, OFF_TOPIC, part)
    cases = sources.xquad.cases
    asked = cases if part == "quotes" else tuple(seeded().sample(cases, ANSWERS))
    return sources.xquad.documents, sources.xquad.subset(part, asked)


# --- the table

TARGETS: dict[str, str] = json.loads((Path(__file__).parent / "targets.json").read_text("utf-8"))
"""What each measure should reach, the same with the language model and without."""

NAMES = {"answers": "XQuAD", "squad": "SQuAD 2.0, whole articles"}
SETS_OF_ONE = ("article", "briefing")
RIGHT = {"answer_right": "answer right", "cited_evidence": "quote right"}
SCORES = {
    "answers": {
        "answer_right": "answer holds the expected answer",
        "cited_evidence": "a cited quote covers the evidence",
    },
    "squad": {"answer_right": "answer right"},
} | dict.fromkeys(SETS_OF_ONE, RIGHT)
WHOLE = (
    ("overview", "citation_recall", "sections represented"),
    ("about", "passed", "right"),
    ("parts", "passed", "right"),
    ("half", "passed", "unanswerable part refused"),
    ("computed", "passed", "right"),
    ("list", "citation_recall", "recall"),
    ("list", "citation_precision", "precision"),
    ("follow-up", "passed", "right"),
)
"""What is measured on the set `whole`, by tags; a list that is refused has a precision of 0."""
SPEED = {"first_citation_s": "words marked", "refusal_s": "refusal", "answer_s": "whole answer"}

_VARIES = re.compile(r", without LLM|, held out|, of \d+ answers that were written")

Figure = tuple[str, Metric]
"""A measure's name and its value."""


def table(runs: Runs, alone: Reader) -> list[Row]:
    """Return the lines of the table, from the runs that exist."""
    return [
        Row(measure, metric, TARGETS.get(_VARIES.sub("", measure), ""))
        for measure, metric in _figures(runs, alone)
    ]


def _figures(runs: Runs, alone: Reader) -> Iterator[Figure]:
    for what, metrics in alone.items():
        yield from ((f"reader, {what}: {name}", Metric(**told)) for name, told in metrics.items())
    asked = {part: run.results for part, run in runs.items() if part != "comparison"}
    for part, results in asked.items():
        yield from _part(part, results)
    if all(part in runs for part in ASKED):
        answers = drawn({part: runs[part] for part in ASKED})
        label = f"false statements, of {len(answers)} answers that were written"
        yield label, false_answers(answers, kept())
    yield from _everywhere([each.scores for results in asked.values() for each in results])
    if "comparison" in runs:
        for name, what in SPEED.items():
            label = f"{what}, median, of {rival.THEIRS}’s whole answer"
            yield label, rival.speed(runs["comparison"], name)


def _part(part: str, results: Sequence[Result]) -> Iterator[Figure]:
    """Yield the figures of a part; for a set, also those of the held-out half."""
    if part == "quotes":
        for k in HIT_AT:
            yield f"XQuAD: quote hit@{k}", _share(results, f"hit@{k}")
        return
    asked = part.removesuffix(WITHOUT)
    name = NAMES.get(asked, asked) + (", without LLM" if part.endswith(WITHOUT) else "")
    figures = _whole if asked == "whole" else _answers
    yield from figures(name, asked, results)
    if asked in (*SETS_OF_ONE, "whole"):
        yield from figures(f"{name}, held out", asked, results[1::2])


def _whole(name: str, asked: str, results: Sequence[Result]) -> Iterator[Figure]:
    tags = {case.id: case.tags for case in measured_set(asked).cases}
    for tag, score, what in WHOLE:
        values = [float(each.scores[score] or 0) for each in results if tag in tags[each.id]]
        yield f"{name}, {tag}: {what}", mean(values)


def _answers(name: str, asked: str, results: Sequence[Result]) -> Iterator[Figure]:
    if asked != "answers":
        label = name if asked == "off-topic" else f"{name}: near-miss"
        scores = [each.scores for each in _counted(asked, results)]
        unanswerable = (s["refused"] for s in scores if s["refused"] == s["refusal_right"])
        answerable = (s["refused"] for s in scores if s["refused"] != s["refusal_right"])
        yield f"{label}: refused", share(unanswerable)
        yield f"{label}: falsely refused", share(answerable)
    for score, what in SCORES.get(asked, {}).items():
        yield f"{name}: {what}", _share(results, score)


def _counted(asked: str, results: Sequence[Result]) -> Sequence[Result]:
    """Return the results that count: of a set's unanswerable cases, only the near-misses."""
    if asked not in SETS_OF_ONE:
        return results
    cases = measured_set(asked).cases
    aside = {case.id for case in cases if case.unanswerable and "near-miss" not in case.tags}
    return [each for each in results if each.id not in aside]


def _everywhere(scores: Sequence[Scores]) -> Iterator[Figure]:
    whole = share(each["verbatim"] == 1 for each in scores if each["verbatim"] is not None)
    yield "all: every footnote and quote verbatim", whole
    alarms = share(bool(each["unsupported"]) for each in scores if not each["refused"])
    yield "all: answers with an unsupported number, date or name", alarms


def _share(results: Iterable[Result], score: str) -> Metric:
    return share(each.scores[score] for each in results)


def show(runs: Runs, alone: Reader) -> None:
    """Print the table, and how long a question takes."""
    show_rows(table(runs, alone))
    if "comparison" in runs:
        rival.show_both(runs["comparison"])
    seconds = (
        (part, *(run.metrics[name].value for name in ("first_quote_s_p50", "total_s_p50")))
        for part, run in runs.items()
        if part != "comparison"
    )
    show_table(("seconds, median", "first quote", "whole answer"), seconds)
