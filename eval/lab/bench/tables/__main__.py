"""How well questions about tables are answered: by looking up a cell, and by computing.

Puts the sheets into one library in FOLDER, and asks the questions of `questions.jsonl` without the
language model. Sheets and questions are those next to this module, or those of the folder OTHER,
which has its sheets in it or in `sheets/`. `README.md` describes the format of a question. Prints
how many are answered rightly, left to evidence, and computed wrongly. --shown prints each answer as
well.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from eval.lab.command import run_command
from eval.lab.measure import arguments, figure, filled, interval, kept, share, show
from index.documents import Document
from index.errors import UserError
from index.loading.load import load
from rag.answer import Answer

HERE = Path(__file__).parent
SHEETS = (".csv", ".tsv", ".xlsx", ".ods")
CLOSE = 1e-4
"""How far a computed number may be from the true one, as a share of it, since it is rounded."""
ROUNDED = 2
"""The number of decimals from which a number may be off by half a unit of its last digit."""

Truth = str | float | list[Any] | dict[str, float] | None


class Told(NamedTuple):
    """The result for a question."""

    right: bool
    computed: bool
    cell_cited: bool
    """Whether a footnote's marked words are the true answer."""
    text: str


def main(given: Sequence[str]) -> int:
    """Ask what has not been asked yet, and print the table."""
    parser = arguments("eval.lab.bench.tables", __doc__)
    parser.add_argument("--shown", action="store_true")
    parser.add_argument("--questions", type=Path, default=HERE, metavar="OTHER")
    asked = parser.parse_args(given)
    questions, documents = _read(asked.questions)
    with filled(asked.folder / "library-tables", documents) as assistant:

        def ask(question: dict[str, Any]) -> Told:
            return told(assistant.ask(question["question"], use_llm=False), question)

        answers = {
            name: Told(*each)
            for name, each in kept(asked.folder / "tables.json", questions, ask).items()
        }
    rows = []
    for kind in sorted({each["kind"] for each in questions.values()}):
        of = [each for name, each in answers.items() if questions[name]["kind"] == kind]
        right, cited = share(each.right for each in of), share(each.cell_cited for each in of)
        wrong = share(each.computed and not each.right for each in of)
        left = share(not each.computed and not each.right for each in of)
        values = (right.value, left.value, wrong.value, cited.value)
        rows += [(kind, len(of), *map(figure, values), interval(right))]
    heads = ("right", "left to evidence", "computed wrongly", "cell cited")
    show(("asked for", "n", *heads, "95% interval of right"), rows)
    for name, each in answers.items() if asked.shown else ():
        sign = "+" if each.right else "!" if each.computed else "-"
        sys.stdout.write(f"{sign} {name} ({questions[name]['truth']})\n    {each.text}\n")
    return 0


def _read(folder: Path) -> tuple[dict[str, dict[str, Any]], list[Document]]:
    """Return the questions of a folder, by their words, and its sheets."""
    try:
        lines = (folder / "questions.jsonl").read_text("utf-8").splitlines()
        questions = {each["question"]: each for each in map(json.loads, lines)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder} has no questions that can be read: {error}") from error
    within = folder / "sheets" if (folder / "sheets").is_dir() else folder
    sheets = [each for each in sorted(within.iterdir()) if each.suffix in SHEETS]
    if not sheets:
        raise UserError(f"{folder} has no sheets. Put files with {', '.join(SHEETS)} into it.")
    return questions, [load(each) for each in sheets]


def told(answer: Answer, question: Mapping[str, Any]) -> Told:
    """Judge an answer by the true one, or by others that are accepted as well."""
    computed = answer.way == "compute"
    said = answer.text if not answer.refused else ""
    truths = [question["truth"], *question.get("or", ())]
    marked = [quote.words for quote in answer.citations]
    right = any(holds(said, truth) for truth in truths if truth is not None)
    right = right or (question["kind"] == "none" and not computed)
    cell = any(holds(each, truth) for truth in truths if truth is not None for each in marked)
    return Told(right, computed, cell, answer.text)


def holds(text: str, truth: Truth) -> bool:
    """Whether a text has the true words, or a number close enough to the true one.

    It must have all items of a list, and the name of each group with its number after it.
    """
    if isinstance(truth, list):
        return all(holds(text, each) for each in truth)
    if isinstance(truth, dict):
        return all(
            any(_opens(text[at + len(name) :], value) for at in _places(text, name))
            for name, value in truth.items()
        )
    if isinstance(truth, str):
        return truth in text
    return truth is not None and any(_is_close(each, truth) for each in _numbers(text))


def _numbers(text: str) -> list[str]:
    plain = re.sub(r"\[\d+\]|(?<=\d),(?=\d{3})", "", text)
    return re.findall(r"-?\d+(?:\.\d+)?", plain)


def _opens(text: str, truth: float) -> bool:
    """Whether the first number of a text is close enough to the true one."""
    return any(_is_close(each, truth) for each in _numbers(text)[:1])


def _places(text: str, name: str) -> list[int]:
    return [each.start() for each in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)]


def _is_close(number: str, truth: float) -> bool:
    digits = len(number.partition(".")[2])
    least = 0.51 * 10**-digits if digits >= ROUNDED else 0.0
    return abs(float(number) - truth) <= max(CLOSE * max(1, abs(truth)), least)


if __name__ == "__main__":
    run_command(main)
