"""`footnoted library`: check, repair and back up a library; list libraries; set a language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.terminal import (
    DocumentArgument,
    FormOption,
    JsonOption,
    LibraryOption,
    is_for_people,
    open_library,
    progress_bar,
    show_rows,
    show_stage,
    tell,
)
from ui.words.elsewhere import said
from ui.words.languages import choose, spoken
from ui.words.words import _, listed, ngettext, noted

if TYPE_CHECKING:
    from index.documents import Document
    from index.upkeep.proof import Proof

app = typer.Typer(
    help="Check, repair, back up and restore a library.", no_args_is_help=True, add_completion=False
)

UNTOLD = noted(
    "This library was made before Footnoted could detect the languages of documents: `footnoted "
    "reindex` detects them"
)


@app.command()
def check(
    library: LibraryOption = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Do not recompute the vectors to compare them.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check every record of the library.

    If a record is damaged, the exit code is 2.
    """
    proof = _prove(library, embed=not quick)
    if as_json:
        typer.echo(json.dumps(proof.as_json(), ensure_ascii=False, indent=2))
    for fault in proof.faults:
        tell(fault.text)
    right = [
        ngettext("%(num)s document", "%(num)s documents", proof.documents),
        ngettext("%(num)s passage", "%(num)s passages", proof.passages),
        ngettext("%(num)s vector", "%(num)s vectors", proof.vectors),
    ]
    what = "" if proof.embedded else " " + _("(vectors were looked at, but not recomputed)")
    tell(_("As they should be: %(what)s.", what=", ".join(right) + what))
    if proof.faults:
        tell(_("`footnoted library repair` mends what can be mended."))
        raise typer.Exit(2)


@app.command()
def repair(library: LibraryOption = None) -> None:
    """Keep every document that can be proven, and rebuild the rest of the library."""
    from index.upkeep.repair import repair as mend

    proof = _prove(library, embed=True)
    if not proof.faults:
        tell(_("Nothing is wrong: there is nothing to repair."))
        return
    for fault in proof.faults:
        tell(fault.text)
    opened = open_library(library, check=False)
    with progress_bar() as bar:
        task = bar.add_task(_("reading"), total=None)
        made = mend(opened, proof, lambda document, *at: show_stage(bar, task, document.name, *at))
    for document in made.read_again:
        words = _("%(name)s: read again from its file (%(id)s)", name=document.name, id=document.id)
        tell(words)
    for name in made.lost:
        tell(_("%(name)s: lost. Add it again.", name=name))
    if made.kept:
        tell(_("What was damaged is kept in %(path)s.", path=made.kept))
    right = ngettext("%(num)s document", "%(num)s documents", made.documents)
    tell(_("As they should be: %(what)s.", what=right))
    if made.lost:
        raise typer.Exit(2)


@app.command()
def backup(
    path: Annotated[Path, typer.Argument(help="The file to write.")], library: LibraryOption = None
) -> None:
    """Write the library to one file. The library can be in use."""
    from index.loading.formats import megabytes
    from index.upkeep.backup import back_up

    size = back_up(open_library(library, check=False), path)
    tell(f"{path}: {megabytes(size)}.")


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(help="A file that `footnoted library backup` wrote.")],
    library: LibraryOption = None,
) -> None:
    """Restore a backup into a folder that is empty or does not exist."""
    from index.upkeep.backup import restore as put_back
    from rag.config import load_settings

    settings = load_settings(library=library)
    choose(settings.language)
    place = settings.library
    put_back(path, place)
    opened = open_library(library, check=False, new=True)
    documents = ngettext("%(num)s document", "%(num)s documents", len(opened.entries()))
    tell(f"{place}: {documents}.")


def libraries(
    library: LibraryOption = None, form: FormOption = "text", as_json: JsonOption = False
) -> None:
    """List the libraries of the folder of libraries, and those that the settings name.

    A library that cannot be read is listed with the reason.
    """
    from rag.config import load_settings
    from rag.opening import described
    from rag.opening import libraries as all_of

    settings = load_settings(library=library)
    choose(settings.language)
    told = (described(settings, *each) for each in all_of(settings).items())
    rows = [each.as_json() for each in told]
    if as_json or form in ("json", "jsonl"):
        show_rows(rows, "json" if as_json else form, "libraries", ())
        return
    nothing = {"documents": "–", "bytes": "–", "error": noted("ready")}
    for row in rows:
        row |= {name: word for name, word in nothing.items() if row[name] is None}
        state = str(row.pop("error"))
        row["state"] = said(_(state)) if is_for_people(form) else state
    show_rows(rows, form, "libraries", ("name", "where", "documents", "bytes", "state"))


def language(
    document: DocumentArgument,
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
    tell(f"{found.name}: {languages_of(found)} ({found.id})")


def languages_of(document: Document) -> str:
    """Return, in words, a document's language and any other languages of its paragraphs."""
    from index.language.names import language_name

    codes = {code for _start, _end, code in document.properties.other_parts}
    parts = sorted(language_name(code, spoken()) for code in codes)
    words = language_name(document.language, spoken())
    if document.properties.read_as:
        words = _("%(language)s (set by hand)", language=words)
    if parts:
        names = listed(parts)
        words = _("%(language)s; some paragraphs are in %(names)s", language=words, names=names)
    return words


def _prove(library: str | None, *, embed: bool) -> Proof:
    from index.upkeep.proof import prove

    opened = open_library(library, check=False)
    with progress_bar() as bar:
        task = bar.add_task(_("reading"), total=None)

        def report(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        return prove(opened, report, embed=embed)
