"""Answer sentence selection by the language model: which sentences of a passage answer a question.

The default model has an adapter for this, made by `python -m eval.lab.training.selection`
(index/reader_weights/README.md). It reads numbered sentences under their document's title, and
writes the numbers of those that answer, or "none". The probability of "none" is used as evidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rag.writing.prompts import cut_to, few_shot, first_word, on_one_line

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage

FILE = "selection.gguf"

SYSTEM = "Name the sentences that answer the question."
NONE = "none"

MOST_SENTENCES = 9
"""The most sentences that are read at once, so that each number is a single token."""
MOST_BYTES = {"title": 100, "sentences": 1_300, "question": 200}
"""The most bytes of each part. A token has at least one byte, and usually four."""
MOST_LETTERS = 600
"""The most characters of a quote with the sentences around it: two cores read these in two seconds.
"""
ANSWER_TOKENS = 2 * MOST_SENTENCES


class Selected(NamedTuple):
    """The language model's selection among sentences.

    `none` is the probability that none of them answers, and `numbers` are those that do, from 0.
    """

    none: float
    numbers: tuple[int, ...]


def messages(title: str, sentences: Sequence[str], question: str) -> list[ChatMessage]:
    """Return the prompt for the sentences that answer a question.

    The question is in lower case, like those that the adapter was trained on.
    """
    numbered = "\n".join(f"[{at}] {on_one_line(text)}" for at, text in enumerate(sentences, 1))
    asked = cut_to(MOST_BYTES["question"], on_one_line(question).rstrip("?").strip().lower())
    told = (
        f"Document: {cut_to(MOST_BYTES['title'], on_one_line(title))}\n"
        f"{cut_to(MOST_BYTES['sentences'], numbered)}\nQuestion: {asked}?"
    )
    return few_shot(SYSTEM, (), told)


def written(numbers: Sequence[int]) -> str:
    """Return the numbers of sentences, counted from 0, in the form in which the adapter writes."""
    return " ".join(str(number + 1) for number in numbers) or NONE


def read(said: str, first: Sequence[Any], count: int) -> Selected:
    """Parse the reply about `count` sentences; `first` are the likeliest first tokens of it.

    A reply without a valid number counts as "none" with a probability of at least 0.5.
    """
    named = {int(digit) - 1 for digit in re.findall(r"\d", said)}
    numbers = tuple(sorted(number for number in named if 0 <= number < count))
    none = first_word(NONE, first)
    if not first and said.strip() == NONE:
        none = 1.0
    return Selected(min(1.0, none if numbers else max(none, 0.5)), numbers)
