"""Answering "What is it about?" with the sentences that carry a text, in its own words.

    Summarize the article.
    What are the main points of “Red October”?
    Give me an overview of the naval exercises.

Every sentence of what is asked for is weighed, and every part is represented. Nothing is left to a
language model, which would read the beginning and call it the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from math import sqrt

import numpy as np

from index.documents import Document, Passage
from index.language import ENGLISH
from index.language.words import pieces
from index.library import Library
from index.printable import title_line
from index.storage.store import Title
from index.structure import structure
from rag.answer import Event
from rag.answering.context import MAX_LISTED, Context, Listing
from rag.answering.front.front_matter import front_matter
from rag.asking.query import Query
from rag.asking.subject import in_words, named, number_wanted, spoken_of, subject
from rag.finding.choose import without_sign
from rag.finding.quotes import POINTS_BACK, sentence_quotes
from rag.languages import content_words, mentions
from rag.languages.english_tokens import names_in
from rag.languages.english_words import DOCUMENT_WORDS, ORDINALS
from rag.languages.phrases import say
from rag.quote import Quote

SHARE = 3
"""An overview has at most one sentence in this many, apart from its opening."""

SEARCHED = 50
"""Passages that are searched for sentences on a topic."""

ON_TOPIC = -4.0
"""The reranker's logit from which a sentence is on a topic. On topics that a text does not cover,
all sentences are below -9."""

MOST_WEIGHED = 2000
"""The most sentences of a document that are weighed. Of a longer document this many are, evenly
spread, and the note says so."""

MEANS = 0.77
"""The cosine from which a heading means what is asked for. Of 30 wordings of requests for
overviews, those that match a heading are at 0.78 or more, the others below 0.75."""

MOST_HEADINGS = 300
"""The most headings that are compared with what is asked for."""

OPENING = 5
"""The number of sentences at the beginning of a text among which one may say what it is about."""

TELLING = 0.8
"""The first paragraph is the opening if it says at least as much as this share of all runs of as
many sentences. Of seven first paragraphs that are an opening, the share is 0.84 or more, except one
at 0.32; of six that are not, it is 0.86 and 0.95 for two, and less for the others."""

MOST_PARTS = 20
"""The most sections that an overview tells apart; if there are more, it takes those on a higher
level."""

PART = 15
"""The approximate number of sentences in a part of a text without headings."""

OPENED_BY = 2
"""If a number of sentences was asked for, one in this many is from the opening."""

LEAD = 6
"""The most sentences of the opening if no number was asked for: they are read as one."""

ENOUGH = 2
"""If no number was asked for, one sentence in this many of those allowed is enough for a text that
has few parts."""

BRIEF = 3
"""An overview of up to this many sentences takes all of them from the opening, if there is one."""

FORWARD = 0.5
"""The weight of similarity to the surrounding sentences, compared with similarity to the whole text
and to its title: chosen on the development documents of the overviews' bench."""

BACKWARD = -0.3
"""What similarity to the sentences before adds to a sentence's weight, if similarity to those after
it adds 1: what a section opens with is taken up later (Zheng and Lapata, ACL 2019)."""

WITHIN = 1.0
"""How much a sentence's weight within its section counts, compared with its weight in the whole
text."""

FLOOR = 0.3
"""The share of the range of similarities below which sentences have nothing in common."""

ALIKE = 0.75
"""How far, from the mean cosine of a text's sentences to 1, the cosine of two sentences must be for
them to say the same: one of them is left out. With the multilingual embedding, any two sentences
are at 0.8 or more."""

POINT = 4
"""The fewest words of a point on a slide that says something."""

WORDS = range(8, 46)
"""The length, in words, of a sentence that says something by itself and reads at a glance."""

