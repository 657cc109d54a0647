"""The prompt of the adapter that writes an answer from sentences of the sources.

The default model has an adapter for this, made by `python -m eval.lab.training.writing`
(index/reader_weights/README.md). It learned to say what the sentences say in their own words, as
whole sentences that can be proven from them. Other models are given examples instead, and so is the
default one for a sentence around the words that answer, since the adapter learned longer answers
(`rag/writing/prompts.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.writing.prompts import few_shot, on_one_line

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage

FILE = "writing.gguf"

SYSTEM = "Answer the question from the sentences alone."


def messages(sentences: Sequence[str], question: str) -> list[ChatMessage]:
    """Return the prompt for an answer from sentences."""
    lines = [f"[{number}] {on_one_line(each)}" for number, each in enumerate(sentences, 1)]
    return few_shot(SYSTEM, (), "\n".join([*lines, f"Question: {on_one_line(question)}"]))
