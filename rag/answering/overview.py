"""Answering "What is it about?" with the sentences that carry a text, in its own words.

    Summarize the article.
    What are the main points of “Red October”?
    Give me an overview of the naval exercises.

Every sentence of what is asked for is weighed, and every part of it is represented: nothing is left
to a language model, which would read the beginning and call it the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np

from index.documents import Document, Passage
from index.library import Library
from index.printable import title_line
from index.structure import structure
from rag.answer import Event
from rag.answering.context import Context, Listing
from rag.asking.query import Query
from rag.asking.subject import in_words, named, subject, wanted
from rag.finding.quotes import POINTS_BACK, sentence_quotes
from rag.languages import content_words, mentions
from rag.languages.english_tokens import names_in
from rag.languages.english_words import counted
from rag.quote import Quote

SHARE = 3
"""An overview has one sentence of three, at most."""

SEARCHED = 50
"""Passages among which the sentences on a topic are looked for."""

ON_TOPIC = -4.0
"""The reranker's logit from which a sentence is on a topic. Of topics that a text does not speak of
all sentences are below -9."""

MOST_WEIGHED = 2000
"""Sentences of a document that are weighed; of a longer one as many, evenly spread, and the note
says so."""

OPENING = 5
"""Sentences at the beginning of a text among which one may say what it is about."""

PART = 15
"""Sentences in a part of a text that has no headings, about."""

BACKWARD = -0.3
"""What likeness to the sentences before takes from a sentence's weight, where likeness to those
after it adds 1: what a section opens with is taken up later (Zheng and Lapata, ACL 2019)."""

FLOOR = 0.3
"""The share of the range of similarities below which sentences have nothing in common."""

ALIKE = 0.88
"""The cosine from which two sentences say the same, so that one of them is left out."""

WORDS = range(8, 46)
"""The length of a sentence that says something by itself and is read at once, in words."""


_LEANS_BACK = re.compile(
    r"^(?:and|but|so|yet|or|also|then|thus|hence|therefore|moreover|meanwhile|nevertheless|still"
    r"|instead|indeed|similarly|likewise|accordingly|another|both|for (?:example|instance)"
    r"|in (?:addition|contrast)|by contrast|as a result|the (?:latter|former|same))\b|\bhowever\b",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(r"\b(?:he|she|they|him|her|them|his|their)\b")
_STATES = re.compile(r"[.!。！][\"”’'»)\]\d]*\s*$")


def stands_alone(text: str) -> bool:
    """Whether a sentence states something that is understood without the one before it."""
    somebody = _SOMEBODY.search(text)
    names = (each.start for each in mentions(text) if each.kind == "name")
    return (
        len(text.split()) in WORDS
        and not POINTS_BACK.match(text)
        and not _LEANS_BACK.search(text)
        and (somebody is None or any(start < somebody.start() for start in names))
        and _STATES.search(text) is not None
    )


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer with the sentences that carry what an overview is asked of.

    That is a document or several, a section, a topic, or all there is; the note says what they
    cover. The sentence that says most comes first, the others in the order of the text. Not for an
    overview of something that the documents do not speak of.
    """
    limit = min(wanted(query.text) or context.limit, context.settings.sentences)
    chosen, note = _chosen(query, context, limit)
    if not chosen:
        return
    quotes = context.reranker.scored(query.text, chosen)
    yield from context.listed(query, Listing(tuple(quotes), note, named=True))


def _chosen(query: Query, context: Context, limit: int) -> tuple[list[Quote], str]:
    """Return the sentences, and the note, of what is named: most particular first."""
    library, titles = context.library, context.titles
    topic = subject(query.text, "overview")
    if section := _prose(library.under(_naming(query.text, topic), context.exclude)):
        return _of_section(section, library, limit)
    documents = named(query.text, titles)
    named_topic = query.route.matters[0] == "topic" or bool(names_in(topic))
    if topic and named_topic and not documents:
        on_topic = _of_topic(topic, context, limit)
        if on_topic[0] or query.route.matters[0] == "topic":
            return on_topic
    read = [library.document(each.id) for each in documents or titles]
    return _of_documents(read, library, limit) if read else ([], "")


