"""What a visitor may set for the own session: who writes, from how many quotes, at what length."""

from __future__ import annotations

from typing import Any

import gradio as gr
from pydantic import SecretStr

from index.weights.catalogue import CATALOGUE
from rag.assistant import Assistant
from rag.config import is_address
from ui.drawing import render
from ui.panels.events import PRIVATE, Rights, Updates

ADDRESS = "An address"
NONE = "None: words and their quotes"


class SettingsForm:
    """The form. What is set lives in the visitor's session, a key nowhere else."""

    def __init__(self, assistant: Assistant, rights: Rights) -> None:
        """Put the form on the page, with what the program was started with."""
        self.assistant = assistant
        self.rights = rights
        self.configured = gr.State(None)
        settings = assistant.settings
        self._models = _models(assistant)
        with gr.Accordion("Settings", open=False, elem_id="settings"):
            self.model = gr.Radio(
                list(self._models), value=next(iter(self._models)), label="Who writes the answers"
            )
            with gr.Column(visible=False, elem_id="elsewhere") as self.elsewhere:
                self.url = gr.Textbox(
                    label="OpenAI-compatible address",
                    placeholder="http://localhost:11434/v1",
                    max_lines=1,
                )
                self.name = gr.Textbox(label="The model's name there", max_lines=1)
                self.key = gr.Textbox(
                    label="Key, for this session only", type="password", max_lines=1
                )
            self.quotes = gr.Slider(1, 20, settings.quotes, step=1, label="Quotes that are read")
            self.sentences = gr.Slider(
                1, 10, settings.sentences, step=1, label="Sentences of an answer, at most"
            )
            self.apply = gr.Button("Apply", elem_id="apply", size="sm")
            self.told = gr.HTML(
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
        changed = [self.configured, self.key, self.told]
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
                return self._told(refused)
            url, name = (url or "").strip(), (name or "").strip()
            if not is_address(url) or not name:
                return self._told(
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
            return self._told("Choose who writes.")
        settings = self.assistant.settings.model_copy(update=update)
        return {
            self.configured: self.assistant.with_settings(settings),
            self.key: "",
            self.told: '<p class="well">Set for this session.</p>',
        }

    def _told(self, message: str) -> Updates:
        return {self.told: render.notice(message)}


def _models(assistant: Assistant) -> dict[str, dict[str, Any]]:
    """Return who may write, by the words of the choice: first who does from the start."""
    settings = assistant.settings
    own = {"llm": settings.llm, "llm_url": settings.llm_url, "llm_key": settings.llm_key}
    first = NONE if settings.llm == "none" and not settings.llm_url else settings.llm
    models = {first: own}
    for name, model in CATALOGUE.items():
        if model.role == "answer" and name != settings.llm:
            models[name] = {"llm": name, "llm_url": None, "llm_key": None}
    models.setdefault(NONE, {"llm": "none", "llm_url": None, "llm_key": None})
    models[ADDRESS] = {}
    return models
