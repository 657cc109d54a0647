"""English, as `rag.languages.Language` has it."""

from index.function_words import FUNCTION_WORDS
from index.months import months_in_full as in_full
from index.split import sentence_spans
from rag.languages.english_facts import content_words, facts, missing_facts, missing_names
from rag.languages.english_mentions import mentions

LETTERS = "[A-Za-zª-ʯḀ-ỿ]"

__all__ = [
    "FUNCTION_WORDS",
    "LETTERS",
    "content_words",
    "facts",
    "in_full",
    "mentions",
    "missing_facts",
    "missing_names",
    "sentence_spans",
]
