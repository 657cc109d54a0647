"""`footnoted eval`: run regression sets, compare runs, and hold them to a baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ui.commands import sets as set_command
from ui.commands.sets import SetName
from ui.commands.terminal import (
    LibraryOption,
    line,
    messages,
    open_assistant,
    open_library,
    progress_bar,
    write_text,
)

# What measures imports pydantic and, when it is used, scipy: `--help` does not wait for them.
if TYPE_CHECKING:
    from rich.console import Console

    from eval.cases.cases import CaseSet
    from eval.comparing.baseline import Verdict
    from eval.comparing.compare import Change, Comparison
    from eval.running.record import Bounds, Result, Run
    from rag.assistant import Assistant

app = typer.Typer(
    help="Hold answers in place with regression sets.", no_args_is_help=True, add_completion=False
)

NOT_COMPARABLE = 3

RunFile = Annotated[Path, typer.Argument(show_default=False)]
Baseline = Annotated[
    Path | None, typer.Option(metavar="RUN.json", help="Hold the run to this one.")
]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")]
Markdown = Annotated[Path | None, typer.Option(metavar="FILE", help="Write Markdown.")]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with plots.")]


@app.command("run")
def run_set(
    name: SetName,
    out: Annotated[
        Path | None,
        typer.Option("--json", metavar="OUT", help="Write the run here; a stopped run goes on."),
    ] = None,
    no_llm: Annotated[bool, typer.Option("--no-llm", help="Answer with quotes only.")] = False,
    baseline: Baseline = None,
    library: LibraryOption = None,
    models: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the models are kept.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Ask the first N cases only.")
    ] = None,
    repeats: Annotated[
        int, typer.Option(metavar="N", min=1, help="Ask each case N times, to see if it is flaky.")
    ] = 1,
    replies: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the language model's replies here, and use them."),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(metavar="MODULE:FUNCTION", help="Also grade answers with this function."),
    ] = None,
    junit: Junit = None,
    markdown: Markdown = None,
    html: Html = None,
) -> None:
    """Ask every question of a set, and show how good the answers are."""
    from eval.cases.cases import find_set, load_set
    from eval.running.grader import load_judge
    from eval.running.replies import Replies
    from eval.running.runner import run

    reports = Reports(library, junit, markdown, html)
    _check_targets(out, *reports.targets)
    before = _baseline(baseline, out)
    case_set = load_set(find_set(name)).first(limit)
    grade = load_judge(judge) if judge else None
    assistant = open_assistant(library, models=models)
    if before:
        _refuse_others(before, case_set, assistant, use_llm=not no_llm)
    with progress_bar(messages()) as bar:
        task = bar.add_task(case_set.name, total=len(case_set.cases))
        done = run(
            case_set,
            assistant,
            use_llm=not no_llm,
            out=out,
            progress=lambda number, _: bar.update(task, completed=number),
            repeats=repeats,
            replies=Replies(replies) if replies else None,
            judge=grade,
        )
    _show_run(done, against=before is not None)
    _conclude(done, before, reports)


@app.command("compare")
def compare_runs(
    baseline: RunFile,
    candidate: RunFile,
    library: LibraryOption = None,
    junit: Junit = None,
    markdown: Markdown = None,
    html: Html = None,
) -> None:
    """Show what changed from one run of a set to another.

    The library is not needed for it.
    """
    from eval.comparing.compare import load_run

    reports = Reports(library, junit, markdown, html)
    _check_targets(*reports.targets)
    _conclude(load_run(candidate), load_run(baseline), reports)


@app.command("report")
def report(
    run: RunFile,
    baseline: Baseline = None,
    library: LibraryOption = None,
    junit: Junit = None,
    markdown: Markdown = None,
    html: Html = None,
) -> None:
    """Show a run again, or write it as a report.

    That is JUnit XML, Markdown, or a page with plots. The page shows quotes
    in their context where the library has the documents.
    """
    from eval.comparing.compare import load_run

    reports = Reports(library, junit, markdown, html)
    _check_targets(*reports.targets)
    done = load_run(run)
    _show_run(done, against=baseline is not None)
    _conclude(done, load_run(baseline) if baseline else None, reports)


@app.command("keep")
def keep_baseline(
    run: RunFile,
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE.json", show_default=False)],
    floor: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help="The least that a metric may be."),
    ] = None,
    ceiling: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help="The most that a metric may be."),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="How many cases may break, net of those mended."),
    ] = None,
    _library: LibraryOption = None,
) -> None:
    """Keep a run as the baseline that later runs are held to.

    That is a decision, to be committed.
    """
    from eval.comparing.baseline import keep
    from eval.comparing.compare import load_run
    from eval.running.record import Bounds

    bounds = Bounds(_bounds(floor), _bounds(ceiling), budget)
    keep(load_run(run), baseline, bounds)
    line(messages(), f"Kept in {baseline}. {_told(bounds)}")


app.command("check")(set_command.check_set)
app.command("import")(set_command.import_set)
app.command("export")(set_command.export_set)
app.command("draft")(set_command.draft_cases)
app.command("accept")(set_command.accept_drafts)


def _baseline(path: Path | None, out: Path | None) -> Run | None:
    """Return the run that the new one is held to, if there is one."""
    from eval.comparing.compare import load_run
    from index.errors import UserError

    if path is None:
        return None
    if out and out.resolve() == path.resolve():
        raise UserError(f"The run would replace its own baseline {path}: name another file.")
    return load_run(path)


def _refuse_others(before: Run, case_set: CaseSet, assistant: Assistant, *, use_llm: bool) -> None:
    """End the command if the run to be made could not be compared with its baseline."""
    from eval.comparing.compare import NotComparable, check_comparable
    from eval.running.runner import describe

    try:
        check_comparable(before, describe(case_set, assistant, use_llm=use_llm))
    except NotComparable as error:
        _refuse(error)


def _conclude(run: Run, before: Run | None, reports: Reports) -> None:
    """Compare, write the reports that are asked for, and end with the verdict's exit code."""
    from eval.comparing.baseline import PASSED, hold
    from eval.comparing.compare import NotComparable

    try:
        verdict = hold(run, before)
    except NotComparable as error:
        _refuse(error)
    if verdict.comparison:
        _show_comparison(verdict.comparison)
    for reason in verdict.reasons:
        line(messages(), reason)
    reports.write(run, before, verdict)
    if verdict.code != PASSED:
        raise typer.Exit(verdict.code)


