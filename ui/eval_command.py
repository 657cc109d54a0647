"""`footnoted eval`: run regression sets, compare runs, and hold them to a baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table

# What measures imports pydantic and, when it is used, scipy: `--help` does not wait for them.
if TYPE_CHECKING:
    from collections import Counter

    from eval.compare import Change, Comparison
    from eval.gate import Verdict
    from eval.record import Gate, Result, Run
    from index.documents import Document

app = typer.Typer(
    help="Hold answers in place with regression sets.", no_args_is_help=True, add_completion=False
)

NOT_COMPARABLE = 3

RunFile = Annotated[Path, typer.Argument(show_default=False)]
SetName = Annotated[
    str,
    typer.Argument(
        metavar="SET", help="A JSON Lines or YAML file, or a set that comes with Footnoted."
    ),
]
SetFile = Annotated[Path, typer.Argument(metavar="SET", show_default=False)]
Library = Annotated[
    Path | None, typer.Option("--library", metavar="DIR", help="The folder of the library.")
]
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
    library: Library = None,
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
    from eval.cases import find_set, load_set
    from eval.compare import NotComparable, check_comparable, load_run
    from eval.judge import load_judge
    from eval.replies import Replies
    from eval.runner import describe, run
    from index.errors import UserError
    from rag.assistant import Assistant
    from rag.config import load_settings

    _check_targets(out, junit, markdown, html)
    if out and baseline and out.resolve() == baseline.resolve():
        raise UserError(f"The run would replace its own baseline {baseline}: name another file.")
    case_set = load_set(find_set(name)).first(limit)
    before = load_run(baseline) if baseline else None
    grade = load_judge(judge) if judge else None
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
            repeats=repeats,
            replies=Replies(replies) if replies else None,
            judge=grade,
        )
    _show_run(done, against=before is not None)
    _conclude(done, before, library, junit, markdown, html)


@app.command("compare")
def compare_runs(
    baseline: RunFile,
    candidate: RunFile,
    library: Library = None,
    junit: Junit = None,
    markdown: Markdown = None,
    html: Html = None,
) -> None:
    """Show what changed from one run of a set to another; the library is not needed for it."""
    from eval.compare import load_run

    _check_targets(junit, markdown, html)
    _conclude(load_run(candidate), load_run(baseline), library, junit, markdown, html)


@app.command("report")
def report(
    run: RunFile,
    baseline: Baseline = None,
    library: Library = None,
    junit: Junit = None,
    markdown: Markdown = None,
    html: Html = None,
) -> None:
    """Show a run again, or write it as JUnit XML, Markdown or a page with plots.

    The page shows quotes in their context where the library has the documents.
    """
    from eval.compare import load_run

    _check_targets(junit, markdown, html)
    done = load_run(run)
    _show_run(done, against=baseline is not None)
    before = load_run(baseline) if baseline else None
    _conclude(done, before, library, junit, markdown, html)


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
    _library: Library = None,
) -> None:
    """Keep a run as the baseline that later runs are held to: a decision, to be committed."""
    from eval.compare import load_run
    from eval.gate import keep
    from eval.record import Gate

    gate = Gate(_bounds(floor), _bounds(ceiling), budget)
    keep(load_run(run), baseline, gate)
    _line(Console(stderr=True), f"Kept in {baseline}. {_told(gate)}")


@app.command("check")
def check_set(
    name: SetName,
    write: Annotated[
        bool,
        typer.Option("--write", help="Write the evidence's places, hashes and words as found."),
    ] = False,
    library: Library = None,
) -> None:
    """Check every line of a set, and find its evidence in the library."""
    from dataclasses import replace

    from eval.cases import change_set, find_set, read_set
    from eval.evidence import find_all, pinned
    from rag.assistant import Assistant
    from rag.config import load_settings

    path = find_set(name)
    case_set, problems = read_set(path)
    found, missing = find_all(case_set, Assistant(load_settings(library=library)).library)
    console = Console()
    for problem in sorted([*problems, *missing], key=lambda each: each.line):
        _line(console, f"{path.name}, {problem}")
    moved = [case.id for case, places in found.values() if any(each.moved for each in places)]
    for each in moved:
        _line(console, f"{each}: the document changed; the evidence was found again by its words.")
    drafts = sum(case.draft for case in case_set.cases)
    evidence = sum(len(case.evidence) for case in case_set.cases)
    wrong = len(problems) + len(missing)
    told = f"{len(case_set.cases)} cases ({drafts} drafts), {evidence} pieces of evidence"
    _line(console, f"{told}: {wrong} problems." if wrong else f"{told}: all is well.")
    if wrong:
        raise typer.Exit(2)
    if not case_set.cases:
        _line(Console(stderr=True), f"The set {path} holds no case.")
        raise typer.Exit(2)
    if write:
        places = {name: pinned(case, at).evidence for name, (case, at) in found.items()}
        change_set(
            path,
            lambda cases: [
                replace(each, evidence=places.get(each.id, each.evidence)) for each in cases
            ],
        )


@app.command("import")
def import_set(
    form: Annotated[str, typer.Argument(metavar="FORMAT", show_default=False)],
    file: Annotated[Path, typer.Argument(show_default=False)],
    out: Annotated[Path, typer.Argument(metavar="SET.jsonl", show_default=False)],
    documents: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where documents are written that the file brings."),
    ] = None,
    library: Library = None,
) -> None:
    """Make a set of another tool's file: squad, llamaindex, ragas, deepeval or csv."""
    from eval.cases import write_set
    from eval.imports import FORMATS, documents_of, read_cases
    from index.errors import UserError
    from rag.assistant import Assistant
    from rag.config import load_settings

    if form not in FORMATS:
        raise UserError(f"There is no format {form} to import. There are: {', '.join(FORMATS)}.")
    if out.exists():
        raise UserError(f"{out} exists. Name a new file.")
    text = _read(file)
    found = read_cases(form, text, Assistant(load_settings(library=library)).library)
    messages = Console(stderr=True)
    brought = documents_of(form, text)
    if brought and documents is None:
        raise UserError(
            f"{file.name} brings {len(brought)} documents. Say with --documents DIR where they are "
            "to be written, and put them into the library with `footnoted add`."
        )
    if documents is not None:
        _write_documents(documents, brought)
        _line(messages, f"{len(brought)} documents are in {documents}: `footnoted add` them.")
    write_set(out, found.cases)
    _line(messages, f"{len(found.cases)} cases are in {out}.")
    _tell_lost(found.lost)


