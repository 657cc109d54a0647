"""Answers questions from a library. Start with `rag/assistant.py`, the main path."""

from typing import TYPE_CHECKING

from index.lazy import from_homes

if TYPE_CHECKING:
    from rag.answer import Answer, AnswerSentence, Event, Found, Searching, Writing
    from rag.asking.rewrite import Turn
    from rag.assistant import Assistant
    from rag.checking.verdict import Checked
    from rag.config import Settings, load_settings
    from rag.quote import Quote
    from rag.writing.failures import LLMUnavailable
    from rag.writing.retry import Waiting

__all__ = [
    "Answer",
    "AnswerSentence",
    "Assistant",
    "Checked",
    "Event",
    "Found",
    "LLMUnavailable",
    "Quote",
    "Searching",
    "Settings",
    "Turn",
    "Waiting",
    "Writing",
    "load_settings",
]

__getattr__, __dir__ = from_homes(
    __name__,
    __all__,
    "rag.config",
    "rag.quote",
    "rag.answer",
    "rag.writing.retry",
    "rag.writing.failures",
    "rag.asking.rewrite",
    "rag.checking.verdict",
    "rag.assistant",
)