@dataclass(frozen=True, slots=True)
class Reports:
    """The files that a run is reported in, and the library whose documents the page quotes."""

    library: str | None
    junit: Path | None
    markdown: Path | None
    html: Path | None

    @property
    def targets(self) -> tuple[Path | None, ...]:
        """The files; None for those that nobody asked for."""
        return self.junit, self.markdown, self.html

    def write(self, run: Run, before: Run | None, verdict: Verdict) -> None:
        """Write those that were asked for."""
        if self.junit:
            from ui.reports.junit import junit

            write_text(self.junit, junit(run))
        if self.markdown:
            from ui.reports.markdown import markdown

            write_text(self.markdown, markdown(run, verdict))
        if self.html:
            from ui.reports.html import html, texts_of

            shelf = open_library(self.library, check=False)
            write_text(self.html, html(run, verdict, before, texts_of(shelf)))


def _check_targets(*paths: Path | None) -> None:
    """Tell before the long part that a file could not be written after it."""
    from index.errors import UserError

    for path in paths:
        if path and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise UserError(f"{path} cannot be written: its folder is not there.")


def _bounds(given: list[str] | None) -> dict[str, float]:
    from index.errors import UserError

    found = {}
    for each in given or ():
        name, _, value = each.partition("=")
        try:
            found[name] = float(value)
        except ValueError as error:
            raise UserError(f"“{each}” is no bound: write METRIC=VALUE.") from error
        if not math.isfinite(found[name]):
            raise UserError(f"“{each}” is no bound that anything could cross.")
    return found


