"""Compose an answer: verified sentences, and the quotes that bear them out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from index.printable import repeats_itself
from index.structure import list_of
from rag.answer import AnswerSentence
from rag.answerability.reader import Reader
from rag.asking.query import Query
from rag.languages import content_words, facts, missing_facts, sentence_spans
from rag.quote import Quote
from rag.verifying.attribution import attribute
from rag.verifying.entailment import SUPPORTED, is_entailed

KEPT = 0.5
"""The share of the words that answer from which a sentence says them, if it has all their facts:
the model may phrase them differently."""

LENT = 1
"""The most content words of a sentence that may come from the question instead of the quotes. Of
246 sentences that were written in the talks, eight have more, and three of these say what their
quotes do not (eval/lab/RECORDS.md)."""

SEVERAL = 0.95
"""How surely quotes must entail a sentence if several things are asked for. What the reader marks
is not compared then, and the model may give what it has for one part as the answer to another: the
day of an announcement for that of a delivery (eval/lab/RECORDS.md)."""

MOST_WORDS = 8
"""The most words that are said before their quote. More words are usually only a part of the
answer, such as the end of a list."""


@dataclass(slots=True)
class Composition:
    """The sentences of an answer, and the quotes that they cite, in the order of the footnotes.

    `borne_out` is whether the quotes bear out any part of what the LLM wrote.
    """

    sentences: list[AnswerSentence] = field(default_factory=list)
    citations: list[Quote] = field(default_factory=list)
    borne_out: bool = True

    def cite(self, text: str, quotes: Iterable[Quote]) -> None:
        """Add a supported sentence with its footnotes. A sentence about a count may have none."""
        self.sentences.append(AnswerSentence(text, tuple(map(self._number, quotes)), True))

    def quote(self, quote: Quote) -> None:
        """Add a quote in its own words, instead of sentences that were written from it alone."""
        number = self._number(quote)
        said_less = [at for at, each in enumerate(self.sentences) if each.citations == (number,)]
        place = said_less[0] if said_less else len(self.sentences)
        self.sentences = [each for at, each in enumerate(self.sentences) if at not in said_less]
        whole = AnswerSentence(as_said(quote), (number,), True)
        self.sentences.insert(place, whole)

    def opened(self, particle: str | None) -> Composition:
        """Return the composition with “yes” or “no” before its first supported sentence.

        An answer without one, or that is a list, stays as it is.
        """
        at = next((at for at, each in enumerate(self.sentences) if each.supported), None)
        if not particle or at is None or (first := self.sentences[at]).is_item:
            return self
        sign = ":" if first.text.startswith("“") else "."
        text = f"{particle.capitalize()}{sign} {first.text}"
        sentences = [*self.sentences[:at], replace(first, text=text), *self.sentences[at + 1 :]]
        return replace(self, sentences=sentences)

    def first(self, most: int) -> tuple[Composition, int]:
        """Return the composition with its first supported sentences, and how many are left out."""
        kept, left = Composition(borne_out=self.borne_out), 0
        for each in self.sentences:
            if not each.supported:
                kept.sentences.append(each)
            elif sum(sentence.supported for sentence in kept.sentences) < most:
                kept.cite(each.text, [self.citations[number - 1] for number in each.citations])
            else:
                left += 1
        return kept, left

    def _number(self, quote: Quote) -> int:
        if quote not in self.citations:
            self.citations.append(quote)
        return self.citations.index(quote) + 1


def compose(
    written: str,
    quotes: Sequence[Quote],
    question: Query,
    chosen: Sequence[Quote],
    reader: Reader,
    particle: str | None = None,
) -> Composition:
    """Attribute and verify each sentence that the LLM wrote from the `chosen` quotes, best first.

    "Yes" and "No" are dropped if only the rest of a sentence is proven. They are also dropped if it
    was asked for apart which of them is right: the answer opens with that `particle`, or with none
    if it is empty. A sentence that the quotes do not bear out is kept as unsupported, without
    footnotes and outside the answer's text. So is a sentence that answers with other words than the
    best quote. A chosen quote is added in its own words if the sentences left its answer out, and
    the best one also if no sentence cites it.
    """
    composition = Composition()
    # The quotes that the sentences were written from come first: they win if another says the same.
    places = {quote.span for quote in chosen}
    ordered = [*chosen, *(quote for quote in quotes if quote.span not in places)]
    texts = [quote.model_text for quote in ordered]
    replaced = False
    for each in written_sentences(written, question):
        sentence = each if particle is None else without_particle(each)
        attribution = attribute(sentence, texts, question.text)
        cited = [ordered[at] for at in attribution.quotes]
        supported = attribution.supported
        if supported and _says_another_thing(sentence, cited, question, chosen, reader):
            bare = without_particle(sentence)
            if bare != sentence and not _says_another_thing(bare, cited, question, chosen, reader):
                sentence = bare
            else:
                supported, replaced = False, True
        if not supported:
            composition.sentences.append(AnswerSentence(sentence, (), False))
        elif all(each.text != sentence for each in composition.sentences):
            composition.cite(sentence, cited)  # Without its particle it may equal an earlier one.
    said = " ".join(each.text for each in composition.sentences if each.supported)
    # These do not speak against the quotes: a bare "Yes", which says nothing that could be borne
    # out, and a sentence that was dropped for its words, since another name ("the White House") or
    # other words may mean the same. The answer is then the quote itself.
    composition.borne_out = bool(said) or replaced or not content_words(written)
    for at, quote in enumerate(chosen):
        uncited = at == 0 and quote not in composition.citations
        if uncited or _left_out(quote.words, said, quote.text):
            composition.quote(quote)
            said += f" {quote.text}"
    return composition.opened(particle)


def written_sentences(written: str, question: Query) -> list[str]:
    """Return the written sentences, each on one line, without repetitions: a model may loop."""
    spans = sentence_spans(written, 0, len(written))
    lines = (" ".join(written[start:end].split()) for start, end in spans)
    return list(dict.fromkeys(right_particle(line, question.text) for line in lines))


def _says_another_thing(
    sentence: str, cited: Sequence[Quote], question: Query, chosen: Sequence[Quote], reader: Reader
) -> bool:
    """Whether a sentence is about the wrong thing, or gives another answer than its quotes.

    The quotes must entail it, and have nearly all of its words. It gives another answer if the
    reader marks other words in it than in the quote. The marked words are not compared for yes-no
    questions, since no quote says yes or no, nor if several things are asked for, since each may
    have a sentence of its own: then the quotes must entail it more surely.
    """
    there = content_words("\n".join(map(surroundings, cited)))
    if len(content_words(sentence) - there) > LENT:
        return True
    several = len(chosen) > 1 or question.form.several
    if not is_proven(sentence, cited, question, reader, SEVERAL if several else SUPPORTED):
        return True
    if several or question.form.yes_or_no:
        return False
    [read] = reader.read(question.text, [sentence])
    return not says_the_same(sentence[read.start : read.end], chosen[0].words)


SAME = 0.6
"""The share of the shorter one's content words that two answers must have in common."""


