"""English, in the form that `rag.languages` needs."""

from index.english import FUNCTION_WORDS, months_in_full
from index.split import sentence_spans
from rag.languages.english_amounts import TABLE_WORDS, amount, bounds, degree, superlative
from rag.languages.english_comparisons import asked_of_two
from rag.languages.english_dates import times
from rag.languages.english_mentions import facts, mentions, missing_facts, missing_names, worded_as
from rag.languages.english_questions import asked_of, form, joined_questions, place_in_order, stated
from rag.languages.english_tokens import content_words
from rag.languages.english_words import HEAD
from rag.languages.language import Language

ENGLISH = Language(
    code="en",
    letters="[A-Za-zª-ʯḀ-ỿ]",
    function_words=FUNCTION_WORDS,
    sentence_spans=sentence_spans,
    content_words=content_words,
    facts=facts,
    missing_facts=missing_facts,
    missing_names=missing_names,
    mentions=mentions,
    in_full=months_in_full,
    worded_as=worded_as,
    times=times,
    head=HEAD,
    form=form,
    joined_questions=joined_questions,
    stated=stated,
    asked_of=asked_of,
    place_in_order=place_in_order,
    asked_of_two=asked_of_two,
    amount=amount,
    bounds=bounds,
    degree=degree,
    superlative=superlative,
    table_words=TABLE_WORDS,
)
