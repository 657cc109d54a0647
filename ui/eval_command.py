"""`footnoted eval`: run a regression set, and compare two runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table

# What measures imports pydantic and, when it is used, scipy: `--help` does not wait for them.
if TYPE_CHECKING:
    from eval.compare import Change, Comparison
    from eval.record import Run
    from eval.summary import Metric

app = typer.Typer(
    help="Hold answers in place with regression sets.", no_args_is_help=True, add_completion=False
)

NOT_COMPARABLE = 3

RunFile = Annotated[Path, typer.Argument(show_default=False)]
Library = Annotated[
    Path | None, typer.Option("--library", metavar="DIR", help="The folder of the library.")
]


@app.command("run")
def run_set(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SET", help="A JSON Lines file, or a set that comes with Footnoted."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--json", metavar="OUT", help="Write the run here; a stopped run goes on."),
    ] = None,
    no_llm: Annotated[bool, typer.Option("--no-llm", help="Answer with quotes only.")] = False,
    baseline: Annotated[
        Path | None, typer.Option(metavar="RUN.json", help="Compare with this run.")
    ] = None,
    library: Library = None,
    models: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the models are kept.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Ask the first N cases only.")
    ] = None,
) -> None:
    """Ask every question of a set, and show how good the answers are."""
    from eval.cases import find_set, load_set
    from eval.compare import NotComparable, check_comparable, load_run
    from eval.runner import describe, run
    from rag.assistant import Assistant
    from rag.config import load_settings

    case_set = load_set(find_set(name)).first(limit)
    before = load_run(baseline) if baseline else None
    assistant = Assistant(load_settings(library=library, models=models))
    if before:
        try:
            check_comparable(before, describe(case_set, assistant, use_llm=not no_llm))
        except NotComparable as error:
            _refuse(error)
    with _bar() as bar:
        task = bar.add_task(case_set.name, total=len(case_set.cases))
        done = run(
            case_set,
            assistant,
            use_llm=not no_llm,
            out=out,
            progress=lambda number, _: bar.update(task, completed=number),
        )
    _show_run(done)
    if before:
        _conclude(before, done)


@app.command("compare")
def compare_runs(baseline: RunFile, candidate: RunFile, _library: Library = None) -> None:
    """Show what changed from one run of a set to another; the library is not needed for it."""
    from eval.compare import load_run

    _conclude(load_run(baseline), load_run(candidate))


def _conclude(before: Run, after: Run) -> None:
    from eval.compare import NotComparable, compare

    try:
        comparison = compare(before, after)
    except NotComparable as error:
        _refuse(error)
    _show_comparison(comparison)
    if comparison.regressed:
        raise typer.Exit(1)


def _refuse(error: Exception) -> None:
    _line(Console(stderr=True), str(error))
    raise typer.Exit(NOT_COMPARABLE) from error


def _show_run(run: Run) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False)
    for column in ("metric", "value", "95% interval", "n"):
        table.add_column(column, no_wrap=True, justify="left" if column == "metric" else "right")
    for name, metric in run.metrics.items():
        table.add_row(name, _figure(name, metric.value), _interval(metric), str(metric.n))
    console.print(table)
    failed = [result for result in run.results if not result.passed]
    for result in failed:
        _line(console, f"\n{result.id}: {result.answer['question']}\n    got: {result.shown}")
    _line(console, f"\n{len(failed)} of {len(run.results)} cases failed.")
    without = run.metrics["llm_unavailable"].value
    if without:
        _line(
            Console(stderr=True),
            f"The language model did not answer in {without:.0%} of the cases: their answers are "
            "quotes. `footnoted ask` tells what is the matter.",
        )


def _show_comparison(comparison: Comparison) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False)
    table.add_column("metric", no_wrap=True)
    table.add_column("difference", no_wrap=True, justify="right")
    for name, difference in comparison.differences.items():
        table.add_row(name, _figure(name, difference, sign="+"))
    console.print(table)
    _show_changes(console, "Broken", comparison.broken)
    _show_changes(console, "Mended", comparison.mended)
    _line(console, f"\n{comparison.verdict}")


def _show_changes(console: Console, title: str, changes: tuple[Change, ...]) -> None:
    for change in changes:
        note = " (must pass)" if change.must_pass else ""
        _line(console, f"\n{title}{note}: {change.id}: {change.question}")
        _line(console, f"    before: {change.before}\n    after:  {change.after}")


def _figure(name: str, value: float | None, sign: str = "") -> str:
    if value is None:
        return "–"
    return f"{value:{sign}.2f} s" if "_s_p" in name else f"{value:{sign}.1%}"


def _interval(metric: Metric) -> str:
    if metric.interval is None:
        return "–"
    low, high = metric.interval
    return f"{low:.1%} – {high:.1%}"


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _bar() -> ProgressBar:
    console = Console(stderr=True)
    return ProgressBar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
