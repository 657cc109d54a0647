"""How well messages are routed: held-out examples, and ordinary questions.

    python -m eval.lab.bench.routes [--shown N] [FILE ...]

For each kind in `messages.jsonl`, prints how many messages are recognised, how many of their
matters are right, and which kinds the others are taken for. Nearly all questions in each FILE ask
for evidence. A FILE is in SQuAD's format, a set, or JSON Lines of conversations: these either end
in a question, or mark which messages are questions (`eval/lab/bench/talks/dialogues.jsonl.gz`). For
each, prints how many questions are taken for another kind, and the first N of them, to be read by
eye.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.lab.command import described, run_command
from eval.lab.measure import figure, interval, share, show
from eval.lab.training.inputs import read_records
from eval.lab.training.routing.further import typed
from index.errors import UserError
from rag.asking.route import KINDS, Route, Router

MESSAGES = Path(__file__).parent / "messages.jsonl"
"""Whoever wrote them had not seen the examples that the router is trained with."""


def main(arguments: Sequence[str]) -> int:
    """Route all messages, and print the figures."""
    parser = described("eval.lab.bench.routes", __doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--shown", type=int, default=0, metavar="N")
    options = parser.parse_args(arguments)
    router = Router()
    headings = ("kind", "n", "recognised", "95% interval", "matters right", "taken for")
    show(headings, confusion(router))
    for file in options.files:
        sys.stdout.write("\n".join(taken_from_evidence(router, file, options.shown)) + "\n")
    return 0


def examples() -> list[tuple[str, Route]]:
    """Return the messages, each with the route that it should be given."""
    found: list[tuple[str, Route]] = []
    for each in read_records(MESSAGES):
        kind, matters = each["kind"].split("/")
        found.append((each["text"], Route(kind, tuple(matters.split("+")), 1.0)))
    return found


def confusion(router: Router) -> Iterator[tuple[object, ...]]:
    """Yield a line for each kind, with what its messages are taken for."""
    routed = [(route, router(text)) for text, route in examples()]
    for kind in KINDS:
        of = [(route, given) for route, given in routed if route.kind == kind]
        found = share(_recognised(route, given) for route, given in of)
        right = [set(r.matters) == set(given.matters) for r, given in of if given.kind == kind]
        matters = f"{sum(right)} of {len(right)}"
        others = _counted(given for route, given in of if not _recognised(route, given))
        yield kind, found.n, figure(found.value), interval(found), matters, others


def _recognised(route: Route, given: Route) -> bool:
    """Whether a message is given its kind.

    A message that asks to compute something may be routed to any kind, since there may be no table;
    only the computation that it asks for must be right.
    """
    if route.kind == "compute":
        return given.computes[:1] != () and given.computes[0][0] in route.matters
    return given.kind == route.kind


def taken_from_evidence(router: Router, file: Path, shown: int) -> Iterator[str]:
    """Yield how many questions of a file are taken for other kinds, and some of them."""
    routed = [(question, router(question)) for question in _questions(file)]
    others = [(question, route) for question, route in routed if route.kind != "evidence"]
    found = share(route.kind != "evidence" for _, route in routed)
    yield (
        f"{file.name}: {len(others)} of {found.n:,} questions are taken for another kind: "
        f"{figure(found.value, 4)} ({interval(found, 4)}); "
        f"{_counted(route for _, route in others) or 'none'}"
    )
    for question, route in others[:shown]:
        yield f"    {route} {route.probability:.2f}: {question}"


def _counted(routes: Iterable[Route]) -> str:
    counts = Counter(route.kind for route in routes)
    return ", ".join(f"{kind} {count}" for kind, count in counts.most_common())


def _questions(file: Path) -> list[str]:
    """Return the questions of a file; from conversations only the last, unless all are marked."""
    try:
        read = read_records(file)
        if ".jsonl" in file.name:
            return typed(read, held_out=True) if "paragraphs" in read[0] else [*map(_last, read)]
        return [
            asked["question"]
            for article in read["data"]
            for paragraph in article["paragraphs"]
            for asked in paragraph["qas"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file} holds no questions that can be read: {error}") from error


def _last(line: dict[str, Any]) -> str:
    """Return the question of a line: of a case, or the last turn of a conversation."""
    if "turns" in line:
        return str(line["turns"][-1]["content"])
    if "questions" in line:
        return str(line["questions"][-1])
    return str(line.get("question") or line["text"])


if __name__ == "__main__":
    run_command(main)
