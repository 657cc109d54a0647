"""The router: a small network that was trained on examples to tell what answer a message wants.

Its kinds and their matters are defined by the examples alone, `router.jsonl` and `further.jsonl` in
`eval/lab/training/routing/`. To correct a message that is routed wrongly, add a line there and
train again. If the router is unsure, the route is evidence, which most messages want.
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
"""Requests whose wording is known: those of a kind, and those about a footnote."""

WEIGHTS = Path(__file__).parent / "router"
FOREIGN_ROWS = "languages.npz"
"""The file next to the weights with the linear layers that classify messages in other languages."""

LONGEST = 500
"""Characters of a message that are read. Longer messages say what they want at the beginning."""

REMEMBERED = 256
"""Messages whose probabilities are cached: earlier ones are routed again with each new one."""

DOUBT = 0.2
"""The probability of evidence from which it is the route, even if another kind is likelier. Chosen
on examples that the network was not trained on, and on questions of SQuAD's training set."""

COMPUTED = 0.001
"""The probability of a computation from which one is tried, whatever else a message may want. “What
was the total population of Europe in 1952?” is a question of fact if there is no table, and a table
is only computed from if it has all the question's words."""

ONLY_COMPUTED = 0.9
"""The probability of a computation from which it is the route. Below that, the likeliest other kind
is the route, in case no table fits."""

BESIDE = 0.35
"""The share of a kind's probability from which a further matter is wanted as well."""

BESIDE_OF_DOCUMENT = 0.2
"""The same for matters of a document, where one too many costs a few words, and one too few leaves
a question open. Of 95 examples that want several matters, 57 get all of them; with 0.35, 27 do."""


@dataclass(frozen=True, slots=True)
class Route:
    """The kind of answer that a message wants, which matters of that kind, and the probability.

    `computes` lists what may have to be computed if a table fits, whatever the kind is: matters
    with their probabilities, likeliest first.
    """

    kind: Kind
    matters: tuple[str, ...]
    probability: float
    computes: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}/{'+'.join(self.matters)}"


EVIDENCE = Route("evidence", ("fact",), 1.0)
"""The route of a question that a program made, or that no special way answers."""

NOTHING = Route("conversation", ("nothing",), 1.0)
"""The route of a message without a letter or a digit."""

REMARK = Route("conversation", ("remark",), 1.0)
"""The route of a message that only tells something, and wants nothing."""

SURE_OF_LANGUAGE = 0.6
"""The probability from which the language of a short message is trusted."""

IN_ANY_LANGUAGE: tuple[Kind, ...] = ("evidence", "overview", "document", "conversation", "command")
"""Kinds that are answered in any language. Other kinds need the message's words to be parsed, which
only works for English."""

OF_FOOTNOTE = Route("command", ("footnote",), 1.0)
"""The route of a message that names a footnote of the last answer by its number, “[2]”."""


class Router:
    """The network, which is opened when it is first needed."""

    def __init__(self, embed: Callable[[str], Sequence[float]] | None = None) -> None:
        """Read English, and other languages if `embed` is given: it returns e5's vectors."""
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
        """Return the code of a message's language, however short the message is.

        None if that is uncertain, or if this router reads only English.
        """
        if self._foreign is None or not re.search(r"[^\W\d_]", message):
            return None
        codes, probabilities = self._foreign().language(message)
        best = max(range(len(codes)), key=lambda at: probabilities[at])
        return codes[best] if probabilities[best] >= SURE_OF_LANGUAGE else None

    def __call__(self, message: str, *, english: bool = True) -> Route:
        """Return a message's route; evidence if its language is not read."""
        if not re.search(r"\w", message):
            return NOTHING
        if english:
            return route_of(metadata()["classes"], self._english()(message))
        if self._foreign is None:
            return EVIDENCE
        route = route_of(*self._foreign().asked(message))
        return replace(route, computes=()) if route.kind in IN_ANY_LANGUAGE else EVIDENCE


def route_of(names: Sequence[str], probabilities: Sequence[float]) -> Route:
    """Return the likeliest kind, with its matters, likeliest first; evidence if in doubt."""
    ranked = sorted(zip(probabilities, names, strict=True), reverse=True)
    sums = {kind: sum(p for p, name in ranked if name.startswith(f"{kind}/")) for kind in KINDS}
    computes = tuple(
        (name.removeprefix("compute/"), p) for p, name in ranked if name.startswith("compute/")
    )
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
    """Return the router's metadata: the names of its classes, and words of requests."""
    return json.loads((WEIGHTS / "router.json").read_text("utf-8"))


@lru_cache(maxsize=len(KINDS) + 1)
def request_words(kind: Requests) -> frozenset[str]:
    """Return the words that requests of a kind have in common, in lower case.

    They include the words of "give me an overview of the", but not those of the subject after it.
    """
    return frozenset(metadata()["request_words"][kind])


@lru_cache(maxsize=1)
def telling_words() -> Mapping[str, Mapping[str, float]]:
    """Return the words that indicate a computation, with the share that each matter has."""
    found: Mapping[str, Mapping[str, float]] = metadata()["telling_words"]
    return found


def _opened() -> Callable[[str], Sequence[float]]:
    """Open the English network, as a function from a message to the classes' probabilities."""
    from index.weights.onnx import OnnxWeights

    weights = OnnxWeights(WEIGHTS, "router.onnx")

    def probabilities(message: str) -> Sequence[float]:
        [logits] = weights.run(weights.encode(message[:LONGEST]), "classes")
        return _probabilities(logits)

    return lru_cache(maxsize=REMEMBERED)(probabilities)


Told = Callable[[str], tuple[Sequence[str], Sequence[float]]]
"""A classifier: maps a message to the names of the classes, and the probability of each."""


class ForeignRows(NamedTuple):
    """Two classifiers of messages in any language: of the route, and of the language."""

    asked: Told
    language: Told


def _rows(embed: Callable[[str], Sequence[float]]) -> ForeignRows:
    """Return the classifiers of the file, which work on a message's embedding."""
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
