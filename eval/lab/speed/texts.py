"""Text by rule, with a fixed seed: documents as large as they are wanted, and what can be asked.

Words come as often as in a language: by rank, as Zipf's law has it with Mandelbrot's constant
(Mandelbrot, 1953). The first 22,000 are English, in the order of the default embedding's
vocabulary, which is by frequency; behind them come made-up names, so that there are rare words
too. A search for ordinary words therefore has as much to weigh as in real texts.

Among these stand entries: true sentences of made-up places and persons, each with a question that
it answers and nothing else does.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from index.documents import Document
from index.errors import UserError

SEED = 2021
PASSAGES = 84
"""Passages of a document, but for the last one: as many as the article of the other bench has."""

MADE_UP = 30_000
"""Words of no language, the rarest."""

MANDELBROT = 2.7
SENTENCES = (4, 6)
"""Sentences of a passage, at least and at most."""
WORDS = (14, 24)
"""Words of a sentence. So no passage is so short that it would be put together with another."""

ENTRIES = 24
"""Entries of the first document, which every library has."""

TEMPLATES = (
    (
        "The lighthouse of {place} was built in {year} by the engineer {person}.",
        "Who built the lighthouse of {place}?",
        "{person}",
    ),
    (
        "The bridge at {place} is {number} metres long and took nine years to build.",
        "How long is the bridge at {place}?",
        "{number} metres",
    ),
    (
        "In {year} the ferry {ship} sank off {place} with {number} people on board.",
        "When did the ferry {ship} sink?",
        "{year}",
    ),
    (
        "The museum in {place} was opened by {person}, who had paid for most of it.",
        "Who opened the museum in {place}?",
        "{person}",
    ),
    (
        "The mine near {place} employs {number} people and belongs to the state.",
        "How many people does the mine near {place} employ?",
        "{number}",
    ),
    (
        "The university of {place} was founded in {year}, three years after the fire.",
        "When was the university of {place} founded?",
        "{year}",
    ),
)

_ONSETS = "b d f g h k l m n p r s t v z br dr gr kr st tr".split()
_VOWELS = "a e i o u ai ea io".split()
_ENDS = "l m n r s th nd".split()


@dataclass(frozen=True, slots=True)
class Entry:
    """A true sentence, a question that it answers, and the words of it that do."""

    sentence: str
    question: str
    answer: str


def entry(number: int) -> Entry:
    """Return the entry with a number, always the same."""
    draw = random.Random(f"{SEED} {number}")  # noqa: S311  reproducible
    names = {
        "place": _name(draw),
        "person": f"{_name(draw)} {_name(draw)}",
        "ship": _name(draw),
        "year": str(draw.randint(1820, 1995)),
        "number": str(draw.randint(120, 980)),
    }
    words = (each.format(**names) for each in TEMPLATES[number % len(TEMPLATES)])
    return Entry(*words)


def _name(draw: random.Random) -> str:
    syllables = (draw.choice(_ONSETS) + draw.choice(_VOWELS) for _ in range(3))
    return ("".join(syllables) + draw.choice(_ENDS)).capitalize()


class Rule:
    """Makes documents of words by their frequency."""

    def __init__(self, words: Sequence[str]) -> None:
        """Take the words, the most frequent first."""
        self._words = np.array(words, dtype=object)
        weights = 1 / (np.arange(1, len(words) + 1) + MANDELBROT)
        self._upto = np.cumsum(weights / weights.sum())

    @classmethod
    def of(cls, weights: Path) -> Rule:
        """Take the words of a folder of weights, and the made-up ones.

        Raises UserError where it has no vocabulary.
        """
        path = weights / "vocab.txt"
        try:
            lines = path.read_text("utf-8").splitlines()
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
        english = [word for word in lines if word.isascii() and word.isalpha() and len(word) > 1]
        return cls([*english, *_made_up(MADE_UP)])

    def document(self, number: int, passages: int = PASSAGES) -> Document:
        """Return a document of so many passages, a paragraph each.

        That with the number 0 has the first entries, each at the head of a passage.
        """
        first = [entry(each).sentence for each in range(ENTRIES)] if number == 0 else []
        return self._document(f"text {number}", passages, _spread(first, passages))

    def small(self, number: int, passages: int = 5) -> tuple[Document, Entry]:
        """Return a small document with an entry of its own, which no other document has."""
        told = entry(ENTRIES + number)
        made = self._document(f"small {number}", passages, {passages // 2: told.sentence})
        return made, told

    def _document(self, name: str, passages: int, first: dict[int, str]) -> Document:
        rng = np.random.default_rng(zlib.crc32(f"{SEED} {name}".encode()))
        counts = rng.integers(*SENTENCES, size=passages, endpoint=True)
        lengths = rng.integers(*WORDS, size=int(counts.sum()), endpoint=True)
        drawn = np.searchsorted(self._upto, rng.random(int(lengths.sum())))
        words = iter(self._words[np.minimum(drawn, len(self._words) - 1)])
        sizes = iter(lengths)
        paragraphs = []
        for number, count in enumerate(counts):
            sentences = [_sentence([next(words) for _ in range(next(sizes))]) for _ in range(count)]
            if number in first:
                sentences[0] = first[number]
            paragraphs.append(" ".join(sentences))
        text = "\n\n".join(paragraphs) + "\n"
        return Document.of(text, title=name, source=f"{name.replace(' ', '-')}.txt")


def _sentence(words: Sequence[str]) -> str:
    return f"{' '.join(words).capitalize()}."


def _spread(sentences: Sequence[str], passages: int) -> dict[int, str]:
    """Place sentences at equal distances."""
    apart = max(passages // (len(sentences) or 1), 1)
    return {at * apart: sentence for at, sentence in enumerate(sentences)}


def _made_up(count: int) -> list[str]:
    draw = random.Random(SEED)  # noqa: S311  reproducible
    syllables = ["".join(each) for each in product(_ONSETS, _VOWELS)]
    found: dict[str, None] = {}
    while len(found) < count:
        parts = draw.choices(syllables, k=3 if len(found) < count // 2 else 4)
        found["".join(parts) + draw.choice(_ENDS)] = None
    return list(found)


Encode = Callable[[list[str]], np.ndarray]

WIDTH = 48
"""Dimensions that made-up vectors differ in: about as many as those of real texts."""
CLUSTERS = 500
NEAR = 0.6
"""How far from its cluster's middle a vector lies, where the middles lie 1 from each other's."""
COMMON = 0.7
"""What all vectors have in common: of two of bge-small's the cosine is about 0.5 as well."""


class Vectors:
    """Makes vectors of texts: real ones of some, of all others made-up ones, always the same."""

    def __init__(self, encode: Encode, real: Sequence[str], like: Sequence[str]) -> None:
        """Take what makes real vectors, the texts that get one, and texts that others are like."""
        self._real = dict(zip(real, encode(list(real)), strict=True))
        middle = encode(list(like)).mean(axis=0)
        self._common = middle / np.linalg.norm(middle)
        rng = np.random.default_rng(SEED)
        self._clusters = rng.normal(size=(CLUSTERS, WIDTH))
        self._into = rng.normal(size=(WIDTH, len(middle)))

    def __call__(self, texts: list[str]) -> np.ndarray:
        """Return the vectors, each of length one; shape (texts, dimension)."""
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> np.ndarray:
        if text in self._real:
            return np.asarray(self._real[text])
        rng = np.random.default_rng(zlib.crc32(text.encode()))
        near = self._clusters[rng.integers(CLUSTERS)] + NEAR * rng.normal(size=WIDTH)
        own = near @ self._into
        vector = COMMON * self._common + np.sqrt(1 - COMMON**2) * own / np.linalg.norm(own)
        return np.asarray(vector / np.linalg.norm(vector))
