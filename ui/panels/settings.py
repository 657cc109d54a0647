"""What a visitor may set for the own session: who writes, from how many quotes, at what length."""

from __future__ import annotations

from typing import Any

import gradio as gr
from pydantic import SecretStr

from index.weights.catalogue import CATALOGUE
from index.weights.download import state
from rag.assistant import Assistant
from rag.config import Settings, is_address
from ui.drawing import render
from ui.panels.events import PRIVATE, Rights, Updates

ADDRESS = "A server of yours"
NONE = "Nobody: quotes only"

_SET = '<p class="well">From the next question on, answers are made with these settings.</p>'

_HEAD = """<h2>Settings</h2>
<p class="lead">They hold for this page, until it is closed. Nobody else’s answers change.</p>"""


class SettingsForm:
    """The form. What is set lives in the visitor's session, a key nowhere else."""

    def __init__(self, assistant: Assistant, rights: Rights) -> None:
        """Put the form on the page, with what the program was started with."""
        self.assistant = assistant
        self.rights = rights
        self.configured = gr.State(None)
        settings = assistant.settings
        self._models = _models(assistant)
        with gr.Column(elem_id="settings-panel"):
            gr.HTML(_HEAD, apply_default_css=False)
            self.model = gr.Radio(
                list(self._models),
                value=next(iter(self._models)),
                label="Who writes the answers",
                info="A model tells in words of its own what the quotes say, and each sentence is "
                "held to them. Without one the quotes themselves are the answer, sooner.",
                elem_id="who-writes",
            )
            with gr.Column(visible=False, elem_id="elsewhere") as self.elsewhere:
                self.url = gr.Textbox(
                    label="Its address",
                    info="Ollama, vLLM, llama.cpp or a provider: what speaks as OpenAI’s servers "
                    "do. Questions and quotes are sent there.",
                    placeholder="http://localhost:11434/v1",
                    max_lines=1,
                )
                self.name = gr.Textbox(label="The model’s name there", max_lines=1)
                self.key = gr.Textbox(
                    label="Key, if it wants one",
                    info="Kept for this page only, and sent to this address only.",
                    type="password",
                    max_lines=1,
                )
            self.quotes = gr.Slider(
                1,
                20,
                settings.quotes,
                step=1,
                label="How many places are read",
                info="With more, an answer is found further down, and takes longer.",
            )
            self.sentences = gr.Slider(
                1,
                10,
                settings.sentences,
                step=1,
                label="How many sentences an answer may have",
                info="What is left out for length is said.",
            )
            self.apply = gr.Button("Use these settings", elem_id="apply", variant="primary")
            self.message = gr.HTML(
                elem_id="settings-told",
                html_template='<div role="status" aria-live="polite">${value}</div>',
                apply_default_css=False,
            )

    def connect(self) -> None:
        """Say what happens at each event."""
        given: list[Any] = [self.model, self.url, self.name, self.key, self.quotes, self.sentences]
        self.model.change(
            lambda model: gr.Column(visible=model == ADDRESS), self.model, self.elsewhere, **PRIVATE
        )
        changed = [self.configured, self.key, self.message]
        self.apply.click(self.set, [self.configured, *given], changed, **PRIVATE)

    def set(
        self,
        before: Assistant | None,
        model: str,
        url: str,
        name: str,
        key: str,
        quotes: int,
        sentences: int,
    ) -> Updates:
        """Answer this visitor's questions by these settings from now on.

        An empty key leaves the one that was given for the same address before.
        """
        update: dict[str, Any] = {"quotes": int(quotes), "sentences": int(sentences)}
        if model == ADDRESS:
            if refused := self.rights.refusal("fetch"):
                return self._say(refused)
            url, name = (url or "").strip(), (name or "").strip()
            if not is_address(url) or not name:
                return self._say(
                    "Give an address that starts with http:// or https://, and the model's name."
                )
            kept = before.settings if before else self.assistant.settings
            if key:
                update["llm_key"] = SecretStr(key)
            elif kept.llm_url != url:  # A key goes to the address that it was given for only.
                update["llm_key"] = None
            else:
                update["llm_key"] = kept.llm_key
            update |= {"llm_url": url, "llm": name}
        elif model in self._models:
            update |= self._models[model]
        else:
            return self._say("Choose who writes.")
        settings = self.assistant.settings.model_copy(update=update)
        return {
            self.configured: self.assistant.with_settings(settings),
            self.key: "",
            self.message: _SET,
        }

    def _say(self, message: str) -> Updates:
        return {self.message: render.notice(message)}


def _models(assistant: Assistant) -> dict[str, dict[str, Any]]:
    """Return who may write, by the words of the choice: first who does from the start.

    Only models whose weights are on this computer are offered.
    """
    settings = assistant.settings
    own = {"llm": settings.llm, "llm_url": settings.llm_url, "llm_key": settings.llm_key}
    models = {_title(settings): own}
    for name, model in CATALOGUE.items():
        if model.role == "answer" and state(name, settings.models) == "ready":
            here: dict[str, Any] = {"llm": name, "llm_url": None, "llm_key": None}
            models.setdefault(_title(settings.model_copy(update=here)), here)
    models.setdefault(NONE, {"llm": "none", "llm_url": None, "llm_key": None})
    models[ADDRESS] = {}
    return models


def _title(settings: Settings) -> str:
    """Return who writes by some settings, in words."""
    if settings.llm_url:
        return f"{settings.llm}, on the server that this window was started with"
    if settings.llm == "none":
        return NONE
    if settings.factory("llm"):
        return f"{settings.llm}, which this window was started with"
    model = CATALOGUE.get(settings.llm)
    size = f" ({model.size / 1e9:.1f} GB)" if model else ""
    return f"A model on this computer: {settings.llm}{size}"
