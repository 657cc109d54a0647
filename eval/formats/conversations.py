"""Read the conversations of MTRAG, QuAC and CANARD as cases that are asked one after the other.

MTRAG (Katsis and others, 2025) has one task per line: a message with the conversation before it,
the passages that answer it, and whether they do. QuAC (Choi and others, 2018) has its questions in
SQuAD's format, one conversation per paragraph. CANARD (Elgohary and others, 2019) has the same
questions with the conversation before them, but neither texts nor answers. None of the three says
which words an answer must have, so only places are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from eval.cases.cases import Case, Evidence, Message
from eval.formats.xquad import case_of
from index.documents import Document

NO_ANSWER = "CANNOTANSWER"
"""The last word of each text of QuAC, and the answer if the text does not give one."""

WAY_OF_LABEL = {"CONVERSATIONAL": "conversation", "UNDERSPECIFIED": "unclear"}
"""How a message of MTRAG has to be answered, if it is not to be answered from its passages."""

Read = tuple[tuple[Document, ...], tuple[Case, ...]]


def read_mtrag(tasks: Iterable[Any]) -> Read:
    """Return the passages of MTRAG's tasks as documents, and the tasks as cases.

    If the previous turn of its conversation is among the tasks, a task is asked after the program's
    own answer to that, otherwise after the history in the file. Raises ValueError, KeyError or
    TypeError for anything that is not such a task.
    """
    documents: dict[str, Document] = {}
    cases: dict[str, Case] = {}
    for task in tasks:
        *before, asked = task["input"]
        turn = int(task["turn"])
        after = f"{task['conversation_id']}::{turn - 1}"
        [answerable] = task["answerability"]
        shown = [_passage(each) for each in task["contexts"] if each["text"].strip()]
        documents |= {each.id: each for each in shown}
        unanswerable = answerable == "UNANSWERABLE"
        way = WAY_OF_LABEL.get(answerable, "")
        cases[task["task_id"]] = Case(
            id=task["task_id"],
            question=asked["text"].strip(),
            evidence=() if unanswerable or way else tuple(map(_all_of, shown)),
            unanswerable=unanswerable,
            history=() if after in cases else tuple(map(_message, before)),
            after=after if after in cases else "",
            way=way,
            tags=(answerable.lower(), f"turn {turn}"),
        )
    return tuple(documents.values()), tuple(cases.values())


def read_quac(data: Mapping[str, Any]) -> Read:
    """Return the texts of QuAC's JSON as documents, and its questions as cases.

    Raises ValueError, KeyError or TypeError for what is not in that format.
    """
    documents: dict[str, Document] = {}
    cases: list[Case] = []
    for article in data["data"]:
        title = ", ".join(filter(None, (article["title"], article.get("section_title"))))
        for paragraph in article["paragraphs"]:
            text = paragraph["context"].removesuffix(NO_ANSWER).rstrip()
            document = Document.of(text, title=title, source=f"{title}.txt")
            documents[document.id] = document
            before = ""
            for asked in paragraph["qas"]:
                cases.append(_of_quac(asked, document, before))
                before = asked["id"]
    return tuple(documents.values()), tuple(cases)


def read_canard(rows: Iterable[Any]) -> tuple[Case, ...]:
    """Return CANARD's questions as cases, each after the conversation before it.

    Raises ValueError, KeyError or TypeError for what is not in that format.
    """
    cases: list[Case] = []
    for each in rows:
        _, _, *said = each["History"]  # The article's title and section are not turns.
        history = [Message(("user", "assistant")[at % 2], text) for at, text in enumerate(said)]
        name = f"{each['QuAC_dialog_id']}_q#{each['Question_no']}"
        cases.append(Case(id=name, question=each["Question"], history=tuple(history)))
    return tuple(cases)


def _passage(context: Mapping[str, Any]) -> Document:
    name = str(context["document_id"])
    return Document.of(context["text"], title=context.get("title") or name, source=f"{name}.txt")


def _all_of(document: Document) -> Evidence:
    """Return a whole passage as an area for a footnote; the passages of a case are alternatives."""
    return Evidence(document.name, document.sha256, 0, len(document.text), area=True)


def _message(turn: Mapping[str, Any]) -> Message:
    return Message("user" if turn["speaker"] == "user" else "assistant", turn["text"])


def _of_quac(asked: dict[str, Any], document: Document, before: str) -> Case:
    found = [each for each in asked["answers"] if each["text"] != NO_ANSWER]
    unanswerable = 2 * len(found) < len(asked["answers"])
    case = case_of(asked | {"answers": found, "is_impossible": unanswerable}, document, 0)
    # The answers are spans of several sentences, so an answer is not compared by its words.
    return replace(case, answers=(), evidence=tuple(dict.fromkeys(case.evidence)), after=before)
