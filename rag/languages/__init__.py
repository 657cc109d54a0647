"""What is known of languages, one module a language: all else asks here."""

from rag.languages.english import (
    content_words,
    facts,
    missing_facts,
    missing_names,
    mixed_scripts,
    months_in_full,
    sentence_spans,
    stem,
)
from rag.languages.english_mentions import Mention, around, mentions, shared

__all__ = [
    "Mention",
    "around",
    "content_words",
    "facts",
    "mentions",
    "missing_facts",
    "missing_names",
    "mixed_scripts",
    "months_in_full",
    "sentence_spans",
    "shared",
    "stem",
]
