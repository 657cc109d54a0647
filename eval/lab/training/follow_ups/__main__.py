"""Train the reader's fourth head again: what does a follow-up need from the turns before it?

It learns from the conversations next to this module and from the files, which are rewritten
follow-ups of CANARD, MTRAG and TREC CAsT. Conversations in a file that --apart names are held out,
and so is one in seven of the others. FOLDER keeps the outputs of the reader's lower half, a
checkpoint, from which the same command resumes, and at the end `reader/`: the reader's weights with
the head added; the other heads stay as they are.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from tokenizers import Encoding
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from eval.lab.command import run_command
from eval.lab.training.branch import (
    RECIPE,
    SHARED,
    Branch,
    States,
    export_branch,
    lower_half,
    read_states,
    train_branch,
)
from eval.lab.training.export import Axes
from eval.lab.training.follow_ups.examples import (
    CONVERSATIONS,
    Example,
    FollowUp,
    Label,
    content,
    load_follow_ups,
)
from eval.lab.training.inputs import parse, read_records, reading, shipped_reader
from eval.lab.training.model import WIDTH, from_weights, tokens_of
from eval.lab.training.routing.network import EVIDENCE, load_examples
from eval.lab.training.train import halved
from index.weights.reader import ReaderWeights, place_tokens, text_tokens
from rag.asking.rewrite import HOWS, ReadEdits, context_of, places, rewritten
from rag.languages.english_words import LINKS

OFTEN = 5
"""Follow-ups that occur more often than this, word for word, mean something else each time."""
WHOLE, ELSEWHERE, REQUESTS = 0.35, 0.2, 0.35
"""The shares of follow-ups from which an example that needs nothing is made as well: their rewrite
in its own conversation, their rewrite after another conversation, and, in their place, a request of
another kind from the router's examples."""
FIRST = 0.25
"""The share that is learned from without the turns before, message and rewrite: then what the
message needs cannot be told, but only that it needs something."""
LONGEST = 384
"""The most tokens of a message with its context."""
POINTING = 128
"""The width in which a place of the message and words of the context are compared."""
UNKNOWN = -100
"""Marks what has no label; PyTorch's cross-entropy ignores it."""


