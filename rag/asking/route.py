"""Which way a message is to be answered: told by a small network that has learned it of examples.

Its kinds and what they want are told by examples, `router.jsonl` and `further.jsonl` in
`eval/lab/training/routing/`, and by nothing else: to correct a message that is routed wrongly, add
a line there and train again. In doubt the route is evidence, which most messages ask for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from rag.lazy import Lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal[
    "evidence",
    "claim",
    "overview",
    "document",
    "items",
    "time",
    "comparison",
    "conversation",
    "command",
    "compute",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Requests = Kind | Literal["footnote"]
"""Requests whose wording is known: those of a kind, and those that ask of a footnote."""

WEIGHTS = Path(__file__).parent / "router"
FOREIGN_ROWS = "languages.npz"
"""The file beside the weights that tells the classes of messages in other languages."""

LONGEST = 500
"""Characters of a message that are read: what it asks is said at its beginning or in few words."""

REMEMBERED = 256
"""Messages whose probabilities are cached: earlier ones are routed again with each new one."""

DOUBT = 0.2
"""The probability of evidence from which a message is taken to ask for it, even where that of
another kind is greater. Chosen on examples that the network had not learned from, and on questions
of SQuAD's training set."""

COMPUTED = 0.001
"""The probability of a computation from which one is tried, whatever else a message may ask for:
“What was the total population of Europe in 1952?” is a question of fact where there is no table,
and only a table that has all of its words is computed from."""

ONLY_COMPUTED = 0.9
"""The probability of a computation from which nothing else is asked for. Below it the likeliest
other kind stands beside it, for where no table fits."""

BESIDE = 0.35
"""The share of a kind's probability from which a matter is asked for beside another one."""

BESIDE_OF_DOCUMENT = 0.2
"""The same of what is asked about a document: one thing too many is told in a few words, and one
too few was asked for in vain. Of 95 examples that ask for several 57 are told all, with 0.35 27."""


@dataclass(frozen=True, slots=True)
class Route:
    """What kind of answer a message wants, which matters of that kind, and how sure that is.

    `computes` is what may have to be computed, whatever the kind is, where a table fits: each
    matter with its probability, likeliest first; empty for nothing.
    """

    kind: Kind
    matters: tuple[str, ...]
    probability: float
    computes: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}/{'+'.join(self.matters)}"


EVIDENCE = Route("evidence", ("fact",), 1.0)
"""The route of a question that a program made, or that has no special way to answer."""

NOTHING = Route("conversation", ("nothing",), 1.0)
"""The route of a message without a letter or a digit."""

REMARK = Route("conversation", ("remark",), 1.0)
"""The route of a message that only tells something."""

SURE_OF_LANGUAGE = 0.6
"""The probability from which a short message is taken to be in a language."""

IN_ANY_LANGUAGE: tuple[Kind, ...] = ("evidence", "overview", "document", "conversation", "command")
"""Kinds that are answered in any language. What other kinds ask is read out of their words, which
is known of English alone."""

OF_FOOTNOTE = Route("command", ("footnote",), 1.0)
"""The route of a message that names a footnote of the last answer by its number, “[2]”."""


class Router:
    """The network, opened when it is first needed, by whichever thread asks first."""

    def __init__(self, embed: Callable[[str], Sequence[float]] | None = None) -> None:
        """Read English; and other languages where `embed` gives a message's vector of e5's."""
        self._english = Lazy(_opened)
        self._foreign = Lazy(lambda: _rows(embed)) if embed else None

    def load(self) -> None:
        """Open the weights now rather than with the first message."""
        self._english()

    @property
    def reads_all(self) -> bool:
        """Whether it reads other languages than English."""
        return self._foreign is not None

    def language(self, message: str) -> str | None:
        """Return the code of the language that a message is in, however short it is.

        None where it is not sure, and where other languages than English are not read.
        """
        if self._foreign is None or not re.search(r"[^\W\d_]", message):
            return None
        codes, probabilities = self._foreign().language(message)
        best = max(range(len(codes)), key=lambda at: probabilities[at])
        return codes[best] if probabilities[best] >= SURE_OF_LANGUAGE else None

    def __call__(self, message: str, *, english: bool = True) -> Route:
        """Tell what kind of answer a message wants; evidence where its language is not read."""
        if not re.search(r"\w", message):
            return NOTHING
        if english:
            return route_of(metadata()["classes"], self._english()(message))
        if self._foreign is None:
            return EVIDENCE
        route = route_of(*self._foreign().asked(message))
        return replace(route, computes=()) if route.kind in IN_ANY_LANGUAGE else EVIDENCE


