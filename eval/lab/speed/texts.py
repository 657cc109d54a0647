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
from itertools import islice, product
from pathlib import Path

import numpy as np

from eval.lab.measure import SEED
from eval.lab.training.inputs import reading
from index.documents import Document

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

TEMPLATES = Path(__file__).with_name("entries.txt")
"""Of each entry the sentence, the question and the answer."""

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
    templates = TEMPLATES.read_text("utf-8").split("\n\n")
    told = templates[number % len(templates)].format(**names)
    return Entry(*told.splitlines())


def _name(draw: random.Random) -> str:
    syllables = (draw.choice(_ONSETS) + draw.choice(_VOWELS) for _ in range(3))
    return ("".join(syllables) + draw.choice(_ENDS)).capitalize()


class Rule:
    """Makes documents of words by their frequency."""

    def __init__(self, weights: Path) -> None:
        """Take the words of a folder of weights, the most frequent first, and the made-up ones.

        Raises UserError where it has no vocabulary.
        """
        path = weights / "vocab.txt"
        with reading(path, "is no vocabulary"):
            lines = path.read_text("utf-8").splitlines()
        english = [word for word in lines if word.isascii() and word.isalpha() and len(word) > 1]
        self._words = np.array([*english, *_made_up(MADE_UP)], dtype=object)
        shares = 1 / (np.arange(1, len(self._words) + 1) + MANDELBROT)
        self._upto = np.cumsum(shares / shares.sum())

    def document(self, number: int, passages: int = PASSAGES) -> Document:
        """Return a document of so many passages, a paragraph each.

        That with the number 0 has the first entries, each at the head of a passage.
        """
        apart = max(passages // ENTRIES, 1)
        told = range(ENTRIES) if number == 0 else ()
        first = {each * apart: entry(each).sentence for each in told}
        return self._document(f"text {number}", passages, first)

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
        said = (f"{' '.join(islice(words, length)).capitalize()}." for length in lengths)
        paragraphs = []
        for number, count in enumerate(counts):
            sentences = [*islice(said, count)]
            sentences[0] = first.get(number, sentences[0])
            paragraphs.append(" ".join(sentences))
        text = "\n\n".join(paragraphs) + "\n"
        return Document.of(text, title=name, source=f"{name.replace(' ', '-')}.txt")


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


def made_up_vectors(encode: Encode, real: Sequence[str], like: Sequence[str]) -> Encode:
    """Return what makes vectors of texts, each of length one; shape (texts, dimension).

    The texts that are `real` get those that `encode` makes; all others get made-up ones, always the
    same, near those of texts that they should be `like`.
    """
    known = dict(zip(real, encode(list(real)), strict=True))
    middle = encode(list(like)).mean(axis=0)
    common = COMMON * middle / np.linalg.norm(middle)
    fixed = np.random.default_rng(SEED)
    clusters = fixed.normal(size=(CLUSTERS, WIDTH))
    into = fixed.normal(size=(WIDTH, len(middle)))

    def vector(text: str) -> np.ndarray:
        if text in known:
            return np.asarray(known[text])
        rng = np.random.default_rng(zlib.crc32(text.encode()))
        own = (clusters[rng.integers(CLUSTERS)] + NEAR * rng.normal(size=WIDTH)) @ into
        made = common + np.sqrt(1 - COMMON**2) * own / np.linalg.norm(own)
        return np.asarray(made / np.linalg.norm(made))

    return lambda texts: np.stack([vector(text) for text in texts])
