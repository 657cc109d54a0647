"""Whether it is understood what a message asks for, whatever is said beside it.

    python -m eval.lab.bench.talks.requests FOLDER [--shown N]

`requests.jsonl.gz` has conversations by a writer of whom nothing was learned: questions in the
middle of stories, guesses, doubts, thanks, remarks, requests on the last answer. Their documents
are invented and not here, so nothing is searched. For the messages that follow others, prints which
are taken for what they are: by the router as they were typed, and with the language model, as if
all questions were in doubt. What the model writes is kept in FOLDER. The first N that go wrong are
printed to be read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, filled, kept, share, show_rows
from eval.lab.training.inputs import read_records
from index.errors import UserError
from index.weights.catalogue import CATALOGUE, ENGLISH_READER
from rag.answering.meaning.written import asks_for_fact, is_known, is_request
from rag.asking.query import FACT_KINDS
from rag.asking.route import EVIDENCE, Route, Router
from rag.program import code_hash
from rag.writing.llm import Writer

ASKED = Path(__file__).parent / "requests.jsonl.gz"

ROUTES: Mapping[str, tuple[str, ...]] = {
    "thanks": ("conversation/thanks",),
    "farewell": ("conversation/farewell",),
    "greeting": ("conversation/greeting",),
    "remark": ("conversation/chat",),
    "program": ("conversation/identity", "conversation/help", "conversation/documents"),
    "sure": ("command/sure",),
    "more": ("command/longer",),
    "shorter": ("command/shorter",),
    "simpler": ("command/simpler",),
    "list": ("command/list",),
    "table": ("command/table",),
    "where": ("command/where",),
    "found": ("command/found",),
    "summary": ("overview/",),
    "document": ("document/",),
    "question": ("evidence/", "claim/", "time/", "items/", "comparison/", "compute/"),
}
"""What messages of each kind are rightly taken for."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message, what it is by its writer, and what was said before it."""

    act: str
    typed: str
    title: str
    turns: tuple[tuple[str, str], ...]


def main(argv: Sequence[str]) -> int:
    """Have written what is not written yet, and print."""
    parser = arguments("eval.lab.bench.talks.requests", __doc__)
    parser.add_argument("--shown", type=int, default=0, metavar="N")
    given = parser.parse_args(argv)
    writer = filled(given.folder / "library", []).writer
    if writer is None or not writer.knows_requests:
        raise UserError("The language model has no adapter for this: unset FOOTNOTED_LLM.")
    asked = {str(at): each for at, each in enumerate(messages())}
    conditions = f"{code_hash('rag/writing')} {CATALOGUE[ENGLISH_READER].files}"
    file = given.folder / "requests.json"
    written = kept(file, asked, lambda each: _written(each, writer), conditions)
    router = Router()
    told = [_told(each, written[at], router) for at, each in asked.items()]
    show_rows(_rows(told))
    wrong = [each for each in told if not each["with_model"]]
    for each in wrong[: given.shown]:
        taken = " → ".join(map(str, each["route"]))
        sys.stdout.write(f"{each['act']} ({taken}): {each['typed']}\n  {each['written']}\n")
    return 0


def messages() -> Iterator[Message]:
    """Yield the messages that follow others."""
    for talk in read_records(ASKED):
        turns: list[tuple[str, str]] = []
        for turn in talk["turns"]:
            if turns:
                yield Message(turn["act"], turn["user"], talk["title"], tuple(turns))
            turns.append((turn["user"], turn["assistant"]))


def _written(message: Message, writer: Writer) -> str:
    return writer.request(message.typed, message.turns, [message.title])


def _told(message: Message, text: str, router: Router) -> dict[str, Any]:
    """Return how a message was taken."""
    typed, plain = router(message.typed), router(text) if text else EVIDENCE
    knows = typed.kind not in FACT_KINDS and is_known(message.typed, typed)
    route = EVIDENCE if asks_for_fact(plain) else plain if is_request(plain) else typed
    route = typed if knows else route
    return asdict(message) | {
        "written": text,
        "route": (typed, route),
        "as_typed": _is_right(message.act, typed),
        "with_model": _is_right(message.act, route),
    }


def _is_right(act: str, route: Route) -> bool:
    return str(route).startswith(ROUTES[act])


def _rows(told: Sequence[dict[str, Any]]) -> Iterator[Row]:
    for act in (*ROUTES, "all"):
        of_act = [each for each in told if act in (each["act"], "all")]
        yield Row(f"{act}, as typed", share(each["as_typed"] for each in of_act))
        yield Row(f"{act}, with the language model", share(each["with_model"] for each in of_act))


if __name__ == "__main__":
    run_command(main)
