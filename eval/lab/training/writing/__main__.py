"""Train again the adapter with which the language model writes answers from sentences.

It learns from `examples.jsonl.gz`, next to this module: invented documents with questions, and for
each question the sentences that are given and the answer. One document in eight is held out. FOLDER
keeps a checkpoint, from which the same command resumes, and at the end `writing.gguf`. Then the
command prints the loss on what was held out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from eval.lab.command import run_command
from eval.lab.training.inputs import parse, read_records, reading
from eval.lab.training.standing_alone.adapter import (
    Example,
    example_of,
    learn_and_measure,
    load_model,
    load_tokenizer,
    model_file,
)
from rag.writing.adapters.from_sentences import FILE, messages

EXAMPLES = Path(__file__).parent / "examples.jsonl.gz"
APART = 8
"""One document in so many is held out."""


def main(arguments: Sequence[str]) -> int:
    """Train, write the adapter, and measure it."""
    options = parse(arguments, "eval.lab.training.writing", __doc__, epochs=2.0)
    path = model_file()
    examples = list(_examples(load_tokenizer(path)))
    learn_and_measure(load_model(path), examples, options.folder / FILE, options.epochs)
    return 0


def _examples(tokenizer: PreTrainedTokenizerBase) -> Iterator[tuple[bool, Example]]:
    """Yield each example, with whether it is held out."""
    with reading(EXAMPLES, "holds no examples"):
        documents = read_records(EXAMPLES)
    for at, document in enumerate(documents):
        for asked in document["asked"]:
            given = [document["sentences"][number - 1] for number in asked["given"]]
            prompt = messages(given, asked["question"])
            if "words" in asked:  # The words that answer, if it takes only a few.
                prompt[-1].content = f"{prompt[-1].content}\nWords: {asked['words']}"
            yield at % APART == 0, example_of(tokenizer, prompt, asked["answer"])


if __name__ == "__main__":
    run_command(main)
