"""Answering a question for all of a kind: every sentence that names one, each thing once.

    List the straits.
    Which missiles are named?
    List everyone who met the minister.

Each sentence near the question is asked by itself, in the singular: "Which strait?" The reader has
learned to find the one answer in a text, and finds it better so than when it is asked for all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import repeat

from index.library import Library
from rag.asking.items import asked_items
from rag.asking.question import Question
from rag.deciding.gate import READ_WEIGHTS, Reading, logit, weigh
from rag.deciding.reader import Reader
from rag.finding.rerank import Reranker
from rag.languages import Mention, content_words, mentions
from rag.languages.english_facts import stem
from rag.listing.chronology import MAX_LISTED, Item, Listing
from rag.quote import Quote

SEARCHED = 50
"""Passages whose sentences are ranked."""

READ = 40
"""Sentences that are read: of the lists that this was tried on, the 30 best hold all that are found
in 200."""

LEAST = -0.4
"""The reader's log-odds from which a sentence names one: lower than for an answer, since the others
in the list speak for it."""

BELOW = 2.25
"""How far below the best sentence, in log-odds, another one may be: chosen on the lists of the set
`whole` that are for development, where 2 to 2.5 is as good."""


def list_items(
    question: str,
    library: Library,
    reranker: Reranker,
    reader: Reader,
    without: Sequence[str] = (),
    limit: int = MAX_LISTED,
) -> Listing | None:
    """Return all of what a question asks for, at most `limit` things, in the order of the texts.

    None where it asks for no list, or where nothing is found: then it is answered like any other.
    Documents `without` are not searched.
    """
    asked = asked_items(question)
    if asked is None:
        return None
    read = _read(asked.one, library, reranker, reader, without)
    if not read:
        return None
    quotes = [each.quote for each in sorted(_of_kind(asked.kind, read), key=_place)]
    items = _items(quotes)
    shown, left = items[:limit], items[limit:]
    told = f"That makes {len(items)}, as counted from these quotes." if asked.counted else None
    notes = [f"Found in {len(quotes)} sentence{'' if len(quotes) == 1 else 's'}."]
    notes += [f"{len(left)} more left out for length."] if left else []
    cited = tuple(quote for item in shown for quote in item.quotes)
    return Listing(cited, " ".join(notes), (told,) if told else (), tuple(shown))


def _read(
    asked: str,
    library: Library,
    reranker: Reranker,
    reader: Reader,
    without: Sequence[str],
) -> list[Reading]:
    """Return the sentences that name one, with the words that do."""
    found = [
        Quote(hit.document, *place, 0.0, hit.passage.heading, dates=hit.passage.dates)
        for hit in library.search(asked, SEARCHED, without)
        for place in hit.passage.sentences
    ]
    scores = reranker.score(asked, [quote.read for quote in found])
    scored = [replace(quote, score=score) for quote, score in zip(found, scores, strict=True)]
    quotes = sorted(scored, key=lambda quote: -quote.score)[:READ]
    reads = reader.read_quotes(asked, quotes)
    weighed = map(weigh, repeat(Question.of(asked)), quotes, reads)
    names = [each for each in mentions(f"and {asked}") if each.kind == "name"]
    readings = [
        (each, logit(READ_WEIGHTS, each.signals))
        for each in weighed
        if each.quote.words and _speaks_of(each.quote, names)
    ]
    least = max(LEAST, max((sure for _, sure in readings), default=LEAST) - BELOW)
    return [each for each, sure in readings if sure >= least]


def _of_kind(kind: str, read: Sequence[Reading]) -> Sequence[Reading]:
    """Return the sentences that say what is listed, "special envoy", where at least half do.

    Else all of them: then they have other words for it.
    """
    words = _stems(kind)
    saying = [each for each in read if _runs_in(words, _stems(each.quote.text))]
    return saying if 2 * len(saying) >= len(read) else read


def _stems(text: str) -> list[str]:
    return [stem(word) for word in re.findall(r"\w+", text.lower())]


def _runs_in(words: Sequence[str], text: Sequence[str]) -> bool:
    """Whether words stand in a text one after the other."""
    starts = range(len(text) - len(words) + 1)
    return any(text[at : at + len(words)] == words for at in starts)


def _speaks_of(quote: Quote, names: Sequence[Mention]) -> bool:
    """Whether a sentence, its paragraph before it, and its heading have the question's names."""
    if not names:
        return True
    before = quote.before.rpartition("\n")[2]
    said = mentions(" ".join(filter(None, (quote.heading, before, quote.text))))
    return all(any(name.same(each) for each in said) for name in names)


def _place(reading: Reading) -> tuple[str, int]:
    return reading.quote.document.added + reading.quote.document.id, reading.quote.start


def _items(quotes: Sequence[Quote]) -> list[Item]:
    """Put the quotes together that name the same: the words of one are among those of the other."""
    items: list[Item] = []
    for quote in quotes:
        for name in _things(" ".join(_BULLET.sub("", quote.words).split())):
            words = content_words(name)
            for at, item in enumerate(items):
                own = content_words(item.words)
                if words <= own or own <= words:
                    items[at] = Item(item.words, tuple(dict.fromkeys((*item.quotes, quote))))
                    break
            else:
                items.append(Item(name, (quote,)))
    return items


_BULLET = re.compile(r"^(?:[-*+•]|\d+\.)\s+")
_NAME = r"(?:the )?[A-Z][\w.’'-]*(?: (?:(?:of|the|de|von) )*[A-Z][\w.’'-]*)*"
_NAMES = re.compile(rf"{_NAME}(?:, {_NAME})*,? and {_NAME}")


def _things(words: str) -> list[str]:
    """Return the things that some words name: each of several names, or else all of it."""
    return re.split(r",? and |, ", words) if _NAMES.fullmatch(words) else [words]
