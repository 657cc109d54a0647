"""The form that makes an answer a regression case, and the sets that it writes to.

The sets are in the library's folder, `cases/NAME.jsonl`. A name consists of letters, digits, dashes
and underscores, so that what is typed here is never a path.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr

from eval.cases.cases import WAYS, Case, Evidence, Message, add_case
from index.errors import UserError
from index.printable import shortened
from rag.answer import Answer
from rag.asking.rewrite import Turn
from rag.quote import Quote
from ui.conversations.exchange import Conversation, Exchange
from ui.conversations.text import place
from ui.drawing import fixed, render
from ui.panels.answering import attempt
from ui.panels.events import PRIVATE, SPOKEN, Rights, Updates, number
from ui.panels.libraries.opened import Libraries
from ui.words.words import _

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")

SHOWN = 90
"""How many characters of a quote are shown next to its box."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What a case is made from: the quotes of an answer, and what was said before it."""

    quotes: tuple[Quote, ...]
    history: tuple[Turn, ...]
    folder: Path
    """The folder of the library's sets."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form's fields say, in their order on the page."""

    question: str
    refuse: bool
    answers: str
    evidence: Sequence[int]
    tags: str
    must_pass: bool


class CaseForm:
    """The form; hidden until "Keep as a case" is pressed. It stores nothing of a visitor's."""

    def __init__(self, libraries: Libraries, conversation: gr.State, rights: Rights) -> None:
        """Put the form on the page; `conversation` is what its cases come from."""
        self.rights = rights
        self.libraries = libraries
        self.conversation = conversation
        self.begun = gr.State(None)
        with gr.Column(elem_id="case-form", visible=False) as self.form:
            gr.HTML(fixed.case_head(), apply_default_css=False)
            self.name = gr.Textbox("my-cases", label=_("Set"), max_lines=1)
            self.question = gr.Textbox(label=_("Question"), lines=1, max_lines=3)
            self.refuse = gr.Checkbox(label=_("The sources do not say: it should be refused"))
            self.answers = gr.Textbox(
                label=_("Accepted answers, one per line: at least one must appear"),
                lines=2,
                max_lines=5,
            )
            self.evidence = gr.CheckboxGroup(label=_("Quotes that state the answer"), choices=[])
            with gr.Row():
                self.tags = gr.Textbox(label=_("Tags, separated by commas"), max_lines=1)
                self.must_pass = gr.Checkbox(label=_("Must pass"))
            with gr.Row():
                self.save = gr.Button(_("Keep"), variant="primary", elem_id="keep-case")
                self.cancel = gr.Button(_("Cancel"))
        self.message = gr.HTML(elem_id="case-told", **SPOKEN)

    def connect(self, bar: gr.HTML) -> None:
        """Connect each event to its handler; the bar's script names the answer to keep."""
        fields: list[Any] = [self.name, self.question, self.refuse, self.answers]
        fields += [self.evidence, self.tags, self.must_pass]
        shown = [*fields, self.form, self.begun, self.message]
        bar.keep_case(self.open, self.conversation, shown, **PRIVATE)
        self.save.click(self.keep, [self.begun, *fields], shown, **PRIVATE)
        self.cancel.click(self.close, None, shown, **PRIVATE)

    def open(self, conversation: Conversation, event: gr.EventData) -> Updates:
        """Show the form for an answer, filled with what the answer says."""
        at = number(event._data, "turn")
        if at is None or not 0 <= at < len(conversation.exchanges):
            return self.close()
        exchange = conversation.exchanges[at]
        answer = exchange.answer
        here = attempt(self.libraries.here)
        if answer is None or isinstance(here, UserError):
            return self.close()
        cited = [quote.span for quote in answer.citations]
        others = (quote for quote in answer.quotes if quote.span not in cited)
        quotes = (*answer.citations, *others)
        before = Conversation(conversation.exchanges[:at]).history()
        follows = answer.standalone_question != answer.question
        choices = [
            (f"{place(each)}: {shortened(each.text, SHOWN)}", n) for n, each in enumerate(quotes)
        ]
        return {
            self.form: gr.Column(visible=True),
            self.begun: Begun(quotes, tuple(before) if follows else (), here.runs.cases),
            self.question: exchange.question,
            self.refuse: answer.refused,
            self.answers: "\n".join(_marked(answer)),
            self.evidence: gr.CheckboxGroup(choices=choices, value=list(range(len(cited)))),
            self.tags: "",
            self.must_pass: False,
            self.message: "",
        }

    def keep(self, begun: Begun | None, name: str, *filled: Any) -> Updates:
        """Add the case to its set, and show what was written; or say what is wrong with it."""
        if begun is None:
            return self.close()
        if refused := self.rights.refusal("add"):
            return {self.message: render.notice(refused)}

        def kept() -> tuple[str, Case]:
            path, case = own_set(begun.folder, name), _case(begun, Filled(*filled))
            add_case(path, case)
            return path.stem, case

        added = attempt(kept)
        if isinstance(added, UserError):
            return {self.message: render.notice(str(added))}
        return self.close() | {self.message: render.kept_case(*added)}

    def close(self) -> Updates:
        """Hide the form."""
        return {self.form: gr.Column(visible=False), self.begun: None, self.message: ""}


