"""Answering a question for all of a kind: every sentence that names one, each thing once.

    List the straits.
    Which missiles are named?
    List everyone who met the minister.

Each sentence that is close to the question is asked by itself, in the singular: "Which strait?" The
reader has learned to find a single answer in a text, which it does better than finding all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import repeat

from index.printable import number_of
from rag.answer import Event
from rag.answerability.gate import ALONE_WEIGHTS, Reading, logit, weigh
from rag.answering.context import Context, Item, Listing
from rag.asking.query import Query
from rag.asking.subject import subject
from rag.finding.quotes import sentence_quotes
from rag.languages import FUNCTION_WORDS, Mention, content_words, mentions
from rag.languages.english_tokens import stem
from rag.languages.english_words import PEOPLE, singular, without_article
from rag.languages.phrases import say
from rag.quote import Quote

SEARCHED = 50
"""Passages whose sentences are ranked."""

READ = 40
"""The most sentences that are read: of the lists that this was tried on, the 30 best contain all
that are found in 200."""

LEAST = -0.4
"""The reader's log-odds from which a sentence names one. It is lower than for an answer, since the
others in the list support it."""

BELOW = 3.5
"""How far below the best sentence, in log-odds, another one may be: chosen on the development lists
of the set `whole`, where 91% of what is cited is evidence and 80% of the evidence is cited. At
2.25, as for the previous reader, these are 90% and 67%; at 4.5, 71% and 80%."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer with everything that a question asks for, in the order of the texts.

    Yields nothing if nothing is found.
    """
    asked = asked_one(query.text)
    read = _read(asked, context) if asked else []
    if not read:
        return
    kind = _head(asked.removeprefix("Which ").rstrip("?")) if asked.startswith("Which") else ""
    quotes = [each.quote for each in sorted(_of_kind(kind, read), key=_place)]
    items = _items(quotes)
    shown, left = items[: context.limit], items[context.limit :]
    count = f"That makes {len(items)}, counted from these quotes."
    remarks = (count,) if "count" in query.route.matters else ()
    notes = [f"Found in {number_of(len(quotes), 'sentence')}."]
    if left:
        notes.append(say(query.language, "left_places", count=len(left)))
    cited = tuple(quote for item in shown for quote in item.quotes)
    yield from context.listed(query, Listing(cited, " ".join(notes), remarks, tuple(shown)))


def asked_one(message: str) -> str:
    """Return the question for a single one of them: “Which strait?” for “straits”.

    Empty if the message names nothing.
    """
    named = subject(message, "items")
    if not named:
        return ""
    start = message.index(named)
    who = re.search(r"(?<=\s)who (?P<did>.*\w)", message, re.IGNORECASE)
    if who and re.fullmatch(rf"(?:(?:{PEOPLE}) )?", message[start : who.start()], re.IGNORECASE):
        return f"Who {who['did']}?"
    if _TOLD_BY.search(named):  # The rest describes them: “where talks took place”.
        named = message[start:].rstrip(" .?!")
    head = _head(named)
    return f"Which {singular(head)}{named[len(head) :]}?"


_TOLD_BY = re.compile(r"\s(?:who|whom|whose|which|that|where)\s", re.IGNORECASE)


def _head(named: str) -> str:
    """Return what is named, without its description: the “cities” of “cities in the north”."""
    words = re.finditer(r"\w+(?:[-'’]\w+)*", named)
    links = FUNCTION_WORDS - {"and", "or"}
    ends = (each.start() for each in words if each[0].casefold() in links)
    return named[: next(ends, len(named))].rstrip()


def _read(asked: str, context: Context) -> list[Reading]:
    """Return the readings of sentences that name one, with the words that do."""
    hits = context.library.search(asked, SEARCHED, context.exclude)
    found = sentence_quotes((hit.document, hit.passage) for hit in hits)
    scored = context.reranker.scored(asked, found)
    quotes = sorted(scored, key=lambda quote: -quote.score)[:READ]
    reads = context.reader.read_quotes(asked, quotes)
    weighed = map(weigh, repeat(Query.of(asked)), quotes, reads)
    names = [each for each in mentions(f"and {asked}") if each.kind == "name"]
    readings = [
        (each, logit(ALONE_WEIGHTS, each.signals))
        for each in weighed
        if each.quote.words and _speaks_of(each.quote, names)
    ]
    least = max(LEAST, max((sure for _, sure in readings), default=LEAST) - BELOW)
    return [each for each, sure in readings if sure >= least]


def _of_kind(kind: str, read: Sequence[Reading]) -> Sequence[Reading]:
    """Return the sentences that say what is listed, "special envoy", if at least half do.

    Otherwise return all of them: the texts have other words for it.
    """
    saying = [each for each in read if _stems(kind) in _stems(each.quote.text)]
    return saying if 2 * len(saying) >= len(read) else read


def _stems(text: str) -> str:
    return " ".join(["", *map(stem, re.findall(r"\w+", text)), ""])


def _speaks_of(quote: Quote, names: Sequence[Mention]) -> bool:
    """Whether a sentence, with the paragraph before it and its heading, has all these names."""
    before = quote.before.rpartition("\n")[2]
    said = mentions(" ".join(filter(None, (quote.heading, before, quote.text))))
    return all(any(name.same(each) for each in said) for name in names)


def _place(reading: Reading) -> tuple[str, int]:
    return reading.quote.document.added + reading.quote.document.id, reading.quote.start


def _items(quotes: Sequence[Quote]) -> list[Item]:
    """Group quotes that name the same: the words of one are among those of the other."""
    items: list[Item] = []
    for quote in quotes:
        said = _BULLET.sub("", quote.words)
        opens = _BULLET.sub("", quote.text).startswith(said)
        for number, named in enumerate(_things(" ".join(said.split()))):
            name = without_article(named, opens=opens and not number)
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
    """Return the things that words name: each of several names, or else the words as a whole."""
    return re.split(r",? and |, ", words) if _NAMES.fullmatch(words) else [words]
