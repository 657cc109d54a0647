"""How well tables are answered from: cells that are looked up, and what is computed.

    python -m eval.lab.bench.tables FOLDER [--shown]

Five public sheets are put into one library in FOLDER, and the questions of `questions.jsonl` asked
without the language model. Prints how many are answered rightly, how many wrongly by computing, and
which cells are cited. With --shown each answer is printed as well.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from eval.lab.command import run_command
from eval.lab.measure import arguments, figure, filled, interval, kept, share, show
from index.loading.load import load
from rag.answer import Answer

HERE = Path(__file__).parent
CLOSE = 1e-4
"""How far a computed number may be from the true one, as a share of it: it is rounded."""


class Told(NamedTuple):
    """What came of a question."""

    right: bool
    computed: bool
    cell_cited: bool
    """Whether a footnote's marked words are the true answer."""
    text: str


def main(given: Sequence[str]) -> int:
    """Ask what is not asked yet, and print."""
    parser = arguments("eval.lab.bench.tables", __doc__)
    parser.add_argument("--shown", action="store_true")
    asked = parser.parse_args(given)
    lines = (HERE / "questions.jsonl").read_text("utf-8").splitlines()
    questions = {each["question"]: each for each in map(json.loads, lines)}
    documents = [load(each) for each in sorted((HERE / "sheets").glob("*.csv"))]
    with filled(asked.folder / "library-tables", documents) as assistant:

        def ask(question: dict[str, Any]) -> Told:
            return told(assistant.ask(question["question"], use_llm=False), question["truth"])

        answers = {
            name: Told(*each)
            for name, each in kept(asked.folder / "tables.json", questions, ask).items()
        }
    rows = []
    for kind in ("computed", "cell"):
        of = [each for name, each in answers.items() if questions[name]["kind"] == kind]
        right, cited = share(each.right for each in of), share(each.cell_cited for each in of)
        wrong = share(each.computed and not each.right for each in of)
        rows += [
            (kind, len(of), *map(figure, (right.value, wrong.value, cited.value)), interval(right))
        ]
    show(
        ("asked for", "n", "right", "computed wrongly", "cell cited", "95% interval of right"), rows
    )
    for name, each in answers.items() if asked.shown else ():
        sign = "+" if each.right else "-"
        sys.stdout.write(f"{sign} {name} ({questions[name]['truth']})\n    {each.text}\n")
    return 0


def told(answer: Answer, truth: str | float) -> Told:
    """Judge an answer by the true one, which pandas has computed."""
    computed = answer.way == "compute"
    said = answer.text if not answer.refused else ""
    marked = [quote.words for quote in answer.citations]
    return Told(
        holds(said, truth), computed, any(holds(each, truth) for each in marked), answer.text
    )


def holds(text: str, truth: str | float) -> bool:
    """Whether a text has the words, or a number that is as good as the true one."""
    if isinstance(truth, str):
        return truth in text
    plain = re.sub(r"\[\d+\]|(?<=\d),(?=\d{3})", "", text)
    numbers = map(float, re.findall(r"-?\d+(?:\.\d+)?", plain))
    return any(abs(each - truth) <= CLOSE * max(1, abs(truth)) for each in numbers)


if __name__ == "__main__":
    run_command(main)
