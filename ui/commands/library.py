"""`footnoted library`: prove, mend and keep a library; list libraries; correct a language."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.printable import number_of
from ui.commands.terminal import (
    FormOption,
    LibraryOption,
    line,
    messages,
    open_library,
    progress_bar,
    show_rows,
    show_stage,
)

if TYPE_CHECKING:
    from index.documents import Document
    from index.upkeep.proof import Proof

app = typer.Typer(
    help="Check, repair, back up and restore a library.",
    no_args_is_help=True,
    add_completion=False,
)

QuickOption = Annotated[
    bool, typer.Option("--quick", help="Do not recompute the vectors to compare them.")
]


UNTOLD = (
    "Footnoted could not tell the languages of documents yet when this library was made: "
    "`footnoted reindex` tells them"
)


@app.command()
def check(
    library: LibraryOption = None,
    quick: QuickOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Check every record of the library.

    If a record is damaged, the exit code is 2.
    """
    import json

    proof = _prove(library, embed=not quick)
    if as_json:
        typer.echo(json.dumps(proof.as_json(), ensure_ascii=False, indent=2))
    for fault in proof.faults:
        line(messages(), fault.text)
    what = "" if proof.embedded else " (vectors were looked at, not made again)"
    line(
        messages(),
        f"As they should be: {number_of(proof.documents, 'document')}, "
        f"{number_of(proof.passages, 'passage')}, {number_of(proof.vectors, 'vector')}{what}.",
    )
    if proof.faults:
        line(messages(), "`footnoted library repair` mends what can be mended.")
        raise typer.Exit(2)


@app.command()
def repair(library: LibraryOption = None) -> None:
    """Keep every document that can be proven, and rebuild the rest of the library."""
    from index.upkeep.repair import repair as mend

    proof = _prove(library, embed=True)
    if not proof.faults:
        line(messages(), "Nothing is wrong: there is nothing to repair.")
        return
    for fault in proof.faults:
        line(messages(), fault.text)
    opened = open_library(library, check=False)
    with progress_bar(messages()) as bar:
        task = bar.add_task("reading", total=None)
        made = mend(opened, proof, lambda document, *at: show_stage(bar, task, document.name, *at))
    for document in made.read_again:
        line(messages(), f"{document.name}: read again from its file ({document.id})")
    for name in made.lost:
        line(messages(), f"{name}: lost. Add it again.")
    if made.kept:
        line(messages(), f"What was damaged is kept in {made.kept}.")
    line(messages(), f"As they should be: {number_of(made.documents, 'document')}.")
    if made.lost:
        raise typer.Exit(2)


@app.command()
def backup(
    path: Annotated[Path, typer.Argument(help="The file to write.")],
    library: LibraryOption = None,
) -> None:
    """Write the library to one file. The library can be in use."""
    from index.loading.formats import megabytes
    from index.upkeep.backup import back_up

    size = back_up(open_library(library, check=False), path)
    line(messages(), f"{path}: {megabytes(size)}.")


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(help="A file that `footnoted library backup` wrote.")],
    library: LibraryOption = None,
) -> None:
    """Restore a backup into a folder that is empty or does not exist."""
    from index.upkeep.backup import restore as put_back
    from rag.config import load_settings

    place = load_settings(library=library).library
    put_back(path, place)
    opened = open_library(library, check=False, new=True)
    line(messages(), f"{place}: {number_of(len(opened.entries()), 'document')}.")


def libraries(
    library: LibraryOption = None,
    form: FormOption = "text",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """List the libraries of the folder of libraries, and those that the settings name.

    A library that cannot be read is listed with the reason.
    """
    from rag.config import load_settings
    from rag.opening import described
    from rag.opening import libraries as all_of

    settings = load_settings(library=library)
    told = (described(settings, *each) for each in all_of(settings).items())
    rows = [each.as_json() for each in told]
    if as_json or form in ("json", "jsonl"):
        show_rows(rows, "json" if as_json else form, "libraries", ())
        return
    nothing = {"documents": "–", "bytes": "–", "error": "ready"}
    for row in rows:
        row |= {name: word for name, word in nothing.items() if row[name] is None}
        row["state"] = row.pop("error")
    show_rows(rows, form, "libraries", ("name", "where", "documents", "bytes", "state"))


def language(
    document: Annotated[str, typer.Argument(help="An id, the start of an id, or a file name.")],
    language: Annotated[
        str,
        typer.Argument(
            help="A name such as German, a code such as de, or auto: as its text tells."
        ),
    ],
    library: LibraryOption = None,
) -> None:
    """Set the language of a document. Its sentences are cut by the rules of that language."""
    from index.language.names import BY_ITS_TEXT, language_code

    code = None if language == BY_ITS_TEXT else language_code(language)
    opened = open_library(library)
    found = opened.set_language(opened.find(document).id, code)
    line(messages(), f"{found.name}: {languages_of(found)} ({found.id})")


def languages_of(document: Document) -> str:
    """Return which language a document is in, and which of its paragraphs are in, in words."""
    from index.language.names import language_name

    parts = sorted({language_name(code) for _, _, code in document.properties.other_parts})
    also = f"; some paragraphs are in {' and '.join(parts)}" if parts else ""
    told = " (set by hand)" if document.properties.read_as else ""
    return f"{language_name(document.language)}{told}{also}"


def _prove(library: str | None, *, embed: bool) -> Proof:
    from index.upkeep.proof import prove

    opened = open_library(library, check=False)
    with progress_bar(messages()) as bar:
        task = bar.add_task("reading", total=None)

        def report(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        return prove(opened, report, embed=embed)
