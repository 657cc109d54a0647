"""Commands of their own process: to the first quote, and to the help."""

from __future__ import annotations

import re

from eval.cases.cases import SETS, load_set
from eval.lab.speed.given import Given, add_files
from eval.lab.speed.kept import Kept
from eval.lab.speed.processes import FOOTNOTED, PYTHON, run_for, run_until
from eval.lab.speed.turns import by_turns
from rag.opening import open_library

TURNS = 9
HELP_TURNS = 15

QUOTE = re.compile(r"\[1\] briefing\.md, line \d+")
"""The line above the first quote, which is printed with it."""


def cold(given: Given, turns: int = TURNS, help_turns: int = HELP_TURNS) -> Kept:
    """Run the commands and what they are held against by turns, each in a fresh process.

    One turn of each is not counted: it fetches the files from the disk.
    """
    folder = given.folder / "briefing"
    add_files(open_library(given.settings(folder)), [SETS / "briefing.md"])
    question = next(each for each in load_set(SETS / "briefing.jsonl").cases if each.must_pass)
    ask = [*FOOTNOTED, "ask", "--no-llm", "--library", str(folder), question.question]
    imports = [*PYTHON, "-c", "import sentence_transformers"]
    quote = by_turns(lambda _: run_until(ask, QUOTE), lambda _: run_for(imports), turns)
    shown = by_turns(
        lambda _: run_for([*FOOTNOTED, "--help"]),
        lambda _: run_for([*PYTHON, "-c", "pass"]),
        help_turns,
    )
    return Kept("cold", {"cold-ask": quote, "cold-help": shown})
