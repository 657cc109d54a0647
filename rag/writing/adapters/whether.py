"""Yes or no: what the language model says that sentences answer to a question.

The default model has an adapter for this, made by `python -m eval.lab.training.whether`
(index/reader_weights/README.md). It reads the sentences under their document's title, and writes
"yes", "no", or "none" if they do not decide the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rag.writing.prompts import cut_to, few_shot, first_word, on_one_line

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage

FILE = "whether.gguf"

SYSTEM = "Say whether the sentences answer the question with yes or no."

NONE = "none"

SURE = 0.85
"""The probability from which an answer opens with “yes” or “no” (eval/lab/RECORDS.md)."""

MOST_BYTES = {"title": 100, "sentences": 1_600, "question": 300}
"""The most bytes of each part."""


class Whether(NamedTuple):
    """The probabilities that sentences answer a question with yes, and with no."""

    yes: float
    no: float

    @property
    def particle(self) -> str:
        """The one that is sure, or an empty string."""
        return next((name for name, sure in self._asdict().items() if sure >= SURE), "")


def messages(title: str, sentences: Sequence[str], question: str) -> list[ChatMessage]:
    """Return the prompt for whether sentences answer a question with yes or no."""
    read = " ".join(map(on_one_line, sentences))
    asked = cut_to(MOST_BYTES["question"], on_one_line(question).rstrip("?").strip())
    told = (
        f"Document: {cut_to(MOST_BYTES['title'], on_one_line(title))}\n"
        f"{cut_to(MOST_BYTES['sentences'], read)}\nQuestion: {asked}?"
    )
    return few_shot(SYSTEM, (), told)


def read(first: Sequence[Any]) -> Whether:
    """Return what a reply says; `first` are the likeliest first tokens of it."""
    return Whether(*(min(1.0, first_word(each, first)) for each in Whether._fields))
