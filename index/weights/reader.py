"""The reader's forward pass: does a text answer a question, and with which of its words?

The weights are the project's own (`index/reader_weights/README.md` is their card). They need only
`onnxruntime` and `tokenizers`, so reading requires neither torch nor a download.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tokenizers import Encoding

from index.weights.onnx import REMEMBERED, Network, OnnxWeights, in_parallel

MAX_WORDS = 40
"""The longest answer, in tokens."""

LIKELIEST = 16
"""The most spans of a context that are returned for a place in a message."""

MAX_COPIED = 16
"""The longest span that is copied from a context, in tokens."""

NO_WORDS = -30.0
"""The log-odds returned for a text without words: lower than those of any text seen with words."""


@dataclass(frozen=True, slots=True)
class Read:
    """The result of reading one text.

    `answers` is the logit that the text answers the question. `start` and `end` delimit the words
    that answer best, as half-open code-point offsets into the text, and `words` is the log-odds of
    these words against no answer.
    """

    answers: float
    words: float
    start: int
    end: int


class Around(NamedTuple):
    """The result of reading a span within a longer text.

    `answers` is the logit that the whole text answers the question. `within` is the log-odds of the
    likeliest words inside the span against the likeliest in the text: 0 if they are the same, else
    negative.
    """

    answers: float
    within: float


class Edit(NamedTuple):
    """The result for a place in a message: the edit's logits, and words from the context for it.

    `words` are spans of the context as (start, end, probability), likeliest first.
    """

    logits: list[float]
    words: list[tuple[int, int, float]]


class ReaderWeights:
    """An opened reader: `model.onnx` and `tokenizer.json` in a folder, or an opened network."""

    def __init__(self, weights: Path | Network) -> None:
        """Open the weights in a folder, or use an opened network."""
        self._weights = OnnxWeights(weights) if isinstance(weights, Path) else weights
        self._read = lru_cache(maxsize=REMEMBERED)(self._read_text)
        self._around = lru_cache(maxsize=REMEMBERED)(self._read_around)

    def read(self, question: str, texts: Sequence[str], titles: Sequence[str] = ()) -> list[Read]:
        """Read each text separately with the question, below the title of its document if given.

        A title can tell what "it" refers to; the answering words are never taken from it.
        """
        heads = [f"{title}\n" if title else "" for title in titles or [""] * len(texts)]
        return in_parallel(lambda each: self._read(question, *each), zip(texts, heads, strict=True))

    def _read_text(self, question: str, text: str, head: str) -> Read:
        encoded = self._weights.encode(question, head + text)
        outputs = self._weights.run(encoded, "starts", "ends", "answers")
        read = best_words(encoded, head + text, len(head), *outputs)
        start, end = max(read.start - len(head), 0), max(read.end - len(head), 0)
        return replace(read, start=start, end=end)

    def read_around(
        self, question: str, places: Sequence[tuple[str, str, int, int]]
    ) -> list[Around | None]:
        """Read spans within texts, each given as a title, a text, and a start and an end.

        Each text is read once. A span that is cut off because its text is too long gets None.
        """
        by_text: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for title, text, start, end in places:
            by_text.setdefault((title, text), []).append((start, end))
        asked = [(question, *of, tuple(some)) for of, some in by_text.items()]
        read = in_parallel(lambda each: self._around(*each), asked)
        found = {
            (*of, *place): around
            for (of, some), told in zip(by_text.items(), read, strict=True)
            for place, around in zip(some, told, strict=True)
        }
        return [found[each] for each in places]

    def _read_around(
        self, question: str, title: str, text: str, places: Sequence[tuple[int, int]]
    ) -> list[Around | None]:
        head = f"{title}\n" if title else ""
        encoded = self._weights.encode(question, head + text)
        outputs = self._weights.run(encoded, "starts", "ends", "answers")
        read = partial(best_words, encoded, head + text)
        of_all, found = read(len(head), *outputs), list[Around | None]()
        read_to = max((encoded.offsets[at][1] for at in text_tokens(encoded)), default=0)
        for start, end in (tuple(len(head) + at for at in place) for place in places):
            within = read(start, *outputs, last_at=end).words - of_all.words
            is_cut = bool((head + text)[read_to:end].strip())
            found.append(None if is_cut else Around(of_all.answers, within))
        return found

    def edits(
        self, message: str, places: Sequence[tuple[int, int]], context: str
    ) -> tuple[float, list[Edit]]:
        """Return the probability that a message needs words from a context, and an edit per place.

        There are no edits without a context, or if the message is too long to be read completely.
        """
        encoded = self._weights.encode(message, context)
        edits, firsts, lasts, needs = self._weights.run(
            encoded, "edits", "firsts", "lasts", "needs"
        )
        need = float(1 / (1 + np.exp(-needs)))
        words, offsets = text_tokens(encoded), encoded.offsets
        own = [offsets[at][1] for at, of in enumerate(encoded.sequence_ids) if of == 0]
        if not len(words) or max(own, default=0) < places[-1][1]:
            return need, []
        begins = [offsets[at][0] for at in words]
        opens = np.array([not at or context[at - 1] == "\n" for at in begins])  # Marks of lines.
        lines = np.cumsum(opens)
        possible = np.tril(np.triu(np.ones((len(words), len(words)))), MAX_COPIED - 1) > 0
        possible &= (lines[:, None] == lines[None, :]) & ~opens[:, None]
        made = []
        for at in place_tokens(encoded, places):
            sums = firsts[at][words][:, None] + lasts[at][words][None, :]
            likely = np.exp(np.where(possible, sums, -np.inf) - sums[possible].max())
            likely /= likely.sum()
            found: dict[tuple[int, int], float] = {}
            for best in np.argsort(-likely, axis=None)[:LIKELIEST]:
                first, last = (offsets[int(words[e])] for e in divmod(best, len(words)))
                place = whole_words(context, first[0], last[1])
                found[place] = found.get(place, 0.0) + float(likely.flat[best])
            made.append(
                Edit(edits[at].tolist(), [(*place, share) for place, share in found.items()])
            )
        return need, made

    def entails(self, statement: str, texts: Sequence[str]) -> list[np.ndarray]:
        """Return three logits for each text: entailment, contradiction, neither."""

        def judge(text: str) -> np.ndarray:
            [logits] = self._weights.run(self._weights.encode(statement, text), "bears_out")
            return logits

        return in_parallel(judge, texts)


def place_tokens(encoded: Encoding, places: Sequence[tuple[int, int]]) -> list[int]:
    """Return the index of each place's first token in the first text.

    For a place behind the text's end, it is the marker that follows the text.
    """
    own = [at for at, sequence in enumerate(encoded.sequence_ids) if sequence == 0]
    end = own[-1] + 1 if own else 0
    offsets = encoded.offsets  # Recomputed at each access, so read it once.
    return [next((at for at in own if offsets[at][1] > start), end) for start, _ in places]


def text_tokens(encoded: Encoding) -> np.ndarray:
    """Return the indexes of the text's own tokens: those after the question, without markers."""
    return np.array(
        [at for at, sequence in enumerate(encoded.sequence_ids) if sequence == 1], dtype=np.int64
    )