@app.command("export")
def export_set(
    form: Annotated[str, typer.Argument(metavar="FORMAT", show_default=False)],
    name: SetName,
    run: Annotated[
        Path | None, typer.Option(metavar="RUN.json", help="Add the answers of this run.")
    ] = None,
    library: Library = None,
) -> None:
    """Print a set for another tool.

    The formats are squad, llamaindex, ragas, deepeval, csv, promptfoo, qrels and run.
    """
    from eval.cases import find_set, load_set
    from eval.compare import load_run
    from eval.evidence import resolve
    from eval.exports import EXPORTS, Material
    from index.errors import UserError
    from rag.assistant import Assistant
    from rag.config import load_settings

    if form not in EXPORTS:
        raise UserError(f"There is no format {form} to export. There are: {', '.join(EXPORTS)}.")
    if form == "run" and run is None:
        raise UserError("TREC's run is of answers: give a run with --run RUN.json.")
    case_set = load_set(find_set(name))
    shelf = Assistant(load_settings(library=library)).library
    facts, _ = resolve(case_set, shelf)
    entries = [shelf.document(each.id) for each in shelf.entries()]
    results = {each.id: each for each in load_run(run).results} if run else None
    material = Material(case_set.cases, facts, {each.id: each for each in entries}, results)
    text, lost = EXPORTS[form](material)
    typer.echo(text, nl=False)
    _tell_lost(lost)