def route_of(names: Sequence[str], probabilities: Sequence[float]) -> Route:
    """Return the likeliest kind, with its matters, likeliest first; evidence where in doubt."""
    ranked = sorted(zip(probabilities, names, strict=True), reverse=True)
    sums = {kind: sum(p for p, name in ranked if name.startswith(f"{kind}/")) for kind in KINDS}
    computes = tuple((name[8:], p) for p, name in ranked if name.startswith("compute/"))
    computes = computes if sums["compute"] >= COMPUTED else ()
    if sums["evidence"] >= DOUBT:
        return replace(EVIDENCE, probability=sums["evidence"], computes=computes)
    others = [each for each in KINDS if each != "compute"]
    only = sums["compute"] >= ONLY_COMPUTED
    kind = max(KINDS if only else others, key=lambda each: sums[each])
    matters = [(p, name.partition("/")[2]) for p, name in ranked if name.startswith(f"{kind}/")]
    beside = BESIDE_OF_DOCUMENT if kind == "document" else BESIDE
    asked = [name for p, name in matters if p >= beside * sums[kind]] or [matters[0][1]]
    return Route(kind, tuple(asked), sums[kind], computes)


@lru_cache(maxsize=1)
def metadata() -> Any:
    """Return what stands beside the weights: names of classes, and words of requests."""
    return json.loads((WEIGHTS / "router.json").read_text("utf-8"))


@lru_cache(maxsize=len(KINDS) + 1)
def request_words(kind: Requests) -> frozenset[str]:
    """Return the words that requests of a kind have in common, in lower case, whatever they name.

    Those are the words of "give me an overview of the", and none of what follows.
    """
    return frozenset(metadata()["request_words"][kind])


@lru_cache(maxsize=1)
def telling_words() -> Mapping[str, Mapping[str, float]]:
    """Return the words that tell what is to be computed, with the share that each matter has."""
    found: Mapping[str, Mapping[str, float]] = metadata()["telling_words"]
    return found


def _opened() -> Callable[[str], Sequence[float]]:
    """Return what gives a message the probability of each class."""
    from index.weights.onnx import OnnxWeights

    weights = OnnxWeights(WEIGHTS, "router.onnx")

    def probabilities(message: str) -> Sequence[float]:
        [logits] = weights.run(weights.encode(message[:LONGEST]), "classes")
        return _probabilities(logits)

    return lru_cache(maxsize=REMEMBERED)(probabilities)


Told = Callable[[str], tuple[Sequence[str], Sequence[float]]]
"""Tells of a message the names that it may have, and the probability of each."""


class ForeignRows(NamedTuple):
    """What tells the class of a message in any language, and which language it is in."""

    asked: Told
    language: Told


def _rows(embed: Callable[[str], Sequence[float]]) -> ForeignRows:
    """Return what the file of rows tells of a message by its vector."""
    import numpy as np

    rows = np.load(WEIGHTS / FOREIGN_ROWS)
    vector = lru_cache(maxsize=REMEMBERED)(lambda message: np.array(embed(message[:LONGEST])))

    def told(name: str) -> Told:
        classes, weights, biases = (
            rows[f"{name}{part}"] for part in ("classes", "weights", "biases")
        )
        names = classes.tolist()
        return lambda message: (names, _probabilities(weights @ vector(message) + biases))

    return ForeignRows(told(""), told("language_"))


def _probabilities(logits: NDArray[np.float32]) -> Sequence[float]:
    import numpy as np

    raised = np.exp(logits - logits.max())
    found: Sequence[float] = (raised / raised.sum()).tolist()
    return found
