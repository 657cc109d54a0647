"""Sentences that people have translated, with texts in other languages that hold them or do not.

PAGES has a folder for each language, such as "en-US" and "de-DE", with the same pages of a book in
HTML, as Publican formats them: the Debian Administrator's Handbook (package `debian-handbook`;
CC BY-SA 3.0). Its paragraphs are in the same order in all languages. Only those that have as many
sentences in another language as in English are used.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from lxml import html

from eval.lab.training.corruptions import affirmed, denied
from eval.lab.training.examples import Example
from eval.lab.training.inputs import reading
from eval.lab.training.multilingual.pairs import Lesson, Untaught
from index.errors import UserError
from index.language import ENGLISH, language_of_text
from index.split import sentence_spans

Sentences = tuple[str, ...]
Translations = Mapping[str, Sentences]
"""A paragraph's sentences by language code, as many in each; English is among them."""

SAMPLED = 2
"""How many pairs are made from a paragraph."""
FOREIGN = 0.8
"""How often the text of a pair is not in English; the statement is not half as often."""
SAME = 0.25
"""How often both are in one other language."""
LESSONS: frozenset[Lesson] = frozenset(("rank", "bears_out"))


def pairs_of(pages: Path, rng: random.Random) -> Iterator[Untaught]:
    """Yield statements with texts, each in some language.

    Raises UserError if the folder holds no such pages.
    """
    for paragraphs in read_pages(pages):
        for each in paragraphs:
            for _ in range(SAMPLED):
                yield _pair(each, rng.choice(paragraphs), rng)


def false_pairs_of(pages: Path, rng: random.Random) -> Iterator[Untaught]:
    """Yield English sentences with one denial added or removed, each with the original, translated.

    Raises UserError if the folder holds no such pages.
    """
    for paragraph in (each for paragraphs in read_pages(pages) for each in paragraphs):
        for at, sentence in enumerate(paragraph[ENGLISH]):
            if made := affirmed(sentence) or denied(sentence, rng):
                language = rng.choice(sorted(set(paragraph) - {ENGLISH}))
                example = Example(made, paragraph[language][at], False, kind="parallel")
                yield Untaught(example, (made, sentence), LESSONS)


def _pair(own: Translations, other: Translations, rng: random.Random) -> Untaught:
    """Make a pair: a sentence with a text that holds it, one next to it, or one from elsewhere."""
    at = rng.randrange(len(own[ENGLISH]))
    of = rng.choice((own, own, other))
    here = at if of is own and rng.random() < 0.5 else rng.randrange(len(of[ENGLISH]))
    window = slice(here, here + rng.choice((1, 2)))
    said, language = _languages(own, of, rng)
    statement, text = own[said][at], " ".join(of[language][window])
    english = own[ENGLISH][at], " ".join(of[ENGLISH][window])
    return Untaught(Example(statement, text, False, kind="parallel"), english, LESSONS)


def _languages(own: Translations, of: Translations, rng: random.Random) -> tuple[str, str]:
    foreign = [sorted(set(each) - {ENGLISH}) for each in (own, of)]
    language = rng.choice(foreign[1]) if rng.random() < FOREIGN else ENGLISH
    if language in own and rng.random() < SAME:
        return language, language
    return (rng.choice(foreign[0]) if rng.random() < FOREIGN / 2 else ENGLISH), language


@cache
def read_pages(folder: Path) -> list[list[Translations]]:
    """Return, for each page, the paragraphs that are translated sentence by sentence.

    Raises UserError if there are none.
    """
    english = next(iter(sorted(folder.glob("en*"))), folder)
    found = [_translated(page.name, english, folder) for page in sorted(english.glob("*.html"))]
    if not any(found):
        raise UserError(f"{folder} holds no pages that are translated sentence by sentence.")
    return [each for each in found if each]


def _translated(name: str, english: Path, folder: Path) -> list[Translations]:
    original = _paragraphs(english / name)
    by_paragraph: defaultdict[int, dict[str, Sentences]] = defaultdict(dict)
    for each in sorted(folder.glob(f"*/{name}")):
        code = each.parent.name.partition("-")[0]
        paragraphs = _paragraphs(each)
        if len(paragraphs) != len(original) or each.parent == english:
            continue
        for at, theirs in enumerate(paragraphs):
            # Paragraphs that nobody has translated yet are in English.
            if original[at] != theirs and language_of_text(theirs) == code:
                by_paragraph[at][code] = _sentences(theirs, code)
    made: list[Translations] = []
    for at, languages in sorted(by_paragraph.items()):
        own = _sentences(original[at], ENGLISH)
        same = {code: each for code, each in languages.items() if len(each) == len(own)}
        if same and own:
            made.append({ENGLISH: own, **same})
    return made


def _paragraphs(page: Path) -> list[str]:
    with reading(page, "is no page that can be read"):
        root = html.fromstring(page.read_bytes())
    found: Sequence[html.HtmlElement] = root.xpath("//div[@class='para'][not(.//div)]")
    return [" ".join(each.text_content().split()) for each in found]


def _sentences(text: str, language: str) -> Sentences:
    spans = sentence_spans(text, 0, len(text), language=language)
    return tuple(text[slice(*each)] for each in spans)
