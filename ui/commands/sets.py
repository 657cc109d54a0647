"""`footnoted eval check`, `import`, `export`, `draft`, `accept`: work on regression sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import UserError, reason
from ui.commands.terminal import (
    DocumentArgument,
    LibraryOption,
    line,
    open_assistant,
    open_library,
    progress_bar,
    tell,
    write_file,
)
from ui.words.words import _, ngettext, quoted

# The code that reads sets imports pydantic: `--help` does not wait for it.
if TYPE_CHECKING:
    from collections import Counter

    from eval.cases.cases import Case
    from index.documents import Document

SetName = Annotated[
    str,
    typer.Argument(
        metavar="SET", help="A JSON Lines or YAML file, or a set that comes with Footnoted."
    ),
]
SetFile = Annotated[Path, typer.Argument(metavar="SET", show_default=False)]


def check_set(
    name: SetName,
    write: Annotated[
        bool, typer.Option("--write", help="Write the evidence as found into the set.")
    ] = False,
    library: LibraryOption = None,
) -> None:
    """Check every line of a set and find its evidence in the library."""
    from rich.console import Console

    from eval.cases.cases import change_set, find_set, read_set
    from eval.cases.evidence import find_all, pinned

    path = find_set(name)
    case_set, problems = read_set(path)
    found, missing = find_all(case_set, open_library(library))
    console = Console()
    for problem in sorted([*problems, *missing], key=lambda each: each.line):
        line(console, f"{path.name}, {problem}")
    moved = [case.id for case, places in found.values() if any(each.moved for each in places)]
    for each in moved:
        words = _("%(id)s: the document changed; the evidence was found again by its words.")
        line(console, words % {"id": each})
    drafts = sum(case.draft for case in case_set.cases)
    evidence = sum(len(case.evidence) for case in case_set.cases)
    wrong = len(problems) + len(missing)
    counted = {"cases": len(case_set.cases), "drafts": drafts, "evidence": evidence}
    words = _("%(cases)s cases (%(drafts)s drafts), %(evidence)s pieces of evidence", **counted)
    fine = _("%(what)s: all is well.", what=words)
    line(console, _("%(what)s: %(number)s problems.", what=words, number=wrong) if wrong else fine)
    if wrong:
        raise typer.Exit(2)
    if not case_set.cases:
        tell(_("The set %(path)s holds no case.", path=path))
        raise typer.Exit(2)
    if write:
        places = {name: pinned(case, at).evidence for name, (case, at) in found.items()}

        def placed(cases: Sequence[Case]) -> list[Case]:
            return [replace(each, evidence=places.get(each.id, each.evidence)) for each in cases]

        change_set(path, placed)


def import_set(
    form: Annotated[str, typer.Argument(metavar="FORMAT", show_default=False)],
    file: Annotated[Path, typer.Argument(show_default=False)],
    out: Annotated[Path, typer.Argument(metavar="SET.jsonl", show_default=False)],
    documents: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the documents of the file to this folder."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first item that is not a valid case.")
    ] = False,
    library: LibraryOption = None,
) -> None:
    """Convert a file of another tool to a set.

    The formats are squad, quac, canard, mtrag, llamaindex, ragas, deepeval and csv.
    """
    from eval.cases.cases import write_set
    from eval.formats.imports import FORMATS, documents_of, read_cases

    if form not in FORMATS:
        words = _("There is no format %(format)s to import. There are: %(formats)s.")
        raise UserError(words % {"format": form, "formats": ", ".join(FORMATS)})
    if out.exists():
        raise UserError(_("%(path)s exists. Name a new file.", path=out))
    text = _read(file)
    found = read_cases(form, text, open_library(library, new=True), strict=strict)
    brought = documents_of(form, text)
    if brought and documents is None:
        words = _(
            "%(name)s comes with %(number)s documents. Say with --documents DIR where to write "
            "them, and add them to the library with `footnoted add`."
        )
        raise UserError(words % {"name": file.name, "number": len(brought)})
    if documents is not None:
        _write_documents(documents, brought)
        words = _("%(number)s documents are in %(path)s: `footnoted add` them.")
        tell(words % {"number": len(brought), "path": documents})
    write_set(out, found.cases)
    for problem in found.bad:
        tell(problem)
    cases = ngettext("%(num)s case", "%(num)s cases", len(found.cases))
    if found.bad:
        words = ngettext(
            "%(cases)s in %(path)s, and %(num)s item left out.",
            "%(cases)s in %(path)s, and %(num)s items left out.",
            len(found.bad),
            cases=cases,
            path=out,
        )
    else:
        words = _("%(cases)s in %(path)s.", cases=cases, path=out)
    tell(words)
    _tell_lost(found.lost)


def export_set(
    form: Annotated[str, typer.Argument(metavar="FORMAT", show_default=False)],
    name: SetName,
    run: Annotated[
        Path | None, typer.Option(metavar="RUN.json", help="Include the answers of this run.")
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Print a set in the format of another tool.

    The formats are squad, llamaindex, ragas, deepeval, csv, promptfoo, qrels and run.
    """
    from eval.cases.cases import find_set, load_set
    from eval.cases.evidence import resolve
    from eval.comparing.compare import load_run
    from eval.formats.exports import EXPORTS, Material

    if form not in EXPORTS:
        words = _("There is no format %(format)s to export. There are: %(formats)s.")
        raise UserError(words % {"format": form, "formats": ", ".join(EXPORTS)})
    if form == "run" and run is None:
        raise UserError(_("TREC's run is of answers: give a run with --run RUN.json."))
    case_set = load_set(find_set(name))
    shelf = open_library(library, new=True)
    facts, _moved = resolve(case_set, shelf)
    documents = {each.id: shelf.document(each.id) for each in shelf.entries()}
    results = {each.id: each for each in load_run(run).results} if run else None
    asked = [case for case in case_set.cases if not case.claim]
    material = Material(asked, facts, documents, results)
    text, lost = EXPORTS[form](material)
    lost["claims, which no such format has"] += len(case_set.cases) - len(asked)
    typer.echo(text, nl=False)
    _tell_lost(lost)