def says_the_same(said: str, meant: str) -> bool:
    """Whether the words that answer in a sentence (`said`) mean those in its quote (`meant`).

    If both have numbers, days or months, those of one must include those of the other: a date may
    or may not have its year. Answers with a number or a day in common mean the same, whatever the
    unit and the other words ("about 20 km", "20 kilometers wide"), unless both have names and none
    in common. Other answers must share most of their words. If the quote has no marked words, there
    is nothing to compare.
    """
    if not meant:
        return True
    one, other = facts(said), facts(meant)
    for mine, theirs in (
        (one.numbers, other.numbers),
        (one.days, other.days),
        (one.months, other.months),
    ):
        if mine and theirs and not (mine <= theirs or theirs <= mine):
            return False
    if bool(one.numbers or one.days) != bool(other.numbers or other.days):
        return False
    if one.numbers & other.numbers or one.days & other.days:
        return not (one.names and other.names) or bool(one.names & other.names)
    these, those = content_words(said), content_words(meant)
    if not these or not those:
        return these == those and bool(one) == bool(other)
    return len(these & those) >= SAME * min(len(these), len(those))


def only_asked(sentence: str, cited: Sequence[Quote], question: str) -> list[str]:
    """Return the names, numbers and dates of a sentence that only the question has.

    The quotes need not have them: "he" may be named shortly before, or in the heading or the title,
    and the year may be given for the whole section. If a fact is in none of these, the sentence
    says of one thing, or of one year, what the source says of another. If the question offers names
    to choose from ("A or B"), those that the sentence repeats must be there as well.
    """
    opening = question.split()[:1]
    found = missing_facts(sentence, [surroundings(quote) for quote in cited])
    return [fact for fact in found if fact not in opening]