def cases_of(exchanges: Sequence[Exchange], taken: Collection[str]) -> list[Case]:
    """Return a conversation as drafts, each a follow-up to the last, which expect its answers.

    Answers that were rated down are left out. Ids that are already `taken` get a number.
    """
    made: list[Case] = []
    names = set(taken)
    for exchange in exchanges:
        answer = exchange.answer
        if answer is None or exchange.rating == "down":
            continue
        way = answer.way if answer.way in WAYS and answer.way != "evidence" else None
        name = next(each for each in _names(exchange.question) if each not in names)
        names.add(name)
        case = Case(
            name,
            exchange.question,
            after=made[-1].id if made else "",
            unanswerable=answer.refused,
            draft=True,
        )
        if not answer.refused:
            evidence = tuple(map(_evidence, answer.citations))
            case = replace(case, answers=_marked(answer), evidence=evidence, way=way or "")
        made.append(case)
    return made


def own_set(folder: Path, name: str) -> Path:
    """Return the file of a set in the folder of the library's own sets.

    Raises UserError for an invalid name.
    """
    if not _NAME.fullmatch(name.strip()):
        raise UserError(
            _("The name of a set can only have letters, digits, dashes and underscores.")
        )
    return folder / f"{name.strip()}.jsonl"


def _case(begun: Begun, filled: Filled) -> Case:
    """Return the case that a form describes.

    Raises UserError if its fields do not make a valid case.
    """
    question, refuse = filled.question.strip(), filled.refuse
    accepted = tuple(line.strip() for line in filled.answers.splitlines() if line.strip())
    if not question:
        raise UserError(_("The question is empty."))
    if not refuse and not filled.evidence:
        raise UserError(_("Tick a quote that states the answer, or say that it should be refused."))
    try:
        return Case(
            id=_id(question),
            question=question,
            answers=() if refuse else accepted,
            evidence=() if refuse else tuple(_evidence(begun.quotes[n]) for n in filled.evidence),
            unanswerable=refuse,
            must_pass=filled.must_pass,
            history=tuple(Message(role, words) for role, words in begun.history),
            tags=tuple(each.strip() for each in filled.tags.split(",") if each.strip()),
        )
    except ValueError as error:
        raise UserError(_("This cannot be a case: %(why)s.", why=error)) from error


def _marked(answer: Answer) -> tuple[str, ...]:
    """Return the words that the footnotes' quotes mark as the answer, each once."""
    words = (
        quote.document.text[start:end] for quote in answer.citations for start, end in quote.marks
    )
    return tuple(dict.fromkeys(" ".join(each.split()) for each in words))


def _names(question: str) -> Iterator[str]:
    """Yield ids for a question: its own words, then with a number."""
    name = _id(question)
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def _id(question: str) -> str:
    """Return an id that people can read: the question's own words."""
    return "-".join(re.findall(r"\w+", question.lower()))[:60].rstrip("-") or "case"


def _evidence(quote: Quote) -> Evidence:
    document = quote.document
    return Evidence(document.name, document.sha256, quote.start, quote.end, quote.text)