class Edits(Branch):
    """The layers of the head.

    Its outputs are, for each token, the logits of `HOWS`, of `LINKS` and of owning; for each pair
    of tokens, the logits that the words copied to the first begin, and that they end, at the
    second; and one logit that the message needs anything.
    """

    name = "fourth/"
    outputs: Mapping[str, Axes] = {
        "edits": {0: "texts", 1: "tokens"},
        "firsts": {0: "texts", 1: "tokens", 2: "tokens"},
        "lasts": {0: "texts", 1: "tokens", 2: "tokens"},
        "needs": {0: "texts"},
    }

    def __init__(self, shared: int = SHARED) -> None:
        super().__init__(shared)
        self.edits = torch.nn.Linear(WIDTH, len(HOWS) + len(LINKS) + 2)
        self.places = torch.nn.Linear(WIDTH, 2 * POINTING)
        self.words = torch.nn.Linear(WIDTH, 2 * POINTING)
        self.needs = torch.nn.Linear(WIDTH, 1)

    def forward(
        self, hidden: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the outputs of hidden states (texts, tokens, width)."""
        read = self.read(hidden, attention_mask)
        first_to, last_to = self.places(read).chunk(2, dim=-1)
        first, last = self.words(read).chunk(2, dim=-1)
        scale = POINTING**-0.5
        return (
            self.edits(read),
            first_to @ first.transpose(1, 2) * scale,
            last_to @ last.transpose(1, 2) * scale,
            self.needs(self.pooler(read))[:, 0],
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """The labels of a message, at its tokens.

    `copied` are the first and the last token of the words that each label copies, `words` all
    tokens that may be copied.
    """

    at: Sequence[int]
    labels: Sequence[Label]
    copied: Sequence[tuple[int, int]]
    words: Sequence[int]
    needs: bool

    @classmethod
    def of(cls, example: Example, encoded: Encoding) -> Prepared:
        """Find the tokens of an example's places; words that are cut off have no label."""
        words = [int(at) for at in text_tokens(encoded)]
        at = place_tokens(encoded, places(example.message))
        offsets, copied = encoded.offsets, []
        for label in example.labels:
            of = tokens_of(words, offsets, label.place or (0, 0))
            copied.append((of[0], of[-1]) if of else (UNKNOWN, UNKNOWN))
        return cls(at, example.labels, copied, words, example.needs)


def loss(
    branch: Edits, states: States, prepared: Sequence[Prepared], batch: Sequence[int]
) -> torch.Tensor:
    """Return the loss of a batch: the mean of its messages' sums."""
    inputs, messages = states.padded(batch), [prepared[number] for number in batch]
    with halved(torch.device("cpu")):
        edits, *pointed, needs = branch(*inputs)
    hows, links, owns = edits.float().split([len(HOWS), len(LINKS), 2], dim=-1)
    outside = torch.full((len(batch), inputs[0].shape[1]), -1e4)
    for row, each in enumerate(messages):
        outside[row, list(each.words)] = 0.0
    rows = [row for row, each in enumerate(messages) for _ in each.at]
    tokens = [at for each in messages for at in each.at]
    labels = [label for each in messages for label in each.labels]
    copied = torch.tensor([places for each in messages for places in each.copied])
    unknown = copied[:, 0] == UNKNOWN

    def entropy(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return cross_entropy(logits, wanted, reduction="sum")

    def if_known(wanted: Sequence[int]) -> torch.Tensor:
        return torch.tensor(wanted).masked_fill(unknown, UNKNOWN)

    summed = entropy(hows[rows, tokens], torch.tensor([each.how for each in labels]))
    summed = summed + entropy(links[rows, tokens], if_known([each.link for each in labels]))
    summed = summed + entropy(owns[rows, tokens], if_known([int(each.owns) for each in labels]))
    for side, logits in enumerate(pointed):
        summed = summed + entropy(logits.float()[rows, tokens] + outside[rows], copied[:, side])
    needed = torch.tensor([each.needs for each in messages], dtype=torch.float32)
    needing = binary_cross_entropy_with_logits(needs.float(), needed, reduction="sum")
    return (summed + needing) / len(batch)


def main(arguments: Sequence[str]) -> int:
    """Train the head, write the weights, and measure what was held out."""
    command, several = "eval.lab.training.follow_ups", ("files", "--apart")
    options = parse(arguments, command, __doc__, several=several, epochs=6.0)
    reader, made = shipped_reader() / "model.onnx", options.folder / "reader"
    learned, apart = split(options.files, options.apart)
    examples = list(to_learn(learned))
    pairs = [(each.message, each.context) for each in examples]
    branch = Edits()
    branch.start_from(from_weights(reader).bert)
    lower = lower_half(reader, options.folder, LONGEST, "only_second")
    train(
        branch, examples, read_states(pairs, lower, options.folder), options.folder, options.epochs
    )
    export_branch(branch, reader, made)
    lines = describe(apart, ReaderWeights(made).edits)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


def split(
    files: Sequence[Path], kept_apart: Sequence[Path]
) -> tuple[list[FollowUp], list[FollowUp]]:
    """Return the follow-ups of files to learn from, and those that are held out."""
    begun = first_questions(kept_apart)
    learned: list[FollowUp] = []
    apart: list[FollowUp] = []
    for each in load_follow_ups(CONVERSATIONS, *files):
        (apart if each.held_out or each.history[0][1] in begun else learned).append(each)
    return learned, apart


def train(
    branch: Edits, examples: Sequence[Example], states: States, folder: Path, epochs: float
) -> None:
    """Train the head in place, on the lower layers' outputs for the examples."""
    prepared = [Prepared.of(*each) for each in zip(examples, states.encoded, strict=True)]
    recipe = replace(RECIPE, epochs=epochs)
    train_branch(branch, states, partial(loss, branch, states, prepared), folder, recipe)


def first_questions(files: Sequence[Path]) -> set[str]:
    """Return the first messages of the conversations in files, of MTRAG or in the project's format.

    Raises UserError for a file in another format.
    """
    found: set[str] = set()
    for file in files:
        with reading(file, "holds no conversations that can be read"):
            first = [each["turns"][0] for each in read_records(file)]
            found |= {each.get("content") or each["user"] for each in first}
    return found


def to_learn(follow_ups: Sequence[FollowUp]) -> Iterator[Example]:
    """Yield examples from the follow-ups, and some that need nothing, drawn with a fixed seed."""
    rng = random.Random(RECIPE.seed)  # noqa: S311  reproducible
    often = Counter(each.message for each in follow_ups)
    requests = [each.text for each in load_examples() if each.classes[0] != EVIDENCE]
    for each in follow_ups:
        if often[each.message] > OFTEN and each.message != each.alone:
            continue
        context = context_of(each.history)
        example = Example.of(each.message, each.alone, context)
        yield example
        if rng.random() < WHOLE:
            yield Example.of(each.alone, each.alone, context)
        if rng.random() < ELSEWHERE:
            yield Example.of(each.alone, each.alone, context_of(rng.choice(follow_ups).history))
        if rng.random() < REQUESTS:
            request = rng.choice(requests)
            yield Example.of(request, request, context)
        if rng.random() < FIRST:
            yield Example.of(each.message, each.message, "", needs=example.needs)
            yield Example.of(each.alone, each.alone, "")


def describe(apart: Sequence[FollowUp], read: ReadEdits) -> Iterator[str]:
    """Yield figures on held-out follow-ups, a line for each source."""
    for source in dict.fromkeys(each.source for each in apart):
        pairs = [
            (each, rewritten(each.message, each.history, read).first_of_all(each.message))
            for each in apart
            if each.source == source
        ]
        wanted = [(needed(each.message, each.alone), needed(each.message, t)) for each, t in pairs]
        wanted = [(words, put_in) for words, put_in in wanted if words]
        changed = [each.message != text for each, text in pairs if each.alone == each.message]
        right = sum(len(words & put_in) for words, put_in in wanted)
        seen = _share(sum(bool(put_in) for _, put_in in wanted), len(wanted))
        precision = _share(right, sum(len(put_in) for _, put_in in wanted))
        recall = _share(right, sum(len(words) for words, _ in wanted))
        yield (
            f"{source}: {len(wanted)} that need something: seen {seen:.3f}, of the words put in "
            f"precision {precision:.3f}, recall {recall:.3f}; {len(changed)} that need nothing: "
            f"changed {_share(sum(changed), len(changed)):.3f}"
        )


def _share(part: int, whole: int) -> float:
    return part / max(whole, 1)


def needed(message: str, alone: str) -> set[str]:
    """Return the content words that a text has and the message does not have."""
    return content(alone) - content(message)


if __name__ == "__main__":
    run_command(main)
