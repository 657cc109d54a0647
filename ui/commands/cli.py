"""The command line: `footnoted`.

Data goes to stdout, progress and messages to stderr. Everything heavy is imported inside the
command that needs it, so that `footnoted --help` answers at once.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from index.errors import UserError
from ui.commands import add as add_command
from ui.commands import check as check_command
from ui.commands import doctor as doctor_command
from ui.commands import evaluate as eval_command
from ui.commands import library as library_command
from ui.commands import models as models_command
from ui.commands.program import INTERRUPTED, ends_with, is_interrupted
from ui.commands.terminal import (
    DocumentArgument,
    FormOption,
    JsonOption,
    LibraryOption,
    is_for_people,
    leave,
    line,
    messages,
    open_assistant,
    open_library,
    padded,
    progress_bar,
    show_rows,
    show_stage,
    tell,
    watching,
)
from ui.commands.terminal import show as show_text
from ui.words.elsewhere import said
from ui.words.languages import ENGLISH, of_terminal, speaking, spoken
from ui.words.words import _, in_digits, ngettext, noted

if TYPE_CHECKING:
    from rich.status import Status

    from rag.turns import Queued
    from rag.writing.retry import Waiting

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Importing Rich takes longer than all the rest of `--help`.
)
app.add_typer(models_command.app, name="models", help="List, download and check the model weights.")
app.add_typer(library_command.app, name="library", help="Check, repair and back up a library.")
app.add_typer(eval_command.app, name="eval", help="Run and compare regression sets.")

REFUSED = 4
"""The exit code of `ask --exit-code` if the answer is a refusal."""

ASKING = noted("Searching and reading…")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"footnoted {version('footnoted')}")
        raise typer.Exit


@app.callback()
def footnoted(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Print a line of JSON for each operation.")
    ] = False,
    log_text: Annotated[
        bool, typer.Option("--log-text", help="Include texts in these lines and in the log.")
    ] = False,
) -> None:
    """Ask your documents. Every sentence of an answer has a verbatim quote as its proof."""
    watching.verbose, watching.texts = verbose, log_text


def main() -> NoReturn:
    """Run the command line; a UserError becomes one message and exit code 2."""
    with speaking(of_terminal()):
        try:
            app()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  Bugs end here with code 2.
            if isinstance(error, KeyboardInterrupt) or is_interrupted():
                messages().print(_("Stopped."))
                leave(INTERRUPTED)
            if isinstance(error, UserError):
                tell(said(str(error)))
            else:
                messages().print_exception()
            leave(2)  # 1 would mean that an evaluation found a regression.
        except SystemExit as ended:
            if isinstance(ended.code, int):
                leave(ended.code)
            raise
        leave(0)


app.command()(add_command.add)


@app.command(name="list")
def list_documents(
    library: LibraryOption = None, form: FormOption = "text", as_json: JsonOption = False
) -> None:
    """List the documents of the library."""
    from index.language.names import language_name

    opened = open_library(library)
    entries = opened.entries()
    if not entries:
        tell(_("The library is empty. `footnoted add FILE` puts a document in."))
    elif not opened.knows_languages():
        tell(f"{_(library_command.UNTOLD)}.")
    shown = ("id", "title", "source", "characters", "passages", "added", "tags", "language")
    rows = [entry.as_json() for entry in entries]
    if is_for_people(form) and not as_json:
        for row, entry in zip(rows, entries, strict=True):
            row["language"] = language_name(entry.language, spoken())
    show_rows(rows, "json" if as_json else form, "documents", shown)


@app.command()
def show(
    document: DocumentArgument,
    text: Annotated[bool, typer.Option("--text", help="Print the text exactly as stored.")] = False,
    library: LibraryOption = None,
) -> None:
    """Show the properties of a document, or its text."""
    opened = open_library(library)
    found = opened.find(document)
    if text:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        sys.stdout.write(found.text)
        sys.stdout.flush()
        return
    passages = opened.passages(found.id)
    days = [day for passage in passages if passage.dates for day in passage.dates]
    period = _("%(first)s to %(last)s", first=min(days), last=max(days)) if days else "–"
    facts = {
        "id": found.id,
        _("title"): found.title,
        _("source"): found.source,
        "sha256": found.sha256,
        _("added"): found.added,
        _("read by"): found.loader or "–",
        _("characters"): in_digits(len(found.text)),
        _("pages"): str(len(found.pages)) if found.pages else "–",
        _("headings"): str(len(found.headings)),
        _("passages"): str(len(passages)),
        _("entries from"): period,
        _("tags"): ", ".join(found.properties.tags) or "–",
        _("language"): library_command.languages_of(found),
    }
    from rich.console import Console

    console = Console(highlight=False)
    for name, value in facts.items():
        line(console, f"{padded(name, 14)}{value}")


@app.command()
def remove(document: DocumentArgument, library: LibraryOption = None) -> None:
    """Remove a document and everything derived from it from the library."""
    from rag.trace import Line

    opened = open_library(library)
    with Line("remove", document=document) as event:
        found = opened.find(document)
        opened.remove(found.id)
        event.removed(found.id)
    tell(_("%(name)s: removed (%(id)s)", name=found.name, id=found.id))


@app.command()
def reindex(library: LibraryOption = None) -> None:
    """Rebuild the library after a change of settings or loaders, or after damage."""
    from rag.trace import Line

    opened = open_library(library, check=False)
    with Line("reindex") as event, progress_bar() as bar:
        task = bar.add_task(_("reading"), total=None)
        made = opened.reindex(lambda document, *at: show_stage(bar, task, document.name, *at))
        event.reindexed(made)
    for document in made.read_again:
        tell(_("%(name)s: read again (%(id)s)", name=document.name, id=document.id))
    for document, reason in made.kept:
        kept = _("%(name)s: kept as it was read before.", name=document.name)
        tell(f"{kept} {said(reason)}")
    documents = ngettext("%(num)s document", "%(num)s documents", made.documents)
    tell(_("New vectors: %(documents)s.", documents=documents))


@app.command()
def ask(
    question: Annotated[
        str, typer.Argument(help="The question, in quotation marks, or - for standard input.")
    ],
    library: LibraryOption = None,
    as_json: JsonOption = False,
    no_llm: Annotated[
        bool, typer.Option("--no-llm", help="Answer with quotes only, without the language model.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show why Footnoted answered or refused.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 4 if the answer is a refusal.")
    ] = False,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Ask only documents with this tag. Repeatable."),
    ] = None,
) -> None:
    """Ask a question. The answer has footnotes, or says that the sources do not answer.

    A refusal shows the nearest quote, if there is one.
    """
    from ui.conversations.text import answer_text, decision_text

    if question == "-":
        question = sys.stdin.buffer.read().decode(errors="replace")
    if not question.strip():
        raise UserError(
            _("The question is empty. Put it in quotation marks after `footnoted ask`.")
        )
    assistant = open_assistant(library)
    with messages().status(_(ASKING)) as status:
        answer = assistant.ask(
            question.strip(), use_llm=not no_llm, tags=tag or (), wait=partial(_wait, status)
        )
    if answer.message:
        tell(said(answer.message))
    if as_json:
        shown = answer.as_json()
        if explain:
            shown["decision"] = answer.explanation()
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        show_text(answer_text(answer))
        if explain:
            show_text(decision_text(answer))
    if exit_code and answer.refused:
        raise typer.Exit(REFUSED)


app.command()(library_command.language)
app.command()(library_command.libraries)
app.command()(check_command.check)
app.command()(doctor_command.doctor)


@app.command()
def log(library: LibraryOption = None) -> None:
    """Print the answers that were rated in the window as JSON Lines."""
    from rag.log import Log

    for each in Log(open_library(library, new=True).folder).ratings():
        typer.echo(json.dumps(each, ensure_ascii=False))


@app.command()
def chat(
    library: LibraryOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(help="The port. Default: a free one from 7860.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="Another host name of the window. Repeatable.")
    ] = None,
    auth: Annotated[
        Path | None, typer.Option(help="Require a login. `footnoted user` writes the file.")
    ] = None,
    auth_header: Annotated[
        str | None, typer.Option(metavar="NAME", help="The header in which a proxy names the user.")
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="The address of that proxy. Repeatable."),
    ] = None,
    fetch: Annotated[
        bool,
        typer.Option("--fetch", help="Download the language model meanwhile, if it is missing."),
    ] = False,
) -> None:
    """Open the chat window and print its address. Ctrl-C closes it."""
    from ui.entry.login import proxy_of
    from ui.entry.users import UsersFile
    from ui.window.window import serve
    from ui.panels.fetch import fetching  # isort: skip  The window sets up Gradio first.

    if bool(auth_header) != bool(trusted_proxy):
        raise UserError(
            _(
                "Give --auth-header and --trusted-proxy together: else anybody could send the "
                "header."
            )
        )
    proxy = proxy_of(auth_header, trusted_proxy) if auth_header and trusted_proxy else None
    if auth is None and proxy is None and host not in LOOPBACK:
        raise UserError(
            _(
                "Without a login, the window only listens on loopback addresses, and %(host)s is "
                "not one: anyone who reached it could read, add and remove documents. `footnoted "
                "user NAME --auth FILE` makes a file of users; give it with --auth FILE.",
                host=host,
            )
        )
    users = UsersFile(auth) if auth else None
    assistant = open_assistant(library, new=True)
    ends_with(0)  # Being stopped is the normal end of a window.
    with ExitStack() as stack:
        begun = stack.enter_context(fetching(assistant.settings, tell)) if fetch else None
        stack.enter_context(speaking(ENGLISH))  # The window is built in English, then translated.
        serve(
            assistant,
            host=host,
            port=port,
            names=name or (),
            users=users,
            proxy=proxy,
            fetch=begun,
            on_ready=typer.echo,
        )


@app.command()
def user(
    name: str,
    auth: Annotated[Path, typer.Option(help="The file of users. Created if missing.")],
    may: Annotated[
        str | None, typer.Option(help="Rights besides reading, with commas: add,remove,fetch.")
    ] = None,
    _library: LibraryOption = None,
) -> None:
    """Add a user of the window, or change a password. The password is prompted for."""
    from ui.entry.users import add_user

    password = typer.prompt(_("Password"), hide_input=True, confirmation_prompt=True, err=True)
    made = add_user(auth, name, password, may)
    rights = ", ".join(["read", *sorted(made.may)])
    words = _("%(name)s may enter with --auth %(path)s, and may %(rights)s")
    tell(words % {"name": name, "path": auth, "rights": rights})


@app.command()
def token(
    name: str,
    auth: Annotated[Path, typer.Option(help="The file of users.")],
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Revoke the token without printing a new one.")
    ] = False,
    _library: LibraryOption = None,
) -> None:
    """Print a new token for programs that use the window's API as this user.

    The user's previous token stops working at once.
    """
    from ui.entry.users import add_token, end_token

    if revoke:
        end_token(auth, name)
        tell(_("%(name)s has no token any more.", name=name))
    else:
        typer.echo(add_token(auth, name))


def _wait(status: Status, waiting: Waiting | Queued) -> None:
    """Report a wait for the language model, in the status or on a line of its own, and wait."""
    from rag.writing.retry import sleep
    from ui.conversations.text import waits

    words = waits(waiting)
    if messages().is_terminal:
        status.update(f"{words.removesuffix('.')}…")
    else:
        tell(words)
    sleep(waiting)
    status.update(_(ASKING))