def surroundings(quote: Quote) -> str:
    """Return a quote with its context: title, heading, days, and the text before it."""
    days = " to ".join(f"{day:%B} {day.day}, {day.year}" for day in quote.dates or ())
    return "\n".join([quote.title, quote.heading or "", days, quote.before + quote.text])


def right_particle(sentence: str, question: str) -> str:
    """Replace "Yes" by "No" if the sentence then denies what the question asks."""
    opening = re.match(r"yes\b", sentence, re.IGNORECASE)
    denied = re.search(r"(?:\bnot|\bnever|n['’]t)\s+(\w+)", sentence)
    if not opening or not denied or re.search(r"\bnot\b|n['’]t\b", question):
        return sentence
    asked = content_words(denied[1]) & content_words(question)
    return f"No{sentence[opening.end() :]}" if asked else sentence


def without_particle(sentence: str) -> str:
    """Return a sentence without an opening "Yes" or "No", which no source says."""
    particle = re.match(r"(?:yes|no), (?=\w)", sentence, re.IGNORECASE)
    bare = sentence[particle.end() :] if particle else ""
    return bare[:1].upper() + bare[1:] if bare else sentence


def _left_out(words: str, said: str, quote: str) -> bool:
    """Whether the text lacks the words that answer, although their quote has them."""
    own = content_words(words)
    if not own or missing_facts(words, [quote]):
        return False
    return bool(missing_facts(words, [said])) or len(own & content_words(said)) < KEPT * len(own)


def quoted(quotes: Sequence[Quote], sure: bool) -> Composition:
    """Compose an answer of quotes, each after its words that answer if these are `sure`.

    For example: “20 km: “The strait is 20 km wide.”” For a table's row, the cells with their heads
    follow in brackets. Words that are too many to repeat are not put before the quote. A list item
    gets a marker before it.
    """
    composition = Composition()
    for quote in quotes:
        words = " ".join(quote.words.split())
        whole = as_said(quote)
        in_words = sure and 0 < len(words.split()) <= MOST_WORDS
        in_words = in_words and not missing_facts(words, [quote.text])
        sign = item_sign(quote) if len(quotes) > 1 else ""
        told = f"{words} ({whole.rstrip('.')})." if quote.rows else f"{words}: {whole}"
        composition.cite(told if in_words else f"{sign}{whole}", [quote])
    return composition


def is_proven(
    sentence: str,
    cited: Sequence[Quote],
    question: Query,
    reader: Reader,
    least: float = SUPPORTED,
) -> bool:
    """Whether quotes bear out a sentence as a statement about the subject of the question.

    A sentence that repeats itself over and over is never proven.
    """
    if repeats_itself(sentence) or only_asked(sentence, cited, question.text):
        return False
    texts = [quote.model_text for quote in cited]
    return is_entailed(sentence, texts, cited[0].title, reader, least)


def item_sign(quote: Quote) -> str:
    """Return the marker to put before a quote that is a list item: its number, or a bullet."""
    items = list_of(quote.document, quote.start, quote.end)
    labels = [each.label or "•" for each in items if each.start == quote.start]
    return f"{labels[0]} " if labels else ""


def as_said(quote: Quote) -> str:
    """Return a quote on one line in quotation marks, or the rows of a table without such marks."""
    return quote.rows or f"“{' '.join(quote.text.split())}”"