def _naming(message: str, topic: str) -> Callable[[str], bool]:
    """Return what tells whether a message is about a heading, or has it in quotation marks."""
    said = f" {in_words(message)} "

    def is_named(heading: str) -> bool:
        words = in_words(heading)
        if not words or f" {words} " not in said:
            return False
        # It may have quotation marks of its own: “The “Three Nos””.
        run = r"\W+".join(words.split())
        if re.search(rf"[\"“‘'«]\W*{run}\W*[\"”’'»]", message.casefold()):
            return True
        own = subject(words, "overview")
        return bool(own) and own == in_words(topic)

    return is_named


# --- what is read, by what is asked for


def _of_documents(
    documents: Sequence[Document], library: Library, count: int
) -> tuple[list[Quote], str]:
    """Return sentences from every part of documents, and the note."""
    shown, left = documents[:count], len(documents) - count
    chosen: list[Quote] = []
    notes: list[str] = []
    shares = shared_out(count, [len(document.text) for document in shown])
    for document, share in zip(shown, shares, strict=True):
        passages = ((document, passage) for passage in library.passages(document.id))
        sentences, thinned = _thinned(_prose(passages))
        parts, covered = in_parts(sentences, share)
        found = carrying(sentences, parts, library, share, _opening(sentences))
        chosen += found
        of = f" of “{title_line(document.title)}”" if len(documents) > 1 else ""
        notes.append(f"{counted(len(found), 'sentence')} from {covered}{of}.{thinned}")
    if left > 0:
        notes.append(f"{counted(left, 'further document')} left out: ask for one by its name.")
    return chosen, " ".join(notes)


def _of_section(
    sentences: Sequence[Quote], library: Library, count: int
) -> tuple[list[Quote], str]:
    """Return the sentences that carry a section, and the note."""
    weighed, thinned = _thinned(sentences)
    chosen = carrying(weighed, [0] * len(weighed), library, count)
    of = counted(len(sentences), "sentence")
    return chosen, f"{len(chosen)} of the section’s {of}.{thinned}"


def _of_topic(topic: str, context: Context, count: int) -> tuple[list[Quote], str]:
    """Return the sentences that say most of a topic, and the note; none where nothing does."""
    hits = context.library.search(topic, SEARCHED, context.exclude)
    found = _prose((hit.document, hit.passage) for hit in hits)
    scored = sorted(context.reranker.scored(topic, found), key=lambda each: -each.score)
    on_topic = [each for each in scored if each.score >= ON_TOPIC]
    ranked = [each for each in on_topic if stands_alone(each.text)] or on_topic
    vectors = context.library.embed(tuple(each.text for each in ranked))
    chosen = [ranked[at] for at in _unlike(range(len(ranked)), vectors, count)]
    documents = list(dict.fromkeys(each.document.id for each in chosen))
    rest = sorted(chosen[1:], key=lambda each: (documents.index(each.document.id), each.start))
    note = f"{len(chosen)} of {counted(len(on_topic), 'sentence')} found on this."
    return [*chosen[:1], *rest], note


def _prose(passages: Iterable[tuple[Document, Passage]]) -> list[Quote]:
    """Return all sentences, but what stands in tables where there is anything else."""
    found = sentence_quotes(passages)
    prose = [each for each in found if not _in_table(each)]
    return prose or found


def _in_table(sentence: Quote) -> bool:
    tables = (each for each in structure(sentence.document) if each.kind == "table")
    return any(each.start <= sentence.start < each.end for each in tables)


