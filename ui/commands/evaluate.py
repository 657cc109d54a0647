"""`footnoted eval`: run regression sets, compare runs, and hold them to a baseline."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from index.errors import UserError
from index.printable import shortened
from ui.commands import sets as set_command
from ui.commands.sets import SetName
from ui.commands.terminal import (
    LibraryOption,
    line,
    open_assistant,
    open_library,
    padded,
    progress_bar,
    tell,
    write_file,
)
from ui.words.elsewhere import said
from ui.words.words import _, ngettext, noted

# The measuring code imports pydantic and, when used, scipy: `--help` does not wait for them.
if TYPE_CHECKING:
    from rich.console import Console

    from eval.cases.cases import CaseSet
    from eval.comparing.baseline import FailOn, Verdict
    from eval.comparing.compare import Comparison
    from eval.running.record import Bounds, Result, Run

app = typer.Typer(
    help="Run and compare regression sets.", no_args_is_help=True, add_completion=False
)

NOT_COMPARABLE = 3

RunFile = Annotated[Path, typer.Argument(show_default=False)]
Baseline = Annotated[
    Path | None, typer.Option(metavar="RUN.json", help="Compare the run with this one.")
]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")]
Markdown = Annotated[Path | None, typer.Option(metavar="FILE", help="Write Markdown.")]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with plots.")]
Metrics = Annotated[bool, typer.Option("--metrics", help="Show all metrics.")]
Details = Annotated[bool, typer.Option("--details", help="Show answers and quotes of cases.")]
FailOnOption = Annotated[
    Literal["failed", "broken", "floor"],
    typer.Option(
        "--fail-on",
        help="What makes the run fail: any failed case, any case that broke since the baseline, or "
        "the baseline's bounds and losses that chance does not explain (floor).",
    ),
]


@app.command("run")
def run_set(
    name: SetName,
    out: Annotated[
        Path | None,
        typer.Option("--json", metavar="OUT", help="Write the run here. A stopped run resumes."),
    ] = None,
    no_llm: Annotated[bool, typer.Option("--no-llm", help="Answer with quotes only.")] = False,
    baseline: Baseline = None,
    library: LibraryOption = None,
    models: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder of the model weights.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Ask only the first N cases.")
    ] = None,
    repeats: Annotated[
        int, typer.Option(metavar="N", min=1, help="Ask each case N times to find flaky cases.")
    ] = 1,
    replies: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Cache the language model's replies in this file."),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(metavar="MODULE:FUNCTION", help="Also grade the answers with this function."),
    ] = None,
    fail_on: FailOnOption = "floor",
    metrics: Metrics = False,
    details: Details = False,
    junit: Junit = None,
    markdown: Markdown = None,
    html: Html = None,
) -> None:
    """Ask every question of a set and report which cases fail."""
    from eval.cases.cases import find_set, load_set
    from eval.running.judge import load_judge
    from eval.running.replies import Replies
    from eval.running.runner import run

    reports = Reports(library, junit, markdown, html, fail_on, metrics=metrics, details=details)
    _check_targets(out, *reports.targets)
    before = _baseline(baseline, out)
    case_set = load_set(find_set(name)).first(limit)
    grade = load_judge(judge) if judge else None
    assistant = open_assistant(library, models=models)
    if before:
        _refuse_others(before, case_set)
    with progress_bar() as bar:
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
    _conclude(done, before, reports)


@app.command("compare")
def compare_runs(
    baseline: RunFile,
    candidate: RunFile,
    library: LibraryOption = None,
    fail_on: FailOnOption = "floor",
    metrics: Metrics = False,
    details: Details = False,
    junit: Junit = None,
    markdown: Markdown = None,
    html: Html = None,
) -> None:
    """Show what changed between two runs of a set.

    This does not need the library.
    """
    from eval.comparing.compare import load_run

    reports = Reports(library, junit, markdown, html, fail_on, metrics=metrics, details=details)
    _check_targets(*reports.targets)
    _conclude(load_run(candidate), load_run(baseline), reports)


@app.command("report")
def report(
    run: RunFile,
    baseline: Baseline = None,
    library: LibraryOption = None,
    fail_on: FailOnOption = "floor",
    metrics: Metrics = False,
    details: Details = False,
    junit: Junit = None,
    markdown: Markdown = None,
    html: Html = None,
) -> None:
    """Show a run again, or write it as JUnit XML, Markdown or HTML.

    If the library contains the documents, the HTML page shows quotes in context.
    """
    from eval.comparing.compare import load_run

    reports = Reports(library, junit, markdown, html, fail_on, metrics=metrics, details=details)
    _check_targets(*reports.targets)
    _conclude(load_run(run), load_run(baseline) if baseline else None, reports)


@app.command("keep")
def keep_baseline(
    run: RunFile,
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE.json", show_default=False)],
    add: Annotated[
        bool, typer.Option("--add", help="Add only new and changed cases to the existing baseline.")
    ] = False,
    floor: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help="The lowest value that a metric may have."),
    ] = None,
    ceiling: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help="The highest value that a metric may have."),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="How many cases may break, minus fixed ones."),
    ] = None,
    _library: LibraryOption = None,
) -> None:
    """Keep a run as the baseline for later runs.

    Commit the file: a new baseline is a decision.
    """
    from eval.comparing.baseline import extended, keep
    from eval.comparing.compare import NotComparable, load_run
    from eval.running.record import Bounds

    done = load_run(run)
    bounds = Bounds(_bounds(floor), _bounds(ceiling), budget)
    message = _("Kept in %(path)s.", path=baseline)
    if add:
        before = load_run(baseline)
        try:
            done = extended(before, done)
        except NotComparable as error:
            _refuse(error)
        if before.gate and bounds == Bounds():
            bounds = before.gate
        had = {each.id: each for each in before.results}
        taken = sum(had.get(each.id) != each for each in done.results)
        left = len(had.keys() - {each.id for each in done.results})
        words = _("%(taken)s cases taken into %(path)s, and %(left)s removed.")
        message = words % {"taken": taken, "path": baseline, "left": left}
    keep(done, baseline, bounds)
    tell(f"{message} {_in_words(bounds)}")


app.command("check")(set_command.check_set)
app.command("import")(set_command.import_set)
app.command("export")(set_command.export_set)
app.command("draft")(set_command.draft_cases)
app.command("accept")(set_command.accept_drafts)


def _baseline(path: Path | None, out: Path | None) -> Run | None:
    """Return the baseline for the new run, if one is given."""
    from eval.comparing.compare import load_run

    if path is None:
        return None
    if out and out.resolve() == path.resolve():
        words = _("The run would replace its own baseline %(path)s: name another file.")
        raise UserError(words % {"path": path})
    return load_run(path)


def _refuse_others(before: Run, case_set: CaseSet) -> None:
    """End the command if the new run could not be compared with its baseline."""
    from eval.cases.cases import case_fields
    from eval.comparing.compare import NotComparable, in_common

    known = {each.id: each.case for each in before.results}
    try:
        in_common(known, {case.id: case_fields(case) for case in case_set.cases})
    except NotComparable as error:
        _refuse(error)


def _conclude(run: Run, before: Run | None, reports: Reports) -> None:
    """Compare, write the reports that are asked for, and end with the verdict's exit code."""
    from rich.console import Console

    from eval.comparing.baseline import PASSED, judge
    from eval.comparing.compare import NotComparable
    from ui.reports.metric_text import told

    try:
        verdict = judge(run, before, reports.fail_on)
    except NotComparable as error:
        _refuse(error)
    console = Console()
    if verdict.comparison:
        _show_conditions(console, verdict.comparison)
    _show_cases(console, run, verdict.comparison, details=reports.details)
    if reports.metrics:
        _show_metrics(console, run, verdict.comparison)
    line(console, told(verdict))
    _show_notes(run, before, reports)
    reports.write(run, before, verdict)
    if verdict.code != PASSED:
        raise typer.Exit(verdict.code)


