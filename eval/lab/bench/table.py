"""The table of targets: what Footnoted is measured by, on data that it was not made on.

    python -m eval.lab.bench FOLDER --xquad FILE --squad FILE --article FILE [--only PART ...]

Runs what is not in FOLDER yet, with the default models and fixed seeds, and prints the table. A
stopped bench goes on where it was; delete a part's file to run it again. The parts:

reader      the reader alone on SQuAD 2.0: all questions with their paragraph, 600 with a quote
quotes      XQuAD: 24 documents in one library, every question, without the language model
answers     the same library: 150 questions, drawn with a fixed seed, with it
off-topic   a library of every second of the documents: 75 questions on those, 75 on the others
squad       SQuAD 2.0's 18 articles in one library: 100 answerable questions and 100 near-misses
article     the set `article` on the article that --article names
briefing    the set `briefing`
whole       the set `whole`, on the article and the briefing in one library
comparison  30 questions of `article`, through Footnoted and LlamaIndex's CitationQueryEngine

answers, off-topic, squad, article, briefing and whole are asked with the language model, and once
more without: answers-without, and so on. Of the three sets every second case (the 1st, 3rd, ...)
served for development; the others are held out, and reported on their own.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from eval.cases.cases import SETS, CaseSet
from eval.comparing.compare import load_run
from eval.formats.xquad import Benchmark, load_xquad
from eval.lab.bench import measured_set
from eval.lab.bench.reading import load_questions, with_paragraph, with_quote
from eval.lab.bench.rival import THEIRS, speed
from eval.lab.bench.rival import measure as measure_both
from eval.lab.bench.rival import table as comparison_table
from eval.lab.bench.squad import half_the_articles, whole_articles
from eval.lab.bench.statements import PARTS as ASKED
from eval.lab.bench.statements import drawn, false_answers, kept
from eval.measuring.statistics import Metric, mean, rate
from eval.running.record import Result, Run
from eval.running.replies import Replies
from eval.running.runner import run
from index.atomic import write_whole
from index.documents import Document
from index.errors import UserError
from index.loading.load import load
from rag.answerability.reader import Reader
from rag.assistant import Assistant
from rag.config import load_settings
from rag.finding.rerank import Reranker

SEED = 2021
ANSWERS = 150
OFF_TOPIC = 75
"""Questions of each half."""

WITHOUT = "-without"
PARTS = (
    "reader",
    "quotes",
    *(f"{part}{way}" for way in (WITHOUT, "") for part in (*ASKED, "whole")),
    "comparison",
)

NEAR_MISSES = 100
"""Near-misses of SQuAD, and as many answerable questions."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a measure, what it should reach, and what it was."""

    measure: str
    target: str
    metric: Metric
    reached: bool | None


