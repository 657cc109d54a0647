"""How well messages are understood in conversations that turn from one document to another.

    python -m eval.lab.bench.talks.several FOLDER [--squad FILE] [--llm] [--shown N]

`several.jsonl` has conversations about the documents that come with Footnoted, which are one
library. With --squad, SQuAD's training set, the conversations are mixed from held-out dialogues
about its texts. A message is asked with the messages before it as history, each with the answer
that it should have had, so that no result depends on another answer. Prints, by kind of message,
how many are answered from a right place, or refused if there is none: as Footnoted reads them, and
as people rewrote them to stand alone. It also prints how often words are put into messages that
stand alone, and into the others. With --llm, the default language model takes part, which takes ten
seconds a message on two cores. Libraries and answers are kept in FOLDER. The first N that go wrong
are printed, to be read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from eval.cases.cases import SETS
from eval.lab.bench import DOCUMENTS
from eval.lab.bench.talks.dialogues import NOTHING, groups, load_dialogues, mixed
from eval.lab.command import run_command
from eval.lab.measure import Row, arguments, filled, kept, share, show_rows
from eval.lab.training.inputs import read_records
from index.documents import Document
from index.errors import UserError
from index.loading.load import load
from index.split import sentence_spans
from rag.answer import Answer
from rag.asking.rewrite import Turn
from rag.assistant import Assistant

MESSAGES = Path(__file__).parent / "several.jsonl"
DIALOGUES = Path(__file__).parent / "dialogues.jsonl.gz"
NAMES = tuple(DOCUMENTS.values())

LIBRARIES = 30
"""How many mixed conversations about SQuAD's texts are asked."""


class Message(NamedTuple):
    """A message after some turns, its rewrite that stands alone, and the places that answer it.

    A place is a document's id with offsets.
    """

    kind: str
    history: tuple[Turn, ...]
    user: str
    alone: str
    places: tuple[tuple[str, int, int], ...]


def main(argv: Sequence[str]) -> int:
    """Ask all messages, and print the figures."""
    parser = arguments("eval.lab.bench.talks.several", __doc__, "squad", required=False)
    parser.add_argument("--llm", action="store_true")
    parser.add_argument("--shown", type=int, default=0, metavar="N")
    asked = parser.parse_args(argv)
    ask = partial(_ask_all, llm=asked.llm)
    answers = list(
        _mixed(asked.folder, asked.squad, ask) if asked.squad else _shipped(asked.folder, ask)
    )
    show_rows(figures(answers))
    show_wrong(answers, asked.shown)
    return 0


def show_wrong(answers: Sequence[dict[str, Any]], most: int) -> None:
    """Print the first messages that go wrong but are answered rightly as people rewrote them."""
    wrong = [each for each in answers if not each["right"] and each["as_people"]]
    for each in wrong[:most]:
        sys.stdout.write("\n" + "\n".join(f"{key}: {each[key]}" for key in SHOWN) + "\n")


SHOWN = ("kind", "before", "user", "alone", "read_as", "answer")

AskAll = Callable[[Path, Sequence[Document], Sequence[Message]], Iterator[dict[str, Any]]]


def _shipped(folder: Path, ask: AskAll) -> Iterator[dict[str, Any]]:
    documents = [load(SETS / name) for name in NAMES]
    by_name = dict(zip(NAMES, documents, strict=True))
    asked = [each for talk in read_records(MESSAGES) for each in messages(talk["turns"], by_name)]
    yield from ask(folder / "several", documents, asked)


def messages(
    turns: Sequence[dict[str, Any]], documents: Mapping[str, Document]
) -> Iterator[Message]:
    """Yield the messages of a conversation about documents; places are given by their words."""
    history: list[Turn] = []
    for turn in turns:
        user, places = turn["user"], []
        for name, words in turn["places"]:
            start = documents[name].text.index(words)
            places.append((documents[name].id, start, start + len(words)))
        alone = turn.get("alone", user)
        yield Message(turn["kind"], tuple(history), user, alone, tuple(places))
        name, words = turn["places"][0] if places else ("", "")
        answer = _sentence(documents[name].text, words) if name else NOTHING
        history += [("user", user), ("assistant", answer)]


