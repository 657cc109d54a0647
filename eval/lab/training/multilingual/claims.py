"""Train again the head that tells whether a text bears a statement out, each in any language.

It is the head of `eval.lab.training.claims`, on the reader of all languages. It learns from some
of the same English statements, from a translated book (see `parallel.py`) with English sentences
that are made false by rule, and from `judged.jsonl.gz`: statements on paragraphs of SQuAD's
training set, both in seven languages. FOLDER keeps the examples, the outputs of the lower layers
for them, a checkpoint, from which the same command resumes, and at the end `reader.onnx`: the
reader of all languages with this head replaced and the others as they are.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from eval.lab.command import run_command
from eval.lab.training import claims
from eval.lab.training.branch import RECIPE, put_on, train_branch
from eval.lab.training.examples import Article, Paragraph, load_squad
from eval.lab.training.inputs import keep, parse, sha256_of
from eval.lab.training.multilingual import parallel
from eval.lab.training.multilingual.__main__ import BEARS_OUT, of_statements, shipped, some_of
from eval.lab.training.multilingual.model import SHARED, begin
from eval.lab.training.multilingual.pairs import Taught, Teachers
from eval.lab.training.multilingual.translated import Translations, Window, read_translations
from eval.lab.training.statements import Statement
from index.language import ENGLISH
from index.weights.catalogue import MULTILINGUAL
from index.weights.download import model_folder
from index.weights.multilingual import READER, MultilingualNetwork
from index.weights.reader import ReaderWeights
from rag.config import load_settings

JUDGED = Path(__file__).parent / "judged.jsonl.gz"
SEED = 2037
SHARES = {"written statement": 6_000, "statement": 9_000, "parallel": 7_000}
"""The most pairs of each kind that are learned from."""
MIXED = 14
"""In how many of the 49 pairs of languages each statement on a translated paragraph is learned."""
HELD = 6
"""One translated paragraph in so many is for measuring: those whose id is a multiple of it."""
ALL = 49
WHO: Mapping[str, Callable[[str, str], bool]] = {
    "in the text's language": lambda said, written: said == written,
    "in English, of another": lambda said, written: said == ENGLISH != written,
    "in another, of English": lambda said, written: written == ENGLISH != said,
    "two others": lambda said, written: ENGLISH not in (said, written) and said != written,
}
MEASURED = 1_500
"""How many held-out English statements are measured on."""


def judged(articles: Iterable[Article], *, held: bool) -> list[Translations]:
    """Return the translated paragraphs with statements to learn from, or those held out.

    The English ones are read from SQuAD's articles, if these are given.
    Raises UserError for other articles.
    """

    def in_english(place: Window, paragraph: Paragraph) -> Window:
        return {**place, "title": place["article"], "text": paragraph.text}

    by_id = read_translations(JUDGED, articles, in_english)
    return [each for at, each in by_id if (at % HELD == 0) == held]


def statements_of(
    some: Iterable[Translations], mixed: int, rng: random.Random
) -> Iterator[Statement]:
    """Yield each statement with its paragraph in so many pairs of languages, or in all there are.

    The kind is the two language codes: “en de” for a statement in English on a text in German.
    """
    for each in some:
        pairs = [(said, written) for said in each for written in each]
        for at in range(len(next(iter(each.values()))["statements"])):
            for said, written in rng.sample(pairs, min(mixed, len(pairs))):
                text, label = each[said]["statements"][at]
                titled = f"{each[written]['title']}\n{each[written]['text']}"
                yield Statement(text, titled, label, f"{said} {written}")


def main(arguments: Sequence[str]) -> int:
    """Make examples, train the head, write the network, and measure what was held out."""
    command, needed = "eval.lab.training.multilingual.claims", ("--squad", "--claims", "--pages")
    options = parse(arguments, command, __doc__, *needed, epochs=1.0)
    folder, published = options.folder, model_folder(MULTILINGUAL, load_settings().models)
    reader, made = shipped(), folder / READER
    english, apart = claims.prepare(folder / "statements", options.squad, options.claims)
    articles = load_squad(options.squad)
    sources = {"squad": sha256_of(options.squad), "judged": sha256_of(JUDGED), "shares": SHARES}
    make = partial(_make, english, articles, options.pages)
    [taught] = keep([folder / "train.jsonl"], Taught, sources, make)
    branch = claims.BearsOut(SHARED)
    pairs = [(each.example.question, each.example.text) for each in taught]
    states = begin(branch, reader, pairs, folder)
    loss = partial(claims.loss, branch, states, torch.tensor([each.bears_out for each in taught]))
    train_branch(branch, states, loss, folder, replace(RECIPE, epochs=options.epochs))
    put_on(branch, reader, made)
    rng = random.Random(SEED)  # noqa: S311  reproducible
    measured = statements_of(judged(articles, held=True), ALL, rng)
    network = ReaderWeights(MultilingualNetwork(published, made))
    some = rng.sample(apart, min(MEASURED, len(apart)))
    for lines in (claims.describe(some, network), describe(list(measured), network)):
        sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


def _make(
    english: Sequence[Statement], articles: Sequence[Article], pages: Path
) -> tuple[list[Taught]]:
    rng = random.Random(SEED)  # noqa: S311  reproducible
    translated = [*parallel.pairs_of(pages, rng), *parallel.false_pairs_of(pages, rng)]
    kinds = {**of_statements(english), "parallel": translated}
    made = [each for kind, some in kinds.items() for each in some_of(some, SHARES[kind], rng)]
    judged_ones = list(statements_of(judged(articles, held=False), MIXED, rng))
    made += of_statements(judged_ones)["statement"]
    rng.shuffle(made)
    only = [replace(each, lessons=BEARS_OUT) for each in made]
    return (Teachers(load_settings().models).teach(only),)


def describe(statements: Sequence[Statement], reader: ReaderWeights) -> Iterator[str]:
    """Yield how well statements on translated paragraphs are judged, by both their languages."""
    labelled = list(claims.labelled(statements, reader))
    for name, own in WHO.items():
        pairs = [(each.label, label) for each, label in labelled if own(*each.kind.split())]
        wrong = [label for true, label in pairs if true != "supported"]
        right = [label for true, label in pairs if true == "supported"]
        yield (
            f"{name}: balanced accuracy of supported {claims.balanced(pairs):.3f}, taken for "
            f"contradicted {right.count('refuted') / max(len(right), 1):.3f} of the true, for "
            f"supported {wrong.count('supported') / max(len(wrong), 1):.3f} of the others, "
            f"n = {len(pairs)}"
        )


if __name__ == "__main__":
    run_command(main)