def best_words(
    encoded: Encoding,
    text: str,
    first_at: int,
    starts: np.ndarray,
    ends: np.ndarray,
    answers: np.ndarray,
    *,
    last_at: int | None = None,
) -> Read:
    """Choose the span with the greatest sum of the logits of its first and last token.

    Only spans between the offsets `first_at` and `last_at` are considered. The first position of
    the input stands for “no answer” (Devlin and others, NAACL 2019).
    """
    offsets, until = encoded.offsets, len(text) if last_at is None else last_at
    own = text_tokens(encoded)
    tokens = own[[first_at <= offsets[at][0] and offsets[at][1] <= until for at in own]]
    if not len(tokens):
        return Read(float(answers), NO_WORDS, 0, 0)
    sums = starts[tokens][:, None] + ends[tokens][None, :]
    possible = np.tril(np.triu(np.ones_like(sums)), MAX_WORDS - 1) > 0
    first, last = divmod(int(np.argmax(np.where(possible, sums, -np.inf))), len(tokens))
    start, end = offsets[int(tokens[first])][0], offsets[int(tokens[last])][1]
    none = starts[0] + ends[0]
    return Read(float(answers), float(sums[first, last] - none), *whole_words(text, start, end))


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a span to whole words and numbers: "500" in "$5,500" becomes all of it.

    Some tokenizers count the blank before a word as part of it: this blank is left out.
    """
    while start < end and text[start].isspace():
        start += 1
    while start < end and start > 0 and _joined(text, start):
        start -= 1
    while start < end < len(text) and _joined(text, end):
        end += 1
    return start, end


def _joined(text: str, at: int) -> bool:
    """Whether the characters on both sides of an offset belong to one word or number."""
    left, right = text[at - 1], text[at]
    if unicodedata.category(right).startswith("M"):  # A combining mark of the letter before it.
        return True
    if _is_letter(left) and right.isalnum():
        return max(left, right) < CJK  # Chinese and Japanese characters are words by themselves.
    if right in ".," or left in ".,":
        between = text[at - 1 : at + 2] if right in ".," else text[max(at - 2, 0) : at + 1]
        return len(between) == 3 and between[0].isdigit() and between[2].isdigit()
    return (left in "$€£¥" and right.isdigit()) or (left.isdigit() and right == "%")


def _is_letter(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign).startswith("M")


CJK = "\u2e80"
"""The first of the characters that are written without blanks between words."""
