"""`footnoted check`: check every sentence of a text against the library."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from index.errors import UserError
from ui.commands.terminal import (
    JsonOption,
    LibraryOption,
    messages,
    open_assistant,
    progress_bar,
    read_source,
    show,
    write_file,
)
from ui.words.words import _


def check(
    source: Annotated[str, typer.Argument(help="A file, an address, or - for standard input.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Also write FILE.json, .md, .html, .docx (with comments) or .xml (JUnit).",
        ),
    ] = None,
) -> None:
    """Check a text against the sources, sentence by sentence.

    Each sentence gets a verdict with footnotes. The exit code is 1 if a sentence is contradicted,
    unsure, not in the sources, or not checkable.
    """
    from rag.checking.draft import statements
    from ui.checked.export import FORMATS
    from ui.checked.text import checked_text, summary

    forms = {form.suffix: form for form in FORMATS.values()}
    for path in out or []:
        if path.suffix.lower() not in forms:
            raise UserError(
                _(
                    "%(name)s has none of the endings %(known)s. Give --out one of them.",
                    name=path.name,
                    known=", ".join(forms),
                )
            )
    assistant = open_assistant(library)
    draft = read_source(source, private=assistant.settings.private_addresses)
    if assistant.library.is_empty:
        raise UserError(
            _(
                "The library is empty, so there is nothing to check a text against. `footnoted add "
                "FILE` puts a document in."
            )
        )
    checked = []
    with progress_bar() as bar:
        task = bar.add_task(_("checking"), total=len(statements(draft)))
        for each in assistant.check(draft, keep=True):
            checked.append(each)
            bar.update(task, advance=1)
            if not as_json:
                show(checked_text(draft, each))
    if as_json:
        sys.stdout.write(FORMATS["json"].write(draft, checked).decode())
    for path in out or []:
        write_file(path, forms[path.suffix.lower()].write(draft, checked))
    messages().print(summary(draft, checked))
    if any(each.fails for each in checked):
        raise typer.Exit(1)
