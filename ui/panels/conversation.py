"""The middle of the window: the conversation, and the question below it.

The server handles the events of a conversation and draws it; the browser stores what is shown
(`conversation.js`), and sends it back when a stored conversation is opened. A conversation lives in
the visitor's own session. gr.Chatbot shows messages in Markdown: it has no place for the footnotes,
quotes and versions of a turn, nor for the JSON that is stored, so turns are HTML of `ui/drawing/`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from index.errors import UserError
from rag.answer import Answer, Event, Found, Searching, Writing
from rag.assistant import Assistant
from rag.log import Rating
from rag.quote import Quote
from rag.turns import Queued
from rag.writing.retry import Wait, Waiting
from ui.conversations.exchange import Conversation, Exchange, Talk, exchanges_from_json
from ui.conversations.export import FORMATS, file_name
from ui.conversations.text import waits
from ui.drawing import fixed, render
from ui.panels.answering import Answering, attempt
from ui.panels.case_form import CaseForm
from ui.panels.events import (
    AT_ONCE,
    BUG,
    MAX_QUESTION,
    NEW_ID,
    PRIVATE,
    SPOKEN,
    Rights,
    Updates,
    field,
    given,
    in_a_row,
    number,
    script,
    texts,
)
from ui.panels.fetch import Fetch, FetchLine
from ui.panels.libraries.opened import Libraries
from ui.panels.translating.panel import Translations
from ui.words.elsewhere import said
from ui.words.words import _, in_digits, ngettext, noted

_RATINGS: dict[str, Rating] = {"up": "up", "down": "down"}

MOST_EXPORTED = 1_000
"""The most conversations that are exported at once."""


def put_list() -> None:
    """Put the list of the conversations that the browser keeps on the page (`kept.js` fills it)."""
    gr.HTML(fixed.conversations(), elem_id="talks", apply_default_css=False)


class ConversationPanel:
    """The components and their events. One for all visitors: it keeps nothing of theirs."""

    def __init__(
        self,
        libraries: Libraries,
        left_out: gr.JSON,
        configured: gr.State,
        rights: Rights,
        fetch: Fetch | None = None,
    ) -> None:
        """Put the panel on the page.

        `left_out` holds the documents that are not asked, `configured` the assistant that the
        visitor has set up, if any. While `fetch` goes on, the model that it brings is not asked.
        """
        self.libraries = libraries
        self.fetch = fetch
        self.left_out = left_out
        self.configured = configured
        self.conversation = gr.State(Conversation())
        self.answering = gr.State(None)

        with gr.Column(elem_id="talk-panel"):
            self._put_conversation()
            self.translations = Translations(libraries, configured, fetch)
            self.form = CaseForm(libraries, self.conversation, rights)
            self.line = FetchLine(fetch) if fetch else None
            self._put_question()

    def _put_conversation(self) -> None:
        def export_as(wanted: Any) -> dict[str, str]:  # No method: Gradio sets an attribute on it.
            return self.export(wanted)

        self.bar = gr.HTML(
            fixed.conversation_bar(),
            elem_id="talk-bar",
            js_on_load=script("kept.js", "conversation.js", newId=NEW_ID),
            server_functions=[export_as],
            apply_default_css=False,
        )
        with gr.Column(elem_id="conversation"):
            # Its own place: it may come late, and would replace what was opened meanwhile.
            self.opening = gr.HTML(elem_id="opening", apply_default_css=False)
            self.past = gr.HTML(elem_id="past", apply_default_css=False)
            self.current = gr.HTML(elem_id="current", apply_default_css=False)
        self.status = gr.HTML(elem_id="status", **SPOKEN)

    def _put_question(self) -> None:
        self.asked = gr.HTML(elem_id="asked-of", apply_default_css=False)
        with gr.Row(elem_id="ask"):
            self.question = gr.Textbox(
                elem_id="question",
                label=_("Question"),
                show_label=False,
                container=False,
                placeholder=_("Ask a question"),
                lines=1,
                max_lines=8,
                autofocus=True,
            )
            self.new_id = gr.Textbox(visible=False)
            self.send = gr.Button(_("Ask"), elem_id="send", variant="primary")
            self.stop = gr.Button(_("Stop"), elem_id="stop", visible=False)

    def connect(self, blocks: gr.Blocks) -> None:
        """Connect each event to its handler."""
        if self.line:
            self.line.connect(blocks)
        self.translations.connect()
        shown: list[Any] = [self.question, self.past, self.current, self.status]
        shown += [self.conversation, self.answering, self.send, self.stop, self.opening]
        known = [self.conversation, self.left_out, self.configured, self.answering]
        for asking in (
            gr.on(
                [self.question.submit, self.send.click],
                self.ask,
                [self.question, *known, self.new_id],
                shown,
                # The page may ask before its script has run, so the id is made by the event itself.
                js=f"(...given) => [...given.slice(0, -1), ({NEW_ID})()]",
                concurrency_limit=AT_ONCE,
                # The page shows an answer a moment before Gradio knows that it was the last step:
                # a question entered by then is asked next.
                trigger_mode="always_last",
                **PRIVATE,
            ),
            self.bar.again(self.ask_again, known, shown, concurrency_limit=AT_ONCE, **PRIVATE),
        ):
            asking.failure(self.fail, [self.answering, self.conversation], shown, **PRIVATE)
        # Gradio's own `cancels` would wait for the current step to end.
        self.stop.click(self.end, self.answering, None, **PRIVATE)
        self.bar.begin(self.welcome, None, self.opening, **in_a_row("opening"))
        # Opening takes effect at once, even while Gradio considers an earlier event unfinished.
        given = [self.conversation, self.answering]
        ordered = in_a_row("conversation")
        self.bar.restore(self.restore, given, shown, trigger_mode="multiple", **ordered)
        self.form.connect(self.bar)
        self.bar.rate(self.rate, self.conversation, shown, **ordered)

    # --- asking

    def ask(
        self,
        question: str,
        conversation: Conversation,
        left_out: Sequence[str],
        configured: Assistant | None,
        running: Answering | None,
        new_id: str | None = None,
        *,
        as_typed: bool = False,
    ) -> Iterator[Updates]:
        """Answer a question step by step, each step on the screen as soon as it is there.

        A conversation gets its id, `new_id`, with its first question. With `as_typed`, a question
        is read without the history, and not rewritten.
        """
        if running:
            yield {
                self.status: render.notice(_("Wait for the answer that is being made, or stop it."))
            }
            return
        question = (question or "").encode(errors="replace").decode().strip()
        if not question and conversation.exchanges:
            yield {self.status: ""}  # Enter, pressed twice.
            return
        if wrong := _what_is_wrong(question):
            yield {self.status: wrong}
            return
        here = attempt(self.libraries.here)
        if isinstance(here, UserError):
            yield {self.status: render.notice(str(here))}
            return
        if not conversation.exchanges or conversation.library != here.name:
            conversation = Conversation.under(new_id, library=here.name)
        assistant, exclude = here.assistant, texts(left_out)
        if configured:
            assistant = here.assistant.writing_as(configured)
        use_llm = not (self.fetch and self.fetch.brings(assistant.settings))
        history = conversation.history()

        def begin(wait: Wait) -> Iterator[Event]:
            return assistant.stream(
                question,
                history,
                exclude=exclude,
                use_llm=use_llm,
                as_typed=as_typed,
                wait=wait,
            )

        answering = Answering(question, begin)
        yield {
            self.question: "",
            self.past: render.conversation(conversation),
            self.current: render.unfinished(question, _("Searching…")),
            self.status: render.quiet(_("Searching…")),
            self.conversation: conversation,
            self.answering: answering,
            self.send: gr.Button(visible=False),
            self.stop: gr.Button(visible=True),
        }
        yield from self._show(question, conversation, answering)

    def _show(
        self, question: str, conversation: Conversation, answering: Answering
    ) -> Iterator[Updates]:
        """Show each step of an answer in progress, and how it ends."""
        shown = partial(render.unfinished, question)
        quotes: tuple[Quote, ...] = ()
        for event in answering:
            match event:
                case Searching():
                    shown = partial(shown, standalone=event.question)
                    yield {self.current: shown(_("Searching…"))}
                case Found():
                    quotes = event.quotes
                    shown = partial(shown, quotes=quotes)
                    progress = ngettext(
                        "Reading %(num)s quotes…", "Reading %(num)s quotes…", len(quotes)
                    )
                    yield {self.current: shown(progress), self.status: render.quiet(progress)}
                case Waiting() | Queued():
                    status = waits(event)
                    yield {self.current: shown(status), self.status: render.quiet(status)}
                case Writing():
                    yield {
                        self.current: shown("", draft=event),
                        self.status: render.quiet(_("Writing…")),
                    }
                case Answer():
                    yield self._done(conversation, Exchange(question, event), _summary(event))
                    return
                case UserError():
                    failed = Exchange(question, message=str(event))
                    yield self._done(conversation, failed, said(str(event)))
                    return
        stopped = Exchange(question, message=noted("Stopped."), found=quotes)
        yield self._done(conversation, stopped, _("Stopped."))

    def ask_again(
        self,
        conversation: Conversation,
        left_out: Sequence[str],
        configured: Assistant | None,
        running: Answering | None,
        event: gr.EventData,
    ) -> Iterator[Updates]:
        """Ask an example, or a question of the conversation again, as it was or edited.

        The earlier answer stays: the new question begins a conversation of its own, a branch. Only
        if the last question has no answer is it asked again in its place.
        """
        others = (left_out, configured, running)
        new_id, edited = field(event._data, "conversation"), given(event._data, "question")
        at = number(event._data, "turn")
        if at is None or not 0 <= at < len(conversation.exchanges):
            yield from self.ask(edited, conversation, *others, new_id)
            return
        replaced = conversation.exchanges[at]
        question = edited or replaced.question
        unanswered = at == len(conversation.exchanges) - 1 and not replaced.answer
        in_place = unanswered and question == replaced.question
        known = conversation.id if in_place else new_id
        before = Conversation.under(known, conversation.exchanges[:at], conversation.library)
        as_typed = event._data.get("typed") is True
        yield from self.ask(question, before, *others, before.id, as_typed=as_typed)

    def end(self, answering: Answering | None) -> None:
        """Stop the answer that is being made."""
        if answering:
            answering.stop()

    def fail(self, answering: Answering | None, conversation: Conversation) -> Updates:
        """Say that an answer ended in a bug of ours, and go on."""
        question = answering.question if answering else ""
        return self._done(conversation, Exchange(question, message=BUG), _(BUG))

    def _done(self, before: Conversation, exchange: Exchange, spoken: str) -> Updates:
        return {
            # Something that was opened or rated meanwhile may have taken its place.
            self.past: render.conversation(before),
            self.current: render.exchange(exchange, before.id),
            self.status: render.quiet(spoken),
            self.conversation: before.with_exchanges((*before.exchanges, exchange)),
            self.answering: None,
            self.send: gr.Button(visible=True),
            self.stop: gr.Button(visible=False),
        }

    # --- conversations

    def restore(
        self, conversation: Conversation, running: Answering | None, event: gr.EventData
    ) -> Updates:
        """Open a conversation that the browser has kept, or begin a new one.

        If the page has `turned` to another library and a question was asked there already, the
        conversation that it began stays.
        """
        data = event._data if isinstance(event._data, dict) else {}
        here = attempt(self.libraries.here)
        if isinstance(here, UserError):  # Shown all the same, but without proof.
            here = attempt(partial(self.libraries.named, ""))
        if isinstance(here, UserError):
            return {self.status: render.notice(str(here))}
        has_begun = conversation.library == here.name and (conversation.exchanges or running)
        if data.get("turned") is True and has_begun:
            return {self.status: gr.skip()}  # Gradio would take {} for a value.
        kept = attempt(partial(exchanges_from_json, data.get("exchanges"), here.library))
        if isinstance(kept, UserError):
            return self._shown(Conversation()) | {self.status: render.notice(str(kept))}
        return self._shown(Conversation.under(data.get("conversation"), kept, here.name))

    def rate(self, conversation: Conversation, event: gr.EventData) -> Updates:
        """Record a rating in the library's log; giving the same one again takes it back."""
        at = number(event._data, "turn")
        said = _RATINGS.get(field(event._data, "rating"))
        if at is None or not 0 <= at < len(conversation.exchanges) or said is None:
            return {self.status: ""}
        if field(event._data, "conversation") not in ("", conversation.id):
            return {self.status: ""}  # Another one was opened meanwhile.
        exchange = conversation.exchanges[at]
        rating = None if exchange.rating == said else said
        if exchange.answer is None:
            return {self.status: ""}
        answer = exchange.answer.as_json()
        error = attempt(lambda: self.libraries.here().log.rate(conversation.id, answer, rating))
        if isinstance(error, UserError):
            return {self.status: render.notice(str(error))}
        exchanges = list(conversation.exchanges)
        exchanges[at] = replace(exchange, rating=rating)
        spoken = _("Kept in the library's log.") if rating else _("Taken back.")
        shown = self._shown(conversation.with_exchanges(exchanges))
        return shown | {self.status: render.quiet(spoken)}

    def export(self, wanted: Any) -> dict[str, str]:
        """Return conversations as a file's name, type and bytes, or a sentence on why not."""
        form = FORMATS.get(field(wanted, "format"))
        given = wanted.get("conversations") if isinstance(wanted, dict) else None
        if form is None or not isinstance(given, list) or not 1 <= len(given) <= MOST_EXPORTED:
            return {"error": _("There is nothing to export in such a format.")}

        def written() -> dict[str, str]:
            talks = [self._talk(each) for each in given]
            data = base64.b64encode(form.write(talks)).decode()
            return {"name": file_name(talks, form), "type": form.media_type, "data": data}

        made = attempt(written)
        return {"error": said(str(made))} if isinstance(made, UserError) else made

    def _talk(self, sent: Any) -> Talk:
        """Return a conversation that a browser sent, with each of its quotes proven again."""
        exchanges = sent.get("exchanges") if isinstance(sent, dict) else None
        here = attempt(lambda: self.libraries.named(given(sent, "library")))
        if isinstance(here, UserError):  # It is gone, and with it the proof of its answers.
            here = self.libraries.named("")
        kept = exchanges_from_json(exchanges, here.library)
        return Talk(field(sent, "title") or "Conversation", kept)

    def _shown(self, conversation: Conversation) -> Updates:
        *past, last = conversation.exchanges or (None,)
        before = conversation.with_exchanges([each for each in past if each])
        return {
            self.past: render.conversation(before),
            self.current: render.exchange(last, conversation.id) if last else "",
            self.status: "",
            self.conversation: conversation,
        } | ({} if last else {self.opening: self.welcome()})

    def welcome(self) -> str:
        """Return the welcome of a new conversation, with example questions."""
        here = self.libraries.here
        questions = attempt(lambda: here().examples.questions())
        is_empty = attempt(lambda: here().library.is_empty)
        shown = [] if isinstance(questions, UserError) else questions
        return render.welcome(shown, empty=is_empty is True)


def _what_is_wrong(question: str) -> str | None:
    """Return why a question cannot be asked, to be shown; None if it can."""
    if not question:
        return render.quiet(_("Type a question first."))
    if len(question) > MAX_QUESTION:
        words = _(
            "A question can have up to %(most)s characters; this one has %(length)s. Shorten it "
            "and ask again.",
            most=in_digits(MAX_QUESTION),
            length=in_digits(len(question)),
        )
        return render.notice(words)
    return None


def _summary(answer: Answer) -> str:
    """Return an answer as a screen reader should speak it, without the footnotes' numbers."""
    if answer.refused:
        return answer.text
    return " ".join(sentence.text for sentence in answer.sentences if sentence.supported)
