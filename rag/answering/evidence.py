"""Answering a question by evidence: quotes are found and read, and decide whether to answer."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from index.language import ENGLISH, language_of_text
from index.library import Hit
from rag.answer import Answer, Event, Found, Reason, Searching, Writing
from rag.answerability.gate import (
    DOUBT,
    REREAD_DOUBT,
    SURE_WORDS_OF_ALL,
    THRESHOLD_OF_ALL,
    Decision,
    Reading,
)
from rag.answerability.reader import Reader
from rag.answering.context import Context, around, read_together, weighed
from rag.answering.meaning.unclear import ask_back, meant
from rag.answering.meaning.written import MADE_WHOLE, is_filled_in, is_said, request, written
from rag.answering.subquestions import answer_parts, joined_in
from rag.asking.query import FACT_KINDS, UNLIKELY, Query
from rag.finding.choose import Together, choose
from rag.finding.quotes import POINTS_BACK
from rag.quote import Quote
from rag.verifying.attribution import MAX_CITED
from rag.verifying.compose import Composition, compose, item_sign, quoted
from rag.verifying.prose import Prose
from rag.writing.failures import LLMUnavailable
from rag.writing.llm import Writer

ASKED = 2
"""The most quotes that the language model reads too if the reader is in doubt: each takes two
seconds or more."""

SEARCHED = 2
"""Interpretations of a message that are searched for, in addition to the language model's."""

BY_EXAMPLES = 0.5
"""How likely a message is meant as a model writes it that was only given examples, if the message
surely needs context; otherwise proportionally less."""


def answer(query: Query, context: Context) -> Iterator[Event]:
    """Answer from the quotes that hold the answer, or refuse. Any question may go this way.

    If the answer is uncertain, the message as the language model writes it may turn out not to be a
    question of fact.
    """
    first, decision = read_each(query, context)
    found = _with_read(context.find(first.text), decision)
    context.run.time("first_quote_s")
    yield Found(_marked(found, decision))
    # A message of another kind came here after its own way had nothing: its request is known.
    is_open = not _is_sure(decision) and query.route.kind in FACT_KINDS
    if is_open and (asked := request(query, context)):
        yield from context.ask(asked)
        return
    query, decision = _made_whole(query, first, decision, context) or (first, decision)
    found = _with_read(context.find(query.text), decision)
    if query.text != first.text:
        yield Searching(query.text)
        yield Found(_marked(found, decision))
    decision = _ask_where_in_doubt(decision, query, context)
    quotes = _marked(_with_read(found, decision), decision)
    if not decision.answerable:
        yield from _in_parts(first, context) or [
            context.answer(query, Composition(), quotes, "not_in_sources", decision=decision)
        ]
        return
    if len(choices := meant(query, decision, context)) > 1:
        yield from ask_back(query, context, choices, quotes, decision)
        return
    composition, chosen = None, _chosen(query, context, decision)
    particle = _particle(query, context, chosen.chosen)
    steps = not decision.words_are_sure and any(map(item_sign, chosen.chosen))
    # A row alone is shown with its heads: the head for statements has not learned to prove cells.
    writes = decision.words_are_sure or len(chosen.read) > 1 or not chosen.read[0].rows
    writes = writes and not steps and _can_be_checked(query, chosen.read)
    if writes and (writer := context.writer):
        try:
            if decision.words_are_sure:
                write = _sentence(query, context, writer, quotes, chosen.chosen, particle)
            else:
                write = _prose(query, context, writer, chosen, particle)
            composition = yield from write
        except LLMUnavailable as error:
            context.run.fail(error)
    if composition is None:
        composition = quoted(chosen.chosen, decision.words_are_sure).opened(particle)
        reason: Reason | None = "llm_unavailable" if context.run.llm_failed else None
        yield context.answer(query, composition, quotes, reason, decision=decision)
    elif composition.borne_out or decision.sure:
        yield context.answer(query, composition, quotes, decision=decision)
    else:
        nothing = Composition(borne_out=False)
        yield context.answer(query, nothing, quotes, "not_in_sources", decision=decision)


def _can_be_checked(query: Query, quotes: Sequence[Quote]) -> bool:
    """Whether text written from the quotes can be verified against them: only in English.

    Otherwise, the quotes themselves are the answer.
    """
    foreign = (language_of_text(quote.text) not in (None, ENGLISH) for quote in quotes)
    return query.language == ENGLISH and not any(foreign)


def _in_parts(query: Query, context: Context) -> list[Event]:
    """Answer the questions that “and” joins into one: what the sources say, and what they do not.

    Returns nothing if the message is a single question, or if none of its questions is answered.
    """
    parts = joined_in(query)
    events = list(answer_parts(query, context, parts)) if parts else []
    return [] if any(isinstance(each, Answer) and each.refused for each in events) else events