def _thinned(sentences: Sequence[Quote]) -> tuple[list[Quote], str]:
    """Return the sentences that are weighed: all, or evenly spread ones, and what to say then."""
    step = -(-len(sentences) // MOST_WEIGHED)
    if step <= 1:
        return list(sentences), ""
    return list(sentences[::step]), f" One sentence of {step} was weighed, since it is long."


# --- what carries it


def _opening(sentences: Sequence[Quote]) -> int | None:
    """Return which of the first sentences says what the title names: it leads an overview."""
    title = content_words(sentences[0].document.own_title) if sentences else set()
    for at, each in enumerate(sentences[:OPENING]):
        if len(title & content_words(each.text)) >= min(2, len(title)) and stands_alone(each.text):
            return at if title else None
    return None


def carrying(
    sentences: Sequence[Quote],
    parts: Sequence[int],
    library: Library,
    count: int,
    lead: int | None = None,
) -> list[Quote]:
    """Return at most `count` sentences that say most, from every part, and none twice.

    The one that says most comes first, or the one that is to `lead`, which is among them then.

    `parts` is the part, from 0 on, that each sentence is of. Sentences are weighed within their
    part, by the position-augmented centrality of Zheng and Lapata (ACL 2019). Those that need the
    one before them are taken only where a part has no other.
    """
    vectors = library.embed(tuple(each.text for each in sentences))
    members = [np.flatnonzero(np.equal(parts, part)).tolist() for part in range(max(parts) + 1)]
    # A chronology is there to be looked up: an entry or two stand for all of it.
    sizes = [sum(sentences[at].dates is None for at in each) for each in members]
    count = min(count, max(len(members), -(-len(sentences) // SHARE)))
    chosen: list[int] = []
    for each, share in zip(members, shared_out(count, sizes), strict=True):
        weights = dict(zip(each, centrality(vectors[each]), strict=True))
        alone = [at for at in weights if stands_alone(sentences[at].text)]
        # A line of names, or of a figure, stands for nothing.
        alone = alone or [at for at in weights if _STATES.search(sentences[at].text)]
        ranked = sorted(alone, key=lambda at: (at != lead, -weights[at]))
        chosen += _unlike(ranked, vectors, share, chosen)
    whole = centrality(vectors)
    chosen = chosen or [int(np.argmax(whole))]
    most = max(chosen, key=lambda at: (at == lead, float(whole[at])))
    return [sentences[at] for at in [most, *sorted(set(chosen) - {most})]]


def _unlike(
    ranked: Sequence[int], vectors: np.ndarray, count: int, chosen: Sequence[int] = ()
) -> list[int]:
    """Return the first `count` that say nothing which one before them, or a chosen one, says."""
    kept: list[int] = []
    for at in ranked:
        said = (float(vectors[at] @ vectors[other]) for other in (*chosen, *kept))
        if len(kept) < count and all(cosine < ALIKE for cosine in said):
            kept.append(at)
    return kept


def centrality(vectors: np.ndarray) -> np.ndarray:
    """Return how much each sentence of a text says of the others, by their vectors, in order."""
    similar = vectors @ vectors.T
    low = float(similar.min())
    high = float(similar[~np.eye(len(similar), dtype=bool)].max(initial=0))
    common = np.maximum(similar - low - FLOOR * (high - low), 0)
    weights: np.ndarray = np.triu(common, 1).sum(1) + BACKWARD * np.tril(common, -1).sum(1)
    return weights


def in_parts(sentences: Sequence[Quote], most: int) -> tuple[list[int], str]:
    """Part a document's sentences by its headings into `most` parts at most; say what they are.

    The number of each sentence's part, from 0 on, is returned. Where even the highest headings are
    too many, or there are none, the parts are as long as each other.
    """
    document = sentences[0].document
    by_passage = _numbered([each.heading for each in sentences])
    levels = sorted({each.level for each in document.headings}, reverse=True)
    divisions = [by_passage] if document.headings else []
    for level in levels:
        starts = [each.start for each in document.headings if each.level <= level]
        before = [sum(start <= each.start for start in starts) for each in sentences]
        divisions.append(_numbered(before))
    for parts in divisions:
        if 1 < parts[-1] + 1 <= most:
            sections = "section" if parts is by_passage else "main section"
            return parts, f"all {counted(parts[-1] + 1, sections)}"
    number = max(min(most, len(sentences) // PART), 1)
    return [at * number // len(sentences) for at in range(len(sentences))], "the whole text"


def _numbered(names: Sequence[object]) -> list[int]:
    """Number runs of the same name, from 0 on."""
    runs = (len(list(run)) for _, run in groupby(names))
    return [number for number, length in enumerate(runs) for _ in range(length)]


def shared_out(count: int, sizes: Sequence[int]) -> list[int]:
    """Share a number out by sizes, at least 1 to each where there are enough (D'Hondt)."""
    shares = [1] * len(sizes)
    for _ in range(count - len(sizes)):
        quotients = [size / (share + 1) for size, share in zip(sizes, shares, strict=True)]
        shares[int(np.argmax(quotients))] += 1
    return shares