@app.command("draft")
def draft_cases(
    document: Annotated[str, typer.Argument(help="An id, its beginning, or a file name.")],
    out: Annotated[Path, typer.Argument(metavar="SET.jsonl", show_default=False)],
    count: Annotated[int, typer.Option("-n", min=1, help="How many drafts to propose.")] = 40,
    library: Library = None,
) -> None:
    """Propose cases for a document; they do not count until `eval accept` has accepted them."""
    from eval.cases import write_set
    from eval.draft import draft
    from index.errors import UserError
    from rag.assistant import Assistant
    from rag.config import load_settings

    if out.exists():
        raise UserError(f"{out} exists. Name a new file.")
    assistant = Assistant(load_settings(library=library))
    found = assistant.library.find(document)
    writer = assistant.writer
    if writer is None:
        raise UserError("Drafts are written by a language model, and FOOTNOTED_LLM is none.")
    with _bar() as bar:
        task = bar.add_task(found.name, total=count)
        cases = draft(found, writer, count, lambda done, _: bar.update(task, completed=done))
    if not cases:
        raise UserError(f"{found.name} has no sentence that a question could be made of.")
    write_set(out, cases)
    answerable = sum(not each.unanswerable for each in cases)
    _line(
        Console(stderr=True),
        f"{answerable} questions and {len(cases) - answerable} near-misses are in {out}, as "
        f"drafts. `footnoted eval accept {out}` shows them one by one.",
    )


@app.command("accept")
def accept_drafts(
    path: SetFile,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Accept all drafts.")] = False,
    _library: Library = None,
) -> None:
    """Accept drafts by their ids, or look at them one by one."""
    from eval.cases import change_set, check_writable, read_set
    from eval.draft import accept, reject
    from eval.explain import expected
    from index.errors import UserError

    check_writable(path)
    case_set, problems = read_set(path)
    if problems:
        raise UserError(f"{path.name}, {problems[0]}")
    drafts = {case.id: case for case in case_set.cases if case.draft}
    if not drafts:
        raise UserError(f"{path.name} has no drafts.")
    if unknown := set(ids or ()) - drafts.keys():
        raise UserError(f"{path.name} has no draft {', '.join(sorted(unknown))}.")
    chosen = list(drafts) if everything else list(ids or ())
    if chosen:
        change_set(path, lambda cases: accept(cases, chosen))
    said: dict[str, list[str]] = {"a": chosen, "r": []}
    console = Console()
    for case in () if chosen else drafts.values():
        told = {"unanswerable": case.unanswerable, "answers": case.answers}
        _line(console, f"\n{case.id}: {case.question}\n    expected: {expected(told)}")
        for evidence in case.evidence:
            _line(console, f"    evidence: {evidence.document}: “{evidence.quote}”")
        word = typer.prompt("accept, reject, later or end (a/r/l/e)", default="l")[:1].lower()
        if word == "e":
            break
        if word in said:  # Written at once: what was decided is not lost when one leaves here.
            step = accept if word == "a" else reject
            change_set(path, partial(step, ids=[case.id]))
            said[word].append(case.id)
    left = len(drafts) - len(said["a"]) - len(said["r"])
    _line(
        Console(stderr=True),
        f"{len(said['a'])} accepted, {len(said['r'])} rejected, {left} drafts left.",
    )


def _conclude(
    run: Run,
    before: Run | None,
    library: Path | None,
    junit: Path | None,
    markdown: Path | None,
    html: Path | None,
) -> None:
    """Compare, write the reports that are asked for, and end with the gate's exit code."""
    from eval.compare import NotComparable
    from eval.gate import PASSED, judge

    try:
        verdict = judge(run, before)
    except NotComparable as error:
        _refuse(error)
    if verdict.comparison:
        _show_comparison(verdict.comparison)
    for reason in verdict.reasons:
        _line(Console(stderr=True), reason)
    _write_reports(run, before, verdict, library, junit, markdown, html)
    if verdict.code != PASSED:
        raise typer.Exit(verdict.code)


def _write_reports(
    run: Run,
    before: Run | None,
    verdict: Verdict,
    library: Path | None,
    junit: Path | None,
    markdown: Path | None,
    html: Path | None,
) -> None:
    if junit:
        from ui.report_junit import junit as write_junit

        _write(junit, write_junit(run))
    if markdown:
        from ui.report_markdown import markdown as write_markdown

        _write(markdown, write_markdown(run, verdict))
    if html:
        from rag.assistant import Assistant
        from rag.config import load_settings
        from ui.report_html import html as write_html
        from ui.report_html import texts_of

        shelf = Assistant(load_settings(library=library), check=False).library
        _write(html, write_html(run, verdict, before, texts_of(shelf)))


def _check_targets(*paths: Path | None) -> None:
    """Tell before the long part that a file could not be written after it."""
    from index.errors import UserError

    for path in paths:
        if path and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise UserError(f"{path} cannot be written: its folder is not there.")