@dataclass(frozen=True, slots=True)
class Reports:
    """How a run is reported: what is shown, what fails it, and the files that are written.

    The HTML page quotes the documents of `library`.
    """

    library: str | None
    junit: Path | None
    markdown: Path | None
    html: Path | None
    fail_on: FailOn
    metrics: bool = field(kw_only=True)
    details: bool = field(kw_only=True)

    @property
    def targets(self) -> tuple[Path | None, ...]:
        """The report files; None for each that was not asked for."""
        return self.junit, self.markdown, self.html

    def write(self, run: Run, before: Run | None, verdict: Verdict) -> None:
        """Write the reports that were asked for."""
        if self.junit:
            from ui.reports.junit import junit

            write_file(self.junit, junit(run, verdict).encode())
        if self.markdown:
            from ui.reports.markdown import markdown

            write_file(self.markdown, markdown(run, verdict).encode())
        if self.html:
            from ui.reports.html import html, texts_of

            shelf = open_library(self.library, check=False, new=True)
            write_file(self.html, html(run, verdict, before, texts_of(shelf)).encode())


def _check_targets(*paths: Path | None) -> None:
    """Raise UserError before the long run if a report could not be written after it."""
    for path in paths:
        if path and (path.is_dir() or not path.absolute().parent.is_dir()):
            words = _("%(path)s cannot be written: its folder is not there.")
            raise UserError(words % {"path": path})


def _bounds(given: list[str] | None) -> dict[str, float]:
    found = {}
    for each in given or ():
        name, _sign, value = each.partition("=")
        try:
            found[name] = float(value)
        except ValueError as error:
            words = _("“%(given)s” is no bound: write METRIC=VALUE.", given=each)
            raise UserError(words) from error
        if not math.isfinite(found[name]):
            raise UserError(_("“%(given)s” is no bound that anything could cross.", given=each))
    return found


