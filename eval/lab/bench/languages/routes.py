"""How well messages in languages other than English are routed.

    python -m eval.lab.bench.languages.routes [FILE ...] [--shown]

Prints how many messages of `messages.jsonl` are routed to their kind, by kind and by language;
whoever wrote them had not seen what the router learns from. A message of a kind that is answered
only in English counts as right if it is routed to evidence. Each FILE is XQuAD in one language: for
it, prints how many questions are taken for anything other than evidence. `--shown` prints the
messages that are routed wrongly.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.formats.xquad import load_xquad
from eval.lab.command import described, run_command
from eval.lab.measure import figure, interval, share, show
from eval.lab.training.inputs import read_records
from index.weights.catalogue import MULTILINGUAL
from index.weights.embedding import load_embedding
from rag.asking.kind import route_among
from rag.asking.route import IN_ANY_LANGUAGE, Route, Router
from rag.config import load_settings

MESSAGES = Path(__file__).parent / "messages.jsonl"


@dataclass(frozen=True, slots=True)
class Routed:
    """A message with its language and kind, and the kind that it is routed to (`given`)."""

    text: str
    language: str
    kind: str
    given: str

    @property
    def right(self) -> bool:
        """Whether it is routed to its kind, or to evidence if that is answered only in English."""
        return self.given == (self.kind if self.kind in IN_ANY_LANGUAGE else "evidence")


def main(arguments: Sequence[str]) -> int:
    """Route all messages, and print the figures."""
    parser = described("eval.lab.bench.languages.routes", __doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--shown", action="store_true")
    given = parser.parse_args(arguments)
    embedding = load_embedding(MULTILINGUAL, load_settings().models)
    router = Router(embedding.get_query_embedding)
    routed = list(route_all(router))
    for name in ("kind", "language"):
        show((name, "n", "right", "95% interval", "taken for"), _table(routed, name))
    for each in routed if given.shown else ():
        if not each.right:
            sys.stdout.write(f"{each.language} {each.kind} -> {each.given}: {each.text}\n")
    for file in given.files:
        questions = [case.question for case in load_xquad(file).cases]
        kinds = Counter(_routed(each, router).kind for each in questions)
        taken = share(kind != "evidence" for kind in kinds.elements())
        others = ", ".join(f"{kind} {n}" for kind, n in kinds.items() if kind != "evidence")
        sys.stdout.write(f"{file.name}: {figure(taken.value, 4)} of {taken.n}; {others}\n")
    return 0


def route_all(router: Router) -> Iterator[Routed]:
    """Route the messages."""
    for each in read_records(MESSAGES):
        given = _routed(each["text"], router).kind
        yield Routed(each["text"], each["language"], each["kind"], given)


def _routed(message: str, router: Router) -> Route:
    """Route a message as an assistant on an empty library does."""
    return route_among(message, router=router, titles=(), headings=tuple, holds=lambda _: False)


def _table(routed: Sequence[Routed], name: str) -> Iterator[tuple[object, ...]]:
    for value in sorted({getattr(each, name) for each in routed}):
        of = [each for each in routed if getattr(each, name) == value]
        found = share(each.right for each in of)
        others = Counter(each.given for each in of if not each.right).most_common()
        taken = ", ".join(f"{kind} {count}" for kind, count in others)
        yield value, found.n, figure(found.value), interval(found), taken


if __name__ == "__main__":
    run_command(main)