def _sentence(text: str, words: str) -> str:
    """Return the sentence of a text in which the given words begin."""
    at = text.index(words)
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    return next(text[slice(*each)] for each in sentence_spans(text, start, end) if each[1] > at)


def _mixed(folder: Path, squad: Path, ask: AskAll) -> Iterator[dict[str, Any]]:
    dialogues = load_dialogues(DIALOGUES, squad, held_out=True)
    for at, group in enumerate(groups(dialogues)[:LIBRARIES]):
        documents = [
            Document.of(each.text, title=each.title, source=f"{each.title}.txt") for each in group
        ]
        ids = {id(each): made.id for each, made in zip(group, documents, strict=True)}
        history: list[Turn] = []
        asked, before = [], None
        for dialogue, said in mixed(group):
            if said.alone != said.user:
                kind = "follow-up"
            else:
                kind = "other" if dialogue is not before else "same"
            before = dialogue
            places = tuple((ids[id(dialogue)], *each) for each in said.places)
            asked.append(Message(kind, tuple(history), said.user, said.alone, places))
            history += said.turns
        yield from ask(folder / f"mixed-{at}", documents, asked)


def _ask_all(
    folder: Path, documents: Sequence[Document], given: Sequence[Message], *, llm: bool
) -> Iterator[dict[str, Any]]:
    """Yield the results of all messages that have a history."""
    assistant = filled(folder, documents, **({} if llm else {"llm": "none"}))
    asked = {str(at): each for at, each in enumerate(given) if each.history}
    file = folder.with_suffix(".llm.json" if llm else ".json")
    yield from kept(file, asked, partial(told, assistant)).values()


def told(assistant: Assistant, message: Message) -> dict[str, Any]:
    """Return the results of a message, asked with its history and as people rewrote it."""
    read = assistant.ask(message.user, message.history)
    people = assistant.ask(message.alone)
    if "llm_unavailable" in (read.reason, people.reason):
        raise UserError(read.message or people.message or "The language model is not there.")
    return {
        "kind": message.kind,
        "before": message.history[-2][1] if message.history else "",
        "user": message.user,
        "alone": message.alone,
        "read_as": read.standalone_question,
        "answer": read.text,
        "answerable": bool(message.places),
        "right": _is_right(read, message),
        "as_people": _is_right(people, message),
    }


def _is_right(answer: Answer, message: Message) -> bool:
    cited = [(each.document.id, each.start, each.end) for each in answer.citations]
    if not message.places:
        return not cited
    return any(
        one == other and start < last and first < end
        for one, start, end in cited
        for other, first, last in message.places
    )


def figures(asked: Sequence[dict[str, Any]]) -> Iterator[Row]:
    """Yield how many messages are answered rightly, by kind, and how many are changed."""
    answerable = [each for each in asked if each["answerable"]]
    names = dict.fromkeys(each["kind"] for each in answerable)
    kinds = {kind: [each for each in answerable if each["kind"] == kind] for kind in names}
    kinds |= {"all": answerable}
    kinds |= {"not in the texts": [each for each in asked if not each["answerable"]]}
    for kind, some in kinds.items():
        yield Row(f"{kind}: as read", share(each["right"] for each in some))
        yield Row(f"{kind}: as people wrote", share(each["as_people"] for each in some))
    for what, alone in (("stands alone", True), ("needs something", False)):
        some = [each for each in asked if (each["alone"] == each["user"]) is alone]
        put_in = share(each["read_as"] != each["user"] for each in some)
        yield Row(f"{what}: something put in", put_in)


if __name__ == "__main__":
    run_command(main)
