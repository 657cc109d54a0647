"""Questions and how they are answered. Start with `rag/assistant.py`, the main path."""

from rag.answer import Answer, AnswerSentence
from rag.assistant import Assistant, Found, Searching, Writing
from rag.config import Settings, load_settings
from rag.quote import Quote

__all__ = [
    "Answer",
    "AnswerSentence",
    "Assistant",
    "Found",
    "Quote",
    "Searching",
    "Settings",
    "Writing",
    "load_settings",
]
