"""What visitors may set for their session: who writes, from how many quotes, at what length."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr
from pydantic import SecretStr

from index.weights.catalogue import CATALOGUE
from index.weights.download import state
from rag.assistant import Assistant
from rag.config import Settings, is_address
from ui.drawing import fixed, render
from ui.panels.events import PRIVATE, SPOKEN, Rights, Updates
from ui.words.words import _, noted

ADDRESS = noted("Your own server")
NONE = noted("Nobody: quotes only")


class SettingsForm:
    """The form. Settings live in the visitor's session; a key is kept nowhere else."""

    def __init__(self, assistant: Assistant, rights: Rights) -> None:
        """Put the form on the page, with what the program was started with."""
        self.assistant = assistant
        self.rights = rights
        self.configured = gr.State(None)
        settings = assistant.settings
        self._models = _models(assistant)
        with gr.Column(elem_id="settings-panel"):
            gr.HTML(fixed.settings_head(), apply_default_css=False)
            self.model = gr.Radio(
                list(self._models),
                value=next(iter(self._models)),
                label=_("Who writes the answers"),
                info=_(
                    "A model puts what the quotes say into its own words, and each sentence is "
                    "checked against them. Without a model, you get the quotes themselves, and "
                    "sooner."
                ),
                elem_id="who-writes",
            )
            with gr.Column(visible=False, elem_id="elsewhere") as self.elsewhere:
                self.url = gr.Textbox(
                    label=_("Its address"),
                    info=_(
                        "Ollama, vLLM, llama.cpp or a provider: any server with an "
                        "OpenAI-compatible API. Questions and quotes are sent there."
                    ),
                    placeholder="http://localhost:11434/v1",
                    max_lines=1,
                )
                self.name = gr.Textbox(label=_("The model’s name there"), max_lines=1)
                self.key = gr.Textbox(
                    label=_("Key, if it needs one"),
                    info=_("Kept for this page only, and sent to this address only."),
                    type="password",
                    max_lines=1,
                )
            self.quotes = gr.Slider(
                1,
                20,
                settings.quotes,
                step=1,
                label=_("How many passages to read"),
                info=_("Reading more finds answers further down, but takes longer."),
            )
            self.sentences = gr.Slider(
                1,
                10,
                settings.sentences,
                step=1,
                label=_("How many sentences an answer may have"),
                info=_("If an answer leaves something out to stay short, it says so."),
            )
            self.apply = gr.Button(_("Use these settings"), elem_id="apply", variant="primary")
            self.message = gr.HTML(elem_id="settings-told", **SPOKEN)

    def connect(self) -> None:
        """Connect each event to its handler."""
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
        """Answer this visitor's questions with these settings from now on.

        An empty key keeps the one that was given for the same address before.
        """
        update: dict[str, Any] = {"quotes": int(quotes), "sentences": int(sentences)}
        if model == ADDRESS:
            if refused := self.rights.refusal("fetch"):
                return self._say(refused)
            url, name = (url or "").strip(), (name or "").strip()
            if not is_address(url) or not name:
                return self._say(
                    _("Give an address that starts with http:// or https://, and the model's name.")
                )
            kept = before.settings if before else self.assistant.settings
            # A key is only ever sent to the address that it was given for.
            known = kept.llm_key if kept.llm_url == url else None
            update |= {"llm_url": url, "llm": name, "llm_key": SecretStr(key) if key else known}
        elif model in self._models:
            update |= self._models[model]
        else:
            return self._say(_("Choose who writes."))
        settings = self.assistant.settings.model_copy(update=update)
        return {
            self.configured: self.assistant.with_settings(settings),
            self.key: "",
            self.message: render.settings_hold(),
        }

    def _say(self, message: str) -> Updates:
        return {self.message: render.notice(message)}


def _models(assistant: Assistant) -> dict[str, dict[str, Any]]:
    """Return the settings of each writer by its label, the one used from the start first.

    Only models whose weights are on this computer are offered.
    """
    settings = assistant.settings
    own = {"llm": settings.llm, "llm_url": settings.llm_url, "llm_key": settings.llm_key}
    models = {title(settings): own}
    for name, model in CATALOGUE.items():
        if model.role == "answer" and state(name, settings.models) == "ready":
            here: dict[str, Any] = {"llm": name, "llm_url": None, "llm_key": None}
            models.setdefault(title(settings.model_copy(update=here)), here)
    models.setdefault(NONE, {"llm": "none", "llm_url": None, "llm_key": None})
    models[ADDRESS] = {}
    return models


def titles(assistant: Assistant) -> list[Callable[[], str]]:
    """Return functions that give the writers' labels in the visitor's language."""
    settings = assistant.settings
    own = [settings.model_copy(update=each) for each in _models(assistant).values() if each]
    return [partial(title, each) for each in own]


def title(settings: Settings) -> str:
    """Return the label of the writer that some settings name."""
    name = settings.llm
    if settings.llm_url:
        return _("%(name)s, on the server that this window was started with", name=name)
    if name == "none":
        return _(NONE)
    if settings.factory("llm"):
        return _("%(name)s, which this window was started with", name=name)
    model = CATALOGUE.get(name)
    called = f"{name} ({model.size / 1e9:.1f} GB)" if model else name
    return _("A model on this computer: %(name)s", name=called)
