"""Train the adapter further on first messages, before which nothing was said.

    python -m eval.lab.training.standing_alone.first FOLDER --start standing_alone.gguf

In these, people first tell about themselves, and ask after that or only imply a question.
`first.jsonl.gz`, next to this module, has 600 such messages with what they ask; one document in
seven is held out. Some messages of conversations are learned again, so that these are not
forgotten.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from eval.lab.command import run_command
from eval.lab.training.inputs import parse
from eval.lab.training.standing_alone.__main__ import CONVERSATIONS, example_told, told
from eval.lab.training.standing_alone.adapter import (
    RECIPE,
    learn_and_measure,
    load_model,
    load_tokenizer,
    model_file,
)
from rag.writing.adapters.standing_alone import FIRST_FILE

FIRST = Path(__file__).parent / "first.jsonl.gz"
AGAIN = 180
"""How many messages of conversations are learned again."""


def main(arguments: Sequence[str]) -> int:
    """Train, write the adapter, and measure it."""
    command = "eval.lab.training.standing_alone.first"
    options = parse(arguments, command, __doc__, "--start", epochs=2.0)
    path = model_file()
    tokenizer = load_tokenizer(path)
    learned = [each for each in told(CONVERSATIONS) if not each[0].held_out]
    rng = random.Random(RECIPE.seed)  # noqa: S311  reproducible
    asked = [*told(FIRST), *rng.sample(learned, min(AGAIN, len(learned)))]
    examples = [(each.held_out, example_told(each, titles, tokenizer)) for each, titles in asked]
    learn_and_measure(
        load_model(path), examples, options.folder / FIRST_FILE, options.epochs, options.start
    )
    return 0


if __name__ == "__main__":
    run_command(main)