def _write(path: Path, text: str) -> None:
    from eval.files import write_whole
    from index.errors import UserError

    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error


def _read(path: Path) -> str:
    from index.errors import UserError

    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}.") from error


def _write_documents(folder: Path, documents: Sequence[Document]) -> None:
    """Write documents as text files, none over another one or over what is there."""
    import re

    from index.errors import UserError

    folder.mkdir(parents=True, exist_ok=True)
    if taken := sorted(each.name for each in folder.iterdir()):
        raise UserError(f"{folder} is not empty: it holds {taken[0]}. Name another folder.")
    names: dict[str, str] = {}
    for each in documents:
        name = re.sub(r"[^\w .-]", "_", each.title).strip(" .") or each.id
        while name in names:
            name += "_"
        names[name] = each.text
        # Bytes as they are, so that the offsets in the file are those of its evidence.
        _write(folder / f"{name}.txt", each.text)


def _tell_lost(lost: Counter[str]) -> None:
    if lost:
        told = ", ".join(f"{what} ({count})" for what, count in sorted(lost.items()))
        _line(Console(stderr=True), f"Not carried over, with the number of cases: {told}.")


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


def _told(gate: Gate) -> str:
    told = [f"{name} is at least {value:g}" for name, value in gate.floors.items()]
    told += [f"{name} is at most {value:g}" for name, value in gate.ceilings.items()]
    if gate.budget is not None:
        told.append(f"at most {gate.budget} more cases break than are mended")
    if not told:
        return "Later runs fail when they are worse by more than chance explains."
    return f"Later runs are held to this: {', '.join(told)}."


def _refuse(error: Exception) -> NoReturn:
    _line(Console(stderr=True), str(error))
    raise typer.Exit(NOT_COMPARABLE) from error


def _show_run(run: Run, *, against: bool) -> None:
    """Print the metrics; the failed cases too where no comparison will tell of them."""
    from eval.explain import explain
    from ui.figures import figure, interval

    console = Console()
    table = Table(box=None, pad_edge=False)
    for column in ("metric", "value", "95% interval", "n"):
        table.add_column(column, no_wrap=True, justify="left" if column == "metric" else "right")
    for name, metric in run.metrics.items():
        table.add_row(name, figure(name, metric.value), interval(metric), str(metric.n))
    console.print(table)
    failed = [result for result in run.results if not result.passed]
    for result in () if against else failed:
        _line(console, f"\n{result.id}\n{_indented(explain(result))}")
    _line(console, f"\n{len(failed)} of {len(run.results)} cases failed.{_stages(failed)}")
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
            _line(Console(stderr=True), f"{count} {note}.")


def _stages(failed: Sequence[Result]) -> str:
    from collections import Counter

    counts = Counter(each.stage or "failed" for each in failed)
    told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    return f" {told}." if told else ""


def _show_comparison(comparison: Comparison) -> None:
    from ui.figures import chance, figure

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
            _line(
                console,
                f"{tag.tag}: {tag.broken} of {tag.cases} broke, {tag.mended} were mended "
                f"(p = {chance(tag.p)}, adjusted)",
            )
    for stage, (before, after) in comparison.stages.items():
        if before != after:
            _line(console, f"{stage}: {before} cases before, {after} now")
    if comparison.skipped:
        names = ", ".join(comparison.skipped)
        _line(console, f"Not compared, because one run could not ask them: {names}")
    _line(console, f"\n{comparison.verdict}")


def _show_changes(console: Console, title: str, changes: Sequence[Change]) -> None:
    from eval.explain import explain

    for change in changes:
        note = " (must pass)" if change.must_pass else ""
        _line(console, f"\n{title}{note}: {change.id}")
        _line(console, f"  before:\n{_indented(explain(change.before))}")
        _line(console, f"  now:\n{_indented(explain(change.after))}")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _line(console: Console, text: str) -> None:
    """Print text that may come from anywhere: no markup, and no control characters."""
    from index.load_formats import visible

    for line in text.split("\n"):
        console.print(visible(line), markup=False, highlight=False, soft_wrap=True)


def _bar() -> ProgressBar:
    console = Console(stderr=True)
    return ProgressBar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