def _told(bounds: Bounds) -> str:
    told = [f"{name} is at least {value:g}" for name, value in bounds.floors.items()]
    told += [f"{name} is at most {value:g}" for name, value in bounds.ceilings.items()]
    if bounds.budget is not None:
        told.append(f"at most {bounds.budget} more cases break than are mended")
    if not told:
        return "Later runs fail when they are worse by more than chance explains."
    return f"Later runs are held to this: {', '.join(told)}."


def _refuse(error: Exception) -> NoReturn:
    line(messages(), str(error))
    raise typer.Exit(NOT_COMPARABLE) from error


def _show_run(run: Run, *, against: bool) -> None:
    """Print the metrics; the failed cases too where no comparison will tell of them."""
    from rich.console import Console
    from rich.table import Table

    from eval.comparing.explain import explain
    from ui.reports.figures import figure, interval

    console = Console()
    table = Table(box=None, pad_edge=False)
    for column in ("metric", "value", "95% interval", "n"):
        table.add_column(column, no_wrap=True, justify="left" if column == "metric" else "right")
    for name, metric in run.metrics.items():
        table.add_row(name, figure(name, metric.value), interval(metric), str(metric.n))
    console.print(table)
    failed = [result for result in run.results if not result.passed]
    for result in () if against else failed:
        line(console, f"\n{result.id}\n{_indented(explain(result))}")
    line(console, f"\n{len(failed)} of {len(run.results)} cases failed.{_stages(failed)}")
    notes = {
        "drafts do not count until they are accepted": run.set.drafts,
        "cases have evidence in a document that changed; it was found again by its words, and "
        "`footnoted eval check SET --write` keeps the new places": len(run.set.moved),
        "cases were answered with kept replies of the language model": sum(
            each.cached for each in run.results
        ),
    }
    for note, count in notes.items():
        if count:
            line(messages(), f"{count} {note}.")


def _stages(failed: Sequence[Result]) -> str:
    from collections import Counter

    counts = Counter(each.stage or "failed" for each in failed)
    told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    return f" {told}." if told else ""


def _show_comparison(comparison: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    from ui.reports.figures import chance, figure

    console = Console()
    _show_changes(console, "Broken", comparison.broken)
    _show_changes(console, "Mended", comparison.mended)
    table = Table(box=None, pad_edge=False)
    table.add_column("metric", no_wrap=True)
    for column in ("difference", "95% interval", "p"):
        table.add_column(column, no_wrap=True, justify="right")
    for name, each in comparison.differences.items():
        bounds = (figure(name, end, "+") for end in each.interval) if each.interval else ["–"]
        table.add_row(name, figure(name, each.value, sign="+"), " – ".join(bounds), chance(each.p))
    console.print(table)
    for tag in comparison.tags:
        if tag.broken or tag.mended:
            line(
                console,
                f"{tag.tag}: {tag.broken} of {tag.cases} broke, {tag.mended} were mended "
                f"(p = {chance(tag.p)}, adjusted)",
            )
    for stage, (before, after) in comparison.stages.items():
        if before != after:
            line(console, f"{stage}: {before} cases before, {after} now")
    if comparison.skipped:
        names = ", ".join(comparison.skipped)
        line(console, f"Not compared, because one run could not ask them: {names}")
    line(console, f"\n{comparison.verdict}")


def _show_changes(console: Console, title: str, changes: Sequence[Change]) -> None:
    from eval.comparing.explain import explain

    for change in changes:
        note = " (must pass)" if change.must_pass else ""
        line(console, f"\n{title}{note}: {change.id}")
        line(console, f"  before:\n{_indented(explain(change.before))}")
        line(console, f"  now:\n{_indented(explain(change.after))}")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
