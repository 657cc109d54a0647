"""How well the program understands what a message asks for, whatever else it says.

    python -m eval.lab.bench.talks.requests FOLDER [--shown N]

`requests.jsonl.gz` has conversations by a writer from whom nothing was learned: questions in the
middle of stories, guesses, doubts, thanks, remarks, requests about the last answer. Their documents
are invented and not included, so nothing is searched. For all messages but the first of each
conversation, prints how many are taken for what they are: by the router as they were typed, and
with the language model, as if every question were in doubt. What the model writes is kept in
FOLDER. The first N that go wrong are printed, to be read.
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
"""The routes that are right for each kind of message, as prefixes."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message, its kind in its writer's eyes (`act`), and the turns before it."""

    act: str
    typed: str
    title: str
    turns: tuple[tuple[str, str], ...]


def main(argv: Sequence[str]) -> int:
    """Let the model write the requests that are missing, and print the figures."""
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
    """Return the routes that a message is given, and whether they are right."""
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
