"""How well messages are routed, on examples that nobody trained with, and on ordinary questions.

    python -m eval.lab.bench.routes [--shown N] [FILE ...]

Prints how many of each kind in `messages.jsonl` are recognised, which kinds they are taken for,
and how many matters are right. The files are questions that ask for evidence, but for a few: in
SQuAD's format, sets, or JSON Lines of conversations, which end in a question, or tell of each
message whether it is one (`eval/lab/bench/talks/dialogues.jsonl.gz`). Of each is printed how many
are taken for another kind, and the first N of these, to be read by eye.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.lab.command import run_command
from eval.lab.training.routing.further import typed
from eval.measuring.statistics import wilson
from index.errors import UserError
from rag.asking.route import KINDS, Route, Router

MESSAGES = Path(__file__).parent / "messages.jsonl"
"""Written by who has not seen the examples that the router is trained with."""


def main(arguments: Sequence[str]) -> int:
    """Route all, and print."""
    parser = argparse.ArgumentParser(prog="python -m eval.lab.bench.routes", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--shown", type=int, default=0, metavar="N")
    given = parser.parse_args(arguments)
    router = Router()
    sys.stdout.write("\n".join(confusion(router)) + "\n")
    for file in given.files:
        sys.stdout.write("\n".join(taken(router, file, given.shown)) + "\n")
    return 0


def examples() -> list[tuple[str, Route]]:
    """Return the messages, with the route that each should be given."""
    lines = map(json.loads, MESSAGES.read_text("utf-8").splitlines())
    found: list[tuple[str, Route]] = []
    for each in lines:
        kind, matters = each["kind"].split("/")
        found.append((each["text"], Route(kind, tuple(matters.split("+")), 1.0)))
    return found


def confusion(router: Router) -> Iterator[str]:
    """Yield the table: a line a kind, with what its messages are taken for."""
    expected = examples()
    given = [router(text) for text, _ in expected]
    yield "| kind | n | recognised | 95% interval | matters right | taken for |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for kind in KINDS:
        routes = [
            (route, told)
            for (_, route), told in zip(expected, given, strict=True)
            if route.kind == kind
        ]
        right = [(route, told) for route, told in routes if told.kind == kind]
        matters = sum(set(route.matters) == set(told.matters) for route, told in right)
        low, high = wilson(len(right) / len(routes), len(routes))
        others = Counter(told.kind for _, told in routes if told.kind != kind)
        wrong = ", ".join(f"{name} {count}" for name, count in others.most_common())
        yield (
            f"| {kind} | {len(routes)} | {len(right) / len(routes):.3f} | {low:.3f}–{high:.3f} "
            f"| {matters} of {len(right)} | {wrong} |"
        )


def taken(router: Router, file: Path, shown: int) -> Iterator[str]:
    """Yield how many questions of a file are taken for other kinds, and some of them."""
    questions = _questions(file)
    routes = [router(question) for question in questions]
    others = [
        (question, route)
        for question, route in zip(questions, routes, strict=True)
        if route.kind != "evidence"
    ]
    low, high = wilson(len(others) / len(questions), len(questions))
    kinds = ", ".join(f"{k} {n}" for k, n in Counter(r.kind for _, r in others).most_common())
    yield (
        f"{file.name}: {len(others)} of {len(questions):,} questions are taken for another kind: "
        f"{len(others) / len(questions):.4f} ({low:.4f}–{high:.4f}); {kinds or 'none'}"
    )
    for question, route in others[:shown]:
        yield f"    {route} {route.probability:.2f}: {question}"


def _questions(file: Path) -> list[str]:
    """Return the questions of a file: of conversations the last ones, unless all are told."""
    try:
        read = file.read_bytes()
        text = (gzip.decompress(read) if file.suffix == ".gz" else read).decode()
        if ".jsonl" in file.name:
            lines = list(map(json.loads, text.splitlines()))
            if "paragraphs" in lines[0]:
                return typed(lines, held_out=True)
            return list(map(_last, lines))
        data: dict[str, Any] = json.loads(text)
        return [
            qa["question"]
            for article in data["data"]
            for paragraph in article["paragraphs"]
            for qa in paragraph["qas"]
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
