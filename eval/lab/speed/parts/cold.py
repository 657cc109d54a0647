"""Commands in processes of their own: to the first quote, and to the help."""

from __future__ import annotations

import re

from eval.cases.cases import SETS, load_set
from eval.lab.speed.kept import Kept
from eval.lab.speed.options import Options
from eval.lab.speed.processes import FOOTNOTED, PYTHON, run_for
from eval.lab.speed.turns import by_turns

QUOTE = re.compile(r"\[1\] briefing\.md, line \d+")
"""The line above the first quote, which is printed with it."""


def cold(options: Options, turns: int = 9, help_turns: int = 15) -> Kept:
    """Run the commands and what they are compared with in turns, each in a fresh process.

    The first turn of each is not counted: it reads the files from the disk.
    """
    question = next(case for case in load_set(SETS / "briefing.jsonl").cases if case.must_pass)
    library = str(options.briefing())
    ask = [*FOOTNOTED, "ask", "--no-llm", "--library", library, question.question]
    imports = [*PYTHON, "-c", "import sentence_transformers"]
    shown, nothing = [*FOOTNOTED, "--help"], [*PYTHON, "-c", "pass"]
    pairs = {
        "cold-ask": by_turns(lambda _: run_for(ask, QUOTE), lambda _: run_for(imports), turns),
        "cold-help": by_turns(lambda _: run_for(shown), lambda _: run_for(nothing), help_turns),
    }
    return Kept("cold", pairs)
