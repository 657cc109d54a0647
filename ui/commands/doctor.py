"""`footnoted doctor`: is everything here that Footnoted needs, and if not, what to do?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.terminal import JsonOption, LibraryOption, line, messages, padded, tell
from ui.words.languages import ENGLISH, speaking, spoken
from ui.words.words import _, ngettext

if TYPE_CHECKING:
    from ui.commands.findings import Finding


def doctor(
    library: LibraryOption = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="Also check every byte of the weights.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the set-up, weights, library and ports.

    For each problem, it says what to do. If there is one, the exit code is 2.
    """
    from rich.console import Console

    from ui.commands.findings import findings

    console = Console(highlight=False)
    found: list[Finding] = []
    with messages().status(_("Checking…")), speaking(ENGLISH if as_json else spoken()):
        for finding in findings(library, weights=weights):
            found.append(finding)
            if not as_json:
                line(console, f"{padded(_(finding.state), 6)}{finding.check:<10}{finding.said}")
    wrong = sum(finding.state == "wrong" for finding in found)
    if as_json:
        report = {"schema": 1, "ok": not wrong, "findings": [asdict(each) for each in found]}
        typer.echo(json.dumps(report, indent=2))
    if wrong:
        tell(ngettext("%(num)s thing is wrong.", "%(num)s things are wrong.", wrong))
        raise typer.Exit(2)