def main(arguments: Sequence[str]) -> int:
    """Run what is missing, print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.lab.bench", description="Table of targets."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--xquad", type=Path, required=True, metavar="FILE")
    parser.add_argument("--squad", type=Path, required=True, metavar="FILE")
    parser.add_argument("--article", type=Path, required=True, metavar="FILE")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    sources = Sources(load_xquad(given.xquad), given.squad, given.article)
    for part in given.only:
        measure(part, given.folder, sources)
    files = {part: file for part in PARTS if (file := _file(given.folder, part)).exists()}
    alone = files.pop("reader", None)
    runs = {part: load_run(file) for part, file in files.items()}
    show(runs, json.loads(alone.read_text("utf-8")) if alone else {})
    return 0


@dataclass(frozen=True, slots=True)
class Sources:
    """What is measured on."""

    xquad: Benchmark
    squad: Path
    article: Path


def measure(part: str, folder: Path, sources: Sources) -> None:
    """Run a part unless its file is there."""
    out = _file(folder, part)
    if out.exists():
        return
    if part == "reader":
        write_whole(out, json.dumps(_read_alone(sources.squad), indent=1).encode())
    elif part == "comparison":
        measure_both(measured_set("article"), load(sources.article), out)
    else:
        case_set, documents, library = _case_set(part.removesuffix(WITHOUT), sources)
        llm = part != "quotes" and not part.endswith(WITHOUT)
        ask_all(case_set, documents, folder / f"library-{library}", out=out, llm=llm)


def _read_alone(squad: Path) -> dict[str, dict[str, Any]]:
    settings = load_settings()
    reader = Reader(settings.models)
    reranker = Reranker(settings.reranker, settings.models)
    questions = load_questions(squad)
    found = {
        "paragraph given": with_paragraph(questions, reader),
        "quote given": with_quote(questions, reader, reranker),
    }
    return {
        what: {name: vars(metric) for name, metric in metrics.items()}
        for what, metrics in found.items()
    }


def _case_set(part: str, sources: Sources) -> tuple[CaseSet, Iterable[Document], str]:
    """Return what is asked, of which documents, and the name of their library."""
    if part in ("article", "briefing"):
        source = sources.article if part == "article" else SETS / "briefing.md"
        return measured_set(part), (load(source),), part
    if part == "whole":
        both = load(SETS / "briefing.md"), load(sources.article)
        return measured_set("whole"), both, part
    if part == "squad":
        documents, case_set = whole_articles(sources.squad, NEAR_MISSES, part)
        return case_set, documents, part
    if part == "off-topic":
        documents, case_set = half_the_articles(sources.xquad, OFF_TOPIC, part)
        return case_set, documents, part
    return xquad_part(part, sources.xquad), sources.xquad.documents, "xquad"


def ask_all(
    case_set: CaseSet,
    documents: Iterable[Document],
    library: Path,
    *,
    out: Path | None = None,
    llm: bool = False,
    replies: Replies | None = None,
) -> Run:
    """Ask a set of a library that holds the documents, with a progress bar."""
    assistant = Assistant(load_settings(library=library))
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(case_set.name, total=len(case_set.cases))
        for document in documents:
            assistant.library.add(document)
        made = run(
            case_set,
            assistant,
            use_llm=llm,
            out=out,
            progress=lambda done, _: bar.update(task, completed=done),
            replies=replies,
        )
    if made.errors:
        raise UserError(f"{len(made.errors)} cases of {case_set.name}: {made.errors[0].error}")
    return made


def xquad_part(part: str, data: Benchmark) -> CaseSet:
    """Return the questions of `quotes` or `answers`."""
    draw = random.Random(SEED)  # noqa: S311  a reproducible sample
    asked = data.cases if part == "quotes" else tuple(draw.sample(data.cases, ANSWERS))
    return data.subset(part, asked)


def _file(folder: Path, part: str) -> Path:
    return folder / f"{part}.json"


# --- the table


READER_TARGETS = {
    ("quote given", "AUC"): 0.92,
    ("quote given", "refused at 5% false refusals"): 0.72,
    ("quote given", "right words"): 0.93,
    ("paragraph given", "F1"): 0.78,
}

REFUSALS = {"off-topic": (0.97, 0.03), "squad": (0.80, 0.08)}
SET_REFUSALS = (0.90, 0.05)
SCORES = {
    "answers": (
        ("answer_right", "answer holds the expected answer", 0.92),
        ("cited_evidence", "a cited quote covers the evidence", 0.92),
    ),
    "squad": (("answer_right", "answer right", 0.85),),
    "article": (("answer_right", "answer right", 0.92), ("cited_evidence", "quote right", 0.92)),
    "briefing": (("answer_right", "answer right", 0.92), ("cited_evidence", "quote right", 0.92)),
}
FALSE = "false statements, of {} answers that were written"
MOST_FALSE = round(1 / 150, 4)
WHOLE = (
    ("overview", "citation_recall", "sections represented", 1.0),
    ("about", "passed", "right", 0.9),
    ("parts", "passed", "right", 0.9),
    ("half", "passed", "unanswerable part refused", 0.85),
    ("computed", "passed", "right", 0.9),
    ("list", "citation_recall", "recall", 0.9),
    ("list", "citation_precision", "precision", 0.9),
    ("follow-up", "passed", "right", 0.9),
)
"""What is measured on the set `whole`, by tags; a list that is refused has a precision of 0."""
NAMES = {"answers": "XQuAD", "squad": "SQuAD 2.0, whole articles"}


def table(runs: dict[str, Run], alone: dict[str, dict[str, Any]]) -> list[Row]:
    """Return the lines of the table, from the runs that there are."""
    rows: list[Row] = []
    for what, metrics in alone.items():
        for name, told in metrics.items():
            metric, least = Metric(**told), READER_TARGETS.get((what, name))
            label = f"reader, {what}: {name}"
            rows.append(_least(label, least, metric) if least else Row(label, "", metric, None))
    if "quotes" in runs:
        for name, least in (("hit@1", 0.9), ("hit@3", 0.97), ("hit@5", 0.985)):
            rows.append(_least(f"XQuAD: quote {name}", least, _share(runs["quotes"], name)))
    for part, each in runs.items():
        if part not in ("quotes", "comparison"):
            rows += _part_rows(part, each.results)
    if all(part in runs for part in ASKED):
        answers = drawn({part: runs[part] for part in ASKED})
        rows.append(_most(FALSE.format(len(answers)), MOST_FALSE, false_answers(answers, kept())))
    asked = [each for part, each in runs.items() if part != "comparison"]
    rows += _everywhere([result for each in asked for result in each.results])
    if "comparison" in runs:
        of = f"of {THEIRS}’s whole answer"
        for name, what, most in (
            ("first_citation_s", "words marked", 0.025),
            ("refusal_s", "refusal", 0.03),
            ("answer_s", "whole answer", 0.06),
        ):
            rows.append(_most(f"{what}, median, {of}", most, speed(runs["comparison"], name)))
    return rows


def _part_rows(part: str, results: Sequence[Result]) -> list[Row]:
    asked = part.removesuffix(WITHOUT)
    name = NAMES.get(asked, asked) + (", without LLM" if part.endswith(WITHOUT) else "")
    if asked == "whole":
        return [*_whole_rows(name, results), *_whole_rows(f"{name}, held out", results[1::2])]
    if asked not in ("article", "briefing"):
        return _rows(name, asked, results)
    cases = {case.id: case for case in measured_set(asked).cases}

    def counts(result: Result) -> bool:
        case = cases[result.id]
        return not case.unanswerable or "near-miss" in case.tags

    return [
        *_rows(name, asked, results, counts),
        *_rows(f"{name}, held out", asked, results[1::2], counts),
    ]


def _whole_rows(name: str, results: Sequence[Result]) -> Iterator[Row]:
    tags = {case.id: case.tags for case in measured_set("whole").cases}
    for tag, score, what, least in WHOLE:
        values = [float(each.scores[score] or 0) for each in results if tag in tags[each.id]]
        yield _least(f"{name}, {tag}: {what}", least, mean(values))


def _rows(
    name: str,
    asked: str,
    results: Sequence[Result],
    counts: Callable[[Result], bool] = lambda _: True,
) -> list[Row]:
    rows: list[Row] = []
    if asked != "answers":
        what = "" if asked == "off-topic" else ": near-miss"
        least, most = REFUSALS.get(asked, SET_REFUSALS)
        rows += _refusals(f"{name}{what}", results, least, most, counts)
    for score, what, least in SCORES.get(asked, ()):
        metric = _metric(result.scores[score] for result in results)
        rows.append(_least(f"{name}: {what}", least, metric))
    return rows


def _refusals(
    label: str,
    results: Iterable[Result],
    least: float,
    most: float,
    counts: Callable[[Result], bool],
) -> list[Row]:
    kept = [result.scores for result in results if counts(result)]
    unanswerable = [s["refused"] for s in kept if s["refused"] == s["refusal_right"]]
    answerable = [s["refused"] for s in kept if s["refused"] != s["refusal_right"]]
    return [
        _least(f"{label}: refused", least, _metric(unanswerable)),
        _most(f"{label}: falsely refused", most, _metric(answerable)),
    ]


def _everywhere(results: Sequence[Result]) -> list[Row]:
    whole = [s["verbatim"] == 1 for r in results if (s := r.scores)["verbatim"] is not None]
    alarms = [bool(r.scores["unsupported"]) for r in results if not r.scores["refused"]]
    return [
        _least("all: every footnote and quote verbatim", 1.0, _metric(whole)),
        _most("all: answers with an unsupported number, date or name", 0.0, _metric(alarms)),
    ]


def _share(of: Run, name: str) -> Metric:
    return _metric(result.scores[name] for result in of.results)


def _metric(values: Iterable[bool | None]) -> Metric:
    known = [value for value in values if value is not None]
    return rate(sum(known), len(known))


def _least(measure: str, target: float, metric: Metric) -> Row:
    reached = None if metric.value is None else metric.value >= target
    return Row(measure, f"≥ {target:g}", metric, reached)


def _most(measure: str, target: float, metric: Metric) -> Row:
    reached = None if metric.value is None else metric.value <= target
    return Row(measure, f"≤ {target:g}", metric, reached)


def show(runs: dict[str, Run], alone: dict[str, dict[str, Any]]) -> None:
    """Print the table, and how long a question took."""
    console = Console(width=120) if not sys.stdout.isatty() else Console()
    shown = Table(box=None, pad_edge=False)
    for column in ("measure", "target", "value", "95% interval", "n", "reached"):
        shown.add_column(column, no_wrap=True)
    for row in table(runs, alone):
        value, interval = row.metric.value, row.metric.interval
        shown.add_row(
            row.measure,
            row.target,
            "–" if value is None else f"{value:.3f}",
            "–" if interval is None else f"{interval[0]:.3f} – {interval[1]:.3f}",
            str(row.metric.n),
            {None: "–", True: "yes", False: "no"}[row.reached],
        )
    console.print(shown)
    if "comparison" in runs:
        console.print(comparison_table(runs["comparison"]))
    for part, each in runs.items():
        if part == "comparison":
            continue
        seconds = [
            f"{name} {each.metrics[f'{key}_p50'].value} s"
            for name, key in (("first quote", "first_quote_s"), ("whole answer", "total_s"))
        ]
        console.print(f"{part}: median {', '.join(seconds)}", highlight=False)
