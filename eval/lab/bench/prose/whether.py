"""Whether answers open with yes or no as they should.

    python -m eval.lab.bench.prose.whether FOLDER

Asks the 120 questions of `whether.jsonl` about the documents that come with Footnoted, each in a
library of its own, with the language model. Nothing was learned from their writer. Prints how many
of those that the document decides get the right “yes” or “no”, the wrong one, neither, or a
refusal, and what becomes of those that it does not decide. Answers that are in FOLDER are not asked
for again. With --shown N, up to N wrong ones are printed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from eval.cases.cases import SETS
from eval.lab.bench import DOCUMENTS
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, filled, kept, share, show, show_rows
from eval.lab.training.inputs import read_records
from index.loading.load import load
from rag.assistant import Assistant
from rag.program import code_hash
from rag.writing.adapters.whether import NONE

ASKED = Path(__file__).parent / "whether.jsonl"


def main(argv: Sequence[str]) -> int:
    """Ask what is missing, and print the figures."""
    parser = arguments("eval.lab.bench.prose.whether", __doc__)
    parser.add_argument("--shown", type=int, default=0, help="print up to N wrong answers")
    given = parser.parse_args(argv)
    by_document = defaultdict(list)
    for line in read_records(ASKED):
        by_document[line["document"]].append(line)
    told: list[tuple[dict[str, Any], str]] = []
    for name, lines in by_document.items():
        assistant = filled(given.folder / name, [load(SETS / DOCUMENTS[name])])
        asked = {str(at): line["question"] for at, line in enumerate(lines)}
        conditions = f"{code_hash('index', 'rag')} {assistant.settings.llm}"
        file = given.folder / f"{name}.json"
        answers = kept(file, asked, partial(_answer, assistant), conditions)
        told += [(line, answers[at]) for at, line in zip(asked, lines, strict=True)]
    show_rows(_rows([(line["answer"], _said(text)) for line, text in told]))
    wrong = [(line, text) for line, text in told if _is_wrong(line["answer"], _said(text))]
    if given.shown and wrong:
        lines = [[line["question"], line["answer"], text] for line, text in wrong[: given.shown]]
        show(["question", "right", "answer"], lines, "wrong")
    return 0


def _answer(assistant: Assistant, question: str) -> str:
    """Return what is answered; empty if nothing is."""
    answer = assistant.ask(question)
    return "" if answer.refused else answer.text


def _said(text: str) -> str:
    """Return what an answer opens with: “yes”, “no”, or neither; or that it is a refusal."""
    opening = text[:4].casefold()
    if opening.startswith(("yes.", "yes:", "yes,")):
        return "yes"
    return "no" if opening.startswith(("no.", "no:", "no,")) else "neither" if text else "refused"


def _is_wrong(right: str, said: str) -> bool:
    return said in ("yes", "no") and said != right


def _rows(told: Sequence[tuple[str, str]]) -> Iterator[Row]:
    decided = [
        "right" if said == right else "wrong" if _is_wrong(right, said) else said
        for right, said in told
        if right != NONE
    ]
    for kind in ("right", "wrong", "neither", "refused"):
        yield Row(f"decided: {kind}", share(said == kind for said in decided))
    left = [said for right, said in told if right == NONE]
    for kind in ("refused", "neither", "yes", "no"):
        yield Row(f"not decided: {kind}", share(said == kind for said in left))


if __name__ == "__main__":
    run_command(main)
