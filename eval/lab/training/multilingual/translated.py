"""Translated questions and windows of SQuAD's training paragraphs, to ask across languages.

Each line of `translated.jsonl.gz` is a window in one language, with its questions and, for each,
the words that answer it, or none. Lines with the same `id` are the same window. The English line
only says where the window is in SQuAD's training set.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from eval.lab.training.examples import Article, Example, Paragraph
from eval.lab.training.inputs import read_records, reading
from eval.lab.training.multilingual.pairs import Lesson, Untaught
from index.errors import UserError
from index.language import ENGLISH

TRANSLATED = Path(__file__).parent / "translated.jsonl.gz"
HELD = 10
"""One window in so many is for measuring: those whose id is a multiple of it."""
TITLED = 0.5
"""How often the title precedes the text, as it does when the reader is in use."""
ELSEWHERE = 2
"""How many other windows a question is shown with, in any two languages. With few of them, the
network takes any text in another language for an answer."""
LESSONS: frozenset[Lesson] = frozenset(("rank", "label"))

Window = Mapping[str, Any]
Translations = Mapping[str, Window]
"""A window by language code."""


def windows(articles: Iterable[Article] = (), *, held: bool) -> list[Translations]:
    """Return the windows to learn from, or those that are held out.

    The English ones are read from SQuAD's articles, if these are given.
    Raises UserError for other articles.
    """
    by_id = read_translations(TRANSLATED, articles, _in_english)
    return [each for at, each in by_id if (at % HELD == 0) == held]


def read_translations(
    path: Path, articles: Iterable[Article], in_english: Callable[[Window, Paragraph], Window]
) -> list[tuple[int, Translations]]:
    """Return a file's records by id and language, in the order of their ids.

    An English record only has its place in SQuAD's articles: if articles are given, `in_english`
    completes it from the paragraph, else it is left out. Raises UserError for other articles.
    """
    known = {each.title: each for each in articles}
    by_id: defaultdict[int, dict[str, Window]] = defaultdict(dict)
    with reading(path, "holds no translations"):
        records = read_records(path)
    for each in records:
        own = by_id[each["id"]]
        if each["language"] != ENGLISH:
            own[each["language"]] = each
        elif known:
            try:
                paragraph = known[each["article"]].paragraphs[each["paragraph"]]
                own[ENGLISH] = in_english(each, paragraph)
            except (IndexError, KeyError) as error:
                message = f"{each['article']} is not that of SQuAD's training set."
                raise UserError(message) from error
    return sorted(by_id.items())


def _in_english(place: Window, paragraph: Paragraph) -> Window:
    """Return the English window at a place of one of SQuAD's paragraphs."""
    asked = {each["id"]: each for each in paragraph.questions}
    questions = [asked[name] for name in place["asked"]]
    start, end = place["window"]
    return {
        "title": place["article"],
        "text": paragraph.text[start:end],
        "questions": [each["question"] for each in questions],
        "answers": [
            None if each.get("is_impossible") else each["answers"][0]["text"] for each in questions
        ],
    }


def pairs_of(some: list[Translations], rng: random.Random) -> Iterator[Untaught]:
    """Yield each question in English with its window in each other language, and the other way.

    A question in another language comes with its window in English, in its own language or in a
    random one. Both are also mixed with windows that do not answer (ELSEWHERE).
    """
    for each in some:
        others = [language for language in each if language != ENGLISH]
        for at in range(len(each[ENGLISH]["questions"])):
            for language in others:
                yield _pair(each, each, at, (ENGLISH, language), rng)
                asked = rng.choice((ENGLISH, language, rng.choice(others)))
                yield _pair(each, each, at, (language, asked), rng)
                for other in rng.sample(some, ELSEWHERE):
                    if other is not each:
                        mixed = rng.choice(list(each)), rng.choice(list(other))
                        yield _pair(each, other, at, mixed, rng)


def _pair(
    own: Translations, of: Translations, at: int, languages: tuple[str, str], rng: random.Random
) -> Untaught:
    """Make a pair: a question in the first language, and a window in the second."""
    asked, written = (own[languages[0]], of[languages[1]])
    words = written["answers"][at] if own is of else None
    titled = rng.random() < TITLED
    head, english_head = (f"{each['title']}\n" * titled for each in (written, of[ENGLISH]))
    text = head + written["text"]
    start = len(head) + written["text"].index(words) if words else 0
    answer = (start, start + len(words)) if words else None
    example = Example(asked["questions"][at], text, bool(words), answer, kind="translated")
    english = own[ENGLISH]["questions"][at], english_head + of[ENGLISH]["text"]
    return Untaught(example, english, LESSONS)