_LEANS_BACK = re.compile(
    r"^(?:and|but|so|yet|or|also|then|thus|hence|therefore|moreover|meanwhile|nevertheless|still"
    r"|instead|indeed|similarly|likewise|accordingly|another|both|for (?:example|instance)"
    r"|in (?:addition|contrast)|by contrast|as a result|that|the (?:latter|former|same|above))\b"
    r"|\bhowever\b",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(r"\b(?:he|she|they|him|her|them|his|their)\b")
_STATES = re.compile(
    r"(?:[.!。！।॥۔။។]|(?<=[\u0e00-\u0eff]))[\"”’'»)\]」』）》\d]*\s*$"  # Thai has no full stop.
)
_OF_ITSELF = re.compile(
    rf"\W*th(?:is|ese) (?:{'|'.join(sorted(DOCUMENT_WORDS))})s?\b", re.IGNORECASE
)
_WORD = re.compile(r"\W*[^\W\d_]+(?:[-’'/][^\W\d_]+)*\W*")

# It begins in lower case, is labelled, or is in quotation marks as a whole.
_NO_SENTENCE = re.compile(
    r"\W*[a-zß-ÿ]|[,;:.)]|(?:\S+\s+){0,2}[^\s:]+:\s|[^\s：，。]{1,6}："
    r"|[\"“«„「『][^\"”»“」』]*[\"”»“」』]$"
)

MOSTLY = 0.7
"""The share of words from which text is not code, a formula or a table row."""


def states(text: str) -> bool:
    """Whether a text is a whole sentence in words, not the end of one, a label, code or a title."""
    found = pieces(text)
    words = [piece for piece in found if _WORD.fullmatch(piece)]
    loud = sum(piece.isupper() for piece in words)
    return (
        _STATES.search(text) is not None
        and len(words) >= MOSTLY * len(found)
        and loud < MOSTLY * len(words)
        and not _NO_SENTENCE.match(text)
    )


def stands_alone(text: str) -> bool:
    """Whether a sentence says something by itself, and reads at a glance."""
    return len(pieces(text)) in WORDS and _is_whole(text)


def _is_whole(text: str) -> bool:
    """Whether a sentence states something that can be understood without the one before it."""
    somebody = _SOMEBODY.search(text)
    names = (each.start for each in mentions(text) if each.kind == "name")
    return (
        states(text)
        and (not POINTS_BACK.match(text) or _OF_ITSELF.match(text) is not None)
        and not _LEANS_BACK.search(text)
        and (somebody is None or any(start < somebody.start() for start in names))
    )


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer with the sentences that carry what an overview is to cover.

    That is one or several documents, a section, a topic, or everything; the note says what they
    cover. Yields nothing if the documents have nothing on it.
    """
    most = context.settings.sentences
    asked = None if context.counted else number_wanted(query)
    counted = context.counted or asked is not None or most < MAX_LISTED
    enough = None if counted else context.limit // ENOUGH
    chosen, note = _chosen(query, context, min(asked or context.limit, most), enough)
    if not chosen:
        return
    quotes = context.reranker.scored(query.text, chosen)
    yield from context.listed(query, Listing(tuple(quotes), note, named=True, headed=True))


def _chosen(
    query: Query, context: Context, limit: int, enough: int | None
) -> tuple[list[Quote], str]:
    """Return the sentences of what is named, and the note; the most specific thing comes first."""
    library, titles = context.library, context.titles
    topic, language = _topic(query), query.language
    if section := _prose(library.under(_naming(query.text, topic), context.exclude)):
        return _of_section(section, library, limit, language)
    documents, is_topic = named(query.text, titles), query.route.matters[0] == "topic"
    if topic and not documents and (is_topic or names_in(topic)):
        on_topic = _of_topic(topic, context, limit, language)
        if on_topic[0] or is_topic:
            return on_topic
    documents = documents or spoken_of(query, titles)
    read = [library.document(each.id) for each in documents or titles]
    if heading := None if is_topic else _heading_near(_matter(topic, documents), read, library):
        ids = {document.id for document in read}
        under = library.under(lambda each: _unnumbered(each) == heading, context.exclude)
        if section := _prose(pair for pair in under if pair[0].id in ids):
            whole = len(section) <= limit
            chosen, note = _of_section(section, library, limit, language, whole=whole)
            return chosen, say(language, "from_heading", heading=title_line(heading), note=note)
    return _of_documents(read, library, limit, language, enough) if read else ([], "")


def _topic(query: Query) -> str:
    """Return the topic that an overview is to cover.

    The wording of requests in other languages is not known. The whole message is the topic if its
    route says that it asks for one; otherwise it has none.
    """
    if query.language == ENGLISH:
        return subject(query.text, "overview")
    return query.text if query.route.matters[0] == "topic" else ""


def _matter(topic: str, documents: Sequence[Title]) -> str:
    """Return what is asked about some documents: the topic without the documents' names."""
    names = " ".join(f"{each.title} {each.name}" for each in documents)
    called = content_words(names) | DOCUMENT_WORDS
    called |= set(ORDINALS) if documents else set()
    return " ".join(word for word in topic.split() if not content_words(word) <= called)


def _heading_near(matter: str, documents: Sequence[Document], library: Library) -> str | None:
    """Return the heading that means what is asked for: “Recommendations” for what to do."""
    headings = [
        _unnumbered(document.text[each.start : each.end])
        for document in documents
        for each in document.headings
    ]
    headings = [each for each in dict.fromkeys(headings) if each][:MOST_HEADINGS]
    if not matter or not headings:
        return None
    likeness = library.embed(tuple(headings)) @ library.embed((matter,))[0]
    best = int(np.argmax(likeness))
    return headings[best] if likeness[best] >= MEANS else None


def _unnumbered(heading: str) -> str:
    return " ".join(heading.split()).lstrip("#0123456789. ")


def _naming(message: str, topic: str) -> Callable[[str], bool]:
    """Return a test of whether a message is about a heading, or has it in quotation marks."""
    said = f" {in_words(message)} "

    def is_named(heading: str) -> bool:
        words = in_words(heading)
        if not words or f" {words} " not in said:
            return False
        # The heading may have quotation marks of its own: “The “Three Nos””.
        run = r"\W+".join(words.split())
        if re.search(rf"[\"“„‘'«「『《]\W*{run}\W*[\"”“’'»」』》]", message.casefold()):
            return True
        own = subject(words, "overview")
        return bool(own) and own == in_words(topic)

    return is_named


# --- what is read, by what is asked for


def _of_documents(
    documents: Sequence[Document], library: Library, count: int, language: str, enough: int | None
) -> tuple[list[Quote], str]:
    """Return sentences from every part of the documents, and the note.

    Adjacent ones become one quote. For `enough` see `carrying`.
    """
    shown, left = documents[:count], len(documents) - count
    chosen: list[Quote] = []
    notes: list[str] = []
    several = len(library.titles()) > 1
    # A long document gets more sentences, but does not crowd out a short one.
    shares = shared_out(count, [sqrt(len(document.text)) for document in shown])
    for document, share in zip(shown, shares, strict=True):
        passages = ((document, passage) for passage in library.passages(document.id))
        sentences, thinned = _thinned(_prose(passages), language)
        parts, called = in_parts(sentences, MOST_PARTS)
        found = carrying(
            sentences, parts, library, share, document, None if len(shown) > 1 else enough
        )
        chosen += map(without_sign, joined(found))
        part_of = dict(zip((each.span for each in sentences), parts, strict=True))
        covered = _covered({part_of[each.span] for each in found}, parts[-1] + 1, called, language)
        number = say(language, "sentences", count=len(found))
        said = {"sentences": number, "parts": covered, "title": title_line(document.title)}
        notes.append(say(language, "from_parts_of" if several else "from_parts", **said) + thinned)
    if left > 0:
        notes.append(say(language, "left_documents", count=left))
    return chosen, " ".join(notes)


def _covered(shown: Collection[int], parts: int, called: str, language: str) -> str:
    """Say in words what an overview covers."""
    if not called:
        return say(language, "whole_text")
    if len(shown) == parts:
        return say(language, f"all_{called}s", count=parts)
    return say(language, f"some_{called}s", shown=len(shown), count=parts)


def _of_section(
    sentences: Sequence[Quote], library: Library, count: int, language: str, *, whole: bool = False
) -> tuple[list[Quote], str]:
    """Return the sentences that carry a section, or the `whole` of it, and the note."""
    weighed, thinned = _thinned(sentences, language)
    chosen = weighed if whole else carrying(weighed, [0] * len(weighed), library, count)
    note = say(language, "of_section", chosen=len(chosen), count=len(sentences))
    return chosen, note + thinned


def _of_topic(topic: str, context: Context, count: int, language: str) -> tuple[list[Quote], str]:
    """Return the sentences that say most about a topic, and the note; none if nothing does."""
    hits = context.library.search(topic, SEARCHED, context.exclude)
    found = _prose((hit.document, hit.passage) for hit in hits)
    scored = sorted(context.reranker.scored(topic, found), key=lambda each: -each.score)
    on_topic = [each for each in scored if each.score >= ON_TOPIC]
    ranked = [each for each in on_topic if stands_alone(each.text)] or on_topic
    vectors = context.library.embed(tuple(each.text for each in ranked))
    chosen = [ranked[at] for at in _unlike(range(len(ranked)), vectors, count)]
    documents = list(dict.fromkeys(each.document.id for each in chosen))
    rest = sorted(chosen[1:], key=lambda each: (documents.index(each.document.id), each.start))
    note = say(language, "on_topic", chosen=len(chosen), count=len(on_topic))
    return [*chosen[:1], *rest], note


def _prose(passages: Iterable[tuple[Document, Passage]]) -> list[Quote]:
    """Return all sentences, except those in tables if there are any others."""
    found = sentence_quotes(passages)
    prose = [each for each in found if not _in_table(each)]
    return prose or found


def _in_table(sentence: Quote) -> bool:
    tables = (each for each in structure(sentence.document) if each.kind == "table")
    return any(each.start <= sentence.start < each.end for each in tables)


def _thinned(sentences: Sequence[Quote], language: str) -> tuple[list[Quote], str]:
    """Return the sentences to weigh, all or an even sample, and what the note says of sampling."""
    step = -(-len(sentences) // MOST_WEIGHED)
    if step <= 1:
        return list(sentences), ""
    kept = [*sentences[:PART], *sentences[PART::step]]  # The opening is not sampled.
    return kept, " " + say(language, "weighed", step=step)


# --- what carries it


def _leading(document: Document, sentences: Sequence[Quote], weights: np.ndarray) -> list[int]:
    """Return the positions of the sentences that open an overview.

    They are the text's own abstract, if it has one. Otherwise they are the first paragraph, if it
    says more of the text than most of it does, or else the one of the first sentences that says
    what the title names.
    """
    places = front_matter(document, "abstract")
    abstract = [
        at
        for at, each in enumerate(sentences)
        if any(start <= each.start and each.end <= end for start, end in places)
    ]
    if abstract:
        return abstract
    first = next((at for at, each in enumerate(sentences[:OPENING]) if states(each.text)), 0)
    paragraph = [first]
    for at in range(first + 1, len(sentences)):
        if not _follows(sentences[at], sentences[at - 1]):
            break
        paragraph.append(at)
    means = np.convolve(weights, np.ones(len(paragraph)) / len(paragraph), "valid")
    if len(paragraph) > 1 and np.mean(means <= means[first]) >= TELLING:
        return paragraph
    title = content_words(document.own_title)
    for at, each in enumerate(sentences[:OPENING] if title else ()):
        if len(title & content_words(each.text)) >= min(2, len(title)) and stands_alone(each.text):
            return [at]
    return []


def _follows(sentence: Quote, before: Quote) -> bool:
    """Whether a sentence directly follows another one, in the same paragraph or item."""
    between = sentence.document.text[before.end : sentence.start]
    apart = between.strip() or between.count("\n") > 1 or sentence.heading != before.heading
    same = sentence.document.id == before.document.id and sentence.dates == before.dates
    return same and not apart and without_sign(sentence) == sentence


def joined(sentences: Iterable[Quote]) -> list[Quote]:
    """Join adjacent sentences, so that they are quoted as they are in the text."""
    made: list[Quote] = []
    for each in sentences:
        if made and _follows(each, made[-1]):
            made[-1] = replace(made[-1], end=each.end)
        else:
            made.append(each)
    return made


def opened(
    leading: Sequence[int], sentences: Sequence[Quote], weights: np.ndarray, count: int
) -> list[int]:
    """Choose at most `count` of the leading sentences, the first and the best, in the text's order.

    A sentence that cannot be understood by itself takes the one before it along.
    """
    chosen: set[int] = set()
    for at in sorted(leading, key=lambda at: (at != leading[0], -weights[at])):
        start = at
        while start - 1 in leading and not _is_whole(sentences[start].text):
            start -= 1
        run = chosen | set(range(start, at + 1))
        if len(run) <= count and all(states(sentences[each].text) for each in run):
            chosen = run
    return sorted(chosen)


def carrying(
    sentences: Sequence[Quote],
    parts: Sequence[int],
    library: Library,
    count: int,
    document: Document | None = None,
    enough: int | None = None,
) -> list[Quote]:
    """Return the sentences that say most, in the text's order and without repetition.

    There are `count` at most. For a whole `document`, they include its opening, and some sentences
    of every part: `parts` gives the number of each sentence's part, from 0 on. A part may be left
    out if it has fewer than `SHARE` sentences, or if none of them can represent it. What the parts
    do not use goes to the best sentences of all. If no number was asked for, adjacent sentences of
    the opening count as one, and `enough` of them suffice unless there are more parts.
    """
    vectors = library.embed(tuple(each.text for each in sentences))
    weights = importance(vectors, library.embed((_titled(sentences),))[0])
    alone = {at for at, each in enumerate(sentences) if stands_alone(each.text) or _is_point(each)}
    leading = _leading(document, sentences, weights) if document else []

    def best(of: Iterable[int], most: int) -> list[int]:
        among = sorted(set(of) - set(chosen))
        fit = [at for at in among if at in alone] or [
            at for at in among if states(sentences[at].text)
        ]
        return _unlike(sorted(fit, key=lambda at: -weights[at]), vectors, most, chosen)

    # A chronology is there to be looked up: an entry or two represent all of it.
    undated = [at for at, each in enumerate(sentences) if each.dates is None]
    members = [np.flatnonzero(np.equal(parts, part)).tolist() for part in range(max(parts) + 1)]
    members = [each for each in members if len(each) >= SHARE]
    brief = count <= BRIEF
    count = min(count, max(len(members), -(-len(sentences) // SHARE)))
    most = count if brief else min(LEAD, count) if enough else -(-count // OPENED_BY)
    chosen = opened(leading, sentences, weights, most)
    others = [each for each in members if not set(each) & set(chosen)]
    if enough and not brief:
        pieces = len(joined(sentences[at] for at in chosen))
        count = min(count, max(len(others) + pieces, enough)) + len(chosen) - pieces
    sizes = [len(set(each) & set(undated)) for each in others]
    offered: list[int] = []
    for each, share in zip(others, shared_out(count - len(chosen), sizes), strict=True):
        own = [sentences[at] for at in each]
        heading = library.embed((_titled(own),))[0]
        weights[each] += WITHIN * importance(vectors[each], heading)
        offered += best(each, share)
    chosen += best(offered, count - len(chosen))
    chosen += best(undated, count - len(chosen))
    return [sentences[at] for at in sorted(chosen or [int(np.argmax(weights))])]


def _is_point(sentence: Quote) -> bool:
    """Whether it is a point on a slide, which has few words and no full stop."""
    is_slide = sentence.document.page_kind == "slide"
    words = (len(re.findall(r"\w+", piece)) for piece in pieces(sentence.text))
    return is_slide and sum(words) >= POINT


def _titled(sentences: Sequence[Quote]) -> str:
    """Return the heading that sentences are under, or the title if they are under several."""
    headings = {each.heading for each in sentences}
    heading = headings.pop() if len(headings) == 1 else None
    return heading or sentences[0].document.own_title


def importance(vectors: np.ndarray, title: np.ndarray) -> np.ndarray:
    """Return how much each sentence says of the text as a whole, by vectors, in the text's order.

    That is its similarity to the text's mean, to its title, and to the sentences around it.
    """
    likeness = (vectors @ vectors.mean(0), vectors @ title, centrality(vectors))
    scales = (1.0, 1.0, FORWARD)
    weights: np.ndarray = sum(
        (scale * _standard(each) for scale, each in zip(scales, likeness, strict=True)),
        np.zeros(len(vectors)),
    )
    return weights


def _standard(values: np.ndarray) -> np.ndarray:
    """Return how many standard deviations each value is from the mean."""
    scaled: np.ndarray = (values - values.mean()) / (values.std() or 1)
    return scaled


def _unlike(
    ranked: Sequence[int], vectors: np.ndarray, count: int, chosen: Sequence[int] = ()
) -> list[int]:
    """Return the first `count` that do not repeat one before them, or one already chosen."""
    kept: list[int] = []
    mean = float((vectors @ vectors.T).mean()) if ranked else 0.0
    alike = mean + ALIKE * (1 - mean)
    for at in ranked:
        said = (float(vectors[at] @ vectors[other]) for other in (*chosen, *kept))
        if len(kept) < count and all(cosine < alike for cosine in said):
            kept.append(at)
    return kept


def centrality(vectors: np.ndarray) -> np.ndarray:
    """Return how much each sentence has in common with the others, by their vectors, in order."""
    similar = vectors @ vectors.T
    low = float(similar.min())
    high = float(similar[~np.eye(len(similar), dtype=bool)].max(initial=0))
    common = np.maximum(similar - low - FLOOR * (high - low), 0)
    weights: np.ndarray = np.triu(common, 1).sum(1) + BACKWARD * np.tril(common, -1).sum(1)
    return weights


def in_parts(sentences: Sequence[Quote], most: int) -> tuple[list[int], str]:
    """Divide a document's sentences, by its headings, into at most `most` parts.

    Returns the number of each sentence's part, from 0 on, and what the parts are called. If even
    the highest headings are too many, or there are none, the parts are of equal length and have no
    name.
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
            return parts, "section" if parts is by_passage else "main_section"
    number = max(min(most, len(sentences) // PART), 1)
    return [at * number // len(sentences) for at in range(len(sentences))], ""


def _numbered(names: Sequence[object]) -> list[int]:
    """Number runs of the same name, from 0 on."""
    runs = (len(list(run)) for _, run in groupby(names))
    return [number for number, length in enumerate(runs) for _ in range(length)]


def shared_out(count: int, sizes: Sequence[float]) -> list[int]:
    """Divide a number in proportion to sizes, at least 1 each if there are enough (D'Hondt)."""
    shares = [1] * len(sizes)
    for _ in range(count - len(sizes) if sizes else 0):
        quotients = [size / (share + 1) for size, share in zip(sizes, shares, strict=True)]
        shares[int(np.argmax(quotients))] += 1
    return shares