def read_each(
    query: Query, context: Context, *, searched: int = SEARCHED, by_answers: bool | None = None
) -> tuple[Query, Decision]:
    """Read a message in each interpretation, and return the likeliest one that is answered.

    Its likelihood is the probability that it is meant, times the probability that it is answered
    then. Over all interpretations together, the message has to be answered as surely. All are read
    in what is found for the first `searched` of them. For `by_answers` see `Decision`; by default,
    it is set if the message may stand alone.
    """
    ways = (query, *query.others)
    if len(ways) == 1:
        return query, read(query, context)
    found = (context.find(each.text)[: context.settings.quotes] for each in ways[:searched])
    pool = list({quote.span: quote for quotes in found for quote in quotes}.values())
    decided = [(each, _decided(each, pool, context)) for each in ways]
    by_answers = query.may_stand_alone if by_answers is None else by_answers
    return likeliest(list(_beside_others(decided, by_answers=by_answers)))


def _beside_others(
    decided: Sequence[tuple[Query, Decision]], *, by_answers: bool
) -> Iterator[tuple[Query, Decision]]:
    """Yield each interpretation with its decision, which takes the others into account."""
    for way, decision in decided:
        others = [(each.share, found.probability) for each, found in decided if each is not way]
        beside = replace(decision, share=way.share, others=tuple(others), by_answers=by_answers)
        yield way, beside


def _is_sure(decision: Decision) -> bool:
    """Whether the message is surely answered as it has been understood so far."""
    return decision.answerable and decision.sure


def _made_whole(
    query: Query, first: Query, decision: Decision, context: Context
) -> tuple[Query, Decision] | None:
    """Read a message also as the standalone question that the language model makes of it.

    `first` is the interpretation that is decided on so far. The model is asked if the answer is
    uncertain, if the message has a preamble, or if words were only filled in. One that has not
    learned it is asked only in doubt, about messages that may need context. The text is not used if
    it has names or numbers that nobody said, or if it adds nothing although something is missing.
    Instead of a sure answer to what was filled in, only another sure answer is taken.
    """
    would_do = _is_sure(decision) and not query.has_preamble
    if would_do and not is_filled_in(first):
        return None
    text = written(query, context, learned=would_do or BY_EXAMPLES * query.need < UNLIKELY)
    if not text or not (writer := context.writer) or not is_said(text, query, context):
        return None
    also = query.also(text, MADE_WHOLE if writer.stands_alone else BY_EXAMPLES * query.need)
    puts_in = also.text != query.typed
    if not puts_in and query.need == 1:
        return None
    by_answers = puts_in or query.may_stand_alone
    whole = read_each(also, context, searched=SEARCHED + 1, by_answers=by_answers)
    return None if would_do and not _is_sure(whole[1]) else whole


def likeliest(decided: Sequence[tuple[Query, Decision]]) -> tuple[Query, Decision]:
    """Return the interpretation that is likeliest meant and answered.

    An answer to one interpretation comes before a refusal of another, since it already has to be
    sure over all of them (`Decision.answerable`). If the message as it was typed is answered by the
    same words of a quote, it needed no context.
    """
    best = max(decided, key=lambda each: (each[1].answerable, each[0].share * each[1].probability))
    typed = next((each for each in decided if each[0].text == each[0].typed), best)
    same = _answer(typed[1]) == _answer(best[1]) is not None
    return typed if same else best


def _answer(decision: Decision) -> tuple[object, ...] | None:
    """Return the place of the quote that answers and its marks; None if its words are unsure."""
    if not decision.answerable or not decision.words_are_sure or decision.best is None:
        return None
    return decision.best.quote.span, decision.best.quote.marks


def read(query: Query, context: Context) -> Decision:
    """Decide by what the reader finds in the quotes."""
    return read_in(query, context.find(query.text)[: context.settings.quotes], context)


def read_in(query: Query, quotes: Sequence[Quote], context: Context) -> Decision:
    """Decide by what the reader finds in the given quotes."""
    return _decision(_weighed(query, quotes, context), context)


def _decided(query: Query, pool: Sequence[Quote], context: Context) -> Decision:
    """Decide by what the reader finds in quotes, some of them found for another question."""
    readings = _weighed(query, context.reranker.scored(query.text, pool), context)
    return _decision(sorted(readings, key=lambda each: -each.signals.score), context)


def _decision(readings: Sequence[Reading], context: Context) -> Decision:
    if context.reader.reads_all:
        return Decision(tuple(readings), THRESHOLD_OF_ALL, sure_words=SURE_WORDS_OF_ALL)
    return Decision(tuple(readings))


def _weighed(query: Query, quotes: Sequence[Quote], context: Context) -> tuple[Reading, ...]:
    return weighed(query, quotes, list(context.passages), context.reader)


def _ask_where_in_doubt(decision: Decision, query: Query, context: Context) -> Decision:
    """Let the language model read the best quotes too if the reader is in doubt."""
    quotes = [each.quote for each in decision.readings]
    widest = min(DOUBT[0], REREAD_DOUBT[0]), max(DOUBT[1], REREAD_DOUBT[1], decision.sure_from)
    if not decision.doubtful(widest) or not _can_be_checked(query, quotes):
        return decision
    try:
        if writer := context.writer:
            low, high = REREAD_DOUBT if writer.selects else DOUBT
            bounds = low, max(high, decision.sure_from)
            for _ in range(ASKED):
                if (doubtful := decision.doubtful(bounds)) is None:
                    break
                context.run.llm = writer.name
                said = asked(doubtful, query, writer, list(context.passages), context.reader)
                decision = decision.exchanged(doubtful, said)
    except LLMUnavailable as error:
        context.run.fail(error)
    return decision


