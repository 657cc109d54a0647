"""Conversations of other collections as cases that are asked one behind the other: MTRAG's, QuAC's.

MTRAG (Katsis and others, 2025) has a task a line: a message with what was said before it, the
passages that answer it, and whether they do. QuAC (Choi and others, 2018) has its questions in
SQuAD's form, a conversation a paragraph; CANARD (Elgohary and others, 2019) has the same questions
with what was said before, and neither text nor answers. What an answer has to say word for word is
told by none of them: places are what is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from eval.cases.cases import Case, Evidence, Message
from eval.formats.xquad import case_of
from index.documents import Document

NO_ANSWER = "CANNOTANSWER"
"""What QuAC's texts end with, and answers are where the text does not say."""

WAY_OF_LABEL = {"CONVERSATIONAL": "conversation", "UNDERSPECIFIED": "unclear"}
"""How a message of MTRAG has to be answered, where that is not by what its passages say."""

Read = tuple[tuple[Document, ...], tuple[Case, ...]]


def read_mtrag(tasks: Iterable[Any]) -> Read:
    """Return the passages of MTRAG's tasks as documents, and the tasks as cases.

    A task whose conversation's turn before is there is asked behind what the program itself says to
    that. Raises ValueError, KeyError or TypeError for what is no such task.
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
    """Return CANARD's questions as cases, each behind what was said before it.

    Raises ValueError, KeyError or TypeError for what is not in that format.
    """
    cases: list[Case] = []
    for each in rows:
        _, _, *said = each["History"]  # The article's title and section are no turns.
        history = [Message(("user", "assistant")[at % 2], text) for at, text in enumerate(said)]
        name = f"{each['QuAC_dialog_id']}_q#{each['Question_no']}"
        cases.append(Case(id=name, question=each["Question"], history=tuple(history)))
    return tuple(cases)


def _passage(context: Mapping[str, Any]) -> Document:
    name = str(context["document_id"])
    return Document.of(context["text"], title=context.get("title") or name, source=f"{name}.txt")


def _all_of(document: Document) -> Evidence:
    """Return a whole passage as what a footnote has to lie in; all of a case are alternatives."""
    return Evidence(document.name, document.sha256, 0, len(document.text), area=True)


def _message(turn: Mapping[str, Any]) -> Message:
    return Message("user" if turn["speaker"] == "user" else "assistant", turn["text"])


def _of_quac(asked: dict[str, Any], document: Document, before: str) -> Case:
    found = [each for each in asked["answers"] if each["text"] != NO_ANSWER]
    unanswerable = 2 * len(found) < len(asked["answers"])
    case = case_of(asked | {"answers": found, "is_impossible": unanswerable}, document, 0)
    # Spans of several sentences: what an answer says of them is not compared by its words.
    return replace(case, answers=(), evidence=tuple(dict.fromkeys(case.evidence)), after=before)