def _in_words(bounds: Bounds) -> str:
    least, most = _("%(metric)s is at least %(value)s"), _("%(metric)s is at most %(value)s")
    parts = [least % {"metric": name, "value": f"{at:g}"} for name, at in bounds.floors.items()]
    parts += [most % {"metric": name, "value": f"{at:g}"} for name, at in bounds.ceilings.items()]
    if bounds.budget is not None:
        words = _("at most %(number)s more cases break than are mended")
        parts.append(words % {"number": bounds.budget})
    if not parts:
        return _("Later runs fail when they are worse by more than chance explains.")
    return _("Later runs are held to this: %(bounds)s.", bounds=", ".join(parts))


def _refuse(error: Exception) -> NoReturn:
    tell(said(str(error)))
    raise typer.Exit(NOT_COMPARABLE) from error


def _show_conditions(console: Console, comparison: Comparison) -> None:
    """Print what differs between two runs besides the answers, and which cases are left out."""
    from ui.reports.metric_text import uncompared

    for each in comparison.differs:
        line(console, said(each))
    for each in uncompared(comparison):
        line(console, f"{each}.")


def _show_cases(
    console: Console, run: Run, comparison: Comparison | None, *, details: bool
) -> None:
    """Print each failed or mended case on a line with its stage: errors first, then broken ones."""
    from ui.reports.metric_text import explained

    broken = {each.id: each for each in comparison.broken} if comparison else {}
    mended = {each.id: each for each in comparison.mended} if comparison else {}
    as_before = set(comparison.as_before) if comparison else set()

    def word(result: Result) -> str:
        if result.error is not None:
            return noted("error")
        if result.passed:
            return noted("mended")
        if result.id in broken:
            return noted("broke")
        return noted("as before") if result.id in as_before else noted("failed")

    order = ["error", "broke", "failed", "as before", "mended"]
    shown = [each for each in run.results if not each.passed or each.id in mended]
    for result in sorted(shown, key=lambda each: order.index(word(each))):
        note = " (" + _("must pass") + ")" if result.id in run.set.must_pass else ""
        stage = "" if result.passed else f"  {result.stage or _('failed')}"
        question = shortened(result.question, QUESTION)
        line(console, f"{padded(_(word(result)), 11)}{result.id}{note}{stage}  {question}")
        if result.error is not None:
            line(console, _indented(result.error))
        elif details:
            change = broken.get(result.id) or mended.get(result.id)
            if change:
                line(console, "  " + _("before") + ":")
                line(console, _indented(explained(change.before)))
                line(console, "  " + _("now") + ":")
            line(console, _indented(explained(result)))


QUESTION = 70
"""How many characters of a question are shown on the line of its case."""


def _show_notes(run: Run, before: Run | None, reports: Reports) -> None:
    from eval.comparing.baseline import RULES
    from ui.reports.metric_text import from_replies

    if drafts := run.set.drafts:
        words = ngettext(
            "%(num)s drafts do not count until they are accepted.",
            "%(num)s drafts do not count until they are accepted.",
            drafts,
        )
        tell(words)
    if moved := len(run.set.moved):
        words = ngettext(
            "%(num)s cases have evidence in a document that changed; it was found again by its "
            "words, and `footnoted eval check SET --write` keeps the new places.",
            "%(num)s cases have evidence in a document that changed; it was found again by its "
            "words, and `footnoted eval check SET --write` keeps the new places.",
            moved,
        )
        tell(words)
    if cached := sum(each.cached for each in run.results):
        tell(from_replies(cached))
    rule = _("a case that must pass and does not")
    if before or reports.fail_on == "failed":
        rule += f", {_(RULES[reports.fail_on])}"
    words = _("What fails a run: %(rules)s (--fail-on %(option)s).")
    tell(words % {"rules": rule, "option": reports.fail_on})


def _show_metrics(console: Console, run: Run, comparison: Comparison | None) -> None:
    """Print the metrics of a run, and how they changed."""
    from rich.table import Table

    from ui.reports.metric_text import chance, figure, interval, percent_interval

    table = Table(box=None, pad_edge=False)
    heads = [_("metric"), _("value"), percent_interval(), "n"]
    heads += [_("difference"), percent_interval(), "p"] if comparison else []
    for number, head in enumerate(heads):
        table.add_column(head, no_wrap=True, justify="right" if number else "left")
    for name, metric in run.metrics.items():
        cells = [name, figure(name, metric.value), interval(metric), str(metric.n)]
        if comparison:
            change = comparison.differences.get(name)
            bounds = change.interval if change else None
            cells += [
                figure(name, change.value, sign="+") if change else "–",
                " – ".join(figure(name, end, "+") for end in bounds) if bounds else "–",
                chance(change.p if change else None),
            ]
        table.add_row(*cells)
    console.print(table)
    for tag in comparison.tags if comparison else ():
        if tag.broken or tag.mended:
            words = _(
                "%(tag)s: %(broken)s of %(cases)s broke, %(mended)s were mended (p = %(p)s, "
                "adjusted)",
                tag=tag.tag,
                broken=tag.broken,
                cases=tag.cases,
                mended=tag.mended,
                p=chance(tag.p),
            )
            line(console, words)
    for stage, (was, now) in comparison.stages.items() if comparison else ():
        if was != now:
            words = _("%(stage)s: %(was)s cases before, %(now)s now")
            line(console, words % {"stage": stage, "was": was, "now": now})


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