def draft_cases(
    document: DocumentArgument,
    out: Annotated[Path, typer.Argument(metavar="SET.jsonl", show_default=False)],
    count: Annotated[int, typer.Option("-n", min=1, help="How many drafts to propose.")] = 40,
    library: LibraryOption = None,
) -> None:
    """Propose cases for a document.

    A draft does not count until you accept it with `eval accept`.
    """
    from eval.cases.cases import write_set
    from eval.cases.propose import draft

    if out.exists():
        raise UserError(_("%(path)s exists. Name a new file.", path=out))
    assistant = open_assistant(library)
    found = assistant.library.find(document)
    writer = assistant.writer
    if writer is None:
        raise UserError(_("Drafts are written by a language model, and FOOTNOTED_LLM is none."))
    with progress_bar() as bar:
        task = bar.add_task(found.name, total=count)
        cases = draft(
            found, writer, assistant.reader, count, lambda done, _: bar.update(task, completed=done)
        )
    if not cases:
        words = _("%(name)s has no sentence to make a question from.")
        raise UserError(words % {"name": found.name})
    write_set(out, cases)
    answerable = sum(not each.unanswerable for each in cases)
    words = _(
        "%(questions)s questions and %(misses)s near-misses are in %(path)s, as drafts. `footnoted "
        "eval accept %(path)s` shows them one by one.",
        questions=answerable,
        misses=len(cases) - answerable,
        path=out,
    )
    tell(words)


def accept_drafts(
    path: SetFile,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Accept all drafts.")] = False,
    _library: LibraryOption = None,
) -> None:
    """Accept drafts by id, or review them one by one."""
    from eval.cases.cases import change_set, check_writable, read_set
    from eval.cases.propose import accept

    check_writable(path)
    case_set, problems = read_set(path)
    if problems:
        raise UserError(f"{path.name}, {problems[0]}")
    drafts = {case.id: case for case in case_set.cases if case.draft}
    if not drafts:
        raise UserError(_("%(name)s has no drafts.", name=path.name))
    if unknown := set(ids or ()) - drafts.keys():
        words = _("%(name)s has no draft %(ids)s.")
        raise UserError(words % {"name": path.name, "ids": ", ".join(sorted(unknown))})
    chosen = list(drafts) if everything else list(ids or ())
    if chosen:
        change_set(path, lambda cases: accept(cases, chosen))
        accepted, rejected = len(chosen), 0
    else:
        accepted, rejected = _ask_of_each(path, list(drafts.values()))
    left = len(drafts) - accepted - rejected
    words = _("%(accepted)s accepted, %(rejected)s rejected, %(left)s drafts left.")
    tell(words % {"accepted": accepted, "rejected": rejected, "left": left})


def _ask_of_each(path: Path, drafts: Sequence[Case]) -> tuple[int, int]:
    """Show drafts one by one, and return how many were accepted and how many rejected."""
    from rich.console import Console

    from eval.cases.cases import change_set
    from eval.cases.propose import accept, reject
    from ui.reports.cases import expected

    steps = {"a": accept, "r": reject}
    said = dict.fromkeys(steps, 0)
    console = Console()
    for case in drafts:
        fields = {"unanswerable": case.unanswerable, "answers": case.answers}
        line(console, f"\n{case.id}: {case.asked}\n    " + _("expected") + f": {expected(fields)}")
        for evidence in case.evidence:
            words = f"{evidence.document}: {quoted(evidence.quote or '')}"
            line(console, "    " + _("evidence") + f": {words}")
        prompt = _("accept, reject, later or end (a/r/l/e)")
        word = typer.prompt(prompt, default="l")[:1].lower()
        if word == "e":
            break
        if word in steps:  # Written at once, so that stopping here loses no decision.
            change_set(path, partial(steps[word], ids=[case.id]))
            said[word] += 1
    return said["a"], said["r"]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error)
        raise UserError(_("%(path)s cannot be read: %(why)s.", path=path, why=why)) from error


def _write_documents(folder: Path, documents: Sequence[Document]) -> None:
    """Write documents as text files with distinct names to a folder that must be empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if taken := sorted(each.name for each in folder.iterdir()):
        words = _("%(path)s is not empty: it holds %(name)s. Name another folder.")
        raise UserError(words % {"path": folder, "name": taken[0]})
    names: dict[str, str] = {}
    for each in documents:
        name = re.sub(r"[^\w .-]", "_", each.title).strip(" .") or each.id
        while name in names:
            name += "_"
        names[name] = each.text
        # As bytes, so that the offsets of the evidence fit the file.
        write_file(folder / f"{name}.txt", each.text.encode())


def _tell_lost(lost: Counter[str]) -> None:
    if lost:
        listed = ", ".join(f"{what} ({count})" for what, count in sorted(lost.items()))
        words = _("Not carried over, with the number of cases: %(names)s.", names=listed)
        tell(words)