def asked(
    reading: Reading, query: Query, writer: Writer, passages: Sequence[Hit], reader: Reader
) -> Reading:
    """Return the reading of a quote with what the LLM says of it; `passages` include the quote's.

    If the LLM selects other sentences near the quote, the result is a reading of the first of
    these, together with the sentence before it if it opens with "It" or the like.
    """
    quote = reading.quote
    if not writer.selects:
        return reading.copied(writer.none_probability(quote.model_text, query.text))
    near = around(quote, passages)
    said = writer.select([each.model_text for each in near], query.text, quote.title)
    selected = [near[number] for number in said.numbers]
    if selected and not any(each.overlaps(quote) for each in selected):
        at = said.numbers[0]
        before = at - 1 if at and POINTS_BACK.match(near[at].text) else at
        other = replace(near[at], start=near[before].start, score=quote.score)
        [reading] = weighed(query, [other], passages, reader)
    return reading.reread(said.none, selected)


def _chosen(query: Query, context: Context, decision: Decision) -> Together:
    """Choose what to answer with: quotes whose words answer, or sentences that do so together."""
    accepted = [each.quote for each in decision.accepted]
    if decision.words_are_sure:
        sure = tuple(accepted[: MAX_CITED if query.form.several else 1])
        return Together(sure, sure)
    passages = [*context.search(query.text).passages, *context.passages]
    best = accepted[0]
    together = choose(query.text, passages, best, context.reranker, decision.selected)
    whole = context.settings.llm_reads_passages
    return together if whole else Together(together.chosen, together.chosen)


def _particle(query: Query, context: Context, quotes: Sequence[Quote]) -> str | None:
    """Return “yes” or “no” if the language model is sure that quotes answer with it, or say so.

    The result is empty if it is not sure, and None if it is not asked: only questions for one of
    them are asked about, and claims. It also reads the other quotes that were found, which may say
    otherwise.
    """
    may_open = query.form.yes_or_no or query.route.kind == "claim"
    if not may_open or not _can_be_checked(query, quotes):
        return None
    writer = context.writer
    if not writer or not writer.knows_whether:
        return None
    context.run.llm = writer.name
    read = read_together([*quotes, *context.find(query.text)], list(context.passages))
    try:
        said = writer.whether([each.model_text for each in read], query.text, read[0].title)
    except LLMUnavailable as error:
        context.run.fail(error)
        return None
    return said.particle


def _sentence(
    query: Query,
    context: Context,
    writer: Writer,
    quotes: Sequence[Quote],
    chosen: Sequence[Quote],
    particle: str | None,
) -> Generator[Event, None, Composition]:
    """Let the LLM write around the words that answer; return what it wrote, verified."""
    written = ""
    pieces = writer.write([(each.model_text, each.words) for each in chosen], query.text)
    for piece in _noted(pieces, context, writer):
        written += piece
        yield Writing(written)
    return compose(written, quotes, query, chosen, context.reader, particle)


def _prose(
    query: Query, context: Context, writer: Writer, given: Together, particle: str | None
) -> Generator[Event, None, Composition]:
    """Let the LLM write from sentences that answer together; each is proven once it is whole."""
    written = ""
    prose = Prose(query, given.chosen, given.read, context.reader, particle)
    texts = [each.model_text for each in given.read]
    choosing = context.settings.llm_reads_passages
    pieces = writer.write_prose(texts, query.text, choosing=choosing)
    for piece in _noted(pieces, context, writer):
        written += piece
        proven, rest = prose.so_far(written)
        if proven.citations:
            context.run.time("first_sentence_s")
        yield Writing(rest, tuple(proven.sentences), tuple(proven.citations))
    return prose.whole(written)


def _noted(pieces: Iterator[str], context: Context, writer: Writer) -> Iterator[str]:
    """Pass on what the LLM writes, and record that it does and when it begins."""
    context.run.llm = writer.name
    for piece in pieces:
        if piece:
            context.run.time("first_token_s")
        yield piece


def _with_read(found: Sequence[Quote], decision: Decision) -> tuple[Quote, ...]:
    """Return the quotes found, and those accepted that were found for another question."""
    others = [each.quote for each in decision.accepted]
    spans = {quote.span for quote in found}
    return (*found, *(quote for quote in others if quote.span not in spans))


def _marked(quotes: Sequence[Quote], decision: Decision) -> tuple[Quote, ...]:
    """Return the quotes with the answering words marked in those that would do alone."""
    marked = {each.quote.span: each.quote for each in decision.accepted}
    return tuple(marked.get(each.span, replace(each, marks=())) for each in quotes)
