"""How well chatty messages are understood, which tell more than they ask.

    python -m eval.lab.bench.talks.chatty FOLDER --squad FILE [--llm] [--shown N]

Each conversation of `chatty.jsonl` is about one document: one that comes with Footnoted, or an
article of SQuAD's development set. A message is asked with the messages before it as history, each
with the answer that it should have had. Prints, by kind of message, how many are answered from a
right place, or refused if there is none: as Footnoted reads them, and as people rewrote them to
stand alone. With --llm, the default language model takes part. Libraries and answers are kept in
FOLDER. The first N that go wrong are printed, to be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from eval.cases.cases import SETS
from eval.formats.xquad import load_xquad
from eval.lab.bench import DOCUMENTS
from eval.lab.bench.talks.several import Message, figures, show_wrong, told
from eval.lab.command import run_command
from eval.lab.measure import arguments, filled, kept, show_rows
from eval.lab.training.inputs import read_records
from index.documents import Document
from index.errors import UserError
from index.loading.load import load
from rag.asking.rewrite import Turn

TALKS = Path(__file__).parent / "chatty.jsonl"


def main(argv: Sequence[str]) -> int:
    """Ask all messages, and print the figures."""
    parser = arguments("eval.lab.bench.talks.chatty", __doc__, "squad")
    parser.add_argument("--llm", action="store_true")
    parser.add_argument("--shown", type=int, default=0, metavar="N")
    given = parser.parse_args(argv)
    asked: list[dict[str, Any]] = []
    for name, document, messages in talks(given.squad):
        folder = given.folder / name
        assistant = filled(folder, [document], **({} if given.llm else {"llm": "none"}))
        file = folder.with_suffix(".llm.json" if given.llm else ".json")
        numbered = {str(at): each for at, each in enumerate(messages)}
        asked += kept(file, numbered, partial(told, assistant)).values()
    show_rows(figures(asked))
    show_wrong(asked, given.shown)
    return 0


def talks(squad: Path) -> Iterator[tuple[str, Document, list[Message]]]:
    """Yield a document's name, the document, and the messages that ask what it says.

    Raises UserError if the file has other articles.
    """
    documents = {each.source: each for each in load_xquad(squad).documents}
    documents |= {name: load(SETS / name) for name in DOCUMENTS.values()}
    for talk in read_records(TALKS):
        name = talk["document"]
        document = documents.get(name)
        if document is None or document.sha256 != talk["sha256"]:
            raise UserError(f"{squad} has no such {name}. Name SQuAD's development set.")
        yield name, document, list(_messages(talk["turns"], document))


def _messages(turns: Sequence[dict[str, Any]], document: Document) -> Iterator[Message]:
    history: list[Turn] = []
    for turn in turns:
        if "places" in turn:
            places = tuple((document.id, *each) for each in turn["places"])
            yield Message(turn["kind"], tuple(history), turn["user"], turn["alone"], places)
        said = " ".join(document.text[slice(*each)] for each in turn.get("places", ()))
        history += [("user", turn["user"]), ("assistant", said or turn["answer"])]


if __name__ == "__main__":
    run_command(main)
